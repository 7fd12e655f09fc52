//! Addresses close to the server of a link that they added. Servers are asked for after the edits are stored, so the
//! address and the links wait with their batch, and are compared here when the name server has answered. Only an edit
//! whose address is near is read again from its wiki.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::change::{Change, EditorKind};
use shared::core::hit::{Rule, shared_network};
use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::db::hit::NewHit;
use shared::db::{FencedTx, hit, parked};
use shared::wiki::{Ask, Kind, Session, changes, people, revisions};

use crate::again::{self, Item, Unread, is_the_end};
use crate::sources::Seen;
use crate::streams::Places;
use crate::watch::Watch;
use crate::{feed, judging, show, texts};

/// Begins the keys of parked edits.
const KEY: &str = "proximity ";
/// Edits compared in one run.
const PER_RUN: usize = 2_000;
/// Edits compared at once.
const AT_ONCE: usize = 200;
/// After this time nobody waits for a name server any more.
const GIVE_UP: TimeDelta = TimeDelta::hours(24);
/// So long a name server, or a wiki, that did not answer is left alone.
const AGAIN: TimeDelta = TimeDelta::hours(1);
/// Bytes of link keys in one parked item; an edit with more has more items.
const KEY_BYTES: usize = 6_000;

/// A link by an address, of whose server nothing is known yet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pending {
    /// Key of the wiki.
    pub wiki: String,
    /// The edit.
    pub rev: RevId,
    /// Who made it.
    pub address: IpAddr,
    /// The link key in its stored form.
    pub key: String,
}

/// What is parked: all that the rule compares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Waiting {
    address: IpAddr,
    keys: BTreeSet<String>,
}

/// Parks edits, in the transaction that stores them.
pub async fn park(tx: &mut FencedTx<'_>, pending: &[Pending], now: Timestamp) -> shared::db::Result<()> {
    for (key, waiting) in items(pending) {
        parked::park(tx, &key, &waiting.text(), now, now).await?;
    }
    Ok(())
}

/// What is parked, by key.
fn items(pending: &[Pending]) -> Vec<(String, Waiting)> {
    let mut edits: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for one in pending {
        let edit = (&one.wiki, one.rev, one.address);
        edits.entry(edit).or_default().insert(&one.key);
    }
    let mut items = Vec::new();
    for ((wiki, rev, address), keys) in edits {
        let name = again::key(KEY, wiki, rev);
        let mut parts: Vec<BTreeSet<String>> = vec![BTreeSet::new()];
        let mut bytes = 0;
        for key in keys {
            if bytes + key.len() > KEY_BYTES && bytes > 0 {
                parts.push(BTreeSet::new());
                bytes = 0;
            }
            // With the quotation marks and the comma.
            bytes += key.len() + 3;
            if let Some(part) = parts.last_mut() {
                part.insert(key.to_owned());
            }
        }
        for (n, keys) in (1..).zip(parts) {
            let name = match n {
                1 => name.clone(),
                n => format!("{name} {n}"),
            };
            items.push((name, Waiting { address, keys }));
        }
    }
    items
}

impl Waiting {
    fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The links that are near by these answers, and those that nothing is known of yet.
    fn compare(&self, known: &HashMap<String, Vec<IpAddr>>, bits: (u8, u8)) -> (BTreeSet<String>, BTreeSet<String>) {
        let is_near = |server: &IpAddr| shared_network(self.address, *server, bits).is_some();
        let (mut near, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        for key in &self.keys {
            match known.get(key) {
                Some(servers) if servers.iter().any(is_near) => near.insert(key.clone()),
                Some(_) => false,
                None => unknown.insert(key.clone()),
            };
        }
        (near, unknown)
    }
}

/// Sessions of wikis that are asked here, with their namespaces; `None`: the wiki did not answer in this run.
type Open = HashMap<String, Option<(Session, Option<Vec<i32>>)>>;

/// What becomes of a parked item.
enum Next {
    /// Nothing more is waited for.
    Done,
    /// These links go on waiting.
    Wait(BTreeSet<String>),
}

impl Watch<'_> {
    /// Compares parked addresses with the servers that are known by now. Says how many hits came of it.
    pub(crate) async fn near(&mut self) -> anyhow::Result<u64> {
        let items = match self.run.fence() {
            Some(_) => self.due(KEY, PER_RUN).await?,
            None => Vec::new(),
        };
        let mut places: Option<Places> = None;
        let mut open = Open::new();
        let mut hits = 0;
        for some in items.chunks(AT_ONCE) {
            if !self.run.goes_on().await? {
                break;
            }
            hits += self.compare(some, &mut places, &mut open).await?;
        }
        Ok(hits)
    }

