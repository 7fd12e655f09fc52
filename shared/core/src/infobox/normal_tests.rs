use super::*;
use proptest::prelude::*;

#[test]
fn what_a_reader_does_not_see_is_left_out() {
    for (value, watched, verified) in [
        ("", "", ""),
        ("  67-64-1\n", "67-64-1", "67-64-1"),
        ("67<!-- | -->-64-1", "67-64-1", "67-64-1"),
        ("a \n\t b\u{a0}c", "a b c", "a b c"),
        ("007 Ab", "007 Ab", "007 Ab"),
        ("1<ref>x</ref>", "1<ref>x</ref>", "1"),
        (
            "1 <REF name=a>x</Ref > 2<ref name=\"b\" />",
            "1 <REF name=a>x</Ref > 2<ref name=\"b\" />",
            "1 2",
        ),
        ("1<ref>x<!-- y --></ref>", "1<ref>x</ref>", "1"),
        // The comment does not hide the end of the reference.
        ("<ref><!-- </ref>67-64-7 -->", "<ref></ref>67-64-7 -->", "67-64-7 -->"),
        (
            "<nowiki><!-- a --></nowiki>",
            "<nowiki><!-- a --></nowiki>",
            "<nowiki><!-- a --></nowiki>",
        ),
        (
            "<nowiki><ref>a</ref></nowiki>",
            "<nowiki><ref>a</ref></nowiki>",
            "<nowiki><ref>a</ref></nowiki>",
        ),
        // Never closed: MediaWiki shows the tag, and all that follows it.
        ("1<ref>x", "1<ref>x", "1<ref>x"),
        ("1<!-- x", "1", "1"),
        ("1<references/>", "1<references/>", "1<references/>"),
        ("<!-- only --><ref>this</ref>", "<ref>this</ref>", ""),
    ] {
        assert_eq!(normalise(value, false), watched, "watched {value:?}");
        assert_eq!(normalise(value, true), verified, "verified {value:?}");
    }
}

proptest! {
    #[test]
    fn words_outside_tags_are_never_lost(
        words in proptest::collection::vec("[a-z0-9|={}\\[\\]'é-]{1,6}", 0..8),
        between in proptest::collection::vec("( |\n|<!-- c -->|<ref>r</ref>| <ref name=x /> )", 8),
    ) {
        let mut value = String::new();
        for (word, between) in words.iter().zip(&between) {
            value.push_str(word);
            value.push_str(between);
        }
        let seen = normalise(&value, true);
        prop_assert_eq!(seen.replace(' ', ""), words.concat());
        prop_assert_eq!(normalise(&seen, true), seen);
    }
}
