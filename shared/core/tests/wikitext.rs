//! The scanner against the trees that a real MediaWiki made of hard texts.
//! `scripts/fuzz` makes them anew and compares fresh texts.

#[path = "../examples/against_mediawiki/golden.rs"]
#[allow(dead_code, reason = "only the program writes the file")]
mod golden;
#[path = "../examples/against_mediawiki/tree.rs"]
mod tree;

use std::collections::HashSet;
use wikicrew_core::wikitext::scan;

fn golden() -> golden::Golden {
    golden::read(include_str!("../testdata/wikitext.txt"))
}

#[test]
fn finds_what_mediawiki_finds() {
    let golden = golden();
    assert!(golden.cases.len() >= 150, "{} cases", golden.cases.len());
    let tags: HashSet<String> = golden.tags.into_iter().collect();
    let mut wrong = Vec::new();
    for case in &golden.cases {
        let expected = tree::read(&case.answer, &case.text).unwrap_or_else(|why| panic!("{}: {why}", case.name));
        let found = tree::of(&scan(&case.text, &tags).unwrap());
        if found != expected {
            wrong.push(format!("{}\nexpected {expected:?}\nfound    {found:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn names_of_cases_differ() {
    let mut seen = HashSet::new();
    for case in golden().cases {
        assert!(seen.insert(case.name.clone()), "two cases are called {:?}", case.name);
    }
}

/// A tree that does not fit its text would prove nothing.
#[test]
fn a_tree_of_another_text_is_refused() {
    for case in golden().cases {
        assert!(
            tree::read(&case.answer, &format!("{}x", case.text)).is_err(),
            "{}",
            case.name
        );
        assert!(
            tree::read(&case.answer, &format!("x{}", case.text)).is_err(),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_file_can_be_written_back() {
    assert_eq!(golden::write(&golden()), include_str!("../testdata/wikitext.txt"));
}
