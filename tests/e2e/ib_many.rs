//! A busy hour: 1,000 edits on 300 articles in one run. Every edit makes its row and its line once, and the run asks
//! the wiki no more often than two times and once for 25 edits.

use anyhow::Result;
use wikicrew_tests::boxes::{Boxes, BulkEdit};

use crate::ib_seen::ensure_quiet;
use crate::seen::number;

const ARTICLES: usize = 300;
const EDITS: usize = 1_000;

fn text(cas: usize) -> String {
    format!("{{{{chembox\n| Name = X\n| Section1={{{{Chembox Identifiers\n| CASNo = {cas}\n }}}}\n}}}}\nText.")
}

#[tokio::test]
async fn a_thousand_edits_of_three_hundred_articles_in_one_run() -> Result<()> {
    let scene = Boxes::new().await?;
    // More lines than one page of the log would hold by default, and more edits than a run may make by default.
    let settings = scene.settings.clone().set("log_page_size", 500_000);
    scene.save_settings(&settings).await?;
    let names = scene.compounds(&scene.chem, ARTICLES, text).await?;
    scene.run().await?;

    let edits: Vec<BulkEdit> = (0..EDITS)
        .map(|n| BulkEdit {
            name: names[n % ARTICLES].clone(),
            user: ["Ann", "Ben", "Cem"][n % 3].to_owned(),
            text: text(10_000 + n),
        })
        .collect();
    scene.bulk(&edits).await?;

    let run = scene.run().await?;
    assert_eq!(number(&run, "changes")?, EDITS as u64, "{run}");
    assert_eq!(number(&run, "rows")?, EDITS as u64, "{run}");
    assert_eq!(number(&run, "logged")?, EDITS as u64, "{run}");
    // The recent changes are those of all tests on this wiki.
    let (seen, reads) = (number(&run, "edits_seen")?, number(&run, "reads")?);
    assert!(
        reads <= 2 + seen.max(EDITS as u64) / 25,
        "{reads} requests for {seen} edits\n{run}"
    );

    let rows = scene.rows().await?;
    assert_eq!(rows.len(), EDITS);
    let count = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    assert_eq!(
        (count("correct_changed"), count("changed_other")),
        (ARTICLES, EDITS - ARTICLES),
        "the first edit of each article, and those after it"
    );
    let last = rows.iter().max_by_key(|row| row["revid"].parse::<u64>().unwrap_or(0));
    assert!(last.is_some_and(|row| row["new_value"].starts_with("10") && row["verified_value"].len() <= 3));
    let log = scene.log_of(&scene.chem).await?;
    assert_eq!(log.matches("<!--ib:").count(), EDITS, "a line for each");
    assert_eq!(log.matches("<!--ib-page ").count(), ARTICLES, "under its article");

    let again = scene.run().await?;
    ensure_quiet(&again)
}
