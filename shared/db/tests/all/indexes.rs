//! The lines of index pages.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::Lease;
use wikicrew_db::index_line::{self, Changed, IndexLine, State};
use wikicrew_db::index_page::{self, IndexPage};

const BOX: &str = "Chembox";
const INDEX: &str = "Project:Chem/Index";

fn line(line_no: u32, page_id: u64, revid: u64) -> IndexLine {
    IndexLine {
        line_no,
        page_id: Some(PageId(page_id)),
        title: format!("Ü😀 {page_id}"),
        revid: Some(RevId(revid)),
        copy_title: None,
        author_id: Some(UserId(6)),
        author: Some("Ädmin".into()),
        state: State::InForce,
        problem: None,
    }
}

async fn replace(test: &TestDb, lease: &Lease, index: &str, lines: &[IndexLine]) -> Changed {
    test.write(lease, async |tx| index_line::replace_all(tx, BOX, index, lines).await)
        .await
        .unwrap()
}

fn changed(pages: &[u64], rows: u64) -> Changed {
    Changed {
        pages: pages.iter().copied().map(PageId).collect(),
        rows,
    }
}

#[tokio::test]
async fn an_index_of_15000_lines_is_replaced_by_its_differences() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut lines: Vec<IndexLine> = (1..=15_000)
        .map(|i| line(i, u64::from(i), u64::from(i) + 3_000_000_000))
        .collect();
    let first = replace(&test, &lease, INDEX, &lines).await;
    assert_eq!((first.pages.len(), first.rows), (15_000, 15_000));
    lines.reverse();
    assert_eq!(replace(&test, &lease, INDEX, &lines).await, Changed::default());
    lines.reverse();

    // Another revision, another copy, another author (no change of what is in
    // force), no longer in force, a page that is gone, and the last line removed.
    lines[0].revid = Some(RevId(77));
    lines[1].copy_title = Some("Project:Chem/Verified/2".into());
    lines[2].author = None;
    lines[3].state = State::Proposed;
    lines[4].state = State::Problem;
    lines[4].page_id = None;
    lines[4].problem = Some("p".repeat(20_000));
    lines.pop();
    assert_eq!(
        replace(&test, &lease, INDEX, &lines).await,
        changed(&[1, 2, 4, 5, 15_000], 6)
    );
    assert_eq!(
        replace(&test, &lease, INDEX, &lines).await,
        Changed::default(),
        "long problems too"
    );

    // One line more on top: every number changes, but only one page is another.
    let mut shifted = vec![line(1, 99_999, 5)];
    shifted.extend(lines.iter().map(|line| IndexLine {
        line_no: line.line_no + 1,
        ..line.clone()
    }));
    let more = replace(&test, &lease, INDEX, &shifted).await;
    assert_eq!(more, changed(&[99_999], 15_000));

    let mut conn = test.db.conn().await.unwrap();
    let ask: Vec<PageId> = (1..=1_200).map(PageId).collect();
    let rows = index_line::in_force(&mut conn, WIKI, &ask).await.unwrap();
    assert_eq!(rows.len(), 1_198, "without the proposed one and the problem");
    assert_eq!(
        rows[0].line,
        IndexLine {
            line_no: 2,
            ..lines[0].clone()
        }
    );
    assert_eq!((rows[0].box_name.as_str(), rows[0].index_title.as_str()), (BOX, INDEX));
    let proposed = index_line::proposed(&mut conn, WIKI, 10).await.unwrap();
    assert_eq!(proposed.iter().map(|row| row.line.line_no).collect::<Vec<_>>(), [5]);
    let problems = index_line::problems(&mut conn, WIKI, 10).await.unwrap();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .line
            .problem
            .as_ref()
            .is_some_and(|text| text.len() <= 8_000)
    );
    for (state, n) in [(State::InForce, 14_998), (State::Proposed, 1), (State::Problem, 1)] {
        assert_eq!(index_line::count(&mut conn, WIKI, state).await.unwrap(), n);
    }
}

#[tokio::test]
async fn two_indexes_of_a_box_stay_apart_until_one_is_dropped() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    replace(&test, &lease, INDEX, &[line(1, 1, 10), line(2, 2, 20)]).await;
    let other = [
        line(1, 2, 21),
        line(2, 3, 30),
        IndexLine {
            state: State::Proposed,
            ..line(3, 4, 40)
        },
    ];
    assert_eq!(replace(&test, &lease, "Project:Old", &other).await, changed(&[2, 3], 3));
    let page = IndexPage {
        revid: RevId(3_000_000_000),
        checked_at: t(0),
        blame: Some(vec![0, 255, 128]),
    };
    let later = IndexPage {
        revid: RevId(3_000_000_001),
        checked_at: t(60),
        blame: None,
    };
    test.write(&lease, async |tx| {
        index_page::put(tx, BOX, INDEX, &page).await?;
        index_page::put(tx, BOX, "Project:Old", &page).await?;
        index_page::put(tx, BOX, "Project:Never read", &page).await?;
        index_page::put(tx, BOX, "Project:Old", &later).await
    })
    .await
    .unwrap();
    let get = async |title: &str| {
        let mut conn = test.db.conn().await.unwrap();
        index_page::get(&mut conn, WIKI, BOX, title).await.unwrap()
    };
    assert_eq!(get(INDEX).await, Some(page.clone()));
    assert_eq!(get("Project:Old").await, Some(later));

    let keep = async || {
        test.write(&lease, async |tx| index_line::keep_only(tx, BOX, &[INDEX]).await)
            .await
            .unwrap()
    };
    assert_eq!(keep().await, changed(&[2, 3], 3));
    assert_eq!(keep().await, Changed::default());
    assert_eq!(get("Project:Old").await, None);
    assert_eq!(get("Project:Never read").await, None);
    assert_eq!(get(INDEX).await, Some(page));
    let left = test.sql("SELECT index_title, line_no FROM index_line ORDER BY 2").await;
    assert_eq!(left, [format!("{INDEX}|1"), format!("{INDEX}|2")]);
}
