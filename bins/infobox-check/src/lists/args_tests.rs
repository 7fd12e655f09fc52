use clap::Parser;
use shared::args::CommonArgs;
use shared::core::lists::{Command, FeedCommand, List, parse_words};
use shared::manual::offline_site;

use super::*;

#[derive(Parser, Debug)]
#[command(disable_help_subcommand = true)]
struct Line {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    command: ByHand,
}

fn parsed(line: &[&str]) -> (Line, Command) {
    let line = Line::try_parse_from([&["infobox-check"], line].concat()).unwrap();
    let command = parse_words(&line.command.words(), &offline_site().unwrap()).unwrap();
    (line, command)
}

/// The shell's words reach the grammar as they are, with the flags taken out wherever they stand.
#[test]
fn the_command_line_is_the_grammar() {
    let some = |text: &str| Some(text.to_owned());
    let add = Command::Add {
        list: List::White,
        user: some("John Doe"),
        page: None,
        reason: None,
    };
    for line in [
        &["wl", "add", "John Doe", "*"][..],
        &["wl", "--by", "Olga", "add", "john_Doe", "*", "--json"],
        &["--dry-run", "wl", "add", "User:John_Doe", "--reason", "see talk", "*"],
    ] {
        assert_eq!(parsed(line).1, add, "{line:?}");
    }
    for (line, command) in [
        (&["silent"][..], Command::Quiet),
        (&["quiet", "-q"], Command::Quiet),
        (&["die", "--reason", "x"], Command::Quit),
        (&["report"], Command::Report),
        (&["help", "wl"], Command::Help(some("wl"))),
        (&["help"], Command::Help(None)),
        (&["off", "Infobox", "drug"], Command::Off(some("Infobox drug"))),
        (
            &["quiet", "chem", "--by", "Olga"],
            Command::Feed {
                what: FeedCommand::Quiet,
                feed: "chem".to_owned(),
            },
        ),
        (
            &["report", "feed", "chem"],
            Command::Feed {
                what: FeedCommand::Report,
                feed: "chem".to_owned(),
            },
        ),
        (&["boxlist"], Command::Boxes),
        (&["status"], Command::Status),
        (&["managers", "Drugbox"], Command::Managers("Drugbox".to_owned())),
        (&["fieldlist", "Drugbox"], Command::Fields("Drugbox".to_owned())),
    ] {
        assert_eq!(parsed(line).1, command, "{line:?}");
    }
    assert!(Line::try_parse_from(["x", "boxlist", "--by", "Olga"]).is_err());

    let who = |line: &[&str]| parsed(line).0.command.by_and_reason(|_| some("unix"));
    assert_eq!(who(&["report"]).unwrap(), ("unix".to_owned(), None));
    assert_eq!(
        who(&["quit", "--by", " Olga\t\u{202E}O ", "--reason", " \n"]).unwrap(),
        ("Olga ⟨U+202E⟩O".to_owned(), None)
    );
    let (by, reason) = who(&["ml", "add", "Water", "--reason", "a  b"]).unwrap();
    assert_eq!((by.as_str(), reason.as_deref()), ("unix", Some("a b")));
    assert!(who(&["report", "--by", &"é".repeat(200)]).is_err());
    let nobody = parsed(&["report"]).0.command.by_and_reason(|_| None);
    assert_eq!(nobody.unwrap().0, "operator");
}
