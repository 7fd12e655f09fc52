use super::super::LIMIT;
use super::*;

#[test]
fn finds_names_that_were_changed_at_a_few_places() {
    let rule = NearMiss::default();
    for (user, text, similarity) in [
        ("acm3-widgets", "acmewidgets", 0.83),
        ("Acm3 W1dgets", "acmewidgets", 0.81),
        ("MARKETNIG_PROS", "marketingpros", 0.92),
        ("магазин24", "магазйн24", 0.88),
    ] {
        let found = near(user, text, &rule).unwrap_or_else(|| panic!("{user} {text}"));
        assert!((found - similarity).abs() < 0.01, "{user} {text}: {found}");
        assert_eq!(near(text, user, &rule), Some(found));
    }
}

#[test]
fn leaves_short_and_different_names_alone() {
    let rule = NearMiss::default();
    for (user, text) in [
        ("Acm3", "acme"),
        ("Anders", "andres"),
        // 7 characters: the dots and spaces don't count
        ("a.c.m.e 1 2 3", "acme124"),
        ("", ""),
        ("Johansson", "johnstone"),
        ("Acme Widgets", "acme-holdings"),
        ("acmewidgets", "acmewidgetsoflondon"),
        ("marketing", "greenstudio"),
    ] {
        assert_eq!(near(user, text, &rule), None, "{user} {text}");
    }
    let long = "x".repeat(300);
    assert_eq!(near(&long, &long, &rule), None);
    let any = NearMiss {
        threshold: 0.0,
        min_length: 0,
    };
    assert_eq!(near("", "", &any), None);
    assert_eq!(near("ab", "ab", &any), Some(1.0));
}

#[test]
fn a_hit_says_which_signal_it_was() {
    let mut scorer = Scorer::default();
    let rule = NearMiss::default();
    // Every third letter replaced: no piece of three is left.
    let (user, text, bare) = (
        "wa1er-pu4ps-be4lin",
        "waterxpumpsxberlin.example.com",
        "waterxpumpsxberlin",
    );
    let score = scorer.score(user, text);
    assert!(score.report_ratio() <= LIMIT, "{score:?}");
    assert_eq!(scorer.signal(user, text, bare, LIMIT, None), None);
    let loose = NearMiss { threshold: 0.7, ..rule };
    let Some(Signal::Near(similarity)) = scorer.signal(user, text, bare, LIMIT, Some(&loose)) else {
        panic!("no near miss");
    };
    assert!(similarity > 0.7, "{similarity}");
    let both = scorer.signal("acm3-widgets", "acmewidgets.com", "acmewidgets", LIMIT, Some(&rule));
    assert!(matches!(both, Some(Signal::Overlap(score)) if score.report_ratio() > LIMIT));
    assert_eq!(
        scorer.signal("zebra", "acmewidgets.com", "acmewidgets", LIMIT, Some(&rule)),
        None
    );
}
