//! Link additions into the database, each revision once, however often and in whatever order it is read.
//!
//! A revision is known by its own key: what is stored already is passed over before anything is touched. The rest of a
//! batch goes, with all counters, into one transaction that is fenced by the run's epoch and holds its wikis' rows: who
//! stores the same wiki at the same time, even another run or a COMMIT that is still under way, goes first or after,
//! never beside. What a job makes of the batch, such as hits and its checkpoint, goes into that transaction too; and
//! by what the transaction notes of itself it is known whether a COMMIT without an answer was one.

use super::counters::{Counters, insert};
use super::known::{Key, anywhere, nearby};
use super::mark;
use super::names::Names;
use super::placed::{Addition, Placed, place, strange, unfit};
use super::restored::{split, take_out};
use super::since;
use super::values::Values;
use crate::connect::{Conn, Db};
use crate::error::{Error, Result};
use crate::lease::Fence;
use crate::session::Session;
use crate::transaction::{ATTEMPTS, FencedTx};
use chrono::TimeDelta;
use std::collections::{BTreeSet, HashSet};
use wikicrew_core::addition::{Links, RevisionLinks};
use wikicrew_core::types::{RevId, Timestamp};

/// Rows that a batch should have: with fewer the server waits for its disk more often, with more other writers wait
/// for their locks longer.
pub const BATCH_ROWS: usize = 3_000;

/// How often names are numbered for one batch, at most: some 15 s with the pauses.
const NAMES_TRIES: u32 = 10;

/// What [`store`] did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stored {
    /// Revisions stored now.
    pub revisions: u64,
    /// Revisions that were there, or twice in the batch.
    pub known: u64,
    /// Rows stored now, counted or not.
    pub rows: u64,
    /// Rows of them that are additions.
    pub additions: u64,
    /// Rows of them that a revert restored and that are no additions, for now.
    pub restored: u64,
    /// Rows stored before as restored that are additions since now.
    pub raised: u64,
    /// Revisions stored now with too many links, of which only the numbers are kept.
    pub floods: u64,
    /// Revisions older than what is kept: not stored.
    pub too_old: u64,
    /// Revisions that do not fit the tables: not stored, to be shown to the operator.
    pub refused: Vec<Refused>,
}

impl Stored {
    /// Adds what another batch did.
    pub fn add(&mut self, other: Self) {
        self.revisions += other.revisions;
        self.known += other.known;
        self.rows += other.rows;
        self.additions += other.additions;
        self.restored += other.restored;
        self.raised += other.raised;
        self.floods += other.floods;
        self.too_old += other.too_old;
        self.refused.extend(other.refused);
    }
}

/// The times that are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Revisions older than this are left out: rows of that time may be gone while their counts still stand.
    pub oldest: Timestamp,
    /// Revisions newer than this are refused: rows of a future that never comes would never leave.
    pub newest: Timestamp,
}

impl Window {
    /// From the `horizon` ([`since::horizon`]) to a day after `now`: clocks differ, but not by so much.
    pub fn new(horizon: Timestamp, now: Timestamp) -> Self {
        Self {
            oldest: horizon,
            newest: now + TimeDelta::days(1),
        }
    }
}

/// A revision that cannot be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Key of its wiki.
    pub wiki: String,
    /// The revision.
    pub rev: RevId,
    /// What does not fit, in words.
    pub why: String,
}

/// Stores a batch, best of some [`BATCH_ROWS`] rows: all of it or, with an error, nothing; of what lies outside of the
/// `window` nothing. To be called with the same batch again after an error that passes; what was stored is then known.
/// Errs with [`Error::Fenced`] when another run has taken over, with [`Error::NamesRemoved`] when another process goes
/// on removing names, and before the first [`super::partitions::ensure`].
pub async fn store(
    db: &Db,
    fence: &Fence,
    names: &mut Names,
    batch: &[RevisionLinks],
    window: &Window,
) -> Result<Stored> {
    let nothing = async |_: &mut FencedTx<'_>| Ok(());
    run(db, fence, names, batch, window, nothing, false).await
}

