//! What needs no wiki. What the scanner should find is told by the golden
//! trees in `tests/wikitext.rs`.

use super::super::steps;
use super::*;
use proptest::prelude::*;

fn tags() -> HashSet<String> {
    [
        "ref",
        "nowiki",
        "pre",
        "gallery",
        "poem",
        "math",
        "source",
        "syntaxhighlight",
    ]
    .map(str::to_owned)
    .into()
}

fn found(text: &str) -> Scan {
    scan(text, &tags()).unwrap()
}

#[test]
fn an_unknown_tag_is_text_and_a_known_one_is_not() {
    let text = "{{a|<math>b|c=d}}</math>}}";
    let known = found(text);
    assert_eq!(known.templates[0].span, 0..text.len());
    assert_eq!(known.opaque.first(), Some(&(4..24)));
    let unknown = scan(text, &HashSet::new()).unwrap();
    assert_eq!(unknown.templates[0].span, 0..17);
    assert!(unknown.opaque.is_empty());
}

#[test]
fn a_page_that_is_too_big_is_refused_with_the_reason() {
    let most = "x".repeat(MAX_BYTES);
    assert_eq!(found(&most), Scan::default());
    let why = scan(&format!("{most}x"), &tags()).unwrap_err();
    assert!(why.0.contains("2000001 bytes"), "{why}");

    let most = "{{a}}".repeat(MAX_TEMPLATES);
    assert_eq!(found(&most).templates.len(), MAX_TEMPLATES);
    let why = scan(&format!("{most}{{{{b}}}}"), &tags()).unwrap_err();
    assert!(why.0.contains("more than 50000 templates"), "{why}");
    // Braces of another kind, and those that are never closed, are no templates.
    assert_eq!(found(&"{{{a}}}".repeat(MAX_TEMPLATES + 1)).templates.len(), 0);
    assert_eq!(found(&"{{a|".repeat(MAX_TEMPLATES + 1)).templates.len(), 0);
}

