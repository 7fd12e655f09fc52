//! Which revisions are stored already.
//!
//! All rows of a revision are stored in one transaction, and the first of them stands either among the additions or
//! among what reverts restored; a flood stands by itself. So three look-ups by primary key tell, the one among the
//! additions in each month: two sources may tell different times of one revision, by weeks even (an event about an edit
//! to a template names the page's newest revision), and the first that is read stays.

use super::values::{Values, literal};
use crate::connect::Conn;
use crate::error::Result;
use crate::session::{Fields, FromFields};
use chrono::TimeDelta;
use std::collections::HashSet;
use wikicrew_core::types::Timestamp;

/// A wiki's number and a revision.
pub(super) type Key = (u16, u64);

struct Known(Key);

impl FromFields for Known {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self((fields.get("w")?, fields.get("r")?)))
    }
}

/// Those of the revisions that are stored with about the time that is told here: nearly all that are stored at all, for
/// a look into one or two months.
pub(super) async fn nearby(conn: &mut Conn, revs: &[(Key, Timestamp)]) -> Result<HashSet<Key>> {
    let times = || revs.iter().map(|(_, ts)| *ts);
    let (Some(from), Some(to)) = (times().min(), times().max()) else {
        return Ok(HashSet::new());
    };
    let keys: Vec<Key> = revs.iter().map(|(key, _)| *key).collect();
    let from = literal(from - TimeDelta::days(1));
    let to = literal(to + TimeDelta::days(1));
    look(conn, &keys, &format!("AND a.ts BETWEEN {from} AND {to}")).await
}

/// Those of the revisions that are stored, with whatever time: some 0.1 s per 1,000 revisions in two years of months.
pub(super) async fn anywhere(conn: &mut Conn, revs: &[Key]) -> Result<HashSet<Key>> {
    look(conn, revs, "").await
}

async fn look(conn: &mut Conn, revs: &[Key], months: &str) -> Result<HashSet<Key>> {
    let mut known = HashSet::new();
    let mut asked = Values::default();
    for (wiki, rev) in revs {
        asked.row(|row| {
            row.number(*wiki).number(*rev);
        });
    }
    for slice in asked.slices() {
        // Handler reads: two per revision, and one in each month that is looked at.
        let sql = format!(
            "WITH asked (w, r) AS (VALUES {slice}) SELECT STRAIGHT_JOIN w, r FROM asked \
             LEFT JOIN link_addition a FORCE INDEX (PRIMARY) \
             ON a.wiki_id = w AND a.rev_id = r AND a.n = 0 {months} \
             LEFT JOIN link_restored b FORCE INDEX (PRIMARY) ON b.wiki_id = w AND b.rev_id = r AND b.n = 0 \
             LEFT JOIN link_flood f FORCE INDEX (PRIMARY) ON f.wiki_id = w AND f.rev_id = r \
             WHERE a.n IS NOT NULL OR b.n IS NOT NULL OR f.rev_id IS NOT NULL"
        );
        let rows: Vec<Known> = conn.plain_rows("reading which revisions are stored", &sql).await?;
        known.extend(rows.into_iter().map(|Known(key)| key));
    }
    Ok(known)
}
