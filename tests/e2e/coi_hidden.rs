//! What a wiki hides after a line was written, and names that are to be shown nowhere: they go from the day pages and
//! from the database. Names of temporary accounts are shown for 90 days.

use anyhow::Result;

use crate::coi_days::Days;
use crate::seen::number;

const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn hidden_deleted_suppressed_and_temporary_names_go_from_the_page_and_the_database() -> Result<()> {
    let days = Days::new().await?;
    let (coi, world) = (&days.coi, &days.coi.world);
    let listed = "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason) \
                  VALUES ('coi-report', '*', 'ml', '', 'monitored.example', 'Admin', NOW(), 'a test')";
    world.execute(listed).await?;
    let edits = days
        .edit(&[
            ("Benignus", "Benignus", "A saint."),
            (
                "Mallory",
                "Telephones",
                "https://www.monitored.example/her-phone-number",
            ),
            ("Eveline at home", "Eveline", "A song."),
            ("Ghostwriter", "Ghostwriter", "Not notable."),
            ("Quietuser", "Quietuser", "A company."),
            ("Anybody", "Anybody quietpage", "A company."),
            ("Someone", "Bridges", "https://quiet.monitored.example/x"),
        ])
        .await?;
    let temporary = coi.temporary(world.wiki)?;
    let rev = temporary
        .edit(&coi.exact("Passing by"), "https://monitored.example/t", "")
        .await?;
    let name = coi.author(&temporary, rev).await?;
    let run = days.run(0).await?;
    assert_eq!(number(&run, "lines")?, 8, "{run}");
    let today = days.today().await?;
    let all = days.text(&today).await?;
    assert!(
        days.shown(&all).contains(&name) || all.contains(&name.replace('-', "&#45;")),
        "{name}: {all}"
    );

    days.edit(&[("Benignus", "Telephones", "They ring.")]).await?;
    let hider = coi.oversighter().await?;
    hider.suppress_revision(edits[1], "content").await?;
    hider.hide_revision(edits[2], "user").await?;
    world.admin.delete(&coi.exact("Ghostwriter"), "not notable").await?;
    days.change(&today, |text| format!("{text}\nI know.")).await?;
    for (what, name) in [
        ("user", coi.exact("Quietuser")),
        ("page", coi.exact("Anybody quietpage")),
        ("host", "quiet.monitored.example".to_owned()),
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
        days.job(60).args(&args).run_ok().await?;
    }
    days.run(25 * 3_600).await?;
    let lines = days.lines().await?;
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert_eq!(
        lines.iter().filter(|line| *line == "1 hit hidden").count(),
        3,
        "{lines:#?}"
    );
    let text = days.text(&today).await?;
    assert!(text.ends_with("I know."), "{text}");
    let (status, stored) = (days.status().await?, days.stored().await?);
    for secret in ["her-phone", "her&#45;phone", "at home", "at&#32;home", "Ghostwriter"] {
        assert!(
            !text.contains(secret) && !status.contains(secret),
            "{secret}: {text}\n{status}"
        );
        assert!(!stored.contains(secret), "{secret}: {stored}");
    }
    for quiet in ["Quietuser", "quietpage", "quiet&#46;", "quiet."] {
        assert!(
            !text.contains(quiet) && !status.contains(quiet),
            "{quiet}: {text}\n{status}"
        );
    }
    // Nor anything new, and nobody is told that there is something.
    days.edit(&[
        ("Quietuser", "Quietuser again", "A company."),
        ("Someone", "Rivers", "https://quiet.monitored.example/y"),
    ])
    .await?;
    let run = days.run(26 * 3_600).await?;
    assert_eq!(number(&run, "hits")?, 2, "{run}");
    assert_eq!(days.lines().await?, lines);
    assert_eq!(days.text(&today).await?, text, "neither named nor counted");

    days.run(91 * DAY).await?;
    let last = days.text(&today).await?;
    assert!(
        !last.contains(&name) && !last.contains(&name.replace('-', "&#45;")),
        "{name}: {last}"
    );
    assert!(
        days.lines()
            .await?
            .iter()
            .any(|line| line.starts_with("temporary account (")),
        "{last}"
    );
    Ok(())
}
