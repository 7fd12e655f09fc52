//! Addresses close to the server of a link that they added. Servers are asked for after the edits are stored, so such an
//! edit is parked with its batch and judged again when the name server has answered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::change::Change;
use shared::core::hit::Rule;
use shared::core::types::RevId;
use shared::db::{FencedTx, hit, parked};
use shared::job::Run;
use shared::wiki::revisions;

use crate::judging;
use crate::readers::Readers;
use crate::settings::Settings;
use crate::sources::Seen;
use crate::{show, texts};

/// Begins the keys of parked edits.
const KEY: &str = "proximity ";
/// Edits looked at in one run.
const PER_RUN: u32 = 500;
/// After this time nobody waits for a name server any more.
const GIVE_UP: TimeDelta = TimeDelta::hours(24);
/// So long a name server that did not answer is left alone.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// A link by an address, of whose server nothing is known yet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// Key of the wiki.
    pub wiki: String,
    /// The edit.
    pub rev: RevId,
    /// The link key in its stored form.
    pub key: String,
}

/// Parks edits, in the transaction that stores them.
pub async fn park(
    tx: &mut FencedTx<'_>,
    pending: &[Pending],
    now: shared::core::types::Timestamp,
) -> shared::db::Result<()> {
    for ((wiki, rev), keys) in by_edit(pending.to_vec()) {
        let keys = serde_json::json!(keys.into_iter().take(50).collect::<Vec<_>>()).to_string();
        parked::park(tx, &format!("{KEY}{} {wiki}", rev.0), &keys, now, now).await?;
    }
    Ok(())
}

fn by_edit(pending: Vec<Pending>) -> BTreeMap<(String, RevId), BTreeSet<String>> {
    let mut edits: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for one in pending {
        edits.entry((one.wiki, one.rev)).or_default().insert(one.key);
    }
    edits
}

/// Judges the parked edits whose servers are known by now. Says how many hits came of it.
pub async fn look_again(run: &mut Run<Settings>, readers: &mut Readers) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let now = run.clock.now();
    let (job, home) = (run.editor.job, run.wiki.clone());
    let due = run
        .db
        .read(async |db| parked::due(db, job, &home, now, PER_RUN).await)
        .await?;
    let mut hits = 0;
    for item in due {
        let Some((wiki, rev)) = name(&item.item_key) else {
            continue;
        };
        if !run.goes_on().await? {
            break;
        }
        let keys: Vec<String> = serde_json::from_str(&item.reason).unwrap_or_default();
        let by = readers.by();
        let known = judging::known_addresses(&run.db, &keys).await?;
        let is_over = now - item.first_at > GIVE_UP;
        let found = match readers.known(wiki) {
            Some(reader) if !known.is_empty() => {
                let seen = seen(&reader.session, &[rev]).await?;
                let looked = texts::look(reader, seen).await?;
                let mut asked = judging::ask(reader, &run.db, &looked.edits).await?;
                let mut found = judging::judge(reader, &looked.edits, &mut asked, by.as_ref()).await?;
                // Of its other links everything was told before.
                let is_asked = |key: &Option<String>| key.as_ref().is_some_and(|key| keys.contains(key));
                found
                    .hits
                    .retain(|hit| hit.hit.rule == Rule::Proximity && is_asked(&hit.hit.key));
                Some(found.hits)
            }
            // No name server answered, or the wiki did not in this run, or it is not read any more.
            _ if !is_over => None,
            _ => Some(Vec::new()),
        };
        let (key, reason) = (&item.item_key, &item.reason);
        hits += run
            .db
            .fenced(&fence, "judging an edit again", async |tx| match &found {
                Some(found) => {
                    let new = hit::insert(tx, found, now).await?;
                    parked::clear(tx, key).await?;
                    Ok(new)
                }
                None => {
                    parked::park(tx, key, reason, now + AGAIN, now).await?;
                    Ok(0)
                }
            })
            .await?;
        if run.args.json {
            found.iter().flatten().for_each(show::json);
        }
    }
    Ok(hits)
}

/// Wiki and revision of a parked edit.
fn name(key: &str) -> Option<(&str, RevId)> {
    let (rev, wiki) = key.strip_prefix(KEY)?.split_once(' ')?;
    Some((wiki, RevId(rev.parse().ok()?)))
}

/// Revisions by their ids, as a source would tell of them; those that are gone are left out.
pub async fn seen(session: &shared::wiki::Session, revids: &[RevId]) -> anyhow::Result<Vec<Seen>> {
    let found = revisions(session, revids, false).await?;
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|revision| revision.revid);
    let seen = |revision: shared::core::change::Revision| Seen {
        change: Change {
            rcid: None,
            revid: revision.revid,
            parent: revision.parent,
            page_id: revision.page_id,
            ns: revision.ns,
            title: revision.title,
            user: revision.user,
            user_id: revision.user_id,
            editor: revision.editor,
            bot: false,
            minor: revision.minor,
            timestamp: revision.timestamp,
            tags: revision.tags,
            sha1: revision.sha1,
            comment: revision.comment,
            old_len: None,
            new_len: Some(revision.size),
            is_new: revision.parent.0 == 0,
            log: None,
        },
        links: None,
        who: None,
        wants_texts: true,
    };
    Ok(found.into_iter().map(seen).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_edits_are_found_again_by_their_key() {
        assert_eq!(
            name("proximity 17 en.example.org/w"),
            Some(("en.example.org/w", RevId(17)))
        );
        for other in ["proximity x en", "proximity 17", "log:17 en", ""] {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
