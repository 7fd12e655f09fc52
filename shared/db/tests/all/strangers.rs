//! What is known of pages that left the list of a box.

use crate::support::TestDb;
use wikicrew_db::box_page;

#[tokio::test]
async fn pages_that_left_the_list_leave_nothing_behind() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    test.sql(
        "INSERT INTO box_page (wiki, box, page_id, ns, title, seen_at) VALUES ('testwiki', 'Chembox', 7, 0, 'A', '2026-01-01')",
    )
    .await;
    for (page, name) in [(7, "Chembox"), (8, "Chembox"), (9, "Drugbox")] {
        test.sql(&format!(
            "INSERT INTO open_field (wiki, box, page_id, ordinal, field, title, verified_revid, is_verified, since, revid) \
             VALUES ('testwiki', '{name}', {page}, 0, 'CASNo', 'A', 1, 1, '2026-01-01', 2)"
        ))
        .await;
        test.sql(&format!(
            "INSERT INTO page_mark (wiki, page_id, box, title) VALUES ('testwiki', {page}, '{name}', 'A')"
        ))
        .await;
    }
    let forgotten = test
        .write(&lease, async |tx| box_page::forget_strangers(tx, "Chembox").await)
        .await;
    assert_eq!(forgotten.unwrap(), 2);
    // Another box's pages are not asked about.
    let rows = "SELECT page_id, box FROM open_field UNION ALL SELECT page_id, box FROM page_mark ORDER BY 1, 2";
    assert_eq!(
        test.sql(rows).await,
        ["7|Chembox", "7|Chembox", "9|Drugbox", "9|Drugbox"]
    );
}
