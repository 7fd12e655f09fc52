//! The commands page of coi-report: what an admin whitelists counts for the edits of the same run.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::sandbox::NewPage;

use crate::coi_days::Days;
use crate::seen::number;

#[tokio::test]
async fn a_command_is_carried_out_before_the_edits_of_its_run_are_judged_and_answered_once() -> Result<()> {
    let days = Days::with(&[("commands", json!({}))]).await?;
    let (coi, world) = (&days.coi, &days.coi.world);
    let title = coi.commands_title();
    days.edit(&[("Pairingco", "Pairingco", "Own."), ("Strangerco", "Strangerco", "Own.")])
        .await?;
    let first = format!("* wl add {} * — asked for it", coi.exact("Pairingco"));
    world.admin.edit(&title, &first, "").await?;
    let both = format!(
        "{first}\n* wl add {} * — I am nice\n* report 5",
        coi.exact("Strangerco")
    );
    world
        .load(&[NewPage::new(&title, &both).by(&coi.exact("Strangerco"))])
        .await?;
    let run = days.run(0).await?;
    assert_eq!((number(&run, "commands")?, number(&run, "hits")?), (1, 1), "{run}");
    assert_eq!(days.names().await?, ["Strangerco"]);
    let listed = world
        .table("SELECT list, user_name, page, added_by, reason FROM list_entry")
        .await?;
    assert_eq!(coi.bare(&listed), "wl | Pairingco |  | Admin | asked for it\n");
    let page = days.text(&title).await?;
    let answers: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with("*:"))
        .map(|line| days.shown(line))
        .collect();
    assert_eq!(answers.len(), 2, "{page}");
    assert!(
        answers[0].starts_with("Pairingco <-> * is on the whitelist now. ("),
        "{answers:?}"
    );
    assert!(
        answers[1].starts_with("Not carried out (2): only users and groups"),
        "{answers:?}"
    );

    days.edit(&[("Pairingco", "Pairingco two", "Own.")]).await?;
    let run = days.run(600).await?;
    assert_eq!((number(&run, "commands")?, number(&run, "hits")?), (0, 0), "{run}");
    assert_eq!((days.saved(&title).await?, days.text(&title).await?), (1, page));
    Ok(())
}
