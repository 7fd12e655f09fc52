//! Link additions for tests: a database with its months, revisions made up by chance, and dumps of all tables.

use crate::support::{TestDb, t};
use mysql_async::prelude::Queryable;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::num::NonZeroUsize;
use wikicrew_core::addition::{EditorName, Flags, Links, RevisionLinks, Row};
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::links::names::Names;
use wikicrew_db::links::partitions;
use wikicrew_db::links::store::{Stored, Window, store};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Db, Lease, Taken};

/// Nothing is too old, and nothing too new.
pub fn window() -> Window {
    Window {
        oldest: t(-86_400 * 365),
        newest: t(86_400 * 365),
    }
}

pub fn names(capacity: usize) -> Names {
    Names::new(NonZeroUsize::new(capacity).unwrap())
}

/// A database with its months, and a run.
pub struct Store {
    pub test: TestDb,
    pub lease: Lease,
    pub names: Names,
}

impl Store {
    pub async fn new() -> Self {
        let test = TestDb::new().await;
        partitions::ensure(&test.db, t(0), 120).await.unwrap();
        let lease = take(&test.db, "").await;
        Self {
            test,
            lease,
            names: names(1_000),
        }
    }

    pub async fn store(&mut self, batch: &[RevisionLinks]) -> Stored {
        let db = self.test.db.clone();
        self.store_with(&db, batch).await
    }

    pub async fn store_with(&mut self, db: &Db, batch: &[RevisionLinks]) -> Stored {
        store(db, self.lease.fence(), &mut self.names, batch, &window())
            .await
            .unwrap()
    }
}

pub async fn take(db: &Db, shard: &str) -> Lease {
    let run = NewRun {
        job: "coi-report",
        wiki: "all",
        shard,
        version: "0.1.0",
    };
    match Lease::take(db, &run, t(0)).await.unwrap() {
        Taken::Lease(lease) => lease,
        Taken::Busy { .. } => panic!("busy"),
    }
}

pub fn row(host: &str, path: &str) -> Row {
    Row {
        host: host.into(),
        path: path.into(),
        flags: Flags::default(),
        times: 1,
    }
}

/// A revision of a named user with some rows.
pub fn revision(rev: u64, user: &str, seconds: i64, rows: Vec<Row>) -> RevisionLinks {
    RevisionLinks {
        wiki: "en.example.org/w".into(),
        dbname: "enwiki".into(),
        realm: "family".into(),
        rev: RevId(rev),
        ts: t(seconds),
        page: PageId(7),
        ns: 0,
        title: format!("Title {rev}"),
        editor: EditorName {
            name: user.into(),
            kind: EditorKind::Named,
            user_id: UserId(0),
        },
        is_revert: false,
        links: Links::Rows(rows),
    }
}

/// Few users, hosts and moments, so that everything meets; wiki `wikis[0]` is a family of its own.
pub fn by_chance(seed: u64, n: u64, wikis: &[&str]) -> Vec<RevisionLinks> {
    const USERS: [(&str, EditorKind); 4] = [
        ("Éva 😀", EditorKind::Named),
        ("Bob", EditorKind::Named),
        ("~2026-7", EditorKind::Temporary),
        ("2001:db8::1", EditorKind::Ip),
    ];
    let rng = &mut StdRng::seed_from_u64(seed);
    (1..=n)
        .map(|rev| {
            let which = rng.random_range(0..wikis.len());
            let (name, kind) = USERS[rng.random_range(0..USERS.len())];
            let user_id = [0, 5, 5_000][rng.random_range(0..3)];
            let mut rows: Vec<Row> = (0..rng.random_range(1..5))
                .map(|_| Row {
                    host: ["com.example.", "org.example.shop.", "203.0.113.7"][rng.random_range(0..3)].into(),
                    path: ["", "/a", "/b?'\\\0"][rng.random_range(0..3)].into(),
                    flags: [Flags(0), Flags::UNWRAPPED, Flags::HTTPS.with(Flags::BOT)][rng.random_range(0..3)],
                    times: rng.random_range(1..4),
                })
                .collect();
            rows.sort();
            rows.dedup_by(|b, a| (&a.host, &a.path, a.flags) == (&b.host, &b.path, b.flags));
            RevisionLinks {
                wiki: wikis[which].into(),
                // Not every source says it.
                dbname: if rng.random_bool(0.5) {
                    format!("db{which}")
                } else {
                    String::new()
                },
                realm: if which == 0 { wikis[0].into() } else { "family".into() },
                page: PageId(rng.random_range(1..4)),
                ts: t(rng.random_range(-3..4) * 86_400 * 9 + rng.random_range(0..3)),
                editor: EditorName {
                    name: name.into(),
                    kind,
                    user_id: UserId(user_id),
                },
                is_revert: rng.random_bool(0.4),
                links: match rng.random_bool(0.1) {
                    true => Links::TooMany { links: 8_000, hosts: 3 },
                    false => Links::Rows(rows),
                },
                ..revision(rev, name, 0, Vec::new())
            }
        })
        .collect()
}

