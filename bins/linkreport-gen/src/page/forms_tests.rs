use super::fixtures::{hostile, link_report, site, user_report};
use super::looks::{around, full, rendered, seen};
use super::*;
use crate::model::{Fate, Who};
use shared::core::report::{Rule, Subject};

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
    let settings = Settings::default();
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
    (wide.show.rows, wide.show.users, wide.show.hosts) = (2000, 100, 100);
    let mut model = hostile(2000);
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
        ["Stale user reports", "Local reports for enwiki"]
    );
    // A change of the status alone changes these and nothing else.
    let (site, common, settings) = (site(), Common::default(), Settings::default());
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
    let text = summary(Some(&link_report()), &Common::default());
    assert_eq!(text, "report: additions 41, wikis 7, users 3, still live 4");
    let (site, common, settings) = (site(), Common::default(), Settings::default());
    let text = empty(&around(&site, &common, &settings)).into_string();
    assert!(text.starts_with("__NOINDEX__<div") && text.contains("Nothing is shown here any more"));
}

/// A sentence that no page says would be one that somebody translates for nothing.
#[test]
fn every_sentence_is_used() {
    let sources = [
        include_str!("../page.rs"),
        include_str!("categories.rs"),
        include_str!("chart.rs"),
        include_str!("head.rs"),
        include_str!("hits.rs"),
        include_str!("lines.rs"),
        include_str!("pen.rs"),
        include_str!("ready.rs"),
        include_str!("rows.rs"),
        include_str!("sections.rs"),
        include_str!("site.rs"),
        include_str!("statistics.rs"),
        include_str!("subsets.rs"),
        include_str!("summaries.rs"),
        include_str!("users.rs"),
    ]
    .concat();
    let tables = [include_str!("../words/pages.rs"), include_str!("../words/lists.rs")];
    for line in tables.iter().flat_map(|table| table.lines()) {
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

#[test]
fn what_is_remembered_of_a_page_is_what_it_shows_or_owes_a_name_to() {
    let mut settings = Settings::default();
    settings.show.rows = 10;
    let mut model = link_report();
    let row = model.rows[0].clone();
    model.rows = (0..1000)
        .map(|i| {
            let mut row = row.clone();
            (row.number, row.rev.0, row.fate) = (i + 1, 100_000 - i as u64, Fate::Removed);
            row.who = Who::Name("Ann".to_owned());
            row
        })
        .collect();
    model.rows[500].fate = Fate::Live;
    model.rows[700].who = Who::Name("Bob".to_owned());
    model.rows[701].who = Who::Name("Bob".to_owned());
    let hits: BTreeSet<u64> = hits::listed(&model).iter().map(|hit| hit.rev.0).collect();
    let found: BTreeSet<u64> = revisions(&model, &settings, Form::Full)
        .iter()
        .map(|(_, rev)| rev.0)
        .collect();
    // The rows, the newest other one of each user, and what is still live below.
    let expected = (0..=10).chain([500, 700]).map(|i| 100_000 - i).chain(hits);
    assert_eq!(found, expected.collect());
    assert!(revisions(&model, &settings, Form::Reduced).is_empty());
}

#[test]
fn more_hits_than_are_counted_are_said_to_be_more() {
    let mut model = user_report();
    let said = |model: &Model| full(model).lines().map(seen).collect::<Vec<_>>().join(" ");
    model.all_hits = 1_999;
    assert!(!said(&model).contains("or more"));
    model.all_hits = crate::model::MOST_HITS;
    let text = said(&model);
    assert!(text.contains("2,000 or more observations recorded"), "{text}");
    assert!(text.contains("of 2,000 or more are shown"), "{text}");
}
