use super::super::fixtures::{alice, edit, event, facts, links, rows, rules, somebody};
use super::*;
use crate::types::{RevId, UserId};
use proptest::prelude::*;

const SHOP: &str = "https://shop.example.com/a";

/// An edit that adds a link.
fn shop() -> RecordedEdit {
    edit("a", &format!("a [{SHOP} b]"))
}

#[test]
fn an_edit_is_told_whole() {
    let (got, note) = links(Some(&shop()), None).unwrap();
    let wanted = RevisionLinks {
        wiki: "en.wikipedia.org/w".into(),
        dbname: "enwiki".into(),
        realm: "wikimedia".into(),
        rev: RevId(20),
        ts: facts().ts,
        page: facts().page,
        ns: 0,
        title: "Example".into(),
        editor: EditorName {
            name: "Alice".into(),
            kind: EditorKind::Named,
            user_id: UserId(7),
        },
        is_revert: false,
        links: got.links.clone(),
    };
    assert_eq!((got, note), (wanted, None));
    assert_eq!(rows(Some(&shop()), None).unwrap(), ["com.example.shop. /a 16 1"]);
}

#[test]
fn links_of_all_kinds_are_rows() {
    let old = "<ref>{{cite web|url=http://dead.example.com/x|title=X}}</ref>\n";
    let new = "<ref>{{cite web|url=http://dead.example.com/x|title=X\
        |archive-url=https://web.archive.org/web/2020/http://dead.example.com/x}}</ref>\n\
        {{URL|shop.example.com/t}} [//rel.example.com/ r] ftp://files.example.com/f \
        https://facebook.com/Some.Page/posts/1 http://a.example.com/ http://a.example.com/ \
        https://archive.today/2020/http://target.example.com/y \
        <!-- http://hidden.example.com/ -->";
    let wanted = [
        "com.example.a. / 0 2",
        "com.example.files. /f 32 1",
        "com.example.rel. / 48 1",
        "com.example.shop. /t 4 1",
        "com.example.target. /y 2 1",
    ];
    let got = rows(Some(&edit(old, new)), None).unwrap();
    let example: Vec<&String> = got.iter().filter(|row| row.starts_with("com.example.")).collect();
    assert_eq!(example, wanted);
    let others: Vec<&str> = got.iter().filter_map(|row| row.split(' ').next()).collect();
    for host in ["com.facebook./some.page", "org.archive.web.", "today.archive."] {
        assert!(others.contains(&host), "{host} {got:?}");
    }
    assert_eq!(got.len(), wanted.len() + 3);
}

#[test]
fn what_adds_nothing_says_why() {
    type Put = fn(&mut RecordedEdit);
    for (put, why) in [
        ((|e| e.text = Some("b".into())) as Put, Why::NoLinks),
        (|e| e.parent_text = e.text.clone(), Why::NullEdit),
        (
            |e| e.parent_text = Some(format!("{SHOP} http://gone.example/")),
            Why::NoLinks,
        ),
        (
            |e| e.parent_text = Some("http://shop.example.com/a".into()),
            Why::NoLinks,
        ),
        (|e| e.of.performer = None, Why::Hidden),
        (|e| e.text_hidden = true, Why::Hidden),
        (
            |e| e.of.performer = Some(somebody("de>Alice", EditorKind::Foreign, 0)),
            Why::Import,
        ),
        (|e| e.model = "javascript".into(), Why::Model),
        (|e| e.parent_text = None, Why::Incomplete),
        (|e| e.text = None, Why::Incomplete),
        (|e| (e.text, e.added) = (None, Some(Vec::new())), Why::NoLinks),
        (
            |e| {
                e.text
                    .as_mut()
                    .unwrap()
                    .push_str(&" ".repeat(crate::wikitext::MAX_BYTES))
            },
            Why::TooBig,
        ),
    ] {
        let mut edit = shop();
        put(&mut edit);
        assert_eq!(rows(Some(&edit), None), Err(why));
    }
    assert_eq!(decide(None, None, &rules()), Decision::Nothing(Why::NoLinks));
    let only = Rules {
        namespaces: &[2, 4],
        ..rules()
    };
    assert_eq!(decide(Some(&shop()), None, &only), Decision::Nothing(Why::Namespace));
    let only = Rules {
        namespaces: &[2, 0],
        ..rules()
    };
    assert!(matches!(decide(Some(&shop()), None, &only), Decision::Links(..)));
}

