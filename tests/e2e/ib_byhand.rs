//! What an operator does with infobox-check by hand: looking at a page, mending its marks, writing an index line, going
//! over all pages of a box. Each says what it does not do, and why.

use anyhow::{Context, Result};
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};
use wikicrew_tests::boxes::{Boxes, SETTLED};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::NewPage;

use crate::ib_seen::{ensure_logged_once, log_lines};
use crate::seen::number;

const ACETONE: &str = "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n\
    | Section2={{Chembox Properties\n| BoilingPt = 56.1 °C\n }}\n}}\nAcetone is a solvent.";

/// The job with a subcommand about an article.
fn by_hand(scene: &Boxes, command: &str, name: &str, more: &[&str]) -> Job {
    let title = scene.title(name);
    let mut args = vec![command, title.as_str()];
    args.extend(more);
    scene.job().args(&args)
}

fn json_of(run: &Run) -> Result<Value> {
    serde_json::from_str(&run.stdout).with_context(|| format!("no JSON\n{run}"))
}

/// The state of each field of the first box, as `page --json` tells it.
fn states(page: &Value) -> Vec<String> {
    let fields = page["boxes"][0]["fields"].as_array().cloned().unwrap_or_default();
    let there = fields.iter().filter(|field| !field["value"].is_null());
    there
        .map(|field| format!("{} {}", field["field"], field["state"]).replace('"', ""))
        .collect()
}

#[tokio::test]
async fn a_page_is_told_checked_and_mended_by_hand() -> Result<()> {
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann")]).await?;
    let checked = scene
        .settings
        .clone()
        .set(&scene.key(&scene.chem, "checks.CASNo"), "cas");
    scene.save_settings(&checked).await?;
    let verified = scene.revid("Acetone").await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    let before = scene.text("Acetone").await?;
    scene.run().await?;
    let counts = scene.world.row_counts().await?;

    // What is known, for people and for programs; nothing is written.
    let run = by_hand(&scene, "page", "Acetone", &[]).run_ok().await?;
    let said = scene.bare(&run.stdout);
    for part in [
        "CASNo: “67-64-7”, differs (verified: “67-64-1”); check: ",
        "BoilingPt: “56.1 °C”, watched only, as in the verified revision",
        "Marks now: none",
        "Marks due: add ",
        "Not settled: the newest edit is too fresh",
        "Articles are edited for this box",
        "Ben: Chembox#0 CASNo changed, “67-64-1” → “67-64-7”, correct_changed",
    ] {
        assert!(said.contains(part), "{part:?} is missing\n{run}");
    }
    assert!(
        said.contains(&format!("Chembox: verified revision {verified} (line ")),
        "{run}"
    );
    let page = json_of(&by_hand(&scene, "page", "Acetone", &["--json"]).run_ok().await?)?;
    assert_eq!(
        states(&page),
        ["Name same", "CASNo differs", "BoilingPt same"],
        "{page}"
    );
    assert_eq!(page["boxes"][0]["verified_revid"], json!(verified));
    assert_eq!(page["boxes"][0]["off"], json!([]));
    assert_eq!(page["changes"][0]["field"], "CASNo");
    assert_eq!(
        scene.world.row_counts().await?,
        counts,
        "`page` wrote into the database"
    );

    // Too early; then shown only; then done; then nothing to do.
    let early = by_hand(&scene, "check", "Acetone", &[]).run_ok().await?;
    assert!(early.stdout.contains("when the newest edit has settled"), "{early}");
    let dry = by_hand(&scene, "check", "Acetone", &["--dry-run"])
        .later(SETTLED)
        .run_ok()
        .await?;
    assert!(dry.stdout.contains("+| Verifiedfields = changed"), "{dry}");
    assert!(dry.stdout.contains("dry run: nothing is written"), "{dry}");
    assert_eq!(scene.text("Acetone").await?, before);
    let done = by_hand(&scene, "check", "Acetone", &[]).later(SETTLED).run_ok().await?;
    assert!(done.stdout.contains("the marks are true now"), "{done}");
    let text = scene.text("Acetone").await?;
    assert!(
        text.contains("| Verifiedfields = changed\n") && text.contains("cascite|changed|??"),
        "{text}"
    );
    assert!(text.contains("CASNo = 67-64-7"), "a value was touched: {text}");
    let again = by_hand(&scene, "check", "Acetone", &[]).later(SETTLED).run_ok().await?;
    assert!(again.stdout.contains("the marks are true: nothing to do"), "{again}");
    assert_eq!(scene.bot_edits("Acetone").await?.len(), 1);

    // The scheduled run goes on where it was, and does not look at its own edit.
    let next = scene.run_settled().await?;
    assert_eq!((number(&next, "changes")?, number(&next, "marks")?), (0, 0), "{next}");
    ensure_logged_once(&scene, 1).await
}

