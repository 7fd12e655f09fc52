//! Hits into the database, each once, with the lines that tell of them.

use super::{MAX_SKIP, MAX_STRING, MAX_URL, NewHit, hash, subject_word};
use crate::author::{self, Author, UserKind};
use crate::bulk;
use crate::error::Result;
use crate::hit_line;
use crate::links::host_ip::to_bytes;
use crate::session::{Fields, FromFields, Session, at, bounded};
use crate::transaction::FencedTx;
use mysql_async::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;
use wikicrew_core::types::Timestamp;

/// What makes a hit unique on its home: wiki, revision, subject, rule, hash of the string.
type Key = (String, u64, String, String, Vec<u8>);

fn key(hit: &NewHit) -> Key {
    let found = &hit.hit;
    let (subject, rule) = (subject_word(found.subject), found.rule.word());
    (
        hit.wiki.clone(),
        hit.rev.0,
        subject.to_owned(),
        rule.to_owned(),
        hash(&found.string),
    )
}

/// What a hit's line is known by: wiki, UTC day, user and thing.
fn line_of(hit: &NewHit) -> String {
    let user = hit.user.as_ref().map_or("", |user| &user.name);
    let (subject, day) = (subject_word(hit.hit.subject), hit.ts.date_naive());
    format!("{}|{day}|{user}|{subject}|{}", hit.wiki, hit.hit.string)
}

/// Whether pages tell of it.
fn is_reported(hit: &NewHit) -> bool {
    hit.hit.skip.is_none() && hit.hit.is_shown && hit.user.is_some()
}

struct Known {
    rev: u64,
    subject: String,
    rule: String,
    hash: Vec<u8>,
}

impl FromFields for Known {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            rev: f.get("rev_id")?,
            subject: f.get("subject")?,
            rule: f.get("rule")?,
            hash: f.get("string_hash")?,
        })
    }
}

/// The hits of these revisions that are there. Handler reads: those, and one per revision.
async fn known(tx: &mut FencedTx<'_>, home: &str, hits: &[NewHit]) -> Result<HashSet<Key>> {
    const SQL: &str = "SELECT rev_id, subject, rule, string_hash FROM hit FORCE INDEX (by_hit) \
        WHERE home = ? AND wiki = ? AND rev_id IN (IDS)";
    let mut revs: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for hit in hits {
        revs.entry(&hit.wiki).or_default().insert(hit.rev.0);
    }
    let mut known = HashSet::new();
    for (wiki, revs) in revs {
        let (place, revs) = ([Value::from(home), Value::from(wiki)], Vec::from_iter(revs));
        let rows: Vec<Known> = bulk::select(tx.conn(), "asking for hits", SQL, &place, &revs, &[]).await?;
        let keys = rows
            .into_iter()
            .map(|row| (wiki.to_owned(), row.rev, row.subject, row.rule, row.hash));
        known.extend(keys);
    }
    Ok(known)
}

/// Stores hits; one that is there stays as it is. Lines for the page of the home and for that of the hit's own wiki are
/// made, or noted as no longer saying everything, for new hits that pages may show. Of each hit that was new: its place in
/// `hits` (the first one where several are the same) and its number, in the order of `hits`.
pub async fn insert(tx: &mut FencedTx<'_>, hits: &[NewHit], now: Timestamp) -> Result<Vec<(usize, u64)>> {
    let home = tx.fence().wiki.clone();
    let known = known(tx, &home, hits).await?;
    // One order in every process: rows locked crosswise would be a deadlock.
    let mut new: BTreeMap<Key, (usize, &NewHit)> = BTreeMap::new();
    for (index, hit) in hits.iter().enumerate() {
        let key = key(hit);
        if !known.contains(&key) {
            new.entry(key).or_insert((index, hit));
        }
    }
    let mut stored = Vec::with_capacity(new.len());
    for (key, (index, hit)) in &new {
        let values = values(&home, key, hit, now);
        let (key, more) = values.split_at(KEY_COLUMNS);
        stored.extend(ONCE.store(tx.conn(), key, more).await?.map(|id| (*index, id)));
    }
    stored.sort_unstable();
    let mut lines = BTreeMap::new();
    for (_, hit) in new.values().filter(|(_, hit)| is_reported(hit)) {
        let Some(user) = &hit.user else { continue };
        let key = line_of(hit);
        for target in BTreeSet::from([&*home, &*hit.wiki]) {
            let line = hit_line::NewLine {
                target,
                day: hit.ts.date_naive(),
                wiki: &hit.wiki,
                user,
                subject: hit.hit.subject,
                string: &hit.hit.string,
            };
            lines.insert((target, key.clone()), line);
        }
    }
    hit_line::touch(tx, &lines, now).await?;
    Ok(stored)
}

