//! What a run leaves behind for the status page (which patterns cannot be run here), and its daily clean-up: hits and
//! entries of lists that are over.

use chrono::TimeDelta;
use serde_json::json;
use shared::core::types::Timestamp;
use shared::db::{hit, list, memo};
use shared::job::Run;

use crate::readers::Readers;
use crate::settings::Settings;

/// Name of the memo of what is not checked.
pub const NOT_CHECKED: &str = "not-checked";
/// Name of the memo of the last clean-up.
const CLEANED: &str = "cleaned";
/// Entries that ended stay so long for whoever asks what was there.
const ENDED: TimeDelta = TimeDelta::days(30);
/// Entries that are told.
const TOLD: usize = 50;

/// Stores it where it changed.
pub async fn note(run: &Run<Settings>, readers: &Readers) -> anyhow::Result<()> {
    let told: Vec<(&String, &String)> = readers.not_checked.iter().take(TOLD).collect();
    let told = match told.is_empty() {
        true => String::new(),
        false => json!({"entries": told, "all": readers.not_checked.len()}).to_string(),
    };
    set(run, NOT_CHECKED, &told).await
}

/// Removes hits that are older than the settings say, and entries that ended long ago; once a day.
pub async fn clean(run: &Run<Settings>) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let now = run.clock.now();
    let (job, wiki, today) = (run.editor.job, &run.wiki, now.date_naive().to_string());
    let known = run.db.read(async |db| memo::get(db, job, wiki, CLEANED).await).await?;
    if known.is_some_and(|memo| memo.value == today) {
        return Ok(());
    }
    let keep = run.accepted.parsed.settings.keep.hits;
    let gone = hit::prune(&run.db, wiki, now - keep).await?;
    run.db
        .fenced(&fence, "removing entries that ended", async |tx| {
            list::expire(tx, now - ENDED).await
        })
        .await?;
    if gone.hits > 0 {
        tracing::info!("removed {} hits older than {} days", gone.hits, keep.num_days());
    }
    set(run, CLEANED, &today).await
}

async fn set(run: &Run<Settings>, name: &'static str, value: &str) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (job, wiki, now): (_, _, Timestamp) = (run.editor.job, &run.wiki, run.clock.now());
    let known = run.db.read(async |db| memo::get(db, job, wiki, name).await).await?;
    if known.map(|memo| memo.value).unwrap_or_default() == value {
        return Ok(());
    }
    run.db
        .fenced(&fence, "noting what a run saw", async |tx| {
            memo::set(tx, name, value, now).await
        })
        .await?;
    Ok(())
}
