//! The pages of a day: what a line says, how it grows, what people do to it, when the page goes on elsewhere, and what
//! is left alone. Names are exact: see `Coi::exact`.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::rules::{Fault, When};

use crate::coi_days::{Days, line_of};
use crate::seen::number;

const HOUR: i64 = 3_600;
const OWN: &str = "https://www.acmewidgets.example/buy";

#[tokio::test]
async fn a_line_tells_of_a_user_a_string_and_a_day_and_people_have_the_last_word() -> Result<()> {
    let days = Days::new().await?;
    let (coi, admin) = (&days.coi, &days.coi.world.admin);
    days.regulars(&["Alphabeta", "Gammarays"]).await?;
    days.edit(&[
        ("Gammarays", "Gammarays of the sun", "A star."),
        ("Alphabeta", "Alphabeta", "Greek."),
        ("Deltawing", "Deltawing planes and more", "They fly."),
        ("Acmewidgets", "Hinges", OWN),
    ])
    .await?;
    let run = days.run(0).await?;
    eprintln!("{run}");
    let today = days.today().await?;
    eprintln!("{}", days.text(&today).await?);
    eprintln!("{:#?}", days.lines().await?);
    let pages: Vec<String> = coi.day_pages().await?.into_keys().collect();
    assert_eq!((pages, days.saved(&today).await?), (vec![today.clone()], 1));

    // Later hits wait until the hour is over; a new line does not.
    days.edit(&[
        ("Acmewidgets", "Nuts", OWN),
        ("Acmewidgets", "Bolts", OWN),
        ("Alphabeta", "Alphabeta", "Greek letters."),
        ("Epsilonian", "Epsilonian", "Small."),
        ("Zetapotential", "Screws", OWN),
    ])
    .await?;
    days.run(600).await?;
    days.run(1_200).await?;
    eprintln!("{:#?}", days.lines().await?);
    assert_eq!(days.saved(&today).await?, 2);
    days.run(HOUR + 100).await?;
    days.run(HOUR + 200).await?;
    eprintln!("{:#?}", days.lines().await?);
    assert_eq!(days.saved(&today).await?, 3);
    eprintln!("{}", coi.world.table("SELECT list, user_name, page, auto_rev FROM list_entry").await?);

    // Struck with a comment, moved, taken away.
    days.change(&today, |text| {
        let struck = line_of(text, "Acmewidgets").to_owned();
        let moved = line_of(text, "Alphabeta").to_owned();
        let away = line_of(text, "Gammarays").to_owned();
        let text = text
            .replace(&struck, &format!("# <s>{}</s>\n#: Their own shop, and they said so. ~~~~", &struck[2..]))
            .replace(&format!("{away}\n"), "")
            .replace(&moved, "");
        format!("{text}\n== Done ==\n{moved}\nGreek it is.")
    })
    .await?;
    days.edit(&[
        ("Acmewidgets", "Washers", OWN),
        ("Alphabeta", "Alphabeta", "Letters."),
        ("Gammarays", "Gammarays of the sun", "A bright star."),
        ("Thetawaves", "Thetawaves", "In the brain."),
    ])
    .await?;
    let run = days.run(3 * HOUR).await?;
    eprintln!("{run}\n{}", days.text(&today).await?);
    eprintln!("{}", days.status().await?);
    eprintln!("{}", coi.world.table("SELECT list, user_name, page, auto_rev FROM list_entry").await?);
    eprintln!("{}", coi.world.table("SELECT user_name, string, state, shown_hits, struck_by, is_dirty FROM hit_line").await?);
    let status = days.job(3 * HOUR).args(&["status", "--json"]).run_ok().await?;
    eprintln!("{status}");
    let backtest = days.job(3 * HOUR).args(&["backtest"]).run_ok().await?;
    eprintln!("{backtest}");
    let _ = (admin, number(&run, "struck")?);

    days.change(&today, |text| text.replace("<s>", "").replace("</s>", "")).await?;
    days.run(4 * HOUR + 200).await?;
    eprintln!("{}", days.status().await?);
    eprintln!("{}", coi.world.table("SELECT user_name, string, state, shown_hits, struck_by, is_dirty FROM hit_line").await?);
    Ok(())
}

