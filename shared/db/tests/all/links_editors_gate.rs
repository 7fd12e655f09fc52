//! The query gate of what a report about editors says in sum: as in `links_gate`, on the same rows.

use crate::links_gate_fill::fill;
use crate::support::TestDb;
use std::collections::HashMap;
use wikicrew_core::types::Timestamp;
use wikicrew_db::links::questions::editors;

fn lines(spans: &HashMap<u32, (Timestamp, Timestamp)>) -> Vec<String> {
    let line = |(id, (first, last)): (&u32, &(Timestamp, Timestamp))| {
        format!("{id}|{}|{}", first.format("%F %T"), last.format("%F %T"))
    };
    let mut lines: Vec<String> = spans.iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn no_question_about_editors_reads_the_table() {
    let test = TestDb::new().await;
    fill(&test).await;
    // What an archive's link shows is counted for its pair only.
    test.sql("UPDATE link_addition SET flags = flags | 2 WHERE editor_id = 7 AND rev_id % 5 = 0")
        .await;
    let number = async |sql: &str| -> u64 { test.sql(sql).await[0].parse().unwrap() };
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
    // The busiest, two others, and one who is not there.
    let ids = [1, 7, 2_000, 99_999];
    const IN: &str = "editor_id IN (1, 7, 2000, 99999)";

    let rows = number(&format!("SELECT COUNT(*) FROM editor_wiki WHERE {IN}")).await;
    let found = gate!(rows + 20, editors::on_wikis(c, &ids));
    let mut found: Vec<String> = found
        .iter()
        .map(|on| format!("{}|{}|{}", on.editor_id, on.wiki_id, on.n))
        .collect();
    found.sort();
    let sql = "SELECT editor_id, wiki_id, n FROM editor_wiki WHERE n > 0 AND";
    let mut expected = test.sql(&format!("{sql} {IN}")).await;
    expected.sort();
    assert!(!expected.is_empty());
    assert_eq!(found, expected);

    let rows = number(&format!("SELECT COUNT(*) FROM link_addition WHERE {IN}")).await;
    let found = gate!(2 * rows + 4 * 40 + 200, editors::months(c, &ids));
    let sql = "SELECT YEAR(ts) * 12 + MONTH(ts) - 1 AS m, SUM(times) FROM link_addition \
        WHERE NOT (editor_id = 7 AND rev_id % 5 = 0) AND";
    let expected = test.sql(&format!("{sql} {IN} GROUP BY m ORDER BY m")).await;
    let found: Vec<String> = found.iter().map(|month| format!("{}|{}", month.of, month.n)).collect();
    assert!(expected.len() > 10);
    assert_eq!(found, expected);

    let pairs = number(&format!("SELECT COUNT(*) FROM pair WHERE {IN}")).await;
    let found = gate!(pairs + 50, editors::spans(c, &ids));
    let sql = "SELECT editor_id, MIN(first_ts), MAX(last_ts) FROM pair WHERE";
    let mut expected = test.sql(&format!("{sql} {IN} GROUP BY editor_id")).await;
    expected.sort();
    assert_eq!(lines(&found), expected);

    let found = gate!(2 * 4 * 40 + 100, editors::spans_of_rows(c, &ids));
    let sql = "SELECT editor_id, MIN(ts), MAX(ts) FROM link_addition WHERE";
    let mut expected = test.sql(&format!("{sql} {IN} GROUP BY editor_id")).await;
    expected.sort();
    assert_eq!(lines(&found), expected);
    assert!(over.is_empty(), "{over:#?}");
}
