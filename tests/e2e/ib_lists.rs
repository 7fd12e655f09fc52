//! The old bot's channel commands as subcommands: what each answers people and programs, and that the next run obeys.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::boxes::{Boxes, SETTLED};
use wikicrew_tests::run::Run;

use crate::ib_seen::log_lines;

const ACETONE: &str =
    "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n}}\nA solvent.";
const PARACETAMOL: &str = "{{Drugbox\n| CAS_number = 103-90-2\n}}\nA drug.";

/// A project with one article of each box.
pub async fn scene() -> Result<Boxes> {
    Boxes::with_articles(&[("Acetone", ACETONE, "Ann"), ("Paracetamol", PARACETAMOL, "Ann")]).await
}

/// Gives a command with the world's names for `@Name`; the answer with bare ones.
pub async fn say(scene: &Boxes, words: &[&str], code: i32) -> Result<String> {
    let run = run(scene, words, code).await?;
    let said = if code == 0 {
        run.stdout
    } else {
        run.stdout + &run.stderr
    };
    Ok(scene.bare(&said).trim_end().to_owned())
}

/// Gives a command as the operator `op`, with the world's names for `@Name`, and wants this exit code.
pub async fn run(scene: &Boxes, words: &[&str], code: i32) -> Result<Run> {
    let own = |word: &&str| match word.strip_prefix('@') {
        Some(name) if name.contains('_') => scene.world.own(name).replace(' ', "_"),
        Some(name) => scene.world.own(name),
        None => (*word).to_owned(),
    };
    let words: Vec<String> = words.iter().map(own).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    scene.job().env("USER", "op").args(&words).run_to(code).await
}

/// The answer for programs, with bare names.
pub async fn as_json(scene: &Boxes, words: &[&str]) -> Result<Value> {
    let run = run(scene, &[words, &["--json"]].concat(), 0).await?;
    serde_json::from_str(&scene.bare(&run.stdout)).with_context(|| run.to_string())
}

/// A text without dates.
pub fn timeless(text: &str) -> String {
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d").expect("a constant that was tried");
    time.replace_all(text, "TIME").into_owned()
}

