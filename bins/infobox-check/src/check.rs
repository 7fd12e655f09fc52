//! `check`: looks at one page now, as a run would, stores what it sees and mends the marks, or says why not. With
//! `--dry-run` it shows the edit and writes nothing.

use anyhow::Context as _;
use serde_json::json;
use shared::core::text::terminal;
use shared::db::page_mark;
use shared::job::Run;

use crate::context::Context;
use crate::errand::Done;
use crate::page::{self, Seen, SeenBox};
use crate::present::{Marks, Present};
use crate::settings::Settings;
use crate::{index_sync, mark};

/// Checks a page. Errs when it cannot be read.
pub async fn work(run: &mut Run<Settings>, context: &mut Context, title: &str) -> anyhow::Result<Done> {
    let mut rows = index_sync::sync(run, context).await?;
    let halted = run.editor.halted().map(ToString::to_string);
    let seen = page::read(run, context, title, halted.as_deref()).await?;
    let is_json = run.args.json;
    if !is_json {
        println!("{}, revision {}", terminal(&seen.title), seen.revid);
        for line in seen.boxes.iter().flat_map(|one| page::block(one, &seen)) {
            println!("{line}");
        }
    }
    let mut looked = mark::look(run, context, &[seen.page_id]).await?;
    rows += mark::store(run, &mut looked).await?;
    let looked = looked.into_iter().next().context("the page is gone meanwhile")?;
    let mut said: Vec<String> = Vec::new();
    let mut places: Vec<usize> = Vec::new();
    for one in &seen.boxes {
        match why_not(one, &seen) {
            None => places.push(one.place),
            Some(why) => said.push(format!("{}: {why}", one.name)),
        }
    }
    if seen.boxes.is_empty() {
        said.push("no watched box is on the page: nothing to do".to_owned());
    }
    let (mut edited, mut ok) = (false, true);
    if !places.is_empty() {
        if mark::may_edit(run, context).await? {
            edited = mark::edit(run, context, &looked, &places, false).await?;
            let outcome = outcome(run, &seen, edited).await?;
            ok = outcome.is_ok();
            said.push(outcome.unwrap_or_else(|why| why));
        } else {
            said.push("no more edits are allowed in this run: `max_edits_per_run` is too small".to_owned());
        }
    }
    if is_json {
        println!(
            "{}",
            json!({"title": seen.title, "revid": seen.revid.0, "edited": edited, "ok": ok, "said": said})
        );
    } else {
        said.iter().for_each(|line| println!("{}", terminal(line)));
    }
    Ok(Done { ok, rows })
}

/// Why the marks of a box are left alone; `None`: they are to be edited.
fn why_not(one: &SeenBox, seen: &Seen) -> Option<String> {
    if let Some(why) = &one.unusable {
        return Some(format!("not marked: {why}"));
    }
    match &one.present {
        Present::NotHere => return Some("the page shows the box without having it in its own text".to_owned()),
        Present::Unclear(why) => return Some(format!("not marked: {why}")),
        Present::Boxes(_) => {}
    }
    match &one.due {
        None => return Some("the box has no index: nothing is marked".to_owned()),
        Some(Marks::Refused(why)) => return Some(format!("not marked: {why}")),
        Some(Marks::True) => return Some("the marks are true: nothing to do".to_owned()),
        Some(Marks::Due(_)) if one.verified.is_none() => {
            return Some("marks stand there that no index line is about: only `repair` takes them away".to_owned());
        }
        Some(Marks::Due(_)) => {}
    }
    if !one.off.is_empty() {
        return Some(format!(
            "the marks are to be changed, but no article is edited: {}",
            one.off.join("; ")
        ));
    }
    if let Some(template) = &seen.nobots {
        return Some(format!(
            "the marks are to be changed, but the page asks bots to stay away: {template}"
        ));
    }
    let until = one.waits_until?;
    Some(format!(
        "the marks are to be changed when the newest edit has settled, after {} UTC",
        until.format("%Y-%m-%d %H:%M")
    ))
}

/// What became of the edit. Errs, in words for people, when it was to be made and could not be.
async fn outcome(run: &Run<Settings>, seen: &Seen, edited: bool) -> anyhow::Result<Result<String, String>> {
    if edited {
        return Ok(Ok("the marks are true now".to_owned()));
    }
    if let Some(halt) = run.editor.halted() {
        return Ok(Err(halt.to_string()));
    }
    if run.fence().is_none() {
        return Ok(Ok("dry run: nothing is written".to_owned()));
    }
    let stored = run
        .db
        .read(async |db| page_mark::get_many(db, &run.wiki, &[seen.page_id]).await)
        .await?;
    Ok(match stored.into_iter().find_map(|mark| mark.reason) {
        Some(why) => Err(format!("not marked: {why}")),
        None => Ok("somebody else has mended the marks meanwhile".to_owned()),
    })
}
