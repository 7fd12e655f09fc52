use super::*;
use proptest::prelude::*;
use serde_json::json;

/// A German wiki with a case-sensitive namespace and a few aliases.
pub(crate) fn german() -> Site {
    let ns = |id: i32, name: &str, canonical: &str| {
        json!({"id": id, "case": if id == 828 { "case-sensitive" } else { "first-letter" },
               "name": name, "canonical": canonical, "content": id == 0})
    };
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1:8000", "lang": "de",
                    "wikiid": "probewiki", "generator": "MediaWiki 1.43.0",
                    "maxarticlesize": 2_097_152},
        "namespaces": {
            "-1": ns(-1, "Spezial", "Special"),
            "0": json!({"id": 0, "case": "first-letter", "name": "", "content": true}),
            "1": ns(1, "Diskussion", "Talk"),
            "2": ns(2, "Benutzer", "User"),
            "3": ns(3, "Benutzer Diskussion", "User talk"),
            "4": ns(4, "Projekt Eins", "Project"),
            "5": ns(5, "Projekt Eins Diskussion", "Project talk"),
            "6": ns(6, "Datei", "File"),
            "14": ns(14, "Kategorie", "Category"),
            "828": ns(828, "Modul", "Module"),
        },
        "namespacealiases": [{"id": 4, "alias": "PE"}, {"id": 6, "alias": "Bild"},
                             {"id": 2, "alias": "Benutzerin"}],
        "extensiontags": ["<pre>", "<nowiki>", "<syntaxHighlight>", "<ref>"],
        "extensions": [{"type": "other", "name": "Echo"}, {"type": "other"}]
    }))
    .unwrap()
}

fn title(ns: i32, text: &str) -> Title {
    Title {
        ns,
        text: text.to_owned(),
    }
}

#[test]
fn titles_are_read_by_the_wikis_rules() {
    let site = german();
    for (written, ns, text) in [
        ("foo", 0, "Foo"),
        ("  foo__bar  ", 0, "Foo bar"),
        ("Kategorie:foo", 14, "Foo"),
        ("category:Foo", 14, "Foo"),
        (":CATEGORY : foo", 14, "Foo"),
        ("Benutzer_Diskussion:anna", 3, "Anna"),
        ("benutzerin:Anna", 2, "Anna"),
        ("pe:Mentoren/Anna", 4, "Mentoren/Anna"),
        ("Module:foo", 828, "foo"),
        ("Nichts:foo", 0, "Nichts:foo"),
        ("éa", 0, "Éa"),
        ("e\u{301}a", 0, "Éa"),
        ("ßa", 0, "ßa"),
        ("ა", 0, "ა"),
        ("ǆa", 0, "ǅa"),
        ("ᾳ", 0, "ᾼ"),
        ("A\u{200E}B\u{3000}C", 0, "AB C"),
        ("100%", 0, "100%"),
        ("AT&T; x", 0, "!"),
        ("'''{{!}}", 0, "!"),
        ("😀 \"'()*,;=@$^", 0, "😀 \"'()*,;=@$^"),
    ] {
        match (site.title(written), text) {
            (Ok(t), text) => assert_eq!(t, title(ns, text), "{written}"),
            (Err(_), "!") => {}
            (Err(e), _) => panic!("{e}"),
        }
    }
    assert!(site.title("I").unwrap().text == "I");
}

#[test]
fn a_default_namespace_holds_until_another_is_named() {
    let site = german();
    assert_eq!(site.title_in(14, "foo").unwrap(), title(14, "Foo"));
    assert_eq!(site.title_in(14, "Kategorie:Foo").unwrap(), title(14, "Foo"));
    assert_eq!(site.title_in(14, "User:Foo").unwrap(), title(2, "Foo"));
    assert_eq!(site.title_in(14, ":Foo").unwrap(), title(0, "Foo"));
    assert_eq!(site.title_in(14, "Co-op: x").unwrap(), title(14, "Co-op: x"));
    assert!(site.title_in(99, "Foo").is_err());
}

