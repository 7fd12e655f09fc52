//! What must not be shown any longer: revisions and pages that a wiki hides or deletes, users, hosts, pages and reports on
//! the list of what is named nowhere. It goes from every page of the job and from the database, and only counts stay.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::api::Api;
use wikicrew_tests::reports::Reports;

use crate::seen::{decoded, number};

const HOUR: i64 = 3_600;

/// Reports only where somebody asks.
pub async fn by_hand_only() -> Result<Reports> {
    Reports::with(json!({ "rules.min_additions": 1000, "rules.same_server": 1000, "stale_after": "3650d" })).await
}

/// Somebody who may hide revisions and users, also from admins.
pub async fn oversighter(reports: &Reports) -> Result<Api> {
    let how = json!({ "groups": ["sysop", "suppress"], "edits": 1_000, "age_days": 1_000 });
    let account = reports.world.account("Oversighter", how).await?;
    reports.world.login(&account).await
}

/// Every page of the bot by title, as its source reads without entities and without the world's prefix.
pub async fn pages(reports: &Reports) -> Result<BTreeMap<String, String>> {
    let prefix = format!("{}/", reports.world.bot.name);
    let asked = [
        ("action", "query"),
        ("list", "allpages"),
        ("apnamespace", "2"),
        ("apprefix", prefix.as_str()),
        ("aplimit", "max"),
    ];
    let answer = reports.world.admin.get(&asked).await?;
    let mut pages = BTreeMap::new();
    for page in answer["query"]["allpages"].as_array().context("no pages")? {
        let title = page["title"].as_str().unwrap_or_default();
        let text = decoded(&reports.text(title).await?);
        pages.insert(title.to_owned(), reports.bare(&text));
    }
    Ok(pages)
}

/// Errs where a page of the bot has one of these words.
pub async fn nowhere(reports: &Reports, words: &[&str]) -> Result<()> {
    for (title, text) in pages(reports).await? {
        let lower = text.to_lowercase();
        for word in words {
            ensure!(!lower.contains(&word.to_lowercase()), "{word} on {title}:\n{text}");
        }
    }
    Ok(())
}

/// Writes the page of a report.
pub async fn write(reports: &Reports, kind: &str, name: &str) -> Result<String> {
    let run = reports.by_hand(&[kind, name, "--output", "page"]).await?;
    ensure!(run.code == 0 && number(&run, "reports")? == 1, "{kind} {name}\n{run}");
    Ok(reports.title(kind, name.trim_start_matches("User:")))
}

/// The revisions of additions whose address was erased.
async fn erased(reports: &Reports) -> Result<Vec<u64>> {
    let rows = reports
        .world
        .rows("SELECT rev_id FROM link_addition WHERE path = '' ORDER BY rev_id")
        .await?;
    rows.iter().map(|row| row[0].parse().context("no revision")).collect()
}

