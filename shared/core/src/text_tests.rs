use super::*;
use proptest::prelude::*;

/// What a browser shows for text with decimal entities.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        let (number, after) = after.split_once(';').unwrap();
        out.push_str(before);
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = after;
    }
    out + rest
}

fn site() -> Site {
    Site::from_siteinfo(&serde_json::json!({
        "general": {"sitename": "P", "server": "s", "lang": "de", "wikiid": "p", "generator": "g"},
        "namespaces": {
            "0": {"id": 0, "case": "first-letter", "name": ""},
            "2": {"id": 2, "case": "first-letter", "name": "Benutzer", "canonical": "User"},
            "6": {"id": 6, "case": "first-letter", "name": "Datei", "canonical": "File"},
        }
    }))
    .unwrap()
}

#[test]
fn plain_text_has_no_markup() {
    for (text, expected) in [
        ("", ""),
        ("Hello, World (2). é", "Hello, World (2). é"),
        ("  a \t\n b\u{A0}", "a b"),
        ("[[x]]", "&#91;&#91;x&#93;&#93;"),
        ("~~~~", "&#126;&#126;&#126;&#126;"),
        ("a|b=c", "a&#124;b&#61;c"),
        ("example.com. Next", "example&#46;com. Next"),
        ("a...b", "a..&#46;b"),
        ("ISBN 9780306406157", "&#73;SBN 9780306406157"),
        ("RFC 1, PMID 2", "&#82;FC 1, &#80;MID 2"),
        ("__TOC__", "&#95;&#95;TOC&#95;&#95;"),
        (
            "\u{202E}x\u{0}",
            "&#10216;U&#43;202E&#10217;x&#10216;U&#43;0000&#10217;",
        ),
        ("\u{FFFF}", "&#10216;U&#43;FFFF&#10217;"),
        ("&amp;", "&#38;amp&#59;"),
        ("e\u{301}", "é"),
        ("नि", "न&#2367;"),
        ("😀", "&#128512;"),
        ("mailto:a@b", "mailto&#58;a&#64;b"),
    ] {
        assert_eq!(plain(text, 100).as_str(), expected, "{text:?}");
    }
}

#[test]
fn long_text_is_cut_at_a_character() {
    assert_eq!(decode(plain("äöüßx", 5).as_str()), "äöüßx");
    assert_eq!(decode(plain("äöüßx", 4).as_str()), "äöü…");
    assert_eq!(decode(plain("ab cd", 4).as_str()), "ab…");
    assert_eq!(plain("ab", 1).as_str(), "&#8230;");
    assert_eq!(plain("ab", 0).as_str(), "");
}

#[test]
fn links_show_what_they_should() {
    let site = site();
    let title = |text: &str| site.title(text).unwrap();
    let link = |t: &str, label| page_link(&site, &title(t), label).into_string();
    assert_eq!(link("File:a.png", None), "[[:Datei:A&#46;png|Datei&#58;A&#46;png]]");
    assert_eq!(link("A'''B=~~", Some("x]]y")), {
        "[[:A&#39;&#39;&#39;B&#61;&#126;&#126;|x&#93;&#93;y]]"
    });
    // An empty label would be completed by the wiki.
    assert_eq!(link("A", Some(" ")), "[[:A|A]]");
    assert_eq!(link("Http://x", None), "[[:Http&#58;//x|Http&#58;&#47;&#47;x]]");
    assert_eq!(diff_link(RevId(7), "").as_str(), "[[Special:Diff/7|diff]]");
    assert_eq!(diff_link(RevId(7), "a|b").as_str(), "[[Special:Diff/7|a&#124;b]]");
    assert_eq!(user("A_'''B").as_str(), "<bdi>A &#39;&#39;&#39;B</bdi>");
    assert_eq!(
        user_link(&site, "anna_b").as_str(),
        "[[Benutzer:Anna b|<bdi>Anna b</bdi>]]"
    );
    assert_eq!(user_link(&site, "a|b>").as_str(), "<bdi>a&#124;b&#62;</bdi>");
    assert_eq!(target("A|B/c:d\u{0}").as_str(), "A&#124;B/c:d");
    assert_eq!(
        code("a.b/c?d=</nowiki>~~~~", 50).as_str(),
        "<code><nowiki>a&#46;b/c?d=&#60;/nowiki&#62;&#126;&#126;&#126;&#126;</nowiki></code>"
    );
}

