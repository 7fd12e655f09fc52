//! Link additions are stored once, and the same whatever the order.

use crate::links_support::{Store, by_chance, canonical, names, raw, revision, row, window};
use crate::support::t;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use wikicrew_core::addition::{Flags, Links, RevisionLinks, Row};
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::links::store::{Stored, Window, store};

const WIKIS: [&str; 3] = ["a.example.org/w", "b.example.org/w", "c.example.org/w"];

/// In order at once, and by chance: shuffled, in batches of any size, some twice in one.
#[tokio::test]
async fn order_and_batches_do_not_matter_and_reading_again_changes_no_byte() {
    for seed in 0..3 {
        let rng = &mut StdRng::seed_from_u64(seed + 100);
        let mut revs = by_chance(seed, 120, &WIKIS);
        revs.sort_by_key(|rev| (rev.ts, rev.rev));
        let mut sorted = Store::new().await;
        let all = sorted.store(&revs).await;
        assert_eq!(all.revisions, 120);
        assert_eq!(all.raised, 0);
        let expected = canonical(&sorted.test).await;
        check_counts(&sorted, &revs).await;

        let mut shuffled = Store::new().await;
        // Too small for one batch even.
        shuffled.names = names(2);
        let (mut sum, mut order) = (Stored::default(), revs.clone());
        for round in 0..2 {
            order.shuffle(rng);
            let before = raw(&shuffled.test).await;
            let mut left = &order[..];
            while !left.is_empty() {
                let (some, rest) = left.split_at(rng.random_range(1..=left.len().min(40)));
                let mut batch = some.to_vec();
                batch.push(some[0].clone());
                let stored = shuffled.store(&batch).await;
                assert_eq!(stored.revisions + stored.known, batch.len() as u64);
                sum.add(stored);
                left = rest;
            }
            let now = canonical(&shuffled.test).await;
            assert_eq!(now, expected, "seed {seed}, round {round}");
            if round > 0 {
                assert_eq!(raw(&shuffled.test).await, before, "seed {seed}");
                // Another process, that remembers nothing.
                shuffled.names = names(50);
                shuffled.store(&revs).await;
                assert_eq!(raw(&shuffled.test).await, before, "seed {seed}");
            }
        }
        assert_eq!((sum.revisions, sum.floods), (120, all.floods));
        assert_eq!(sum.additions + sum.raised, all.additions);
        assert_eq!(sum.restored - sum.raised, all.restored);
        assert!(sum.raised > 0, "this seed tests nothing");
    }
}

/// The rules once more, straightforward.
async fn check_counts(store: &Store, revs: &[RevisionLinks]) {
    type Triple<'r> = (&'r str, &'r str, &'r str);
    fn rows(rev: &RevisionLinks) -> impl Iterator<Item = (Triple<'_>, &Row)> {
        let rows = match &rev.links {
            Links::Rows(rows) => &rows[..],
            Links::TooMany { .. } => &[],
        };
        rows.iter()
            .map(move |row| ((&*row.host, &*rev.editor.name, &*rev.wiki), row))
    }
    let added_before = |triple: Triple<'_>, at| {
        revs.iter()
            .filter(|rev| !rev.is_revert && rev.ts < at)
            .any(|rev| rows(rev).any(|(other, _)| other == triple))
    };
    let (mut pairs, mut months, mut editors) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut restored, mut readded) = (0, 0);
    for rev in revs {
        let of_editor = editors.entry((&*rev.editor.name, &*rev.wiki)).or_insert((0, 0));
        of_editor.1 = rev.editor.user_id.0.max(of_editor.1);
        for (triple, row) in rows(rev) {
            if rev.is_revert && !added_before(triple, rev.ts) {
                restored += 1;
                continue;
            }
            readded += u64::from(rev.is_revert);
            *pairs.entry(triple).or_insert(0) += u64::from(row.times);
            let month = rev.ts.format("%Y-%m").to_string();
            *months.entry((triple.0, month, triple.2)).or_insert(0) += u64::from(row.times);
            if !row.flags.has(Flags::UNWRAPPED) {
                editors.get_mut(&(triple.1, triple.2)).unwrap().0 += u64::from(row.times);
            }
        }
    }
    let expected: Vec<String> = pairs.iter().map(|((h, e, w), n)| format!("{h}|{e}|{w}|{n}")).collect();
    let sql = "SELECT rhost, e.name, w.name, n FROM pair JOIN host USING (host_id) JOIN editor e USING (editor_id) \
        JOIN wiki w USING (wiki_id) ORDER BY 1, 2, 3";
    assert_eq!(store.test.sql(sql).await, expected);
    let expected: Vec<String> = months.iter().map(|((h, m, w), n)| format!("{h}|{m}|{w}|{n}")).collect();
    let sql = "SELECT rhost, CONCAT(month DIV 12, '-', LPAD(month MOD 12 + 1, 2, '0')) AS m, w.name, n FROM host_month \
        JOIN host USING (host_id) JOIN wiki w USING (wiki_id) ORDER BY 1, month, 3";
    assert_eq!(store.test.sql(sql).await, expected);
    let expected: Vec<String> = editors
        .iter()
        .map(|((e, w), (n, user_id))| format!("{e}|{w}|{n}|{user_id}"))
        .collect();
    let sql = "SELECT e.name, w.name, n, user_id FROM editor_wiki JOIN editor e USING (editor_id) \
        JOIN wiki w USING (wiki_id) ORDER BY 1, 2";
    assert_eq!(store.test.sql(sql).await, expected);
    let sql = "SELECT (SELECT COUNT(*) FROM link_restored), (SELECT COUNT(*) FROM link_addition WHERE flags & 1)";
    assert_eq!(store.test.sql(sql).await, [format!("{restored}|{readded}")]);
    let pages: BTreeSet<_> = revs.iter().map(|rev| (&*rev.wiki, rev.page)).collect();
    let titles = pages.iter().map(|page| {
        let newest = revs.iter().filter(|rev| (&*rev.wiki, rev.page) == *page);
        format!("Title {}", newest.map(|rev| rev.rev).max().unwrap())
    });
    let sql = "SELECT title FROM page JOIN wiki w USING (wiki_id) ORDER BY w.name, page_id";
    assert_eq!(store.test.sql(sql).await, titles.collect::<Vec<_>>());
}

