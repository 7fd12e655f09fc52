//! Counts of hits: per rule, per user, per host.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use chrono::TimeDelta;
use mysql_async::{Value, params};
use std::collections::BTreeMap;
use wikicrew_core::hit::Rule;
use wikicrew_core::types::Timestamp;

/// The seconds of [`UserHits::recent`].
const RECENT: i64 = 3_600;
/// Users asked for in one statement.
const SLICE: usize = 50;

/// What a rule found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleCounts {
    /// The rule.
    pub rule: Rule,
    /// Hits that pages may tell of.
    pub hits: u64,
    /// Lines of pages that tell of them.
    pub lines: u64,
    /// Users who made them.
    pub users: u64,
    /// Lines among them that people struck: the rule was wrong.
    pub struck: u64,
    /// Hits that are recorded without being shown, not for a skip.
    pub silent: u64,
    /// Skipped hits by the first word of the reason.
    pub skipped: Vec<(String, u64)>,
}

impl RuleCounts {
    fn of(rule: Rule) -> Self {
        Self {
            rule,
            hits: 0,
            lines: 0,
            users: 0,
            struck: 0,
            silent: 0,
            skipped: Vec::new(),
        }
    }

    /// How many of a hundred lines were not struck; `None`: there are none.
    pub fn precision(&self) -> Option<f64> {
        (self.lines > 0).then(|| 100.0 - 100.0 * self.struck.min(self.lines) as f64 / self.lines as f64)
    }
}

struct Found {
    rule: Rule,
    why: String,
    hits: u64,
    lines: u64,
    users: u64,
}

impl FromFields for Found {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            rule: f.word("rule", Rule::of_word)?,
            why: f.get("why")?,
            hits: f.get("hits")?,
            lines: f.get("n_lines")?,
            users: f.get("users")?,
        })
    }
}

struct Struck {
    rule: Rule,
    lines: u64,
}

impl FromFields for Struck {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            rule: f.word("rule", Rule::of_word)?,
            lines: f.get("n_lines")?,
        })
    }
}

/// What the rules found in edits since then, in the order of the rules; those that found nothing are left out.
pub async fn counts(session: &mut impl Session, home: &str, since: Timestamp) -> Result<Vec<RuleCounts>> {
    // Handler reads: the hits since then, four times.
    const SQL: &str = "SELECT rule, IF(is_reported, '', IF(skip IS NULL, '-', SUBSTRING_INDEX(skip, ' ', 1))) AS why, \
        COUNT(*) AS hits, COUNT(DISTINCT line_key) AS n_lines, COUNT(DISTINCT wiki, user_name) AS users \
        FROM hit FORCE INDEX (by_time) WHERE home = :home AND ts >= :since GROUP BY rule, why ORDER BY rule, why \
        LIMIT 10000";
    // Handler reads: the struck lines, and their hits.
    const STRUCK: &str = "SELECT STRAIGHT_JOIN h.rule, COUNT(DISTINCT l.id) AS n_lines \
        FROM hit_line l FORCE INDEX (by_struck) JOIN hit h FORCE INDEX (by_line) ON h.line_key = l.line_key \
        WHERE l.target = :home AND l.struck_at >= :since AND h.home = :home AND h.ts >= :since AND h.is_reported = 1 \
        GROUP BY h.rule LIMIT 100";
    let conn = session.conn();
    let params = || params! { "home" => home, "since" => at(since) };
    let found: Vec<Found> = conn.rows("counting hits", SQL, params()).await?;
    let struck: Vec<Struck> = conn.rows("counting struck lines", STRUCK, params()).await?;
    let mut rules: BTreeMap<Rule, RuleCounts> = BTreeMap::new();
    for of in found {
        let counts = rules.entry(of.rule).or_insert_with(|| RuleCounts::of(of.rule));
        match &*of.why {
            "" => (counts.hits, counts.lines, counts.users) = (of.hits, of.lines, of.users),
            "-" => counts.silent = of.hits,
            _ => counts.skipped.push((of.why, of.hits)),
        }
    }
    for of in struck {
        if let Some(counts) = rules.get_mut(&of.rule) {
            counts.struck = of.lines;
        }
    }
    Ok(rules.into_values().collect())
}

/// How often pages may tell of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UserHits {
    /// In the hour before the moment that was asked for.
    pub recent: u64,
    /// Ever, as far as hits are kept.
    pub all: u64,
}

impl FromFields for UserHits {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            recent: f.get("recent")?,
            all: f.get("n_all")?,
        })
    }
}

/// The counts of users (wiki, name) at a moment each, in their order: COIBot's `c` and `t`.
pub async fn counts_of_users(
    session: &mut impl Session,
    home: &str,
    users: &[(&str, &str, Timestamp)],
) -> Result<Vec<UserHits>> {
    // Handler reads: the hits of the users.
    const ONE: &str = "(SELECT ? AS n, CAST(COALESCE(SUM(ts > ? AND ts <= ?), 0) AS UNSIGNED) AS recent, \
        COUNT(*) AS n_all FROM hit FORCE INDEX (by_wiki_user) \
        WHERE home = ? AND wiki = ? AND user_name = ? AND is_reported = 1)";
    let mut counts = Vec::with_capacity(users.len());
    for some in users.chunks(SLICE) {
        let sql = format!("{} ORDER BY n", vec![ONE; some.len()].join(" UNION ALL "));
        let values: Vec<Value> = (0_u32..)
            .zip(some)
            .flat_map(|(n, &(wiki, name, moment))| {
                let from = at(moment - TimeDelta::seconds(RECENT));
                let place = [home, wiki, name].map(Value::from);
                [Value::from(n), from, at(moment)].into_iter().chain(place)
            })
            .collect();
        let rows: Vec<UserHits> = session.conn().rows("counting the hits of users", &sql, values).await?;
        counts.extend(rows);
    }
    Ok(counts)
}

/// A host (link key) with hits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostHits {
    /// The link key in its stored form.
    pub key: String,
    /// Hits that pages may tell of.
    pub hits: u64,
    /// Users who made them.
    pub users: u64,
}

impl FromFields for HostHits {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            key: f.get("rhost")?,
            hits: f.get("hits")?,
            users: f.get("users")?,
        })
    }
}

/// Hosts that had their first hit since then, the most hits first.
pub async fn top_new_hosts(
    session: &mut impl Session,
    home: &str,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<HostHits>> {
    // Handler reads: the hits since then, four times, and one per host.
    const SQL: &str = "SELECT s.rhost, s.hits, s.users FROM \
        (SELECT rhost, COUNT(*) AS hits, COUNT(DISTINCT wiki, user_name) AS users FROM hit FORCE INDEX (by_time) \
        WHERE home = :home AND ts >= :since AND is_reported = 1 AND rhost IS NOT NULL GROUP BY rhost) s \
        WHERE NOT EXISTS (SELECT 1 FROM hit o FORCE INDEX (by_host) \
        WHERE o.home = :home AND o.rhost = s.rhost AND o.ts < :since) \
        ORDER BY s.hits DESC, s.rhost LIMIT :limit";
    let params = params! { "home" => home, "since" => at(since), "limit" => limit };
    session.conn().rows("asking for new hosts", SQL, params).await
}