const EDITOR: &str = "CONCAT_WS(' ', (SELECT name FROM realm WHERE realm.realm_id = editor.realm_id), editor.kind, \
    editor.name, HEX(ip))";

/// Every table, numbers of names replaced by the names, in an order that does not hang on the numbers.
pub async fn canonical(test: &TestDb) -> Vec<String> {
    let row = |table: &str| {
        format!(
            "SELECT '{table}', wiki.name, rev_id, n, ts, rhost, {EDITOR}, page_id, flags, times, HEX(path) FROM {table} \
             JOIN wiki USING (wiki_id) JOIN host USING (host_id) JOIN editor USING (editor_id) ORDER BY wiki.name, rev_id, n"
        )
    };
    let sql = [
        "SELECT 'wiki', wiki.name, dbname, realm.name FROM wiki JOIN realm USING (realm_id) ORDER BY wiki.name".into(),
        format!("SELECT 'editor', {EDITOR} AS a FROM editor ORDER BY a"),
        "SELECT 'host', rhost FROM host ORDER BY rhost".into(),
        "SELECT 'page', wiki.name, page_id, ns, title, rev_id FROM page JOIN wiki USING (wiki_id) \
         ORDER BY wiki.name, page_id"
            .into(),
        row("link_addition"),
        row("link_restored"),
        format!(
            "SELECT 'link_flood', wiki.name, rev_id, ts, {EDITOR}, page_id, links, hosts FROM link_flood \
             JOIN wiki USING (wiki_id) JOIN editor USING (editor_id) ORDER BY wiki.name, rev_id"
        ),
        format!(
            "SELECT 'pair', rhost, {EDITOR} AS a, wiki.name, n, first_ts, last_ts FROM pair JOIN wiki USING (wiki_id) \
             JOIN host USING (host_id) JOIN editor USING (editor_id) ORDER BY rhost, a, wiki.name"
        ),
        "SELECT 'host_month', rhost, month, wiki.name, n FROM host_month JOIN wiki USING (wiki_id) \
         JOIN host USING (host_id) ORDER BY rhost, month, wiki.name"
            .into(),
        format!(
            "SELECT 'editor_wiki', {EDITOR} AS a, wiki.name, user_id, n FROM editor_wiki JOIN wiki USING (wiki_id) \
             JOIN editor USING (editor_id) ORDER BY a, wiki.name"
        ),
        "SELECT 'touched_host', rhost, wiki.name, since FROM touched_host JOIN wiki USING (wiki_id) \
         JOIN host USING (host_id) ORDER BY rhost, wiki.name"
            .into(),
    ];
    let mut dump = Vec::new();
    for sql in sql {
        dump.extend(test.sql(&sql).await);
    }
    dump
}

/// Every table of links as it is, with the next number that it would give out.
pub async fn raw(test: &TestDb) -> Vec<String> {
    let mut conn = test.raw().await;
    let tables: Vec<String> = conn
        .query(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT IN \
             ('run', 'lease', 'refinery_schema_history') ORDER BY 1",
        )
        .await
        .unwrap();
    assert!(tables.contains(&"link_addition".to_owned()));
    let mut dump = Vec::new();
    for table in tables {
        let next: Option<Option<u64>> = conn
            .query_first(format!(
                "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = '{table}'"
            ))
            .await
            .unwrap();
        dump.push(format!("{table}, next {next:?}"));
        let keys: Vec<String> = conn
            .query(format!(
                "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = '{table}' AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX"
            ))
            .await
            .unwrap();
        let sql = format!("SELECT * FROM `{table}` ORDER BY {}", keys.join(", "));
        let rows: Vec<mysql_async::Row> = conn.query(sql).await.unwrap();
        dump.extend(rows.into_iter().map(|row| format!("{:?}", row.unwrap())));
    }
    conn.disconnect().await.unwrap();
    dump
}
