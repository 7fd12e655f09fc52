//! One database serves many wikis: nobody reads or changes another wiki's rows,
//! also where page, revision and user have the same numbers.

use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use wikicrew_core::types::{PageId, RevId};
use wikicrew_db::field_change::{Erase, Logged};
use wikicrew_db::suppress::What;
use wikicrew_db::{
    box_page, field_change, index_line, index_page, list, open_field, page_mark, suppress, verified_rev,
};

const TABLES: [&str; 9] = [
    "box_page",
    "field_change",
    "open_field",
    "verified_rev",
    "index_line",
    "index_page",
    "page_mark",
    "list_entry",
    "suppress",
];
const BOX: &str = "Chembox";
const INDEX: &str = "Project:Chem/Index";
const JOB: &str = "infobox-check";

async fn dump(test: &TestDb) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES {
        let rows = test.sql(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3, 4")).await;
        assert!(!rows.is_empty(), "{table}");
        all.extend(rows);
    }
    all
}

#[tokio::test]
async fn the_rows_of_another_wiki_are_neither_read_nor_changed() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut raw = test.raw().await;
    raw.query_drop(include_str!("../data/V5.sql")).await.unwrap();
    raw.query_drop("UPDATE field_change SET log_title = 'Day', logged_revid = 1, logged_at = '2026-03-01', log_stale = 1 WHERE id = 1")
        .await
        .unwrap();
    // Bytes that are no text cannot be compared below.
    raw.query_drop("UPDATE index_page SET blame = NULL").await.unwrap();
    // Everything of the example moves to another wiki.
    for table in TABLES {
        raw.query_drop(format!("UPDATE {table} SET wiki = 'dewiki'"))
            .await
            .unwrap();
    }
    let before = dump(&test).await;

    let pages = [PageId(21), PageId(22)];
    let revids = [3_000_000_002, 3_000_000_003, 266_420_980, 7].map(RevId);
    let replaced = box_page::replace_list(&test.db, lease.fence(), BOX, &[], t(0)).await;
    assert_eq!(replaced.unwrap(), box_page::Replaced::default());
    test.write(&lease, async |tx| {
        let place = Logged {
            title: "Day".into(),
            revid: RevId(9),
            at: t(0),
        };
        assert_eq!(box_page::forget(tx, BOX, &pages).await?, 0);
        assert_eq!(field_change::mark_logged(tx, &[1, 2], &place).await?, 0);
        assert_eq!(
            field_change::mark_reverted(tx, &revids, RevId(9)).await?,
            field_change::Touched::default()
        );
        assert_eq!(
            field_change::erase(tx, &revids, Erase::Both).await?,
            field_change::Touched::default()
        );
        field_change::log_is_fresh(tx, "Day").await?;
        assert_eq!(open_field::replace_of_page(tx, BOX, pages[0], &[]).await?, 0);
        assert_eq!(open_field::erase_users(tx, &revids).await?, 0);
        assert_eq!(verified_rev::forget_older(tx, t(900), 10).await?, 0);
        assert_eq!(
            index_line::replace_all(tx, BOX, INDEX, &[]).await?,
            index_line::Changed::default()
        );
        assert_eq!(
            index_line::keep_only(tx, BOX, &[]).await?,
            index_line::Changed::default()
        );
        page_mark::make_due(tx, BOX, &pages, t(0), "x").await?;
        assert_eq!(page_mark::forget(tx, BOX, &pages).await?, 0);
        Ok(())
    })
    .await
    .unwrap();
    test.db
        .transaction("test", async |tx| {
            assert!(!list::del(tx, JOB, WIKI, "white", Some("Éva"), None).await?);
            assert!(!suppress::del(tx, WIKI, What::User, "Bob").await?);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(dump(&test).await, before);

    for (wiki, there) in [(WIKI, 0), ("dewiki", 1)] {
        let c = &mut test.db.conn().await.unwrap();
        let one = usize::try_from(there).unwrap();
        assert_eq!(box_page::known(c, wiki, &pages).await.unwrap().len(), one);
        assert_eq!(box_page::after(c, wiki, BOX, PageId(0), 9).await.unwrap().len(), one);
        assert_eq!(box_page::count(c, wiki, BOX).await.unwrap(), there);
        assert_eq!(field_change::unlogged(c, wiki, 9).await.unwrap().len(), one);
        assert_eq!(field_change::of_log_title(c, wiki, "Day").await.unwrap().len(), one);
        assert_eq!(field_change::stale_log_titles(c, wiki, 9).await.unwrap().len(), one);
        assert_eq!(field_change::of_page(c, wiki, pages[0], 9).await.unwrap().len(), one);
        assert_eq!(
            field_change::since(c, wiki, t(0), None, 9).await.unwrap().len(),
            one * 2
        );
        assert_eq!(field_change::counts_since(c, wiki, t(0)).await.unwrap().len(), one * 2);
        let last = field_change::last_change_of_field(c, wiki, pages[0], BOX, 0, "CASNo").await;
        assert_eq!(last.unwrap().is_some(), there == 1);
        assert_eq!(open_field::of_box(c, wiki, BOX, None, 9).await.unwrap().len(), one);
        assert_eq!(open_field::of_page(c, wiki, BOX, pages[0]).await.unwrap().len(), one);
        assert_eq!(open_field::count(c, wiki, BOX).await.unwrap(), there);
        assert_eq!(
            verified_rev::get_many(c, wiki, BOX, &revids).await.unwrap().len(),
            one * 2
        );
        assert_eq!(index_line::in_force(c, wiki, &pages).await.unwrap().len(), one);
        assert_eq!(index_line::of_index(c, wiki, BOX, INDEX).await.unwrap().len(), one * 2);
        assert_eq!(index_line::problems(c, wiki, 9).await.unwrap().len(), one);
        assert_eq!(
            index_line::count(c, wiki, index_line::State::InForce).await.unwrap(),
            there
        );
        assert_eq!(
            index_page::get(c, wiki, BOX, INDEX).await.unwrap().is_some(),
            there == 1
        );
        assert_eq!(page_mark::due(c, wiki, t(9_000), 9).await.unwrap().len(), one);
        assert_eq!(page_mark::stale(c, wiki, 9).await.unwrap().len(), one);
        assert_eq!(page_mark::count_stale(c, wiki).await.unwrap(), there);
        assert_eq!(page_mark::get_many(c, wiki, &pages).await.unwrap().len(), one);
        assert_eq!(list::all(c, JOB, wiki).await.unwrap().len(), one);
        assert_eq!(
            list::search(c, JOB, wiki, "white", None, None).await.unwrap().len(),
            one
        );
        assert_eq!(suppress::all(c, wiki).await.unwrap().private_entries().len(), one);
    }
}
