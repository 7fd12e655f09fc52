use super::super::fixtures::{alice, edit, event, facts, links, rows, somebody};
use super::*;
use crate::types::RevId;

const SHOP: &str = "https://shop.example.com/a";
const SHOP_ROW: &str = "com.example.shop. /a 16 1";
const STREAM_ROW: &str = "com.example.stream. / 24 1";

#[test]
fn the_streams_links_come_in_only_where_the_edit_can_have_brought_them() {
    let told = event(&["https://stream.example.com/"]);
    for (old, new, wanted) in [
        ("a {{t|1}}", "a {{t|2}}", Ok(&[STREAM_ROW][..])),
        ("a", "a {{t|1}}", Ok(&[STREAM_ROW])),
        ("a", "a [[B]]", Ok(&[STREAM_ROW])),
        (
            "a",
            "a http://shop.example.com/a",
            Ok(&["com.example.shop. /a 0 1", STREAM_ROW]),
        ),
        ("a http://gone.example.com/", "a", Ok(&[STREAM_ROW])),
        (
            "a {{t}} [[B]] http://x.example.com/",
            "b {{t}} [[B]] http://x.example.com/",
            Err(Why::OwnTextUnchanged),
        ),
        ("a {{t}}", "a {{t}}", Err(Why::NullEdit)),
        // The text before had it: it is not this edit that added it.
        ("{{t|https://stream.example.com}}", "{{u}}", Err(Why::NoLinks)),
    ] {
        let wanted = wanted.map(|rows| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>());
        let edit = edit(old, new);
        assert_eq!(rows(Some(&edit), Some(&told)), wanted, "{old} / {new}");
        let mut recorded = edit.clone();
        recorded.added = Some(told.added.clone());
        assert_eq!(rows(Some(&recorded), None), wanted, "{old} / {new}, recorded together");
        assert_eq!(rows(Some(&recorded), Some(&told)), wanted, "{old} / {new}, told twice");
    }
}

#[test]
fn what_both_tell_counts_once() {
    let edit = edit(
        "",
        &format!("{SHOP} {SHOP} http://shop.example.com/b%20c [//rel.example.com]"),
    );
    let own = rows(Some(&edit), None).unwrap();
    let told = event(&[
        SHOP,
        "http://shop.example.com/a",
        "http://shop.example.com/b%20c",
        "https://rel.example.com/",
    ]);
    assert_eq!(rows(Some(&edit), Some(&told)).unwrap(), own);
}

#[test]
fn the_event_must_be_of_this_edit_and_this_author() {
    let edit = edit("a", &format!("{SHOP} {{{{t}}}}"));
    let told = event(&["https://stream.example.com/"]);
    let both = vec![SHOP_ROW.to_owned(), STREAM_ROW.to_owned()];
    let own = vec![SHOP_ROW.to_owned()];
    let with = |put: fn(&mut LinksChange)| {
        let mut told = told.clone();
        put(&mut told);
        rows(Some(&edit), Some(&told)).unwrap()
    };
    assert_eq!(with(|_| ()), both);
    assert_eq!(with(|told| told.of.performer = None), own);
    assert_eq!(
        with(|told| told.of.performer = Some(somebody("Bob", EditorKind::Named, 8))),
        own
    );
    assert_eq!(
        with(|told| told.of.performer = Some(somebody("Bob", EditorKind::Named, 0))),
        own
    );
    // Renamed in between, and without an id.
    assert_eq!(
        with(|told| told.of.performer = Some(somebody("Alice 2", EditorKind::Named, 7))),
        both
    );
    assert_eq!(
        with(|told| told.of.performer = Some(somebody("Alice", EditorKind::Named, 0))),
        both
    );
    assert_eq!(with(|told| told.of.rev = RevId(21)), own);
    assert_eq!(with(|told| told.of.wiki = "de.wikipedia.org/w".into()), own);
    let plain = super::super::fixtures::edit("a", "b {{t}}");
    let why = |who| {
        let mut told = told.clone();
        told.of.performer = who;
        rows(Some(&plain), Some(&told))
    };
    assert_eq!(why(None), Err(Why::NoPerformer));
    assert_eq!(
        why(Some(somebody("Bob", EditorKind::Named, 8))),
        Err(Why::OtherPerformer)
    );
}

