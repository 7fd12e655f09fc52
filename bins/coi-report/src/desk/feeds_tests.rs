use super::*;
use shared::core::feed::Sink;
use shared::page::timestamp;

fn feed(name: &str, level: Level) -> Feed {
    Feed {
        name: name.to_owned(),
        wikis: None,
        rules: None,
        boxes: None,
        level,
        max_age: chrono::TimeDelta::hours(6),
        sink: Sink::Stdout,
    }
}

fn olga() -> Switched {
    Switched {
        by: "Olga".to_owned(),
        at: timestamp("2026-01-02T03:04:05Z").unwrap(),
    }
}

#[test]
fn a_line_says_who_switched_what_and_how_to_undo_it() {
    let spam = feed("spam", Level::All);
    let mut switches = Switches::default();
    assert_eq!(
        line("spam", Some(&spam), &switches),
        "Feed spam: report level 2, as the settings say."
    );
    switches.quiet = Some(olga());
    switches.level = Some((Level::High, olga()));
    assert_eq!(
        line("spam", Some(&spam), &switches),
        "Feed spam: quiet since 2026-01-02 03:04 UTC by Olga, until `report feed spam`; report level 1 since \
         2026-01-02 03:04 UTC by Olga, until `reportlevel settings spam`."
    );
    assert_eq!(about("spam", Some(&spam), &switches)["level"], 0);
    assert_eq!(about("spam", None, &switches)["reportlevel"], 1);
}

#[test]
fn a_command_becomes_one_change() {
    let of = |what| effect("w", what, vec!["spam".to_owned()], olga());
    let (wiki, feeds) = ("w".to_owned(), vec!["spam".to_owned()]);
    let quiet = |quiet| {
        Some(Effect::Quiet {
            wiki: wiki.clone(),
            feeds: feeds.clone(),
            quiet,
        })
    };
    let level = |level| {
        Some(Effect::Level {
            wiki: wiki.clone(),
            feeds: feeds.clone(),
            level,
        })
    };
    assert_eq!(of(FeedCommand::Quiet), quiet(Some(olga())));
    assert_eq!(of(FeedCommand::Report), quiet(None));
    assert_eq!(
        of(FeedCommand::Level(Asked::Set(1))),
        level(Some((Level::High, olga())))
    );
    assert_eq!(of(FeedCommand::Level(Asked::Settings)), level(None));
    assert_eq!(of(FeedCommand::Level(Asked::Tell)), None);
}

#[test]
fn a_switch_of_a_feed_that_left_the_settings_can_be_undone() {
    let state = |quiet| State {
        switches: Switches {
            quiet,
            ..Switches::default()
        },
        ..State::default()
    };
    let feeds = [feed("hook", Level::High), feed("spam", Level::All)];
    let states = [
        ("gone".to_owned(), state(Some(olga()))),
        ("idle".to_owned(), state(None)),
        ("spam".to_owned(), state(Some(olga()))),
    ]
    .into();
    let names = |what, name: Option<&str>| -> Vec<String> {
        let order = FeedOrder {
            what,
            feed: name.map(str::to_owned),
        };
        let meant = meant(&feeds, &states, &order);
        meant.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    let (quiet, report) = (FeedCommand::Quiet, FeedCommand::Report);
    assert_eq!(names(report, Some("Gone")), ["gone"]);
    assert_eq!(names(report, Some("SPAM")), ["spam"]);
    for name in ["idle", "nowhere"] {
        assert!(names(report, Some(name)).is_empty(), "{name}");
    }
    assert_eq!(names(report, None), ["hook", "spam", "gone"]);
    assert_eq!(
        names(FeedCommand::Level(Asked::Settings), None),
        ["hook", "spam", "gone"]
    );
    // There is nothing to silence there.
    assert_eq!(names(quiet, None), ["hook", "spam"]);
}

#[test]
fn the_status_names_feeds_of_the_settings_and_those_that_are_switched() {
    let state = |quiet| State {
        switches: Switches {
            quiet,
            ..Switches::default()
        },
        ..State::default()
    };
    let states = [
        ("gone".to_owned(), state(Some(olga()))),
        ("idle".to_owned(), state(None)),
        ("spam".to_owned(), state(Some(olga()))),
    ];
    let (lines, json) = every(&[feed("hook", Level::High), feed("spam", Level::All)], &states.into());
    let starts: Vec<&str> = lines.iter().map(|line| line.split(" since").next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "Feed gone: quiet",
            "Feed hook: report level 1, as the settings say.",
            "Feed spam: quiet"
        ]
    );
    assert_eq!((&json[0]["level"], &json[2]["level"]), (&Value::Null, &json!(0)));
}
