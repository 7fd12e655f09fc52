use super::*;
use chrono::TimeDelta;
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

fn read(line: &str) -> Result<Command, String> {
    parse_line(line, &site(), &PathHosts::default(), Timestamp::UNIX_EPOCH)
}

fn name(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("*")
}

/// A command in short.
fn brief(line: &str) -> String {
    let sought = |sought: &Option<Sought>| match sought {
        None => "-".to_owned(),
        Some(Sought::All) => "*".to_owned(),
        Some(Sought::This(text)) => text.clone(),
    };
    match read(line).unwrap_or_else(|said| panic!("{line}: {said}")) {
        Command::Add(new) => {
            let days = new
                .expires
                .map_or(0, |expires| (expires - Timestamp::UNIX_EPOCH).num_days());
            let (user, string) = (name(&new.user), name(&new.string));
            let flags = [("domain", new.is_domain), ("everywhere", new.everywhere)];
            let flags: Vec<&str> = flags.iter().filter(|(_, is)| *is).map(|(flag, _)| *flag).collect();
            format!("{user} | {string} | {} | {days} | {}", flags.join(" "), new.reason)
        }
        Command::Del(old) => {
            let everywhere = if old.everywhere { "everywhere" } else { "" };
            format!(
                "{} | {} | {everywhere} | {}",
                name(&old.user),
                name(&old.string),
                old.reason
            )
        }
        Command::Search(search) => format!("{} | {}", sought(&search.user), sought(&search.string)),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_entry_that_the_lists_know_can_be_added() {
    for (line, expected) in [
        ("wl add beetstra water", "Beetstra | Water |  | 0 | "),
        (
            "wl add John_Doe \"Carbon dioxide\" — fine",
            "John Doe | Carbon dioxide |  | 0 | fine",
        ),
        ("WL Add user:beetstra *", "Beetstra | * |  | 0 | "),
        (
            "wl add Beetstra WWW.Example.com for 30d",
            "Beetstra | example.com | domain | 30 | ",
        ),
        (
            "wl add * https://example.co.uk/ everywhere for 2w — news",
            "* | example.co.uk | domain everywhere | 14 | news",
        ),
        ("wl add A facebook.com/Acme", "A | facebook.com/acme | domain | 0 | "),
        ("wl add A müller.de", "A | xn--mller-kva.de | domain | 0 | "),
        // Pages, though with a dot
        ("wl add A Node.js", "A | Node.js |  | 0 | "),
        ("wl add A page:Amazon.com", "A | Amazon.com |  | 0 | "),
        ("wl add A \"Amazon.com\"", "A | Amazon.com |  | 0 | "),
        ("wl add A St._Louis", "A | St. Louis |  | 0 | "),
        ("wl add A link:host.example", "A | host.example | domain | 0 | "),
        ("wl add Everywhere For", "Everywhere | For |  | 0 | "),
        ("wl add A \"everywhere\" for 1h", "A | Everywhere |  | 0 | "),
        (
            "bl add beetstra COI_bot -- see talk",
            "Beetstra | coi bot |  | 0 | see talk",
        ),
        ("bl add Example.com COI — x", "example.com | coi | domain | 0 | x"),
        (
            "bl add example.com 192.0.2.7/24 everywhere — x",
            "example.com | 192.0.2.0/24 | domain everywhere | 0 | x",
        ),
        (
            "bl add example.com 2001:DB8::1 — x",
            "example.com | 2001:db8::1 | domain | 0 | x",
        ),
        ("bl add example.com * — x", "example.com | * | domain | 0 | x"),
        ("bl add \"Example.com\" acme — x", "Example.com | acme |  | 0 | x"),
        ("bl add 192.0.2.1 acme — x", "192.0.2.1 | acme | domain | 0 | x"),
        ("bl add User:192.0.2.1 acme — x", "192.0.2.1 | acme |  | 0 | x"),
        ("ml add www.example.com", "* | example.com | domain | 0 | "),
        (
            r"ml add \bacme-\d+\.example\b for 1y",
            r"* | \bacme-\d+\.example\b |  | 365 | ",
        ),
        (
            r"ml add acme(shop|store) everywhere — x",
            "* | acme(shop|store) | everywhere | 0 | x",
        ),
        (
            r"ml add user ^Acme_\d+$ for 90d — socks",
            r"^Acme \d+$ | * |  | 90 | socks",
        ),
        ("ml add user", "* | user |  | 0 | "),
    ] {
        assert_eq!(brief(line), expected, "{line}");
    }
}

#[test]
fn entries_are_deleted_and_looked_for_as_they_are_added() {
    for (line, expected) in [
        ("wl del Beetstra water — done", "Beetstra | Water |  | done"),
        (
            "bl remove example.com 192.0.2.9/24 everywhere",
            "example.com | 192.0.2.0/24 | everywhere | ",
        ),
        ("ml del WWW.example.com", "* | example.com |  | "),
        // Also what would not be added today
        ("ml del (?<!x)acme", "* | (?<!x)acme |  | "),
        ("ml del user Acme_(", "Acme ( | * |  | "),
        ("wl search Beetstra Water", "Beetstra | Water"),
        ("wl search user beetstra", "Beetstra | -"),
        ("wl search page water", "- | Water"),
        ("wl search string www.example.com", "- | example.com"),
        ("wl search Beetstra *", "Beetstra | *"),
        ("bl search user example.com", "example.com | -"),
        ("bl search string COI", "- | coi"),
        ("bl search example.com 192.0.2.9/24", "example.com | 192.0.2.0/24"),
        ("ml search example.com", "- | example.com"),
        ("ml search user Acme_.*", "Acme .* | -"),
    ] {
        assert_eq!(brief(line), expected, "{line}");
    }
}

#[test]
fn the_other_commands() {
    for (line, expected) in [
        (
            "report user beetstra",
            Command::Report(Report::User("Beetstra".to_owned())),
        ),
        (
            "report link WWW.Example.com",
            Command::Report(Report::Link("example.com".to_owned())),
        ),
        ("report 50", Command::Report(Report::Newest(50))),
        ("links user:john_doe", Command::Links("John doe".to_owned())),
        ("Status", Command::Status),
        ("stats", Command::Stats),
        ("help", Command::Help(None)),
        ("help bl", Command::Help(Some("bl".to_owned()))),
    ] {
        assert_eq!(read(line), Ok(expected), "{line}");
    }
    let (user, string) = ("chocolatefan".to_owned(), "chocolate chip cookie".to_owned());
    let words = ["test", "chocolatefan", "chocolate chip cookie"].map(str::to_owned);
    let tested = parse_words(&words, &site(), &PathHosts::default(), Timestamp::UNIX_EPOCH);
    assert_eq!(tested, Ok(Command::Test { user, string }));
    let changes = |line: &str| read(line).unwrap().changes();
    assert!(changes("wl add A B") && changes("wl del A B") && !changes("wl search A B") && !changes("report 1"));
}

#[test]
fn what_is_wrong_is_told_with_the_right_form() {
    for (line, what, form) in [
        ("wl", "needs `add`, `del` or `search`", "wl add <user>"),
        ("wl ad A B", "did you mean `add`?", "wl add <user>"),
        ("wl add A", "there is 1 word", "wl add * <domain>"),
        ("wl add John Doe Water", "there are 3 words", "in quotes"),
        ("wl add * Water", "goes with a domain", "wl add"),
        (
            "wl add A B everywhere",
            "an entry for all wikis needs a reason",
            "wl add",
        ),
        (
            "wl add A B for ever",
            "`ever` is no time from 1h to 10y",
            "a name is quoted",
        ),
        ("wl add A B for 11y", "no time from 1h to 10y", "wl add"),
        ("wl add A Special:Version", "special page", "wl add"),
        ("wl del A B for 30d", "there is no `for`", "wl del <user>"),
        (
            "bl add A acme",
            "an entry of the blacklist needs a reason",
            "bl add <user>",
        ),
        ("bl add * acme — x", "not `*`", "bl add"),
        ("bl add A 192.0.2.0/24 — x", "goes with a domain", "bl add"),
        ("bl add A ... — x", "no letter or digit", "bl add"),
        ("bl add Talk:A acme — x", "not a user name", "bl add"),
        ("ml add *", "not `*`", "ml add"),
        ("ml add acme shop", "there are 2 words", "ml add"),
        ("ml add (?!x)acme", "not checked here: look-around", "ml add"),
        ("ml add .*", "it matches everything", "ml add"),
        (
            "ml add user acme",
            "an entry about user names needs a reason",
            "ml add user",
        ),
        ("ml add link:mailto:a@b", "no host", "ml add"),
        (
            "report user A B",
            "needs a user, a link, a day, a number or a feed",
            "report <number>",
        ),
        ("report 51", "no number from 1 to 50", "report <number>"),
        ("report 0", "no number from 1 to 50", "report <number>"),
        ("links A B", "one user", "links <user>"),
        ("test A", "a user and a text", "test <user>"),
        ("stats now", "nothing may follow `stats`", "It is written: stats"),
        ("reprot 5", "did you mean `report`?", "Commands: wl, bl, ml, report"),
        ("", "there is no command", "Commands: wl"),
    ] {
        let said = read(line).expect_err(line);
        assert!(said.contains(what) && said.contains(form), "{line}: {said}");
    }
    let long = format!("ml add {}", "x".repeat(256));
    assert!(read(&long).unwrap_err().contains("256 bytes, 255 are allowed"));
}

#[test]
fn every_command_has_help() {
    assert!(LINKS.names().iter().all(|name| FIRST_WORDS.contains(name)));
    for name in FIRST_WORDS {
        let one = help(Some(name));
        assert!(!one.contains("there is no command"), "{one}");
        let examples = one.lines().filter_map(|line| line.strip_prefix("Examples: "));
        for example in examples.flat_map(|line| line.split("; ")) {
            assert!(read(example).is_ok(), "{example}: {:?}", read(example));
        }
    }
    assert!(help(None).contains("ml add user <pattern>") && !help(None).contains("boxlist"));
    // Those of infobox-check are others
    assert!(!crate::lists::help(None).contains("ml add user"));
}

#[test]
fn a_domain_is_what_everybody_takes_for_one() {
    let hosts = PathHosts::default();
    let is = |text: &str| domain(text, &hosts).map(|key| key.ascii());
    for (text, expected) in [
        ("example.com", Some("example.com")),
        ("WWW.Example.com/", Some("example.com")),
        ("facebook.com/acme", Some("facebook.com/acme")),
        ("192.0.2.1", Some("192.0.2.1")),
        ("acme.blogspot.com", Some("acme.blogspot.com")),
        ("example.com/page", None),
        (r"example\.com", None),
        ("co.uk", None),
        ("Node.js", None),
        ("192.0.2.0/24", None),
        (".com", None),
        ("example.com.*", None),
        ("U.S.", None),
    ] {
        assert_eq!(is(text).as_deref(), expected, "{text}");
    }
}

proptest! {
    /// Whatever is typed is answered; and the time of an entry is what was said.
    #[test]
    fn any_line_is_answered(
        line in "(wl|bl|ml|report|links|test)? ?(add|del|search)? ?(user|link|page)?[ \"*a-z_.()|—é]{0,30}",
        days in 1..3_000i64,
    ) {
        let plain = read(&line);
        let timed = match line.split_once(" —") {
            Some((before, reason)) => format!("{before} for {days}d —{reason}"),
            None => format!("{line} for {days}d"),
        };
        if let (Ok(Command::Add(plain)), Ok(Command::Add(timed))) = (plain, read(&timed))
            && timed.expires.is_some()
        {
            prop_assert_eq!(timed.expires, Some(Timestamp::UNIX_EPOCH + TimeDelta::days(days)));
            prop_assert_eq!((plain.user, plain.string), (timed.user, timed.string), "{}", line);
        }
    }
}