#[tokio::test]
async fn what_a_wiki_hides_or_deletes_goes_from_reports_and_the_database() -> Result<()> {
    let mut reports = by_hand_only().await?;
    let secrets = [
        "Nameone",
        "Nametwo",
        "Namethree",
        "Namefour",
        "secret1",
        "secret2",
        "secret3",
        "secret4",
    ];
    let late = [
        "Namefive",
        "Namesix",
        "Nameseven",
        "Nameeight",
        "Namenine",
        "secret5",
        "secret6",
        "secret7",
        "secret8",
        "secret9",
    ];
    let made = reports
        .additions(&[
            ("Nameone", "Page one", "https://shop.example/secret1"),
            ("Nametwo", "Page two", "https://shop.example/secret2"),
            ("Namethree", "Page three", "https://shop.example/secret3"),
            ("Namefour", "Page four", "https://shop.example/secret4"),
            ("Namefive", "Page five", "https://shop.example/secret5"),
            ("Namesix", "Page six", "https://shop.example/secret6"),
            ("Nameseven", "Page seven", "https://shop.example/secret7"),
            ("Nameeight", "Page eight", "https://shop.example/secret8"),
            ("Namenine", "de:Page nine", "https://shop.example/secret9"),
            ("Ann", "Page ten", "https://shop.example/stays"),
        ])
        .await?;
    let (admin, hider) = (&reports.world.admin, oversighter(&reports).await?);
    let hide = async |n: usize| -> Result<()> {
        hider.hide_revision(made[n].rev, "user").await?;
        // What is the newest text of a page cannot be hidden.
        admin.append(&made[n + 1].title, "\nMore.", "").await?;
        hider.hide_revision(made[n + 1].rev, "content").await?;
        hider.hide_revision(made[n + 2].rev, "comment").await?;
        admin.delete(&made[n + 3].title, "not notable").await
    };
    hide(0).await?;
    let title = write(&reports, "link", "shop.example").await?;
    nowhere(&reports, &secrets).await?;
    let shown = reports.shown(&title).await?;
    assert!(shown.contains("4 additions hidden."), "{shown}");
    for name in late.iter().chain(&["Ann", "stays"]) {
        assert!(shown.contains(name), "{name}\n{shown}");
    }
    let first = |lines: Vec<String>| lines.into_iter().next().unwrap_or_default();
    let line = first(reports.top_lines(&title).await?);
    assert!(
        line.starts_with("shop.example: 10 additions on 2 wikis by 10 users"),
        "{line}"
    );
    let json = reports.bare(&reports.json("link", "shop.example").await?.to_string());
    assert!(
        json.contains("secret5") && secrets.iter().all(|secret| !json.contains(secret)),
        "{json}"
    );
    let csv = reports.by_hand(&["link", "shop.example", "--output", "csv"]).await?;
    let csv = reports.bare(&csv.stdout);
    assert!(
        csv.contains("secret5") && secrets.iter().all(|secret| !csv.contains(secret)),
        "{csv}"
    );
    let revs = |of: &[usize]| {
        let mut revs: Vec<u64> = of.iter().map(|n| made[*n].rev).collect();
        revs.sort_unstable();
        revs
    };
    assert_eq!(erased(&reports).await?, revs(&[0, 1, 2, 3]));

    // What is hidden later goes with the next day's look.
    let user = write(&reports, "user", "User:Namesix").await?;
    hide(4).await?;
    let german =
        json!({ "name": reports.own("Verberger"), "groups": ["sysop", "suppress"], "edits": 1_000, "age_days": 1_000 });
    let german = reports.de.make_accounts(&[german]).await?.pop().context("no account")?;
    let german = Api::login(&reports.de.api, &german.name, &german.password).await?;
    german.hide_revision(made[8].rev, "user").await?;
    reports.later = 25 * HOUR;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 2, "{run}");
    nowhere(&reports, &[&secrets[..], &late[..]].concat()).await?;
    assert!(reports.text(&user).await?.contains("Nothing is shown here any more."));
    let shown = reports.shown(&title).await?;
    assert!(
        shown.contains("9 additions hidden.") && shown.contains("stays"),
        "{shown}"
    );
    assert_eq!(erased(&reports).await?, revs(&[0, 1, 2, 3, 4, 5, 6, 7, 8]));
    reports.later = 50 * HOUR;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    Ok(())
}

