//! Statistics make a report, and news rewrite it, each once; every number of it is counted anew from the rows. Then a page
//! of each kind, asked for by hand, as a reader and the wiki see it.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::reports::{Figures, Reports, percent};

use crate::seen::number;

const HOUR: i64 = 3_600;

/// The first two lines of a link's report with these figures.
pub fn lines_of_link(domain: &str, of: &Figures, again: &str) -> [String; 2] {
    let count = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let when = match of.days.0 == of.days.1 {
        true => format!("on {}", of.days.0),
        false => format!("{} to {}", of.days.0, of.days.1),
    };
    let gone = match of.gone {
        0 => String::new(),
        n => format!(", {n} on pages that are gone or hidden"),
    };
    let unknown = match of.unknown {
        0 => String::new(),
        n => format!(", {n} on wikis that could not be asked"),
    };
    let others = match of.top_editor_others {
        0 => "no other link".to_owned(),
        n => count(n, "other link", "other links"),
    };
    [
        format!(
            "{domain}: {} on {} by {}, {when}; {} removed, {} still live{gone}{unknown}.",
            count(of.additions, "addition", "additions"),
            count(of.wikis, "wiki", "wikis"),
            count(of.editors, "user", "users"),
            of.removed,
            of.live,
        ),
        format!(
            "{} of {} ({}) by one user, who added {others}; {again}.",
            of.top_editor,
            of.additions,
            percent(of.top_editor, of.additions),
        ),
    ]
}

/// Numbers lead somewhere, nothing is an external link, and nobody was told of it.
pub async fn is_harmless(reports: &Reports, title: &str) -> Result<()> {
    let dead = reports.dead_anchors(title).await?;
    ensure!(dead.is_empty(), "{title}: anchors that are not there: {dead:?}");
    let links = reports.external_links(title).await?;
    ensure!(links.is_empty(), "{title} has external links: {links:?}");
    let html = reports.html(title).await?;
    ensure!(!html.contains("class=\"error\""), "{title}: {html}");
    Ok(())
}