#[test]
fn a_new_page_has_an_empty_parent() {
    let mut edit = shop();
    (edit.parent, edit.parent_text) = (RevId(0), None);
    assert_eq!(rows(Some(&edit), None).unwrap(), ["com.example.shop. /a 16 1"]);
}

/// Whether it is a revert whose links wait for an earlier addition, and whether its links are marked as re-added.
fn revert(edit: &RecordedEdit) -> (bool, bool) {
    let (links, _) = links(Some(edit), None).unwrap();
    let Links::Rows(rows) = &links.links else {
        panic!("{links:?}");
    };
    (links.is_revert, rows.iter().all(|row| row.flags.has(Flags::READDED)))
}

#[test]
fn reverts_are_known_by_tag_and_by_hash() {
    for (tags, sha1, earlier, is_revert) in [
        (&[][..], None, &[][..], false),
        (&["mw-rollback"], None, &[], true),
        (&["visualeditor", "mw-undo"], None, &[], true),
        (&["mw-manual-revert"], None, &[], true),
        (&["mw-reverted"], None, &[], false),
        (&[], Some("c"), &["b", "a"], false),
        (&[], Some("a"), &["b", "a"], true),
        // The texts differ, so the first hash is not the parent's.
        (&[], Some("b"), &["b", "a"], true),
    ] {
        let mut edit = shop();
        edit.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        edit.sha1 = sha1.map(str::to_owned);
        edit.earlier_sha1 = earlier.iter().map(|hash| (*hash).to_owned()).collect();
        assert_eq!(revert(&edit), (is_revert, false), "{tags:?} {sha1:?} {earlier:?}");
    }
    // Without texts the newest hash is taken for the parent's.
    let mut edit = shop();
    (edit.text, edit.parent_text, edit.added) = (None, None, Some(vec![SHOP.into()]));
    (edit.sha1, edit.earlier_sha1) = (Some("a".into()), vec!["a".into(), "b".into()]);
    assert_eq!(rows(Some(&edit), None), Err(Why::NullEdit));
    edit.sha1 = Some("b".into());
    assert_eq!(revert(&edit), (true, false));
}

#[test]
fn only_settled_accounts_restore_without_adding() {
    let time = |time: &str| Some(time.parse().unwrap());
    let named = |edits, registered| Performer {
        edits,
        registered,
        ..alice()
    };
    for (who, is_revert) in [
        (alice(), true),
        (named(Some(9), time("2020-01-01T00:00:00Z")), false),
        (named(Some(10), time("2020-01-01T00:00:00Z")), true),
        (named(Some(500), time("2026-11-13T10:00:01Z")), false),
        (named(Some(500), time("2026-11-13T10:00:00Z")), true),
        (named(None, None), true),
        (named(Some(9), None), false),
        (named(None, time("2026-11-19T00:00:00Z")), false),
        (somebody("192.0.2.1", EditorKind::Ip, 0), false),
        (somebody("~2026-1-2", EditorKind::Temporary, 9), false),
    ] {
        let mut edit = shop();
        edit.tags = vec!["mw-undo".into()];
        edit.of.performer = Some(who.clone());
        assert_eq!(revert(&edit), (is_revert, !is_revert), "{who:?}");
        edit.tags.clear();
        assert_eq!(revert(&edit), (false, false), "{who:?}");
    }
    let whoever = NewUser {
        edits: 0,
        days: i64::MAX,
    };
    assert!(whoever.is_new(&alice(), facts().ts), "days that overflow are many");
}

#[test]
fn a_bots_rows_say_so() {
    let mut edit = shop();
    edit.of.performer.as_mut().unwrap().is_bot = true;
    assert_eq!(rows(Some(&edit), None).unwrap(), ["com.example.shop. /a 80 1"]);
}

