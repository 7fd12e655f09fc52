//! The status word of reports: who may write it, what it holds back, and when it is taken back: closed reports whose link
//! came again, and open ones of which nothing was heard.

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::api::Api;
use wikicrew_tests::reports::Reports;

use crate::lr_people::{added, calls, made};
use crate::seen::number;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Texts of a page's last lines, from this one on, without times.
async fn people(reports: &Reports, title: &str) -> Result<String> {
    let text = reports.text(title).await?;
    Ok(Reports::parts(&text)?.1.to_owned())
}

/// The status of a link's report in the database.
async fn status(reports: &Reports, host: &str) -> Result<String> {
    let key: String = host.rsplit('.').map(|label| format!("{label}.")).collect();
    let rows = reports.report_rows().await?;
    let row = rows.into_iter().find(|row| row.subject == key);
    Ok(row.with_context(|| format!("no report of {host}"))?.status)
}

/// The line of a report in the list of link reports.
async fn listed(reports: &Reports, host: &str) -> Result<Option<String>> {
    let list = format!("User:{}/LinkReports", reports.world.bot.name);
    let shown = reports.shown(&list).await?;
    Ok(shown.lines().find(|line| line.starts_with(host)).map(str::to_owned))
}

#[tokio::test]
async fn a_closed_report_is_reopened_when_its_link_comes_again_in_force() -> Result<()> {
    let mut reports = Reports::new().await?;
    reports.with_recorder(json!({})).await?;
    for name in ["Ann", "Known"] {
        reports.person(name).await?;
    }
    let cid = reports.person("Cid").await?;
    reports
        .world
        .account("Regular", json!({ "edits": 600, "age_days": 60 }))
        .await?;
    reports
        .recorder(&["wl", "add", &reports.own("Known"), "*"])
        .run_ok()
        .await?;
    added(&reports, "Ann", &["shop.example"], "First", 5).await?;
    reports.run().await?;
    let title = reports.title("link", "shop.example");

    reports
        .human(&cid, &title, |human| format!("{human}\n* Warned. ~~~~"))
        .await?;
    reports.status(&cid, &title, "closed").await?;
    let theirs = people(&reports, &title).await?;
    reports.later = HOUR;
    let run = reports.run().await?;
    assert_eq!((number(&run, "read_back")?, number(&run, "reports")?), (1, 0), "{run}");
    assert_eq!(people(&reports, &title).await?, theirs);
    let categories = reports.categories(&title).await?;
    assert!(categories.iter().all(|name| !name.contains("Open")), "{categories:?}");
    assert!(categories.iter().any(|name| name.contains("Closed")), "{categories:?}");
    let line = listed(&reports, "shop.example").await?.context("not listed")?;
    assert!(line.starts_with("shop.example: closed, 5 additions"), "{line}");

    // Too few, and some by those who do not count.
    let text = reports.text(&title).await?;
    let few = [("Ann", 4), ("Regular", 5), ("Known", 5)];
    let of = |(user, count): (&'static str, usize)| {
        (0..count).map(move |n| (user, format!("{user} {n}"), format!("https://shop.example/{user}{n}")))
    };
    let few: Vec<_> = few.into_iter().flat_map(of).collect();
    let few: Vec<_> = few
        .iter()
        .map(|(user, page, url)| (*user, page.as_str(), url.as_str()))
        .collect();
    reports.later += HOUR;
    reports.additions(&few).await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reopened")?, number(&run, "reports")?), (0, 0), "{run}");
    assert_eq!(reports.text(&title).await?, text);
    // The fifth.
    reports.later += HOUR;
    added(&reports, "Ann", &["shop.example"], "Fifth", 1).await?;
    for n in [1, 0] {
        let run = reports.run().await?;
        assert_eq!((number(&run, "reopened")?, number(&run, "reports")?), (n, n), "{run}");
    }
    let now = people(&reports, &title).await?;
    let kept = theirs.replacen("closed", "open", 1);
    let line = now.strip_prefix(kept.as_str()).with_context(|| now.clone())?;
    assert!(line.starts_with("\n* Closed report, reopened: "), "{line}");
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    assert_eq!(status(&reports, "shop.example").await?, "open");
    let categories = reports.categories(&title).await?;
    assert!(categories.iter().any(|name| name.contains("Open")), "{categories:?}");
    let line = listed(&reports, "shop.example").await?.context("not listed")?;
    assert!(line.starts_with("shop.example: open, 20 additions"), "{line}");

    // Not twice in a week; then what came meanwhile is enough.
    reports.status(&cid, &title, "closed").await?;
    reports.later += HOUR;
    reports.run().await?;
    let text = reports.text(&title).await?;
    added(&reports, "Ann", &["shop.example"], "Second", 6).await?;
    for _ in 0..2 {
        let run = reports.run().await?;
        assert_eq!((number(&run, "reopened")?, number(&run, "reports")?), (0, 0), "{run}");
        reports.later += 6 * DAY;
    }
    assert_eq!(reports.text(&title).await?, text);
    let run = reports.run().await?;
    assert_eq!((number(&run, "reopened")?, number(&run, "reports")?), (1, 1), "{run}");
    assert_eq!(
        people(&reports, &title)
            .await?
            .matches("Closed report, reopened")
            .count(),
        2
    );
    Ok(())
}

