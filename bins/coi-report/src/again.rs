//! Edits that a source told of while their wiki did not answer: parked with the batch they came in, so that the stream
//! goes on and they are looked at later. Parked edits of all kinds are found here.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::db::parked::{self, Due, Parked};
use shared::db::{Fence, FencedTx};
use shared::job::ends_run;
use shared::wiki::Session;

use crate::batch::Outcome;
use crate::nearby::revised;
use crate::settings::{WatchedWiki, Wikis};
use crate::streams::Places;
use crate::watch::{Watch, is_ours};

/// An edit that could not be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unread {
    /// The edit.
    pub rev: RevId,
    /// Whether the source said that a bot made it, which the edit itself does not say.
    pub is_bot: bool,
}

/// Why edits are parked: people's and those of bots.
const REASON: [&str; 2] = ["its wiki did not answer", "its wiki did not answer; a bot's edit"];
/// Begins the keys of parked edits.
const KEY: &str = "unread ";
/// Edits looked at again in one run.
const PER_RUN: usize = 500;
/// Items read from the database at once.
const AT_ONCE: u32 = 500;
/// Before the second try; before each later one twice as long as before the one before it.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
/// How often that is doubled: up to about five hours.
const DOUBLED: u32 = 5;
/// After this time they are given up.
pub const GIVE_UP: TimeDelta = TimeDelta::days(7);

/// Parks edits, in the transaction that moves their source.
pub async fn park(tx: &mut FencedTx<'_>, wiki: &str, unread: &[Unread], now: Timestamp) -> shared::db::Result<()> {
    for edit in unread {
        let reason = REASON[usize::from(edit.is_bot)];
        parked::park(tx, &key(KEY, wiki, edit.rev), reason, now + AGAIN, now).await?;
    }
    Ok(())
}

/// Removes edits that were looked at, in the transaction that stores what came of them.
pub async fn clear(tx: &mut FencedTx<'_>, wiki: &str, read: &[RevId]) -> shared::db::Result<()> {
    for rev in read {
        parked::clear(tx, &key(KEY, wiki, *rev)).await?;
    }
    Ok(())
}

/// The key of a parked edit.
pub fn key(kind: &str, wiki: &str, rev: RevId) -> String {
    format!("{kind}{} {wiki}", rev.0)
}

/// Wiki and revision of a parked edit of this kind.
fn name<'k>(kind: &str, key: &'k str) -> Option<(&'k str, RevId)> {
    let (rev, wiki) = key.strip_prefix(kind)?.split_once(' ')?;
    // More parts of one edit have a number behind the wiki.
    let wiki = wiki.split(' ').next()?;
    Some((wiki, RevId(rev.parse().ok()?)))
}

/// When to try again what failed so many times.
fn next_try(attempts: u32, now: Timestamp) -> Timestamp {
    now + AGAIN * 2_i32.pow(attempts.min(DOUBLED))
}

/// A parked edit.
pub struct Item {
    /// Key of its wiki.
    pub wiki: String,
    /// The edit.
    pub rev: RevId,
    /// As it is stored.
    pub parked: Parked,
}

/// Whether an error leaves nothing to go on with: the run is to end, or the database does not work.
pub fn is_the_end(error: &anyhow::Error) -> bool {
    is_ours(error) && ends_run(error)
}

