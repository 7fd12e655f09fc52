use super::*;
use shared::core::change::{Change, EditorKind};
use shared::core::types::{PageId, Timestamp, UserId};

fn edit(revid: u64, parent: u64) -> Seen {
    Seen {
        change: Change {
            rcid: None,
            revid: RevId(revid),
            parent: RevId(parent),
            page_id: PageId(1),
            ns: 0,
            title: "A".to_owned(),
            user: Some("Alice".to_owned()),
            user_id: UserId(1),
            editor: EditorKind::Named,
            bot: false,
            minor: false,
            timestamp: Timestamp::default(),
            tags: Vec::new(),
            sha1: None,
            comment: None,
            old_len: None,
            new_len: None,
            is_new: parent == 0,
            log: None,
        },
        links: None,
        who: None,
        wants_texts: true,
    }
}

fn revision(revid: u64, bytes: usize) -> (RevId, Revision) {
    let revision = Revision {
        revid: RevId(revid),
        parent: RevId(0),
        page_id: PageId(1),
        ns: 0,
        title: "A".to_owned(),
        user: None,
        user_id: UserId(0),
        editor: EditorKind::Hidden,
        timestamp: Timestamp::default(),
        minor: false,
        tags: Vec::new(),
        comment: None,
        sha1: None,
        size: bytes as u64,
        model: "wikitext".to_owned(),
        text: Some("x".repeat(bytes)),
        text_hidden: false,
    };
    (RevId(revid), revision)
}

#[test]
fn texts_are_held_while_edits_need_them_and_the_longest_go_first_where_they_are_too_many() {
    // 2 is the parent of two edits, and the text of one.
    let edits = [edit(2, 1), edit(3, 2), edit(4, 2), edit(5, 0)];
    let held = |cache: &Cache| -> Vec<u64> { (0..=5).filter(|id| cache.get(RevId(*id)).is_some()).collect() };
    let mut cache = Cache::new(&edits);
    cache.extend([revision(1, 10), revision(2, 30), revision(3, 20), revision(4, 5)].into());
    cache.done(&edits[0]);
    assert_eq!(held(&cache), [2, 3, 4]);
    cache.shrink(60);
    assert_eq!(held(&cache), [2, 3, 4]);
    cache.shrink(54);
    assert_eq!(held(&cache), [3, 4]);
    // Read again for its next edit, and for the last one held on.
    cache.extend([revision(2, 30)].into());
    cache.done(&edits[1]);
    assert_eq!(held(&cache), [2, 4]);
    cache.done(&edits[2]);
    assert_eq!(held(&cache), [] as [u64; 0]);
}
