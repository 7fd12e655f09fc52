//! Pages that people took away, or that refuse the bot's edits: left alone, told on the status page, tried again once a
//! day at most. Nothing is forced.

use chrono::TimeDelta;

use crate::core::intent::token;
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::db::memo;
use crate::job::Run;

/// Begins the names under which it is remembered; the value is the title with namespace and the reason, as JSON.
pub const PREFIX: &str = "taken.";
/// When such a page is tried again.
const AGAIN: TimeDelta = TimeDelta::hours(24);

fn key(job: &str, title: &str) -> String {
    // Names of memos are short; titles are not.
    format!("{PREFIX}{}", token(job, "", title))
}

/// Notes why a page (title with namespace) is left alone.
pub async fn note<S>(run: &Run<S>, now: Timestamp, title: &str, why: &str) -> anyhow::Result<()> {
    tracing::warn!("{}: {}", terminal(title), terminal(why));
    let Some(fence) = run.fence() else { return Ok(()) };
    let (key, value) = (key(run.editor.job, title), serde_json::to_string(&(title, why))?);
    run.db
        .fenced(&fence, "noting a page that is left alone", async |tx| {
            memo::set(tx, &key, &value, now).await
        })
        .await?;
    Ok(())
}

/// Whether a page refused an edit, or had been taken away, within the last day.
pub async fn is_left_alone<S>(run: &Run<S>, now: Timestamp, title: &str) -> anyhow::Result<bool> {
    let key = key(run.editor.job, title);
    let noted = run
        .db
        .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, &key).await)
        .await?;
    Ok(noted.is_some_and(|noted| now - noted.updated < AGAIN))
}
