//! What people do with the pages of reports: they write below the marker, they change what is above it, they take the page
//! away. Nothing of theirs is written over, and what was theirs to decide stays decided.

use anyhow::{Context, Result, ensure};
use mysql_async::prelude::Queryable;
use serde_json::json;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::root;

use crate::seen::number;

const HOUR: i64 = 3_600;
const HELD: &str = "<!-- linkreport-gen: held -->";

/// A user adds so many links to each of these hosts, each on a page of its own. `word` makes them others than those before.
pub async fn added(reports: &Reports, user: &str, hosts: &[&str], word: &str, count: usize) -> Result<()> {
    let of = |host: &&str| {
        let host = (*host).to_owned();
        (0..count).map(move |n| (format!("{host} {word} {n}"), format!("https://{host}/{word}{n}")))
    };
    let rows: Vec<(String, String)> = hosts.iter().flat_map(of).collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|(page, url)| (user, page.as_str(), url.as_str()))
        .collect();
    reports.additions(&rows).await.map(drop)
}

/// A report that the operator asks for.
async fn by_hand(reports: &Reports, host: &str) -> Result<Run> {
    let run = reports.by_hand(&["link", host, "--output", "page"]).await?;
    ensure!(run.code == 0, "{host}\n{run}");
    Ok(run)
}

/// Makes reports of these hosts, which Ann added once each; their titles.
pub async fn made(reports: &Reports, hosts: &[&str]) -> Result<Vec<String>> {
    let urls: Vec<String> = hosts.iter().map(|host| format!("https://{host}/")).collect();
    let rows: Vec<_> = urls.iter().map(|url| ("Ann", "Rivers", url.as_str())).collect();
    reports.additions(&rows).await?;
    for host in hosts {
        let run = by_hand(reports, host).await?;
        ensure!(number(&run, "reports")? == 1, "{host}\n{run}");
    }
    Ok(hosts.iter().map(|host| reports.title("link", host)).collect())
}

/// People's part of a page.
async fn people(reports: &Reports, title: &str) -> Result<String> {
    let text = reports.text(title).await?;
    Ok(Reports::parts(&text)?.1.to_owned())
}

/// What the status page says of a page, as a reader sees it.
async fn waiting(reports: &Reports, title: &str) -> Result<Vec<String>> {
    let (shown, title) = (reports.shown(&reports.status_title()).await?, reports.bare(title));
    let said = shown.lines().filter_map(|line| line.strip_prefix(title.as_str()));
    Ok(said.map(|line| line.trim().to_owned()).collect())
}

/// How many additions the first line of a report tells.
async fn told(reports: &Reports, title: &str) -> Result<u64> {
    let lines = reports.top_lines(title).await?;
    let line = lines.first().context("no lines")?;
    let count = line.split_once(": ").and_then(|(_, rest)| rest.split(' ').next());
    count
        .and_then(|count| count.parse().ok())
        .with_context(|| line.to_owned())
}

