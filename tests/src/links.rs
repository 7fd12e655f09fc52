//! Recorded links: a database of its own, events files, and dumps of all tables of links.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use crate::run::{Job, Run};
use crate::world::World;

pub mod held;
pub mod hour;

/// The tables of links, each with the columns of its primary key; `host_asked` and the other one of the name servers
/// last.
const TABLES: [(&str, &str); 15] = [
    ("realm", "realm_id"),
    ("wiki", "wiki_id"),
    ("editor", "editor_id"),
    ("host", "host_id"),
    ("page", "wiki_id, page_id"),
    ("link_addition", "wiki_id, rev_id, n"),
    ("link_restored", "wiki_id, rev_id, n"),
    ("link_flood", "wiki_id, rev_id"),
    ("pair", "host_id, editor_id, wiki_id"),
    ("host_month", "host_id, month, wiki_id"),
    ("editor_wiki", "editor_id, wiki_id"),
    ("touched_host", "host_id, wiki_id"),
    ("link_since", "what"),
    ("host_ip", "host_id, ip"),
    ("host_asked", "host_id"),
];

/// The same tables without any number that only means something inside this database.
const NAMED: [(&str, &str); 11] = [
    (
        "wiki",
        "SELECT w.name, w.dbname, r.name FROM wiki w JOIN realm r USING (realm_id)",
    ),
    (
        "editor",
        "SELECT e.name, e.kind, HEX(e.ip), r.name FROM editor e JOIN realm r USING (realm_id)",
    ),
    ("host", "SELECT rhost FROM host"),
    (
        "page",
        "SELECT w.name, page_id, ns, title, rev_id FROM page JOIN wiki w USING (wiki_id)",
    ),
    (
        "link_addition",
        "SELECT w.name, rev_id, n, ts, rhost, e.name, page_id, flags, times, path FROM link_addition \
         JOIN wiki w USING (wiki_id) JOIN host USING (host_id) JOIN editor e USING (editor_id)",
    ),
    (
        "link_restored",
        "SELECT w.name, rev_id, n, ts, rhost, e.name, page_id, flags, times, path FROM link_restored \
         JOIN wiki w USING (wiki_id) JOIN host USING (host_id) JOIN editor e USING (editor_id)",
    ),
    (
        "link_flood",
        "SELECT w.name, rev_id, ts, e.name, page_id, links, hosts FROM link_flood JOIN wiki w USING (wiki_id) \
         JOIN editor e USING (editor_id)",
    ),
    (
        "pair",
        "SELECT rhost, e.name, w.name, n, first_ts, last_ts FROM pair JOIN wiki w USING (wiki_id) \
         JOIN host USING (host_id) JOIN editor e USING (editor_id)",
    ),
    (
        "host_month",
        "SELECT rhost, month, w.name, n FROM host_month JOIN wiki w USING (wiki_id) JOIN host USING (host_id)",
    ),
    (
        "editor_wiki",
        "SELECT e.name, w.name, user_id, n FROM editor_wiki JOIN wiki w USING (wiki_id) JOIN editor e USING (editor_id)",
    ),
    (
        "touched_host",
        "SELECT rhost, w.name, since FROM touched_host JOIN wiki w USING (wiki_id) JOIN host USING (host_id)",
    ),
];

/// A database, and a folder for events files that goes with it.
pub struct Links {
    /// The database.
    pub world: World,
    folder: PathBuf,
}

impl AsRef<World> for Links {
    fn as_ref(&self) -> &World {
        &self.world
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        // What is left over is in the system's folder for that.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Links {
    /// An empty database.
    pub async fn new() -> Result<Self> {
        let world = World::without_wiki().await?;
        let folder = std::env::temp_dir().join(format!("wikicrew-links-{}", world.database_name()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self { world, folder })
    }

    /// `coi-report` with these arguments and nothing in its environment but the database.
    pub fn job(&self, args: &[&str]) -> Job {
        Job::new("coi-report")
            .env("WIKICREW_DATABASE_URL", &self.world.database_url())
            .args(args)
    }

    /// Writes an events file; its path.
    pub fn file(&self, name: &str, lines: &[Value]) -> Result<String> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.raw_file(name, text.as_bytes())
    }

    /// Writes a file of whatever bytes; its path.
    pub fn raw_file(&self, name: &str, bytes: &[u8]) -> Result<String> {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes)?;
        path.into_os_string()
            .into_string()
            .ok()
            .context("the folder's name is no text")
    }

