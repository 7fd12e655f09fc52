//! Every number of reports on several wikis, with and without hosts below a domain, is counted anew from the rows that
//! coi-report stored.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::links;
use wikicrew_tests::reports::{Reports, Row};

/// Edits of wikis that share accounts, by few users to few hosts; of one host 201 of 202 additions are one user's.
fn everywhere(reports: &Reports) -> Vec<Value> {
    let mut events = Vec::new();
    let mut seed = 7_u64;
    let mut below = |n: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    let mut add = |wiki: &str, user: u64, text: &str| {
        let n = events.len() as u64;
        let (name, text) = (format!("User {user}"), reports.hosts(text));
        let mut event = links::edit(wiki, 500 + n * 2, &reports.own(&name), 30 + n as i64 * 300, "", &text);
        event["wiki"] = json!(format!("{wiki}.wikipedia.org/w"));
        event["performer"]["user_id"] = json!(100 + user);
        events.push(event);
    };
    for _ in 0..60 {
        let wiki = ["en", "de", "fr", "it"][below(4) as usize];
        let (user, host) = (
            below(5),
            ["one", "two", "www.two", "sub.two", "three"][below(5) as usize],
        );
        let link = |n: u64| format!("https://{host}.example/{n}\n");
        let text: String = (0..1 + below(3)).map(link).collect();
        add(wiki, user, &text.replace("/2\n", "/1\n"));
    }
    for from in [0, 67, 134] {
        let text: String = (from..from + 67)
            .map(|n| format!("https://edge.example/{n}\n"))
            .collect();
        add("en", 3, &text);
    }
    add("it", 4, "https://edge.example/other");
    events
}

#[tokio::test]
async fn all_numbers_are_those_of_the_rows() -> Result<()> {
    let reports = Reports::with(json!({ "publish": "off" })).await?;
    reports.recorded(&everywhere(&reports)).await?;
    let rows = reports.rows().await?;
    let name_of = |value: &Value| value["user"]["name"].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value, of: &str, name: &dyn Fn(&Value) -> String| -> Vec<(u64, String)> {
        let told = value[of].as_array().into_iter().flatten();
        let mut told: Vec<_> = told
            .map(|one| (one["additions"].as_u64().unwrap_or_default(), name(one)))
            .collect();
        told.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        told
    };
    let text = |key: &'static str| move |value: &Value| value[key].as_str().unwrap_or_default().to_owned();
    let wider = |row: &Row| row.wiki.clone();
    let month = |row: &Row| row.time[..7].to_owned();
    for domain in [
        "one.example",
        "two.example",
        "sub.two.example",
        "three.example",
        "edge.example",
    ] {
        let told = reports.json("link", domain).await?;
        let figures = reports.figures_of_link(domain).await?;
        let totals = &told["totals"];
        let sums = json!([figures.additions, figures.wikis, figures.editors, figures.hosts]);
        assert_eq!(
            json!([totals["additions"], totals["wikis"], totals["users"], totals["hosts"]]),
            sums,
            "{domain}: {totals}"
        );
        let key: String = reports
            .hosts(domain)
            .rsplit('.')
            .map(|label| format!("{label}."))
            .collect();
        let is_one = |row: &Row| row.host.starts_with(&key);
        // Of wikis that cannot be asked nobody is named.
        let count = |(n, _): &(u64, String)| *n;
        assert_eq!(
            list(&told, "users", &name_of).iter().map(count).collect::<Vec<_>>(),
            rows.sums(is_one, |row| row.editor.1.clone())
                .iter()
                .map(count)
                .collect::<Vec<_>>(),
            "{domain}"
        );
        assert_eq!(
            list(&told, "by_wiki", &text("wiki")),
            rows.sums(is_one, wider),
            "{domain}"
        );
        let mut months = list(&told, "by_month", &text("month"));
        months.retain(|(n, _)| *n > 0);
        assert_eq!(months, rows.sums(is_one, month), "{domain}");
    }
    for n in 0..5 {
        let name = format!("User {n}");
        let told = reports.json("user", &format!("User:{name}")).await?;
        let figures = reports.figures_of_editor(&name).await?;
        let totals = &told["totals"];
        let sums = json!([figures.additions, figures.wikis, figures.hosts]);
        assert_eq!(
            json!([totals["additions"], totals["wikis"], totals["hosts"]]),
            sums,
            "{name}: {totals}"
        );
        let own = reports.own(&name);
        let is_one = |row: &Row| row.editor.1 == own;
        assert_eq!(
            list(&told, "hosts", &text("key")),
            rows.sums(is_one, |row| row.host.clone()),
            "{name}"
        );
        assert_eq!(
            list(&told, "by_wiki", &text("wiki")),
            rows.sums(is_one, wider),
            "{name}"
        );
        for host in told["hosts"].as_array().context("hosts")? {
            let all = rows.sums(|row| host["key"] == row.host.as_str(), |_| ());
            let others = rows.sums(
                |row| host["key"] == row.host.as_str() && !is_one(row),
                |row| row.editor.clone(),
            );
            assert_eq!(host["additions_by_anybody"], all[0].0, "{name}: {host}");
            assert_eq!(host["other_users"], others.len(), "{name}: {host}");
        }
    }
    // 201 of 202 are not all of them.
    reports
        .save_settings(&reports.settings.clone().set("publish", "pages"))
        .await?;
    let run = reports.by_hand(&["link", "edge.example", "--output", "page"]).await?;
    ensure!(run.code == 0, "{run}");
    let lines = reports.top_lines(&reports.title("link", "edge.example")).await?;
    assert!(lines[1].starts_with("201 of 202 (99.5 %) by one user"), "{lines:?}");
    Ok(())
}
