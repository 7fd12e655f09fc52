use super::*;
use crate::link::PathHosts;
use crate::lists::{self, Command, links};
use crate::site::Site;
use crate::types::Timestamp;
use proptest::prelude::*;
use serde_json::json;

fn site() -> Site {
    let ns = |id: i32, name: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": name, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1:8000", "lang": "en", "wikiid": "probewiki", "generator": "MediaWiki 1.43.0"},
        "namespaces": {"-1": ns(-1, "Special"), "0": ns(0, ""), "1": ns(1, "Talk"), "2": ns(2, "User"), "4": ns(4, "Project")},
    }))
    .unwrap()
}

fn of_links(line: &str) -> Result<links::Command, String> {
    links::parse_line(line, &site(), &PathHosts::default(), Timestamp::UNIX_EPOCH)
}

fn of_boxes(line: &str) -> Result<Command, String> {
    lists::parse_command(line, &site())
}

fn order(what: FeedCommand, feed: Option<&str>) -> FeedOrder {
    FeedOrder {
        what,
        feed: feed.map(str::to_owned),
    }
}

/// A channel, a shell and a page of either job read the same.
#[test]
fn commands_about_feeds_are_one_grammar() {
    use FeedCommand::{Quiet, Report};
    let level = FeedCommand::Level;
    for (line, what, feed) in [
        ("quiet", Quiet, None),
        ("Silent", Quiet, None),
        ("quiet Spam-1", Quiet, Some("Spam-1")),
        ("silent feed spam", Quiet, Some("spam")),
        ("report", Report, None),
        ("report feed spam", Report, Some("spam")),
        ("reportlevel", level(Level::Tell), None),
        ("reportlevel spam", level(Level::Tell), Some("spam")),
        ("reportlevel 2nd", level(Level::Tell), Some("2nd")),
        ("reportlevel 0", level(Level::Set(0)), None),
        ("reportlevel 2 spam", level(Level::Set(2)), Some("spam")),
        ("reportlevel 1 feed spam", level(Level::Set(1)), Some("spam")),
        ("REPORTLEVEL Settings", level(Level::Settings), None),
        ("reportlevel settings spam", level(Level::Settings), Some("spam")),
    ] {
        let expected = order(what, feed);
        assert_eq!(parse_feeds(line), Some(Ok(expected.clone())), "{line}");
        assert_eq!(of_links(line), Ok(links::Command::Feeds(expected.clone())), "{line}");
        assert_eq!(of_links(line).unwrap().changes(), what != level(Level::Tell), "{line}");
        let boxes = match (what, feed) {
            (what, Some(feed)) => Command::Feed {
                what,
                feed: feed.to_owned(),
            },
            (Quiet, None) => Command::Quiet,
            (Report, None) => Command::Report,
            (FeedCommand::Level(level), None) => Command::Level(level),
        };
        assert_eq!(of_boxes(line), Ok(boxes), "{line}");
    }
}

#[test]
fn what_is_wrong_is_told_with_the_right_form() {
    for (line, what, form) in [
        (
            "quiet spam and more",
            "the name of one feed, or nothing",
            "quiet <feed>",
        ),
        ("quiet feed", "`feed` is no name of a feed", "quiet <feed>"),
        ("quiet #spam", "`#spam` is no name of a feed", "quiet <feed>"),
        ("report feed", "needs the name of a feed", "report feed <feed>"),
        ("report feed a b", "needs the name of a feed", "report feed <feed>"),
        (
            "reportlevel 3",
            "`3` is no report level: 0, 1 and 2 are",
            "reportlevel <level>",
        ),
        ("reportlevel 1 2", "`2` is no name of a feed", "reportlevel <level>"),
        ("reportlevel -1", "`-1` is no report level", "reportlevel <level>"),
    ] {
        let errors = [
            parse_feeds(line).expect(line).expect_err(line),
            of_links(line).expect_err(line),
            of_boxes(line).expect_err(line),
        ];
        for error in errors {
            assert!(error.contains(what) && error.contains(form), "{line}: {error}");
        }
    }
    for (line, links_err) in [
        ("report link example.com", false),
        ("report 5", false),
        ("report spam", true),
    ] {
        assert_eq!(
            (parse_feeds(line), of_links(line).is_err()),
            (None, links_err),
            "{line}"
        );
        assert!(
            of_boxes(line).unwrap_err().contains("nothing may follow `report`"),
            "{line}"
        );
    }
    assert_eq!(
        (parse_feeds(""), parse_feeds("status"), parse_feeds("\"quiet\"")),
        (None, None, None)
    );
}

#[test]
fn help_of_both_jobs_says_what_a_channel_does() {
    for name in ["quiet", "silent", "report", "reportlevel"] {
        for text in [lists::help(Some(name)), links::help(Some(name))] {
            assert!(text.to_lowercase().contains("in a channel"), "{text}");
            let examples = text.lines().filter_map(|line| line.strip_prefix("Examples: "));
            for example in examples.flat_map(|line| line.split("; ")) {
                assert!(of_boxes(example).is_ok() || of_links(example).is_ok(), "{example}");
            }
        }
    }
}

proptest! {
    /// A name that a settings page may give a feed is understood behind every command, and never as something else.
    #[test]
    fn every_feed_can_be_named(name in "[A-Za-z0-9_-]{1,61}") {
        let expected = Some(Ok(order(FeedCommand::Quiet, Some(&name))));
        prop_assert_eq!(parse_feeds(&format!("quiet {name}")) == expected, is_feed_name(&name), "{}", name);
        if is_feed_name(&name) {
            for (line, what) in [
                (format!("reportlevel {name}"), FeedCommand::Level(Level::Tell)),
                (format!("reportlevel 0 {name}"), FeedCommand::Level(Level::Set(0))),
                (format!("report feed {name}"), FeedCommand::Report),
            ] {
                prop_assert_eq!(parse_feeds(&line), Some(Ok(order(what, Some(&name)))), "{}", line);
            }
        }
    }
}