#[test]
fn what_mediawiki_refuses_is_refused() {
    let site = german();
    let long = "é".repeat(128);
    for (written, why) in [
        ("", "empty"),
        ("  _", "empty"),
        (":", "empty"),
        ("Kategorie:", "empty"),
        ("Foo#bar", "section"),
        ("A|B", "`|`"),
        ("[[A]]", "`[`"),
        ("{{A}}", "`{`"),
        ("<b>", "`<`"),
        ("A\u{0}B", "U+0000"),
        ("A\u{FFFD}B", "U+FFFD"),
        ("A\tB", "U+0009"),
        ("a~~~b", "tildes"),
        ("..", "relative"),
        ("../Foo", "relative"),
        ("Foo/./Bar", "relative"),
        ("Foo/..", "relative"),
        ("::Foo", "colon"),
        ("User::Foo", "colon"),
        ("Talk:User:Foo", "two namespaces"),
        ("a%41", "percent"),
        ("a&amp;b", "entity"),
        (&long, "256 bytes"),
    ] {
        let said = site.title(written).unwrap_err();
        assert!(said.contains(why), "{written}: {said}");
    }
    assert_eq!(site.title(&"a".repeat(255)).unwrap().text.len(), 255);
}

#[test]
fn names_talk_pages_and_sub_pages() {
    let site = german();
    let anna = site.title("Project:Mentoren/Anna").unwrap();
    assert_eq!(site.prefixed(&anna), "Projekt Eins:Mentoren/Anna");
    assert_eq!(site.canonical(&anna), "Project:Mentoren/Anna");
    assert_eq!(site.prefixed(&title(0, "Foo")), "Foo");
    let talk = site.talk_of(&anna).unwrap();
    assert_eq!(talk, title(5, "Mentoren/Anna"));
    assert!(talk.is_talk() && !anna.is_talk());
    assert_eq!(site.talk_of(&talk).unwrap(), talk);
    assert_eq!(site.subject_of(&talk).unwrap(), anna);
    assert_eq!(site.talk_of(&title(-1, "Log")), None);
    assert_eq!(site.talk_of(&title(828, "X")), None);

    let root = title(4, "Mentoren");
    assert!(anna.is_subpage_of(&root));
    assert_eq!(anna.subpage_part(&root), Some("Anna"));
    assert!(!title(4, "Mentorenrat").is_subpage_of(&root));
    assert!(!title(4, "Mentoren/").is_subpage_of(&root));
    assert!(!root.is_subpage_of(&root));
    assert!(!talk.is_subpage_of(&root));
    assert_eq!(title(2, "A/b/c").last_part(), "c");
    assert_eq!(title(2, "A/b/c").root_part(), "A");
    assert_eq!(root.last_part(), "Mentoren");
}

#[test]
fn siteinfo_is_kept_and_must_be_whole() {
    let site = german();
    assert_eq!((site.name(), site.lang(), site.dbname()), ("Probe", "de", "probewiki"));
    assert_eq!(site.server(), "http://127.0.0.1:8000");
    assert_eq!(site.generator(), "MediaWiki 1.43.0");
    assert_eq!(site.max_article_size(), 2_097_152);
    assert!(site.has_extension_tag("SyntaxHighlight"));
    assert!(site.extension_tags().contains("ref"));
    assert!(site.has_extension("Echo") && site.extensions().len() == 1);
    assert_eq!(site.namespace_name(3), Some("Benutzer Diskussion"));
    assert_eq!(site.namespace_name(77), None);
    assert_eq!(site.namespace_id("BENUTZER_diskussion"), Some(3));
    assert_eq!(site.namespace_names(2), ["benutzer", "benutzerin", "user"]);
    assert!(site.is_content(0) && !site.is_content(1));

    for broken in [
        json!({}),
        json!({"general": {}}),
        json!({"general": {"sitename": "a", "server": "b", "lang": "c", "wikiid": "d",
               "generator": "e"}}),
        json!({"general": {"sitename": "a", "server": "b", "lang": "c", "wikiid": "d",
               "generator": "e"}, "namespaces": {"0": {"id": 0, "*": ""}}}),
    ] {
        assert!(Site::from_siteinfo(&broken).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn reading_a_title_twice_changes_nothing(text in "\\PC{0,40}", ns in prop::sample::select(vec![0, 2, 4, 14])) {
        let site = german();
        if let Ok(title) = site.title_in(ns, &text) {
            let again = site.title_in(0, &site.prefixed(&title));
            // "User:talk:x" reads as main-namespace text only after a prefix.
            if title.ns != 0 || !title.text.contains(':') {
                prop_assert_eq!(again.as_ref(), Ok(&title));
            }
            prop_assert!(title.text.len() <= MAX_TITLE_BYTES);
            prop_assert!(!title.text.contains(is_forbidden));
        }
    }
}
