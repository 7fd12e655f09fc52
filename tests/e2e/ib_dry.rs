//! `--dry-run` of infobox-check, and the report levels of the settings: what is shown, recorded, and told.

use anyhow::Result;
use wikicrew_tests::boxes::{Boxes, SETTLED};
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::proxy::FaultProxy;

use crate::ib_chem::{OTHER, TRUE, articles, change, plain};
use crate::ib_seen::{ensure_logged_once, log_lines};
use crate::seen::number;

#[tokio::test]
async fn a_dry_run_shows_lines_and_diffs_and_touches_nothing() -> Result<()> {
    let (scene, _) = articles(&["Acetone", "Benzene"]).await?;
    // One article waits for its marks since an earlier run, the other one was changed just now.
    change(&scene, &["Benzene"]).await?;
    scene.run().await?;
    change(&scene, &["Acetone"]).await?;
    let http = FaultProxy::start(&scene.world.wiki.api).await?;
    let db = DbProxy::start(&scene.world.database_url()).await?;
    let before = scene.world.row_counts().await?;
    let table = async |name: &str| scene.world.table(&format!("SELECT * FROM {name}")).await;
    let tables = ["checkpoint", "memo", "lease", "field_change", "page_mark", "open_field"];
    let mut rows = Vec::new();
    for name in tables {
        rows.push(table(name).await?);
    }
    let edits = scene.world.admin.contributions(&scene.world.bot.name).await?;

    let dry = scene.job().args(&["--dry-run"]).later(SETTLED);
    let run = dry.clone().through(&http).over(&db).run_ok().await?;
    let said = scene.bare(&run.stdout);
    assert!(said.contains("Acetone\n  log: "), "{run}");
    for part in [
        format!("Ben: Chembox, CASNo: “{TRUE}” → “{OTHER}”; correct → changed"),
        "--- Benzene".to_owned(),
        "+| Verifiedfields = changed".to_owned(),
        "+| CASNo_Ref = {{cascite|changed|??}}".to_owned(),
        " | Name = Benzene".to_owned(),
    ] {
        assert!(said.contains(&part), "{part:?} is not in {run}");
    }

    for call in http.calls() {
        let reads = ["query", "parse"].contains(&call.action()) && call.param("token").is_none();
        assert!(reads || call.is_login(), "{call}");
    }
    assert_eq!(db.writes(), Vec::<String>::new());
    for statement in db.statements() {
        let sql = statement.sql.to_uppercase();
        assert!(
            !sql.contains("GET_LOCK") && !sql.contains("FOR UPDATE"),
            "{}",
            statement.sql
        );
    }
    assert_eq!(scene.world.row_counts().await?, before);
    for (name, rows) in tables.iter().zip(&rows) {
        assert_eq!(table(name).await?, *rows, "{name}");
    }
    assert_eq!(scene.world.admin.contributions(&scene.world.bot.name).await?, edits);

    // The real run does what was shown; afterwards there is nothing to show.
    let real = scene.job().later(SETTLED).run_ok().await?;
    assert_eq!((number(&real, "logged")?, number(&real, "marks")?), (1, 2), "{real}");
    ensure_logged_once(&scene, 2).await?;
    let after = dry.run_ok().await?;
    assert_eq!(after.stdout, "", "{after}");
    Ok(())
}

/// The settings' levels, in general and of one box; what is not told is recorded, and the marks are true.
#[tokio::test]
async fn report_levels_decide_what_is_told_and_not_what_is_true() -> Result<()> {
    let drug = |tradename: &str, value: &str| {
        format!("{{{{Drugbox\n| tradename = {tradename}\n| CAS_number = {value}\n}}}}\nA drug.")
    };
    let scene = Boxes::with_articles(&[
        ("Acetone", &plain("Acetone", TRUE), "Ann"),
        ("Paracetamol", &drug("Tylenol", "103-90-2"), "Ann"),
    ])
    .await?;
    // (in general, of the Drugbox): what is told of a verified value, of a watched one, and of the Drugbox's.
    let cases = [
        (2, None, ["CASNo", "Name", "CAS_number", "tradename"].as_slice()),
        (1, None, &["CASNo", "CAS_number"]),
        (0, None, &[]),
        (0, Some(2), &["CAS_number", "tradename"]),
        (2, Some(1), &["CASNo", "Name", "CAS_number"]),
        (1, Some(0), &["CASNo"]),
    ];
    let mut told = 0;
    for (n, (general, own, fields)) in cases.into_iter().enumerate() {
        let mut settings = scene.settings.clone().set("report_level", general);
        if let Some(own) = own {
            settings = settings.set(&scene.key(&scene.drug, "report_level"), own);
        }
        scene.save_settings(&settings).await?;
        // Away from the truth each time, by one value or the other.
        let value = format!("{n}-0-0");
        let text = scene.text("Acetone").await?;
        let [name, cas] = ["| Name = ", "| CASNo = "].map(|start| {
            let line = text.lines().find(|line| line.starts_with(start));
            line.unwrap_or_default().to_owned()
        });
        let text = text
            .replace(&name, &format!("| Name = N{n}"))
            .replace(&cas, &format!("| CASNo = {value}"));
        scene.edit("Acetone", "Ben", &text, "").await?;
        scene
            .edit("Paracetamol", "Ben", &drug(&format!("T{n}"), &value), "")
            .await?;
        let run = scene.run_settled().await?;
        let what = format!("level {general}, Drugbox {own:?}: {run}");
        assert_eq!(
            (number(&run, "rows")?, number(&run, "logged")?),
            (4, fields.len() as u64),
            "{what}"
        );
        assert!(number(&run, "marks")? >= 1, "{what}");
        told += fields.len();
        ensure_logged_once(&scene, told).await?;
        let mut lines = log_lines(&scene, &scene.chem).await?;
        lines.extend(log_lines(&scene, &scene.drug).await?);
        for field in ["CASNo", "Name", "CAS_number", "tradename"] {
            let now = |line: &&String| {
                line.contains(&format!(", {field}: "))
                    && [&value, &format!("N{n}"), &format!("T{n}")]
                        .iter()
                        .any(|new| line.contains(&format!("→ “{new}”")))
            };
            assert_eq!(
                lines.iter().filter(now).count(),
                usize::from(fields.contains(&field)),
                "{field}: {what}{lines:#?}"
            );
        }
    }
    Ok(())
}
