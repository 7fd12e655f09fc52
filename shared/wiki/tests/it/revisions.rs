//! Revisions by id and histories on the real wiki.

use crate::sandbox::{account, admin, bot, hide, load, login, page, unique};
use serde_json::{Value, json};
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::{PageId, RevId};
use wikicrew_wiki::{PageRef, history, read_revisions, revisions};

fn ids(saved: &[Value]) -> Vec<RevId> {
    let ids = saved.iter().map(|page| page["revid"].as_u64());
    ids.map(|id| RevId(id.unwrap())).collect()
}

#[tokio::test]
async fn revisions_come_in_batches_and_hidden_ones_without_their_secrets() {
    let word = unique();
    let title = |i: usize| format!("{word}/{i}");
    let pages: Vec<Value> = (0..62)
        .map(|i| {
            json!({"title": title(i % 31), "text": format!("Text {i} {word}"), "summary": format!("s{i}"),
            "user": format!("{word} A"), "minor": i == 40})
        })
        .collect();
    let saved = load(&pages);
    let all = ids(&saved);
    admin(&["action=delete", &format!("title={}", title(30))]);
    hide(all[3].0);
    let mut asked = all.clone();
    // Unknown, twice, and none at all.
    asked.extend([RevId(4_000_000_000), all[5], RevId(0)]);
    for session in [
        login(account(&[])).await,
        // This one may see what is hidden.
        login(account(&["sysop", "suppress"])).await,
    ] {
        let before = session.counts().total;
        let found = revisions(&session, &asked, true).await.unwrap();
        assert_eq!(session.counts().total - before, 2, "63 ids, 50 each");
        // The two of the deleted page are left out.
        assert_eq!(found.len(), 60);
        assert!(!found.contains_key(&all[30]) && !found.contains_key(&all[61]));
        let one = &found[&all[40]];
        assert_eq!((one.revid, one.parent), (all[40], all[9]));
        assert_eq!(one.page_id.0, saved[40]["pageid"].as_u64().unwrap());
        assert_eq!((one.ns, one.title.as_str()), (0, title(9).as_str()));
        assert_eq!(one.text.as_deref(), Some(format!("Text 40 {word}").as_str()));
        assert_eq!(one.size, one.text.as_ref().unwrap().len() as u64);
        assert_eq!((one.comment.as_deref(), one.minor), (Some("s40"), true));
        assert_eq!(one.user.as_deref(), Some(format!("{word} A").as_str()));
        assert!(one.editor == EditorKind::Named && one.user_id.0 > 0 && !one.text_hidden);
        assert_eq!((one.model.as_str(), one.sha1.as_ref().unwrap().len()), ("wikitext", 40));

        let secret = &found[&all[3]];
        assert!(secret.text_hidden && secret.user_hidden());
        assert_eq!((&secret.text, &secret.user, secret.user_id.0), (&None, &None, 0));
        assert_eq!((&secret.comment, &secret.sha1), (&None, &None));

        // Without texts everything else is the same.
        let mut bare = revisions(&session, &asked, false).await.unwrap();
        assert!(bare.values().all(|revision| revision.text.is_none()));
        for (id, revision) in &mut bare {
            revision.text.clone_from(&found[id].text);
        }
        assert_eq!(bare, found);
    }
}

#[tokio::test]
async fn texts_larger_than_one_answer_are_continued() {
    let session = bot().await;
    let word = unique();
    let most = usize::try_from(session.site().max_article_size()).unwrap();
    let texts: Vec<String> = (0..5)
        .map(|i| {
            let line = format!("{word} {i} “Größe” \u{1F600}\n");
            line.repeat(most / line.len()).trim_end().to_owned()
        })
        .collect();
    let pages: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| json!({"title": format!("{word}/{}", i % 2), "text": text}))
        .collect();
    let all = ids(&load(&pages));
    let before = session.counts().total;
    let found = revisions(&session, &all, true).await.unwrap();
    assert!(session.counts().total - before >= 2, "8 MB fit into one answer");
    for (id, text) in all.iter().zip(&texts) {
        assert!(found[id].text.as_ref() == Some(text), "{id} is cut or mixed up");
        assert!(text.len() > 2_000_000);
    }
    // Read piece by piece, no piece holds all.
    let mut reader = read_revisions(&session, &all, true);
    let mut pieces = Vec::new();
    while let Some(piece) = reader.next().await.unwrap() {
        pieces.push(piece.len());
    }
    assert!(
        pieces.iter().all(|n| *n < 5) && pieces.iter().sum::<usize>() == 5,
        "{pieces:?}"
    );
    // A history is continued in the same way.
    let title = format!("{word}/0");
    let of_page = history(&session, PageRef::Title(&title), None, 10).await.unwrap();
    let read: Vec<_> = of_page.iter().map(|revision| revision.text.as_ref()).collect();
    assert!(read == [Some(&texts[0]), Some(&texts[2]), Some(&texts[4])]);
}

#[tokio::test]
async fn a_history_is_read_oldest_first_from_where_it_was_left() {
    let session = login(account(&[])).await;
    let title = unique();
    let pages: Vec<Value> = (0..58)
        .map(|i| json!({"title": title, "text": format!("Text {i}")}))
        .collect();
    let saved = load(&pages);
    let all = ids(&saved);
    let by_title = PageRef::Title(&title);
    let by_id = PageRef::Id(PageId(saved[0]["pageid"].as_u64().unwrap()));
    let read = async |page, from, limit| {
        let before = session.counts().total;
        let found = history(&session, page, from, limit).await.unwrap();
        let found: Vec<RevId> = found.iter().map(|revision| revision.revid).collect();
        (found, session.counts().total - before)
    };
    assert_eq!(read(by_title, None, 1000).await, (all.clone(), 2));
    assert_eq!(read(by_id, None, 50).await, (all[..50].to_vec(), 1));
    assert_eq!(read(by_id, Some(all[49]), 50).await, (all[50..].to_vec(), 1));
    assert_eq!(read(by_id, Some(all[3]), 4).await, (all[4..8].to_vec(), 1));
    assert_eq!(read(by_title, Some(all[57]), 50).await, (Vec::new(), 1));
    assert_eq!(read(by_title, None, 0).await, (Vec::new(), 0));
    // Moved: by id it is the same history, with the move as one more revision.
    let moved = format!("{title} moved");
    admin(&[
        "action=move",
        &format!("from={title}"),
        &format!("to={moved}"),
        "noredirect=1",
    ]);
    let (after, _) = read(by_id, Some(all[57]), 50).await;
    assert_eq!(after.len(), 1);
    assert_eq!(read(by_title, None, 50).await.0, []);

    let last = page(&moved, "Text 99");
    let found = history(&session, by_id, Some(after[0]), 5).await.unwrap();
    assert_eq!((found.len(), found[0].revid.0), (1, last));
    assert_eq!(found[0].text.as_deref(), Some("Text 99"));
    let unknown = history(&session, by_id, Some(RevId(4_000_000_000)), 5).await;
    assert_eq!(unknown.unwrap_err().code(), Some("badid_rvstartid"));
}