    async fn compare(&mut self, items: &[Item], places: &mut Option<Places>, open: &mut Open) -> anyhow::Result<u64> {
        let Some(fence) = self.run.fence() else { return Ok(0) };
        let now = self.run.clock.now();
        let bits = self.run.accepted.parsed.settings.config.proximity;
        let read = |item: &Item| serde_json::from_str::<Waiting>(&item.parked.reason).ok();
        let waiting: Vec<(&Item, Option<Waiting>)> = items.iter().map(|item| (item, read(item))).collect();
        let keys: BTreeSet<&String> = waiting
            .iter()
            .filter_map(|(_, of)| of.as_ref())
            .flat_map(|of| &of.keys)
            .collect();
        let keys: Vec<String> = keys.into_iter().cloned().collect();
        let known = judging::known_addresses(&self.run.db, &keys).await?;
        let mut next: Vec<(&Item, Option<Waiting>, Next)> = Vec::new();
        let mut new = 0;
        for (item, waiting) in waiting {
            let Some(waiting) = waiting else {
                next.push((item, None, Next::Done));
                continue;
            };
            let age = now - item.parked.first_at;
            let (near, unknown) = waiting.compare(&known, bits);
            let rest = match unknown.is_empty() || age > GIVE_UP {
                true => Next::Done,
                false => Next::Wait(unknown.clone()),
            };
            if near.is_empty() {
                next.push((item, Some(waiting), rest));
                continue;
            }
            if !self.run.goes_on().await? {
                break;
            }
            let judged = match self.judge_near(item, &near, places, open).await {
                Ok(found) => {
                    let (host, feeds) = (self.run.session.host(), &self.run.accepted.parsed.settings.feeds);
                    let stored = async |tx: &mut FencedTx<'_>| {
                        let new = hit::insert(tx, &found, now).await?;
                        let queued = feed::enqueue(tx, host, feeds, &found, &new, now).await?;
                        go_on(tx, item, Some(&waiting), &rest, now).await?;
                        Ok((new.len() as u64, queued))
                    };
                    let stored = self.run.db.fenced(&fence, "judging an edit again", stored).await;
                    stored.map(|new| (found, new)).map_err(anyhow::Error::from)
                }
                Err(error) => Err(error),
            };
            match judged {
                Ok((found, stored)) => {
                    new += stored.0;
                    self.tally.queued += stored.1;
                    if self.run.args.json {
                        show::hits(self.run, found.iter()).await?;
                    }
                }
                Err(error) if is_the_end(&error) => return Err(error),
                Err(_) if age > again::GIVE_UP => self.give_up(&fence, &item.parked).await?,
                Err(error) => {
                    // One that is slow to fail is not asked for each of its edits.
                    open.insert(item.wiki.clone(), None);
                    let (wiki, rev, why) = (terminal(&item.wiki), item.rev, format!("{error:#}"));
                    tracing::warn!("{wiki}: revision {rev} is judged again later: {}", terminal(&why));
                    let keys = near.into_iter().chain(unknown).collect();
                    next.push((item, Some(waiting), Next::Wait(keys)));
                }
            }
        }
        self.run
            .db
            .fenced(&fence, "parking edits again", async |tx| {
                for (item, waiting, next) in &next {
                    go_on(tx, item, waiting.as_ref(), next, now).await?;
                }
                Ok(())
            })
            .await?;
        Ok(new)
    }

    /// Reads an edit again and judges it by everything that is known now. Of its other links everything was told before.
    async fn judge_near(
        &mut self,
        item: &Item,
        near: &BTreeSet<String>,
        places: &mut Option<Places>,
        open: &mut Open,
    ) -> anyhow::Result<Vec<NewHit>> {
        let (session, namespaces) = match open.get(&item.wiki) {
            Some(Some(known)) => known.clone(),
            Some(None) => anyhow::bail!("the wiki did not answer before"),
            None => {
                // Until it is known better.
                open.insert(item.wiki.clone(), None);
                let found = match self.readers.known(&item.wiki) {
                    Some(reader) => (reader.session.clone(), Some(reader.namespaces.clone())),
                    None => {
                        let places = match places {
                            Some(places) => places,
                            None => places.insert(self.every_place().await?),
                        };
                        self.place(places, &item.wiki).await?
                    }
                };
                open.insert(item.wiki.clone(), Some(found.clone()));
                found
            }
        };
        let is_bot = false; // Bots are not parked.
        let seen = revised(&session, &[Unread { rev: item.rev, is_bot }]).await?;
        let by = self.readers.by();
        let reader = self.readers.of(&session, namespaces.as_deref()).await?;
        let looked = texts::look(reader, seen).await?;
        let mut asked = judging::ask(reader, &self.run.db, &looked.edits).await?;
        let found = judging::judge(reader, &looked.edits, &mut asked, by.as_ref()).await?;
        let mut hits = found.hits;
        let is_near = |key: &Option<String>| key.as_ref().is_some_and(|key| near.contains(key));
        hits.retain(|hit| hit.hit.rule == Rule::Proximity && is_near(&hit.hit.key));
        Ok(hits)
    }
}

