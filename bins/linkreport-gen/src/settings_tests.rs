use shared::manual;
use shared::settings::parse;

use super::*;
use shared::core::types::Problem;
use std::collections::BTreeSet;

fn read(yaml: &str) -> Result<Settings, Vec<Problem>> {
    let text = format!("<pre>\nenabled: true\n{yaml}\n</pre>");
    parse::<Settings>(&text, "wikitext", "draft", &manual::offline_site().unwrap()).map(|parsed| parsed.settings)
}

fn shown(of: &[Title]) -> Vec<String> {
    let site = manual::offline_site().unwrap();
    of.iter().map(|title| site.prefixed(title)).collect()
}

/// What the page shows as defaults are the defaults, and every key stands on it.
#[test]
fn the_example_is_accepted_and_says_what_is_the_default() {
    let text = include_str!("../settings.example.wiki");
    let site = manual::offline_site().unwrap();
    let example = parse::<Settings>(text, "wikitext", "draft", &site).unwrap();
    assert_eq!(example.settings, Settings::default());
    assert_eq!(example.warnings, []);
    assert_eq!(read("").unwrap(), Settings::default());
    for key in Settings::KEYS {
        let stands = ["\n", "\n# "]
            .iter()
            .any(|start| text.contains(&format!("{start}{key}:")));
        assert!(stands, "{key} is not in settings.example.wiki");
    }
    // What is commented out is no mistake either.
    let there = text
        .replace("  - {wiki: here, home: true}\n#", "")
        .replace("\n#  - {", "\n  - {")
        .replace("# shorteners:", "shorteners:")
        .replace("# path_hosts:", "path_hosts:");
    let there = parse::<Settings>(&there, "wikitext", "draft", &site).unwrap().settings;
    assert_eq!((there.targets.len(), there.shorteners.keys.len()), (2, 2));
}

#[test]
fn every_key_is_read() {
    let settings = read(
        "publish: pages\n\
         watched_pages: ['wikipedia talk:Spam']\n\
         templates: {link: 'Template:link info', user: [], ip: [IP info], status: [State, Status]}\n\
         poke: {page: 'Project:Asking', users: [olga], groups: [patroller]}\n\
         rules: {dominance: 50, min_additions: 9, min_pages: 4, xwiki_from: 2, same_server: 5, cidr: 16}\n\
         limits: {per_run: 50, per_day: 0, per_requester: 3, regenerate_every: 1h, reopen_every: 14d}\n\
         titles: {link: Spam/Links, user: Users, ip: Addresses, range: Ranges, server: Servers}\n\
         targets:\n  - {wiki: here, base: 'Project:Spam', approval: ' agreed ', home: false}\n  - {wiki: 'https://meta.example.org/w/api.php', base: 'Benutzer:Bot'}\n\
         stale_after: 1w\n\
         common_host: 50\n\
         shorteners: {hosts: [Bit.ly, 'https://tiny.cc/'], page: 'Project:Short'}\n\
         noticeboards: ['Project:Board']\n\
         blacklists: []\n\
         skip: {bots: false, groups: [sysop], edits_over: 1000, age_over: off}\n\
         show: {rows: 20, looked_at: 30, users: 7, hosts: 8, single_addresses: false}\n\
         path_hosts: [facebook.com]\n\
         names_for: 30d\n\
         messages: {status-open: offen}\n",
    )
    .unwrap();
    let site = manual::offline_site().unwrap();
    let title = |text: &str| site.title(text).unwrap();
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let hosts = PathHosts::new(["facebook.com"]).unwrap();
    let wanted = Settings {
        publish: Publish::Pages,
        watched_pages: vec![title("Project talk:Spam")],
        templates: Templates {
            link: texts(&["Link info"]),
            user: Vec::new(),
            ip: texts(&["IP info"]),
            status: texts(&["State", "Status"]),
        },
        poke: Some(Poke {
            page: Some(title("Project:Asking")),
            users: texts(&["Olga"]),
            groups: texts(&["patroller"]),
        }),
        rules: Limits {
            dominance: 50,
            min_additions: 9,
            min_pages: 4,
            xwiki_from: 2,
            same_server: 5,
            cidr: 16,
        },
        limits: LimitSettings {
            per_run: 50,
            per_day: 0,
            per_requester: 3,
            regenerate_every: TimeDelta::hours(1),
            reopen_every: TimeDelta::days(14),
        },
        titles: Titles {
            link: "Spam/Links".to_owned(),
            user: "Users".to_owned(),
            ip: "Addresses".to_owned(),
            range: "Ranges".to_owned(),
            server: "Servers".to_owned(),
        },
        targets: vec![
            Target {
                place: Place::Here,
                base: Some(title("Project:Spam")),
                base_there: None,
                approval: Some("agreed".to_owned()),
                is_home: false,
            },
            Target {
                place: Place::Api("https://meta.example.org/w/api.php".to_owned()),
                base: None,
                base_there: Some("Benutzer:Bot".to_owned()),
                approval: None,
                is_home: true,
            },
        ],
        stale_after: TimeDelta::days(7),
        common_host: 50,
        shorteners: Shorteners {
            keys: ["bit.ly", "tiny.cc"]
                .map(|name| Key::from_name(name, &hosts).unwrap())
                .into(),
            page: Some(title("Project:Short")),
        },
        noticeboards: vec![title("Project:Board")],
        blacklists: Vec::new(),
        skip: Skip {
            bots: false,
            groups: texts(&["sysop"]),
            edits_over: Some(1000),
            age_over: None,
            tags: Vec::new(),
        },
        show: Show {
            rows: 20,
            looked_at: 30,
            users: 7,
            hosts: 8,
            single_addresses: false,
        },
        path_hosts: hosts,
        names_for: TimeDelta::days(30),
    };
    assert_eq!(settings, wanted);
    assert!(!settings.home_is_here() && settings.home() == &settings.targets[1]);
    assert_eq!(settings.here(), &settings.targets[0]);
    assert_eq!(read("poke: off").unwrap().poke, None);
    assert_eq!(read("poke: {}").unwrap(), Settings::default());
    assert_eq!(read("shorteners: {hosts: []}").unwrap().shorteners.keys, []);
}

