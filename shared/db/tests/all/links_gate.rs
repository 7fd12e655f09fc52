//! The query gate of the links: on 2·10^5 skewed additions no question reads more rows than its answer needs, and every
//! answer is what the additions themselves say.

use crate::links_gate_fill::{HOSTS, fill};
use crate::support::{RUN, TestDb, t};
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use wikicrew_core::types::Timestamp;
use wikicrew_db::lease;
use wikicrew_db::links::host_ip::{self, Answer};
use wikicrew_db::links::questions::additions::{Addition, Of, newest};
use wikicrew_db::links::questions::{counts, hosts, lookup, rules, stats};
use wikicrew_db::links::{partitions, since, size};
use wikicrew_db::run::NewRun;

/// Host 1 has a tenth of all.
const BIG: u32 = 1;

/// The first column of the rows, as a number.
async fn number(test: &TestDb, sql: &str) -> u64 {
    test.sql(sql).await[0].parse().unwrap()
}

fn places(additions: &[Addition]) -> Vec<String> {
    additions
        .iter()
        .map(|a| format!("{}|{}|{}", a.place.wiki_id, a.place.rev, a.place.n))
        .collect()
}

#[tokio::test]
async fn no_question_reads_the_table() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    fill(&test).await;

    let mut work = test.db.conn().await.unwrap();
    let c = &mut work;
    let mut over = Vec::new();
    // What the counting itself reads.
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

    // Names.
    let found = gate!(20, lookup::editors_named(c, "User 5", None));
    assert_eq!(found.iter().map(|e| e.id).collect::<Vec<_>>(), [5, 6_000]);
    let found = gate!(20, lookup::editors_named(c, "User 5", Some("w300.test/w")));
    assert_eq!(found[0].id, 6_000);
    assert_eq!(gate!(20, lookup::editors_named(c, "user 5", None)), []);
    assert_eq!(gate!(260, lookup::editors(c, &[1, 2, 3, 9_999])).len(), 3);
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let found = gate!(
        260,
        lookup::editors_in_range(c, ip("198.51.1.0"), ip("198.51.1.255"), 20)
    );
    assert_eq!(found[0].name, "198.51.1.2");
    assert_eq!(found.len(), 20);
    let found = gate!(
        260,
        lookup::editors_in_range(c, ip("c633:100::"), ip("c633:1ff:ffff:ffff:ffff:ffff:ffff:ffff"), 20)
    );
    assert_eq!(found.iter().map(|e| e.id).collect::<Vec<_>>(), [6_001]);
    let keys: Vec<String> = (1..=9).map(|i| format!("com.example{i}.")).collect();
    assert_eq!(gate!(172, lookup::hosts_by_key(c, &keys)).len(), 9);
    assert_eq!(gate!(116, lookup::hosts(c, &[1, 2])).len(), 2);
    let farm = gate!(900, lookup::hosts_between(c, "org.farm.", "org.farm/", 900));
    assert_eq!(farm.len(), HOSTS / 10);
    let after = format!("{}\0", farm[9].stored_key);
    assert_eq!(
        gate!(180, lookup::hosts_between(c, &after, "org.farm/", 10))[0],
        farm[10]
    );
    assert_eq!(gate!(1_000, lookup::wikis(c)).len(), 300);

    // Newest additions: 8 × rows and 100. The biggest host, a page further, a host with few.
    let first = gate!(2_100, newest(c, Of::Hosts, &[BIG], None, 250));
    assert_eq!(
        places(&first),
        test.sql(
            "SELECT wiki_id, rev_id, n FROM link_addition WHERE host_id = 1 \
             ORDER BY ts DESC, wiki_id DESC, rev_id DESC, n DESC LIMIT 250"
        )
        .await
    );
    let next = gate!(2_100, newest(c, Of::Hosts, &[BIG], Some(first[99].place), 150));
    assert_eq!(next, first[100..]);
    assert_eq!(next[0].page.as_ref().unwrap().1, format!("Page {}", next[0].page_id));
    // Twenty links of one second: the page ends among them.
    let flood = gate!(300, newest(c, Of::Hosts, &[4_990], None, 10));
    let rest = gate!(400, newest(c, Of::Hosts, &[4_990], Some(flood[9].place), 10));
    assert_eq!(
        [places(&flood), places(&rest)].concat(),
        (0..20).rev().map(|n| format!("300|900000|{n}")).collect::<Vec<_>>()
    );
    gate!(2_100, newest(c, Of::Editors, &[1], None, 250));
    // A domain of 500 hosts: one look per host and month, then the newest hosts only.
    let ids: Vec<u32> = farm.iter().map(|host| host.id).collect();
    let of_farm = gate!(500 * 40 + 50 * 8 * 10, newest(c, Of::Hosts, &ids, None, 50));
    assert_eq!(
        places(&of_farm),
        test.sql(
            "SELECT wiki_id, rev_id, n FROM link_addition JOIN host USING (host_id) WHERE rhost LIKE 'org.farm.%' \
             ORDER BY ts DESC, wiki_id DESC, rev_id DESC, n DESC LIMIT 50"
        )
        .await
    );

    // The four numbers, of a user report: one editor and the hosts of its newest additions.
    let mine = newest(c, Of::Editors, &[7], None, 100).await.unwrap();
    let of: Vec<(u32, u32)> = mine.iter().map(|a| (a.editor_id, a.host_id)).collect();
    let ids: HashSet<u32> = of.iter().map(|&(_, host)| host).collect();
    let ids: Vec<u32> = ids.into_iter().collect();
    let listed = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let sums = number(
        &test,
        &format!(
            "SELECT (SELECT COUNT(*) FROM host_month WHERE host_id IN ({listed})) + \
             (SELECT COUNT(*) FROM pair WHERE editor_id = 7 AND host_id IN ({listed})) + \
             (SELECT COUNT(*) FROM editor_wiki WHERE editor_id = 7)"
        ),
    )
    .await;
    let four = gate!(sums + 8 * 100 + 100, counts::four_numbers(c, &of));
    for (i, &(editor, host)) in of.iter().enumerate().step_by(9) {
        let said = test
            .sql(&format!(
                "SELECT (SELECT COUNT(*) FROM link_addition WHERE editor_id = {editor}), \
                 (SELECT COUNT(*) FROM link_addition WHERE host_id = {host}), COUNT(*), COUNT(DISTINCT wiki_id) \
                 FROM link_addition WHERE editor_id = {editor} AND host_id = {host}"
            ))
            .await;
        let counts::Four { a, b, c, d } = four[i];
        assert_eq!(format!("{a}|{b}|{c}|{d}"), said[0]);
    }
    let of: HashSet<(u32, u16)> = mine.iter().map(|a| (a.editor_id, a.place.wiki_id)).collect();
    let of: Vec<(u32, u16)> = of.into_iter().collect();
    gate!(2 * of.len() as u64 + 10, lookup::accounts(c, &of));
    assert_eq!(
        gate!(100, counts::four_numbers(c, &[(9_999, 9_999)])),
        [counts::Four::default()]
    );

    // Sums: the rows of the host or editor, and a few per group.
    let pairs = number(&test, "SELECT COUNT(*) FROM pair WHERE host_id = 1").await;
    let groups = number(&test, "SELECT COUNT(DISTINCT editor_id) FROM pair WHERE host_id = 1").await;
    let months = number(&test, "SELECT COUNT(*) FROM host_month WHERE host_id = 1").await;
    let top = gate!(pairs + 3 * groups + 100, counts::adders(c, &[BIG], 10));
    assert_eq!(
        top.iter()
            .map(|a| format!("{}|{}|{}", a.editor_id, a.n, a.wikis))
            .collect::<Vec<_>>(),
        test.sql(
            "SELECT editor_id, COUNT(*) AS n, COUNT(DISTINCT wiki_id) FROM link_addition WHERE host_id = 1 \
             GROUP BY editor_id ORDER BY n DESC, editor_id LIMIT 10"
        )
        .await
    );
    let kinds = gate!(pairs + 4 * groups + 100, counts::adders_by_kind(c, &[BIG]));
    assert_eq!(
        kinds
            .iter()
            .map(|k| format!("{}|{}", k.editors, k.n))
            .collect::<Vec<_>>(),
        test.sql(
            "SELECT COUNT(DISTINCT editor_id), COUNT(*) FROM link_addition JOIN editor USING (editor_id) \
             WHERE host_id = 1 GROUP BY kind ORDER BY kind"
        )
        .await
    );
    assert_eq!(kinds.iter().map(|kind| kind.last).max(), Some(first[0].place.ts));
    assert_eq!(gate!(100, counts::adders_by_kind(c, &[9_999])), []);
    // 51 editors have at most so many rows.
    assert!(gate!(3_000, counts::has_more_adders_than(c, BIG, 50)));
    assert!(!gate!(200, counts::has_more_adders_than(c, 4_990, 100)));
    let by_editor = number(&test, "SELECT COUNT(*) FROM pair WHERE editor_id = 1").await;
    let hosts_of = number(&test, "SELECT COUNT(DISTINCT host_id) FROM pair WHERE editor_id = 1").await;
    let added = gate!(by_editor + 3 * hosts_of + 100, hosts::of_editors(c, &[1], 10));
    assert_eq!(
        added
            .iter()
            .map(|h| format!("{}|{}|{}", h.host_id, h.n, h.wikis))
            .collect::<Vec<_>>(),
        test.sql(
            "SELECT host_id, COUNT(*) AS n, COUNT(DISTINCT wiki_id) FROM link_addition WHERE editor_id = 1 \
             GROUP BY host_id ORDER BY n DESC, host_id LIMIT 10"
        )
        .await
    );
    assert_eq!(
        gate!(by_editor + hosts_of + 100, hosts::count_of_editors(c, &[1])),
        hosts_of
    );
    let wikis = gate!(2 * months + 3 * 300 + 100, hosts::wikis(c, &[BIG]));
    assert_eq!(wikis.iter().map(|w| w.n).sum::<u64>(), 20_000);
    let chart = gate!(months + 3 * 30 + 100, hosts::months(c, &[BIG]));
    assert_eq!(
        chart.iter().map(|m| m.n.to_string()).collect::<Vec<_>>(),
        test.sql("SELECT COUNT(*) FROM link_addition WHERE host_id = 1 GROUP BY YEAR(ts), MONTH(ts) ORDER BY MIN(ts)")
            .await
    );
    gate!(300 * 4 + 100, hosts::wikis_of_editors(c, &[1]));
    let restored = number(&test, "SELECT COUNT(*) FROM link_restored WHERE host_id = 1").await;
    assert!(restored > 900);
    assert_eq!(gate!(restored + 100, stats::restored_of_hosts(c, &[BIG])), restored);

    // The statistics rules, over 500 hosts.
    let touched_rows = number(&test, "SELECT COUNT(*) FROM touched_host WHERE host_id <= 510").await;
    let touched = gate!(touched_rows + 8 * 500 + 100, rules::touched(c, 0, 500));
    assert_eq!(touched.len(), 500);
    let ids: Vec<u32> = touched.iter().map(|touched| touched.host_id).collect();
    let listed = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let months = number(
        &test,
        &format!("SELECT COUNT(*) FROM host_month WHERE host_id IN ({listed})"),
    )
    .await;
    let some = gate!(months + 8 * 500 + 100, rules::candidates(c, &ids, 5, 100));
    let totals: BTreeMap<u32, u64> = some.iter().map(|host| (host.host_id, host.n)).collect();
    let said = test
        .sql(&format!(
            "SELECT host_id, COUNT(*) AS n FROM link_addition WHERE host_id IN ({listed}) GROUP BY host_id \
             HAVING n BETWEEN 5 AND 100 ORDER BY host_id"
        ))
        .await;
    assert_eq!(totals.iter().map(|(h, n)| format!("{h}|{n}")).collect::<Vec<_>>(), said);
    let sum: u64 = totals.values().sum();
    let ids: Vec<u32> = totals.keys().copied().collect();
    let mut facts = gate!(7 * sum + 100, rules::facts(c, &ids));
    facts.sort_by_key(|facts| facts.host_id);
    let said = test
        .sql(&format!(
            "SELECT host_id, COUNT(*), COUNT(DISTINCT editor_id), SUM(kind > 1), \
             COUNT(DISTINCT IF(kind >= 3, editor_id, NULL)), COALESCE(INET6_NTOA(MIN(ip)), '-') \
             FROM link_addition JOIN editor USING (editor_id) \
             WHERE host_id IN ({}) GROUP BY host_id ORDER BY host_id",
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        ))
        .await;
    let ours = facts.iter().map(|f| {
        let first = f.v4.map_or("-".into(), |ends| ends.first.to_string());
        format!(
            "{}|{}|{}|{}|{}|{first}",
            f.host_id, f.n, f.editors, f.unnamed_n, f.addresses
        )
    });
    assert_eq!(ours.collect::<Vec<_>>(), said);
    let top = test
        .sql(&format!(
            "SELECT editor_id, COUNT(*) AS n FROM link_addition WHERE host_id = {} GROUP BY editor_id \
             ORDER BY n DESC, editor_id DESC LIMIT 1",
            facts[0].host_id
        ))
        .await;
    assert_eq!(format!("{}|{}", facts[0].top_editor, facts[0].top_n), top[0]);
    let pages = gate!(sum + 30 * 500 + 100, rules::pages(c, &ids));
    assert_eq!(pages.len(), ids.len());
    // Of a host with many additions no more of them are read, wherever they are.
    let large = number(
        &test,
        "SELECT host_id FROM link_addition GROUP BY host_id ORDER BY COUNT(*) DESC LIMIT 1",
    )
    .await as u32;
    let some = gate!(2 * 50 + 100, rules::pages_of_some(c, large, 50));
    assert!((1..=50).contains(&some), "{some}");
    let all = gate!(sum + 30 * 500 + 100, rules::pages_of_some(c, ids[0], 1_000));
    assert!(pages.contains(&(ids[0], all)), "{all}");

    // Sizes; floods; the newest revisions, two looks per wiki and month.
    assert_eq!(gate!(100, stats::months(c)).len(), 29);
    let revs = gate!(300 * 2 * 32 + 1_000, stats::newest_revs(c));
    let said = number(&test, "SELECT MAX(rev_id) FROM link_addition WHERE wiki_id = 9").await;
    assert_eq!(revs[8].rev.unwrap().0.0, said);
    assert_eq!(gate!(180, stats::floods(c, 10)).len(), 10);

    // Servers.
    assert_eq!(gate!(180, host_ip::of_hosts(c, &[1, 2, 3, 4])).len(), 4);
    let shared = gate!(180, host_ip::of_address(c, ip("203.3.231.3"), 0, 10));
    assert_eq!(shared.len(), 10);
    let next = gate!(180, host_ip::of_address(c, ip("203.3.231.3"), shared[9].host_id, 10));
    assert!(next[0].host_id > shared[9].host_id);
    assert_eq!(gate!(16_100, host_ip::due(c, t(0), 100)).len(), 100);
    let keys: Vec<String> = (1..=100).map(|i| format!("com.example{}.", i * 45 + 1)).collect();
    gate!(900, host_ip::due_among(c, t(0), &keys, 500));

    // How far back: the server's own list of months, and a look per wiki into the first that has rows.
    test.sql(
        "INSERT INTO link_since (what, since) VALUES ('rows', '2024-03-01'), ('pairs', '2024-05-01'), \
         ('names', '1970-01-01')",
    )
    .await;
    let shown = gate!(2 * 300 + 3 * 30, since::shown(c));
    let said = test.sql("SELECT MIN(ts) FROM link_addition").await;
    assert_eq!(shown.rows.unwrap().format("%F %T").to_string(), said[0]);
    assert_eq!(shown.pairs.unwrap().to_string(), "2024-05-01 00:00:00 UTC");
    let sizes = gate!(120, size::measure(c));
    let big = sizes
        .tables
        .iter()
        .find(|table| table.table == "link_addition")
        .unwrap();
    assert!((180_000..220_000).contains(&big.rows), "{big:?}");

    drop(work);

    // The same, of what takes a connection itself.
    test.sql(
        "INSERT INTO lease (job, wiki, shard, epoch, run_id, started) \
         SELECT CONCAT('job', seq), 'testwiki', '', 1, 1, '2026-03-01' FROM seq_1_to_500",
    )
    .await;
    let so_far = async || test.db.conn().await.unwrap().handler_reads().await.unwrap();
    let before = so_far().await;
    let parts = partitions::ensure(&test.db, t(0), 700).await.unwrap();
    let after = so_far().await;
    assert!(parts.made.is_empty() && parts.in_last == 0, "{parts:?}");
    let reads = after - before - own;
    // A row of the server's list per month.
    assert!(reads <= 80, "{reads} to see that all months are there");
    let shard = NewRun { shard: "1/4", ..RUN };
    for (run, other) in [(RUN, None), (shard, Some(""))] {
        let before = so_far().await;
        let found = lease::other_division(&test.db, &run).await.unwrap();
        let reads = so_far().await - before - own;
        assert_eq!(found.as_deref(), other);
        assert!(reads <= 4, "{reads} leases of one job and wiki");
    }

    let answer = Answer::Addresses(vec![ip("203.0.113.7"), ip("2001:db8::7")]);
    let reads = test
        .write(&lease, async |tx| {
            use wikicrew_db::Session;
            let before = tx.conn().handler_reads().await?;
            host_ip::answered(tx, BIG, t(0), &answer).await?;
            Ok(tx.conn().handler_reads().await? - before - own)
        })
        .await
        .unwrap();
    assert!(reads <= 20, "{reads}");
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}

