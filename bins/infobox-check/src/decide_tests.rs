use super::*;
use crate::marked::Verified;
use crate::settings::Settings;
use shared::core::infobox::VerifiedBox;
use shared::core::lists::{Entry, List};
use shared::core::types::PageId;
use shared::manual::offline_site;
use shared::settings::parse;

const SETTINGS: &str = "<pre>
enabled: true
boxes:
  Chembox:
    watched_fields: [CASNo, BoilingPt]
    verified_fields: [CASNo]
    index: Project:Chem/Index
    log: User:Bot/log
</pre>";

fn settings() -> Settings {
    let site = offline_site().unwrap();
    parse::<Settings>(SETTINGS, "wikitext", "t", &site).unwrap().settings
}

fn text(cas: &str, boiling: &str) -> String {
    format!("{{{{chembox\n| CASNo = {cas}\n| BoilingPt = {boiling}\n}}}}")
}

fn verified(cas: &str) -> Verified {
    let settings = settings();
    let text = text(cas, "56");
    let scan = scan(&text, &HashSet::new()).unwrap();
    let boxes = find(&text, &scan, &settings.boxes[0].def);
    Verified {
        revid: RevId(99),
        boxes: boxes
            .iter()
            .map(|one| VerifiedBox::of(&settings.boxes[0].def, one))
            .collect(),
    }
}

/// One word for each finding: what, state, and whether it is told.
fn told(before: Option<&str>, after: &str, verified: Option<&Verified>, hit: &Hit, level: u8) -> Vec<String> {
    let settings = settings();
    let watched = [Watched {
        settings: &settings.boxes[0],
        verified,
    }];
    let compared = vec![(0, compare(before, after, &HashSet::new(), &watched[0]))];
    let levels = Levels {
        boxes: &[level],
        common: level,
        log_is_quiet: false,
        feeds: Level::All,
    };
    findings(&compared, &watched, hit, &levels)
        .iter()
        .map(|finding| {
            let what = match &finding.what {
                What::Field(change) => format!("{} {:?}", change.field, change.state),
                What::BoxAdded(n) => format!("added {n}"),
                What::BoxRemoved(n) => format!("removed {n}"),
                What::NotComparable(_) => "not comparable".to_owned(),
                What::Blacklisted(fields) => format!("blacklist {}", fields.join("+")),
                What::Monitored(fields) => format!("monitor {}", fields.join("+")),
            };
            format!("{what}{}", if finding.to_log { "" } else { " (silent)" })
        })
        .collect()
}

fn entry(list: List) -> Entry {
    Entry {
        list,
        user: None,
        page: None,
        by: String::new(),
        added: chrono::DateTime::UNIX_EPOCH,
        reason: String::new(),
        expires: None,
    }
}

#[test]
fn states_and_levels() {
    let (right, wrong, other) = (text("67-64-1", "56"), text("67-64-7", "56"), text("1", "56"));
    let known = verified("67-64-1");
    let none = Hit::None;
    for (before, after, verified, by_level) in [
        (
            &right,
            &wrong,
            Some(&known),
            [
                "CASNo CorrectToChanged (silent)",
                "CASNo CorrectToChanged",
                "CASNo CorrectToChanged",
            ],
        ),
        (
            &wrong,
            &other,
            Some(&known),
            [
                "CASNo ChangedToOther (silent)",
                "CASNo ChangedToOther",
                "CASNo ChangedToOther",
            ],
        ),
        (
            &wrong,
            &right,
            Some(&known),
            [
                "CASNo ChangedToCorrect (silent)",
                "CASNo ChangedToCorrect (silent)",
                "CASNo ChangedToCorrect",
            ],
        ),
        (
            &right,
            &wrong,
            None,
            ["CASNo Changed (silent)", "CASNo Changed (silent)", "CASNo Changed"],
        ),
        (
            &right,
            &text("67-64-1", "57"),
            Some(&known),
            [
                "BoilingPt Changed (silent)",
                "BoilingPt Changed (silent)",
                "BoilingPt Changed",
            ],
        ),
        (
            &right,
            &text("67-64-1<ref>x</ref>", "56"),
            Some(&known),
            [
                "CASNo Formatting (silent)",
                "CASNo Formatting (silent)",
                "CASNo Formatting",
            ],
        ),
    ] {
        for (level, wanted) in (0..).zip(by_level) {
            assert_eq!(
                told(Some(before), after, verified, &none, level),
                [wanted],
                "level {level}"
            );
        }
    }
}

#[test]
fn boxes_come_and_go() {
    let (right, wrong) = (text("67-64-1", "56"), text("67-64-7", "56"));
    let known = verified("67-64-1");
    let none = Hit::None;
    assert_eq!(told(None, &right, None, &none, 2), ["added 0"]);
    assert_eq!(told(None, &right, None, &none, 1), ["added 0 (silent)"]);
    assert_eq!(told(Some(&right), "no box", Some(&known), &none, 1), ["removed 0"]);
    assert_eq!(told(Some(&right), "no box", None, &none, 1), ["removed 0 (silent)"]);
    // It comes back with a value that nobody verified.
    assert_eq!(
        told(Some("no box"), &wrong, Some(&known), &none, 1),
        ["added 0 (silent)", "CASNo ChangedToOther"]
    );
    assert_eq!(told(Some("no box"), &right, Some(&known), &none, 2), ["added 0"]);
    assert!(told(Some("nothing"), "nothing at all", None, &none, 2).is_empty());
}

