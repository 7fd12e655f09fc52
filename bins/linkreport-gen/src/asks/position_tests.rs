use std::collections::HashSet;

use shared::core::change::EditorKind;
use shared::core::link::PathHosts;
use shared::core::types::UserId;
use shared::core::wikitext::TemplateNames;
use shared::manual::offline_site;

use super::*;
use crate::asks::items::Names;

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
        ns: 4,
        title: "Project talk:Spam".to_owned(),
        user: Some(user.to_owned()).filter(|user| !user.is_empty()),
        user_id: UserId(user_id),
        editor,
        timestamp: "2026-11-22T10:00:00Z".parse().unwrap(),
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

fn tagged(tag: &str, revision: Revision) -> Revision {
    Revision {
        tags: vec![tag.to_owned()],
        ..revision
    }
}

/// The hosts that a text asks for.
fn text(hosts: &str) -> String {
    hosts
        .split_whitespace()
        .map(|host| format!("{{{{LinkSummary|{host}.example}}}}\n"))
        .collect()
}

struct Watch {
    names: Names,
    tags: HashSet<String>,
    path_hosts: PathHosts,
    position: Position,
}

impl Watch {
    fn new() -> Watch {
        let site = offline_site().unwrap();
        Watch {
            names: Names {
                link: Some(TemplateNames::new(&site, "LinkSummary", [])),
                ..Names::default()
            },
            tags: HashSet::from(["nowiki".to_owned()]),
            path_hosts: PathHosts::default(),
            position: Position::default(),
        }
    }

    fn remember(&mut self, revid: u64, text: Option<&str>) {
        let reading = Reading {
            names: &self.names,
            tags: &self.tags,
            path_hosts: &self.path_hosts,
        };
        self.position.remember(RevId(revid), text, &reading);
    }

    /// What a revision brings: `host: whose`.
    fn take(&mut self, revision: &Revision) -> Vec<String> {
        let reading = Reading {
            names: &self.names,
            tags: &self.tags,
            path_hosts: &self.path_hosts,
        };
        let found = self.position.take(revision, &reading, "Bot");
        let told = found.into_iter().map(|found| {
            let whose = match found.whose {
                Whose::Person(person) => person.name,
                Whose::Guest(name) => format!("guest {name}"),
                Whose::Nobody(why) => format!("nobody: {why}"),
            };
            format!("{}: {whose}", found.call.subject.unwrap())
        });
        told.collect()
    }
}

#[test]
fn a_call_counts_once_for_the_first_who_wrote_it() {
    let mut watch = Watch::new();
    watch.remember(1, Some(&text("old")));
    let none: [&str; 0] = [];
    assert_eq!(
        watch.take(&revision(2, "Ann", Some(&text("old a b")))),
        ["a.example: Ann", "b.example: Ann"]
    );
    // Removed, archived, brought back by whatever means: it has stood there.
    assert_eq!(watch.take(&revision(3, "Ben", Some(""))), none);
    assert_eq!(watch.take(&revision(4, "Ben", Some(&text("a b old")))), none);
    // In nowiki it asks for nothing, and counts when somebody takes the marks away.
    let hidden = format!("{}<nowiki>{}</nowiki>", text("a"), text("c"));
    assert_eq!(watch.take(&revision(5, "Eve", Some(&hidden))), none);
    assert_eq!(
        watch.take(&revision(6, "192.0.2.1", Some(&text("a c")))),
        ["c.example: guest 192.0.2.1"]
    );
    for (revid, tag) in [(7, "mw-undo"), (8, "mw-rollback"), (9, "mw-manual-revert")] {
        let told = watch.take(&tagged(tag, revision(revid, "Ann", Some(&text(&format!("r{revid}"))))));
        assert_eq!(told, [format!("r{revid}.example: nobody: the edit takes others back")]);
    }
    for (revid, user) in [(10, "Bot"), (11, "de>Ann"), (12, "")] {
        let told = watch.take(&revision(revid, user, Some(&text(&format!("n{revid}")))));
        assert!(told.len() == 1 && told[0].contains("nobody"), "{told:?}");
    }
    // What a hidden revision may have brought is nobody's.
    assert_eq!(watch.take(&revision(13, "Ann", None)), none);
    let told = watch.take(&revision(14, "Ann", Some(&text("h"))));
    assert_eq!(told, ["h.example: nobody: a revision before cannot be read"]);
    assert_eq!(watch.take(&revision(15, "Ann", Some(&text("h i")))), ["i.example: Ann"]);
    // What is stored knows all of it again.
    let stored: Position = serde_json::from_str(&serde_json::to_string(&watch.position).unwrap()).unwrap();
    assert_eq!((&stored, stored.revid), (&watch.position, Some(RevId(15))));
}

