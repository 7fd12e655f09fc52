//! 2·10^5 link additions with the skew of the real ones: a few hosts, editors and wikis have most.

use crate::support::TestDb;
use mysql_async::prelude::Queryable;

/// Hosts, all of them added.
pub const HOSTS: usize = 5_000;

/// What one INSERT … SELECT makes of the numbers from 1 to so many; the counters from the additions.
const FILL: &[&str] = &[
    "INSERT INTO realm (realm_id, name) VALUES (1, 'wikimedia'), (2, 'w300.test/w')",
    "INSERT INTO wiki (wiki_id, realm_id, name, dbname) \
     SELECT seq, IF(seq = 300, 2, 1), CONCAT('w', seq, '.test/w'), CONCAT('w', seq) FROM seq_1_to_300",
    // One in five an address, one in five a temporary account; 256 addresses to a /24.
    "INSERT INTO editor (editor_id, realm_id, kind, name, ip) SELECT seq, 1, \
     CASE seq % 5 WHEN 3 THEN 3 WHEN 4 THEN 2 ELSE 1 END, \
     IF(seq % 5 = 3, CONCAT('198.51.', seq DIV 256, '.', seq % 256), CONCAT('User ', seq)), \
     IF(seq % 5 = 3, UNHEX(CONCAT('C633', LPAD(HEX(seq), 4, '0'))), NULL) FROM seq_1_to_5000",
    // The same name elsewhere; an address whose first bytes are those of others.
    "INSERT INTO editor (editor_id, realm_id, kind, name, ip) VALUES (6000, 2, 1, 'User 5', NULL), \
     (6001, 1, 3, 'C633:102::1', UNHEX('C6330102000000000000000000000001'))",
    "INSERT INTO host (host_id, rhost) \
     SELECT seq, IF(seq % 10, CONCAT('com.example', seq, '.'), CONCAT('org.farm.s', seq, '.')) FROM seq_1_to_5000",
    // Host 1 has a tenth; the rest goes by the third power of a number that is as good as random.
    "INSERT INTO link_addition SELECT 1 + FLOOR(POW(CRC32(seq * 7) / 4294967296, 3) * 300), seq, 0, \
     '2026-03-01 12:00:00' - INTERVAL (200000 - seq) * 300 SECOND, \
     IF(seq % 10 = 0, 1, 2 + FLOOR(POW(CRC32(seq * 11) / 4294967296, 3) * 4999)), \
     1 + FLOOR(POW(CRC32(seq * 13) / 4294967296, 3) * 5000), CRC32(seq * 17) % 60000, 16, 1, \
     CONCAT('/', MD5(seq)) FROM seq_1_to_200000",
    "INSERT INTO link_addition SELECT 300, 900000, seq, '2026-03-01 13:00:00', 4990, 6000, 1, 0, 1, \
     CONCAT('/', seq) FROM seq_0_to_19",
    "INSERT INTO page SELECT wiki_id, page_id, 0, CONCAT('Page ', page_id), MAX(rev_id) FROM link_addition \
     GROUP BY wiki_id, page_id",
    // Of every ninth host as from before kinds were kept there.
    "INSERT INTO pair SELECT host_id, editor_id, wiki_id, COUNT(*), MIN(ts), MAX(ts), IF(host_id % 9, kind, 0) \
     FROM link_addition JOIN editor USING (editor_id) GROUP BY host_id, editor_id, wiki_id",
    "INSERT INTO host_month SELECT host_id, YEAR(ts) * 12 + MONTH(ts) - 1, wiki_id, COUNT(*) FROM link_addition \
     GROUP BY 1, 2, 3",
    "INSERT INTO editor_wiki SELECT editor_id, wiki_id, 0, COUNT(*) FROM link_addition GROUP BY 1, 2",
    "INSERT INTO touched_host SELECT host_id, wiki_id, MIN(ts) FROM link_addition WHERE rev_id > 150000 GROUP BY 1, 2",
    // 203.3.231.3 serves a third of the hosts.
    "INSERT INTO host_ip SELECT seq, UNHEX(IF(seq % 3, CONCAT('CB0071', LPAD(HEX(seq % 256), 2, '0')), 'CB03E703')), \
     '2026-02-01', '2026-03-01' FROM seq_1_to_4000",
    "INSERT INTO host_asked SELECT seq, '2026-02-28 11:00:00', IF(seq % 7, 0, 2), '2026-03-01 11:00:00' \
     FROM seq_1_to_4500",
    "INSERT INTO link_restored SELECT wiki_id, rev_id + 1000000, 0, ts, host_id, editor_id, page_id, 1, 1, path \
     FROM link_addition WHERE rev_id % 20 = 0 AND n = 0",
    "INSERT INTO link_flood SELECT wiki_id, rev_id + 2000000, ts, editor_id, page_id, 5000, 9 FROM link_addition \
     WHERE rev_id % 1000 = 0 AND rev_id < 900000",
];

/// The additions of 24 months, in as many partitions; statistics up to date.
pub async fn fill(test: &TestDb) {
    let mut raw = test.raw().await;
    let months = (2024 * 12 + 2)..=(2026 * 12 + 5);
    let parts = months.map(|month| {
        let (year, next) = ((month + 1) / 12, (month + 1) % 12 + 1);
        format!("PARTITION p{month} VALUES LESS THAN ('{year}-{next:02}-01')")
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    raw.query_drop(format!(
        "ALTER TABLE link_addition REORGANIZE PARTITION p_max INTO \
         ({parts}, PARTITION p_max VALUES LESS THAN (MAXVALUE))"
    ))
    .await
    .unwrap();
    for fill in FILL {
        raw.query_drop(*fill).await.unwrap();
    }
    let tables = test
        .sql("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
        .await;
    raw.query_drop(format!("ANALYZE TABLE {}", tables.join(", ")))
        .await
        .unwrap();
}
