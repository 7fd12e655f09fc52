use shared::core::text::{Wikitext, plain};
use shared::core::types::UserId;

use super::*;

const BOT: &str = "Bot";

fn page(part: &str, human: &str) -> String {
    Page::whole(&plain(part, 100), human)
}

fn digest(part: &str) -> Option<[u8; 32]> {
    match Page::read(&page(part, "x")) {
        Page::Ours { bot, .. } => Some(Page::digest(bot)),
        _ => None,
    }
}

fn with_notice(text: &str) -> String {
    let mut line = Wikitext::new();
    line.push_literal(HELD);
    shared::core::report::Human::with_line(text, &line)
}

/// Newest first.
fn history(edits: &[(&str, String)]) -> Vec<Revision> {
    let revision = |(n, (user, text)): (usize, &(&str, String))| Revision {
        revid: RevId(100 - n as u64),
        parent: RevId(99 - n as u64),
        user: Some((*user).to_owned()),
        user_id: UserId(1),
        timestamp: "2026-11-22T10:00:00Z".parse().unwrap(),
        sha1: String::new(),
        comment: String::new(),
        text: Some(text.clone()),
    };
    edits.iter().enumerate().map(revision).collect()
}

#[test]
fn a_notice_of_the_bots_does_not_make_a_persons_change_its_own() {
    let (one, two, theirs) = (page("one", "x"), page("two", "x"), page("changed", "x"));
    let changed = [("Ann", theirs.clone()), (BOT, two.clone()), (BOT, one.clone())];
    assert_eq!(ours(&history(&changed), BOT), digest("two"));
    let told = [(BOT, with_notice(&theirs)), ("Ann", theirs.clone()), (BOT, two.clone())];
    assert_eq!(ours(&history(&told), BOT), digest("two"));
    // After somebody undid it the notice stays below, and what the bot writes is its own again.
    let again = [
        (BOT, with_notice(&page("three", "x"))),
        ("Ann", with_notice(&two)),
        (BOT, with_notice(&theirs)),
        ("Ann", theirs.clone()),
        (BOT, two),
    ];
    assert_eq!(ours(&history(&again), BOT), digest("three"));
    // Of the oldest revision that is known nobody knows what it changed.
    assert_eq!(ours(&history(&[(BOT, with_notice(&theirs))]), BOT), None);
    assert_eq!(ours(&history(&[("Ann", theirs)]), BOT), None);
    // Without the marker there is no part.
    let bare = [(BOT, with_notice("text")), ("Ann", "text".to_owned()), (BOT, one)];
    assert_eq!(ours(&history(&bare), BOT), digest("one"));
}

#[test]
fn a_status_counts_only_of_an_edit_that_is_known_to_have_changed_it() {
    let tags = std::collections::HashSet::new();
    let words = Words {
        templates: &[],
        has_template: false,
        heading: "Status and discussion",
        label: "Status",
        tags: &tags,
    };
    let says = |status| {
        page(
            "part",
            &shared::core::report::Human::fresh(&words, status, &Wikitext::new()),
        )
    };
    let (open, closed) = (says(Status::Open), says(Status::Closed));
    let found = |edits: &[Revision]| word(edits, &words, |name| name != "New").map(|(status, _)| status);
    let first = |mut edits: Vec<Revision>| {
        edits.last_mut().unwrap().parent = RevId(0);
        edits
    };
    let by = |edits: &[(&str, &String)]| {
        history(
            &edits
                .iter()
                .map(|(who, text)| (*who, (*text).clone()))
                .collect::<Vec<_>>(),
        )
    };

    assert_eq!(
        found(&first(by(&[("Ann", &closed), (BOT, &open)]))),
        Some(Status::Closed)
    );
    // Somebody's word who does not count, under edits of others that leave it as it is.
    let newcomers = by(&[("Ann", &closed), ("New", &closed), (BOT, &open)]);
    assert_eq!(found(&first(newcomers)), Some(Status::Open));
    // The same, so long ago that its edit is not among those that are known: nobody is known to have written it.
    assert_eq!(found(&by(&[("New", &closed), ("Ann", &closed)])), None);
    // And behind a text that is hidden.
    let mut hidden = by(&[("Ann", &closed), ("New", &closed), (BOT, &open)]);
    hidden[1].text = None;
    assert_eq!(found(&first(hidden)), Some(Status::Open));
}
