//! What needs no wiki: order, repetitions, link templates, and time. What is a link is told by the golden file in
//! `tests/links.rs`.

use super::super::steps;
use super::super::{MAX_TEMPLATES, TemplateNames};
use super::*;
use crate::site::Site;
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

fn tags() -> HashSet<String> {
    ["ref", "references", "nowiki", "pre", "gallery", "poem", "math"]
        .map(str::to_owned)
        .into()
}

/// A German wiki.
fn site() -> Site {
    let ns = |id: i32, name: &str, canonical: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": canonical, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1:8000", "lang": "de",
                    "wikiid": "probewiki", "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": ns(0, "", ""), "10": ns(10, "Vorlage", "Template")},
        "namespacealiases": [], "extensiontags": [], "extensions": [],
    }))
    .unwrap()
}

static TEMPLATES: LazyLock<Vec<LinkTemplate>> = LazyLock::new(|| {
    let site = site();
    let names = |name, redirects: &[&'static str]| TemplateNames::new(&site, name, redirects.iter().copied());
    vec![
        LinkTemplate::new(names("URL", &["Url"]), "1"),
        LinkTemplate::new(names("Official website", &[]), " url "),
    ]
});

fn found(text: &str) -> Vec<String> {
    let links = external_links(text, &tags(), &TEMPLATES).unwrap();
    let sign = |link: &TextLink| if link.from_template { "+" } else { "" };
    links.iter().map(|link| format!("{}{}", sign(link), link.url)).collect()
}

#[test]
fn links_come_in_the_order_of_the_text_and_as_often_as_they_are_there() {
    let text = "http://1.com {{a|http://2.com|[http://3.com {{b|http://4.com}}]}} [http://5.com http://x.com]\
        <ref>http://6.com {{c|d=http://7.com}}</ref> [[File:E.png|thumb|http://8.com]] http://9.com http://1.com\
        <gallery>\nF.png|http://2.com\n</gallery> {{URL|ten.com}}";
    let order = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "1", "2"].map(|n| format!("http://{n}.com"));
    let mut order = order.to_vec();
    order.push("+http://ten.com".to_owned());
    assert_eq!(found(text), order);
}

#[test]
fn a_lost_argument_is_a_text_all_the_same() {
    let text = "<b title=\"{{a|http://1.com}}\"> [[b|{{c|http://2.com}}]] [[File:D.png|{{e|http://3.com}}|f]] {{g\n{{h|http://4.com}}|i}}";
    let mut links = found(text);
    links.sort();
    assert_eq!(links, ["http://1.com", "http://2.com", "http://3.com", "http://4.com"]);
}

#[test]
fn a_link_template_makes_a_link_of_its_argument() {
    for (text, expected) in [
        ("{{URL|example.com}}", "+http://example.com"),
        ("{{url| www.example.com/Path?q#f }}", "+http://www.example.com/Path?q#f"),
        (
            "{{Vorlage:URL|1=example.com:8080/x|2=label}}",
            "+http://example.com:8080/x",
        ),
        (
            "{{URL|2=label|1=<!-- c -->example<!-- d -->.com}}",
            "+http://example.com",
        ),
        ("{{URL|//example.com}}", "+http://example.com"),
        ("{{URL|münchen.de}}", "+http://m%C3%BCnchen.de"),
        ("{{URL|192.0.2.1/x}}", "+http://192.0.2.1/x"),
        ("{{URL|a&amp;b.com}}", ""),
        ("{{URL|example.com/?a{{=}}b&amp;c}}", "+http://example.com/?a=b&c"),
        ("{{URL|first.com|1=last.com}}", "+http://last.com"),
        ("{{Official website|url=example.org}}", "+http://example.org"),
        ("<ref>{{URL|example.com}}</ref>", "+http://example.com"),
        ("{{a|{{URL|example.com}}}}", "+http://example.com"),
        // With a protocol it is found as text.
        ("{{URL|http://example.com}}", "http://example.com"),
        ("{{URL|[https://example.com label]}}", "https://example.com"),
        // What is no host.
        ("{{URL}}", ""),
        ("{{URL|}}", ""),
        ("{{URL|example}}", ""),
        ("{{URL|1.5}}", ""),
        ("{{URL|see example.com}}", ""),
        ("{{URL|{{{1}}}}}", ""),
        ("{{URL|{{a|b}}.com}}", ""),
        ("{{URL|me@example.com}}", ""),
        ("{{URL|example..com}}", ""),
        ("{{URL|.com}}", ""),
        ("{{URL|example.com:x}}", ""),
        ("{{URL|x=example.com}}", ""),
        ("{{Official website}}", ""),
        ("{{Official website|example.org}}", ""),
        ("{{Other|example.com}}", ""),
        ("<nowiki>{{URL|example.com}}</nowiki>", ""),
    ] {
        assert_eq!(found(text).join(" "), expected, "{text}");
    }
}