#[tokio::test]
async fn what_is_named_nowhere_goes_from_every_page_and_is_not_counted() -> Result<()> {
    let reports = by_hand_only().await?;
    let asking = reports.own("Project talk:Asking");
    let settings = reports.settings.clone().set("watched_pages", json!([asking]));
    reports.save_settings(&settings).await?;
    let (quiet, asker) = (reports.person("Quiet").await?, reports.person("Ann").await?);
    quiet.edit(&asking, "Here.", "").await?;
    reports
        .additions(&[
            ("Ann", "One", "https://shop.example/a"),
            ("Quiet", "Two", "https://shop.example/b"),
            ("Bob", "Quietpage", "https://shop.example/c"),
            ("Ann", "Three", "https://www.quiet.example/x"),
            ("Quiet", "Four", "https://quiet.example/y"),
            ("Ann", "Five", "https://taken.example/z"),
            ("198.51.100.7", "One", "https://shop.example/ip"),
        ])
        .await?;
    reports
        .servers(&[("shop.example", "192.0.2.80"), ("quiet.example", "192.0.2.80")])
        .await?;
    let shop = write(&reports, "link", "shop.example").await?;
    let ann = write(&reports, "user", "User:Ann").await?;
    let server = write(&reports, "server", "192.0.2.80").await?;
    let mut emptied = vec![
        write(&reports, "link", "quiet.example").await?,
        write(&reports, "user", "User:Quiet").await?,
    ];
    emptied.push(write(&reports, "link", "taken.example").await?);
    reports.run().await?;
    // One asks for another, and both wait.
    reports.save_settings(&settings.clone().set("publish", "off")).await?;
    let line = |text: &str| reports.hosts(&text.replace("OWN ", &format!("{} ", reports.world.prefix)));
    quiet
        .append(&asking, &line("\n{{LinkSummary|shop.example}}"), "")
        .await?;
    asker
        .append(
            &asking,
            &line("\n{{UserSummary|OWN Quiet}} {{LinkSummary|quiet.example}}"),
            "",
        )
        .await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "asked")?, 3, "{run}");
    let before = pages(&reports).await?;
    for (title, words) in [
        (&shop, &["Quiet", "Quietpage"][..]),
        (&ann, &["quiet.example", "taken.example"]),
        (&server, &["Quiet", "quiet.example"]),
        (
            &format!("User:{}/LinkReports", reports.world.bot.name),
            &["quiet.example", "taken.example"],
        ),
        (&reports.status_title(), &["Quiet", "quiet.example"]),
    ] {
        let text = before.get(title).with_context(|| title.clone())?;
        let text = text.replace("<bdi>", "").replace("</bdi>", "");
        assert!(
            words.iter().all(|word| text.contains(word)),
            "{words:?} on {title}\n{text}"
        );
    }

    for (job, what, name) in [
        ("lr", "user", reports.own("Quiet")),
        ("co", "page", reports.own("Quietpage")),
        ("co", "host", reports.hosts("quiet.example")),
        ("lr", "report", reports.title("link", "taken.example")),
    ] {
        let args = [
            "suppress",
            "add",
            what,
            &name,
            "--by",
            "Olga",
            "--reason",
            "asked by mail",
        ];
        let job = if job == "lr" {
            reports.job().args(&args)
        } else {
            reports.recorder(&args)
        };
        job.run_ok().await?;
    }
    let listed = reports.by_hand(&["suppress", "list"]).await?;
    assert!(!listed.stdout.contains("uiet"), "{listed}");
    reports.save_settings(&settings).await?;
    let run = reports.run().await?;
    for title in &emptied {
        let text = reports.text(title).await?;
        assert!(
            text.contains("Nothing is shown here any more."),
            "{title}: {text}\n{run}"
        );
        assert_eq!(reports.saves(title).await?, 2, "{title}");
    }
    nowhere(&reports, &["quiet", "earlier report: [[:user:bot/linkreports/taken"]).await?;
    let list = format!("User:{}/LinkReports", reports.world.bot.name);
    let list = pages(&reports).await?.remove(&list).context("no list")?;
    assert!(list.contains("shop.example") && !list.contains("taken"), "{list}");
    let figures = reports
        .figures(|row| row.host.ends_with("shop.") && row.editor.1 != reports.own("Quiet") && row.page_id != 0)
        .await?;
    // Bob's only addition is on the page that is named nowhere.
    assert_eq!(figures.additions, 3, "{figures:?}");
    let lines = reports.top_lines(&shop).await?;
    assert!(
        lines[0].starts_with("shop.example: 2 additions on 1 wiki by 2 users"),
        "{lines:?}"
    );
    let lines = reports.top_lines(&ann).await?;
    assert!(lines[0].starts_with("Ann: 2 additions of 2 hosts"), "{lines:?}");
    for (kind, name) in [
        ("link", "shop.example"),
        ("user", "User:Ann"),
        ("link", "quiet.example"),
        ("user", "User:Quiet"),
    ] {
        let run = reports.by_hand(&[kind, name, "--output", "json"]).await?;
        let told = reports.bare(&run.stdout).to_lowercase();
        assert!(!told.contains("quiet"), "{run}");
    }
    // Each was written once, and nothing asks again.
    let saves = async || -> Result<Vec<usize>> {
        let mut saves = Vec::new();
        for title in [&shop, &ann, &server].into_iter().chain(&emptied) {
            saves.push(reports.saves(title).await?);
        }
        Ok(saves)
    };
    let known = saves().await?;
    assert_eq!(known, [2, 2, 2, 2, 2, 2]);
    reports
        .additions(&[
            ("Quiet", "Six", "https://shop.example/d"),
            ("Ann", "Six", "https://quiet.example/e"),
        ])
        .await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "reports")?, saves().await?), (0, known), "{run}");
    nowhere(&reports, &["quiet", "earlier report: [[:user:bot/linkreports/taken"]).await?;

    for job in [reports.job(), reports.recorder(&[])] {
        job.args(&["suppress", "forget", "user", &reports.own("Quiet")])
            .run_ok()
            .await?;
    }
    for from in ["report_ask", "report", "report_page"] {
        let rows = reports.world.table(&format!("SELECT * FROM {from}")).await?;
        assert!(!rows.contains(&reports.own("Quiet")), "{from}: {rows}");
    }
    Ok(())
}
