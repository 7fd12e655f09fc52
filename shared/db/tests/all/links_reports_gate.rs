//! The query gate of what reports ask beside each user and host: as in `links_gate`, on the same rows.

use crate::links_gate_fill::fill;
use crate::support::{TestDb, t};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wikicrew_db::links::questions::additions::{Of, newest, since};
use wikicrew_db::links::questions::{adders, counts, rules, servers, touched};
use wikicrew_db::{Result, Session};

const BIG: u32 = 1;

async fn number(test: &TestDb, sql: &str) -> u64 {
    test.sql(sql).await[0].parse().unwrap()
}

fn listed<T: ToString>(ids: &[T]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn no_question_of_a_report_reads_the_table() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    fill(&test).await;
    let mut work = test.db.conn().await.unwrap();
    let c = &mut work;
    let mut over = Vec::new();
    let own = c.handler_reads().await.unwrap();
    let own = c.handler_reads().await.unwrap() - own;
    macro_rules! gate {
        ($bound:expr, $call:expr) => {{
            let before = c.handler_reads().await.unwrap();
            let answer = $call.await.unwrap();
            let reads = c.handler_reads().await.unwrap() - before - own;
            if reads > $bound {
                over.push(format!("{reads} > {}: {}", $bound, stringify!($call)));
            }
            answer
        }};
    }

    // What some editors added of some hosts: of one, and of a domain.
    let top: Vec<u32> = counts::adders(c, &[BIG], 50)
        .await
        .unwrap()
        .iter()
        .map(|a| a.editor_id)
        .collect();
    let editors = listed(&top);
    let domain: Vec<u32> = (1..=300).collect();
    for hosts in [vec![BIG], domain.clone()] {
        let list = listed(&hosts);
        let of = format!("FROM link_addition WHERE host_id IN ({list}) AND editor_id IN ({editors})");
        let pairs = number(
            &test,
            &format!("SELECT COUNT(*) FROM pair WHERE host_id IN ({list}) AND editor_id IN ({editors})"),
        )
        .await;
        let looks = 2 * hosts.len() as u64 * top.len() as u64;
        let found = gate!(looks + 5 * pairs + 1_000, adders::of_hosts(c, &hosts, &top));
        let ours: BTreeMap<u32, String> = found
            .iter()
            .map(|(id, sum)| {
                (
                    *id,
                    format!(
                        "{id}|{}|{}|{}|{}",
                        sum.n,
                        sum.wikis,
                        sum.first.format("%F %T"),
                        sum.last.format("%F %T")
                    ),
                )
            })
            .collect();
        let said = test
            .sql(&format!(
                "SELECT editor_id, COUNT(*), COUNT(DISTINCT wiki_id), MIN(ts), MAX(ts) {of} GROUP BY editor_id ORDER BY 1"
            ))
            .await;
        assert_eq!(ours.into_values().collect::<Vec<_>>(), said);
        let said = test
            .sql(&format!(
                "SELECT editor_id, wiki_id FROM (SELECT editor_id, wiki_id, ROW_NUMBER() OVER (PARTITION BY editor_id \
                 ORDER BY COUNT(*) DESC, wiki_id) AS k {of} GROUP BY editor_id, wiki_id) x WHERE k = 1 ORDER BY 1"
            ))
            .await;
        let ours: BTreeMap<u32, u16> = found.iter().map(|(id, sum)| (*id, sum.wiki_id)).collect();
        assert_eq!(ours.iter().map(|(e, w)| format!("{e}|{w}")).collect::<Vec<_>>(), said);
    }
    assert_eq!(gate!(10, adders::of_hosts(c, &[], &top)).len(), 0);

    // What else they added.
    let of_all = format!("SELECT COUNT(*) FROM pair WHERE editor_id IN ({editors})");
    let pairs = number(&test, &of_all).await;
    let without = [BIG, 2, 3];
    let found = gate!(4 * pairs + 300 * 50 + 2_000, adders::others(c, &top, &without, 3));
    assert_eq!(found.len(), 50);
    let mut busy = 0;
    for &id in top.iter().step_by(7) {
        let said = test
            .sql(&format!(
                "SELECT host_id, rhost, COUNT(*) AS n, COUNT(DISTINCT wiki_id) FROM link_addition JOIN host USING (host_id) \
                 WHERE editor_id = {id} AND host_id > 3 GROUP BY host_id ORDER BY n DESC, host_id LIMIT 3"
            ))
            .await;
        let all = number(
            &test,
            &format!("SELECT COUNT(*) FROM link_addition WHERE editor_id = {id}"),
        )
        .await;
        if all > adders::BUSY {
            busy += 1;
            assert_eq!(found[&id].hosts, []);
            continue;
        }
        let ours = found[&id]
            .hosts
            .iter()
            .map(|h| format!("{}|{}|{}|{}", h.host_id, h.stored_key, h.n, h.wikis));
        assert_eq!(ours.collect::<Vec<_>>(), said);
        let all = format!("SELECT COUNT(*) FROM link_addition WHERE editor_id = {id} AND host_id > 3");
        assert_eq!(found[&id].links, number(&test, &all).await);
    }
    assert!((1..7).contains(&busy), "{busy} of 8 are busy");
    assert_eq!(
        gate!(100, adders::others(c, &[9_999], &[], 3))[&9_999],
        adders::Others::default()
    );

    // How many others added some hosts, up to a bound.
    let hosts: Vec<u32> = (1..=100).collect();
    let bounded = number(
        &test,
        &format!(
            "SELECT SUM(n) FROM (SELECT COUNT(*) AS n, ROW_NUMBER() OVER (PARTITION BY host_id ORDER BY editor_id) AS k \
             FROM pair WHERE host_id IN ({}) GROUP BY host_id, editor_id) x WHERE k <= 51",
            listed(&hosts)
        ),
    )
    .await;
    let found: HashMap<u32, u64> = gate!(bounded + 4 * 51 * 100 + 1_000, adders::of_each(c, &hosts, 50));
    let said = test
        .sql(
            "SELECT host_id, LEAST(COUNT(DISTINCT editor_id), 51) FROM pair WHERE host_id <= 100 GROUP BY 1 ORDER BY 1",
        )
        .await;
    let ours: BTreeMap<u32, u64> = found.into_iter().collect();
    assert_eq!(ours.iter().map(|(h, n)| format!("{h}|{n}")).collect::<Vec<_>>(), said);

    // What came after a moment, of one host and of a domain.
    let all = newest(c, Of::Hosts, &domain, None, 1_000).await.unwrap();
    let moment = all[299].place.ts;
    let later = all.iter().filter(|a| a.place.ts > moment).cloned().collect::<Vec<_>>();
    assert!(later.len() > 200);
    assert_eq!(gate!(300 * 40 + 8 * 1_000, since(c, &domain, moment, 1_000)), later);
    assert_eq!(gate!(300 * 40 + 8 * 500, since(c, &domain, moment, 20)), later[..20]);
    let first = newest(c, Of::Hosts, &[BIG], None, 250).await.unwrap();
    assert_eq!(gate!(900, since(c, &[BIG], first[99].place.ts, 250)), first[..99]);
    assert_eq!(gate!(60, since(c, &[BIG], first[0].place.ts, 250)), []);

    // Several domains of one server by one editor: against a plain join.
    let asked: Vec<u32> = (3_000..3_500).collect();
    test.sql("UPDATE host_ip SET ip = UNHEX(CONCAT('CB00', LPAD(HEX(host_id DIV 40), 4, '0'))) WHERE host_id >= 2800")
        .await;
    let candidates = rules::candidates(c, &asked, 5, 60).await.unwrap();
    let asked: Vec<u32> = candidates.iter().map(|one| one.host_id).collect();
    let sums = number(
        &test,
        "SELECT SUM(n) + COUNT(*) FROM pair WHERE host_id BETWEEN 2800 AND 4000",
    )
    .await;
    let found = gate!(8 * sums + 30_000, servers::by_one_editor(c, &asked, 3, 60));
    let sql = format!(
        "WITH small AS (SELECT host_id FROM host_month GROUP BY host_id HAVING SUM(n) <= 60), \
         one AS (SELECT DISTINCT i.ip, p.editor_id, p.host_id FROM host_ip i JOIN pair p USING (host_id) \
         JOIN small USING (host_id)), \
         few AS (SELECT ip FROM host_ip GROUP BY ip HAVING COUNT(*) BETWEEN 3 AND 200), \
         many AS (SELECT ip, editor_id FROM one GROUP BY 1, 2 HAVING COUNT(*) >= 3) \
         SELECT a.host_id, INET6_NTOA(a.ip), a.editor_id, b.host_id, h.rhost FROM one a \
         JOIN few f ON f.ip = a.ip JOIN many m ON m.ip = a.ip AND m.editor_id = a.editor_id \
         JOIN one b ON b.ip = a.ip AND b.editor_id = a.editor_id JOIN host h ON h.host_id = b.host_id \
         WHERE a.host_id IN ({}) ORDER BY a.host_id, a.ip, a.editor_id, b.host_id",
        listed(&asked)
    );
    let ours = found
        .iter()
        .map(|f| format!("{}|{}|{}|{}|{}", f.host_id, f.ip, f.editor_id, f.other_id, f.stored_key))
        .collect::<Vec<_>>();
    assert!(ours.len() > 50, "{}", ours.len());
    assert_eq!(ours, test.sql(&sql).await);
    assert_eq!(
        gate!(3_000, servers::by_one_editor(c, &[3], 3, 1_000)),
        [],
        "a provider's address"
    );
    drop(work);

    // Taking hosts off the list of those with new additions.
    let rows = number(&test, "SELECT COUNT(*) FROM touched_host WHERE host_id <= 510").await;
    let (taken, reads) = test
        .write(&lease, async |tx| -> Result<_> {
            let before = tx.conn().handler_reads().await?;
            let taken = touched::take(tx, 0, 500).await?;
            Ok((taken, tx.conn().handler_reads().await? - before - own))
        })
        .await
        .unwrap();
    assert_eq!(taken.len(), 500);
    assert!(taken.iter().all(|one| one.since < t(86_400)));
    assert_eq!(taken.iter().map(|one| one.host_id).collect::<BTreeSet<_>>().len(), 500);
    assert!(reads <= 2 * rows + 1_200, "{reads} of {rows} rows");
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}
