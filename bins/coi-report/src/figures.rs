//! What was read and found since a moment, for `stats`: edits and additions of each wiki, hits of each rule with the
//! share of lines that nobody struck, hosts that are new among the hits, and how long the database has room.

use serde_json::{Value, json};
use shared::core::link::Key;
use shared::core::types::Timestamp;
use shared::db::hit::{self, HostHits, ReadOfWiki, RuleCounts};
use shared::db::links::questions::stats::About;
use shared::db::links::size::Sizes;
use shared::db::{Work, suppress};

/// Wikis and new hosts that are named.
const NAMED: u32 = 20;
/// Bytes that an addition takes with all counters, where too few are stored to tell: measured at 10^7 of them.
const BYTES: f64 = 350.0;
/// So many rows tell themselves.
const ENOUGH: u64 = 100_000;

/// The figures of a home.
pub struct Figures {
    since: Timestamp,
    days: f64,
    read: Vec<ReadOfWiki>,
    rules: Vec<RuleCounts>,
    hosts: Vec<HostHits>,
}

impl Figures {
    /// Reads them. Hosts that are shown nowhere are left out unless the question is `private`.
    pub async fn read(
        db: &mut Work,
        home: &str,
        (since, now): (Timestamp, Timestamp),
        is_private: bool,
    ) -> shared::db::Result<Figures> {
        let hidden = suppress::all(db, home).await?;
        let mut hosts = hit::top_new_hosts(db, home, since, NAMED).await?;
        let is_shown = |host: &HostHits| Key::from_stored(&host.key).is_none_or(|key| !hidden.hides_link(&key));
        hosts.retain(|host| is_private || is_shown(host));
        Ok(Figures {
            since,
            // Reading is counted by whole days.
            days: ((now - since).num_seconds() as f64 / 86_400.0).max(1.0),
            read: hit::edits_read(db, home, since.date_naive(), NAMED).await?,
            rules: hit::counts(db, home, since).await?,
            hosts,
        })
    }

    /// Days until the limit is reached if additions come as they did and nothing is removed; `None`: nothing was read,
    /// or there is no limit.
    pub fn days_left(&self, sizes: &Sizes, months: &[About], limit_gb: f64) -> Option<f64> {
        let rows: u64 = months.iter().map(|month| month.rows).sum();
        let total = sizes.total() as f64;
        let each = if rows >= ENOUGH { total / rows as f64 } else { BYTES };
        let additions: u64 = self.read.iter().map(|wiki| wiki.additions).sum();
        let growth = each * additions as f64 / self.days;
        (growth > 0.0 && limit_gb > 0.0).then(|| ((limit_gb * 1e9 - total) / growth).max(0.0))
    }

    /// The same, naming no host.
    pub fn without_hosts(self) -> Figures {
        Figures {
            hosts: Vec::new(),
            ..self
        }
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("Since {} UTC:", self.since.format("%Y-%m-%d %H:%M"))];
        if self.read.is_empty() {
            lines.push("No edits were read.".to_owned());
        }
        for wiki in &self.read {
            lines.push(format!(
                "{}: {} edits read, {} links added, {} hits",
                wiki.wiki, wiki.edits, wiki.additions, wiki.hits
            ));
        }
        lines.extend(self.rules.iter().map(rule));
        if !self.hosts.is_empty() {
            let hosts: Vec<String> = self
                .hosts
                .iter()
                .map(|host| format!("{} ({} hits, {} users)", shown(&host.key), host.hits, host.users))
                .collect();
            lines.push(format!("New hosts: {}", hosts.join(", ")));
        }
        lines
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let read: Vec<Value> = self
            .read
            .iter()
            .map(|wiki| json!({"wiki": wiki.wiki, "edits": wiki.edits, "additions": wiki.additions, "hits": wiki.hits}))
            .collect();
        let hosts: Vec<Value> = self
            .hosts
            .iter()
            .map(|host| json!({"host": shown(&host.key), "hits": host.hits, "users": host.users}))
            .collect();
        json!({"since": self.since, "read": read, "rules": rules_json(&self.rules), "new_hosts": hosts})
    }
}

