use shared::core::change::EditorKind;
use shared::core::types::{PageId, UserId};
use shared::db::field_change::{Kind, NewChange, Rule, State};
use shared::db::suppress::Entry;
use shared::db::{Author, UserKind};

use super::*;

fn row() -> ChangeRow {
    ChangeRow {
        id: 1,
        change: NewChange {
            log_page: String::new(),
            box_name: "Chembox".to_owned(),
            page_id: PageId(7),
            title: "Aceton".to_owned(),
            revid: RevId(22),
            parent: Some(RevId(21)),
            user: Some(Author {
                id: UserId(5),
                name: "Ann".to_owned(),
                kind: UserKind::Account,
            }),
            ts: "2026-03-01T12:00:00Z".parse().unwrap(),
            rule: Rule::Field,
            ordinal: 0,
            field: "CASNo".to_owned(),
            kind: Kind::Changed,
            state: State::CorrectChanged,
            is_verified: true,
            old: None,
            new: None,
            verified: None,
            verified_revid: Some(RevId(9)),
            check: None,
            to_log: true,
        },
        logged: None,
        reverted_by: None,
        user_hidden: false,
        values_hidden: false,
    }
}

fn with(alter: impl FnOnce(&mut ChangeRow)) -> ChangeRow {
    let mut row = row();
    alter(&mut row);
    row
}

fn suppressed(what: What, name: &str, user_id: Option<u64>) -> Suppressed {
    Suppressed::new(vec![Entry {
        what,
        name: name.to_owned(),
        user_id: user_id.map(UserId),
        by: String::new(),
        since: "2026-03-01T12:00:00Z".parse().unwrap(),
        reason: String::new(),
    }])
}

const HIDDEN: Option<&str> = Some("the wiki hides it");
const SUPPRESSED: Option<&str> = Some("it is suppressed");
const BELOW: Option<&str> = Some("it is below the report level");

#[test]
fn the_database_withholds_what_is_hidden_suppressed_or_below_the_level() {
    let low = || with(|row| row.change.state = State::Changed);
    let nobody = Suppressed::default();
    for (row, level, suppressed, wanted) in [
        (row(), Level::All, &nobody, None),
        (row(), Level::High, &nobody, None),
        (row(), Level::Silent, &nobody, BELOW),
        (low(), Level::High, &nobody, BELOW),
        (low(), Level::All, &nobody, None),
        (with(|row| row.user_hidden = true), Level::All, &nobody, HIDDEN),
        (with(|row| row.values_hidden = true), Level::All, &nobody, HIDDEN),
        (with(|row| row.change.user = None), Level::All, &nobody, HIDDEN),
        (row(), Level::All, &suppressed(What::Page, "Aceton", None), SUPPRESSED),
        (row(), Level::All, &suppressed(What::User, "Ann", None), SUPPRESSED),
        (
            row(),
            Level::All,
            &suppressed(What::User, "Before", Some(5)),
            SUPPRESSED,
        ),
        (row(), Level::All, &suppressed(What::User, "Bob", Some(6)), None),
    ] {
        assert_eq!(why_withheld(&row, level, suppressed), wanted, "{row:?} {level:?}");
    }
}

fn revision(revid: u64) -> Revision {
    Revision {
        revid: RevId(revid),
        parent: RevId(0),
        page_id: PageId(7),
        ns: 0,
        title: "Moved".to_owned(),
        user: Some("Renamed".to_owned()),
        user_id: UserId(5),
        editor: EditorKind::Named,
        timestamp: "2026-03-01T12:00:00Z".parse().unwrap(),
        minor: false,
        tags: Vec::new(),
        comment: None,
        sha1: None,
        size: 0,
        model: String::new(),
        text: None,
        text_hidden: false,
    }
}

/// What is decided when the wiki knows `revisions` of 21 and 22, and answered for `answered`.
fn judged(revisions: Vec<Revision>, answered: &[u64], suppressed: &Suppressed) -> Result<String, Told> {
    let looked = Looked {
        found: revisions
            .into_iter()
            .map(|revision| (revision.revid, revision))
            .collect(),
        answered: answered.iter().copied().map(RevId).collect(),
        why_not: "no answer".to_owned(),
    };
    looked.judge(&row(), suppressed).map(|revision| revision.title.clone())
}

#[test]
fn the_wiki_withholds_what_it_hides_by_now_and_nothing_goes_out_unseen() {
    let nobody = Suppressed::default();
    let both = || vec![revision(21), revision(22)];
    let altered = |n: usize, alter: fn(&mut Revision)| {
        let mut both = both();
        alter(&mut both[n]);
        both
    };
    let hides_user = |revision: &mut Revision| (revision.editor, revision.user) = (EditorKind::Hidden, None);
    let hides_text = |revision: &mut Revision| revision.text_hidden = true;
    let withheld = |why: Option<&'static str>| Err(Told::Withheld(why.unwrap_or_default()));
    let not_now = || Err(Told::NotNow("no answer".to_owned()));
    let all = &[21, 22][..];
    for (revisions, answered, suppressed, wanted) in [
        (both(), all, &nobody, Ok("Moved".to_owned())),
        (both(), &[22], &nobody, not_now()),
        (both(), &[21], &nobody, not_now()),
        (Vec::new(), &[], &nobody, not_now()),
        (vec![revision(21)], all, &nobody, withheld(Some("the revision is gone"))),
        // The old value is that of the revision before.
        (vec![revision(22)], all, &nobody, withheld(HIDDEN)),
        (altered(0, hides_text), all, &nobody, withheld(HIDDEN)),
        (altered(1, hides_text), all, &nobody, withheld(HIDDEN)),
        (altered(1, hides_user), all, &nobody, withheld(HIDDEN)),
        (altered(0, hides_user), all, &nobody, Ok("Moved".to_owned())),
        (
            both(),
            all,
            &suppressed(What::Page, "Moved", None),
            withheld(SUPPRESSED),
        ),
        (
            both(),
            all,
            &suppressed(What::User, "Renamed", None),
            withheld(SUPPRESSED),
        ),
    ] {
        assert_eq!(judged(revisions, answered, suppressed), wanted);
    }
}