#[test]
fn parts_are_joined_without_running_into_links() {
    let link = page_link(&site(), &site().title("A").unwrap(), None);
    let all = Wikitext::concat([&literal("x"), &link, &plain("y", 9), &literal(" "), &link]);
    assert_eq!(all.as_str(), "x<nowiki/>[[:A|A]]<nowiki/>y [[:A|A]]");
    let list = Wikitext::join([&plain("a", 9), &plain("b", 9)], " · ");
    assert_eq!(list.to_string(), "a · b");
    let mut none = Wikitext::new();
    assert!(none.is_empty());
    none.push_literal("~~~~");
    assert_eq!(none.as_str(), "~~~~");
}

#[test]
fn settings_texts_stay_and_values_are_put_in() {
    let name = target("A|B");
    assert_eq!(
        from_settings(
            "{{Welcome|{mentor}}} [[User:{0}|{0}]] ~~~~",
            &[("mentor", Some(0), &name)]
        )
        .as_str(),
        "{{Welcome|A&#124;B}} [[User:A&#124;B|A&#124;B]] ~~~~"
    );
}

#[test]
fn summaries_are_one_harmless_line() {
    for (text, expected) in [
        ("a\nb", "a b"),
        ("[[[x]]] {{{y}}} /* z */", "[ [ [x]]] { { {y}}} / * z */"),
        ("x (mb-7k2q9d4xfa) y", "x ( mb-7k2q9d4xfa) y"),
        ("(mb-7k2q9d4xf)(mb7k2q9d4xfab)", "(mb-7k2q9d4xf)(mb7k2q9d4xfab)"),
        ("\u{202E}", "⟨U+202E⟩"),
    ] {
        assert_eq!(summary(text), expected);
    }
    assert_eq!(summary(&"[".repeat(300)).chars().count(), 300);
}