#[tokio::test]
async fn peoples_part_stays_byte_for_byte_through_ten_regenerations() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    reports.person("Ann").await?;
    let cid = reports.person("Cid").await?;
    added(&reports, "Ann", &["shop.example"], "First", 5).await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let title = reports.title("link", "shop.example");
    type Change = fn(&str) -> String;
    let changes: [Change; 10] = [
        |human| format!("{human}\n:* I looked at it, and so did others. ~~~~\n:: Thanks.   "),
        |human| human.replacen("* See", "* <s>See", 1).replacen(" – ", "</s> – ", 1),
        |human| format!("A paragraph before everything.\n\n{human}"),
        |human| {
            format!(
                "{human}\n<nowiki>{{{{LinkStatus|closed}}}}\n'''Status:''' closed</nowiki> <!-- '''Status:''' stale -->"
            )
        },
        |human| {
            format!(
                "{human}\n{{{{unsigned|somebody|{{{{{{1}}}}}}}}}}\n{{|\n| the <!-- wikicrew-report-end --> line\n|}}"
            )
        },
        |human| {
            format!(
                "{human}\n== Status and discussion ==\nAgain, in e\u{301} and \u{200f}\u{a0}tabs\t.\n\n\n\nFar below."
            )
        },
        |human| {
            let (first, last) = human.split_once("\n== Status").unwrap_or((human, ""));
            format!("== Status{last}\n\n{first}\n== Other ==")
        },
        |human| {
            format!("<div class=\"people\">\n{human}\n</div>\n<pre>\n== no heading ==\n[[Category:Open link reports")
        },
        |human| human.replace("* <s>See", "*").replace('\u{a0}', " "),
        |_| String::new(),
    ];
    for (n, change) in (1..).zip(changes) {
        reports.human(&cid, &title, change).await?;
        let theirs = people(&reports, &title).await?;
        reports.later += 120;
        added(&reports, "Ann", &["shop.example"], &format!("Then{n}x"), 1).await?;
        // Half of them because somebody asks for it.
        let run = match n % 2 {
            0 => by_hand(&reports, "shop.example").await?,
            _ => reports.run().await?,
        };
        assert_eq!((number(&run, "reports")?, number(&run, "held")?), (1, 0), "{n}\n{run}");
        assert_eq!(people(&reports, &title).await?, theirs, "{n}");
        assert_eq!(told(&reports, &title).await?, 5 + n, "{n}");
        assert_eq!(reports.report_rows().await?[0].status, "open", "{n}");
    }
    assert_eq!(reports.saves(&title).await?, 11);
    // Equal data: no edit, whoever asks.
    for later in [2 * HOUR, 30 * HOUR, 8 * 24 * HOUR] {
        reports.later = later;
        by_hand(&reports, "shop.example").await?;
        assert_eq!(reports.saves(&title).await?, 11, "after {later} s");
    }
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    Ok(())
}

