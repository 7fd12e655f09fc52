use super::*;
use proptest::prelude::*;

fn tags() -> HashSet<String> {
    ["ref", "gallery", "syntaxhighlight"].map(str::to_owned).into()
}

fn spans(text: &str) -> Vec<&str> {
    opaque_spans(text, &tags())
        .into_iter()
        .map(|span| &text[span])
        .collect()
}

#[test]
fn finds_what_is_not_wikitext() {
    for (text, expected) in [
        ("plain", vec![]),
        ("a<!-- b -->c", vec!["<!-- b -->"]),
        ("a<!-- b", vec!["<!-- b"]),
        ("<nowiki>{{x}}</nowiki>y", vec!["<nowiki>{{x}}</nowiki>"]),
        ("<NoWiki a=b>x</NOWIKI\n >", vec!["<NoWiki a=b>x</NOWIKI\n >"]),
        ("<nowiki>x", vec![]),
        ("<nowiki/>x<nowiki />", vec!["<nowiki/>", "<nowiki />"]),
        ("<ref name=a/>x<ref>y</ref>", vec!["<ref name=a/>", "<ref>y</ref>"]),
        ("<nowikis>x</nowikis>", vec![]),
        ("<nowiki<x>", vec![]),
        ("<b>x</b>", vec![]),
        ("<pre><nowiki></pre>x</nowiki>", vec!["<pre><nowiki></pre>"]),
        ("<nowiki><!--</nowiki>x-->", vec!["<nowiki><!--</nowiki>"]),
        ("<!--<nowiki>-->x</nowiki>", vec!["<!--<nowiki>-->"]),
        ("<includeonly>x", vec!["<includeonly>x"]),
        ("<noinclude><!--x--></noinclude>", vec!["<!--x-->"]),
        ("<!-->", vec!["<!-->"]),
        ("<ref <nowiki>x</nowiki>", vec![]),
        ("< nowiki>x</nowiki>", vec![]),
    ] {
        assert_eq!(spans(text), expected, "{text}");
    }
}

#[test]
fn says_what_a_page_ends_in() {
    for (text, expected) in [
        ("", None),
        ("<!-- x -->", None),
        ("<ref />", None),
        ("a\nb<!-- x", Some("a comment that begins in line 2")),
        ("<nowiki>", Some("a tag <nowiki> that begins in line 1")),
        ("\n\n<GALLERY mode=x>", Some("a tag <gallery> that begins in line 3")),
        ("<ref>x</ref><ref>", Some("a tag <ref> that begins in line 1")),
        ("<includeonly>x", Some("a tag <includeonly> that begins in line 1")),
        ("<noinclude>x", Some("a tag <noinclude> that begins in line 1")),
        ("<onlyinclude>\n<!--", Some("a tag <onlyinclude> that begins in line 1")),
        ("<noinclude>x</noinclude>", None),
        ("<noinclude/>x</includeonly>", None),
        ("<noinclude><noinclude></noinclude>", None),
        ("</noinclude>", None),
        ("<b><div>{{x", None),
        ("<ref <!-- y", Some("a tag <ref> that begins in line 1")),
        ("x <nowiki", Some("a tag <nowiki> that begins in line 1")),
        ("x </nowiki", None),
        ("<nowik", None),
    ] {
        assert_eq!(ends_open(text, &tags()).as_deref(), expected, "{text}");
    }
}

/// A quadratic scan of these would take minutes.
#[test]
fn hostile_pages_take_linear_time() {
    let n = 100_000;
    for piece in [
        "<",
        "<!--",
        "<nowiki>",
        "<ref ",
        "</ref",
        "<ref/",
        "<ref>",
        "<pre></pre ",
        "<noinclude>",
        "<includeonly>",
        "<nowiki><ref><gallery><pre>",
        "</ref           ",
        "<nowiki>x</nowiki>",
        "<ref name=\"é\">",
    ] {
        let text = piece.repeat(n / piece.len());
        let tags = tags();
        opaque_spans(&text, &tags);
        ends_open(&text, &tags);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn spans_are_sorted_apart_and_on_characters(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/", "<!--", "-->", "<nowiki", "</nowiki>", "<ref>", "</ref >", "<ref/>",
            "<noinclude>", "</noinclude>", "<includeonly>", "é", "\n", " ", "x", "<pre>", "</PRE>",
        ]), 0..40)
    ) {
        let text = parts.concat();
        let mut end = 0;
        for span in opaque_spans(&text, &tags()) {
            prop_assert!(span.start >= end && span.end > span.start);
            prop_assert!(text.get(span.clone()).is_some_and(|s| s.starts_with('<')));
            end = span.end;
        }
        // Whatever is added to a page that ends in nothing is read.
        if ends_open(&text, &tags()).is_none() {
            let longer = format!("{text}\n== x ==\n<!-- y --></nowiki>");
            let mut expected = opaque_spans(&text, &tags());
            let comment = longer.len() - "<!-- y --></nowiki>".len();
            expected.push(comment..comment + "<!-- y -->".len());
            prop_assert_eq!(opaque_spans(&longer, &tags()), expected);
        }
    }
}
