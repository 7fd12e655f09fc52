use super::*;
use crate::marked::Verified;
use crate::settings::Settings;
use shared::core::infobox::VerifiedBox;
use shared::core::lists::{Entry, List};
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
    findings(&compared, &watched, hit, &[level], level, false)
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