/// What does not fit is refused by itself; what just fits, and what looks like SQL, is stored as it is.
#[tokio::test]
async fn hostile_and_oversize_revisions() {
    let mut store = Store::new().await;
    let long = |n: usize| "x".repeat(n);
    let good = revision(1, "A", 0, vec![row("com.example.", "/")]);
    let with = |rev: u64, change: &dyn Fn(&mut RevisionLinks)| {
        let mut changed = good.clone();
        changed.rev = RevId(rev);
        change(&mut changed);
        changed
    };
    let bad = [
        with(10, &|rev| rev.editor.name = long(256)),
        with(11, &|rev| rev.editor.name = String::new()),
        with(12, &|rev| rev.wiki = long(256)),
        with(13, &|rev| rev.title = "é".repeat(257)),
        with(14, &|rev| rev.links = Links::Rows(vec![row(&long(256), "/")])),
        with(15, &|rev| {
            rev.links = Links::Rows(vec![row("com.example.", &long(2_001))])
        }),
        with(16, &|rev| rev.links = Links::Rows(vec![row("", "/")])),
        with(17, &|rev| rev.page = PageId(u64::from(u32::MAX) + 1)),
        with(18, &|rev| rev.editor.user_id = UserId(u64::MAX)),
        with(u64::MAX, &|_| ()),
        with(19, &|rev| rev.editor.kind = EditorKind::Ip),
        with(20, &|rev| rev.editor.kind = EditorKind::Hidden),
        with(21, &|rev| rev.links = Links::Rows(Vec::new())),
        with(22, &|rev| rev.realm = long(256)),
        with(23, &|rev| rev.dbname = long(65)),
        with(24, &|rev| rev.ts = "6000-01-01T00:00:00Z".parse().unwrap()),
    ];
    let name = format!("'\\\" \0\n\u{7f}\u{202e}😀{}", "😀".repeat(60));
    let odd = [
        with(30, &|rev| rev.editor.name = name.clone()),
        with(31, &|rev| rev.title = long(512)),
        with(32, &|rev| {
            let max = Row {
                times: u16::MAX,
                ..row(&"x".repeat(255), &"\u{0}".repeat(2_000))
            };
            rev.links = Links::Rows(vec![max]);
        }),
        with(33, &|rev| {
            rev.editor.name = "192.0.2.1".into();
            rev.editor.kind = EditorKind::Ip;
        }),
        with(i64::MAX as u64, &|rev| rev.wiki = "'; DROP TABLE host; -- 😀".into()),
        // Not sorted: its numbers are those of the sorted rows all the same.
        with(34, &|rev| rev.links = Links::Rows(vec![row("z.", ""), row("a.", "")])),
    ];
    let mut batch = vec![good.clone()];
    batch.extend(bad.iter().cloned());
    batch.extend(odd.iter().cloned());
    let stored = store.store(&batch).await;
    assert_eq!(stored.revisions, 1 + odd.len() as u64);
    let refused: Vec<_> = stored.refused.iter().map(|refused| refused.rev).collect();
    assert_eq!(refused, bad.iter().map(|rev| rev.rev).collect::<Vec<_>>());
    assert_eq!(
        stored.refused[0].why,
        "the user's name has 256 bytes, at most 255 are stored"
    );
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    let there = async |sql: &str| store.test.sql(sql).await == ["1"];
    assert!(
        there(&format!(
            "SELECT COUNT(*) FROM editor WHERE HEX(name) = '{}'",
            hex(&name)
        ))
        .await
    );
    assert!(there("SELECT COUNT(*) FROM editor WHERE kind = 3 AND ip = INET6_ATON('192.0.2.1')").await);
    assert!(there("SELECT COUNT(*) FROM link_addition WHERE times = 65535 AND path = REPEAT('\\0', 2000)").await);
    assert!(there("SELECT COUNT(*) FROM wiki WHERE name = '\\'; DROP TABLE host; -- 😀'").await);
    assert!(there("SELECT n FROM link_addition JOIN host USING (host_id) WHERE rev_id = 34 AND rhost = 'z.'").await);
}

