use clap::Parser;
use shared::args::CommonArgs;
use shared::core::lists::{Command, parse_words};
use shared::manual::offline_site;
use shared::page::timestamp;

use super::super::ByHand;
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

#[test]
fn a_search_by_page_finds_entries_about_all_pages_too() {
    let row = |user: &str, page: Option<&str>, list: &str| Row {
        list: list.to_owned(),
        user: Some(user.to_owned()),
        page: page.map(str::to_owned),
        by: "Olga".to_owned(),
        at: timestamp("2026-01-02T03:04:05Z").unwrap(),
        reason: "trusted".to_owned(),
        expires: timestamp("2026-02-02T03:04:05Z").filter(|_| user == "B"),
    };
    let rows = [
        row("A", Some("Water"), "wl"),
        row("B", None, "wl"),
        row("C", Some("Ethanol"), "wl"),
        row("D", None, "links"),
    ];
    let users = |page: Option<Sought>| -> String {
        found(rows.to_vec(), page.as_ref())
            .iter()
            .filter_map(|entry| entry.user.as_deref())
            .collect()
    };
    assert_eq!(users(None), "ABC");
    assert_eq!(users(Some(Sought::All)), "B");
    assert_eq!(users(Some(Sought::Page("Water".to_owned()))), "AB");

    let then = timestamp("2026-02-02T03:04:05Z").unwrap();
    assert_eq!(counts(&rows), [(List::White, 3), (List::Black, 0), (List::Monitor, 0)]);
    let lines: Vec<String> = found(rows.to_vec(), None)
        .iter()
        .map(|entry| line(entry, then))
        .collect();
    assert_eq!(
        lines[..2],
        [
            "A <-> Water: added 2026-01-02 03:04 UTC by Olga (trusted)",
            "B <-> *: added 2026-01-02 03:04 UTC by Olga, expired 2026-02-02 03:04 UTC (trusted)",
        ]
    );
    assert_eq!(about(&found(rows.to_vec(), None)[1])["page"], "*");
}