#[tokio::test]
async fn a_rule_makes_a_report_and_news_rewrite_it_once_a_day() -> Result<()> {
    let mut reports = Reports::new().await?;
    let (ann, bob) = (reports.person("Ann").await?, reports.person("Bob").await?);
    let made = reports
        .additions(&[
            ("Ann", "Rivers", "https://www.shop.example/boats"),
            ("Ann", "Lakes", "https://www.shop.example/boats"),
            ("Ann", "Seas", "https://shop.example/boats?all=1"),
            ("Bob", "Seas", "https://shop.example/about"),
            ("Ann", "Oceans", "http://shop.example/"),
            ("Ann", "Ponds", "https://www.shop.example/ponds"),
            ("Ann", "Ponds", "https://www.shop.example/more"),
            ("203.0.113.7", "Rivers", "https://shop.example/rivers"),
            ("Ann", "de:Flüsse", "https://shop.example/de"),
            ("Ann", "Ponds", "https://other.example/"),
            ("Bob", "Lakes", "https://third.example/"),
        ])
        .await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");

    let title = reports.title("link", "shop.example");
    let rows = reports.report_rows().await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        (rows[0].subject.as_str(), rows[0].status.as_str()),
        ("example.shop.", "open")
    );
    assert_eq!(
        (rows[0].opened_by.as_str(), rows[0].is_xwiki),
        ("dominance", false),
        "{rows:?}"
    );
    let first = reports.figures_of_link("shop.example").await?;
    assert_eq!(
        (first.additions, first.top_editor, first.live, first.removed),
        (9, 6, 9, 0),
        "{first:?}"
    );
    let told = |of: &Figures, again: &str| {
        let mut lines = lines_of_link("shop.example", of, again).to_vec();
        lines.push("On no spam blacklist; not monitored.".to_owned());
        lines
    };
    assert_eq!(
        reports.top_lines(&title).await?,
        told(&first, "none re-added after removal")
    );
    is_harmless(&reports, &title).await?;
    let json = reports.json("link", "shop.example").await?;
    assert_eq!(reports.rows().await?.compare(&json)?, 9);
    // The page says the same four numbers.
    let shown = reports.shown(&title).await?;
    for row in json["rows"].as_array().context("rows")? {
        let four = row["four"].to_string();
        let four = format!("({})", four.trim_matches(['[', ']']).replace(',', ", "));
        let link = reports.bare(row["link"].as_str().unwrap_or_default());
        assert!(shown.contains(&format!("{link} {four}")), "{link} {four}\n{shown}");
    }

    // Nothing is new.
    let run = reports.run().await?;
    assert_eq!((number(&run, "by_rules")?, number(&run, "reports")?), (0, 0), "{run}");
    reports.later = 25 * HOUR;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    assert_eq!(reports.saves(&title).await?, 1);

    // It comes again: once a day is soon enough.
    reports.later = HOUR;
    reports
        .removals(&[("Bob", "Lakes", "https://www.shop.example/boats")])
        .await?;
    reports.removals(&[("Bob", "Oceans", "http://shop.example/")]).await?;
    reports
        .additions(&[
            ("Ann", "Oceans", "http://shop.example/"),
            ("Ann", "Ponds", "https://shop.example/last"),
        ])
        .await?;
    let run = reports.run().await?;
    // It waits, and takes nobody's turn until its time comes.
    assert_eq!((number(&run, "reports")?, number(&run, "later")?), (0, 0), "{run}");
    assert_eq!(reports.saves(&title).await?, 1);
    let before = reports.rows().await?;
    reports.world.admin.delete(&made[2].title, "no article").await?;
    reports.later = 25 * HOUR;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    assert_eq!(reports.saves(&title).await?, 2);
    let now = reports.figures_of_link("shop.example").await?;
    assert_eq!((now.additions, now.gone, now.removed), (11, 2, 1), "{now:?}");
    assert_eq!(reports.top_lines(&title).await?, told(&now, "1 re-added after removal"));
    // The rule still holds, also where it did not ask.
    let rule = format!(
        "More than 66 % of the additions are by one user: {} of 11",
        now.top_editor
    );
    let shown = reports.shown(&title).await?;
    assert!(shown.contains(&rule), "{rule}\n{shown}");
    is_harmless(&reports, &title).await?;
    assert_eq!(before.compare(&reports.json("link", "shop.example").await?)?, 9);
    reports.run().await?;
    assert_eq!(reports.saves(&title).await?, 2);

    for person in [&ann, &bob] {
        assert_eq!(person.notifications().await?, []);
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_each_kind_is_made_by_hand() -> Result<()> {
    let reports = Reports::with(json!({ "rules.min_additions": 100, "rules.same_server": 50 })).await?;
    let (ann, bob) = (reports.person("Ann").await?, reports.person("Bob").await?);
    let passing = reports.temporary(reports.world.wiki).await?;
    reports
        .additions(&[
            ("Ann", "Rivers", "https://shop.example/boats"),
            ("Bob", "Rivers", "https://shop.example/rivers"),
            ("Ann", "Lakes", "https://stall.example/"),
            (&passing, "Lakes", "https://shop.example/lakes"),
            ("198.51.100.7", "Seas", "https://shop.example/sea"),
            ("198.51.100.7", "Oceans", "https://stall.example/sea"),
            ("198.51.100.99", "Seas", "https://stall.example/more"),
            ("2001:db8:1:2::5", "Seas", "https://market.example/more"),
        ])
        .await?;
    reports
        .servers(&[("shop.example", "192.0.2.80"), ("stall.example", "192.0.2.80")])
        .await?;
    let page = async |kind: &str, name: &str| -> Result<(String, Vec<String>)> {
        let run = reports.by_hand(&[kind, name, "--output", "page"]).await?;
        ensure!(run.code == 0, "{kind} {name}\n{run}");
        let title = reports.title(kind, name.trim_start_matches("User:"));
        is_harmless(&reports, &title).await?;
        let lines = reports.top_lines(&title).await?;
        ensure!(lines.len() == 3, "{title}: {lines:?}");
        Ok((title, lines))
    };
    let day = reports.rows().await?.0[0].time[..10].to_owned();

    let (title, lines) = page("link", "shop.example").await?;
    let figures = reports.figures_of_link("shop.example").await?;
    assert_eq!(lines[0], lines_of_link("shop.example", &figures, "")[0]);
    let shown = reports.shown(&title).await?;
    for name in ["Ann", "Bob", passing.as_str(), "198.51.100.7", "192.0.2.80"] {
        assert!(shown.contains(name), "{name}\n{shown}");
    }
    assert!(shown.contains("Others who added this link"), "{shown}");

    let (title, lines) = page("user", "User:Ann").await?;
    assert_eq!(
        lines[0],
        format!("Ann: 2 additions of 2 hosts on 1 wiki, on {day}; 0 removed, 2 still live.")
    );
    assert!(lines[1].starts_with("1 of 2 (50 %) of "), "{lines:?}");
    assert_eq!(lines[2], "0 observations recorded; not monitored.");
    let shown = reports.shown(&title).await?;
    assert!(
        shown.contains("stall.example") && shown.contains("shop.example"),
        "{shown}"
    );

    let (_, lines) = page("ip", "198.51.100.7").await?;
    assert_eq!(
        lines[0],
        format!("198.51.100.7: 2 additions of 2 hosts on 1 wiki, on {day}; 0 removed, 2 still live.")
    );
    let (title, lines) = page("range", "198.51.100.0/24").await?;
    assert_eq!(
        lines[0],
        format!("198.51.100.0/24: 3 additions of 2 hosts on 1 wiki by 2 addresses, on {day}; 0 removed, 3 still live.")
    );
    assert_eq!(
        lines[1],
        "2 of 3 (67 %) of stall.example, which 1 other user added; none re-added after removal."
    );
    let shown = reports.shown(&title).await?;
    assert!(shown.contains("198.51.100.99"), "{shown}");
    let (title, lines) = page("server", "192.0.2.80").await?;
    assert_eq!(
        lines[0],
        format!("192.0.2.80: 7 additions of 2 hosts on 1 wiki by 5 users, on {day}; 0 removed, 7 still live.")
    );
    let shown = reports.shown(&title).await?;
    assert!(
        shown.contains("stall.example") && shown.contains("shop.example"),
        "{shown}"
    );

    // By hand they are asked for by the operator, each once.
    let asks = reports.asks().await?;
    assert_eq!(asks.len(), 5, "{asks:?}");
    assert!(
        asks.iter().all(|ask| ask.is_served && ask.reason == "command"),
        "{asks:?}"
    );
    for person in [&ann, &bob] {
        assert_eq!(person.notifications().await?, []);
    }
    Ok(())
}