#[tokio::test]
async fn what_is_put_to_rest_wakes_only_for_a_person() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    let asking = reports.own("Project talk:Links");
    reports.settings = reports.settings.clone().set("watched_pages", json!([asking]));
    reports.save_settings(&reports.settings).await?;
    reports.person("Ann").await?;
    let cid = reports.person("Cid").await?;
    cid.edit(&asking, "Here.", "").await?;
    let words = ["ignore", "stale", "added"];
    let hosts = words.map(|word| format!("{word}.example"));
    let names = hosts.each_ref().map(String::as_str);
    let titles = made(&reports, &[names[0], names[1], names[2], "open.example"]).await?;
    for (title, word) in titles.iter().zip(words) {
        reports.status(&cid, title, word).await?;
    }
    reports.later = 120;
    let run = reports.run().await?;
    assert_eq!(number(&run, "read_back")?, 3, "{run}");
    let mut texts = Vec::new();
    for (title, host) in titles.iter().zip(names) {
        texts.push(reports.text(title).await?);
        let categories = reports.categories(title).await?;
        assert!(categories.iter().all(|name| !name.contains("Open")), "{categories:?}");
        let line = listed(&reports, host).await?;
        assert!(line.is_some_and(|line| !line.contains(": open,")), "{host}");
    }
    added(&reports, "Ann", &names, "Then", 6).await?;
    for later in [240, 2 * DAY] {
        reports.later = later;
        let run = reports.run().await?;
        assert_eq!((number(&run, "reports")?, number(&run, "by_rules")?), (0, 0), "{run}");
    }
    for (n, title) in titles[..3].iter().enumerate() {
        assert_eq!(reports.text(title).await?, texts[n], "{title}");
    }
    // A person asks: the content is new, the word is what it was.
    cid.append(&asking, &reports.hosts(&calls(&names)), "").await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 3, "{run}");
    for (n, title) in titles[..3].iter().enumerate() {
        let (text, before) = (reports.text(title).await?, &texts[n]);
        let ((bot, human), (_, theirs)) = (Reports::parts(&text)?, Reports::parts(before)?);
        assert!(bot.contains("7 additions"), "{bot}");
        assert_eq!(human, theirs);
        assert_eq!(status(&reports, names[n]).await?, words[n]);
    }

    // Nothing was heard of the open one for a month: it is said once.
    let theirs = people(&reports, &titles[3]).await?;
    for later in [29 * DAY, 31 * DAY, 63 * DAY] {
        reports.later = later;
        let run = reports.run().await?;
        let is_now = u64::from(later == 31 * DAY);
        assert_eq!(number(&run, "reports")?, is_now, "after {later} s\n{run}");
    }
    let now = people(&reports, &titles[3]).await?;
    let line = now.strip_prefix(theirs.replacen("open", "stale", 1).as_str());
    let line = line.with_context(|| now.clone())?;
    assert!(
        line.starts_with("\n* Marked stale: ") && line.matches('\n').count() == 1,
        "{line}"
    );
    let categories = reports.categories(&titles[3]).await?;
    assert!(categories.iter().any(|name| name.contains("tale")), "{categories:?}");
    for (n, title) in titles[..3].iter().enumerate() {
        assert_eq!(reports.saves(title).await?, 3, "{title}: made, category, asked for");
        assert_eq!(status(&reports, names[n]).await?, words[n]);
    }
    // The list is of the last week.
    assert_eq!(listed(&reports, "open.example").await?, None);
    let list = format!("User:{}/LinkReports", reports.world.bot.name);
    assert!(reports.text(&list).await?.len() < 500);
    Ok(())
}