#[test]
fn without_texts_the_stream_is_taken_as_it_is() {
    let told = event(&[
        SHOP,
        "https://web.archive.org/web/2020/http://old.example.com/",
        "mailto:a@b.example",
    ]);
    let wanted = [
        "com.example.old. / 10 1",
        "com.example.shop. /a 24 1",
        "org.archive.web. /web/2020/http://old.example.com/ 24 1",
    ];
    assert_eq!(rows(None, Some(&told)).unwrap(), wanted);
    let (got, note) = links(None, Some(&told)).unwrap();
    assert_eq!(
        (got.rev, got.editor.name.as_str(), got.is_revert, note),
        (RevId(20), "Alice", false, None)
    );
    assert_eq!(rows(None, Some(&event(&[]))), Err(Why::NoLinks));
    for (who, why) in [
        (None, Why::NoPerformer),
        (Some(somebody("de>Alice", EditorKind::Foreign, 0)), Why::Import),
    ] {
        let mut told = told.clone();
        told.of.performer = who;
        assert_eq!(rows(None, Some(&told)), Err(why));
    }
    let mut bare = edit("", "");
    (bare.text, bare.parent_text, bare.added) = (None, None, Some(told.added.clone()));
    assert_eq!(rows(Some(&bare), None).unwrap(), wanted);
    bare.added = None;
    assert_eq!(rows(Some(&bare), Some(&told)).unwrap(), wanted);
    assert_eq!(rows(Some(&bare), Some(&event(&[]))), Err(Why::NoLinks));
    bare.of.performer = None;
    assert_eq!(
        rows(Some(&bare), Some(&told)),
        Err(Why::Hidden),
        "what the wiki hides is not taken from elsewhere"
    );
}

#[test]
fn texts_that_cannot_be_compared_leave_the_streams_links() {
    let told = event(&[SHOP]);
    let mut lone = edit("", "{{t}}");
    lone.parent_text = None;
    let mut big = edit("", "");
    big.text = Some(" ".repeat(crate::wikitext::MAX_BYTES + 1));
    for (edit, why) in [(lone, Why::Incomplete), (big, Why::TooBig)] {
        let (got, note) = links(Some(&edit), Some(&told)).unwrap();
        assert_eq!(note, Some(why));
        assert_eq!(got, links(None, Some(&told)).unwrap().0);
        assert_eq!(rows(Some(&edit), Some(&event(&[]))), Err(why));
        assert!(why.is_told());
    }
}

#[test]
fn the_event_says_of_the_author_what_the_edit_does_not() {
    let mut edit = edit("", SHOP);
    edit.tags = vec!["mw-undo".into()];
    edit.of.performer = Some(somebody("Alice", EditorKind::Named, 0));
    let told = |who: Performer| {
        let mut told = event(&[SHOP]);
        told.of.performer = Some(who);
        told
    };
    let (got, _) = links(Some(&edit), Some(&told(alice()))).unwrap();
    assert_eq!((got.editor.user_id, got.is_revert), (alice().user_id, true));
    let young = Performer {
        registered: Some(facts().ts),
        is_bot: true,
        ..alice()
    };
    assert_eq!(
        rows(Some(&edit), Some(&told(young.clone()))).unwrap(),
        ["com.example.shop. /a 81 1"]
    );
    let other = Performer {
        name: "Bob".into(),
        ..young
    };
    assert_eq!(rows(Some(&edit), Some(&told(other))).unwrap(), [SHOP_ROW]);
}