#[test]
fn the_same_is_asked_for_again_in_a_line_of_its_own() {
    let mut watch = Watch::new();
    watch.remember(1, Some(""));
    let none: [&str; 0] = [];
    let line = |sign: &str| format!("* {{{{LinkSummary|a.example}}}} {sign}\n");
    // A stranger, whose word may count for nothing: who writes another line asks for the same.
    let first = line("Eve, 10:00");
    assert_eq!(watch.take(&revision(2, "Eve", Some(&first))), ["a.example: Eve"]);
    let second = format!("{first}{}", line("Ann, 10:05"));
    assert_eq!(watch.take(&revision(3, "Ann", Some(&second))), ["a.example: Ann"]);
    // Who changes a line, or writes something else, does not.
    let changed = second.replace("Eve, 10:00", "Eve, 10:00 (UTC)");
    assert_eq!(watch.take(&revision(4, "Bot that signs", Some(&changed))), none);
    assert_eq!(
        watch.take(&revision(5, "Ben", Some(&format!("== New ==\n{changed}Done.")))),
        none
    );
    // Archived; brought back as it was it counts for nobody, a year later in a new line it does. In two it does once.
    assert_eq!(watch.take(&revision(6, "Ben", Some("Archived."))), none);
    assert_eq!(watch.take(&revision(7, "Ben", Some(&second))), none);
    assert_eq!(watch.take(&revision(8, "Ben", Some("Archived."))), none);
    let later = format!("{}{}", line("Eve, 2027"), line("Eve, 2027, too"));
    assert_eq!(watch.take(&revision(9, "Eve", Some(&later))), ["a.example: Eve"]);
    // What a reverting edit brings is nobody's, and its line for ever; not the link.
    let undone = tagged(
        "mw-undo",
        revision(10, "Ann", Some(&format!("{later}{}", line("undone")))),
    );
    assert!(watch.take(&undone)[0].contains("nobody"));
    let both = format!("{later}{}{}", line("undone"), line("Ann, 2028"));
    assert_eq!(watch.take(&revision(11, "Ann", Some(&both))), ["a.example: Ann"]);
}

#[test]
fn a_first_look_that_reads_nothing_takes_nothing_for_new() {
    let mut watch = Watch::new();
    watch.remember(1, None);
    let told = watch.take(&revision(2, "Ann", Some(&text("a b"))));
    assert!(
        told.len() == 2 && told.iter().all(|one| one.contains("nobody")),
        "{told:?}"
    );
    assert_eq!(
        watch.take(&revision(3, "Ann", Some(&text("a b c")))),
        ["c.example: Ann"]
    );
}

proptest::proptest! {
    /// However an edit history goes: a host is asked for at most once, by who brought it, and never what stood there.
    #[test]
    fn nothing_is_asked_for_twice(edits in proptest::collection::vec(proptest::collection::vec(0..6_u8, 0..5), 1..12)) {
        let mut watch = Watch::new();
        watch.remember(1, Some(&text("h0")));
        let mut expected: Vec<String> = Vec::new();
        let mut told = Vec::new();
        let mut known = HashSet::from([0]);
        for (n, hosts) in edits.iter().enumerate() {
            let user = format!("User {n}");
            let words: Vec<String> = hosts.iter().map(|host| format!("h{host}")).collect();
            expected.extend(hosts.iter().filter(|host| known.insert(**host)).map(|host| format!("h{host}.example: {user}")));
            told.extend(watch.take(&revision(n as u64 + 2, &user, Some(&text(&words.join(" "))))));
        }
        proptest::prop_assert_eq!(told, expected);
    }
}
