use super::*;
use shared::core::types::Problem;
use shared::manual::offline_site;
use shared::settings::{Parsed, parse};

fn accept(page: &str) -> Result<Parsed<Settings>, Vec<Problem>> {
    parse::<Settings>(page, "wikitext", "User:Bot/matchbot/Settings", &offline_site().unwrap())
}

fn example() -> String {
    include_str!("../settings.example.wiki").to_owned()
}

/// Every problem of a page, as an admin reads them.
fn problems(page: &str) -> String {
    let problems = accept(page).map_or_else(|problems| problems, |parsed| parsed.warnings);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_works_as_it_is() {
    let parsed = accept(&example()).map_err(|p| format!("{p:?}")).unwrap();
    assert!(parsed.common.enabled);
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    let settings = parsed.settings;
    assert_eq!(settings.skills.len(), 6);
    assert_eq!(settings.max_greetings_per_run, 25);
    assert_eq!(settings.rematch_after, TimeDelta::days(30));
    assert!(settings.is_profile(&Title {
        ns: 4,
        text: "Co-op/Ben".to_owned()
    }));
    assert!(
        !settings.is_profile(&Title {
            ns: 4,
            text: "Co-op".to_owned()
        }),
        "the root page is no profile"
    );
    assert!(!settings.is_profile(&Title {
        ns: 4,
        text: "Co-operation/Ben".to_owned()
    }));
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let page = example()
        .replace("enabled: true", "enabeld: true")
        .replace("    - writing\n", "")
        .replace("talk: Wikipedia talk:Co-op", "talk: Wikipedia talk:Coop")
        .replace("[[User:{maintainer}|{maintainer}]] will", "We will")
        .replace(" ~~~~\"", "\"")
        .replace("order: random", "order: rnadom")
        .replace("optout: Category:", "optout: Template:")
        .replace("max_request_age: 14d", "max_request_age: 14");
    insta::assert_snapshot!(problems(&page));
}

#[test]
fn what_an_admins_save_expanded_is_found() {
    for signed in [
        "{text} [[User:Ann|Ann]] ([[User talk:Ann|talk]]) 12:34, 1 January 2026 (UTC)",
        "{text} [[Benutzer:Ann|Ann]] ([[Benutzer Diskussion:Ann|Diskussion]]) 12:34, 1. Jan. 2026 (CET)",
    ] {
        let page = example().replace("{text} ~~~~", signed);
        assert!(
            problems(&page).contains("a finished signature stands here"),
            "{}",
            problems(&page)
        );
    }
    assert!(!read::is_signed("Office hours are 12:30 (ask there)"));
}

#[test]
fn old_key_names_and_namespaces_get_a_kind_word() {
    let page = example().replace("  matchtopic:", "  topic: x\n  matchtopic:");
    assert!(
        problems(&page).contains("the keys are `matchtopic` and `nomatchtopic`"),
        "{}",
        problems(&page)
    );
    let page = example()
        .replace("main: Wikipedia:Co-op\n", "main: User:Ann\n")
        .replace("talk: Wikipedia talk:Co-op\n", "talk: User talk:Ann\n");
    assert!(
        problems(&page).contains("the job edits no talk page of a user"),
        "{}",
        problems(&page)
    );
    let long = "x".repeat(80);
    let page = example().replace("Requests/Other", &long);
    assert!(accept(&page).is_ok(), "a long category is a warning only");
    assert!(problems(&page).contains("holds the first 75"), "{}", problems(&page));
}
