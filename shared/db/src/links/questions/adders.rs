//! What a report says beside each of the users it lists: what they added of the report's hosts, what else, and how many
//! others added the same. Questions about some editors or hosts at once, so that a report asks each of them once.

use crate::error::Result;
use crate::links::questions::counts::of_editors;
use crate::links::questions::hosts::OfEditor;
use crate::links::values::Values;
use crate::session::{Fields, FromFields, Session, list};
use mysql_async::Value;
use std::collections::HashMap;
use wikicrew_core::types::Timestamp;

/// Of editors who added more links than this (bots, tireless patrollers) no hosts are listed: their pairs would have to
/// be read and sorted for each.
pub const BUSY: u64 = 5_000;
/// Links of all editors of one question together whose hosts are read: those of the least busy ones.
pub const BUSY_TOGETHER: u64 = 20_000;

/// Editors or hosts that one statement asks about.
const UNITED: usize = 25;

/// What an editor added of some hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfHosts {
    /// How often.
    pub n: u64,
    /// On how many wikis.
    pub wikis: u64,
    /// The wiki (its number) with most of these additions; of several the lowest number.
    pub wiki_id: u16,
    /// For the first time.
    pub first: Timestamp,
    /// For the last time.
    pub last: Timestamp,
}

/// The pairs of an editor on one wiki, in sum.
struct OnWiki {
    editor_id: u32,
    wiki_id: u16,
    n: u64,
    first: Timestamp,
    last: Timestamp,
}

impl FromFields for OnWiki {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            editor_id: f.get("editor_id")?,
            wiki_id: f.get("wiki_id")?,
            n: f.get("n")?,
            first: f.time("first_ts")?,
            last: f.time("last_ts")?,
        })
    }
}

/// What each of these editors (some 50) added of these hosts together (at most [`MOST`](super::MOST); those that follow
/// are left out); editors who added none are left out.
pub async fn of_hosts(
    session: &mut impl Session,
    host_ids: &[u32],
    editor_ids: &[u32],
) -> Result<HashMap<u32, OfHosts>> {
    // Both lists in one statement each: 900 hosts and 50 editors are more ranges than the optimizer of an IN takes.
    const WHAT: &str = "reading what editors added of hosts";
    let hosts = &host_ids[..host_ids.len().min(super::MOST)];
    let (hosts, editors) = (one_each(hosts), one_each(editor_ids));
    let mut found: HashMap<u32, (u64, OfHosts)> = HashMap::new();
    // Editors and hosts come in slices of 1,000, so each editor is in one statement with all hosts.
    let Some(hosts) = hosts.slices().first() else {
        return Ok(HashMap::new());
    };
    for editors in editors.slices() {
        // Handler reads: one per host and editor, those lists, the pairs found, and the groups.
        let sql = format!(
            "WITH h (h) AS (VALUES {hosts}), e (e) AS (VALUES {editors}) SELECT STRAIGHT_JOIN p.editor_id, p.wiki_id, \
             CAST(SUM(p.n) AS UNSIGNED) AS n, MIN(p.first_ts) AS first_ts, MAX(p.last_ts) AS last_ts FROM e JOIN h \
             JOIN pair p FORCE INDEX (PRIMARY) ON p.host_id = h.h AND p.editor_id = e.e GROUP BY p.editor_id, p.wiki_id"
        );
        let mut rows: Vec<OnWiki> = session.conn().plain_rows(WHAT, &sql).await?;
        rows.sort_unstable_by_key(|row| (row.editor_id, row.wiki_id));
        for row in rows {
            let (most, sum) = found.entry(row.editor_id).or_insert((
                0,
                OfHosts {
                    n: 0,
                    wikis: 0,
                    wiki_id: row.wiki_id,
                    first: row.first,
                    last: row.last,
                },
            ));
            sum.n += row.n;
            sum.wikis += 1;
            sum.first = sum.first.min(row.first);
            sum.last = sum.last.max(row.last);
            if row.n > *most {
                (*most, sum.wiki_id) = (row.n, row.wiki_id);
            }
        }
    }
    Ok(found.into_iter().map(|(id, (_, sum))| (id, sum)).collect())
}

/// Different numbers, one to a row.
fn one_each(ids: &[u32]) -> Values {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut values = Values::default();
    for id in ids {
        values.row(|row| {
            row.number(id);
        });
    }
    values
}

/// What else an editor added.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Others {
    /// Links of other hosts, in sum.
    pub links: u64,
    /// The most often added ones of these hosts; with equal counts the older number first. Empty for one who is
    /// [`BUSY`], and where all together would be more than [`BUSY_TOGETHER`].
    pub hosts: Vec<OfEditor>,
}

