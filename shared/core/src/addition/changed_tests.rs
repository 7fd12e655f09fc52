use super::*;
use proptest::prelude::*;

fn tags() -> HashSet<String> {
    ["ref", "nowiki", "pre", "poem"].map(str::to_owned).into()
}

#[test]
fn templates_and_links_tell_and_words_do_not() {
    for (old, new, is_changed) in [
        ("a {{t|1}} b", "c {{t|1}} d e", false),
        ("{{t|1}} {{u}}", "{{u}} x {{t|1}}", false),
        ("{{t|1}}", "{{t|2}}", true),
        ("{{t|1}}", "{{t|1}} {{t|1}}", true),
        ("{{t|{{u|1}}}}", "{{t|{{u|2}}}}", true),
        ("[[A]] b", "[[A]] c", false),
        ("[[A]]", "[[A|a]]", true),
        ("[[A]]", "[[A", true),
        ("x <ref>{{cite|1}}</ref>", "y <ref>{{cite|1}} p. 5</ref>", false),
        ("<ref>{{cite|1}}</ref>", "<ref>{{cite|2}}</ref>", true),
        ("<ref>[[A]]</ref>", "<ref>[[B]]</ref>", true),
        ("<poem><ref>{{a}}</ref></poem>", "<poem><ref>{{b}}</ref></poem>", true),
        ("<nowiki>{{a}}</nowiki>", "<nowiki>{{b}}</nowiki>", false),
        ("<!-- {{a}} -->", "<!-- {{b}} [[c]] -->", false),
        (
            "<includeonly>{{a}}</includeonly>",
            "<includeonly>{{b}}</includeonly>",
            false,
        ),
    ] {
        assert_eq!(templates_or_links(new, old, &tags()), Ok(is_changed), "{old} / {new}");
    }
}

#[test]
fn tags_that_lie_deep_are_compared_as_a_whole() {
    let deep = |inner: &str| {
        let open: String = (0..6).map(|i| ["<poem>", "<ref>"][i % 2]).collect();
        let close: String = (0..6).map(|i| ["</ref>", "</poem>"][i % 2]).collect();
        format!("{open}{inner}{close}")
    };
    assert_eq!(templates_or_links(&deep("{{a}}"), &deep("{{b}}"), &tags()), Ok(true));
    assert_eq!(templates_or_links(&deep("{{a}}"), &deep("{{a}}"), &tags()), Ok(false));
}

proptest! {
    #[test]
    fn no_text_differs_from_itself(parts in prop::collection::vec(
        prop::sample::select(vec!["{{", "}}", "|", "[[", "]]", "<ref>", "</ref>", "<!--", "-->", "ä", "\n", "<poem>"]), 0..30,
    ), cut in 0..30_usize) {
        let text = parts.concat();
        prop_assert_eq!(templates_or_links(&text, &text, &tags()), Ok(false));
        let other = parts[cut.min(parts.len())..].concat();
        prop_assert!(templates_or_links(&text, &other, &tags()).is_ok());
    }
}