#[tokio::test]
async fn a_check_says_which_switch_keeps_it_from_editing() -> Result<()> {
    let nobots = format!("{{{{nobots}}}}\n{ACETONE}");
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann"), ("Shy", &nobots, "Ann")]).await?;
    for name in ["Acetone", "Shy"] {
        scene.replace(name, "Ben", "67-64-1", "67-64-7", "").await?;
    }
    let check = |name: &str| by_hand(&scene, "check", name, &[]).later(SETTLED);

    let shy = check("Shy").run_ok().await?;
    assert!(
        shy.stdout.contains("the page asks bots to stay away: {{nobots}}"),
        "{shy}"
    );

    scene
        .job()
        .args(&["off", &scene.chem.name, "--by", "Olga"])
        .run_ok()
        .await?;
    let off = check("Acetone").run_ok().await?;
    assert!(
        off.stdout.contains("no article is edited") && off.stdout.contains("by Olga"),
        "{off}"
    );
    scene.job().args(&["on", &scene.chem.name]).run_ok().await?;

    let no = scene.settings.clone().set(&scene.key(&scene.chem, "edit"), false);
    scene.save_settings(&no).await?;
    let off = check("Acetone").run_ok().await?;
    assert!(off.stdout.contains("`edit: false` for"), "{off}");

    // Switched off as a whole: nothing was checked.
    scene
        .save_settings(&scene.settings.clone().set("enabled", false))
        .await?;
    let off = check("Acetone").run_to(1).await?;
    assert!(off.says("enabled: false"), "{off}");
    scene.save_settings(&scene.settings).await?;

    let none = by_hand(&scene, "check", "Nothing", &[]).run_to(1).await?;
    assert!(none.says("there is no page"), "{none}");
    for name in ["Acetone", "Shy"] {
        assert_eq!(scene.bot_edits(name).await?, [""; 0], "{name} was edited");
    }

    // Who starts it by hand must know that nothing was done.
    let mut other = scene.world.db().await?;
    let wiki = format!("{}wiki", scene.world.prefix.to_lowercase());
    let lock = "SELECT GET_LOCK(CONCAT(DATABASE(), '.', LEFT(SHA2(?, 256), 16)), 0)";
    let held: Option<u64> = other.exec_first(lock, (format!("infobox-check\0{wiki}\0"),)).await?;
    assert_eq!(held, Some(1));
    let busy = check("Acetone").run_to(75).await?;
    assert!(busy.says("another run is at work"), "{busy}");
    Ok(other.disconnect().await?)
}