/// The default pages are where COIBot looked, and the default shorteners are 44 hosts that can exist.
#[test]
fn the_defaults_are_what_they_should_be() {
    let settings = Settings::default();
    assert_eq!(
        shown(&settings.watched_pages),
        [
            "Project talk:WikiProject Spam",
            "MediaWiki talk:Spam-blacklist",
            "MediaWiki talk:Spam-whitelist"
        ]
    );
    let keys: BTreeSet<&Key> = settings.shorteners.keys.iter().collect();
    assert_eq!(keys.len(), 44);
    assert!(keys.iter().all(|key| key.registrable() == Some(key.host())));
    assert!(settings.home_is_here());
}

#[test]
fn the_home_is_the_one_that_says_so_or_the_first() {
    let home = |targets: &str| {
        let settings = read(&format!("targets: [{targets}]")).unwrap();
        settings.targets.iter().position(|target| target.is_home).unwrap()
    };
    let there = "wiki: 'https://a.example/w/api.php'";
    assert_eq!(home("{wiki: here}"), 0);
    assert_eq!(home(&format!("{{{there}}}, {{wiki: here}}")), 0);
    assert_eq!(home(&format!("{{{there}}}, {{wiki: here, home: true}}")), 1);
    assert_eq!(home(&format!("{{{there}, home: false}}, {{wiki: here}}")), 1);
}

