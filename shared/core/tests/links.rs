//! The external links of hard texts against those that a real MediaWiki registers for them.
//! `scripts/fuzz golden-links` makes them anew, `scripts/fuzz links` compares fresh texts.

#[path = "../examples/against_mediawiki/golden.rs"]
#[allow(dead_code, reason = "only the program writes the file")]
mod golden;
#[path = "../examples/against_mediawiki/links.rs"]
#[allow(dead_code, reason = "only the program makes fresh texts")]
mod links;

use std::collections::HashSet;

const FILE: &str = include_str!("../testdata/links.txt");

#[test]
fn finds_what_mediawiki_registers() {
    let golden = golden::read(FILE);
    assert!(golden.cases.len() >= 200, "{} cases", golden.cases.len());
    let tags: HashSet<String> = golden.tags.into_iter().collect();
    let wrong: Vec<String> = golden
        .cases
        .iter()
        .filter_map(|case| {
            Some(format!(
                "{}\n{}",
                case.name,
                links::difference(&case.text, &case.answer, &tags)?
            ))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn names_of_cases_differ_and_the_file_can_be_written_back() {
    let golden = golden::read(FILE);
    let names: HashSet<&str> = golden.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), golden.cases.len());
    assert_eq!(golden::write(&golden), FILE);
}
