use super::fixtures::{hostile, hostile_texts, link_report, site, subject, user_report};
use super::*;
use crate::model::{Fate, Fates, ListName, Who};
use shared::core::report::{Rule, Subject};
use std::collections::BTreeSet;

fn settings() -> Settings {
    Settings::default()
}

fn around<'a>(site: &'a Site, common: &'a Common, settings: &'a Settings) -> Around<'a> {
    Around {
        site,
        common,
        settings,
        base: "User:Bot".to_owned(),
        status_page: "User:Bot/linkreport-gen/Settings/Status".to_owned(),
        copy_of: None,
        status: Status::Open,
        blocked_domains: false,
    }
}

fn rendered(model: &Model, form: Form, change: impl FnOnce(&mut Around<'_>)) -> String {
    let (site, common, settings) = (site(), Common::default(), settings());
    let mut around = around(&site, &common, &settings);
    change(&mut around);
    render(model, &around, form).into_string()
}

fn full(model: &Model) -> String {
    rendered(model, Form::Full, |_| ())
}

/// What a reader sees of a line: links by their labels, entities decoded, no tags.
fn seen(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[[") {
        let (link, after) = after.split_once("]]").unwrap();
        out += before;
        out += link.rsplit_once('|').map_or(link, |(_, label)| label);
        rest = after;
    }
    out += rest;
    let mut text = String::new();
    let mut rest = out.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        text += before;
        rest = after.split_once('>').unwrap().1;
    }
    text += rest;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("&#") {
        let (number, after) = after.split_once(';').unwrap();
        out += before;
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = after;
    }
    out + rest
}

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
         <code><nowiki>example.com/page&#63;id=1</nowiki></code> (40, 41, 38, 2)"
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

#[test]
fn the_reduced_form_has_numbers_only() {
    for model in [link_report(), user_report()] {
        let text = rendered(&model, Form::Reduced, |around| {
            around.copy_of = Some(CopyOf {
                prefix: Some("meta".to_owned()),
                title: "User:Bot/LinkReports/example.com".to_owned(),
                can_link: true,
                status: Status::Closed,
            });
        });
        let seen: String = text.lines().map(seen).collect();
        for bad in [
            "example",
            "Tree",
            "Ann",
            "Bob",
            "Carol",
            "often added",
            "192.0",
            "enwiki",
            "dewiki",
        ] {
            assert!(!seen.contains(bad), "{bad}: {text}");
        }
        assert!(text.contains("41 additions") && text.contains("A filter of this wiki objected"));
        assert!(text.contains("closed"));
    }
    assert!(rendered(&link_report(), Form::Reduced, |_| ()).contains("linkreport-gen link"));
}

#[test]
fn pages_stay_within_bounds() {
    let settings = settings();
    let mut model = link_report();
    model.rows = (0..1000)
        .map(|i| {
            let mut row = link_report().rows[i % 4].clone();
            (row.number, row.rev.0, row.fate) = (
                i + 1,
                100_000 - i as u64,
                if i % 2 == 0 { Fate::Live } else { Fate::Removed },
            );
            row.link = format!("www.example.com/some/longer/path/{i}/index.html?utm_source=somewhere");
            row.title = Some(format!("List of rather long titles of pages ({i})"));
            row
        })
        .collect();
    (model.fates.live, model.fates.removed, model.fates.looked_at) = (500, 500, 1000);
    model.totals.additions = 1_000_000;
    let text = full(&model);
    let shown = text.matches("<span id=\"r").count();
    assert_eq!(shown, settings.show.rows as usize);
    assert!(text.len() < 200_000, "{} bytes", text.len());
    assert!(seen(&text.replace('\n', " ")).contains(&format!("The newest {shown} of 1,000,000 are shown")));
    assert_eq!(text, full(&model.clone()), "equal models are equal pages");
    // The largest that settings and names allow still fits.
    let mut wide = settings;
    (wide.show.rows, wide.show.users, wide.show.hosts) = (5000, 100, 100);
    let mut model = hostile(5000);
    for row in &mut model.rows {
        row.who = Who::Name("\u{1F600}".repeat(63));
        row.title = Some("\u{1F600}".repeat(63));
    }
    let (site, common) = (site(), Common::default());
    let text = render(&model, &around(&site, &common, &wide), Form::Full).into_string();
    assert!(
        text.len() <= MOST_BYTES && text.len() > MOST_BYTES / 4,
        "{} bytes",
        text.len()
    );
}

#[test]
fn parts_that_have_nothing_say_so() {
    let mut model = link_report();
    model.users.clear();
    model.rows.clear();
    model.entries.clear();
    model.earlier.clear();
    model.by_month.clear();
    model.by_wiki.clear();
    model.complete = Default::default();
    model.totals.first = None;
    model.established = Default::default();
    model.rules.clear();
    let text = full(&model);
    for said in [
        "Nobody who added it can be named",
        "Nobody can be named.",
        "On none of the lists",
        "No earlier report",
        "None of the statistics rules holds now.",
        "No addition can be shown singly.",
        "Since when additions are recorded is not known.",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains("lr-months"));
    model.rules = Rule::ALL.to_vec();
    let text = seen(&full(&model).replace('\n', " "));
    for said in [
        "More than 66 % of the additions are by one user",
        "Only addresses and temporary accounts added it: 1 address, 0 temporary accounts.",
        "Several addresses of one network (/24, IPv6 /48) added it.",
        "One user added 3 or more domains of its server.",
        "It leads on to other sites",
        "A noticeboard names it.",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn the_ready_line_is_text() {
    let ready = |name: &str, blocked_domains: bool| {
        let mut model = link_report();
        let hosts = shared::core::link::PathHosts::default();
        model.subject = Subject::from_name(Kind::Link, name, &hosts).unwrap();
        let text = rendered(&model, Form::Full, |around| around.blocked_domains = blocked_domains);
        let part = text.split_once("== Ready line ==\n").unwrap().1;
        seen(part.lines().next().unwrap())
    };
    assert_eq!(
        ready("example.com", true),
        "For the list of blocked domains, should it be decided to block: example.com"
    );
    assert_eq!(
        ready("shop-1.example.com", false),
        r"For the spam blacklist, should it be decided to list it: \bshop-1\.example\.com\b # NAME # see [[User:Bot/LinkReports/shop-1.example.com]]"
    );
    assert!(ready("192.0.2.7", true).contains(r"\b192\.0\.2\.7\b # NAME"));
    assert!(ready("facebook.com/some.page", true).contains(r"\bfacebook\.com\/some\.page\b # NAME"));
    assert!(!full(&user_report()).contains("Ready line"));
}

#[test]
fn categories_follow_status_and_wikis() {
    let categories = |model: &Model, status: Status| -> Vec<String> {
        let text = rendered(model, Form::Full, |around| around.status = status);
        text.lines()
            .filter_map(|line| Some(line.strip_prefix("[[Category:")?.split(['|', ']']).next()?.to_owned()))
            .collect()
    };
    assert_eq!(
        categories(&link_report(), Status::Open),
        ["Open link reports", "Open cross-wiki reports"]
    );
    assert_eq!(
        categories(&user_report(), Status::Stale),
        ["Stale user reports", "Stale local reports", "Local reports for enwiki"]
    );
    // A change of the status alone changes these and nothing else.
    let (site, common, settings) = (site(), Common::default(), settings());
    let (was, mut is) = (around(&site, &common, &settings), around(&site, &common, &settings));
    is.status = Status::Closed;
    for model in [link_report(), user_report()] {
        for form in [Form::Full, Form::Reduced] {
            let swapped = status_categories(&was, &is)
                .iter()
                .fold(render(&model, &was, form).into_string(), |text, (old, new)| {
                    text.replace(old.as_str(), new)
                });
            assert_eq!(swapped, render(&model, &is, form).into_string());
        }
    }
}

#[test]
fn copies_and_summaries_say_where_and_how_much() {
    let copy = |prefix: Option<&str>, can_link| {
        rendered(&link_report(), Form::Full, |around| {
            around.copy_of = Some(CopyOf {
                prefix: prefix.map(str::to_owned),
                title: "User:Bot/LinkReports/example.com".to_owned(),
                can_link,
                status: Status::Ignore,
            });
        })
    };
    assert!(copy(Some("meta"), true).contains("[[:meta:User:Bot/LinkReports/example&#46;com|"));
    assert!(copy(None, false).contains("takes place on User&#58;Bot&#47;LinkReports"));
    let text = summary(&link_report(), &Common::default());
    assert_eq!(text, "report: 41 additions on 7 wikis by 3 users, 4 still live");
    let (site, common, settings) = (site(), Common::default(), settings());
    let text = empty(&around(&site, &common, &settings)).into_string();
    assert!(text.starts_with("__NOINDEX__<div") && text.contains("Nothing is shown here any more"));
}

/// A sentence that no page says would be one that somebody translates for nothing.
#[test]
fn every_sentence_is_used() {
    let sources = [
        include_str!("page.rs"),
        include_str!("page/categories.rs"),
        include_str!("page/chart.rs"),
        include_str!("page/head.rs"),
        include_str!("page/hits.rs"),
        include_str!("page/lines.rs"),
        include_str!("page/pen.rs"),
        include_str!("page/ready.rs"),
        include_str!("page/rows.rs"),
        include_str!("page/sections.rs"),
        include_str!("page/site.rs"),
        include_str!("page/statistics.rs"),
        include_str!("page/subsets.rs"),
        include_str!("page/summaries.rs"),
        include_str!("page/users.rs"),
    ]
    .concat();
    for line in include_str!("words/pages.rs").lines() {
        let line = line.trim().trim_start_matches('(');
        let Some(key) = line
            .strip_prefix('"')
            .and_then(|rest| rest.split_once("\","))
            .map(|(key, _)| key)
        else {
            continue;
        };
        if key.contains([' ', '{']) || key.len() < 4 {
            continue;
        }
        let stem = key.trim_end_matches("-one").trim_end_matches("-many");
        let is_used = |key: &str| sources.contains(&format!("\"{key}\""));
        let is_hit = key.strip_prefix("hit-").is_some_and(is_used);
        assert!(is_used(key) || is_used(stem) || is_hit, "{key}");
    }
}