/// An editor's host.
struct OfOne(u32, OfEditor);

impl FromFields for OfOne {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("editor_id")?, OfEditor::from_fields(f)?))
    }
}

/// What each of these editors (some 50) added besides the hosts `without` (at most [`MOST`](super::MOST)): in sum, and the
/// `each` hosts added most often. All editors are in the answer.
pub async fn others(
    session: &mut impl Session,
    editor_ids: &[u32],
    without: &[u32],
    each: u32,
) -> Result<HashMap<u32, Others>> {
    const WHAT: &str = "reading what else editors added";
    // Handler reads: the editor's rows in by_editor, one per host and wiki, at most BUSY, and BUSY_TOGETHER of all; the groups, which are sorted;
    // and 4 × each.
    const ONE: &str = "(SELECT editor_id, host_id, CAST(SUM(n) AS UNSIGNED) AS n, COUNT(*) AS wikis FROM pair \
        FORCE INDEX (by_editor) WHERE editor_id = ? WITHOUT GROUP BY host_id ORDER BY n DESC, host_id LIMIT ?)";
    let all = of_editors(session, editor_ids).await?;
    let without = &without[..without.len().min(super::MOST)];
    let of_these = of_hosts(session, without, editor_ids).await?;
    let sum = |id: &u32| {
        let all = all.get(id).copied().unwrap_or_default();
        // What an archive's link shows counts for its pair, not for the editor.
        let links = all.saturating_sub(of_these.get(id).map_or(0, |these| these.n));
        let hosts = Vec::new();
        (*id, Others { links, hosts })
    };
    let mut found: HashMap<u32, Others> = editor_ids.iter().map(sum).collect();
    let mut quiet: Vec<u32> = found.keys().copied().collect();
    quiet.retain(|id| (1..=BUSY).contains(&all.get(id).copied().unwrap_or_default()));
    let links = |id: &u32| all.get(id).copied().unwrap_or_default();
    quiet.sort_unstable_by_key(|id| (links(id), *id));
    let mut left = BUSY_TOGETHER;
    quiet.retain(|id| {
        let fits = links(id) <= left;
        left = if fits { left - links(id) } else { 0 };
        fits
    });
    quiet.sort_unstable();
    let one = match without.is_empty() {
        true => ONE.replace("WITHOUT", ""),
        false => ONE.replace("WITHOUT", &format!("AND host_id NOT IN ({})", list("?", without.len()))),
    };
    for some in quiet.chunks(UNITED) {
        let sql = format!(
            "SELECT STRAIGHT_JOIN g.*, h.rhost FROM ({}) g JOIN host h ON h.host_id = g.host_id \
             ORDER BY g.editor_id, g.n DESC, g.host_id",
            vec![one.as_str(); some.len()].join(" UNION ALL ")
        );
        let mut values = Vec::new();
        for &id in some {
            values.push(Value::from(id));
            values.extend(without.iter().map(|&host| Value::from(host)));
            values.push(Value::from(each));
        }
        let rows: Vec<OfOne> = session.conn().rows(WHAT, &sql, values).await?;
        for OfOne(id, host) in rows {
            found.entry(id).or_default().hosts.push(host);
        }
    }
    Ok(found)
}

/// How many editors added a host.
struct Editors(u32, u64);

impl FromFields for Editors {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("host_id")?, f.get("editors")?))
    }
}

/// How many different editors added each of these hosts (some 100), counted up to `most` + 1: that means more than
/// `most`. Hosts that nobody added are left out.
pub async fn of_each(session: &mut impl Session, host_ids: &[u32], most: u32) -> Result<HashMap<u32, u64>> {
    const WHAT: &str = "counting who added hosts";
    // Handler reads: per host the rows of `most` + 1 editors, and these.
    const ONE: &str = "(SELECT host_id, COUNT(*) AS editors FROM (SELECT host_id, editor_id FROM pair \
        FORCE INDEX (PRIMARY) WHERE host_id = ? GROUP BY host_id, editor_id ORDER BY host_id, editor_id LIMIT ?) g \
        GROUP BY host_id)";
    let mut found = HashMap::new();
    for some in host_ids.chunks(UNITED) {
        let sql = vec![ONE; some.len()].join(" UNION ALL ");
        let values: Vec<Value> = some
            .iter()
            .flat_map(|&id| [Value::from(id), Value::from(most.saturating_add(1))])
            .collect();
        let rows: Vec<Editors> = session.conn().rows(WHAT, &sql, values).await?;
        found.extend(rows.into_iter().map(|Editors(host, editors)| (host, editors)));
    }
    Ok(found)
}
