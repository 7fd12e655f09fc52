use chrono::TimeDelta;
use shared::core::feed::Sink;

use super::*;

fn feed(name: &str, level: Level) -> Feed {
    Feed {
        name: name.to_owned(),
        wikis: None,
        rules: None,
        boxes: None,
        level,
        max_age: TimeDelta::hours(6),
        sink: Sink::Stdout,
    }
}

fn by(name: &str) -> Switched {
    Switched {
        by: name.to_owned(),
        at: "2026-03-01T12:00:00Z".parse().unwrap(),
    }
}

fn state(quiet: Option<&str>, level: Option<(Level, &str)>) -> State {
    State {
        switches: Switches {
            quiet: quiet.map(by),
            level: level.map(|(level, name)| (level, by(name))),
        },
        ..State::default()
    }
}

#[test]
fn the_status_tells_every_feed_and_what_is_switched_about_it() {
    let feeds = [feed("chem", Level::All), feed("drugs", Level::High)];
    let states = States::from([
        ("drugs".to_owned(), state(Some("Olga"), Some((Level::All, "Piet")))),
        ("gone".to_owned(), state(None, Some((Level::Silent, "Olga")))),
        ("sent".to_owned(), state(None, None)),
    ]);
    let (lines, json) = every(&feeds, &states);
    let wanted = [
        "Feed chem: report level 2",
        "Feed drugs: quiet, since 2026-03-01 12:00 UTC by Olga; report level 2, since 2026-03-01 12:00 UTC by Piet",
        "Feed gone: report level 0, since 2026-03-01 12:00 UTC by Olga",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(
        json[0],
        json!({"feed": "chem", "level": 2, "quiet": null, "reportlevel": null, "reportlevel_set": null})
    );
    // Quiet goes before any level.
    assert_eq!((&json[1]["level"], &json[1]["reportlevel"]), (&json!(0), &json!(2)));
    assert_eq!(json[1]["quiet"]["by"], "Olga");
    assert_eq!(json.as_array().unwrap().len(), 3);
    // Without the settings what is switched is told all the same.
    assert_eq!(every(&[], &states).0, wanted[1..]);
}

#[test]
fn report_says_what_stays_quiet() {
    let states = States::from([
        ("chem".to_owned(), state(Some("Olga"), None)),
        ("drugs".to_owned(), state(None, Some((Level::Silent, "Olga")))),
        ("pipe".to_owned(), state(Some("Olga"), None)),
    ]);
    assert_eq!(
        still_quiet(&states).as_deref(),
        Some("Still quiet: chem, pipe (`report feed chem`).")
    );
    assert_eq!(still_quiet(&States::new()), None);
}
