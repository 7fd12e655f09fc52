use std::collections::HashSet;

use crate::core::change::{EditorKind, Revision};
use crate::core::settings::{Block, Reader};
use crate::core::site::Title;
use crate::core::text::plain;
use crate::core::types::{PageId, RevId, UserId};
use crate::manual::offline_site;
use crate::page::timestamp;

use super::found::{Around, Whose, take};
use super::position::Position;
use super::*;

fn revision(revid: u64, user: &str, text: Option<&str>) -> Revision {
    let (user_id, editor) = match user {
        "" => (0, EditorKind::Hidden),
        "192.0.2.1" => (0, EditorKind::Ip),
        "de>Ann" => (0, EditorKind::Foreign),
        name => (name.len() as u64, EditorKind::Named),
    };
    Revision {
        revid: RevId(revid),
        parent: RevId(revid - 1),
        page_id: PageId(1),
        ns: 2,
        title: "User:Bot/x/Commands".to_owned(),
        user: Some(user.to_owned()).filter(|user| !user.is_empty()),
        user_id: UserId(user_id),
        editor,
        timestamp: timestamp("2026-11-22T10:00:00Z").unwrap(),
        minor: false,
        tags: Vec::new(),
        comment: None,
        sha1: None,
        size: 0,
        model: "wikitext".to_owned(),
        text: text.map(str::to_owned),
        text_hidden: text.is_none(),
    }
}

/// Takes the revisions one after the other; tells what was found: `revid line: whose`.
fn found(position: &mut Position, revisions: &[Revision]) -> Vec<String> {
    let tags = HashSet::from(["nowiki".to_owned(), "pre".to_owned()]);
    let around = Around {
        account: "Bot",
        tags: &tags,
        words: &["wl", "off"],
    };
    let found = revisions.iter().flat_map(|revision| take(position, revision, &around));
    let tell = |line: super::found::Found| {
        let whose = match line.whose {
            Whose::Person(person) => person.name,
            Whose::Guest(name) => format!("guest {name}"),
            Whose::Nobody(why) => format!("nobody, {why}"),
        };
        format!("{} {}: {whose}", line.revid, line.line)
    };
    found.map(tell).collect()
}

#[test]
fn a_line_belongs_to_the_first_revision_it_stands_in() {
    let mut position = Position {
        old_until: Some(RevId(1)),
        ..Position::default()
    };
    let mut undone = revision(7, "Ann", Some("* off — undone"));
    undone.tags.push("mw-undo".to_owned());
    let big = "* off\n".repeat(6_000);
    let told = found(
        &mut position,
        &[
            revision(1, "Ann", Some("* wl add A *")),
            // Its line was there; the quoted one is known from here on.
            revision(
                2,
                "Ben",
                Some("* wl add A *\n* Wl add B * — why\n<nowiki>* wl add Q *</nowiki>\n* talk"),
            ),
            revision(3, "Ann", Some("* wl add Q *\n* Wl add B  * — why")),
            revision(4, "Ben", None),
            revision(5, "Ann", Some("* wl add FromHidden *")),
            revision(6, "Ann", Some("* wl add FromHidden *\n* wl add Mine *")),
            undone,
            revision(8, "", Some("* off — hidden name")),
            revision(9, "de>Ann", Some("* off — imported")),
            revision(10, "192.0.2.1", Some("* off — guest")),
            revision(11, "Bot", Some("* off — bot")),
            revision(12, "Ben", Some(&big)),
            revision(13, "Ann", Some("* off")),
            revision(14, "Ann", Some("* off — at last")),
        ],
    );
    assert_eq!(
        told,
        [
            "1 wl add A *: nobody, it stood there before the job looked",
            "2 Wl add B * — why: Ben",
            "5 wl add FromHidden *: nobody, a revision before cannot be read",
            "6 wl add Mine *: Ann",
            "7 off — undone: nobody, the edit takes others back",
            "8 off — hidden name: nobody, its author is hidden, or no user of this wiki",
            "9 off — imported: nobody, its author is hidden, or no user of this wiki",
            "10 off — guest: guest 192.0.2.1",
            "11 off — bot: nobody, the bot wrote it",
            "13 off: nobody, a revision before cannot be read",
            "14 off — at last: Ann",
        ]
    );
    assert_eq!(position.revid, Some(RevId(14)));
    // What is stored knows all of it again.
    let mut stored: Position = serde_json::from_str(&position.to_json().unwrap()).unwrap();
    assert_eq!(stored, position);
    assert_eq!(
        found(&mut stored, &[revision(15, "Eve", Some("* wl add Mine *\n* off"))]),
        [""; 0]
    );
}

