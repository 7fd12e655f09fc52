use super::fixtures::{hostile, hostile_texts, link_report, subject, user_report};
use super::looks::{full, seen};
use super::*;
use crate::model::{Fates, ListName, Who};
use shared::core::report::Subject;
use std::collections::BTreeSet;

fn three(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.starts_with("* "))
        .take(3)
        .map(|line| seen(&line[2..]))
        .collect()
}

#[test]
fn the_three_lines_are_those_of_the_example() {
    let text = full(&link_report());
    assert_eq!(
        three(&text),
        [
            "example.com: 41 additions on 7 wikis by 3 users, 2026-01-02 to 2026-11-01; 37 removed, 4 still live.",
            "38 of 41 (93 %) by one user, who added 2 other links; 6 re-added after removal.",
            "On no spam blacklist; monitored since 2026-05-04 (often added, by Carol).",
        ]
    );
    // One of each, one day, a sample, and lists that have it.
    let mut model = link_report();
    model.totals.first = model.totals.last;
    model.totals.kinds = vec![(shared::db::links::questions::lookup::Kind::Temporary, 1, 1)];
    (model.totals.additions, model.totals.wikis, model.users[0].n) = (1, 1, 1);
    model.users[0].other_links = 0;
    model.fates = Fates::default();
    model.entries[0].list = ListName::SpamBlacklist;
    assert_eq!(
        three(&full(&model)),
        [
            "example.com: 1 addition on 1 wiki by 1 user, on 2026-11-01; what became of them was not looked at.",
            "1 of 1 (100 %) by one user, who added no other link; none re-added after removal.",
            "On 1 spam blacklist or list of blocked domains (enwiki); not monitored.",
        ]
    );
    let mut model = link_report();
    (model.totals.additions, model.users[0].n) = (1_000_000, 999_999);
    (model.fates.gone, model.fates.unknown) = (3, 1);
    (model.entries, model.unchecked) = (Vec::new(), vec!["dewiki".to_owned()]);
    assert_eq!(
        three(&full(&model)),
        [
            "example.com: 1,000,000 additions on 7 wikis by 3 users, 2026-01-02 to 2026-11-01; of the newest 41 looked at: \
             37 removed, 4 still live, 3 on pages that are gone or hidden, 1 on wikis that could not be asked.",
            "999,999 of 1,000,000 (99.9 %) by one user, who added 2 other links; of the newest 41 looked at: 6 re-added \
             after removal.",
            "On no spam blacklist that could be read (some could not); not monitored.",
        ]
    );
    model.users[0].n = 38;
    assert!(three(&full(&model))[1].starts_with("38 of 1,000,000 (under 0.1 %) by one user"));
    model.users[0].n = 3_800;
    assert!(three(&full(&model))[1].starts_with("3,800 of 1,000,000 (0.3 %) by one user"));
    assert_eq!(
        three(&full(&user_report())),
        [
            "Ann Lee: 41 additions of 2 hosts on 1 wiki, 2026-01-02 to 2026-11-01; 37 removed, 4 still live.",
            "38 of 41 (93 %) of example.com, which 1 other user added; 6 re-added after removal.",
            "1 observation recorded; monitored since 2026-05-04 (often added, by Carol).",
        ]
    );
    for (kind, name, first) in [
        (
            Kind::Range,
            "192.0.2.0/24",
            "192.0.2.0/24: 41 additions of 2 hosts on 1 wiki by 1 address, ",
        ),
        (Kind::Ip, "192.0.2.7", "192.0.2.7: 41 additions of 2 hosts on 1 wiki, "),
        (
            Kind::Server,
            "192.0.2.7",
            "192.0.2.7: 41 additions of 2 hosts on 1 wiki by 1 user, ",
        ),
    ] {
        let mut model = user_report();
        model.subject = subject(kind, name);
        let lines = three(&full(&model));
        assert!(lines[0].starts_with(first), "{lines:?}");
    }
}