#[test]
fn one_edit_with_8000_links_stays_small() {
    let links: String = (0..8_000)
        .map(|i| format!("https://flood.example.com/{i:04} "))
        .collect();
    let got = rows(Some(&edit("", &links)), None).unwrap();
    assert_eq!(got, ["com.example.flood. /0000 16 8000"]);
    let hosts: String = (0..8_000).map(|i| format!("https://a{i}.example.com/ ")).collect();
    let (got, _) = self::links(Some(&edit("", &hosts)), None).unwrap();
    let wanted = Links::TooMany {
        links: 8_000,
        hosts: 8_000,
    };
    assert_eq!(got.links, wanted);
}

/// Words of a text, with links among them.
fn words() -> impl Strategy<Value = Vec<&'static str>> {
    let word = prop::sample::select(vec![
        "word",
        "{{",
        "}}",
        "{{URL|",
        "|",
        "[",
        "]",
        "<ref>",
        "</ref>",
        "<!--",
        "-->",
        "\n",
        "http://",
        "ä",
        SHOP,
        "http://shop.example.com/b",
        "//a.example.com",
        "[https://b.example.com/ b]",
        "https://web.archive.org/web/2020/http://shop.example.com/a",
        "{{URL|c.example.com}}",
    ]);
    prop::collection::vec(word, 0..20)
}

/// Whole links only, so that their order changes nothing.
fn whole_links() -> impl Strategy<Value = Vec<&'static str>> {
    let link = prop::sample::select(vec![
        SHOP,
        "http://shop.example.com/b",
        "[//a.example.com a]",
        "[https://b.example.com/ b]",
        "https://web.archive.org/web/2020/http://shop.example.com/a",
        "{{URL|c.example.com}}",
    ]);
    prop::collection::vec(link, 0..10)
}

fn total(edit: &RecordedEdit) -> u64 {
    match decide(Some(edit), None, &rules()) {
        Decision::Links(links, _) => match links.links {
            Links::Rows(rows) => rows.iter().map(|row| u64::from(row.times)).sum(),
            Links::TooMany { links, .. } => links.into(),
        },
        Decision::Nothing(_) => 0,
    }
}

proptest! {
    #[test]
    fn any_texts_can_be_compared(old in words(), new in words(), told in words()) {
        let edit = edit(&old.join(" "), &new.join(" "));
        if let Decision::Links(links, _) = decide(Some(&edit), Some(&event(&told)), &rules()) {
            let Links::Rows(rows) = links.links else {
                return Err(TestCaseError::fail("so few cannot be too many"));
            };
            prop_assert!(!rows.is_empty());
            prop_assert!(rows.is_sorted_by(|a, b| (&a.host, &a.path, a.flags) < (&b.host, &b.path, b.flags)));
            prop_assert!(rows.iter().all(|row| row.times > 0 && row.host.len() <= 255 && row.path.len() <= 2_000));
        }
    }

    #[test]
    fn any_string_is_a_text(old in ".{0,80}", new in ".{0,80}", told in "(https?:)?//.{0,40}") {
        let _ = decide(Some(&edit(&old, &new)), Some(&event(&[&told])), &rules());
        let _ = decide(None, Some(&event(&[&told])), &rules());
    }

    #[test]
    fn the_order_of_links_plays_no_part(old in whole_links(), new in whole_links(), by in 0..10_usize) {
        let mut turned = new.clone();
        turned.reverse();
        turned.rotate_left(by.min(new.len()));
        let of = |links: &[&str]| decide(Some(&edit(&old.join(" "), &format!("x {}", links.join(" ")))), None, &rules());
        prop_assert_eq!(of(&new), of(&turned));
    }

    #[test]
    fn never_more_is_added_than_the_text_has(old in words(), new in words()) {
        let (old, new) = (old.join(" "), new.join(" "));
        let whole = total(&edit("", &new));
        prop_assert!(total(&edit(&old, &new)) <= whole);
        prop_assert_eq!(total(&edit(&new, &new)), 0);
        prop_assert_eq!(total(&edit(&new, "")), 0);
    }
}
