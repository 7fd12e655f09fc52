use anyhow::Result;
use serde_json::json;
use wikicrew_tests::links;
use wikicrew_tests::reports::Reports;

#[tokio::test]
async fn shots() -> Result<()> {
    let reports = Reports::with(json!({})).await?;
    reports.person("Ann").await?;
    reports.world.account("Old", json!({"edits": 900, "age_days": 900})).await?;
    reports.with_recorder(json!({})).await?;
    let passing = reports.temporary(reports.world.wiki).await?;
    let host = reports.hosts("shop.example");
    let add = reports.recorder(&["ml", "add", &host, "--reason", "asked for on the noticeboard"]).run().await?;
    println!("{add}");
    for month in [80, 60, 45, 30, 10] {
        reports.additions_at(month * 24 * 60, &[
            ("Ann", &format!("Rivers {month}"), "https://www.shop.example/boats"),
            ("Old", &format!("Lakes {month}"), "https://www.shop.example/boats/a/very/long/path/with?many=parameters&and=more&utm_source=newsletter"),
            ("Ann", "Seas", &format!("https://shop.example/boats?n={month}")),
            (&passing, "Ponds", &format!("https://shop.example/p?n={month}")),
            ("198.51.100.7", "Oceans", &format!("https://stall.example/p?n={month}")),
            ("198.51.100.7", "Oceans", &format!("https://shop.example/o?n={month}")),
            ("198.51.100.9", "Oceans", &format!("https://shop.example/o2?n={month}")),
            ("2001:db8:1:2::5", "Oceans", &format!("https://shop.example/o3?n={month}")),
            ("Ann", "de:Flüsse", &format!("https://shop.example/de?n={month}")),
            ("Ann", "Seas", &format!("https://stall.example/boats?n={month}")),
        ]).await?;
    }
    let events: Vec<_> = (0..12).map(|n| links::edit(["en.wikipedia.org", "fr.wikipedia.org", "de.wikipedia.org"][n as usize % 3], 1000 + n, &reports.own("Globetrotter"), 600 * n as i64 + 5, "", &reports.hosts(&format!("https://shop.example/g{n}")))).collect();
    reports.recorded(&events.iter().cloned().map(|mut e| { e["wiki"] = json!(e["wiki"].as_str().unwrap_or("").replace(".example.org", "")); e }).collect::<Vec<_>>()).await?;
    reports.removals(&[("Ann", "Oceans", "https://shop.example/o?n=80"), ("Ann", "Rivers 30", "https://www.shop.example/boats")]).await?;
    reports.additions(&[("Ann", "Rivers 30", "https://www.shop.example/boats")]).await?;
    reports.world.admin.delete(&reports.own("Rivers 80"), "no").await?;
    reports.servers(&[("shop.example", "192.0.2.80"), ("stall.example", "192.0.2.80")]).await?;
    println!("{}", reports.run().await?);
    println!("{}", reports.run().await?);
    for (kind, name) in [("link", "shop.example"), ("user", "User:Ann"), ("ip", "198.51.100.7"), ("range", "198.51.100.0/24"), ("server", "192.0.2.80")] {
        let run = reports.by_hand(&[kind, name, "--output", "page"]).await?;
        println!("{run}");
        println!("SHOT {kind} {}", reports.title(kind, name.trim_start_matches("User:")));
        println!("LINES {:#?}", reports.top_lines(&reports.title(kind, name.trim_start_matches("User:"))).await?);
    }
    println!("SHOT status {}", reports.status_title());
    println!("SHOT index User:{}/LinkReports", reports.world.bot.name);
    println!("{}", reports.by_hand(&["link", "shop.example"]).await?);
    println!("{}", reports.text(&reports.title("link", "shop.example")).await?);
    println!("{:#?}", reports.report_rows().await?);
    Ok(())
}
