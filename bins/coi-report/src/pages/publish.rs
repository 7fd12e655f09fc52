//! Since when pages are written: what was recorded while `publish` was off goes to no page later.

use chrono::SubsecRound as _;
use shared::core::types::Timestamp;
use shared::db::memo;
use shared::job::Run;

use crate::settings::{Publish, Settings};

/// Name under which it is remembered.
const SINCE: &str = "publish-since";
/// What is remembered.
const ON: &str = "on";
/// See [`ON`].
const OFF: &str = "off";

/// Since when: the start of the run that first saw pages switched on; `None`: they are off. Either is remembered.
pub async fn since(run: &Run<Settings>) -> anyhow::Result<Option<Timestamp>> {
    let known = run
        .db
        .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, SINCE).await)
        .await?;
    let was_on = known.filter(|known| known.value == ON).map(|known| known.updated);
    let is_on = run.accepted.parsed.settings.publish == Publish::Pages;
    if is_on == was_on.is_some() {
        return Ok(was_on);
    }
    // The database counts whole seconds.
    let started = run.started.trunc_subsecs(0);
    if let Some(fence) = run.fence() {
        let word = if is_on { ON } else { OFF };
        run.db
            .fenced(&fence, "noting since when pages are written", async |tx| {
                memo::set(tx, SINCE, word, started).await
            })
            .await?;
    }
    Ok(is_on.then_some(started))
}

/// For a run that writes no pages: remembers that they are off.
pub async fn note_off(run: &Run<Settings>) -> anyhow::Result<()> {
    since(run).await.map(|_| ())
}