#[tokio::test]
async fn entries_are_added_found_and_taken_away_in_every_form() -> Result<()> {
    let scene = scene().await?;
    for (words, code, said) in [
        (
            &["wl", "add", "@Ann", "@Carbon dioxide"][..],
            0,
            "Ann <-> Carbon dioxide is on the whitelist now.",
        ),
        (
            &["wl", "add", "@Ann", "@Carbon_dioxide", "--reason", "knows  it"],
            0,
            "Ann <-> Carbon dioxide was on the whitelist; who, when and why are renewed.",
        ),
        (
            &["wl", "add", "@Ben_B", "*", "--by", "Olga"],
            0,
            "Ben B <-> * is on the whitelist now.",
        ),
        (
            &["wl", "search", "@Ann", "@Carbon dioxide"],
            0,
            "Ann <-> Carbon dioxide: added TIME UTC by op (knows it)",
        ),
        (
            &["wl", "search", "user", "@Ben B"],
            0,
            "Ben B <-> *: added TIME UTC by Olga",
        ),
        (
            &["wl", "search", "string", "@Carbon_dioxide"],
            0,
            "Ann <-> Carbon dioxide: added TIME UTC by op (knows it)\nBen B <-> *: added TIME UTC by Olga",
        ),
        (
            &["wl", "search", "page", "@Carbon dioxide"],
            0,
            "Ann <-> Carbon dioxide: added TIME UTC by op (knows it)\nBen B <-> *: added TIME UTC by Olga",
        ),
        (
            &["wl", "search", "@Cem", "@Carbon dioxide"],
            0,
            "Cem <-> Carbon dioxide is not on the whitelist.",
        ),
        (&["wl", "del", "@Cem", "*"], 1, "Cem <-> * is not on the whitelist."),
        (
            &["wl", "del", "@Ben B", "*"],
            0,
            "Ben B <-> * is no longer on the whitelist.",
        ),
        (&["wl", "search", "user", "@Ben B"], 0, "Ben B is not on the whitelist."),
        (
            &["bl", "add", "@Ann", "@Water", "—", "twice", "wrong"],
            0,
            "Ann <-> Water is on the blacklist now.",
        ),
        (
            &["bl", "search", "page", "@Water"],
            0,
            "Ann <-> Water: added TIME UTC by op (twice wrong)",
        ),
        (
            &["bl", "search", "user", "@Ann"],
            0,
            "Ann <-> Water: added TIME UTC by op (twice wrong)",
        ),
        (
            &["bl", "del", "@Ann", "@Water"],
            0,
            "Ann <-> Water is no longer on the blacklist.",
        ),
        (
            &["ml", "add", "@Heavy_water"],
            0,
            "Heavy water is on the monitor list now.",
        ),
        (
            &["ml", "search", "@Heavy_water"],
            0,
            "Heavy water: added TIME UTC by op",
        ),
        (
            &["ml", "del", "@Heavy water"],
            0,
            "Heavy water is no longer on the monitor list.",
        ),
        (
            &["ml", "search", "@Heavy water"],
            0,
            "Heavy water is not on the monitor list.",
        ),
    ] {
        assert_eq!(timeless(&say(&scene, words, code).await?), said, "{words:?}");
    }

    let unquoted = say(&scene, &["ml", "search", &scene.world.prefix, "heavy", "water"], 0).await?;
    assert_eq!(
        unquoted, "heavy water is not on the monitor list.",
        "several words are one page"
    );

    // What cannot be understood is told with the right form, and changes nothing; nor does a dry run.
    for (words, told) in [
        (
            &["wl", "add", "@Ann"][..],
            "needs a user and a page; there is only `Ann`. It is written: wl add <username> <page>",
        ),
        (
            &["wl", "add", "@Ann", "heavy", "water"],
            "put a name with spaces in quotes, or write `_` for the space",
        ),
        (&["wl", "ad", "@Ann", "*"], "`wl` knows no `ad` (did you mean `add`?)"),
        (&["bl", "add", "@Ann", "*"], "the blacklist takes one page, not `*`"),
        (&["bl", "add", "@Ann/x", "@Water"], "is no user name: it has a slash"),
        (&["ml", "add", "Special:Version"], "is a special page: nobody edits it"),
        (&["ml", "add", "a[b"], "It is written: ml add <page>"),
        (&["reportlevel", "3"], "`3` is no report level: 0, 1 and 2 are"),
        (&["fieldlist"], "`fieldlist` needs the name of one box"),
        (
            &["quiet", "now"],
            "there is no feed `now`: the settings page names none",
        ),
    ] {
        let said = say(&scene, words, 1).await?;
        assert!(said.starts_with("infobox-check: "), "{said}");
        assert!(said.contains(told), "{words:?}: {said}");
    }
    let dry = say(&scene, &["bl", "add", "@Ann", "@Water", "--dry-run"], 0).await?;
    assert_eq!(
        dry,
        "Dry run, nothing is written. Otherwise: Ann <-> Water is on the blacklist now."
    );
    assert_eq!(
        scene.bare(
            &scene
                .world
                .table("SELECT list, user_name, page FROM list_entry ORDER BY 1, 2")
                .await?
        ),
        "wl | Ann | Carbon dioxide\n"
    );

    // For programs.
    let added = as_json(&scene, &["bl", "add", "@Ann", "@Water"]).await?;
    assert_eq!(
        added,
        json!({ "list": "bl", "user": "Ann", "page": "Water", "added": true })
    );
    let mut found = as_json(&scene, &["wl", "search", "user", "@Ann"]).await?;
    assert!(found["entries"][0]["added"].take().is_string());
    let entry = json!({ "user": "Ann", "page": "Carbon dioxide", "by": "op", "added": null, "reason": "knows it", "expires": null });
    assert_eq!(found, json!({ "list": "wl", "entries": [entry] }));
    let none = as_json(&scene, &["ml", "search", "@Water"]).await?;
    assert_eq!(none, json!({ "list": "ml", "entries": [] }));
    Ok(())
}

