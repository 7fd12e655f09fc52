//! Scoring allocates nothing. A program of its own, since it counts with an allocator of its own.

use wikicrew_core::overlap::{LIMIT, Scorer};

#[test]
fn scoring_allocates_nothing() {
    let long = "Long title about the ab".repeat(60);
    let pairs: Vec<(&str, &str)> = include_str!("../testdata/overlap.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        // over 64 characters, in other scripts, with letters that become two in lower case
        .chain([
            (long.as_str(), "ab"),
            ("Acme Widgets", &long),
            (&long, &long[1..]),
            ("ВолгаПетровский", "волга.петровский.рф"),
            ("日本語版の新聞社", "日本の新聞"),
            ("İİİİ", "i\u{307}i\u{307}i\u{307}"),
        ])
        .collect();
    let mut scorer = Scorer::default();
    let mut all = || {
        for (user, text) in &pairs {
            std::hint::black_box(scorer.score(user, text));
            std::hint::black_box(scorer.is_over(user, text, LIMIT));
        }
    };
    let first = allocation_counter::measure(&mut all).count_total;
    assert!(first > 0, "the counter counts nothing");
    assert_eq!(allocation_counter::measure(&mut all).count_total, 0);
}