#[test]
fn a_text_that_is_too_big_is_refused_with_the_reason() {
    let why = external_links(&"x".repeat(MAX_BYTES + 1), &tags(), &[]).unwrap_err();
    assert!(why.0.contains("2000001 bytes"), "{why}");
    let many = "{{a}}".repeat(MAX_TEMPLATES + 1);
    for text in [many.clone(), format!("<ref>{many}</ref>")] {
        assert!(external_links(&text, &tags(), &[]).is_err());
    }
}

#[test]
fn deep_nesting_needs_no_deep_stack() {
    let depth = 20_000;
    let work = move || {
        let text = format!("{}http://a.com{}", "{{a|".repeat(depth), "}}".repeat(depth));
        assert_eq!(found(&text).len(), 1);
        let text = format!("{}http://a.com{}", "{{{a|".repeat(depth), "}}}".repeat(depth));
        assert_eq!(found(&text).len(), 1);
        found(&"[[File:A.png|thumb|".repeat(depth / 10));
        found(&format!(
            "{}{}",
            "[[File:A.png|thumb|".repeat(depth / 10),
            "]]".repeat(depth / 10)
        ));
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

/// What people could save to hang a bot: a beginning, a piece that is repeated, an end that is repeated as often.
const HOSTILE: [(&str, &str, &str); 62] = [
    ("", "[http://a.com ", ""),
    ("", "[http://", ""),
    ("", "[//", ""),
    ("", "[", "]"),
    ("", "[http://a.com ", "]"),
    ("http://a.com/", "(", ""),
    ("http://a.com/", ")", ""),
    ("http://a.com/", ".", ""),
    ("http://a.com/", "&amp;", ""),
    ("http://a.com/", "&lt;", ""),
    ("http://a.com/", "&", ""),
    ("http://a.com", "/..", ""),
    ("http://a.com", "/a", "/.."),
    ("mailto:a", "/..", ""),
    ("http://[", ":", "]"),
    ("", "http://[:", ""),
    ("", "http:", ""),
    ("", ":", ""),
    ("", "http://a.com ", ""),
    ("", "http://. ", ""),
    ("", "http://a.com/%41", ""),
    ("http://", "\u{200b}", ""),
    ("", "{{a|http://b.com ", "}}"),
    ("", "{{a|", "}}"),
    ("", "{{URL|a.com|", "}}"),
    ("", "{{{{a|b}}", "}}"),
    ("", "{{{a|", "}}}"),
    ("", "{{a|[[", "]]}}"),
    ("", "{{!}}", ""),
    ("", "<ref>{{a|http://b.com}}</ref>", ""),
    ("", "<ref><poem><gallery>\na|", "</gallery></poem></ref>"),
    ("", "<gallery>\na|", ""),
    ("<gallery>", "\na|http://b.com", ""),
    ("", "<b http://a.com>", ""),
    ("", "<b ", ""),
    ("", "<", ">"),
    ("http://a.com", ">", ""),
    ("", "{|\n| http://a.com ", ""),
    ("{|\n|", "a|", ""),
    ("{|\n|", "||", ""),
    ("{|\n", "!!", ""),
    ("", "\n|}", ""),
    ("http://a.com ", "__", ""),
    ("http://a.com ", "__TOC__", ""),
    ("http://a.com ", "__NOTOC", "__"),
    ("http://a.com\n", "=", ""),
    ("http://a.com\n", "==\n", ""),
    ("", "'", "''"),
    ("http://a.com ", "a'''b''", ""),
    ("http://a.com ", "''", "'"),
    ("", "[[", ""),
    ("", "[[a|http://b.com ", ""),
    ("", "[[a|", "]]"),
    ("", "[[a]]http://b.com ", ""),
    ("http://a.com\n ", "[[Category:B]] ", ""),
    ("", "[[File:A.png|", ""),
    ("", "[[File:A.png|]]", ""),
    ("", "[[File:A.png|thumb|http://b.com", "]]"),
    ("[[File:A.png|", "[[b]]", ""),
    ("[[File:A.png|", "|", "http://b.com"),
    ("", "[[File:A.png|[[b]] ", "]]"),
    ("", "\u{7f}http://a.com ", "é"),
];

fn steps_of(text: &str) -> usize {
    steps::count(|| {
        external_links(text, &tags(), &TEMPLATES).ok();
    })
}

/// Time cannot be measured so exactly: counted is how often a byte is looked at.
#[test]
fn hostile_pages_take_linear_time() {
    for (first, piece, last) in HOSTILE {
        let text = |times: usize| format!("{first}{}{}", piece.repeat(times), last.repeat(times));
        let times = 20_000 / (piece.len() + last.len());
        let (once, twice) = (text(times), text(2 * times));
        let (steps_once, steps_twice) = (steps_of(&once), steps_of(&twice));
        let what = format!(
            "{first:?}, {piece:?}, {last:?}: {steps_once}, then {steps_twice}, of {}",
            once.len()
        );
        assert!(steps_once >= once.len(), "not all is counted: {what}");
        assert!(steps_once <= 150 * once.len(), "{what}");
        assert!(steps_twice * 10 <= steps_once * 21, "{what}");
    }
}

/// Two pieces after each other, in every pairing.
#[test]
fn hostile_pairs_take_linear_time() {
    let pieces: HashSet<&str> = HOSTILE.iter().flat_map(|(a, b, c)| [*a, *b, *c]).collect();
    for one in &pieces {
        for other in &pieces {
            let (once, twice) = (format!("{one}{other}").repeat(25), format!("{one}{other}").repeat(50));
            let (steps_once, steps_twice) = (steps_of(&once), steps_of(&twice));
            assert!(
                steps_twice * 10 <= steps_once * 21 + 5_000,
                "{one:?} {other:?}: {steps_once}, then {steps_twice}, of {}",
                once.len()
            );
        }
    }
}

fn hostile_text() -> impl Strategy<Value = String> {
    let atoms: Vec<&str> = HOSTILE
        .iter()
        .flat_map(|(a, b, c)| [*a, *b, *c])
        .chain([
            "http://a.com",
            "example.com",
            "\n",
            "}}",
            "]]",
            "]",
            "|",
            "</ref>",
            "\u{7f}",
            "\u{301}",
            "日本",
        ])
        .collect();
    prop_oneof![
        prop::collection::vec(prop::sample::select(atoms), 0..30).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Every link is ASCII, without a blank or bracket, and begins as one.
    #[test]
    fn any_text_gives_addresses(text in hostile_text()) {
        for link in external_links(&text, &tags(), &TEMPLATES).unwrap() {
            prop_assert!(link.url.bytes().all(|b| matches!(b, 0x21..=0x7E) && !b"<>\"|{}\\^`".contains(&b)), "{:?}", link);
            prop_assert!(address::begins(&link.url), "{:?}", link);
            prop_assert!(!link.from_template || link.url.starts_with("http://"));
        }
    }

    /// What stands in the arguments of a template is there in a text of its own.
    #[test]
    fn an_argument_is_a_text_of_its_own(text in hostile_text()) {
        let text = text.replace(['{', '}', '|', '=', '<', '[', ']', '-', '_'], " ");
        let alone = found(&text);
        prop_assert_eq!(found(&format!("{{{{a|1={text}}}}}")), alone);
    }

    /// What comes and what goes between two versions is the same, however much of both is not looked at.
    #[test]
    fn what_differs_is_what_both_readings_differ_in(
        parts in prop::collection::vec(hostile_text(), 1..6), swap in 0..6_usize, with in hostile_text(), wrap in 0..4_usize,
    ) {
        let wrapped = |parts: &[String]| match wrap {
            0 => parts.concat(),
            1 => parts.iter().map(|part| format!("<ref>{part}</ref>\n")).collect(),
            2 => parts.iter().map(|part| format!("{{{{URL|1={part}}}}}")).collect(),
            _ => parts.join("\n<ref name=x>[http://same.com/ {{a|http://b.com}}]</ref>\n"),
        };
        let old = wrapped(&parts);
        let mut parts = parts;
        let swapped = swap % parts.len();
        parts[swapped] = with;
        let new = wrapped(&parts);
        let counts = |links: Vec<TextLink>| {
            let mut counts: std::collections::BTreeMap<(String, bool), i32> = Default::default();
            links.into_iter().for_each(|link| *counts.entry((link.url, link.from_template)).or_default() += 1);
            counts
        };
        let less = |a: Vec<TextLink>, b: Vec<TextLink>| {
            let mut left = counts(a);
            counts(b).into_iter().for_each(|(link, n)| *left.entry(link).or_default() -= n);
            left.retain(|_, n| *n != 0);
            left
        };
        let read = |text: &str| external_links(text, &tags(), &TEMPLATES).unwrap();
        let [came, went] = differing_links([&new, &old], &tags(), &TEMPLATES).unwrap();
        prop_assert_eq!(less(came, went), less(read(&new), read(&old)), "{:?} {:?}", new, old);
    }
}