#[tokio::test]
async fn the_word_of_a_newcomer_does_not_count_and_stays() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    reports.person("Ann").await?;
    let cid = reports.person("Cid").await?;
    let new = reports.world.account("New", json!({ "new": true })).await?;
    let new = reports.world.login(&new).await?;
    let address = Api::address(&reports.world.wiki.api, "203.0.113.99")?;
    let hosts = ["shop.example", "stall.example"];
    let titles = made(&reports, &hosts).await?;
    for (title, by) in titles.iter().zip([&new, &address]) {
        reports.status(by, title, "closed").await?;
        reports
            .human(&cid, title, |human| {
                format!("{human}\n* A word of somebody who does not look up.")
            })
            .await?;
    }
    reports.later += 120;
    added(&reports, "Ann", &hosts, "Then", 1).await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "read_back")?), (2, 0), "{run}");
    for (title, host) in titles.iter().zip(hosts) {
        assert_eq!(status(&reports, host).await?, "open", "{run}");
        let theirs = people(&reports, title).await?;
        assert!(theirs.contains("closed") && theirs.ends_with("look up."), "{theirs}");
        let categories = reports.categories(title).await?;
        assert!(categories.iter().all(|name| !name.contains("Closed")), "{categories:?}");
    }
    // Somebody who counts says the same; and a newcomer takes that back.
    reports.status(&cid, &titles[0], "open").await?;
    reports.status(&cid, &titles[0], "closed").await?;
    reports.status(&cid, &titles[1], "ignore").await?;
    reports.later += 120;
    let run = reports.run().await?;
    assert_eq!(number(&run, "read_back")?, 2, "{run}");
    for title in &titles {
        reports.status(&new, title, "open").await?;
    }
    reports.later += 120;
    added(&reports, "Ann", &hosts, "more", 1).await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "read_back")?), (0, 0), "{run}");
    assert_eq!(status(&reports, "shop.example").await?, "closed");
    assert_eq!(status(&reports, "stall.example").await?, "ignore");
    Ok(())
}

#[tokio::test]
async fn who_is_on_a_report_does_not_put_it_to_rest() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    let ann = reports.person("Ann").await?;
    let cid = reports.person("Cid").await?;
    let title = made(&reports, &["shop.example"]).await?.remove(0);
    reports.status(&ann, &title, "ignore").await?;
    reports.later += 120;
    let run = reports.run().await?;
    assert_eq!(status(&reports, "shop.example").await?, "open", "{run}");
    // What stands there stays, and the bot goes on.
    let theirs = people(&reports, &title).await?;
    assert!(theirs.contains("ignore"), "{theirs}");
    reports.status(&cid, &title, "closed").await?;
    reports.later += 120;
    let run = reports.run().await?;
    assert_eq!(status(&reports, "shop.example").await?, "closed", "{run}");
    Ok(())
}
