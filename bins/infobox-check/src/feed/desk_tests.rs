use shared::manual::offline_site;

use super::*;

/// What is switched for the whole job is not a channel's to switch, in whatever way it is written.
#[test]
fn a_channel_switches_nothing_but_its_feeds() {
    let site = offline_site().unwrap();
    let of = |line: &str| {
        let (words, _) = words(line).unwrap();
        refusal(&parse_words(&words, &site).unwrap())
    };
    for line in [
        "quit",
        "die",
        "DIE — it is enough",
        "off",
        "off Chembox",
        "on",
        "on Chembox",
    ] {
        assert!(of(line).is_some_and(|why| why.contains("commands page only")), "{line}");
    }
    for line in [
        "report — please",
        "quiet",
        "reportlevel 0",
        "report feed chem",
        "quiet chem",
    ] {
        assert!(of(line).is_some_and(|why| why.contains("own feeds")), "{line}");
    }
    for line in [
        "wl add Ann Water",
        "ml del Water",
        "bl search user Ann",
        "fieldlist Chembox",
        "managers Chembox",
        "boxlist",
        "status",
        "help off",
    ] {
        assert_eq!(of(line), None, "{line}");
    }
    // Each of them is a command, under all its names.
    for word in NOT_HERE {
        assert!(WORDS.contains(&word) && of(word).is_some(), "{word}");
    }
}
