//! Continued queries on the real wiki equal the same queries in one answer.

use crate::sandbox::{bot, load, page, unique};
use serde_json::{Value, json};

/// `query` without what depends on the order of pages.
fn sorted(mut query: Value) -> Value {
    if let Some(pages) = query["pages"].as_array_mut() {
        pages.sort_by_key(|page| page["title"].as_str().unwrap().to_owned());
    }
    query
}

#[tokio::test]
async fn a_generator_with_properties_is_merged_right() {
    let prefix = unique();
    let pages: Vec<Value> = (0..11)
        .map(|i| {
            let more: String = (0..i % 5)
                .map(|n| format!("[[Category:{prefix} {n}]] [[Link {n}]]\n"))
                .collect();
            json!({"title": format!("{prefix}/{i:02}"),
                "text": format!("Text {i} [[Category:{prefix}]]\n{more}")})
        })
        .collect();
    load(&pages);
    let session = bot().await;
    let category = format!("Category:{prefix}");
    let query = |members: &'static str, limit: &'static str| {
        let params = [
            ("generator", "categorymembers"),
            ("gcmtitle", category.as_str()),
            ("gcmlimit", members),
            ("prop", "revisions|categories|links|info"),
            ("rvprop", "ids|content"),
            ("rvslots", "main"),
            ("cllimit", limit),
            ("pllimit", limit),
        ];
        let session = session.clone();
        async move { session.query(&params).await.unwrap() }
    };
    let before = session.counts().total;
    let whole = sorted(query("max", "max").await);
    assert_eq!(session.counts().total - before, 1, "must come in one answer");
    assert_eq!(whole["pages"].as_array().unwrap().len(), 11);
    let links = whole["pages"][4]["links"].as_array().unwrap();
    assert_eq!(links.len(), 4);
    for (members, limit) in [("3", "2"), ("2", "1"), ("max", "3"), ("4", "max")] {
        let merged = sorted(query(members, limit).await);
        assert_eq!(merged, whole, "gcmlimit {members}, limits {limit}");
    }
    assert!(session.counts().total > 20, "nothing was continued");
}

#[tokio::test]
async fn batches_of_a_generator_are_complete() {
    let prefix = unique();
    let pages: Vec<Value> = (0..7)
        .map(|i| {
            json!({"title": format!("{prefix}/{i}"),
                "text": format!("[[Category:{prefix}]] [[A]] [[B]] [[C]]")})
        })
        .collect();
    load(&pages);
    let session = bot().await;
    let category = format!("Category:{prefix}");
    let mut batches = session.continued(&[
        ("generator", "categorymembers"),
        ("gcmtitle", &category),
        ("gcmlimit", "3"),
        ("prop", "links"),
        ("pllimit", "2"),
    ]);
    let mut sizes = Vec::new();
    while let Some(batch) = batches.next().await.unwrap() {
        let pages = batch["pages"].as_array().unwrap();
        sizes.push(pages.len());
        for page in pages {
            assert_eq!(page["links"].as_array().unwrap().len(), 3, "{page}");
        }
    }
    assert_eq!(sizes, [3, 3, 1]);
}

#[tokio::test]
async fn lists_and_histories_are_complete_and_in_order() {
    let prefix = unique();
    let title = format!("{prefix}/page");
    let revids: Vec<u64> = (0..7).map(|i| page(&title, &format!("Text {i}"))).collect();
    let session = bot().await;
    let history = session
        .query(&[
            ("prop", "revisions"),
            ("titles", &title),
            ("rvlimit", "2"),
            ("rvdir", "newer"),
            ("rvprop", "ids"),
        ])
        .await
        .unwrap();
    let read: Vec<u64> = history["pages"][0]["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| revision["revid"].as_u64().unwrap())
        .collect();
    assert_eq!(read, revids);

    let pages: Vec<Value> = (0..9)
        .map(|i| json!({"title": format!("{prefix}/{i}"), "text": "x"}))
        .collect();
    load(&pages);
    let params = [("list", "allpages"), ("apprefix", prefix.as_str())];
    let with = |limit| [params[0], params[1], ("aplimit", limit)];
    let whole = session.list(&with("max"), "allpages").await.unwrap();
    assert_eq!(whole.len(), 10);
    assert_eq!(session.list(&with("2"), "allpages").await.unwrap(), whole);
    let none = [("list", "allpages"), ("apprefix", "no such page at all")];
    assert!(session.list(&none, "allpages").await.unwrap().is_empty());
}

#[tokio::test]
async fn batches_of_titles_are_merged() {
    let prefix = unique();
    let mut titles: Vec<String> = (0..130).map(|i| format!("{prefix}/{i}")).collect();
    let pages: Vec<Value> = titles
        .iter()
        .step_by(10)
        .map(|title| json!({"title": title, "text": "x"}))
        .collect();
    load(&pages);
    // The same page again, by another spelling, in another batch.
    titles.push(format!("{prefix}/0_"));
    let session = bot().await;
    let before = session.counts().total;
    let query = session
        .in_batches(&[("prop", "info")], "titles", &titles)
        .await
        .unwrap();
    assert_eq!(session.counts().total - before, 3);
    let pages = query["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 130);
    let existing = pages.iter().filter(|page| page["missing"] != true).count();
    assert_eq!(existing, 13);
    assert_eq!(query["normalized"].as_array().unwrap().len(), 1);

    let users = session
        .in_batches(&[("list", "users")], "ususers", &["Admin", "Nobody here"])
        .await
        .unwrap();
    assert_eq!(users["users"].as_array().unwrap().len(), 2);
    let nothing: [&str; 0] = [];
    let none = session.in_batches(&[("list", "users")], "ususers", &nothing);
    assert_eq!(none.await.unwrap(), json!({}));
}