/// Removes a parked item, or parks again what is still waited for.
async fn go_on(
    tx: &mut FencedTx<'_>,
    item: &Item,
    waiting: Option<&Waiting>,
    next: &Next,
    now: Timestamp,
) -> shared::db::Result<()> {
    let key = &item.parked.item_key;
    match (waiting, next) {
        (Some(waiting), Next::Wait(keys)) => {
            let (address, keys) = (waiting.address, keys.clone());
            parked::park(tx, key, &Waiting { address, keys }.text(), now + AGAIN, now).await
        }
        _ => parked::clear(tx, key).await,
    }
}

/// Revisions by their ids, as a source would tell of them; those that are gone are left out. Whether a bot made one, its
/// source said.
pub async fn revised(session: &Session, edits: &[Unread]) -> anyhow::Result<Vec<Seen>> {
    let bots: BTreeSet<RevId> = edits.iter().filter(|edit| edit.is_bot).map(|edit| edit.rev).collect();
    let revids: Vec<RevId> = edits.iter().map(|edit| edit.rev).collect();
    let found = revisions(session, &revids, false).await?;
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
            bot: bots.contains(&revision.revid),
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

/// As [`revised`], for edits of which no source told anything: whether a bot made one, the wiki's recent changes say, and
/// of an older edit the groups that its author has now. Up to two requests for each edit of an account.
pub async fn seen(session: &Session, revids: &[RevId]) -> anyhow::Result<Vec<Seen>> {
    let edit = |rev: &RevId| Unread {
        rev: *rev,
        is_bot: false,
    };
    let edits: Vec<Unread> = revids.iter().map(edit).collect();
    let mut found = revised(session, &edits).await?;
    for change in found.iter_mut().map(|seen| &mut seen.change) {
        let Some(user) = change.user.clone().filter(|_| change.editor == EditorKind::Named) else {
            continue;
        };
        let ask = Ask {
            kinds: &[Kind::Edits],
            overlap: TimeDelta::zero(),
            margin: TimeDelta::zero(),
            max: 1,
            ..Ask::new(change.timestamp, &[])
        };
        let recent = changes(session, &ask).await?.items;
        let is_it = |recent: &&Change| recent.revid == change.revid && recent.rcid.is_some();
        change.bot = match recent.iter().find(is_it) {
            Some(told) => told.bot,
            None => {
                let facts = people::local(session, &[user.as_str()]).await?;
                let mut groups = facts.get(&user).into_iter().flat_map(|facts| &facts.groups);
                groups.any(|group| group == "bot")
            }
        };
    }
    Ok(found)
}

#[cfg(test)]
#[path = "nearby_tests.rs"]
mod tests;
