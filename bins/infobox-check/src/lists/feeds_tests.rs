use chrono::TimeDelta;
use shared::core::feed::Sink;

use super::*;
use crate::overrides::Given;

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

/// Whoever turns something up reads what keeps it down all the same.
#[test]
fn an_answer_says_what_holds_reports_back_all_the_same() {
    let given = || Given {
        by: "Olga".to_owned(),
        since: "2026-03-01T12:00:00Z".parse().unwrap(),
        reason: None,
    };
    let overrides = |silence: Option<Silence>, level: Option<u8>| Overrides {
        silence: silence.map(|silence| (silence, given())),
        level: level.map(|level| (level, given())),
        ..Overrides::default()
    };
    let quiet = " But `quiet` holds: nothing is reported until `report`.";
    for (silence, level, wanted) in [
        (None, None, String::new()),
        (None, Some(2), String::new()),
        (Some(Silence::Quiet), Some(2), quiet.to_owned()),
        (Some(Silence::Quit), None, quiet.replace("quiet", "quit")),
        (
            None,
            Some(1),
            " But `reportlevel 1` holds: only changes of high priority are reported until `reportlevel settings`."
                .to_owned(),
        ),
        (
            Some(Silence::Quiet),
            Some(0),
            format!("{quiet} But `reportlevel 0` holds: nothing is reported until `reportlevel settings`."),
        ),
    ] {
        assert_eq!(held(&overrides(silence, level)), wanted);
    }

    let switches = |quiet, level| state(quiet, level).switches;
    let (silent, loud) = (feed("chem", Level::Silent), feed("chem", Level::All));
    let (is_quiet, is_silent) = (
        " But it is quiet until `report feed chem`.",
        " But its report level is 0: nothing is told.",
    );
    for (feed, switches, wanted) in [
        (Some(&loud), switches(None, None), ""),
        (None, switches(None, None), ""),
        (Some(&silent), switches(None, None), is_silent),
        (Some(&silent), switches(None, Some((Level::High, "Olga"))), ""),
        (Some(&loud), switches(None, Some((Level::Silent, "Olga"))), is_silent),
        (None, switches(Some("Olga"), Some((Level::All, "Olga"))), is_quiet),
    ] {
        assert_eq!(own_held("chem", feed, &switches), wanted);
    }
}