#[test]
fn terminals_and_tables_get_harmless_text() {
    assert_eq!(terminal("a\u{1B}[31m\n\tb\u{202E}"), "a⟨U+001B⟩[31m  b⟨U+202E⟩");
    for (text, expected) in [
        ("a", "a"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("a,b", "\"a,b\""),
        ("=\"a\"", "\"'=\"\"a\"\"\""),
        ("a\nb", "\"a\nb\""),
    ] {
        assert_eq!(csv(text), expected);
    }
}

/// Strings made of what wikitext is made of, and of anything else.
fn hostile() -> impl Strategy<Value = String> {
    let markup = prop::sample::select(vec![
        "[[",
        "]]",
        "{{",
        "}}",
        "{|",
        "|",
        "~~~~",
        "''",
        "'''''",
        "<nowiki>",
        "</nowiki>",
        "<!--",
        "-->",
        "http://a.example/",
        "mailto:a@b.example",
        "__NOTOC__",
        "ISBN 123456789X",
        "RFC 1",
        "PMID 2",
        "\n",
        "\n* ",
        "\n==x==\n",
        "----",
        ":",
        ";",
        "#REDIRECT [[x]]",
        "Category:",
        "File:",
        "&#91;",
        "&lt;",
        "{{subst:x}}",
        "\u{202E}",
        "\u{200F}",
        "\u{7}",
        "e\u{301}",
        "\u{1F600}",
        "=",
        "-{x}-",
        "(mb-7k2q9d4xfa)",
        "/*",
        "*/",
        ".",
        "www.example.com",
        "\u{3000}",
        "\u{FEFF}",
        " ",
        "x",
    ]);
    prop::collection::vec(
        prop_oneof![3 => markup.prop_map(str::to_owned), 1 => any::<String>()],
        0..12,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn plain_keeps_only_harmless_characters(text in hostile(), max in 0usize..60) {
        let out = plain(&text, max).into_string();
        let words = out.replace("&#", "").replace(';', "");
        prop_assert!(words.chars().all(|c| c.is_alphanumeric() || " ,.()".contains(c)), "{out}");
        prop_assert!(!out.starts_with(' ') && !out.ends_with(' ') && !out.contains("  "));
        for word in ["ISBN", "RFC", "PMID"] {
            prop_assert!(!out.contains(word));
        }
        let inside_a_host = |(i, _): (usize, _)| out[i + 1..].starts_with(char::is_alphanumeric);
        prop_assert!(!out.match_indices('.').any(inside_a_host));
        prop_assert!(decode(&out).chars().count() <= max);
        // What is saved is what was sent.
        prop_assert_eq!(out.nfc().collect::<String>(), out);
    }

    #[test]
    fn plain_shows_the_text_itself(text in hostile()) {
        prop_assert_eq!(decode(plain(&text, usize::MAX).as_str()), visible(&text));
        prop_assert_eq!(visible(&visible(&text)), visible(&text));
        let in_code = code(&text, usize::MAX).into_string();
        let inner = in_code
            .strip_prefix("<code><nowiki>")
            .and_then(|s| s.strip_suffix("</nowiki></code>"))
            .unwrap();
        let markup = inner.contains(['<', '~', '{', '[', '|']);
        prop_assert!(!markup);
        prop_assert_eq!(decode(inner), visible(&text));
    }

    #[test]
    fn summaries_and_terminals_are_bounded(text in hostile()) {
        let out = summary(&text);
        prop_assert!(out.chars().count() <= SUMMARY_CHARS);
        for bad in ["[[", "{{", "/*", "\n", "(mb-7k2q9d4xfa)"] {
            prop_assert!(!out.contains(bad), "{}", out);
        }
        prop_assert!(!out.contains(is_hidden));
        prop_assert!(!terminal(&text).contains(is_hidden));
        prop_assert!(!csv(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
    }
}

#[test]
fn an_argument_keeps_what_it_can() {
    for (text, wanted) in [
        ("a b", "a b"),
        (" a  b ", "&#32;a &#32;b&#32;"),
        ("", ""),
        (" ", "&#32;"),
        ("a|b=c", "a&#124;b&#61;c"),
        ("{{x}}~~~~", "&#123;&#123;x&#125;&#125;&#126;&#126;&#126;&#126;"),
        ("* a\r\n# b\rc\n", "&#42; a&#10;&#35; b&#10;c&#10;"),
        ("\ta", "&#9;a"),
        (
            "\u{202e}a\u{0}",
            "&#10216;U&#43;202E&#10217;a&#10216;U&#43;0000&#10217;",
        ),
        ("e\u{301}", "é"),
        ("http://x.example RFC 1", "http&#58;&#47;&#47;x&#46;example &#82;FC 1"),
    ] {
        assert_eq!(argument(text).as_str(), wanted, "{text:?}");
    }
}

#[test]
fn a_name_that_highlights_nobody_reads_the_same() {
    for (name, broken) in [
        ("Beetstra", "B\u{200D}eetstra"),
        ("Ab", "A\u{200D}b"),
        ("A", "A"),
        ("", ""),
        ("Жук", "Ж\u{200D}ук"),
        // The mark stays with its letter
        ("e\u{301}e", "e\u{301}\u{200D}e"),
        ("e\u{301}", "e\u{301}"),
        ("192.0.2.1", "1\u{200D}92.0.2.1"),
        ("John Beetstra", "J\u{200D}ohn B\u{200D}eetstra"),
        ("J. R. (Beetstra)_x-Ann", "J. R. (B\u{200D}eetstra)_x-A\u{200D}nn"),
    ] {
        assert_eq!(unhighlighted(name), broken, "{name}");
    }
    let once = unhighlighted("Beetstra");
    assert_eq!(terminal(&once), once, "a sink leaves it alone");
}
