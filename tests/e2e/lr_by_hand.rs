//! Reports by hand: text for people, JSON for programs, a table for spreadsheets, all of them the same rows; and nothing is
//! written for them, nor by a dry run.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::calls::Calls;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links::edit;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::sandbox::NewPage;

use crate::lr_queue::through;

/// Lines of a table, by their columns; fields as a spreadsheet reads them.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, is_quoted) {
            ('"', true) if chars.peek() == Some(&'"') => field.extend(chars.next()),
            ('"', _) => is_quoted = !is_quoted,
            (',', false) => row.push(std::mem::take(&mut field)),
            ('\n', false) => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            (char, _) => field.push(char),
        }
    }
    let mut rows = rows.into_iter();
    let head: Vec<String> = rows.next().unwrap_or_default();
    rows.map(|row| head.iter().cloned().zip(row).collect()).collect()
}

#[tokio::test]
async fn by_hand_everything_is_printed_and_nothing_written() -> Result<()> {
    let reports = Reports::with(json!({ "rules.xwiki_from": 2 })).await?;
    let hostile = "=HYPERLINK(\"x\",'') & , ;";
    reports
        .additions_at(
            3 * 24 * 60,
            &[
                ("Ann", "Rivers", "https://shop.example/old"),
                ("Ann", "Rivers", "https://stall.example/old"),
            ],
        )
        .await?;
    reports
        .additions(&[
            ("Ann", hostile, "https://shop.example/=cmd|'/c"),
            ("198.51.100.7", "@SUM(A1)", "https://shop.example/b"),
            ("Ann", "de:Flüsse", "https://www.shop.example/c"),
            ("198.51.100.9", "Seas", "https://stall.example/d"),
        ])
        .await?;
    reports
        .servers(&[("shop.example", "192.0.2.80"), ("stall.example", "192.0.2.80")])
        .await?;
    let (http, db) = (
        FaultProxy::start(&reports.world.wiki.api).await?,
        DbProxy::start(&reports.world.database_url()).await?,
    );
    let by_hand = async |args: &[&str]| {
        let args: Vec<String> = args
            .iter()
            .map(|arg| match arg.strip_prefix("User:") {
                Some(name) => reports.own(name),
                None => reports.hosts(arg),
            })
            .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        through(&reports, &http).args(&args).over(&db).run().await
    };
    let rows = |json: &Value| -> Result<usize> { Ok(json["rows"].as_array().context("rows")?.len()) };

    let print = async |args: &[&str]| -> Result<String> {
        let run = by_hand(args).await?;
        ensure!(run.code == 0, "{run}");
        Ok(run.stdout)
    };
    for (kind, name, count) in [
        ("link", "shop.example", 4),
        ("xwiki", "shop.example", 4),
        ("ip", "198.51.100.7", 1),
        ("range", "198.51.100.0/24", 2),
        ("server", "192.0.2.80", 6),
    ] {
        let json: Value = serde_json::from_str(&print(&[kind, name, "--output", "json"]).await?)?;
        assert_eq!(rows(&json)?, count, "{kind}: {json}");
        assert_eq!(reports.rows().await?.compare(&json)?, count);
    }
    let json: Value = serde_json::from_str(&print(&["user", "User:Ann", "--output", "json"]).await?)?;
    assert_eq!(reports.rows().await?.compare(&json)?, 4);
    let csv = print(&["user", "User:Ann", "--output", "csv"]).await?;
    let lines = table(&csv);
    assert_eq!(lines.len(), 4, "{csv}");
    for (line, row) in lines.iter().zip(json["rows"].as_array().context("rows")?) {
        for key in ["number", "revision", "page_id", "times", "user_links"] {
            let number = line[key].parse::<u64>().ok();
            ensure!(
                number.is_some() && number == row[key].as_u64(),
                "{key}: {line:?} and {row}"
            );
        }
        let four = ["a", "b", "c", "d"].map(|key| line[key].parse::<u64>().unwrap_or(0));
        ensure!(row["four"] == json!(four), "{line:?} and {row}");
        ensure!(
            row["time"] == line["time"].as_str() && row["user"]["name"] == line["user"].as_str(),
            "{line:?} and {row}"
        );
        // A mark before what would be a formula.
        let title = row["title"].as_str().unwrap_or_default();
        ensure!(line["title"].trim_start_matches('\'') == title, "{line:?} and {row}");
    }
    // Nothing that a spreadsheet would work out, and every row stays one.
    let [who, title] = ["-2+3*cmd &", "@SUM(A1), \"b\""].map(|name| format!("{name} {}", reports.world.prefix));
    let text = reports.hosts("https://formula.example/a");
    let made = reports.world.wiki.load(&[NewPage::new(&title, &text).by(&who)]).await?[0];
    let mut event = edit("en", made.revid, &who, 30, "", &text);
    event["wiki"] = json!(reports.wiki_key(reports.world.wiki));
    (event["page_id"], event["page_title"]) = (json!(made.page_id), json!(title.replace(' ', "_")));
    let asked = [("action", "query"), ("list", "users"), ("ususers", who.as_str())];
    let account = reports.world.admin.get(&asked).await?;
    event["performer"]["user_id"] = account["query"]["users"][0]["userid"].clone();
    reports.recorded(&[event]).await?;
    let csv = print(&["link", "formula.example", "--output", "csv"]).await?;
    let [line] = &table(&csv)[..] else {
        anyhow::bail!("{csv}");
    };
    assert_eq!(
        [&line["user"], &line["title"]],
        [&format!("'{who}"), &format!("'{title}")],
        "{csv}"
    );
    let text = print(&["link", "shop.example"]).await?;
    ensure!(
        text.contains("4 additions of 1 host on 2 wikis by 3 users") && !text.contains('\u{1b}'),
        "{text}"
    );
    // Sums are of everything, rows of the last day.
    let late: Value = serde_json::from_str(&print(&["user", "User:Ann", "--output", "json", "--since", "1d"]).await?)?;
    assert_eq!((rows(&late)?, &late["totals"]), (2, &json["totals"]));
    let csv = print(&["user", "User:Ann", "--output", "csv", "--since", "1d"]).await?;
    assert_eq!(table(&csv), lines[..2], "{csv}");
    // Nothing is recorded; too few wikis; no such thing: told, and nothing that a program would take for an answer.
    for (args, why) in [
        (
            vec!["link", "nothing.example", "--output", "csv"],
            "nothing is recorded",
        ),
        (
            vec!["xwiki", "stall.example", "--output", "json"],
            "cross-wiki from 2 on",
        ),
        (
            vec!["xwiki", "stall.example", "--output", "page"],
            "cross-wiki from 2 on",
        ),
        (vec!["ip", "no address"], "is no address"),
        (
            vec!["link", "shop.example", "--output", "page", "--since", "1d"],
            "--since is not for pages",
        ),
    ] {
        let run = by_hand(&args).await?;
        ensure!(
            run.code == 1 && run.stdout.is_empty() && run.says(why),
            "{args:?}\n{run}"
        );
    }
    // All of it with reads alone; so does a dry run, though there is something to do.
    for dry in [
        vec!["--dry-run"],
        vec!["--dry-run", "link", "shop.example", "--output", "page"],
    ] {
        let run = by_hand(&dry).await?;
        ensure!(run.code == 0, "{run}");
    }
    assert_eq!(db.writes(), Vec::<String>::new());
    let calls = http.calls();
    let wrote: Vec<String> = calls
        .writes()
        .iter()
        .filter(|call| !call.is_login())
        .map(|call| call.to_string())
        .collect();
    assert_eq!(wrote, Vec::<String>::new());
    assert_eq!(
        reports.world.admin.text(&reports.title("link", "shop.example")).await?,
        None
    );
    Ok(())
}