#[tokio::test]
async fn what_people_changed_above_the_marker_is_not_written_over() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    reports.person("Ann").await?;
    let cid = reports.person("Cid").await?;
    let hosts = ["gone.example", "twice.example", "other.example"];
    let titles = made(&reports, &hosts).await?;
    let mut before = Vec::new();
    let mut changed = Vec::new();
    for (n, title) in titles.iter().enumerate() {
        let text = reports.text(title).await?;
        let (bot, human) = Reports::parts(&text)?;
        let marker = bot.lines().last().context("no marker line")?;
        let new = match n {
            0 => text.replace(marker, "Somebody was here."),
            1 => format!("{bot}{human}\n{marker}\nMore."),
            _ => format!("{}{human}\n* Look at this.", bot.replace("1 addition", "one addition")),
        };
        cid.edit(title, &new, "").await?;
        changed.push(reports.text(title).await?);
        before.push((bot.to_owned(), human.to_owned()));
    }
    // New data is told below, once.
    for n in 0..2 {
        reports.later += 120;
        added(&reports, "Ann", &hosts, &format!("Then{n}x"), 1).await?;
        let run = reports.run().await?;
        // What comes later waits, as long as for any other report.
        let held = if n == 0 { 3 } else { 0 };
        assert_eq!(
            (number(&run, "reports")?, number(&run, "held")?),
            (0, held),
            "{n}\n{run}"
        );
        for (title, theirs) in titles.iter().zip(&changed) {
            let text = reports.text(title).await?;
            let line = text
                .strip_prefix(theirs.as_str())
                .with_context(|| format!("{title}: {text}"))?;
            assert!(line.starts_with("\n* New data: 2 additions are known now."), "{line}");
            assert!(line.ends_with(HELD) && line.matches('\n').count() == 1, "{line}");
        }
    }
    // Who takes the line away has read it; a person who asks is told no more than that.
    cid.edit(&titles[2], &changed[2], "read").await?;
    for host in ["other.example", "gone.example"] {
        reports.later += 120;
        by_hand(&reports, host).await?;
    }
    assert_eq!(reports.text(&titles[2]).await?, changed[2]);
    let whys = [
        "the line where people’s part begins is gone",
        "the line where people’s part begins stands there twice",
        "a person changed the bot’s part",
    ];
    for (title, why) in titles.iter().zip(whys) {
        assert_eq!(waiting(&reports, title).await?, [format!("is not rewritten: {why}.")]);
    }

    // The person undoes it: the bot goes on, without any new addition.
    for (title, (bot, human)) in titles.iter().zip(&before) {
        cid.edit(title, &format!("{bot}{human}\n* All is well."), "undone")
            .await?;
    }
    reports.later += 120;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "held")?), (3, 0), "{run}");
    for (title, (_, human)) in titles.iter().zip(&before) {
        assert_eq!(told(&reports, title).await?, 3, "{title}");
        assert_eq!(people(&reports, title).await?, format!("{human}\n* All is well."));
    }
    for title in &titles {
        assert!(waiting(&reports, title).await?.is_empty(), "{title}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_was_taken_away_is_made_again_only_for_those_who_are_trusted() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    let asking = reports.own("Project talk:Links");
    reports.settings = reports.settings.clone().set("watched_pages", json!([asking]));
    reports.save_settings(&reports.settings).await?;
    reports.person("Ann").await?;
    let (cid, admin) = (reports.person("Cid").await?, reports.world.admin.clone());
    let poke = format!("User:{}/Poke", reports.world.bot.name);
    for page in [&asking, &poke] {
        admin.edit(page, "Here.", "").await?;
    }
    reports.run().await?;
    let hosts = [
        "blank.example",
        "deleted.example",
        "moved.example",
        "shifted.example",
        "bare.example",
    ];
    let titles = made(&reports, &hosts).await?;
    admin.edit(&titles[0], "", "").await?;
    admin.delete(&titles[1], "not here").await?;
    admin
        .move_page(&titles[2], &reports.own("User talk:Cid/moved"), true)
        .await?;
    admin
        .move_page(&titles[3], &reports.own("User talk:Cid/shifted"), false)
        .await?;
    let text = reports.text(&titles[4]).await?;
    let bare: Vec<&str> = text.lines().filter(|line| !line.starts_with("<!--")).collect();
    cid.edit(&titles[4], &bare.join("\n"), "").await?;
    let mut left = Vec::new();
    for title in &titles {
        left.push(admin.text(title).await?);
    }
    // Neither new additions nor anybody's request bring it back.
    added(&reports, "Ann", &hosts, "Then", 5).await?;
    cid.append(&asking, &reports.hosts(&calls(&hosts)), "").await?;
    reports.later += 120;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    for (title, left) in titles.iter().zip(&left) {
        assert_eq!(&admin.text(title).await?, left, "{title}\n{run}");
    }
    let how = [
        "was blanked",
        "was deleted or moved away",
        "was deleted or moved away",
        "no longer carries the bot's marks",
        "no longer carries the bot's marks",
    ];
    for (title, how) in titles.iter().zip(how) {
        assert_eq!(waiting(&reports, title).await?, [format!("is left alone: it {how}.")]);
    }

    // An admin asks on the poke page, the operator by hand.
    admin.append(&poke, &reports.hosts(&calls(&hosts[1..])), "").await?;
    by_hand(&reports, hosts[0]).await?;
    reports.later += 120;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "held")?), (3, 1), "{run}");
    for title in &titles[..4] {
        assert_eq!(told(&reports, title).await?, 6, "{title}");
        assert!(people(&reports, title).await?.contains("open"));
    }
    // Where people left a text it stays, whoever asks.
    let (text, theirs) = (reports.text(&titles[4]).await?, left[4].as_deref().unwrap_or_default());
    let line = text.strip_prefix(theirs).with_context(|| text.clone())?;
    assert!(
        line.starts_with("\n* New data: 6 additions") && line.ends_with(HELD),
        "{line}"
    );
    for title in &titles[..4] {
        assert!(waiting(&reports, title).await?.is_empty(), "{title}");
    }
    // And it goes on with them.
    reports.later += 120;
    added(&reports, "Ann", &["deleted.example"], "again", 1).await?;
    reports.run().await?;
    assert_eq!(told(&reports, &titles[1]).await?, 7);
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_lost_or_old_doubles_nothing() -> Result<()> {
    let mut reports = Reports::with(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    reports.person("Ann").await?;
    let cid = reports.person("Cid").await?;
    let hosts = ["shop.example", "shut.example", "mixed.example"];
    added(&reports, "Ann", &hosts, "First", 5).await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 3, "{run}");
    let titles = hosts.map(|host| reports.title("link", host));
    let folder = std::env::temp_dir().join(format!("wikicrew-reports-dump-{}", reports.world.prefix));
    script(&reports, "backup")
        .args(&[&folder.to_string_lossy()])
        .run_ok()
        .await?;
    let dump = std::fs::read_dir(&folder)?.next().context("no dump was made")??.path();

    // After the backup: somebody closes it, it comes again, and is reopened.
    reports
        .human(&cid, &titles[0], |human| format!("{human}\n* A word."))
        .await?;
    reports.status(&cid, &titles[0], "closed").await?;
    reports.later += 2 * HOUR;
    reports.run().await?;
    added(&reports, "Ann", &["shop.example"], "again", 5).await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reopened")?, number(&run, "reports")?), (1, 1), "{run}");
    reports.status(&cid, &titles[1], "closed").await?;
    let changed = reports.text(&titles[2]).await?.replace("5 additions", "five additions");
    cid.edit(&titles[2], &changed, "").await?;
    reports.run().await?;
    let mut theirs = Vec::new();
    for title in &titles {
        theirs.push(people(&reports, title).await?);
    }
    let (saves, text) = (reports.saves(&titles[0]).await?, reports.text(&titles[0]).await?);

    script(&reports, "restore")
        .args(&["--replace", &dump.to_string_lossy()])
        .run_ok()
        .await?;
    std::fs::remove_dir_all(&folder)?;
    reports.later += HOUR;
    reports.run().await?;
    by_hand(&reports, "shop.example").await?;
    reports.later += HOUR;
    reports.run().await?;
    assert_eq!(reports.text(&titles[0]).await?, text);
    assert_eq!(reports.saves(&titles[0]).await?, saves);
    let rows = reports.report_rows().await?;
    let word = |key: &str| rows.iter().find(|row| row.subject == key).map(|row| row.status.clone());
    assert_eq!(word("example.shop."), Some("open".to_owned()), "{rows:?}");
    assert_eq!(word("example.shut."), Some("closed".to_owned()), "{rows:?}");

    // All of it is lost. The links come again, and the pages are there.
    let name = reports.world.database_name();
    let mut db = reports.world.db().await?;
    for sql in ["DROP DATABASE", "CREATE DATABASE"] {
        db.query_drop(format!("{sql} `{name}`")).await?;
    }
    db.disconnect().await?;
    reports.later += HOUR;
    added(&reports, "Ann", &hosts, "lost", 6).await?;
    for _ in 0..3 {
        reports.later += HOUR;
        reports.run().await?;
    }
    assert_eq!(told(&reports, &titles[0]).await?, 6);
    assert_eq!(people(&reports, &titles[0]).await?, theirs[0]);
    // The closed one is known again, and the additions since it was closed open it.
    let reopened = people(&reports, &titles[1]).await?;
    let line = reopened.strip_prefix(theirs[1].replace("closed", "open").as_str());
    let line = line.with_context(|| reopened.clone())?;
    assert!(
        line.starts_with("\n* Closed report, reopened") && line.matches('\n').count() == 1,
        "{line}"
    );
    // And the one that was changed is still not written over.
    let text = reports.text(&titles[2]).await?;
    let line = text.strip_prefix(changed.as_str()).with_context(|| text.clone())?;
    assert!(
        line.starts_with("\n* New data: 6 additions") && line.matches('\n').count() == 1,
        "{line}"
    );
    let told = waiting(&reports, &titles[2]).await?;
    assert_eq!(told, ["is not rewritten: a person changed the bot’s part."]);
    Ok(())
}

/// Summary templates, a line each.
pub fn calls(hosts: &[&str]) -> String {
    hosts
        .iter()
        .map(|host| format!("\n{{{{LinkSummary|{host}}}}}"))
        .collect()
}

/// One of the scripts, with this world's database.
fn script(reports: &Reports, name: &str) -> Job {
    let url = reports.world.database_url();
    let url = url.split('?').next().unwrap_or_default();
    Job::new(name)
        .program(root().join("scripts").join(name))
        .env("WIKICREW_DATABASE_URL", url)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
}