/// Which hosts are due, and what an answer changes.
#[tokio::test]
async fn a_host_is_asked_for_again_when_its_answer_is_old() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    test.sql("INSERT INTO host (host_id, rhost) VALUES (1, 'com.a.'), (2, 'com.b.'), (3, 'com.c.'), (4, 'com.d.')")
        .await;
    let hour = |hours: i64| t(hours * 3_600);
    let due = async |now: Timestamp| {
        let keys = ["com.c.", "com.new.", "com.a.", "com.c.", "com.b.", "com.d."].map(str::to_owned);
        let mut work = test.db.conn().await.unwrap();
        let among = host_ip::due_among(&mut work, now, &keys, 10).await.unwrap();
        let new = host_ip::due(&mut work, now, 10).await.unwrap();
        let two = host_ip::due_among(&mut work, now, &keys, 2).await.unwrap();
        assert_eq!(two, among[..among.len().min(2)]);
        let ids = |due: Vec<host_ip::Due>| due.into_iter().map(|due| due.host_id).collect::<Vec<_>>();
        (ids(among), ids(new))
    };
    assert_eq!(due(hour(0)).await, (vec![3, 1, 2, 4], vec![4, 3, 2, 1]));
    let tell = async |host: u32, now: Timestamp, answer: Answer| {
        test.write(&lease, async |tx| host_ip::answered(tx, host, now, &answer).await)
            .await
            .unwrap();
    };
    let addresses = |list: &[&str]| Answer::Addresses(list.iter().map(|ip| ip.parse().unwrap()).collect());
    tell(1, hour(0), addresses(&["203.0.113.7", "2001:db8::1"])).await;
    tell(2, hour(0), Answer::None).await;
    tell(3, hour(0), Answer::NoAnswer).await;
    assert_eq!(due(hour(0)).await, (vec![4], vec![4]));
    // No answer: an hour; the others: a day.
    assert_eq!(due(hour(1)).await, (vec![3, 4], vec![4, 3]));
    assert_eq!(due(hour(24)).await, (vec![3, 1, 2, 4], vec![4, 3]));
    tell(1, hour(24), addresses(&["203.0.113.7"])).await;
    assert_eq!(due(hour(25)).await, (vec![3, 2, 4], vec![4, 3]));
    let mut work = test.db.conn().await.unwrap();
    let stored = host_ip::of_hosts(&mut work, &[1, 2]).await.unwrap();
    let seen = stored
        .iter()
        .map(|a| (a.ip.to_string(), a.first, a.last))
        .collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            ("2001:db8::1".into(), hour(0), hour(0)),
            ("203.0.113.7".into(), hour(0), hour(24))
        ]
    );
}
