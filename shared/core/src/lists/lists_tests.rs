use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;

fn site() -> Site {
    let ns = |id: i32, name: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": name, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1:8000", "lang": "en", "wikiid": "probewiki", "generator": "MediaWiki 1.43.0"},
        "namespaces": {
            "-1": ns(-1, "Special"), "0": ns(0, ""), "1": ns(1, "Talk"), "2": ns(2, "User"), "3": ns(3, "User talk"),
            "4": ns(4, "Project"),
        },
        "namespacealiases": [{"id": 4, "alias": "WP"}],
    }))
    .unwrap()
}

fn s(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn add(list: List, user: Option<&str>, page: Option<&str>) -> Command {
    Command::Add {
        list,
        user: user.map(str::to_owned),
        page: page.map(str::to_owned),
        reason: None,
    }
}

fn del(list: List, user: Option<&str>, page: Option<&str>) -> Command {
    Command::Del {
        list,
        user: user.map(str::to_owned),
        page: page.map(str::to_owned),
    }
}

fn search(list: List, user: Option<&str>, page: Option<&str>) -> Command {
    Command::Search {
        list,
        user: user.map(str::to_owned),
        page: page.map(|page| Sought::Page(page.to_owned())),
    }
}

/// The example column of CheMoBot's command table, row by row, without the bot's name; then the forms of its
/// command column that no example shows.
#[test]
fn every_row_of_the_table_is_understood() {
    use List::{Black, Monitor, White};
    let (beetstra, water) = (Some("Beetstra"), Some("Water"));
    let site = site();
    for (line, expected) in [
        ("CheMoBot wl add Beetstra Water", add(White, beetstra, water)),
        ("CheMoBot wl add Beetstra *", add(White, beetstra, None)),
        ("CheMoBot wl del Beetstra Water", del(White, beetstra, water)),
        ("CheMoBot wl search Beetstra Water", search(White, beetstra, water)),
        ("CheMoBot wl search user Beetstra", search(White, beetstra, None)),
        ("CheMoBot wl search page Water", search(White, None, water)),
        ("CheMoBot bl add Beetstra Water", add(Black, beetstra, water)),
        ("CheMoBot bl del Beetstra Water", del(Black, beetstra, water)),
        ("CheMoBot bl search Beetstra Water", search(Black, beetstra, water)),
        ("CheMoBot bl search user Beetstra", search(Black, beetstra, None)),
        ("CheMoBot bl search page Water", search(Black, None, water)),
        ("CheMoBot ml add Water", add(Monitor, None, water)),
        ("CheMoBot ml del Water", del(Monitor, None, water)),
        ("CheMoBot fieldlist Drugbox", Command::Fields("Drugbox".to_owned())),
        ("CheMoBot managers Drugbox", Command::Managers("Drugbox".to_owned())),
        ("CheMoBot boxlist", Command::Boxes),
        ("CheMoBot quiet", Command::Quiet),
        ("CheMoBot report", Command::Report),
        ("CheMoBot reportlevel 1", Command::Level(Level::Set(1))),
        ("CheMoBot status", Command::Status),
        ("CheMoBot quit", Command::Quit),
        ("CheMoBot help", Command::Help(None)),
        ("CheMoBot help wl", Command::Help(s("wl"))),
        // No example.
        ("CheMoBot wl search string Water", search(White, None, water)),
        ("CheMoBot bl search string Water", search(Black, None, water)),
        ("CheMoBot ml search Water", search(Monitor, None, water)),
        ("CheMoBot silent", Command::Quiet),
        ("CheMoBot die", Command::Quit),
        ("CheMoBot reportlevel 0", Command::Level(Level::Set(0))),
        ("CheMoBot reportlevel 2", Command::Level(Level::Set(2))),
        // Not in the table.
        ("CheMoBot reportlevel", Command::Level(Level::Tell)),
        ("CheMoBot reportlevel settings", Command::Level(Level::Settings)),
        ("CheMoBot off", Command::Off(None)),
        ("CheMoBot on Infobox drug", Command::On(s("Infobox drug"))),
    ] {
        let line = line.strip_prefix("CheMoBot ").unwrap();
        assert_eq!(parse_command(line, &site), Ok(expected.clone()), "{line}");
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(parse_words(&words, &site), Ok(expected), "{words:?}");
    }
}

#[test]
fn names_with_spaces_stand_in_quotes_or_have_underscores() {
    use List::{Monitor, White};
    let site = site();
    let john = add(White, Some("John Doe"), Some("Carbon dioxide"));
    for line in [
        r#"wl add "John Doe" "Carbon dioxide""#,
        "wl add John_Doe carbon_dioxide",
        r#"WL  Add "user:john Doe"   Carbon_dioxide "#,
    ] {
        assert_eq!(parse_command(line, &site), Ok(john.clone()), "{line}");
    }
    let shell = ["wl", "add", "John Doe", "Carbon dioxide"].map(str::to_owned);
    assert_eq!(parse_words(&shell, &site), Ok(john));
    for (line, expected) in [
        ("ml add Carbon dioxide", add(Monitor, None, Some("Carbon dioxide"))),
        (
            "ml search page Carbon dioxide",
            search(Monitor, None, Some("Carbon dioxide")),
        ),
        ("ml add page", add(Monitor, None, Some("Page"))),
        ("ml search page", search(Monitor, None, Some("Page"))),
        ("wl search user John Doe", search(White, Some("John Doe"), None)),
        ("wl search \"user\" Water", search(White, Some("User"), Some("Water"))),
        (
            "wl add \"Weird_Al\"_Yankovic \"WP:carbon dioxide\"",
            add(White, Some("\"Weird Al\" Yankovic"), Some("Project:Carbon dioxide")),
        ),
        (
            "wl del 2001:db8::1 Talk:Water",
            del(White, Some("2001:DB8:0:0:0:0:0:1"), Some("Talk:Water")),
        ),
        (
            "wl search Beetstra *",
            Command::Search {
                list: White,
                user: s("Beetstra"),
                page: Some(Sought::All),
            },
        ),
    ] {
        assert_eq!(parse_command(line, &site), Ok(expected), "{line}");
    }
    let reasoned = parse_command("wl add Beetstra * — writes \"the\"  index — see talk", &site);
    let reason = s("writes \"the\" index — see talk");
    assert_eq!(
        reasoned,
        Ok(Command::Add {
            list: White,
            user: s("Beetstra"),
            page: None,
            reason
        })
    );
    let dashed = parse_command("ml add \"Foo – Bar\"", &site);
    assert_eq!(dashed, Ok(add(Monitor, None, Some("Foo – Bar"))));
}

#[test]
fn a_mistake_is_told_with_the_right_form() {
    let site = site();
    let wl = "It is written: wl add <username> <page>; wl add <username> *";
    for (line, what, form) in [
        ("", "there is no command", "wl, bl, ml, fieldlist"),
        ("wk add A B", "no command `wk` (did you mean `wl`?)", "boxlist"),
        ("reprot", "(did you mean `report`?)", "boxlist"),
        ("wl", "`wl` needs `add`, `del` or `search`", "wl search user <username>"),
        ("wl ad A B", "`wl` knows no `ad` (did you mean `add`?)", wl),
        ("wl add", "`wl add` needs a user and a page", wl),
        ("wl add Beetstra", "there is only `Beetstra`", wl),
        (
            "wl add John Doe Water",
            "there are 3 words: put a name with spaces in quotes",
            wl,
        ),
        ("wl add * Water", "an entry needs one user", wl),
        ("wl add Talk:John Water", "`Talk:John` is a page, not a user name", wl),
        ("wl add John/x Water", "it has a slash", wl),
        ("wl add John Wa|ter", "`|` is not allowed in it", wl),
        ("wl add John Special:Log", "nobody edits it", wl),
        ("wl add \"John Water", "the quote before `John` is not closed", ""),
        ("wl search user", "there is only `user`", "wl search user <username>"),
        (
            "bl add Beetstra *",
            "the blacklist takes one page, not `*`",
            "bl add <username> <page>",
        ),
        ("ml add", "`ml add` needs a page", "ml add <page>"),
        ("ml add *", "the monitor list takes one page, not `*`", "ml add <page>"),
        (
            "ml add \"Carbon\" dioxide",
            "put a name with spaces in quotes",
            "ml add <page>",
        ),
        (
            "fieldlist",
            "`fieldlist` needs the name of one box",
            "fieldlist <boxname>",
        ),
        (
            "boxlist Drugbox",
            "nothing may follow `boxlist`",
            "It is written: boxlist",
        ),
        ("die now", "nothing may follow `die`", "quit"),
        (
            "reportlevel 3",
            "`3` is no report level: 0, 1 and 2 are",
            "reportlevel <level>",
        ),
        ("reportlevel +1", "no report level", "reportlevel <level>"),
        ("reportlevel 1 2", "`2` is no name of a feed", "reportlevel <level>"),
        ("wl add A B — \u{202E}x", "", ""),
    ] {
        match parse_command(line, &site) {
            Err(said) => {
                assert!(said.contains(what) && said.contains(form), "{line}: {said}");
                assert!(!what.is_empty(), "{line}: {said}");
            }
            Ok(Command::Add { reason, .. }) => assert_eq!((what, reason), ("", s("⟨U+202E⟩x"))),
            Ok(other) => panic!("{line}: {other:?}"),
        }
    }
    let long = format!("wl add A B — {}", "x".repeat(501));
    assert!(parse_command(&long, &site).unwrap_err().contains("501 characters"));
    assert!(
        parse_command(&"x".repeat(2_001), &site)
            .unwrap_err()
            .contains("too long")
    );
}

#[test]
fn every_command_has_help() {
    let all = help(None);
    for name in [
        "wl",
        "bl",
        "ml",
        "fieldlist",
        "managers",
        "boxlist",
        "quiet",
        "silent",
        "report",
        "reportlevel",
        "status",
        "quit",
        "die",
        "off",
        "on",
        "help",
    ] {
        let one = help(Some(name));
        let form = one.split(':').next().unwrap();
        assert!(all.lines().any(|line| line == form), "{name}: {one}");
        assert!(one.contains(name) && one.contains(": "), "{name}: {one}");
        assert!(parse_command(&format!("help {name}"), &site()).is_ok());
        for example in one
            .lines()
            .filter_map(|line| line.strip_prefix("Examples: "))
            .flat_map(|line| line.split("; "))
        {
            assert!(parse_command(example, &site()).is_ok(), "{example}");
        }
    }
    assert!(help(Some("WL")).contains("wl search string <page>: tells which users"));
    assert!(help(Some("boxlits")).contains("did you mean `boxlist`?"));
}

#[test]
fn the_blacklist_goes_before_the_whitelist_and_that_before_the_monitor_list() {
    use List::{Black, Monitor, White};
    let site = site();
    let now = Timestamp::UNIX_EPOCH;
    let entry = |list, user: Option<&str>, page: Option<&str>| Entry {
        list,
        user: user.map(str::to_owned),
        page: page.map(str::to_owned),
        by: "Operator".to_owned(),
        added: now,
        reason: String::new(),
        expires: None,
    };
    let black = entry(Black, Some("Anna B"), Some("Water"));
    let white = entry(White, Some("Anna B"), None);
    let pair = entry(White, Some("Bob"), Some("Talk:Water"));
    let monitor = entry(Monitor, None, Some("Water"));
    let talk = entry(Monitor, None, Some("Talk:Water"));
    let mut gone = entry(Black, Some("Bob"), Some("Ethanol"));
    gone.expires = Some(now + TimeDelta::days(1));
    let all = [&monitor, &white, &black, &pair, &talk, &gone].map(Clone::clone);
    let said = |user: &str, page: &str, later: i64| {
        let title = site.title(page).unwrap();
        let then = now + TimeDelta::days(later);
        let now: Vec<Entry> = all.iter().filter(|entry| !entry.is_over(then)).cloned().collect();
        judge(&now, Some(user).filter(|user| !user.is_empty()), &title, &site)
    };
    for (user, page, later, expected) in [
        ("Anna B", "Water", 0, Hit::Blacklisted(black.clone())),
        ("anna_B", "water", 0, Hit::Blacklisted(black.clone())),
        ("Anna B", "Ethanol", 0, Hit::Whitelisted(white.clone())),
        ("Anna b", "Ethanol", 0, Hit::None),
        ("Bob", "Water", 0, Hit::Monitored(monitor.clone())),
        ("Bob", "Talk:Water", 0, Hit::Whitelisted(pair.clone())),
        ("Cleo", "Talk:Water", 0, Hit::Monitored(talk.clone())),
        ("Cleo", "Water/x", 0, Hit::None),
        // A hidden user.
        ("", "Ethanol", 0, Hit::None),
        ("", "Water", 0, Hit::Monitored(monitor.clone())),
        ("Bob", "Ethanol", 0, Hit::Blacklisted(gone.clone())),
        ("Bob", "Ethanol", 1, Hit::None),
    ] {
        assert_eq!(said(user, page, later), expected, "{user}, {page}");
    }
}

proptest! {
    /// Whatever is typed is answered; what is understood means the same when it is written again.
    #[test]
    fn any_line_is_answered(line in "(wl|bl|ml)? ?(add|del|search)? ?(user|page)?[ \"\\*a-z_|—é]{0,30}") {
        if let Ok(Command::Add { list, user, page, .. }) = parse_command(&line, &site()) {
            let name = |name: Option<String>| name.map_or_else(|| "*".to_owned(), |name| name.replace(' ', "_"));
            let user = user.map_or_else(String::new, |user| format!("{} ", name(Some(user))));
            let again = format!("{} add {user}{}", list.command(), name(page.clone()));
            if let Ok(Command::Add { page: same, .. }) = parse_command(&again, &site()) {
                prop_assert_eq!(same, page);
            } else {
                prop_assert!(again.contains('"') || again.contains('—'), "{}", again);
            }
        }
    }
}