/// How many of a row's values are its key.
const KEY_COLUMNS: usize = 6;

const ONCE: bulk::Once = bulk::Once {
    what: "storing hits",
    insert: "INSERT INTO hit (home, wiki, rev_id, subject, rule, string_hash, string, rhost, matched, ut, tu, ratio, near, \
        words, url, times, skip, is_shown, is_reported, is_new, edits, ts, user_id, user_name, user_kind, user_ip, fades, \
        page_id, ns, title, settings_revid, recorded, line_key, user_hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE id = id",
    // Handler reads: one, by by_hit.
    there: "SELECT id AS value FROM hit FORCE INDEX (by_hit) WHERE home = ? AND wiki = ? AND rev_id = ? AND subject = ? \
        AND rule = ? AND string_hash = ?",
};

/// A row, the columns of the unique key first.
fn values(home: &str, key: &Key, new: &NewHit, now: Timestamp) -> Vec<Value> {
    let hit = &new.hit;
    let cut = |text: &str, max| Value::from(bounded(text, max).into_owned());
    let cut_opt = |text: &Option<String>, max| text.as_deref().map_or(Value::NULL, |text| cut(text, max));
    let score = |of: fn((f64, f64, f64)) -> f64| Value::from(hit.score.map(of).map(hundredths));
    let user = new.user.as_ref();
    let address = user
        .filter(|user| user.kind == UserKind::Address)
        .and_then(|user| user.name.parse::<IpAddr>().ok());
    let [user_id, user_name, user_kind] = author::values(user);
    vec![
        Value::from(home),
        Value::from(&new.wiki),
        Value::from(new.rev.0),
        Value::from(&key.2),
        Value::from(&key.3),
        Value::from(&key.4),
        cut(&hit.string, MAX_STRING),
        Value::from(&hit.key),
        cut_opt(&hit.matched, MAX_STRING),
        score(|score| score.0),
        score(|score| score.1),
        score(|score| score.2),
        Value::from(hit.near.map(hundredths)),
        Value::from(String::from_iter([hit.words.0, hit.words.1])),
        cut_opt(&hit.url, MAX_URL),
        Value::from(hit.times),
        cut_opt(&hit.skip, MAX_SKIP),
        Value::from(hit.is_shown),
        Value::from(is_reported(new)),
        Value::from(hit.is_new),
        Value::from(new.edits),
        at(new.ts),
        user_id,
        user_name,
        user_kind,
        Value::from(address.map(to_bytes)),
        fades(user),
        Value::from(new.page.0),
        Value::from(new.ns),
        Value::from(&new.title),
        Value::from(new.settings.0),
        at(now),
        Value::from(hash(&line_of(new))),
        Value::from(user.is_none()),
    ]
}

/// Percent in hundredths, as the columns hold it; what is no percentage at all is 0.
fn hundredths(percent: f64) -> u32 {
    // The cast saturates, and makes 0 of NaN.
    (percent * 100.0).round() as u32
}

/// Whether the name is one that is not kept for good.
pub(crate) fn fades(user: Option<&Author>) -> Value {
    match user.map(|user| user.kind) {
        Some(kind @ (UserKind::Temporary | UserKind::Address)) => Value::from(kind.word()),
        Some(UserKind::Account) | None => Value::NULL,
    }
}
