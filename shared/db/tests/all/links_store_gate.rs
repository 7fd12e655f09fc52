//! The query gate of storing: what a batch reads hangs on its rows, not on those that are there.

use crate::links_gate_fill::fill;
use crate::links_support::{names, revision, row, take};
use crate::support::{TestDb, t};
use wikicrew_core::addition::RevisionLinks;
use wikicrew_core::types::{PageId, RevId};
use wikicrew_db::links::hidden::erase_paths;
use wikicrew_db::links::store::{Window, store};

#[tokio::test]
async fn storing_reads_no_more_than_its_own_rows() {
    let test = TestDb::new().await;
    fill(&test).await;
    test.sql(
        "INSERT INTO link_since (what, since) VALUES ('rows', '2024-03-01'), ('pairs', '2024-03-01'), \
         ('names', '1970-01-01')",
    )
    .await;
    let lease = take(&test.db, "").await;
    let mut names = names(10_000);
    let mut work = test.db.conn().await.unwrap();
    let own = work.handler_reads().await.unwrap();
    let own = work.handler_reads().await.unwrap() - own;
    drop(work);
    let window = Window::new(t(-86_400 * 700), t(0));
    let mut reads = async |batch: &[RevisionLinks]| {
        let before = test.db.conn().await.unwrap().handler_reads().await.unwrap();
        let stored = store(&test.db, lease.fence(), &mut names, batch, &window)
            .await
            .unwrap();
        let after = test.db.conn().await.unwrap().handler_reads().await.unwrap();
        (stored, after - before - own)
    };

    // 500 that are there: the wikis, and a handful per revision. The second time the wikis are remembered.
    let there = test
        .sql(
            "SELECT name, rev_id, TIMESTAMPDIFF(SECOND, '2026-03-01 12:00:00', ts) FROM link_addition \
             JOIN wiki USING (wiki_id) WHERE rev_id BETWEEN 199001 AND 199500",
        )
        .await;
    let there: Vec<RevisionLinks> = there
        .iter()
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            RevisionLinks {
                wiki: cells[0].into(),
                ..revision(
                    cells[1].parse().unwrap(),
                    "A",
                    cells[2].parse().unwrap(),
                    vec![row("a.", "")],
                )
            }
        })
        .collect();
    assert_eq!(there.len(), 500);
    for bound in [4_000, 3_500] {
        let (stored, reads) = reads(&there).await;
        assert_eq!((stored.known, stored.revisions), (500, 0));
        assert!(reads <= bound, "{reads} > {bound} for 500 known revisions");
    }

    // 300 new ones of three rows, half of the names new, every tenth a revert.
    let batch: Vec<RevisionLinks> = (1..=300_u64)
        .map(|i| {
            let rows = [
                "com.example1.".into(),
                format!("com.example{}.", i + 1),
                format!("new{i}."),
            ];
            RevisionLinks {
                wiki: format!("w{}.test/w", i % 100 + 1),
                realm: "wikimedia".into(),
                page: PageId(i),
                is_revert: i % 10 == 0,
                rev: RevId(5_000_000 + i),
                ..revision(
                    0,
                    &format!("User {}", i * 20),
                    60,
                    rows.map(|host| row(&host, "/")).to_vec(),
                )
            }
        })
        .collect();
    // Half a dozen look-ups per row, each in a list that is read itself; and one per revision and month.
    let (stored, reads) = reads(&batch).await;
    assert_eq!((stored.revisions, stored.rows), (300, 900));
    assert!(reads <= 900 * 11 + 300 * 29, "{reads} for 900 rows");

    // What a wiki hides: the revision's own rows, looked for in each month.
    let hidden = async |rev: u64| {
        let before = test.db.conn().await.unwrap().handler_reads().await.unwrap();
        let erased = test
            .db
            .fenced(lease.fence(), "hiding", async |tx| {
                erase_paths(tx, &batch[rev as usize].wiki, &[batch[rev as usize].rev]).await
            })
            .await
            .unwrap();
        let after = test.db.conn().await.unwrap().handler_reads().await.unwrap();
        (erased, after - before - own)
    };
    let (erased, reads) = hidden(7).await;
    assert_eq!(erased, 3);
    assert!(reads <= 200, "{reads} for the rows of one revision");
    assert_eq!(hidden(7).await.0, 0);
}
