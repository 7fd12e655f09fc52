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
        comment: Some(String::new()),
        sha1: None,
        size: 0,
        model: String::new(),
        text: None,
        text_hidden: false,
    }
}

/// What is decided when the wiki knows `revisions` of 21 and 22, and answered for `answered`, so long after the edit.
fn judged_after(
    row: &ChangeRow,
    age: TimeDelta,
    revisions: Vec<Revision>,
    answered: &[u64],
    suppressed: &Suppressed,
) -> Result<(String, bool), Told> {
    let looked = Looked {
        found: revisions
            .into_iter()
            .map(|revision| (revision.revid, revision))
            .collect(),
        answered: answered.iter().copied().map(RevId).collect(),
        why_not: "no answer".to_owned(),
    };
    let open = looked.judge(row, suppressed, row.change.ts + age)?;
    Ok((open.revision.title.clone(), open.shows_verified))
}

fn judged(revisions: Vec<Revision>, answered: &[u64], suppressed: &Suppressed) -> Result<String, Told> {
    judged_after(&row(), TimeDelta::minutes(5), revisions, answered, suppressed).map(|(title, _)| title)
}

/// A database that lags does not know yet what was stored seconds ago: that is no deletion.
#[test]
fn what_the_wiki_does_not_know_yet_waits_for_some_minutes() {
    let nobody = Suppressed::default();
    let is_new = with(|row| row.change.parent = None);
    let waits = || Err(Told::NotNow("the wiki does not know the revision yet".to_owned()));
    let withheld = |why| Err(Told::Withheld(why));
    let (young, old) = (TimeDelta::seconds(299), TimeDelta::seconds(300));
    let line = || Ok(("Moved".to_owned(), true));
    for (row, age, revids, wanted) in [
        (row(), young, &[21][..], waits()),
        (row(), young, &[22], waits()),
        (row(), young, &[], waits()),
        (row(), young, &[21, 22], line()),
        (row(), old, &[21], withheld("the revision is gone")),
        (row(), old, &[22], withheld("the wiki hides it")),
        (is_new.clone(), young, &[22], line()),
        (is_new, young, &[], waits()),
    ] {
        let revisions = revids.iter().copied().map(revision).collect();
        assert_eq!(
            judged_after(&row, age, revisions, &[21, 22], &nobody),
            wanted,
            "{age} {revids:?}"
        );
    }
    // What the wiki knows and hides does not wait.
    let mut hidden = revision(22);
    hidden.text_hidden = true;
    let judged = judged_after(&row(), young, vec![revision(21), hidden], &[21, 22], &nobody);
    assert_eq!(judged, withheld("the wiki hides it"));
}

#[test]
fn a_verified_value_is_told_while_its_revision_may_be_read() {
    let nobody = Suppressed::default();
    let of_value = with(|row| row.change.verified = Some("67-64-1".to_owned()));
    let judged = |row: &ChangeRow, verified: Option<Revision>, answered: &[u64]| {
        let revisions = [revision(21), revision(22)].into_iter().chain(verified).collect();
        judged_after(row, TimeDelta::zero(), revisions, answered, &nobody)
    };
    let all = &[9, 21, 22][..];
    let hidden = Revision {
        text_hidden: true,
        ..revision(9)
    };
    let line = |shows_verified| Ok(("Moved".to_owned(), shows_verified));
    assert_eq!(judged(&of_value, Some(revision(9)), all), line(true));
    assert_eq!(judged(&of_value, Some(hidden), all), line(false));
    assert_eq!(judged(&of_value, None, all), line(false));
    // Without an answer nobody knows.
    let not_now = Err(Told::NotNow("no answer".to_owned()));
    assert_eq!(judged(&of_value, None, &[21, 22]), not_now);
    // Where no value stands there is nothing to ask.
    assert_eq!(judged(&row(), None, &[21, 22]), line(true));
    assert_eq!(sources(&of_value).collect::<Vec<_>>(), [22, 21, 9].map(RevId));
    assert_eq!(sources(&row()).collect::<Vec<_>>(), [22, 21].map(RevId));
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
    let hides_summary = |revision: &mut Revision| revision.comment = None;
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
        (altered(1, hides_summary), all, &nobody, withheld(HIDDEN)),
        (altered(0, hides_user), all, &nobody, Ok("Moved".to_owned())),
        (altered(0, hides_summary), all, &nobody, Ok("Moved".to_owned())),
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
