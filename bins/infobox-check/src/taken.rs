//! Pages that people took away, or that refuse the bot's edits: left alone, told on the status page, tried again once a
//! day at most. Nothing is forced.

use chrono::TimeDelta;
use shared::core::intent::token;
use shared::core::text::terminal;
use shared::db::memo;
use shared::job::Run;

use crate::context::Context;
use crate::settings::Settings;

/// Begins the names under which it is remembered.
pub const PREFIX: &str = "taken.";
/// When such a page is tried again.
const AGAIN: TimeDelta = TimeDelta::hours(24);

fn key(title: &str) -> String {
    // Names of memos are short; titles are not.
    format!("{PREFIX}{}", token("infobox-check", "", title))
}

/// Notes why a page (title with namespace) is left alone.
pub async fn note(run: &Run<Settings>, context: &Context, title: &str, why: &str) -> anyhow::Result<()> {
    tracing::warn!("{}: {}", terminal(title), terminal(why));
    let Some(fence) = run.fence() else { return Ok(()) };
    let (key, value, now) = (key(title), serde_json::to_string(&(title, why))?, context.now);
    run.db
        .fenced(&fence, "noting a page that is left alone", async |tx| {
            memo::set(tx, &key, &value, now).await
        })
        .await?;
    Ok(())
}

/// Whether a page refused an edit, or had been taken away, within the last day.
pub async fn is_left_alone(run: &Run<Settings>, context: &Context, title: &str) -> anyhow::Result<bool> {
    let key = key(title);
    let noted = run
        .db
        .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, &key).await)
        .await?;
    Ok(noted.is_some_and(|noted| context.now - noted.updated < AGAIN))
}