impl Watch<'_> {
    /// Parked edits of one kind that are due, on wikis of this part of the work.
    pub(crate) async fn due(&self, kind: &str, most: usize) -> anyhow::Result<Vec<Item>> {
        let (job, home, now) = (self.run.editor.job, &self.run.wiki, self.run.clock.now());
        let mut items: Vec<Item> = Vec::new();
        let mut last: Option<(Timestamp, String)> = None;
        loop {
            let due = Due {
                prefix: kind,
                now,
                after: last.as_ref().map(|(at, key)| (*at, key.as_str())),
                limit: AT_ONCE,
            };
            let found = self
                .run
                .db
                .read(async |db| parked::due(db, job, home, due).await)
                .await?;
            let is_all = found.len() < AT_ONCE as usize;
            last = found.last().map(|item| (item.next_try, item.item_key.clone()));
            for parked in found {
                if let Some((wiki, rev)) = name(kind, &parked.item_key)
                    && self.flags.has(wiki)
                {
                    let wiki = wiki.to_owned();
                    items.push(Item { wiki, rev, parked });
                }
            }
            if is_all || items.len() >= most {
                items.truncate(most);
                return Ok(items);
            }
        }
    }

    /// The way to every watched wiki.
    pub(crate) async fn every_place(&self) -> anyhow::Result<Places> {
        match &self.run.accepted.parsed.settings.wikis {
            Wikis::List(list) => self.places(Some(&list.iter().collect::<Vec<&WatchedWiki>>())).await,
            Wikis::All => self.places(None).await,
        }
    }

    /// Notes that an edit was in vain looked at for a week.
    pub(crate) async fn give_up(&mut self, fence: &Fence, item: &Parked) -> anyhow::Result<()> {
        const WHY: &str = "given up: its wiki did not answer for a week, or is not read any more";
        let key = item.item_key.as_str();
        self.run
            .db
            .fenced(fence, "giving an edit up", async |tx| {
                parked::give_up(tx, key, WHY).await
            })
            .await?;
        self.run.item_error(key, &anyhow::anyhow!(WHY)).await;
        Ok(())
    }

    /// Looks at edits whose wikis did not answer before. A wiki that still does not answer keeps no other one waiting.
    pub(crate) async fn again(&mut self) -> anyhow::Result<()> {
        let Some(fence) = self.run.fence() else { return Ok(()) };
        let now = self.run.clock.now();
        let mut by_wiki: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for item in self.due(KEY, PER_RUN).await? {
            match now - item.parked.first_at < GIVE_UP {
                true => by_wiki.entry(item.wiki.clone()).or_default().push(item),
                false => self.give_up(&fence, &item.parked).await?,
            }
        }
        if by_wiki.is_empty() {
            return Ok(());
        }
        let places = self.every_place().await;
        for (wiki, items) in by_wiki {
            if !self.goes_on().await? {
                return Ok(());
            }
            let read = match &places {
                Ok(places) => self.read_again(places, &wiki, &items).await,
                Err(error) => Err(anyhow::anyhow!("{error:#}")),
            };
            let stored = match read {
                Ok(outcome) => self.store(&[outcome], None).await,
                Err(error) => Err(error),
            };
            let Err(error) = stored else { continue };
            if is_the_end(&error) {
                return Err(error);
            }
            let (wiki, count) = (terminal(&wiki), items.len());
            let why = format!("{error:#}");
            tracing::warn!("{wiki}: {count} edits are looked at later: {}", terminal(&why));
            self.run
                .db
                .fenced(&fence, "parking edits again", async |tx| {
                    for item in items.iter().map(|item| &item.parked) {
                        let next = next_try(item.attempts, now);
                        parked::park(tx, &item.item_key, &item.reason, next, now).await?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }

    async fn read_again(&mut self, places: &Places, wiki: &str, items: &[Item]) -> anyhow::Result<Outcome> {
        let (session, namespaces) = self.place(places, wiki).await?;
        let unread = |item: &Item| Unread {
            rev: item.rev,
            is_bot: item.parked.reason == REASON[1],
        };
        let edits: Vec<Unread> = items.iter().map(unread).collect();
        let mut outcome = self.look_at(&session, namespaces.as_deref(), &edits).await?;
        outcome.read_again = edits.iter().map(|edit| edit.rev).collect();
        Ok(outcome)
    }

    async fn look_at(
        &mut self,
        session: &Session,
        namespaces: Option<&[i32]>,
        edits: &[Unread],
    ) -> anyhow::Result<Outcome> {
        let found = revised(session, edits).await?;
        let found = self.watched(session, namespaces, found).await?;
        let count = found.len() as u64;
        self.look(session, namespaces, found, count).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_edits_are_found_again_by_their_key() {
        let wiki = "en.example.org/w";
        assert_eq!(name(KEY, &key(KEY, wiki, RevId(17))), Some((wiki, RevId(17))));
        assert_eq!(name("near ", "near 17 en.example.org/w 2"), Some((wiki, RevId(17))));
        for other in ["unread x en", "unread 17", "near 17 en", "log:17 en", ""] {
            assert_eq!(name(KEY, other), None, "{other}");
        }
    }

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_some_hours() {
        let now = Timestamp::UNIX_EPOCH;
        let waits = [1, 2, 5, 6, 1_000].map(|attempts| (next_try(attempts, now) - now).num_minutes());
        assert_eq!(waits, [20, 40, 320, 320, 320]);
    }
}
