//! Link additions into the database, each revision once, however often and in whatever order it is read.
//!
//! A revision is known by its own key: what is stored already is passed over before anything is touched. The rest of a
//! batch goes, with all counters, into one transaction that is fenced by the run's epoch and holds its wikis' rows: who
//! stores the same wiki at the same time, even another run or a COMMIT that is still under way, goes first or after,
//! never beside.

use super::counters::{Counters, insert};
use super::known::{Key, known};
use super::names::Names;
use super::placed::{Addition, Placed, place, unfit};
use super::restored::{split, take_out};
use super::since;
use super::values::Values;
use crate::connect::{Conn, Db};
use crate::error::{Error, Result};
use crate::lease::Fence;
use crate::session::Session;
use crate::transaction::{ATTEMPTS, FencedTx};
use std::collections::{BTreeSet, HashSet};
use wikicrew_core::addition::{Links, RevisionLinks};
use wikicrew_core::types::{RevId, Timestamp};

/// Rows that a batch should have: with fewer the server waits for its disk more often, with more other writers wait
/// for their locks longer.
pub const BATCH_ROWS: usize = 3_000;

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

/// Stores a batch, best of some [`BATCH_ROWS`] rows: all of it or, with an error, nothing. Revisions older than
/// `horizon` ([`since::horizon`]) are left out, because rows of that time may be gone while their counts still stand. To
/// be called with the same batch again after an error that passes; what was stored is then known. Errs with
/// [`Error::Fenced`] when another run has taken over, and before the first [`super::partitions::ensure`].
pub async fn store(
    db: &Db,
    fence: &Fence,
    names: &mut Names,
    batch: &[RevisionLinks],
    horizon: Timestamp,
) -> Result<Stored> {
    db.must_write("storing link additions")?;
    let mut stored = Stored::default();
    let mut revs: Vec<&RevisionLinks> = Vec::with_capacity(batch.len());
    let mut seen = HashSet::new();
    for rev in batch {
        if rev.ts < horizon {
            stored.too_old += 1;
        } else if let Some(why) = unfit(rev) {
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
    // What a transaction would have stored whose COMMIT was not answered.
    let mut unsure: Option<Stored> = None;
    let mut attempt = 1;
    loop {
        let fresh = unknown(db, names, &revs).await?;
        if fresh.is_empty() {
            let done = unsure.unwrap_or_default();
            stored.known += revs.len() as u64 - done.revisions;
            stored.add(done);
            return Ok(stored);
        }
        let placed = place(db, names, &fresh).await?;
        let mut done = Stored::default();
        let outcome = db
            .fenced(fence, "storing link additions", async |tx| {
                done = Stored::default();
                transaction(tx, names, &placed, &mut done).await
            })
            .await;
        match outcome {
            Ok(Ended::Stored) => {
                stored.known += (revs.len() - fresh.len()) as u64;
                stored.add(done);
                return Ok(stored);
            }
            Ok(Ended::NamesGone) => names.forget(),
            Ok(Ended::RowsGone(rows)) => {
                let before = revs.len();
                revs.retain(|rev| rev.ts >= rows);
                stored.too_old += (before - revs.len()) as u64;
            }
            // Each time there are fewer left.
            Ok(Ended::Overtaken) => {}
            Err(error @ Error::CommitUnknown { .. }) if attempt < ATTEMPTS => {
                db.pause(attempt, &error).await;
                attempt += 1;
                unsure = Some(done);
            }
            Err(error) => return Err(error),
        }
    }
}

/// How a transaction ended that was not undone.
enum Ended {
    Stored,
    /// Nothing was written: names were removed since they were numbered.
    NamesGone,
    /// Nothing was written: rows older than this were dropped, and some of the revisions may have been among them.
    RowsGone(Timestamp),
    /// Nothing was written: somebody else has just stored some of the revisions.
    Overtaken,
}

/// The revisions that are not stored. Touches nothing.
async fn unknown<'b>(db: &Db, names: &mut Names, revs: &[&'b RevisionLinks]) -> Result<Vec<&'b RevisionLinks>> {
    let wikis = names.known_wikis(db, revs).await?;
    // Of a wiki that is not known no revision is.
    let asked: Vec<(Key, Timestamp)> = revs
        .iter()
        .filter_map(|rev| Some(((wikis.get(rev.wiki.as_bytes())?.id, rev.rev.0), rev.ts)))
        .collect();
    if asked.is_empty() {
        return Ok(revs.to_vec());
    }
    let known = db.read(async |work| known(work, &asked).await).await?;
    let is_known = |rev: &&RevisionLinks| {
        wikis
            .get(rev.wiki.as_bytes())
            .is_some_and(|wiki| known.contains(&(wiki.id, rev.rev.0)))
    };
    Ok(revs.iter().filter(|rev| !is_known(rev)).copied().collect())
}

async fn transaction(tx: &mut FencedTx<'_>, names: &Names, revs: &[Placed<'_>], done: &mut Stored) -> Result<Ended> {
    let since = since::hold(tx).await?;
    if !names.hold(&since) {
        return Ok(Ended::NamesGone);
    }
    if revs.iter().any(|rev| rev.ts < since.rows) {
        return Ok(Ended::RowsGone(since.rows));
    }
    let conn = tx.conn();
    lock_wikis(conn, revs).await?;
    let asked: Vec<(Key, Timestamp)> = revs.iter().map(|rev| ((rev.wiki, rev.rev), rev.ts)).collect();
    if !known(conn, &asked).await?.is_empty() {
        return Ok(Ended::Overtaken);
    }
    let mut split = split(conn, revs).await?;
    let mut counters = Counters::default();
    for rev in revs {
        counters.revision(rev);
    }
    for row in split.additions.iter().chain(&split.raised) {
        counters.addition(row);
    }
    *done = Stored {
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
    done.floods = insert_floods(conn, revs).await?;
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