#[test]
fn requesters_and_strangers_have_limits() {
    let mut position = Position::default();
    let at = |time: &str| timestamp(time).unwrap();
    let today = at("2026-11-22T10:00:00Z");
    let allowed = (0..25).filter(|_| position.may_ask(7, today)).count();
    assert_eq!((allowed, position.may_ask(8, today)), (20, true));
    assert!(position.may_ask(7, at("2026-11-23T00:00:00Z")), "a new day");
    assert!(position.may_tell("192.0.2.1", today));
    assert!(!position.may_tell("192.0.2.1", at("2026-11-23T09:59:59Z")));
    assert!(position.may_tell("192.0.2.1", at("2026-11-23T10:00:00Z")));
    assert!(
        !position.to_json().unwrap().contains("192.0.2.1"),
        "names of strangers are not stored"
    );
}

#[test]
fn answers_stand_under_their_lines_and_nowhere_else() {
    let tags = HashSet::from(["nowiki".to_owned()]);
    let text = "<nowiki>\n* off\n</nowiki>\n* off\n*: thanks\n* wl add A *\nEnd\n";
    let hash = |line: &str| crate::core::command_lines::lines(line, &tags)[0].hash.clone();
    let (off, add, gone) = (hash("* off"), hash("* wl add A *"), hash("* on"));
    let said = |text: &str| vec![plain(text, 100)];
    let answers = [
        (add.as_str(), said("b")),
        (off.as_str(), said("a")),
        (gone.as_str(), said("c")),
    ];
    let placed = super::answers::place(text, &tags, &answers);
    let wanted = "<nowiki>\n* off\n</nowiki>\n* off\na\n*: thanks\n* wl add A *\nb\nEnd\n";
    assert_eq!(placed, Some((wanted.to_owned(), 2)));
    assert_eq!(super::answers::place(text, &tags, &answers[2..]), None);
    let lines = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(super::carry::cut(lines(12)), (lines(12), None));
    assert_eq!(super::carry::cut(lines(30)), (lines(11), Some(19)));
}

fn settings(yaml: &str) -> (Option<Commands>, String) {
    let reader = Reader::parse(&Block::whole(yaml)).unwrap();
    let commands = read(&reader.root(), &offline_site().unwrap());
    let problems: Vec<String> = reader.finish().iter().map(ToString::to_string).collect();
    (commands, problems.join("\n"))
}

#[test]
fn the_key_commands_is_read_strictly() {
    assert_eq!(settings("x: 1"), (None, String::new()));
    let (commands, problems) = settings("commands: {users: [beetstra, 'User:Mary_Ann']}");
    let commands = commands.unwrap();
    assert_eq!(
        (commands.users.join(","), commands.groups.join(","), problems.as_str()),
        ("Beetstra,Mary Ann".into(), "sysop".into(), "")
    );
    assert_eq!(commands.page("Bot", "coi-report").text, "Bot/coi-report/Commands");
    for (yaml, wrong) in [
        ("commands: {page: 'Project:X'}", "needs `approval`"),
        ("commands: {page: 'Project:X', approval: 'a link'}", ""),
        ("commands: {page: 'Water', approval: 'a link'}", "cannot hold commands"),
        (
            "commands: {page: 'User talk:Bot', approval: 'a link'}",
            "cannot hold commands",
        ),
        ("commands: {groups: [sysop, user]}", "everybody is in"),
        ("commands: {groups: []}", "nobody is trusted"),
        ("commands: {users: [a/b]}", "slash"),
        ("commands: {who: [a]}", "who"),
        ("commands: 7", "a group of indented keys"),
    ] {
        let (_, problems) = settings(yaml);
        assert!(
            problems.contains(wrong) && problems.is_empty() == wrong.is_empty(),
            "{yaml}: {problems}"
        );
    }
    let site = offline_site().unwrap();
    let at = |text: &str| Commands {
        page: Some(Title {
            ns: 2,
            text: text.to_owned(),
        }),
        users: Vec::new(),
        groups: Vec::new(),
        approval: None,
    };
    for (text, is_fine) in [
        ("Bot/x/Commands", true),
        ("Bot/orders", true),
        ("Ann/orders", false),
        ("Bot/x/Settings", false),
        ("Bot/x/Settings/Status", false),
        ("Bot/x/Stop", false),
    ] {
        assert_eq!(at(text).check("Bot", "x", &site).is_none(), is_fine, "{text}");
    }
}

#[test]
fn words_and_reason_are_parted_at_the_dash() {
    let request = |line: &str| Request {
        line: line.to_owned(),
        by: Person {
            name: "Ann".to_owned(),
            id: 1,
        },
        revid: RevId(1),
        at: timestamp("2026-11-22T10:00:00Z").unwrap(),
    };
    let (words, reason) = request("wl add \"John Doe\" * — see \"talk").words().unwrap();
    assert_eq!(
        (words.join("|"), reason.as_deref()),
        ("wl|add|John Doe|*".into(), Some("see \"talk"))
    );
    assert_eq!(request("off").words().unwrap().1, None);
    assert!(request("wl add \"John *").words().is_err());
}
