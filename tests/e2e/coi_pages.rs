//! The pages of a day: what a line says, how it grows, what people do to it, when the page goes on elsewhere, and what
//! is left alone. Names are exact: see `Coi::exact`.

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::links::seconds_ago;
use wikicrew_tests::rules::{Fault, When};

use crate::coi_days::{Days, line_of};
use crate::seen::number;

const HOUR: i64 = 3_600;
const OWN: &str = "https://www.acmewidgets.example/buy";
const COMMENT: &str = "#: Their own shop, and they said so.";

#[tokio::test]
async fn a_line_tells_of_a_user_a_string_and_a_day_and_people_have_the_last_word() -> Result<()> {
    let days = Days::new().await?;
    let (coi, started) = (&days.coi, seconds_ago(1));
    let newcomer = json!({ "name": coi.exact("Deltawing"), "new": true });
    coi.world.wiki.make_accounts(&[newcomer]).await?;
    days.edit(&[
        ("Gammarays", "Gammarays of the sun", "A star."),
        ("Alphabeta", "Alphabeta", "Greek."),
        ("Deltawing", "Deltawing planes and more", "They fly."),
        ("Acmewidgets", "Hinges", OWN),
    ])
    .await?;
    days.run(0).await?;
    let today = days.today().await?;
    let pages: Vec<String> = coi.day_pages().await?.into_keys().collect();
    assert_eq!((pages, days.saved(&today).await?), (vec![today.clone()], 1));
    assert_eq!(
        days.lines().await?,
        [
            "Deltawing (talk, contribs; 1/1) scores 100% (U→P) & 40.9% (P→U) (ratio: 40.9%) on Deltawing ↔ Deltawing \
             planes and more (Deltawing planes and more – diff – user report)",
            "Alphabeta (talk, contribs; 1/1) scores 100% (U→P) & 100% (P→U) (ratio: 100%) on Alphabeta ↔ Alphabeta \
             (Alphabeta – diff – user report)",
            "Acmewidgets (talk, contribs; 1/1) scores 100% (U→L) & 61.11% (L→U) (ratio: 61.1%) on Acmewidgets ↔ \
             acmewidgets.example – added acmewidgets.example/buy (Hinges – diff – user report – link report)",
            "Gammarays (talk, contribs; 1/1) scores 100% (U→P) & 52.94% (P→U) (ratio: 52.9%) on Gammarays ↔ Gammarays \
             of the sun (Gammarays of the sun – diff – user report)",
        ],
        "new accounts first, then by ratio"
    );

    // Later hits wait until the hour is over; a new line does not.
    days.edit(&[
        ("Acmewidgets", "Nuts", OWN),
        ("Acmewidgets", "Bolts", OWN),
        ("Alphabeta", "Alphabeta", "Greek letters."),
        ("Zetapotential", "Screws", OWN),
    ])
    .await?;
    days.run(600).await?;
    assert_eq!(days.saved(&today).await?, 2);
    assert!(!days.line("Acmewidgets").await?.contains("pages"));
    let zeta = days.line("Zetapotential").await?;
    assert!(zeta.contains("Monitored link (auto) – acmewidgets.example"), "{zeta}");
    days.run(HOUR + 100).await?;
    days.run(HOUR + 200).await?;
    assert_eq!(
        days.saved(&today).await?,
        3,
        "later hits of all lines in one edit, once"
    );
    let acme = days.line("Acmewidgets").await?;
    assert!(
        acme.contains("; 3/3)") && acme.contains("/buy + 2 pages (Hinges – "),
        "{acme}"
    );
    assert!(days.line("Alphabeta").await?.contains(" ↔ Alphabeta + 1 edit ("));
    assert_eq!(auto_monitored(&days).await?, ["acmewidgets.example"]);

    // Struck with a comment, moved, taken away.
    days.change(&today, |text| {
        let [struck, moved, away] = ["Acmewidgets", "Alphabeta", "Gammarays"].map(|name| line_of(text, name));
        let commented = format!("# <s>{}</s>\n{COMMENT}", &struck[2..]);
        let text = text.replace(struck, &commented).replace(&format!("{away}\n"), "");
        format!(
            "{}\n== Done ==\n{moved}\nGreek it is.",
            text.replace(&format!("{moved}\n"), "")
        )
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
    assert_eq!(number(&run, "struck")?, 1, "{run}");
    assert_eq!(
        days.names().await?,
        ["Deltawing", "Thetawaves", "Acmewidgets", "Zetapotential", "Alphabeta"]
    );
    let text = days.text(&today).await?;
    assert!(line_of(&text, "Acmewidgets").starts_with("# <s>") && line_of(&text, "Acmewidgets").ends_with("</s>"));
    assert!(
        text.contains(&format!("--></s>\n{COMMENT}\n")) && text.ends_with("-->\nGreek it is."),
        "{text}"
    );
    let (_, done) = text.split_once("\n== Done ==\n").context("their section")?;
    assert!(days.shown(done).contains(" + 2 edits (Alphabeta – "), "{done}");

    // A struck line is read back.
    let proposal = "Acmewidgets and acmewidgets.example: struck on ";
    let status = days.status().await?;
    let proposed = status
        .lines()
        .find(|line| line.starts_with(proposal))
        .context(status.clone())?;
    assert!(proposed.ends_with(" by Admin. To whitelist the pair: wl add \"Acmewidgets\" \"acmewidgets.example\""));
    assert!(
        status.contains("link-overlap: 4 observations about 1 users on 1 lines, of which people struck 1 (0% stand)")
    );
    assert_eq!(
        auto_monitored(&days).await?,
        Vec::<String>::new(),
        "what the line put on the list"
    );
    let counted = days.job(3 * HOUR).args(&["status"]).run_ok().await?;
    assert!(
        counted.says("link-overlap: 4 hits by 1 users in 1 lines, 1 struck"),
        "{counted}"
    );
    let tested = days
        .job(3 * HOUR)
        .args(&["backtest", "--since", &started])
        .run_ok()
        .await?;
    assert!(
        tested.says("link-overlap: 4 hits (4 of them were struck by people)"),
        "{tested}"
    );

    // One more of the same is no reason to monitor the link again; then it was no mistake after all.
    days.edit(&[("Acmewidgets", "Rivets", OWN)]).await?;
    days.run(3 * HOUR + 60).await?;
    assert_eq!(
        auto_monitored(&days).await?,
        Vec::<String>::new(),
        "people struck that pair"
    );
    days.change(&today, |text| text.replace("<s>", "").replace("</s>", ""))
        .await?;
    days.run(4 * HOUR + 200).await?;
    assert!(!days.status().await?.contains("To whitelist the pair"));
    assert_eq!(
        coi.lines()
            .await?
            .iter()
            .filter(|line| !line.struck_by.is_empty())
            .count(),
        0
    );
    assert!(days.text(&today).await?.contains(COMMENT));
    Ok(())
}

/// Links on the monitor list that the job put there.
async fn auto_monitored(days: &Days) -> Result<Vec<String>> {
    let sql = "SELECT page FROM list_entry WHERE auto_rev IS NOT NULL";
    Ok(days.coi.world.rows(sql).await?.concat())
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
    let long = " Many words were said about it.".repeat(9_700);
    days.change(&today, |text| format!("{text}\n== Talk ==\n{long}"))
        .await?;
    about(&["Thirdperson", "Fourthperson"]).await?;
    days.run(100).await?;
    about(&[
        "Alphaco",
        "Betaco",
        "Gammaco",
        "Deltaco",
        "Epsilonco",
        "Zetaco",
        "Etaco",
        "Thetaco",
        "Iotaco",
    ])
    .await?;
    let run = days.run(200).await?;
    assert_eq!(
        (number(&run, "hits")?, number(&run, "lines")?, number(&run, "pages")?),
        (9, 6, 1),
        "{run}"
    );

    days.edit(&[
        ("Kappaco", "Kappaco", "A company."),
        ("Firstone", "Firstone", "Our company."),
    ])
    .await?;
    days.run(HOUR + 300).await?;
    let pages = coi_pages(&days).await?;
    let second = format!("{today}/2");
    assert_eq!(
        pages.iter().map(|(title, ..)| title).collect::<Vec<_>>(),
        [&today, &second]
    );
    assert_eq!((pages[0].2, pages[1].2), (4, 6), "lines of each part");
    let (first, second) = (&pages[0].1, &pages[1].1);
    assert!(first.len() > 300_000 && first.contains(&long) && !first.contains("more lines"));
    let first = days.shown(line_of(first, "Firstone"));
    assert!(
        first.contains("Firstone + 1 edit ("),
        "it is brought up to date where it stands: {first}"
    );
    let count = days.shown(second.lines().last().unwrap_or_default());
    let command = count
        .split_once("newest observations with coi-report ")
        .or(count.split_once(" with coi-report "));
    let (_, command) = command.context(count.clone())?;
    assert!(
        count.starts_with("4 more lines are not shown on this page. "),
        "{count}"
    );
    let args: Vec<&str> = command.trim_end_matches('.').split(' ').collect();
    assert!(second.starts_with("__NOINDEX__Name overlaps"), "{second}");
    let told = days.job(HOUR + 300).args(&args).run_ok().await?;
    assert!(told.says("Kappaco"), "the command tells of the rest: {told}");
    Ok(())
}

/// The pages: title, text, how many of the bot's lines.
async fn coi_pages(days: &Days) -> Result<Vec<(String, String, usize)>> {
    let pages = days.coi.day_pages().await?;
    Ok(pages
        .into_iter()
        .map(|(title, text)| (title, text.clone(), text.matches("<!--co:").count()))
        .collect())
}

#[tokio::test]
async fn a_page_that_was_taken_away_is_left_alone_and_named() -> Result<()> {
    const HOWS: [&str; 4] = ["blanked", "stripped", "deleted", "moved"];
    let days = Days::new().await?;
    let (coi, world) = (&days.coi, &days.coi.world);
    // Each way has a day of its own.
    let found = async |what: &str, later: i64| {
        let names = HOWS.map(|how| format!("{what}{how}"));
        let edits: Vec<_> = names.iter().map(|name| (&name[..], &name[..], "A company.")).collect();
        days.edit(&edits).await?;
        let off = days.job(later).env("WIKICREW_COI_REPORT_EDIT", "off").run_ok().await?;
        assert_eq!((number(&off, "hits")?, number(&off, "pages")?), (4, 0), "{off}");
        world.execute("DELETE FROM intent WHERE state = 'open'").await?;
        for (n, name) in names.iter().enumerate() {
            let sql = "UPDATE hit_line SET day = day - INTERVAL";
            let name = coi.exact(name);
            world
                .execute(&format!("{sql} {n} DAY WHERE user_name = '{name}'"))
                .await?;
        }
        anyhow::Ok(())
    };
    found("Alphaco", 0).await?;
    let run = days.run(60).await?;
    assert_eq!((number(&run, "lines")?, number(&run, "pages")?), (4, 4), "{run}");
    let titles = coi.day_pages().await?;
    let title_of = |how: &str| {
        let found = titles.iter().find(|(_, text)| !line_of(text, how).is_empty());
        found.map(|(title, _)| title.clone()).context(how.to_owned())
    };
    let mut left = Vec::new();
    for how in HOWS {
        let title = title_of(how)?;
        match how {
            "blanked" => world.admin.edit(&title, "", "not wanted").await.map(drop)?,
            "stripped" => world.admin.edit(&title, "This page is ours now.", "").await.map(drop)?,
            "deleted" => world.admin.delete(&title, "not wanted").await?,
            _ => world.admin.move_page(&title, &format!("{title} kept"), false).await?,
        }
        let before = world.admin.tell(&[&title]).await?;
        left.push((how, title, before));
    }
    found("Betaco", 120).await?;
    for later in [180, 26 * HOUR] {
        let run = days.run(later).await?;
        for (how, title, before) in &left {
            assert_eq!(&world.admin.tell(&[title]).await?, before, "{how}: {run}");
        }
    }
    let status = days.status().await?;
    for (how, title, _) in left {
        let told = format!("{} is left alone: it ", coi.bare(&title));
        assert!(
            status.lines().any(|line| line.starts_with(&told)),
            "{how}: {told}\n{status}"
        );
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
    days.edit(&[("Alphaco", "Alphaco page", "After."), ("Betaco", "Betaco", "After.")])
        .await?;
    let today = days.today().await?;
    let lost = days.http.rule(When::edit_of(&today).nth(1), Fault::ForwardAndLose);
    let run = days.run(60).await?;
    assert_eq!((lost.times(), number(&run, "lines")?), (1, 0), "{run}");
    days.run(700).await?;
    assert_eq!(days.saved(&today).await?, 1, "the answer was lost, the edit was not");
    assert_eq!(days.names().await?, ["Betaco", "Alphaco"]);
    assert!(
        days.line("Alphaco").await?.contains(" ↔ Alphaco page ("),
        "not what was found before"
    );

    // A backup of before.
    let tables = [
        "hit",
        "hit_line",
        "intent",
        "link_batch",
        "wiki_edits",
        "memo",
        "checkpoint",
    ];
    for table in tables {
        world
            .execute(&format!("CREATE TABLE old_{table} AS SELECT * FROM {table}"))
            .await?;
    }
    let later = ["Gammaco", "Deltaco"].map(|name| (name, name, "Later."));
    days.edit(&[later[0], later[1], ("Alphaco", "Alphaco page", "Later.")])
        .await?;
    days.run(2 * HOUR).await?;
    let before = world.admin.tell(&[&today]).await?;
    for table in tables {
        world.execute(&format!("DELETE FROM {table}")).await?;
        world
            .execute(&format!("INSERT INTO {table} SELECT * FROM old_{table}"))
            .await?;
    }
    let run = days.run(2 * HOUR + 700).await?;
    assert_eq!(world.admin.tell(&[&today]).await?, before, "{run}");
    assert!(days.anchors().await?.values().all(|count| *count == 1) && days.anchors().await?.len() == 4);

    // All rows are gone, the lines are not.
    world.execute("DELETE FROM hit").await?;
    world.execute("DELETE FROM hit_line").await?;
    world.execute("DELETE FROM intent").await?;
    world.execute("DELETE FROM memo").await?;
    world.execute("DELETE FROM checkpoint").await?;
    world
        .execute("INSERT INTO checkpoint SELECT * FROM old_checkpoint")
        .await?;
    days.edit(&[("Epsilonco", "Epsilonco", "New.")]).await?;
    days.run(6 * HOUR).await?;
    assert_eq!(days.anchors().await?.len(), 5, "{:#?}", days.lines().await?);
    assert!(
        days.anchors().await?.values().all(|count| *count == 1),
        "{:#?}",
        days.lines().await?
    );
    Ok(())
}