    /// `coi-report ingest` of these events, run to its end.
    pub async fn ingest(&self, lines: &[Value]) -> Result<Run> {
        let file = self.file("events.jsonl", lines)?;
        self.job(&["ingest", "--events", &file]).run_ok().await
    }

    /// Takes everything out of the tables of links but since when they count: as good as a new database, and faster.
    pub async fn empty(&self) -> Result<()> {
        for (table, _) in TABLES.iter().filter(|(table, _)| *table != "link_since") {
            self.world.execute(&format!("DELETE FROM {table}")).await?;
        }
        Ok(())
    }

    /// Makes all tables of links, their months too, those of the other database. Jobs have forgotten what they had done.
    pub async fn copy_of(&self, other: &Links) -> Result<()> {
        let mut conn = self.world.db().await?;
        for (table, _) in TABLES {
            let from = format!("`{}`.{table}", other.world.database_name());
            let mut steps = vec![format!("DELETE FROM {table}")];
            if table == "link_addition" {
                steps = vec![
                    format!("DROP TABLE {table}"),
                    format!("CREATE TABLE {table} LIKE {from}"),
                ];
            }
            steps.push(format!("INSERT INTO {table} SELECT * FROM {from}"));
            for sql in steps {
                conn.query_drop(&sql).await.with_context(|| sql.clone())?;
            }
        }
        conn.query_drop("DELETE FROM memo").await?;
        Ok(conn.disconnect().await?)
    }

    /// Every byte of the tables of links, numbers and all, and the next numbers that would be given.
    pub async fn dump(&self) -> Result<String> {
        let mut dump = String::new();
        for (table, key) in TABLES {
            let rows = self
                .world
                .table(&format!("SELECT * FROM {table} ORDER BY {key}"))
                .await?;
            dump.push_str(&format!("== {table}\n{rows}"));
        }
        let next = "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
            AND TABLE_NAME IN ('realm', 'wiki', 'editor', 'host') ORDER BY TABLE_NAME";
        Ok(dump + &self.world.table(next).await?)
    }

    /// The tables of links with names in place of numbers, sorted: the same for two databases that hold the same.
    pub async fn named_dump(&self) -> Result<String> {
        named_dump(&self.world).await
    }
}

/// The same of the database of any world.
pub async fn named_dump(world: &World) -> Result<String> {
    let mut dump = String::new();
    for (table, sql) in NAMED {
        let rows = world.table(sql).await?;
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_unstable();
        dump.push_str(&format!("== {table}\n{}\n", rows.join("\n")));
    }
    Ok(dump)
}

/// So many minutes ago, as events write it.
pub fn minutes_ago(minutes: i64) -> String {
    seconds_ago(minutes * 60)
}

/// So many seconds ago, as events write it.
#[expect(clippy::disallowed_methods, reason = "events have to be young enough to be stored")]
pub fn seconds_ago(seconds: i64) -> String {
    let time = chrono::Utc::now() - chrono::TimeDelta::seconds(seconds);
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A number of the run's summary line, as `rows` in `rows=12`; 0 when it is not there.
pub fn counted(run: &Run, what: &str) -> Result<u64> {
    let mut lines = run.stderr.lines();
    let line = lines.find(|line| line.contains("Wrote DB: "));
    let line = line.with_context(|| format!("no summary line\n{run}"))?;
    let value = line.split_whitespace().find_map(|word| {
        let (name, value) = word.split_once('=')?;
        (name == what).then_some(value)
    });
    value
        .unwrap_or("0")
        .parse()
        .with_context(|| format!("{what} is no number\n{run}"))
}

/// A recorded edit; keys may be overwritten.
pub fn edit(wiki: &str, rev: u64, user: &str, minutes: i64, parent_text: &str, text: &str) -> Value {
    json!({
        "type": "recorded-edit", "wiki": format!("{wiki}.example.org/w"), "database": format!("{wiki}wiki"),
        "rev_id": rev, "parent_id": rev - 1, "page_id": rev % 7 + 1, "page_namespace": 0,
        "page_title": format!("Page_{}", rev % 7 + 1), "dt": minutes_ago(minutes),
        "performer": {
            "user_text": user, "user_id": if user.parse::<IpAddr>().is_ok() { 0 } else { 5 }, "user_is_temp": user.starts_with('~'), "user_is_bot": false,
            "user_edit_count": 900, "user_registration_dt": "2010-01-01T00:00:00Z",
        },
        "tags": [], "content_model": "wikitext", "parent_text": parent_text, "text": text,
    })
}
