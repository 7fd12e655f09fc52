use super::*;
use proptest::prelude::*;

fn tags() -> HashSet<String> {
    ["ref", "syntaxhighlight", "nowiki", "pre"].map(str::to_owned).into()
}

/// Numbers and texts of the commands.
fn commands(page: &str) -> Vec<(usize, String)> {
    let all = lines(page, &tags()).into_iter().filter(|line| !line.text.is_empty());
    all.map(|line| (line.number, line.text)).collect()
}

fn one(line: &str) -> String {
    match &commands(line)[..] {
        [] => String::new(),
        [(1, text)] => text.clone(),
        more => panic!("{more:?}"),
    }
}

#[test]
fn only_items_of_lists_that_the_page_shows_as_such_are_commands() {
    let page = "Write here:\n\
        * wl add A B\n\
        ** wl add C\n\
        *: done\n\
        # wl add D\n\
        #: done\n\
        * <nowiki>wl add E</nowiki>\n\
        <nowiki>\n* wl add F\n</nowiki>\n\
        <pre>\n* wl add G\n</pre>\n\
        <!-- \n* wl add H\n-->\n\
        <syntaxhighlight lang=\"x\">\n* wl add I\n</syntaxhighlight>\n\
        {{box|\n* wl add J\n}}\n\
        <ref>\n* wl add K</ref>\n\
        <includeonly>\n* wl add L\n</includeonly>\n\
        * wl add M <!-- \n --> N\n\
        *   wl   add O\n\
        wl add P\n\
        ; wl add Q\n\
        * {{wl}} add R\n\
        <!-- x -->* wl add S\n\
        <pre>\n* wl add T";
    let expected = [(2, "wl add A B"), (5, "wl add D"), (30, "wl add O"), (36, "wl add T")];
    let expected = expected.map(|(number, text)| (number, text.to_owned()));
    // An extension's tag that is never closed is text
    assert_eq!(commands(page), expected);
    assert_eq!(commands("* wl add A B\r\n* wl add C\r\n").len(), 2);
    let big = format!("* wl add A B\n{}", "x".repeat(2_000_000));
    assert!(commands(&big).is_empty());
    assert_eq!(lines(&big, &tags())[0].hash, lines("* wl add A B", &tags())[0].hash);
}

#[test]
fn a_command_is_read_as_it_is_meant() {
    for (line, expected) in [
        ("* '''wl''' add ''A'' B", "wl add A B"),
        ("* <code>wl add A B</code>", "wl add A B"),
        ("* wl add A <!-- he asked --> B", "wl add A B"),
        (
            "* wl add [[User:John Doe|John]] [[:Category:Water]] — see [[Water]]",
            "wl add \"User:John Doe\" \"Category:Water\" — see [[Water]]",
        ),
        ("* ml add [[:alpha:]]+\\.com", "ml add [[:alpha:]]+\\.com"),
        (
            "* wl add A B — as {{ping|C}} says <ref>x</ref>",
            "wl add A B — as {{ping|C}} says <ref>x</ref>",
        ),
        ("* wl add {{ping|C}} B — x", ""),
        ("* wl add <nowiki>A</nowiki> B", ""),
        ("* wl add \"A — {{x}}\" B", ""),
        ("* <s>wl add A B</s>", "<s>wl add A B</s>"),
        // Signatures
        (
            "* wl add A B — fine [[User:Carol|Carol]] ([[User talk:Carol|talk]]) 07:15, 22 November 2026 (UTC)",
            "wl add A B — fine",
        ),
        (
            "* wl add A B -- [[Benutzer:Carol|C]] <small>[[Spezial:Beiträge/Carol|x]]</small> 07:15, 22. Nov. 2026 (CET)",
            "wl add A B",
        ),
        (
            "* wl add A B — per [[User:Bob]] <span style=\"x\">[[User:Carol/top|C]]</span> 07:15, 22 November 2026 (UTC)",
            "wl add A B — per [[User:Bob]]",
        ),
        (
            "* wl add A B — per [[WP:COIN]], 07:15, 22 November 2026 (UTC)",
            "wl add A B — per",
        ),
        ("* wl add A B — since 07:15 (UTC)", "wl add A B — since 07:15 (UTC)"),
        ("* wl add A B — per [[User:Bob]]", "wl add A B — per [[User:Bob]]"),
    ] {
        assert_eq!(one(line), expected, "{line}");
    }
}

#[test]
fn a_line_is_known_again_however_it_is_wrapped() {
    let hash = |line: &str| lines(line, &tags()).first().map(|line| line.hash.clone());
    let own = hash("* wl add A B — x").unwrap();
    assert!(own.len() == 16 && own.bytes().all(|b| b.is_ascii_hexdigit()), "{own}");
    for same in [
        "*   wl add  A B — x ",
        "# wl add A B — x",
        "wl add A B — x",
        ":* wl add A B — x",
        "* <nowiki>wl add A B — x</nowiki>",
        "<pre>* wl add A B — x",
        "* '''wl''' add A B — x",
        "<!-- * wl add A B — x -->",
    ] {
        let same_hash = hash(same).unwrap();
        assert!(same_hash == own || same.starts_with('<'), "{same}");
        // Marks before the marker of a list
        assert_eq!(same_hash, own, "{same}");
    }
    for other in ["* wl add A B", "* wl add A b — x", "* wl del A B — x"] {
        assert_ne!(hash(other).unwrap(), own, "{other}");
    }
    assert_eq!((hash("*"), hash(""), hash("* ''''''")), (None, None, None));
}

#[test]
fn those_who_listen_are_addressed_by_name() {
    let names = ["COIBot", "Probe bot"];
    for (word, expected) in [
        ("coibot", true),
        ("COIBot:", true),
        ("@Probe_bot,", true),
        ("COIBot2", false),
        ("wl", false),
        (":", false),
    ] {
        assert_eq!(is_addressed(word, &names), expected, "{word}");
    }
}

proptest! {
    /// Whatever stands on a page: nothing within nowiki is a command, numbers are those of the lines.
    #[test]
    fn any_page_is_read(parts in prop::collection::vec(
        prop::sample::select(vec!["* wl add X", "\n", "<nowiki>", "</nowiki>", "<!--", "-->", "{{", "}}", "[[", "]]", "é", "|", " — ", "''"]),
        0..30,
    )) {
        let page = parts.concat();
        let all: Vec<&str> = page.split('\n').collect();
        for line in lines(&page, &tags()) {
            prop_assert!(line.text.is_empty() || all[line.number - 1].starts_with('*'));
        }
        let wrapped = format!("<pre>\n{}\n</pre>", page.replace("<nowiki>", ""));
        prop_assert!(lines(&wrapped, &tags()).iter().all(|line| line.text.is_empty()));
    }
}