/// Counters stop at what their column takes: they neither wrap nor stop the job.
#[tokio::test]
async fn counters_saturate() {
    let mut store = Store::new().await;
    let rev = |id| revision(id, "A", 0, vec![row("com.example.", "/")]);
    store.store(&[rev(1)]).await;
    for table in ["pair", "host_month", "editor_wiki"] {
        store.test.sql(&format!("UPDATE {table} SET n = 4294967294")).await;
    }
    store.store(&[rev(2), rev(3), rev(4)]).await;
    let sql = "SELECT n FROM pair UNION ALL SELECT n FROM host_month UNION ALL SELECT n FROM editor_wiki";
    assert_eq!(store.test.sql(sql).await, ["4294967295"; 3]);
}

/// Before the caller's horizon, and before the one that has moved on since: neither stored nor named.
#[tokio::test]
async fn what_is_too_old_is_not_stored() {
    let mut old = Store::new().await;
    let rev = |id, seconds| revision(id, "A", seconds, vec![row("com.example.", "/")]);
    let batch = [rev(1, -1), rev(2, 0), rev(3, 1)];
    old.test
        .sql("UPDATE link_since SET since = '2026-03-01 12:00:01' WHERE what = 'rows'")
        .await;
    let from = Window {
        oldest: t(0),
        ..window()
    };
    let stored = store(&old.test.db, old.lease.fence(), &mut old.names, &batch, &from)
        .await
        .unwrap();
    assert_eq!((stored.too_old, stored.revisions), (2, 1));
    assert_eq!(old.test.sql("SELECT rev_id FROM link_addition").await, ["3"]);
    assert!(window().oldest < t(-1));
}

/// A number that is remembered is not used once the name was removed.
#[tokio::test]
async fn names_that_were_removed_get_new_numbers() {
    let mut store = Store::new().await;
    let rev = |id| revision(id, "A", 0, vec![row("com.example.", "/")]);
    store.store(&[rev(1)]).await;
    store.test.sql("DELETE FROM link_addition").await;
    store.test.sql("DELETE FROM host").await;
    store.test.sql("DELETE FROM editor").await;
    store
        .test
        .sql("UPDATE link_since SET since = since + INTERVAL 1 SECOND WHERE what = 'names'")
        .await;
    store.store(&[rev(2)]).await;
    let sql =
        "SELECT a.rev_id, rhost, e.name FROM link_addition a JOIN host USING (host_id) JOIN editor e USING (editor_id)";
    assert_eq!(store.test.sql(sql).await, ["2|com.example.|A"]);
}

/// What a connection that is gone was told of numbers is void: the server that took over may have given them to others.
#[tokio::test]
async fn numbers_are_read_again_on_a_new_connection() {
    let mut store = Store::new().await;
    let rev = |id| revision(id, "A", 0, vec![row("com.new.", "/")]);
    store.store(&[rev(1)]).await;
    let before = store.test.sql("SELECT host_id FROM host").await;
    let work = store.test.db.conn().await.unwrap().id();
    for sql in [
        &format!("KILL {work}"),
        "DELETE FROM link_addition",
        "DELETE FROM host",
        "ALTER TABLE host AUTO_INCREMENT = 1",
        "INSERT INTO host (rhost) VALUES ('com.other.')",
    ] {
        store.test.sql(sql).await;
    }
    assert_eq!(store.test.sql("SELECT host_id FROM host").await, before);
    store.store(&[rev(2)]).await;
    let sql = "SELECT rev_id, rhost FROM link_addition JOIN host USING (host_id)";
    assert_eq!(store.test.sql(sql).await, ["2|com.new."]);
}

