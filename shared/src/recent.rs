//! How far the recent changes of a wiki were read, and what of the last minutes was handled: what the wiki said, never
//! our clock. For every job that reads `recentchanges` from a checkpoint.
//! <https://www.mediawiki.org/wiki/API:RecentChanges>

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::core::types::{RevId, Timestamp};
use crate::db::checkpoint;
use crate::job::Run;

/// Changes younger than this may not all be visible yet.
pub const MARGIN: Duration = Duration::from_secs(30);
/// Changes may show up late: so far behind the checkpoint they are read again, and those handled already are known by
/// their revision.
pub const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// Revisions remembered from the overlap.
const REMEMBERED: usize = 20_000;

/// Where the last run stopped: what the wiki said, never our clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Every change before this moment was handled.
    pub until: Timestamp,
    /// The moment of the first run: what is older is nobody's to report.
    pub start: Timestamp,
    /// Revisions handled since [`OVERLAP`] before it, with their times.
    pub handled: BTreeMap<RevId, Timestamp>,
}

impl Position {
    /// As it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let newest = self.handled.iter().rev().take(REMEMBERED);
        let handled: Vec<(u64, i64)> = newest.map(|(revid, at)| (revid.0, at.timestamp())).collect();
        json!({"until": self.until.to_rfc3339(), "start": self.start.to_rfc3339(), "handled": handled})
            .to_string()
            .into_bytes()
    }

    /// Reads a stored position.
    pub fn from_bytes(bytes: &[u8]) -> anyhow::Result<Position> {
        let value: Value = serde_json::from_slice(bytes).context("reading the stored checkpoint")?;
        let time = |key: &str| {
            let text = value[key].as_str().context("the stored checkpoint has no time")?;
            let time =
                chrono::DateTime::parse_from_rfc3339(text).context("reading the time of the stored checkpoint")?;
            anyhow::Ok(time.to_utc())
        };
        let handled = value["handled"].as_array().map(Vec::as_slice).unwrap_or_default();
        let handled = handled.iter().filter_map(|one| {
            let at = chrono::DateTime::from_timestamp(one[1].as_i64()?, 0)?;
            Some((RevId(one[0].as_u64()?), at))
        });
        Ok(Position {
            until: time("until")?,
            start: time("start")?,
            handled: handled.collect(),
        })
    }
}

/// How far before the checkpoint is read again. On a wiki that tests work on, a little is enough.
pub fn overlap(clock: Clock) -> TimeDelta {
    if clock.keeps_pauses() {
        OVERLAP
    } else {
        TimeDelta::seconds(30)
    }
}

/// The position stored under the name of a source, and the bytes in which it is stored. A real run takes the checkpoint
/// over; a dry one only reads it. Errs where the database does, and on bytes that are no position.
pub async fn position<S>(run: &Run<S>, source: &str) -> anyhow::Result<Option<(Position, Vec<u8>)>> {
    let Some(bytes) = stored(run, source).await? else {
        return Ok(None);
    };
    Ok(Some((Position::from_bytes(&bytes)?, bytes)))
}

/// The bytes stored under the name of a source; as [`position`].
pub async fn stored<S>(run: &Run<S>, source: &str) -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(fence) = run.fence() {
        return Ok(checkpoint::adopt(&run.db, &fence, source, run.clock.now()).await?);
    }
    let (job, wiki) = (run.editor.job, &run.wiki);
    let found = run
        .db
        .read_if_there(async |db| checkpoint::get(db, job, wiki, source).await)
        .await?;
    Ok(found.and_then(|checkpoint| checkpoint.pos))
}