/// One line per edit: the first rule that hits makes it. What the others found is recorded all the same.
#[test]
fn the_first_rule_makes_the_line() {
    let (right, wrong) = (text("67-64-1", "56"), text("67-64-7", "56"));
    let told = |hit: Hit, level| told(Some(&right), &wrong, None, &hit, level);
    assert_eq!(
        told(Hit::Blacklisted(entry(List::Black)), 1),
        ["blacklist CASNo", "CASNo Changed (silent)"]
    );
    assert_eq!(
        told(Hit::Whitelisted(entry(List::White)), 2),
        ["CASNo Changed (silent)"]
    );
    assert_eq!(
        told(Hit::Monitored(entry(List::Monitor)), 2),
        ["monitor CASNo", "CASNo Changed (silent)"]
    );
    assert_eq!(
        told(Hit::Monitored(entry(List::Monitor)), 0),
        ["monitor CASNo (silent)", "CASNo Changed (silent)"]
    );
}

fn edit() -> shared::core::change::Change {
    use shared::core::change::{Change, EditorKind};
    use shared::core::types::UserId;
    Change {
        rcid: None,
        revid: RevId(22),
        parent: RevId(21),
        page_id: PageId(7),
        ns: 0,
        title: "Aceton".to_owned(),
        user: Some("Ann".to_owned()),
        user_id: UserId(5),
        editor: EditorKind::Named,
        bot: false,
        minor: false,
        timestamp: chrono::DateTime::UNIX_EPOCH,
        tags: Vec::new(),
        sha1: None,
        comment: None,
        old_len: None,
        new_len: None,
        is_new: false,
        log: None,
    }
}

/// Feeds have levels of their own: what a level of 1 tells must be the same for a stored row as for the log.
#[test]
fn a_stored_row_knows_whether_it_is_of_high_priority() {
    let settings = settings();
    let (right, wrong, other) = (text("67-64-1", "56"), text("67-64-7", "57"), text("1", "56"));
    let ambiguous = format!("{right}{right}{right}");
    let noted = text("67-64-1<ref>x</ref>", "56");
    let without = "{{chembox\n| BoilingPt = 56\n}}".to_owned();
    let known = verified("67-64-1");
    let mut seen = HashSet::new();
    for verified in [Some(&known), None] {
        let watched = [Watched {
            settings: &settings.boxes[0],
            verified,
        }];
        let texts = [&right, &wrong, &other, &ambiguous, &noted, &without];
        let ends = [&right, &wrong, &other, &ambiguous, &noted, &without, ""];
        for (before, after) in texts
            .iter()
            .flat_map(|before| ends.map(|after| (before.as_str(), after)))
        {
            for hit in [
                Hit::None,
                Hit::Blacklisted(entry(List::Black)),
                Hit::Monitored(entry(List::Monitor)),
            ] {
                let mut compared = compare(Some(before), after, &HashSet::new(), &watched[0]);
                compared.push(What::BoxAdded(1));
                let at = |level: u8| {
                    let levels = Levels {
                        boxes: &[level],
                        common: level,
                        log_is_quiet: false,
                        feeds: Level::All,
                    };
                    findings(&[(0, compared.clone())], &watched, &hit, &levels)
                };
                for (high, all) in at(1).into_iter().zip(at(2)) {
                    assert!(all.to_feeds == all.to_log && high.to_feeds == all.to_feeds);
                    if all.to_log {
                        let what = format!("{all:?}");
                        let row = crate::record::row(&edit(), PageId(7), "Chembox", String::new(), all);
                        assert_eq!(is_high(&row), high.to_log, "{what}");
                        seen.insert((row.rule, row.kind, row.state, is_high(&row)));
                    }
                }
            }
        }
    }
    // Whatever can be found was among them.
    assert!(seen.len() >= 17, "{seen:?}");
}

/// What goes to the log, and what to feeds, by what is switched.
#[test]
fn feeds_follow_their_own_level_but_nobody_is_told_what_is_silenced() {
    let settings = settings();
    let known = verified("67-64-1");
    let watched = [Watched {
        settings: &settings.boxes[0],
        verified: Some(&known),
    }];
    let (right, both) = (text("67-64-1", "56"), text("67-64-7", "57"));
    let compared = [(0, compare(Some(&right), &both, &HashSet::new(), &watched[0]))];
    let (yes, no) = (true, false);
    for (level, log_is_quiet, feeds, [high, low]) in [
        (2, false, Level::All, [(yes, yes), (yes, yes)]),
        // The row is stored, so a feed may tell what the log does not.
        (1, false, Level::All, [(yes, yes), (no, yes)]),
        (0, false, Level::All, [(no, no), (no, no)]),
        (2, false, Level::High, [(yes, yes), (yes, no)]),
        (1, false, Level::High, [(yes, yes), (no, no)]),
        (2, true, Level::Silent, [(no, no), (no, no)]),
        // After `quit` the log waits, and feeds do not.
        (2, false, Level::Silent, [(yes, no), (yes, no)]),
    ] {
        let levels = Levels {
            boxes: &[level],
            common: level,
            log_is_quiet,
            feeds,
        };
        let told = |hit: &Hit| -> Vec<(bool, bool)> {
            let found = findings(&compared, &watched, hit, &levels);
            found.iter().map(|finding| (finding.to_log, finding.to_feeds)).collect()
        };
        assert_eq!(told(&Hit::None), [high, low], "{levels:?}");
        assert_eq!(
            told(&Hit::Blacklisted(entry(List::Black)))[..],
            [high, (no, no), (no, no)],
            "{levels:?}"
        );
        assert_eq!(told(&Hit::Whitelisted(entry(List::White))), [(no, no), (no, no)]);
    }
}