/// Two sources tell different times of a revision: the first that is read stays, however the batches are cut.
#[tokio::test]
async fn a_revision_with_two_times_is_stored_once() {
    let mut store = Store::new().await;
    let at = |id, days: i64, hosts: &[&str]| {
        let rows = hosts.iter().map(|host| row(host, "/")).collect();
        revision(id, "A", days * 86_400, rows)
    };
    let restoring = |days| RevisionLinks {
        is_revert: true,
        ..at(8, days, &["com.example.", "org.example."])
    };
    store.store(&[at(9, 0, &["com.example."]), restoring(1)]).await;
    store.store(&[at(7, -20, &["com.example."])]).await;
    let before = raw(&store.test).await;
    for batch in [
        vec![at(9, 9, &["com.example."])],
        vec![at(9, 9, &["com.example."]), at(7, -20, &["com.example."])],
        vec![restoring(20)],
        vec![at(7, 40, &["com.example."]), restoring(-30)],
    ] {
        let stored = store.store(&batch).await;
        assert_eq!((stored.known, stored.revisions), (batch.len() as u64, 0));
        assert_eq!(raw(&store.test).await, before);
    }
    // Known and new ones together.
    let stored = store
        .store(&[at(9, 30, &["com.example."]), at(10, 30, &["com.example."])])
        .await;
    assert_eq!((stored.known, stored.revisions), (1, 1));
    assert_eq!(store.test.sql("SELECT n FROM pair").await, ["4"]);
    assert_eq!(store.test.sql("SELECT COUNT(*) FROM link_restored").await, ["1"]);
}

/// A wiki is of one family. What says otherwise is told and not stored: its users would be other people.
#[tokio::test]
async fn a_wiki_does_not_change_its_family() {
    let of = |id, wiki: &str, realm: &str| RevisionLinks {
        wiki: wiki.into(),
        realm: realm.into(),
        ..revision(id, "A", 0, vec![row("com.example.", "/")])
    };
    let (a, b) = ("a.example.org/w", "b.example.org/w");
    let revs = [of(1, a, a), of(2, a, "fam"), of(3, b, "fam"), of(4, a, a)];
    for size in [1, 4] {
        let mut store = Store::new().await;
        let mut sum = Stored::default();
        for batch in revs.chunks(size) {
            sum.add(store.store(batch).await);
        }
        assert_eq!((sum.revisions, sum.known), (3, 0));
        assert_eq!(sum.refused.len(), 1);
        assert_eq!((&*sum.refused[0].wiki, sum.refused[0].rev), (a, RevId(2)));
        assert_eq!(
            sum.refused[0].why,
            "the wiki belongs to the family \"a.example.org/w\" in this database, the file says \"fam\": \
             all files must say the same"
        );
        let sql = "SELECT w.name, r.name FROM wiki w JOIN realm r USING (realm_id) ORDER BY 1";
        assert_eq!(store.test.sql(sql).await, [format!("{a}|{a}"), format!("{b}|fam")]);
        let before = raw(&store.test).await;
        let again = store.store(&revs).await;
        assert_eq!((again.known, again.refused.len()), (3, 1));
        assert_eq!(raw(&store.test).await, before);
    }
}

/// A day ahead of the clock is a clock that goes wrong; more is refused, since such a row would never leave.
#[tokio::test]
async fn what_is_not_yet_is_not_stored() {
    let Store { test, lease, mut names } = Store::new().await;
    let rev = |id, seconds| revision(id, "A", seconds, vec![row("com.example.", "/")]);
    let window = Window::new(t(-10), t(0));
    let batch = [rev(1, 86_400), rev(2, 86_401), rev(3, -11), rev(4, 1_000 * 86_400)];
    let stored = store(&test.db, lease.fence(), &mut names, &batch, &window)
        .await
        .unwrap();
    assert_eq!((stored.revisions, stored.too_old, stored.refused.len()), (1, 1, 2));
    assert_eq!(
        stored.refused[0].why,
        "its time, 2026-03-02 12:00:01 UTC, is still to come"
    );
    assert_eq!(test.sql("SELECT rev_id FROM link_addition").await, ["1"]);
}