#[test]
fn deep_nesting_needs_no_deep_stack() {
    let depth = MAX_TEMPLATES;
    let text = format!("{}b{}", "{{a|".repeat(depth), "}}".repeat(depth));
    let work = move || {
        let found = found(&text);
        assert_eq!(found.templates.len(), depth);
        assert_eq!(found.templates[depth - 1].parent, Some(depth - 2));
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

/// What people could save to hang a bot: a beginning, a piece that is
/// repeated, an end that is repeated as often.
const HOSTILE: [(&str, &str, &str); 58] = [
    ("", "{", ""),
    ("", "{", "}"),
    ("-", "{", "}"),
    ("", "{{", " }"),
    ("", "{{a|", ""),
    ("", "{{a|", "}}"),
    ("", "{{a|b=", "|c=d}}"),
    ("", "{{{x|", ""),
    ("", "{{{x|", "}}}"),
    ("", "{{{{{", ""),
    ("", "{{{{{", "}}}}}"),
    ("", "{{{{{a|", "}}}|b}}"),
    ("", "{{{{", "}} }}"),
    ("", "[[", ""),
    ("", "[[", "]]"),
    ("", "[[a|", "] "),
    ("", "[", "]"),
    ("", "[[{{", "}}]]"),
    ("", "{{[[", "}}]]"),
    ("", "-{", ""),
    ("", "-{", "}-"),
    ("", "-{{", "}}-"),
    ("", "-{{{", "}-}}"),
    ("", "}}", ""),
    ("{{a", "}", ""),
    ("{{", "|", ""),
    ("{{", "|", "}}"),
    ("{{a|", "=", ""),
    ("{{a", "|b=", "="),
    ("", "= ", ""),
    ("", "\n==", ""),
    ("", "\n==a", "==\n"),
    ("{{a|", "\n=", "}}"),
    ("", "\n", ""),
    ("", "<", ""),
    ("", "<b ", ""),
    ("", "<ref", ""),
    ("", "<ref ", ""),
    ("", "<ref>", ""),
    ("", "<ref>", "</ref>"),
    ("", "<ref/>", ""),
    ("", "</ref ", ""),
    ("<ref>", "</ref ", ""),
    ("<ref>", "</ref   \t\n", "</nowiki  "),
    (
        "",
        "<ref><nowiki><pre><gallery><poem><math><source><syntaxhighlight>",
        "",
    ),
    ("", "<ref a><nowiki><REF>", "</ref </nowiki </pre>"),
    ("", "<noinclude>", "</noinclude>"),
    ("", "<includeonly>", ""),
    ("", "<IncludeOnly>", ""),
    ("", "<syntaxhighlight", ""),
    ("", "<!--", ""),
    ("", "<!-- -->", ""),
    ("\n", "<!-- --> ", ""),
    ("", "\n <!-- --> <!-- -->", ""),
    ("\n", "<!---->\n", ""),
    ("", "\n ", "<!--"),
    ("", "''", "{|"),
    ("{{a|", "\u{1f600}é", "é}}"),
];

/// Time cannot be measured so exactly: counted is how often a byte is looked at.
#[test]
fn hostile_pages_take_linear_time() {
    let steps = |text: &str| {
        steps::count(|| {
            scan(text, &tags()).ok();
        })
    };
    for (first, piece, last) in HOSTILE {
        let text = |times: usize| format!("{first}{}{}", piece.repeat(times), last.repeat(times));
        let times = 30_000 / (piece.len() + last.len());
        let (once, twice) = (text(times), text(2 * times));
        let (steps_once, steps_twice) = (steps(&once), steps(&twice));
        let what = format!("{first:?}, {piece:?}, {last:?}: {steps_once}, then {steps_twice}");
        assert!(steps_once >= once.len(), "not all is counted: {what}");
        assert!(steps_once <= 6 * once.len(), "{what}");
        assert!(steps_twice * 10 <= steps_once * 21, "{what}");
    }
}

/// Two pieces after each other, thousands of times, in every pairing.
#[test]
fn hostile_pairs_take_linear_time() {
    let pieces: HashSet<&str> = HOSTILE.iter().flat_map(|(a, b, c)| [*a, *b, *c]).collect();
    for one in &pieces {
        for other in &pieces {
            let text = format!("{one}{other}").repeat(100);
            let steps = steps::count(|| {
                scan(&text, &tags()).ok();
            });
            assert!(
                steps <= 6 * text.len().max(4),
                "{one:?} {other:?}: {steps} of {}",
                text.len()
            );
        }
    }
}

/// What people type, and what they should not.
fn hostile_text() -> impl Strategy<Value = String> {
    let atoms: Vec<&str> = HOSTILE
        .iter()
        .flat_map(|(a, b, c)| [*a, *b, *c])
        .chain([
            "x",
            "|",
            "=",
            "\n",
            "}}",
            "}}}",
            "]]",
            "</ref>",
            "</nowiki>",
            "-->",
            "\r\n",
            "\0",
        ])
        .collect();
    prop_oneof![
        prop::collection::vec(prop::sample::select(atoms), 0..40).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

/// Every span of a template lies in order inside it, on characters.
fn check(text: &str, found: &Scan) -> Result<(), TestCaseError> {
    for (i, template) in found.templates.iter().enumerate() {
        let Template {
            span,
            name,
            params,
            parent,
        } = template;
        prop_assert!(text[span.clone()].starts_with("{{") && text[span.clone()].ends_with("}}"));
        prop_assert_eq!(name.start, span.start + 2);
        let mut at = name.end;
        let mut positional = 0;
        for param in params {
            prop_assert_eq!(&text[at..param.span.start], "|");
            match &param.name {
                Some(name) => {
                    prop_assert_eq!(name.start, param.span.start);
                    prop_assert_eq!(&text[name.end..param.value.start], "=");
                    prop_assert_eq!(param.index, None);
                }
                None => {
                    positional += 1;
                    prop_assert_eq!(&param.value, &param.span);
                    prop_assert_eq!(param.index, Some(positional));
                }
            }
            prop_assert_eq!(param.value.end, param.span.end);
            at = param.span.end;
        }
        prop_assert_eq!(at + 2, span.end);
        let around = found.templates[..i]
            .iter()
            .rposition(|outer| outer.span.end > span.start);
        prop_assert_eq!(*parent, around);
        if let Some(outer) = around.map(|outer| &found.templates[outer].span) {
            prop_assert!(outer.start < span.start && span.end <= outer.end);
        }
    }
    let mut end = 0;
    for span in &found.opaque {
        prop_assert!(span.start >= end && span.end > span.start && text.get(span.clone()).is_some());
        end = span.end;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn spans_nest_and_lie_on_characters(text in hostile_text()) {
        check(&text, &found(&text))?;
    }

    #[test]
    fn any_piece_of_a_text_can_be_scanned(text in hostile_text(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let places: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        let (a, b) = (*a.get(&places), *b.get(&places));
        let piece = &text[a.min(b)..a.max(b)];
        check(piece, &found(piece))?;
    }

    /// Names, bars, equals signs and values, put together again, are the template.
    #[test]
    fn values_put_back_give_the_same_text(text in hostile_text()) {
        for template in found(&text).templates {
            let mut again = format!("{{{{{}", &text[template.name]);
            for param in template.params {
                again += "|";
                if let Some(name) = param.name {
                    again += &text[name];
                    again += "=";
                }
                again += &text[param.value];
            }
            again += "}}";
            prop_assert_eq!(&again, &text[template.span]);
        }
    }

    #[test]
    fn steps_are_few(text in hostile_text()) {
        let steps = steps::count(|| drop(found(&text)));
        prop_assert!(steps <= 6 * text.len() + 6, "{} for {}", steps, text.len());
    }
}
