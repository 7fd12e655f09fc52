//! Who or what is to be named nowhere is found in every slice of the table, and nothing else is touched.

use crate::support::{TestDb, WIKI};
use mysql_async::prelude::Queryable as _;
use wikicrew_core::types::UserId;
use wikicrew_db::forget::{About, forget, make_stale};

/// 12,000 lines: three slices. Of every four one is Éva's under her new name, one under her old one, one an address's,
/// one of another wiki; half of them stand on a log page.
const FILL: &[&str] = &[
    "INSERT INTO field_change (wiki, log_page, box, page_id, title, revid, user_id, user_name, user_kind, ts, rule, \
     field, kind, state, to_log, new_value, log_title) SELECT IF(seq % 4 = 3, 'otherwiki', 'testwiki'), 'Log', 'B', \
     seq % 2, CONCAT('T', seq % 2), seq, IF(seq % 4 = 2, 0, 5), ELT(seq % 4 + 1, 'Éva', 'Eve', '::1', 'Éva'), \
     'account', '2026-03-01', 'field', 'F', 'changed', 'changed', 1, 'v', IF(seq > 6000, 'Day', NULL) \
     FROM seq_1_to_12000",
    "INSERT INTO open_field (wiki, box, page_id, ordinal, field, title, verified_revid, is_verified, since, revid, \
     user_id, user_name, user_kind) SELECT 'testwiki', 'B', seq, 0, 'F', CONCAT('T', seq), 1, 1, '2026-03-01', 1, \
     5, 'Éva', 'account' FROM seq_1_to_2",
];

#[tokio::test]
async fn names_are_erased_and_the_counts_stay() {
    let test = TestDb::new().await;
    let mut raw = test.raw().await;
    for fill in FILL {
        raw.query_drop(*fill).await.unwrap();
    }
    let one = async |sql: &str| test.sql(sql).await.remove(0);
    let eva = About::User(Some(UserId(5)), "Éva");

    // 6,000 lines of hers, 3,000 of them on a page; the account's id 0 is nobody's.
    assert_eq!(make_stale(&test.db, WIKI, eva).await.unwrap(), 3_000);
    assert_eq!(make_stale(&test.db, WIKI, eva).await.unwrap(), 0);
    let nobody = About::User(Some(UserId(0)), "Nobody");
    assert_eq!(forget(&test.db, WIKI, nobody).await.unwrap(), 0);

    assert_eq!(forget(&test.db, WIKI, eva).await.unwrap(), 6_002);
    let left = "SELECT wiki, user_name, COUNT(*), SUM(user_hidden), SUM(log_stale), COUNT(new_value) \
        FROM field_change GROUP BY wiki, user_name ORDER BY wiki, user_name";
    assert_eq!(
        test.sql(left).await,
        [
            "otherwiki|Éva|3000|0|0|3000",
            "testwiki|NULL|6000|6000|3000|6000",
            "testwiki|::1|3000|0|0|3000"
        ]
    );
    assert_eq!(one("SELECT COUNT(*), COUNT(user_name) FROM open_field").await, "2|0");

    // A page: its title and what was said about it.
    assert_eq!(forget(&test.db, WIKI, About::Page("T1")).await.unwrap(), 3_001);
    let left = "SELECT title, COUNT(*), SUM(values_hidden), SUM(to_log), COUNT(new_value) FROM field_change \
        WHERE wiki = 'testwiki' GROUP BY title ORDER BY title";
    assert_eq!(test.sql(left).await, ["|3000|3000|1500|0", "T0|6000|0|6000|6000"]);
    assert_eq!(one("SELECT COUNT(*) FROM open_field WHERE title = 'T1'").await, "0");
}