#[test]
fn every_mistake_is_told_where_it_stands() {
    let api = "https://a.example/w/api.php";
    for (yaml, wanted) in [
        ("publish: maybe", ": publish: "),
        ("publish: no", "none of `off`, `pages`"),
        ("watched: []", "the key `watched` is not known"),
        ("watched_pages: ['Special:X', 'a|b']", ": watched_pages[2]: "),
        (
            "watched_pages: [A, a]",
            "watched_pages[2]: this page stands in the list twice",
        ),
        ("templates: {link: ['User:X']}", "templates.link[1]: "),
        (
            "templates: {user: [LinkSummary]}",
            "templates.user[1]: this template stands here twice",
        ),
        (
            "templates: {link: [UserSummary]}",
            "templates.user: `UserSummary`, its default",
        ),
        ("templates: {links: [A]}", "templates.links: the key"),
        ("poke: on", "poke: write `off`, or a group of keys"),
        ("poke: {page: 'a|b'}", ": poke.page: "),
        ("poke: {users: ['A/B']}", ": poke.users[1]: "),
        ("poke: {users: [Ann, ann]}", "poke.users[2]: this name stands"),
        (
            "poke: {groups: [sysop, user]}",
            "poke.groups[2]: `user` is a group that everybody is in",
        ),
        ("rules: {dominance: 0}", "rules.dominance: a whole number from 1 to 100"),
        (
            "rules: {min_additions: 0}",
            "rules.min_additions: a whole number from 1",
        ),
        ("rules: {min_pages: 0}", "rules.min_pages: a whole number from 1"),
        ("rules: {xwiki_from: 1}", "rules.xwiki_from: a whole number from 2"),
        ("rules: {same_server: 1}", "rules.same_server: a whole number from 2"),
        ("rules: {cidr: 33}", "rules.cidr: a whole number from 8 to 32"),
        ("limits: {per_run: 51}", "limits.per_run: a whole number from 1 to 50"),
        ("limits: {per_day: -1}", "limits.per_day: a whole number from 0"),
        (
            "limits: {per_requester: 21}",
            "limits.per_requester: a whole number from 1 to 20",
        ),
        ("limits: {regenerate_every: 24}", "limits.regenerate_every: "),
        ("limits: {reopen_every: 2y}", "limits.reopen_every: a time span from"),
        ("titles: {link: 'A/B/C'}", "titles.link: write one name"),
        ("titles: {link: '/A'}", "titles.link: write one name"),
        ("titles: {link: 'A/'}", "titles.link: write one name"),
        (
            "titles: {link: 'A[b'}",
            "titles.link: this can be no part of a title: `[` is not allowed",
        ),
        ("titles: {link: '..'}", "titles.link: this can be no part of a title"),
        (
            "titles: {server: COIReports}",
            "titles.server: pages of this name have another use",
        ),
        (
            "titles: {link: linkreport-gen/Stop}",
            "titles.link: pages of this name have another use",
        ),
        ("titles: {link: UserReports}", "titles.link: "),
        (
            "titles: {range: UserReports}",
            "titles.range: `UserReports` is, or lies below",
        ),
        (
            "titles: {server: LinkReports/x}",
            "titles.server: `LinkReports/x` is, or lies below",
        ),
        ("titles: {links: A}", "titles.links: the key"),
        ("targets: here", ": targets: "),
        ("targets: []", "targets: one of them has to be {wiki: here}"),
        ("targets: [here]", "targets[1]: write {wiki: here}"),
        ("targets: [{base: X}]", "targets[1].wiki: this key is missing"),
        (
            "targets: [{wiki: here}, {wiki: here}]",
            "targets[2]: this wiki stands in the list twice",
        ),
        (
            "targets: [{wiki: there}]",
            "targets[1].wiki: this is neither `here` nor",
        ),
        (
            "targets: [{wiki: 'https://a.example/wiki/'}]",
            "must end with the path of api.php",
        ),
        (
            "targets: [{wiki: 'http://a.example/w/api.php'}]",
            "must begin with https://",
        ),
        (
            "targets: [{wiki: 'https://u:secret@a.example/w/api.php'}]",
            ": targets[1].wiki: ",
        ),
        (
            &format!("targets: [{{wiki: '{api}'}}]"),
            "targets: one of them has to be {wiki: here}",
        ),
        (
            &format!("targets: [{{wiki: here, home: true}}, {{wiki: '{api}', home: true}}]"),
            "targets[2]: people's part",
        ),
        (
            "targets: [{wiki: here, home: false}]",
            "targets: one of them has to be the home",
        ),
        ("targets: [{wiki: here, home: perhaps}]", ": targets[1].home: "),
        (
            &format!("targets: [{{wiki: here}}, {{wiki: '{api}', base: 'a|b'}}]"),
            "targets[2].base: write the title",
        ),
        ("targets: [{wiki: here, base: 'a|b'}]", ": targets[1].base: "),
        (
            "targets: [{wiki: here, base: 'Project:A'}]",
            "targets[1].approval: reports outside",
        ),
        ("targets: [{wiki: here, base: A, approval: x}]", "among the articles"),
        (
            "targets: [{wiki: here, base: 'Talk:A', approval: x}]",
            "among the articles",
        ),
        (
            "targets: [{wiki: here, base: 'User talk:A', approval: x}]",
            "talk pages of users",
        ),
        (
            "targets: [{wiki: here, base: 'MediaWiki:A', approval: x}]",
            "messages of the wiki",
        ),
        (
            "targets: [{wiki: here, base: 'MediaWiki talk:A', approval: x}]",
            "wiki's messages",
        ),
        (
            "targets: [{wiki: here, approval: \"a\\nb\"}]",
            "targets[1].approval: this must be one line",
        ),
        ("stale_after: 30", ": stale_after: "),
        ("stale_after: 1h", "stale_after: a time span from 1d"),
        ("common_host: 1", "common_host: a whole number from 2"),
        ("shorteners: [bit.ly]", ": shorteners: "),
        (
            "shorteners: {hosts: [bit.ly, 'bit.ly/x']}",
            "shorteners.hosts[2]: write the host alone",
        ),
        (
            "shorteners: {hosts: [BIT.ly, bit.ly]}",
            "shorteners.hosts[2]: this host stands",
        ),
        (
            "shorteners: {hosts: [com]}",
            "shorteners.hosts[1]: `com` is what many domains end in",
        ),
        ("shorteners: {hosts: ['not a host']}", ": shorteners.hosts[1]: "),
        ("shorteners: {page: '<'}", ": shorteners.page: "),
        ("noticeboards: ['<']", ": noticeboards[1]: "),
        ("blacklists: ['<']", ": blacklists[1]: "),
        ("skip: {edits_over: -1}", "skip.edits_over: a whole number from 0"),
        ("skip: {age_over: 30}", ": skip.age_over: "),
        ("skip: {bots: often}", ": skip.bots: "),
        ("skip: {groups: [a, a]}", "skip.groups[2]: this name stands"),
        ("skip: {tags: [x]}", "skip.tags: the key"),
        ("show: {rows: 9}", "show.rows: a whole number from 10 to 1000"),
        (
            "show: {looked_at: 5001}",
            "show.looked_at: a whole number from 10 to 5000",
        ),
        (
            "show: {looked_at: 100}",
            "show.looked_at: only additions that were looked at",
        ),
        ("show: {users: 4}", "show.users: a whole number from 5"),
        ("show: {hosts: 501}", "show.hosts: a whole number from 5 to 500"),
        ("show: {single_addresses: 24}", ": show.single_addresses: "),
        ("path_hosts: [not a host]", ": path_hosts[1]: "),
        ("names_for: 91d", "names_for: a time span from 0"),
        ("messages: {wait-many: 'Many wait.'}", ": messages.wait-many: "),
    ] {
        let problems = read(yaml).err().unwrap_or_default();
        let told: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert!(told.iter().any(|line| line.contains(wanted)), "{yaml}: {told:?}");
        assert!(!told.iter().any(|line| line.contains("secret")), "{told:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let problems = read(
        "publish: maybe\nrules: {cidr: 1, dominanz: 2}\nlimits: 5\ntargets: [x, {wiki: y}]\nshow: {rows: 1}\nnames_for: 1",
    );
    let told: Vec<String> = problems.unwrap_err().iter().map(Problem::to_string).collect();
    let places = [
        "publish",
        "rules.cidr",
        "rules.dominanz",
        "limits",
        "targets[1]",
        "targets[2].wiki",
        "show.rows",
        "names_for",
    ];
    for place in places {
        assert!(
            told.iter().any(|line| line.contains(&format!(": {place}: "))),
            "{place}: {told:#?}"
        );
    }
    assert_eq!(told.len(), places.len(), "{told:#?}");
}