/// A stored key for people.
fn shown(stored: &str) -> String {
    Key::from_stored(stored).map_or_else(|| stored.to_owned(), |key| key.display())
}

/// One rule for people: `link-overlap: 12 hits by 3 users, 4 lines of which 1 was struck (75 % right), skipped: 5 edits`.
pub fn rule(of: &RuleCounts) -> String {
    let mut line = format!(
        "{}: {} hits by {} users in {} lines",
        of.rule.word(),
        of.hits,
        of.users,
        of.lines
    );
    if let Some(precision) = of.precision() {
        line += &format!(", {} struck ({precision:.1} % not struck)", of.struck);
    }
    if of.silent > 0 {
        line += &format!(", {} recorded only", of.silent);
    }
    if !of.skipped.is_empty() {
        let reasons: Vec<String> = of.skipped.iter().map(|(why, n)| format!("{why} {n}")).collect();
        line += &format!(", passed over: {}", reasons.join(", "));
    }
    line
}

/// All rules for programs.
pub fn rules_json(rules: &[RuleCounts]) -> Value {
    let rule = |of: &RuleCounts| {
        let skipped: serde_json::Map<String, Value> =
            of.skipped.iter().map(|(why, n)| (why.clone(), json!(n))).collect();
        json!({
            "rule": of.rule.word(), "hits": of.hits, "lines": of.lines, "users": of.users, "struck": of.struck,
            "silent": of.silent, "skipped": skipped, "precision": of.precision(),
        })
    };
    rules.iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::core::hit::Rule;
    use shared::db::links::size::TableSize;

    fn figures(additions: u64) -> Figures {
        let now = shared::page::timestamp("2026-11-20T12:00:00Z").unwrap();
        let read = ReadOfWiki {
            wiki: "en.example.org/w".to_owned(),
            edits: 9_000,
            additions,
            hits: 7,
        };
        Figures {
            since: now,
            days: 10.0,
            read: vec![read],
            rules: vec![RuleCounts {
                rule: Rule::LinkOverlap,
                hits: 12,
                lines: 4,
                users: 3,
                struck: 1,
                silent: 0,
                skipped: vec![("edits".to_owned(), 5)],
            }],
            hosts: Vec::new(),
        }
    }

    #[test]
    fn the_room_left_follows_from_what_came_in() {
        let sizes = |bytes: u64| Sizes {
            tables: vec![TableSize {
                table: "link_addition".to_owned(),
                rows: 1,
                bytes,
            }],
        };
        let months = |rows: u64| {
            [About {
                name: "m".to_owned(),
                rows,
                bytes: 0,
            }]
        };
        // 1,000 bytes each, 100,000 a day, 900 MB left.
        let left = figures(1_000_000).days_left(&sizes(100_000_000), &months(100_000), 1.0);
        assert_eq!(left, Some(9.0));
        // Few rows say nothing: 350 bytes each.
        let left = figures(1_000_000).days_left(&sizes(0), &months(3), 1.0).unwrap();
        assert!((left - 28.57).abs() < 0.01, "{left}");
        assert_eq!(
            figures(1_000).days_left(&sizes(2_000_000_000), &months(0), 1.0),
            Some(0.0)
        );
        assert_eq!(figures(0).days_left(&sizes(1), &months(0), 1.0), None);
        assert_eq!(figures(5).days_left(&sizes(1), &months(0), 0.0), None);
    }

    #[test]
    fn rules_are_told_with_what_people_struck() {
        assert_eq!(
            figures(5).lines()[1..],
            [
                "en.example.org/w: 9000 edits read, 5 links added, 7 hits",
                "link-overlap: 12 hits by 3 users in 4 lines, 1 struck (75.0 % not struck), passed over: edits 5"
            ]
        );
        assert_eq!(figures(5).json()["rules"][0]["precision"], 75.0);
    }
}
