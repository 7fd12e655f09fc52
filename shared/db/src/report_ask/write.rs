//! Asks stored, served, tried again, given up and forgotten.

use super::{NewAsk, Outcome, Reason};
use crate::bulk;
use crate::connect::Db;
use crate::error::Result;
use crate::session::{One, Session, at, bounded, list};
use crate::transaction::{FencedTx, Tx};
use chrono::TimeDelta;
use mysql_async::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use wikicrew_core::report::{Kind, Subject};
use wikicrew_core::types::Timestamp;

/// Width of the column `origin`, in bytes.
const MAX_ORIGIN: usize = 64;
/// Longest stored name, key of a requester and key of a subject, in bytes.
const MAX_NAME: usize = 255;
/// Longest stored detail, in bytes.
const MAX_DETAIL: usize = 1_024;
/// Longest stored error, in bytes.
const MAX_ERROR: usize = 8_000;

/// Stores asks; one whose origin was ever stored for its subject changes nothing. A subject that could not be read back
/// (a user without a name, a name of more than 255 bytes) has no report and is left out. How many were new.
pub async fn ask(tx: &mut FencedTx<'_>, asks: &[NewAsk], now: Timestamp) -> Result<u64> {
    let asks: Vec<(&NewAsk, Timestamp)> = asks.iter().map(|ask| (ask, now)).collect();
    store(tx, &asks, now).await
}

/// As [`ask`], each not to be tried before its moment, and none where one for the same reason waits for its subject: what
/// waits will tell of this, too.
pub async fn ask_unless_waiting(tx: &mut FencedTx<'_>, asks: &[(NewAsk, Timestamp)], now: Timestamp) -> Result<u64> {
    let place = |ask: &NewAsk| (ask.home.clone(), ask.subject.kind(), ask.reason);
    let mut new = Vec::new();
    for some in asks.chunks(bulk::SLICE) {
        for of_home in some.chunk_by(|(a, _), (b, _)| place(a) == place(b)) {
            let waits = waits(tx, of_home).await?;
            let is_new = |(ask, _): &&(NewAsk, Timestamp)| !waits.contains(&ask.subject.key());
            new.extend(of_home.iter().filter(is_new).map(|(ask, at)| (ask, *at)));
        }
    }
    store(tx, &new, now).await
}

/// The keys of those subjects for which an ask waits, all asks being of one home, kind and reason. Handler reads: the
/// asks that wait for them, each twice.
async fn waits(tx: &mut FencedTx<'_>, asks: &[(NewAsk, Timestamp)]) -> Result<HashSet<String>> {
    let Some((first, _)) = asks.first() else {
        return Ok(HashSet::new());
    };
    let sql = format!(
        "SELECT subject AS value FROM report_ask FORCE INDEX (by_waiting) WHERE home = ? AND served_at IS NULL \
         AND kind = ? AND subject IN ({}) AND reason = ?",
        list("?", asks.len())
    );
    let mut values = vec![Value::from(&first.home), Value::from(first.subject.kind().word())];
    values.extend(asks.iter().map(|(ask, _)| Value::from(ask.subject.key())));
    values.push(Value::from(first.reason.word()));
    let what = "asking what waits already";
    let found: Vec<One<String>> = tx.conn().rows(what, &sql, values).await?;
    Ok(found.into_iter().map(|One(key)| key).collect())
}

async fn store(tx: &mut FencedTx<'_>, asks: &[(&NewAsk, Timestamp)], now: Timestamp) -> Result<u64> {
    // One order in every process: rows locked crosswise would be a deadlock.
    let mut rows: BTreeMap<(&str, Kind, String, String), (&NewAsk, Timestamp)> = BTreeMap::new();
    for &(ask, not_before) in asks {
        let (kind, key) = (ask.subject.kind(), ask.subject.key());
        // One such row would stop everybody's from being read.
        if key.len() <= MAX_NAME && Subject::from_key(kind, &key).as_ref() == Some(&ask.subject) {
            let key = (&*ask.home, kind, key, origin(&ask.origin));
            rows.entry(key).or_insert((ask, not_before));
        }
    }
    const ONCE: bulk::Once = bulk::Once {
        what: "storing what asks for reports",
        insert: "INSERT INTO report_ask (home, kind, subject, origin, requester, requester_name, reason, detail, \
            asked_at, next_try) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE id = id",
        // Handler reads: one, by by_origin.
        there: "SELECT id AS value FROM report_ask WHERE home = ? AND kind = ? AND subject = ? AND origin = ?",
    };
    let cut = |text: &Option<String>, max| Value::from(text.as_deref().map(|text| bounded(text, max).into_owned()));
    let mut new = 0;
    for ((home, kind, subject, origin), (ask, not_before)) in rows {
        let key = [
            Value::from(home),
            Value::from(kind.word()),
            Value::from(subject),
            Value::from(origin),
        ];
        let more = [
            cut(&ask.requester, MAX_NAME),
            cut(&ask.requester_name, MAX_NAME),
            Value::from(ask.reason.word()),
            cut(&ask.detail, MAX_DETAIL),
            at(now),
            at(not_before.max(now)),
        ];
        new += u64::from(ONCE.store(tx.conn(), &key, &more).await?.is_some());
    }
    Ok(new)
}

/// The origin as it is stored: what is too long, or as long as a hash, as 64 hexadecimal digits.
fn origin(origin: &str) -> String {
    if origin.len() < MAX_ORIGIN {
        return origin.to_owned();
    }
    Sha256::digest(origin.as_bytes())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes everything");
            hex
        })
}