#[tokio::test]
async fn an_index_line_is_written_or_printed() -> Result<()> {
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann")]).await?;
    let first = scene.revid("Acetone").await?;
    let second = scene.replace("Acetone", "Ann", "56.1 °C", "56 °C", "").await?;
    let title = scene.title("Acetone");
    let line = format!("* [[Special:PermanentLink/{second}|{title}]]");
    let of = scene.chem.name.clone();
    let verify = |revid: u64, more: &[&str]| {
        let (revid, mut args) = (revid.to_string(), vec!["--box", of.as_str()]);
        args.extend(more);
        let title = scene.title("Acetone");
        let mut all = vec!["verify", title.as_str(), revid.as_str()];
        all.extend(args);
        scene.job().args(&all)
    };

    // The bot is no admin, and the index is protected: an admin pastes the line.
    let refused = verify(second, &[]).run_to(1).await?;
    assert!(
        refused
            .stdout
            .contains(&format!("Paste this line into {}", scene.chem.index)),
        "{refused}"
    );
    assert!(refused.stdout.lines().any(|said| said == line), "{refused}");
    assert!(refused.stdout.contains("box 1, CASNo: “67-64-1”"), "{refused}");

    // On an index that is open to all, the bot's own line counts.
    let open = format!("Wikipedia:{} Open index", scene.world.prefix);
    let words = "Checked by us.\n\n== A ==\n";
    scene.world.load(&[NewPage::new(&open, words)]).await?;
    let with_index = |index: Value| scene.settings.clone().set(&scene.key(&scene.chem, "index"), index);
    scene
        .save_settings(&with_index(json!([open, scene.chem.index])))
        .await?;
    let twice = verify(second, &[]).run_to(1).await?;
    assert!(
        twice.says(&format!("line 2 of {} is about this page", scene.chem.index)),
        "{twice}"
    );
    scene.save_settings(&with_index(json!([open]))).await?;
    let dry = verify(second, &["--dry-run"]).run_ok().await?;
    assert!(dry.stdout.contains(&format!("+{line}")), "{dry}");
    let index = async || anyhow::Ok(scene.world.admin.text(&open).await?.context("no index")?);
    assert_eq!(index().await?.trim_end(), words.trim_end());
    let done = verify(second, &[]).run_ok().await?;
    assert_eq!(index().await?.trim_end(), format!("{words}{line}"), "{done}");
    let again = verify(second, &[]).run_ok().await?;
    assert!(again.stdout.contains("says so already"), "{again}");
    let history = scene.world.admin.history(&open).await?;
    assert_eq!(history.len(), 2, "{history:#?}");
    let summary = scene.bare(&history[1].summary);
    assert!(
        summary.starts_with(&format!("Verified revision of Acetone for Chembox: {second} (")),
        "{summary}"
    );
    scene.run().await?;
    let page = json_of(&by_hand(&scene, "page", "Acetone", &["--json"]).run_ok().await?)?;
    assert_eq!(page["boxes"][0]["verified_revid"], json!(second), "{page}");

    // Nothing that the index could not use is written.
    let other = scene.article("Water", "Water is wet.", "Ann").await?;
    for (revid, why) in [(other, "is one of"), (999_999_999, "there is no revision")] {
        let wrong = verify(revid, &[]).run_to(1).await?;
        assert!(wrong.says(why), "{wrong}");
    }
    let bare = scene.edit("Acetone", "Ben", "No box.", "").await?;
    let wrong = verify(bare, &[]).run_to(1).await?;
    assert!(wrong.says("is not in the text of revision"), "{wrong}");
    assert_eq!(scene.world.admin.history(&open).await?.len(), 2);

    // A verified copy outside of the articles.
    let copy = format!("Wikipedia:{} Verified/Acetone", scene.world.prefix);
    scene.world.load(&[NewPage::new(&copy, &scene.own(ACETONE))]).await?;
    let info = scene.world.admin.info(&copy).await?;
    let revid = info["lastrevid"].as_u64().context("no copy")?;
    verify(revid, &["--copy", &copy]).run_ok().await?;
    assert_eq!(index().await?.trim_end(), format!("{words}* {title} = {copy}@{revid}"));
    let wrong = verify(first, &["--copy", &copy]).run_to(1).await?;
    assert!(wrong.says("is one of"), "{wrong}");
    Ok(())
}

