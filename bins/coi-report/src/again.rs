//! Edits that a source told of while their wiki did not answer: parked with the batch they came in, so that the stream
//! goes on and they are looked at later.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::types::{RevId, Timestamp};
use shared::db::{FencedTx, parked};

use crate::nearby::seen;
use crate::watch::Watch;

/// Begins the keys of parked edits.
const KEY: &str = "unread ";
/// Edits looked at again in one run.
const PER_RUN: u32 = 500;
/// Between two tries.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
/// After this time they are given up.
const GIVE_UP: TimeDelta = TimeDelta::days(7);

/// Parks edits, in the transaction that moves their source.
pub async fn park(tx: &mut FencedTx<'_>, wiki: &str, unread: &[RevId], now: Timestamp) -> shared::db::Result<()> {
    for rev in unread {
        parked::park(tx, &key(wiki, *rev), "its wiki did not answer", now + AGAIN, now).await?;
    }
    Ok(())
}

/// Removes edits that were looked at, in the transaction that stores what came of them.
pub async fn clear(tx: &mut FencedTx<'_>, wiki: &str, read: &[RevId]) -> shared::db::Result<()> {
    for rev in read {
        parked::clear(tx, &key(wiki, *rev)).await?;
    }
    Ok(())
}

fn key(wiki: &str, rev: RevId) -> String {
    format!("{KEY}{} {wiki}", rev.0)
}

impl Watch<'_> {
    /// Looks at parked edits of these wikis, each with the way to it.
    pub(crate) async fn again(&mut self, places: &crate::streams::Places) -> anyhow::Result<()> {
        let Some(fence) = self.run.fence() else { return Ok(()) };
        let (job, home, now) = (self.run.editor.job, self.run.wiki.clone(), self.run.clock.now());
        let due = self
            .run
            .db
            .read(async |db| parked::due(db, job, &home, now, PER_RUN).await)
            .await?;
        let mut by_wiki: BTreeMap<String, Vec<RevId>> = BTreeMap::new();
        for item in due.iter().filter(|item| item.item_key.starts_with(KEY)) {
            let parts = item.item_key[KEY.len()..].split_once(' ');
            let Some((rev, wiki)) = parts.and_then(|(rev, wiki)| Some((RevId(rev.parse().ok()?), wiki))) else {
                continue;
            };
            if now - item.first_at < GIVE_UP {
                by_wiki.entry(wiki.to_owned()).or_default().push(rev);
                continue;
            }
            let key = item.item_key.as_str();
            self.run
                .db
                .fenced(&fence, "giving an edit up", async |tx| {
                    parked::give_up(tx, key, "its wiki did not answer for a week").await
                })
                .await?;
            let error = anyhow::anyhow!("given up: the wiki did not answer for a week");
            self.run.item_error(key, &error).await;
        }
        for (wiki, revs) in by_wiki {
            if !self.goes_on().await? {
                return Ok(());
            }
            let Ok((session, namespaces)) = self.place(places, &wiki).await else {
                continue;
            };
            let found = match seen(&session, &revs).await {
                Ok(seen) => {
                    let count = seen.len() as u64;
                    self.look(&session, namespaces.as_deref(), seen, count).await
                }
                Err(error) => Err(error),
            };
            match found {
                Ok(mut outcome) => {
                    outcome.read_again = revs;
                    self.store(&[outcome], None).await?;
                }
                Err(error) => tracing::warn!("{wiki}: {error:#}"),
            }
        }
        Ok(())
    }
}