#[tokio::test]
async fn a_day_goes_on_at_its_next_part_and_ends_with_a_count() -> Result<()> {
    let days = Days::with(&[("report", json!({ "max_lines": 10 }))]).await?;
    let today = days.today().await?;
    let about = async |names: &[&str]| {
        let edits: Vec<_> = names.iter().map(|name| (*name, *name, "A company.")).collect();
        days.edit(&edits).await
    };
    about(&["Firstone", "Secondone"]).await?;
    days.run(0).await?;
    let long = "Many words were said about it. ".repeat(9_700);
    days.change(&today, |text| format!("{text}\n== Talk ==\n{long}")).await?;
    about(&["Thirdperson", "Fourthperson"]).await?;
    days.run(100).await?;
    about(&["Alphaco", "Betaco", "Gammaco", "Deltaco", "Epsilonco", "Zetaco", "Etaco", "Thetaco", "Iotaco"]).await?;
    let run = days.run(200).await?;
    eprintln!("{run}");
    for (title, text) in days.coi.day_pages().await? {
        eprintln!("{title}: {} {}", text.len(), text.replace(&long, "LONG"));
    }
    about(&["Kappaco"]).await?;
    days.run(300).await?;
    days.run(200 + HOUR + 10).await?;
    for (title, text) in days.coi.day_pages().await? {
        eprintln!("{title}: {} {}", text.len(), text.replace(&long, "LONG"));
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_was_taken_away_is_left_alone_and_named() -> Result<()> {
    let days = Days::new().await?;
    let (coi, admin) = (&days.coi, &days.coi.world.admin);
    for (n, how) in ["blanked", "stripped", "deleted", "moved"].into_iter().enumerate() {
        let report = format!("User:{}/R {how}", coi.world.bot.name);
        days.settings(&[("report", json!({ "title": report }))]).await?;
        let (first, second) = (format!("Alphaco{how}"), format!("Betaco{how}"));
        days.edit(&[(&first, &first, "A company.")]).await?;
        let later = n as i64 * 2 * HOUR;
        days.run(later).await?;
        let title = days.today().await?.replace("COIReports", &format!("R {how}"));
        assert_eq!(days.saved(&title).await?, 1, "{how}");
        match how {
            "blanked" => admin.edit(&title, "", "not wanted").await.map(drop)?,
            "stripped" => admin.edit(&title, "This page is ours now.", "").await.map(drop)?,
            "deleted" => admin.delete(&title, "not wanted").await?,
            _ => admin.move_page(&title, &format!("{title} kept"), false).await?,
        }
        let left = admin.tell(&[&title]).await?;
        days.edit(&[(&second, &second, "A company."), (&first, &first, "Our company.")]).await?;
        for more in [600, 2 * HOUR - 1] {
            let run = days.run(later + more).await?;
            assert_eq!(admin.tell(&[&title]).await?, left, "{how}: {run}");
        }
        let status = days.status().await?;
        let said = status.lines().find(|line| line.starts_with(&coi.bare(&title)) && line.contains("is left alone"));
        eprintln!("{how}: {said:?}");
        if said.is_none() { eprintln!("{status}"); }
        assert!(said.is_some(), "{how}: {title}\n{status}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_written_twice_after_a_lost_answer_or_a_restored_backup_nor_what_was_found_before() -> Result<()> {
    let days = Days::with(&[("publish", json!("off"))]).await?;
    let (coi, world) = (&days.coi, &days.coi.world);
    days.edit(&[("Alphaco", "Alphaco", "Before.")]).await?;
    days.run(0).await?;
    assert_eq!((coi.hits().await?.len(), coi.day_pages().await?.len()), (1, 0));
    days.settings(&[("publish", json!("pages"))]).await?;
    days.edit(&[("Alphaco", "Alphaco page", "After."), ("Betaco", "Betaco", "After.")]).await?;
    let today = days.today().await?;
    let lost = days.http.rule(When::edit_of(&today).nth(1), Fault::ForwardAndLose);
    let run = days.run(60).await?;
    eprintln!("{run}");
    assert_eq!(lost.times(), 1);
    days.run(700).await?;
    eprintln!("{:#?}", days.lines().await?);
    assert_eq!(days.saved(&today).await?, 1);

    // A backup of before.
    let tables = ["hit", "hit_line", "intent", "link_batch", "wiki_edits", "memo", "checkpoint"];
    for table in tables {
        world.execute(&format!("CREATE TABLE old_{table} AS SELECT * FROM {table}")).await?;
    }
    days.edit(&[("Alphaco", "Alphaco page", "Later."), ("Gammaco", "Gammaco", "Later."), ("Deltaco", "Deltaco", "Later.")]).await?;
    days.run(2 * HOUR).await?;
    let before = admin_tell(&days, &today).await?;
    for table in tables {
        world.execute(&format!("DELETE FROM {table}")).await?;
        world.execute(&format!("INSERT INTO {table} SELECT * FROM old_{table}")).await?;
    }
    let run = days.run(2 * HOUR + 700).await?;
    eprintln!("{run}");
    let again = days.run(4 * HOUR).await?;
    eprintln!("{again}");
    eprintln!("{}\n----\n{}", before, admin_tell(&days, &today).await?);
    eprintln!("{:?}", coi.lines().await?);
    Ok(())
}

async fn admin_tell(days: &Days, title: &str) -> Result<String> {
    days.coi.world.admin.tell(&[title]).await
}
