//! What several modules ask of a run of infobox-check: the lines of a log as a reader sees them, and whether each row
//! has its line exactly once.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use regex::Regex;
use wikicrew_core::intent::token;
use wikicrew_tests::boxes::{BoxPages, Boxes, Record};
use wikicrew_tests::run::Run;

use crate::seen::{decoded, number};

/// The bullets of a box's log from top to bottom, as `Acetone: TIME (diff) Ann: Chembox, CASNo: “1” → “2”`: no markup,
/// no times, bare names.
pub async fn log_lines(scene: &Boxes, of: &BoxPages) -> Result<Vec<String>> {
    let (mut lines, mut page) = (Vec::new(), String::new());
    for line in scene.log_of(of).await?.lines() {
        if line.starts_with("* ") && line.contains("<!--ib-page ") {
            page = shown(scene, line.trim_start_matches("* "));
        } else if let Some(bullet) = line.strip_prefix("** ") {
            lines.push(format!("{page}: {}", shown(scene, bullet)));
        }
    }
    Ok(lines)
}

/// A line of wikitext as a reader sees it.
pub fn shown(scene: &Boxes, wikitext: &str) -> String {
    const MARKUP: [(&str, &str); 4] = [
        (r"<[^>]*>", ""),
        (r"\[\[(?:[^\]|]*\|)?([^\]]*)\]\]", "$1"),
        (r"'{2,5}", ""),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d \(UTC\)", "TIME"),
    ];
    let mut text = wikitext.to_owned();
    for (pattern, with) in &MARKUP[..3] {
        text = regex(pattern).replace_all(&text, *with).into_owned();
    }
    let (pattern, with) = MARKUP[3];
    let text = decoded(&text);
    scene.bare(&regex(pattern).replace_all(&text, with))
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants that were tried")
}

/// The anchor of a row's bullet: a name that the revision and the field make, so that it is the same in a database
/// that was lost and filled again.
pub fn anchor(scene: &Boxes, row: &Record) -> String {
    let rule = &row["rule"];
    let rule = rule[..1].to_uppercase() + &rule[1..];
    let key = format!(
        "{}:{rule}:{}:{}:{}",
        row["revid"], row["box"], row["ordinal"], row["field"]
    );
    let token = token("infobox-check", &scene.wiki_key(), &key);
    token.split_once('-').map_or(token.clone(), |(_, name)| name.to_owned())
}

/// How often each anchor stands in the logs of both boxes.
pub async fn anchors(scene: &Boxes) -> Result<BTreeMap<String, usize>> {
    let logs = scene.log_of(&scene.chem).await? + &scene.log_of(&scene.drug).await?;
    let mut found = BTreeMap::new();
    for anchor in regex(r"<!--ib:([a-z0-9]+) ").captures_iter(&logs) {
        *found.entry(anchor[1].to_owned()).or_default() += 1;
    }
    Ok(found)
}

/// Errs unless there are so many rows for the log, and each has one bullet and an edit of the log that the row names.
pub async fn ensure_logged_once(scene: &Boxes, count: usize) -> Result<()> {
    let rows = scene.rows().await?;
    let told: Vec<_> = rows.iter().filter(|row| row["to_log"] == "1").collect();
    let wanted: BTreeMap<String, usize> = told.iter().map(|row| (anchor(scene, row), 1)).collect();
    let anchors = anchors(scene).await?;
    ensure!(
        anchors == wanted,
        "wanted {wanted:?}, bullets {anchors:?}\n{:#?}",
        scene.row_lines().await?
    );
    ensure!(
        told.len() == count,
        "{} rows instead of {count}: {:#?}",
        told.len(),
        scene.row_lines().await?
    );
    for row in told {
        let history = scene.world.admin.history(&row["log_title"]).await?;
        let edit = history
            .iter()
            .find(|revision| revision.revid.to_string() == row["logged_revid"]);
        let edit = edit.with_context(|| format!("no edit {} of {}", row["logged_revid"], row["log_title"]))?;
        ensure!(
            edit.text.contains(&format!("<!--ib:{} ", anchor(scene, row))),
            "another edit put line {} there",
            row["id"]
        );
    }
    Ok(())
}

/// Errs unless this run found no change and edited neither a log nor an article.
pub fn ensure_quiet(run: &Run) -> Result<()> {
    for key in ["changes", "rows", "logged", "marks"] {
        ensure!(number(run, key)? == 0, "{key} in an idle run\n{run}");
    }
    Ok(())
}

/// The text of the status page as a reader sees it.
pub async fn status(scene: &Boxes) -> Result<String> {
    let text = scene.world.admin.text(&scene.status_title()).await?;
    Ok(shown(scene, &text.context("there is no status page")?))
}