/// The order is blacklist, whitelist, monitor list, field change; each edit makes its lines once.
#[tokio::test]
async fn the_next_run_obeys_the_lists_and_marks_stay_true() -> Result<()> {
    let scene = scene().await?;
    scene.article("Water", "No box here.", "Cem C").await?;
    for words in [
        &["wl", "add", "@Ann", "*"][..],
        &["bl", "add", "@Ann", "@Water"],
        &["bl", "add", "@Ben", "@Water"],
        &["ml", "add", "@Water"],
        &["wl", "add", "@Cem_C", "@Water"],
    ] {
        run(&scene, words, 0).await?;
    }

    scene.replace("Acetone", "Ann", "67-64-1", "67-64-2", "").await?;
    for (n, user) in ["Ann", "Ben", "Cem C", "Dan"].iter().enumerate() {
        scene.edit("Water", user, &format!("No box here, {n}."), "").await?;
    }
    let run_ = scene.run_settled().await?;
    let mut lines = log_lines(&scene, &scene.chem).await?;
    lines.sort();
    let listed = "edit by a user who is on the blacklist for this page";
    assert_eq!(
        lines,
        [
            format!("Water: TIME (diff) Ann: {listed}"),
            format!("Water: TIME (diff) Ben: {listed}"),
            "Water: TIME (diff) Dan: edit on a page of the monitor list".to_owned(),
        ],
        "{run_}"
    );
    let row = "Acetone Chembox#0 CASNo: changed correct_changed, 67-64-1 -> 67-64-2 (67-64-1) by Ann !";
    assert!(
        scene.row_lines().await?.iter().any(|line| line == row),
        "it is recorded all the same"
    );
    let text = scene.text("Acetone").await?;
    assert!(
        text.contains("Verifiedfields = changed") || text.contains("Verifiedfields=changed"),
        "silence is no lie in the box: {text}"
    );

    for words in [
        &["wl", "del", "@Ann", "*"][..],
        &["bl", "del", "@Ben", "@Water"],
        &["ml", "del", "@Water"],
    ] {
        run(&scene, words, 0).await?;
    }
    scene.replace("Acetone", "Ann", "67-64-2", "67-64-3", "").await?;
    scene.edit("Water", "Ben", "Nobody is told.", "").await?;
    scene.job().later(SETTLED).run_ok().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("Acetone: TIME (diff) Ann: ")),
        "{lines:#?}"
    );
    Ok(())
}

#[tokio::test]
async fn boxes_fields_managers_and_help_are_told() -> Result<()> {
    let scene = scene().await?;
    let settings = scene
        .settings
        .clone()
        .set(
            &scene.key(&scene.chem, "managers"),
            json!([scene.user("Mia"), scene.user("Max M")]),
        )
        .set(&scene.key(&scene.drug, "edit"), false);
    scene.save_settings(&settings).await?;
    let fields = "Chembox: 8 watched fields, 5 of them verified\nName\nCASNo (verified)\nCASNo1 (verified)\nCASNo2 (verified)\n\
        CASNo3 (verified)\nUNII (verified)\nBoilingPt\nMeltingPt";
    for (words, said) in [
        (&["fieldlist", "@Chembox"][..], fields),
        (&["managers", "@Chembox"], "Mia\nMax M"),
        (&["managers", "@Drugbox"], "Drugbox has no managers."),
        (
            &["boxlist"],
            "Chembox: 8 watched fields, 5 verified; articles are edited\n\
             Drugbox: 3 watched fields, 2 verified; no article is edited",
        ),
        (
            &["help", "ml"],
            "ml add <page>: starts monitoring <page>: any edit of it by a user who is not whitelisted is reported.\n\
             ml del <page>: removes <page> from the monitor list.\n\
             ml search <page>: tells whether <page> is on the monitor list.\nExamples: ml add Water; ml search Water",
        ),
    ] {
        assert_eq!(say(&scene, words, 0).await?, said, "{words:?}");
    }
    assert_eq!(
        as_json(&scene, &["managers", "@Chembox"]).await?,
        json!({ "box": "Chembox", "managers": ["Mia", "Max M"] })
    );
    assert_eq!(as_json(&scene, &["boxlist"]).await?["boxes"][1]["edit"], false);
    let no_box = say(&scene, &["fieldlist", "@Nobox"], 1).await?;
    assert!(
        no_box.contains("there is no box `Nobox` on the settings page; there are: Chembox, Drugbox"),
        "{no_box}"
    );
    let help = say(&scene, &["help"], 0).await?;
    for command in [
        "wl add",
        "bl del",
        "ml search",
        "fieldlist",
        "managers",
        "boxlist",
        "quiet",
        "report",
        "reportlevel",
        "status",
        "quit",
        "off",
        "on",
        "help",
    ] {
        let line = |line: &str| {
            line.strip_prefix(command)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        assert!(help.lines().any(line), "{command} in {help}");
    }
    assert!(say(&scene, &["help", "wlx"], 0).await?.contains("did you mean `wl`?"));
    // By the name of a redirect that only the wiki knows, in a shell's spelling.
    assert_eq!(say(&scene, &["fieldlist", "@Chemical_infobox"], 0).await?, fields);
    Ok(())
}