#[tokio::test]
async fn an_audit_finds_what_cannot_be_right() -> Result<()> {
    let wrong = ACETONE.replace("67-64-1", "67-64-7");
    let strange = ACETONE.replace("67-64-1", "1|x=2|CASNo=\"a, b\"");
    let scene = Boxes::new().await?;
    for (name, text) in [("Acetone", ACETONE), ("Wrong", &wrong), ("Strange", &strange)] {
        scene.article(name, text, "Ann").await?;
    }
    let settings = scene
        .settings
        .clone()
        .set(&scene.key(&scene.chem, "checks.CASNo"), "cas");
    scene.save_settings(&settings).await?;
    let audit = |more: &[&str]| {
        let mut args = vec!["audit", scene.chem.alias.as_str()];
        args.extend(more);
        scene.job().args(&args)
    };

    // Before the first run the wiki itself says which pages there are.
    let rows = async |run: &Run| {
        let lines: Vec<String> = run.stdout.lines().map(|line| scene.bare(line)).collect();
        anyhow::Ok(lines)
    };
    let csv = audit(&["--format", "csv"]).run_ok().await?;
    let lines = rows(&csv).await?;
    assert_eq!(lines.len(), 3, "{csv}");
    assert_eq!(lines[0], "page,box,ordinal,field,value,why");
    assert!(
        lines[1].starts_with("Strange,Chembox,0,CASNo,\"\"\"a, b\"\"\","),
        "{csv}"
    );
    assert!(lines[2].starts_with("Wrong,Chembox,0,CASNo,67-64-7,"), "{csv}");

    scene.verify("Acetone").await?;
    scene.run().await?;
    scene.replace("Acetone", "Ben", "56.1 °C", "57 °C", "").await?;
    let found = json_of(&audit(&["--json"]).run_ok().await?)?;
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    let all = json_of(&audit(&["--all", "--format", "json"]).run_ok().await?)?;
    let all = all.as_array().context("no list")?;
    assert_eq!(all.len(), 3, "{all:#?}");
    assert_eq!(
        (&all[0]["field"], &all[0]["value"]),
        (&json!("BoilingPt"), &json!("57 °C"))
    );

    // The table can be put on a page as it is.
    let table = audit(&["--format", "wikitable"]).run_ok().await?;
    assert!(table.stdout.starts_with("{| class=\"wikitable sortable\""), "{table}");
    let unknown = scene.job().args(&["audit", "Nobox"]).run_to(1).await?;
    assert!(unknown.says("there is no box `Nobox`"), "{unknown}");
    assert_eq!(log_lines(&scene, &scene.chem).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn who_is_to_be_named_nowhere_goes_from_the_log_too() -> Result<()> {
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann")]).await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    scene.replace("Acetone", "Cem", "56.1 °C", "57 °C", "").await?;
    scene.run().await?;
    let (ben, cem) = (scene.user("Ben"), scene.user("Cem"));
    let log = async || scene.log_of(&scene.chem).await;
    assert!(log().await?.contains(&ben) && log().await?.contains(&cem));
    let suppress = |args: &[&str]| {
        let all: Vec<&str> = std::iter::once("suppress").chain(args.iter().copied()).collect();
        scene.job().args(&all)
    };

    suppress(&["add", "user", &ben, "--by", "Olga", "--dry-run"])
        .run_ok()
        .await?;
    assert_eq!(scene.world.count("suppress").await?, 0);
    let added = suppress(&["add", "user", &ben, "--by", "Olga", "--reason", "asked by mail"])
        .run_ok()
        .await?;
    let list = suppress(&["list"]).run_ok().await?;
    assert!(list.stdout.contains("1 users and 0 pages"), "{list}");
    for run in [&added, &list] {
        assert!(!run.says(&ben), "named without being asked for\n{run}");
    }
    let list = suppress(&["list", "--private"]).run_ok().await?;
    assert!(
        list.stdout.contains(&format!("user {ben}, since ")) && list.says("by Olga (asked by mail)"),
        "{list}"
    );
    let page = by_hand(&scene, "page", "Acetone", &[]).run_ok().await?;
    assert!(
        !page.says(&ben) && page.says("a hidden user: ") && page.says(&cem),
        "{page}"
    );

    // The line that stands on the wiki already is written anew; the next edits make none.
    scene.run().await?;
    let text = log().await?;
    assert!(!text.contains(&ben) && text.contains(&cem), "{text}");
    scene.replace("Acetone", "Ben", "67-64-7", "67-64-8", "").await?;
    scene.run().await?;
    assert_eq!(log().await?, text);

    // Erased here too; the rows stay.
    let named = format!("field_change WHERE user_name = '{ben}'");
    assert_eq!(
        (
            scene.world.count(&named).await?,
            scene.world.count("field_change").await?
        ),
        (2, 3)
    );
    suppress(&["forget", "user", &ben]).run_ok().await?;
    assert_eq!(
        (
            scene.world.count(&named).await?,
            scene.world.count("field_change").await?
        ),
        (0, 3)
    );
    suppress(&["del", "user", &ben]).run_ok().await?;
    suppress(&["del", "user", &ben]).run_to(1).await?;
    scene.run().await?;
    assert!(!log().await?.contains(&ben));
    Ok(())
}