/// As [`store`]; `also` runs inside the very transaction that stores the batch, after its rows: both are there or
/// neither is. That transaction is also made when nothing of the batch is new, even when it is empty. `also` may run
/// several times, of which one is committed, and must touch nothing but the transaction. After
/// [`Error::CommitUnknown`], which is rare since lost answers are looked up, ask the database (the checkpoint that
/// `also` wrote) before the batch is given again; after any other error neither was stored.
pub async fn store_and(
    db: &Db,
    fence: &Fence,
    names: &mut Names,
    batch: &[RevisionLinks],
    window: &Window,
    also: impl AsyncFnMut(&mut FencedTx<'_>) -> Result<()>,
) -> Result<Stored> {
    run(db, fence, names, batch, window, also, true).await
}

/// `in_any_case`: `also` even when no revision is new. It leaves a mark, by which a COMMIT without an answer is known;
/// without it the revisions tell, whoever stored them.
async fn run(
    db: &Db,
    fence: &Fence,
    names: &mut Names,
    batch: &[RevisionLinks],
    window: &Window,
    mut also: impl AsyncFnMut(&mut FencedTx<'_>) -> Result<()>,
    in_any_case: bool,
) -> Result<Stored> {
    db.must_write("storing link additions")?;
    let mut stored = Stored::default();
    let mut revs = fitting(batch, window, &mut stored);
    // What a transaction without a mark would have stored whose COMMIT was not answered.
    let mut unsure: Option<Stored> = None;
    let (mut attempt, mut gone) = (1, 0);
    // Stored, but not where their time is.
    let mut elsewhere: HashSet<Key> = HashSet::new();
    loop {
        let fresh = unknown(db, names, &revs, &elsewhere).await?;
        if fresh.is_empty() && !in_any_case {
            let done = unsure.unwrap_or_default();
            stored.known += (revs.len() as u64).saturating_sub(done.revisions);
            stored.add(done);
            return Ok(stored);
        }
        let wikis = names.wikis(db, &fresh).await?;
        let strange = strange(&wikis, &fresh);
        if !strange.is_empty() {
            revs.retain(|rev| {
                !strange
                    .iter()
                    .any(|other| (&other.wiki, other.rev) == (&rev.wiki, rev.rev))
            });
            stored.refused.extend(strange);
            continue;
        }
        let placed = place(db, names, &wikis, &fresh).await?;
        // What the transaction stores, and its mark.
        let mut done = None;
        let outcome = db
            .fenced(fence, "storing link additions", async |tx| {
                done = None;
                let mut sum = Stored::default();
                let ended = match placed.is_empty() {
                    true => Ended::Stored,
                    false => transaction(tx, names, &placed, &mut sum).await?,
                };
                if matches!(ended, Ended::Stored) {
                    also(tx).await?;
                    let mark = match in_any_case {
                        true => Some(mark::set(tx).await?),
                        false => None,
                    };
                    done = Some((sum, mark));
                }
                Ok(ended)
            })
            .await;
        match outcome {
            Ok(Ended::Stored) => {
                stored.known += (revs.len() - fresh.len()) as u64;
                stored.add(done.map(|(sum, _)| sum).unwrap_or_default());
                return Ok(stored);
            }
            Ok(Ended::NamesGone) => {
                names.forget();
                gone += 1;
                let error = Error::NamesRemoved { times: gone };
                match gone {
                    // Once is usual: another connection, or names were removed since the last batch.
                    1 => {}
                    2..NAMES_TRIES => db.pause((gone - 1).min(ATTEMPTS - 1), &error).await,
                    _ => return Err(error),
                }
            }
            Ok(Ended::RowsGone(rows)) => {
                let before = revs.len();
                revs.retain(|rev| rev.ts >= rows);
                stored.too_old += (before - revs.len()) as u64;
                // It was not stored, or these would have been known.
                unsure = None;
            }
            // Each time there are fewer left.
            Ok(Ended::Overtaken(there)) => elsewhere.extend(there),
            Err(error @ Error::CommitUnknown { .. }) => {
                // Of a transaction that wrote nothing it does not matter how it ended.
                match done {
                    Some((sum, Some(mark))) => match mark::is_set(db, fence, mark).await {
                        Ok(false) => {}
                        Ok(true) => {
                            stored.known += (revs.len() - fresh.len()) as u64;
                            stored.add(sum);
                            return Ok(stored);
                        }
                        // Nobody can tell now.
                        Err(_) => return Err(error),
                    },
                    Some((sum, None)) => unsure = Some(sum),
                    None => {}
                }
                if attempt >= ATTEMPTS {
                    return Err(error);
                }
                db.pause(attempt, &error).await;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Each revision of the batch that can be stored, once; the others are counted.
fn fitting<'b>(batch: &'b [RevisionLinks], window: &Window, stored: &mut Stored) -> Vec<&'b RevisionLinks> {
    let mut revs: Vec<&RevisionLinks> = Vec::with_capacity(batch.len());
    let mut seen = HashSet::new();
    for rev in batch {
        if rev.ts < window.oldest {
            stored.too_old += 1;
        } else if let Some(why) = unfit(rev, window.newest) {
            stored.refused.push(Refused {
                wiki: rev.wiki.clone(),
                rev: rev.rev,
                why,
            });
        } else if seen.insert((rev.wiki.as_str(), rev.rev)) {
            revs.push(rev);
        } else {
            stored.known += 1;
        }
    }
    revs
}

/// How a transaction ended that was not undone.
enum Ended {
    Stored,
    /// Nothing was written: names were removed since they were numbered, or that was on another connection.
    NamesGone,
    /// Nothing was written: rows older than this were dropped, and some of the revisions may have been among them.
    RowsGone(Timestamp),
    /// Nothing was written: these revisions are stored, by somebody else just now, or long since with another time.
    Overtaken(HashSet<Key>),
}

/// The revisions that are not stored, as far as a quick look tells; none of `elsewhere`. Touches nothing.
async fn unknown<'b>(
    db: &Db,
    names: &mut Names,
    revs: &[&'b RevisionLinks],
    elsewhere: &HashSet<Key>,
) -> Result<Vec<&'b RevisionLinks>> {
    let wikis = names.known_wikis(db, revs).await?;
    // Of a wiki that is not known no revision is.
    let key = |rev: &RevisionLinks| Some((wikis.get(rev.wiki.as_bytes())?.id, rev.rev.0));
    let asked: Vec<(Key, Timestamp)> = revs.iter().filter_map(|rev| Some((key(rev)?, rev.ts))).collect();
    if asked.is_empty() {
        return Ok(revs.to_vec());
    }
    let known = db.read(async |work| nearby(work, &asked).await).await?;
    let is_known = |rev: &RevisionLinks| key(rev).is_some_and(|key| known.contains(&key) || elsewhere.contains(&key));
    Ok(revs.iter().filter(|rev| !is_known(rev)).copied().collect())
}

async fn transaction(tx: &mut FencedTx<'_>, names: &Names, revs: &[Placed<'_>], sum: &mut Stored) -> Result<Ended> {
    let since = since::hold(tx).await?;
    if !names.hold(tx.conn(), &since).await? {
        return Ok(Ended::NamesGone);
    }
    if revs.iter().any(|rev| rev.ts < since.rows) {
        return Ok(Ended::RowsGone(since.rows));
    }
    let conn = tx.conn();
    lock_wikis(conn, revs).await?;
    let asked: Vec<Key> = revs.iter().map(|rev| (rev.wiki, rev.rev)).collect();
    let there = anywhere(conn, &asked).await?;
    if !there.is_empty() {
        return Ok(Ended::Overtaken(there));
    }
    let mut split = split(conn, revs).await?;
    let mut counters = Counters::default();
    for rev in revs {
        counters.revision(rev);
    }
    for row in split.additions.iter().chain(&split.raised) {
        counters.addition(row);
    }
    *sum = Stored {
        revisions: revs.len() as u64,
        rows: (split.additions.len() + split.restored.len()) as u64,
        additions: split.additions.len() as u64,
        restored: split.restored.len() as u64,
        raised: split.raised.len() as u64,
        ..Stored::default()
    };
    take_out(conn, &split.raised).await?;
    split.additions.append(&mut split.raised);
    insert_rows(conn, "link_addition", split.additions).await?;
    insert_rows(conn, "link_restored", split.restored).await?;
    sum.floods = insert_floods(conn, revs).await?;
    counters.write(conn).await?;
    Ok(Ended::Stored)
}

/// Locks the wikis of the batch, in order, until the transaction ends.
async fn lock_wikis(conn: &mut Conn, revs: &[Placed<'_>]) -> Result<()> {
    let wikis: BTreeSet<u16> = revs.iter().map(|rev| rev.wiki).collect();
    let mut asked = Values::default();
    for wiki in wikis {
        asked.row(|row| {
            row.number(wiki);
        });
    }
    for slice in asked.slices() {
        // Handler reads: one per wiki, by primary key: a scan would wait for the wikis of others.
        let sql = format!(
            "WITH asked (w) AS (VALUES {slice}) SELECT STRAIGHT_JOIN wiki_id FROM asked \
             JOIN wiki FORCE INDEX (PRIMARY) ON wiki_id = w FOR UPDATE"
        );
        conn.plain("locking wikis", &sql).await?;
    }
    Ok(())
}

async fn insert_rows(conn: &mut Conn, table: &str, mut rows: Vec<Addition<'_>>) -> Result<()> {
    rows.sort_unstable_by_key(|row| (row.wiki, row.rev, row.n));
    let mut values = Values::default();
    for row in &rows {
        values.row(|cells| {
            cells.number(row.wiki).number(row.rev).number(row.n).time(row.ts);
            cells.number(row.host).number(row.editor).number(row.page);
            cells.number(row.flags).number(row.times).bytes(&row.path);
        });
    }
    let head = format!("INSERT INTO {table} (wiki_id, rev_id, n, ts, host_id, editor_id, page_id, flags, times, path)");
    insert(conn, "storing links", [&head, ""], &values).await
}

async fn insert_floods(conn: &mut Conn, revs: &[Placed<'_>]) -> Result<u64> {
    const SQL: &str = "INSERT INTO link_flood (wiki_id, rev_id, ts, editor_id, page_id, links, hosts)";
    let mut floods: Vec<(&Placed<'_>, u32, u32)> = revs
        .iter()
        .filter_map(|rev| match rev.from.links {
            Links::TooMany { links, hosts } => Some((rev, links, hosts)),
            Links::Rows(_) => None,
        })
        .collect();
    floods.sort_unstable_by_key(|(rev, ..)| (rev.wiki, rev.rev));
    let mut values = Values::default();
    for (rev, links, hosts) in &floods {
        values.row(|row| {
            row.number(rev.wiki).number(rev.rev).time(rev.ts);
            row.number(rev.editor).number(rev.page).number(*links).number(*hosts);
        });
    }
    insert(conn, "storing revisions with too many links", [SQL, ""], &values).await?;
    Ok(floods.len() as u64)
}