/// Targets of the page's links to itself, and its anchors.
fn jumps(text: &str) -> (BTreeSet<&str>, Vec<&str>) {
    let jumps = text.split("[[#").skip(1).map(|rest| rest.split_once('|').unwrap().0);
    let anchors = text.split("id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    (jumps.collect(), anchors.collect())
}

#[test]
fn every_number_leads_to_what_it_counts() {
    let mut server = user_report();
    server.subject = subject(Kind::Server, "192.0.2.7");
    for model in [link_report(), user_report(), server, hostile(40)] {
        let text = full(&model);
        let (jumps, anchors) = jumps(&text);
        let known: BTreeSet<&str> = anchors.iter().copied().collect();
        assert_eq!(known.len(), anchors.len(), "an anchor stands twice");
        let missing: Vec<_> = jumps.difference(&known).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", model.subject);
        // No number of the three lines is without a link, but for those in names, dates and reasons.
        for line in text.lines().filter(|line| line.starts_with("* ")).take(2) {
            let outside: String = line
                .split("[[")
                .map(|part| part.split_once("]]").map_or(part, |(_, rest)| rest))
                .collect();
            let outside = outside.replace("&#46;", "").replace("192.0.2.7", "");
            let digits: String = outside.chars().filter(char::is_ascii_digit).collect();
            assert!(
                digits.is_empty() || model.subject.kind() == Kind::Server,
                "{digits} in {line}"
            );
        }
    }
    // The lists have exactly the rows that are counted.
    let text = full(&link_report());
    for (anchor, rows) in [
        ("lr-live", (1..=4).collect::<Vec<usize>>()),
        ("lr-removed", (5..=41).collect()),
        ("lr-again", (10..=15).collect()),
        ("lr-top", (1..=38).collect()),
    ] {
        let list = text
            .split_once(&format!("id=\"{anchor}\""))
            .unwrap()
            .1
            .split_once("</div></div>")
            .unwrap()
            .0;
        let found: Vec<usize> = list
            .split("[[#r")
            .skip(1)
            .map(|rest| rest.split_once('|').unwrap().0.parse().unwrap())
            .collect();
        assert_eq!(found, rows, "{anchor}");
    }
}

#[test]
fn one_edit_is_one_line() {
    let text = full(&link_report());
    let line = |row: &str| {
        text.lines()
            .find(|line| line.contains(&format!("<span id=\"{row}\">")))
            .unwrap()
    };
    assert_eq!(
        line("r1"),
        "* <span id=\"r1\">'''1'''</span> 2026-11-01 10:11:12: [[Special:Contributions/Ann Lee|<bdi>Ann Lee</bdi>]] (40 \
         links added) on [[:Tree|Tree]] ([[Special:Diff/999|diff]]), still there, top edit: \
         <code><nowiki>example&#46;com/page?id=1</nowiki></code> (40, 41, 38, 2)"
    );
    assert!(line("r6").starts_with("** "), "three links of an edit stand below it");
    assert!(text.contains("on [[:Tree|Tree]] ([[Special:Diff/995|diff]]):\n** <span id=\"r5\">"));
    let many = line("r20");
    assert!(
        many.contains("(12 links added in this edit)") && many.contains("id=\"r31\""),
        "{many}"
    );
    assert!(line("r10").contains("removed, re-added:"));
    assert!(line("r41").contains("[[:de:Special:Contributions/Bob|<bdi>Bob</bdi>]] @ dewiki"));
    assert!(line("r41").contains("[[:de:Tree|Tree]] @ dewiki ([[:de:Special:Diff/959|diff]])"));
    assert!(line("r40").contains("<bdi>Bob</bdi> @ fr&#46;example&#46;org (40 links added) on Tree @"));
    assert!(text.contains("2 additions hidden."));
    assert!(!text.contains("Nothing"));
}

#[test]
fn names_that_are_not_shown_stay_away() {
    let mut model = link_report();
    model.rows.truncate(3);
    model.rows[0].who = Who::Temporary;
    model.rows[1].who = Who::Hidden;
    model.rows[1].title = None;
    model.rows[2].who = Who::OldRange("192.0.2.0/24".to_owned());
    model.rows[2].title = Some("User:Ann Lee".to_owned());
    let text = full(&model);
    let line = |row: &str| {
        seen(
            text.lines()
                .find(|line| line.contains(&format!("<span id=\"{row}\">")))
                .unwrap(),
        )
    };
    assert!(line("r1").contains(": temporary account (40 links added) on Tree"));
    assert!(line("r2").contains(": (name hidden) (40 links added) on a page of enwiki whose title is not known"));
    assert!(line("r3").contains(": 192.0.2.0/24 (40 links added) on User:Ann Lee (diff)"));
    assert!(!text.contains("[[:User:Ann Lee"));
}

#[test]
fn hostile_texts_are_nothing_but_text() {
    let mut models = vec![hostile(120)];
    for text in hostile_texts() {
        let mut model = hostile(3);
        model.subject = Subject::User(text);
        model.hosts = user_report().hosts;
        models.push(model);
    }
    for model in &models {
        let text = full(model);
        for bad in [
            "://",
            "{{",
            "~~~",
            "<b>",
            "\u{202e}",
            "__TOC__",
            "<!--",
            "<span id=\"r1\">\"",
            "\n== two",
            "[http",
            "'''b'''",
            "-{",
            "&lt;i",
            "RFC 1",
            "\u{1b}",
        ] {
            assert!(!text.contains(bad), "{bad} on the page of {}", model.subject);
        }
        for link in text.split("[[").skip(1) {
            let target = link.split(['|', ']']).next().unwrap();
            let is_user_page = ["user:", ":user:", "user talk:", ":user talk:"]
                .iter()
                .any(|begins| target.to_lowercase().starts_with(begins) && !target.contains('/'));
            assert!(!is_user_page, "a link to a user page: {target}");
            let is_known = target.starts_with("Category:") && !target.contains("Hidden");
            let is_inside = target.starts_with([':', '#']) || target.starts_with("Special:");
            assert!(is_known || is_inside, "{target}");
        }
        let count = |what: &str| text.matches(what).count();
        for (opens, closes) in [
            ("<nowiki>", "</nowiki>"),
            ("<code>", "</code>"),
            ("<bdi>", "</bdi>"),
            ("<div", "</div>"),
            ("<span", "</span>"),
            ("{|", "|}"),
            ("[[", "]]"),
        ] {
            assert_eq!(count(opens), count(closes), "{opens} on the page of {}", model.subject);
        }
    }
}

#[test]
fn words_say_what_was_seen() {
    for model in [link_report(), user_report()] {
        let text = full(&model).to_lowercase();
        for word in ["spammer", "suspect", "vandal", "conflict of interest"] {
            assert!(!text.contains(word), "{word}");
        }
        assert!(text.starts_with("__noindex__<div"));
        assert!(text.contains("no verdict") && text.contains("good faith") && text.contains("whitelist"));
        assert!(text.contains("== others who added this link =="));
        assert!(!text.contains("[[:user:bot|") && !text.contains("[[user:bot|"));
    }
}