/// These asks were served, and wait no longer; one that does not wait stays as it is. How many waited.
pub async fn served(tx: &mut FencedTx<'_>, ids: &[u64], outcome: Outcome, now: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE report_ask SET served_at = ?, outcome = ?, error = NULL \
        WHERE id IN (IDS) AND served_at IS NULL";
    let values = [at(now), Value::from(outcome.word())];
    change(tx, "noting that asks were served", SQL, &values, ids).await
}

/// Serving these asks failed: they wait until then. The error is cut at 8,000 bytes. How many waited.
pub async fn failed(tx: &mut FencedTx<'_>, ids: &[u64], error: &str, next_try: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE report_ask SET tries = tries + 1, next_try = ?, error = ? \
        WHERE id IN (IDS) AND served_at IS NULL";
    let values = [at(next_try), Value::from(bounded(error, MAX_ERROR).into_owned())];
    change(tx, "noting that serving asks failed", SQL, &values, ids).await
}

/// These asks wait until then, for no failure of theirs. How many waited.
pub async fn postpone(tx: &mut FencedTx<'_>, ids: &[u64], next_try: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE report_ask SET next_try = ? WHERE id IN (IDS) AND served_at IS NULL";
    change(tx, "noting that asks come later", SQL, &[at(next_try)], ids).await
}

/// These asks are not tried again; how many waited. The error stays with them.
pub async fn give_up(tx: &mut FencedTx<'_>, ids: &[u64], error: &str, now: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE report_ask SET tries = tries + 1, served_at = ?, outcome = ?, error = ? \
        WHERE id IN (IDS) AND served_at IS NULL";
    let values = [
        at(now),
        Value::from(Outcome::GivenUp.word()),
        Value::from(bounded(error, MAX_ERROR).into_owned()),
    ];
    change(tx, "giving up asks", SQL, &values, ids).await
}

async fn change(tx: &mut FencedTx<'_>, what: &'static str, sql: &str, values: &[Value], ids: &[u64]) -> Result<u64> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    bulk::run(tx.conn(), what, sql, values, &ids, &[]).await
}

/// Erases who asked, with the details; the asks stay. For somebody who is to be named nowhere, or has vanished. How many
/// asks there were.
pub async fn forget_requester(tx: &mut Tx<'_>, home: &str, requester: &str) -> Result<u64> {
    // Not NULL: that would be a rule. Handler reads: the requester's asks.
    const SQL: &str = "UPDATE report_ask FORCE INDEX (by_requester) SET requester = '', requester_name = NULL, \
        detail = NULL WHERE home = ? AND requester = ?";
    let values = vec![Value::from(home), Value::from(requester)];
    let what = "erasing who asked for reports";
    Ok(tx.conn().run(what, SQL, values).await?.affected)
}

/// Asks of rules that were not served before they were this old are not served any more: whoever adds the link now asks
/// anew. How many there were.
pub async fn expire_rules(tx: &mut FencedTx<'_>, home: &str, before: Timestamp, now: Timestamp) -> Result<u64> {
    // Handler reads: the asks that wait.
    const SQL: &str = "UPDATE report_ask FORCE INDEX (by_waiting) SET served_at = ?, outcome = ? WHERE home = ? \
        AND served_at IS NULL AND requester IS NULL AND reason = ? AND asked_at < ?";
    let values = vec![
        at(now),
        Value::from(Outcome::Left.word()),
        Value::from(home),
        Value::from(Reason::Rule.word()),
        at(before),
    ];
    Ok(tx
        .conn()
        .run("letting old asks of rules go", SQL, values)
        .await?
        .affected)
}

/// How far back [`prune`] looks for asks that are kept for a short time only.
const SHORT_AGO: TimeDelta = TimeDelta::days(60);

/// Erases the name of one of those who share a requester's key, with the details; the asks stay. How many there were.
pub async fn forget_guest(tx: &mut Tx<'_>, home: &str, requester: &str, name: &str) -> Result<u64> {
    // Handler reads: the asks of all of them.
    const SQL: &str = "UPDATE report_ask FORCE INDEX (by_requester) SET requester_name = NULL, detail = NULL \
        WHERE home = ? AND requester = ? AND requester_name = ?";
    let values = vec![Value::from(home), Value::from(requester), Value::from(name)];
    let what = "erasing who asked for reports";
    Ok(tx.conn().run(what, SQL, values).await?.affected)
}

/// Removes asks, of every home, that were served or given up before `before`; those that come again and again
/// ([`Reason::SHORT`]) before `short`. How many. From then on the same origin can be stored again: both must be older
/// than anything that is still looked at.
pub async fn prune(db: &Db, before: Timestamp, short: Timestamp) -> Result<u64> {
    // Handler reads: what is removed, and one.
    const ALL: &str = "DELETE FROM report_ask WHERE served_at < ? ORDER BY served_at, id LIMIT ?";
    // Handler reads: for each thousand that is removed what was served in those 60 days.
    let some = format!(
        "DELETE FROM report_ask WHERE served_at >= ? AND served_at < ? AND reason IN ({}) \
         ORDER BY served_at, id LIMIT ?",
        list("?", Reason::SHORT.len())
    );
    let mut values = vec![at(short - SHORT_AGO), at(short)];
    values.extend(Reason::SHORT.map(|reason| Value::from(reason.word())));
    Ok(remove(db, ALL, vec![at(before)]).await? + remove(db, &some, values).await?)
}

async fn remove(db: &Db, sql: &str, mut values: Vec<Value>) -> Result<u64> {
    const SLICE: u64 = 1_000;
    const WHAT: &str = "removing old asks";
    values.push(Value::from(SLICE));
    let mut sum = 0;
    loop {
        let done = db
            .transaction(WHAT, async |tx| {
                Ok(tx.conn().run(WHAT, sql, values.clone()).await?.affected)
            })
            .await?;
        sum += done;
        if done < SLICE {
            return Ok(sum);
        }
    }
}
