use super::*;
use shared::core::overlap::NearMiss;
use shared::core::types::Problem;

fn read(yaml: &str) -> Result<Settings, Vec<Problem>> {
    let text = format!("<pre>\nenabled: true\n{yaml}\n</pre>");
    parse::<Settings>(&text, "wikitext", "draft", &manual::offline_site().unwrap()).map(|parsed| parsed.settings)
}

fn titles(of: &[Title]) -> Vec<String> {
    let site = manual::offline_site().unwrap();
    of.iter().map(|title| site.prefixed(title)).collect()
}

/// The feeds that the page shows in comments are read when the comment signs are gone.
#[test]
fn the_feeds_of_the_example_are_accepted() {
    let text = include_str!("../settings.example.wiki");
    let (_, feeds) = text.split_once("\n# feeds:\n").unwrap();
    let feeds = feeds.lines().map_while(|line| line.strip_prefix("# "));
    let feeds = read(&format!("feeds:\n{}", feeds.collect::<Vec<_>>().join("\n")))
        .unwrap()
        .feeds;
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(names, ["spam", "hook"]);
    for rule in Rule::ALL {
        assert!(text.contains(rule.word()), "{rule:?}");
    }
    let wrong = read("feeds: [{name: spam, rules: [blacklist], boxes: [X], sink: stdout}]").unwrap_err();
    let fields: Vec<&str> = wrong.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(fields, ["feeds[1].rules[1]", "feeds[1].boxes"], "{wrong:?}");
}

/// What the page shows as defaults are the defaults, and every key stands on it.
#[test]
fn the_example_is_accepted_and_says_what_is_the_default() {
    let text = include_str!("../settings.example.wiki");
    let site = manual::offline_site().unwrap();
    let example = parse::<Settings>(text, "wikitext", "draft", &site).unwrap();
    assert_eq!(example.settings, Settings::default());
    assert_eq!(example.warnings, []);
    for key in Settings::KEYS {
        let stands = ["\n", "\n# "]
            .iter()
            .any(|start| text.contains(&format!("{start}{key}:")));
        assert!(stands, "{key} is not in settings.example.wiki");
    }
}

#[test]
fn every_key_is_read() {
    let settings = read(
        "publish: pages\n\
         wikis:\n  - here\n  - {api: https://de.example.org/w/api.php, prefix: 'W:de:', source: eventstreams, namespaces: [0, 100]}\n\
         namespaces: [0, Project]\n\
         score: {threshold: 30.5, deterioration: 1, near_misses: {threshold: 75, min_length: 6}}\n\
         min_name_length: 3\n\
         skip: {bots: false, groups: [sysop], edits_over: 1000, age_over: off, tags: [mw-rollback]}\n\
         ip_proximity: {v4: 16, v6: 48}\n\
         auto_monitor: {ratio: 60, expires: 1y, common_host: 50}\n\
         noticeboards: ['Wikipedia talk:WikiProject Spam']\n\
         summary_templates: ['Template:link info']\n\
         blacklists: []\n\
         commands: {page: 'User:ExampleBot/Desk', users: [Olga], groups: []}\n\
         report: {title: 'Wikipedia:WikiProject Spam/COIReports', approval: agreed, max_lines: 20}\n\
         keep: {additions: 90d, hits: 1y}\n",
    )
    .unwrap();
    assert_eq!(settings.publish, Publish::Pages);
    let Wikis::List(wikis) = &settings.wikis else {
        panic!("{:?}", settings.wikis);
    };
    assert_eq!(
        (&wikis[0].place, wikis[0].source),
        (&Place::Here, Source::RecentChanges)
    );
    assert_eq!(
        wikis[1].place,
        Place::Api("https://de.example.org/w/api.php".to_owned())
    );
    assert_eq!(
        (wikis[1].prefix.as_deref(), wikis[1].source),
        (Some("w:de"), Source::EventStreams)
    );
    assert_eq!(
        (&wikis[1].namespaces, &settings.namespaces),
        (&Some(vec![0, 100]), &Some(vec![0, 4]))
    );
    let config = &settings.config;
    assert_eq!((config.limit, config.deterioration, config.min_name), (30.5, 1.0, 3));
    let near = NearMiss {
        threshold: 0.75,
        min_length: 6,
    };
    assert_eq!(
        (config.near, config.proximity, config.auto_ratio),
        (Some(near), (16, 48), Some(60.0))
    );
    assert_eq!(
        (config.skip.bots, config.skip.edits_over, config.skip.age_over),
        (false, Some(1000), None)
    );
    assert_eq!(
        (config.skip.groups.as_slice(), config.skip.tags.as_slice()),
        (&["sysop".to_owned()][..], &["mw-rollback".to_owned()][..])
    );
    assert_eq!((settings.auto_expires.num_days(), settings.common_host), (365, 50));
    assert_eq!(titles(&settings.noticeboards), ["Project talk:WikiProject Spam"]);
    assert_eq!(
        (settings.summary_templates, settings.blacklists),
        (vec!["Link info".to_owned()], Vec::new())
    );
    let commands = settings.commands.unwrap();
    assert_eq!(commands.page.map(|page| page.text).as_deref(), Some("ExampleBot/Desk"));
    assert_eq!((commands.users, commands.groups), (vec!["Olga".to_owned()], Vec::new()));
    assert_eq!(settings.report.title.as_ref().map(|title| title.ns), Some(4));
    assert_eq!(
        (settings.report.approval.as_deref(), settings.report.max_lines),
        (Some("agreed"), 20)
    );
    assert_eq!(
        (settings.keep.additions.num_days(), settings.keep.hits.num_days()),
        (90, 365)
    );

    assert_eq!(read("wikis: all").unwrap().wikis, Wikis::All);
    assert_eq!(
        read("wikis: []\npublish: pages").unwrap().wikis,
        Wikis::List(Vec::new())
    );
    assert_eq!(read("wikis: [{wiki: here}]").unwrap(), Settings::default());
    assert_eq!(read("auto_monitor: off").unwrap().config.auto_ratio, None);
    let nobody = read("skip: {edits_over: off, age_over: off}").unwrap().config.skip;
    assert_eq!((nobody.edits_over, nobody.age_over), (None, None));
}

#[test]
fn templates_are_read_with_parameter_and_redirects() {
    let settings = read("link_templates: {Template:url: 1, Homepage: {parameter: address, redirects: [home page]}}");
    let settings = settings.unwrap();
    let [url, homepage] = settings.link_templates.as_slice() else {
        panic!("{:?}", settings.link_templates);
    };
    assert_eq!((url.name.as_str(), url.parameter.as_str()), ("Url", "1"));
    assert_eq!(
        (homepage.name.as_str(), homepage.parameter.as_str()),
        ("Homepage", "address")
    );
    assert_eq!(homepage.redirects, ["Home page"]);
}

#[test]
fn every_mistake_is_told_where_it_stands() {
    for (yaml, wanted) in [
        ("link_templates: {'User:X': 1}", "a template is wanted"),
        ("link_templates: {URL: ''}", "parameter"),
        ("link_templates: {URL: 0}", "parameter"),
        ("link_templates: {URL: 1, 'Template:URL': 3}", "twice"),
        ("new_user: {age: 36h}", "whole days"),
        ("link_templates: {URL: {redirects: [Url]}}", "parameter"),
        ("path_hosts: [not a host]", "path_hosts"),
        ("namespaces: [99]", "no namespace 99"),
        ("new_user: {edits: -1}", "new_user"),
        ("pathhosts: []", "path_hosts"),
        ("publish: feeds", "none of `off`, `pages`"),
        ("publish: no", "none of `off`, `pages`"),
        ("alerts: []", "the key `alerts` is not known"),
        ("wikis:", "write `all`, or a list"),
        ("wikis: here", "write `all`, or a list"),
        ("wikis: [all]", "wikis[1]: write `here`"),
        (
            "wikis: [here, {wiki: here}]",
            "wikis[2]: this wiki stands in the list twice",
        ),
        (
            "wikis: [{wiki: here, api: 'https://a.example/w/api.php'}]",
            "one of `wiki: here` and `api:",
        ),
        ("wikis: [{source: eventstreams}]", "one of `wiki: here` and `api:"),
        (
            "wikis: [{api: 'http://a.example/w/api.php'}]",
            "must begin with https://",
        ),
        (
            "wikis: [{api: 'https://a.example/wiki/'}]",
            "must end with the path of api.php",
        ),
        (
            "wikis: [{api: 'https://u:secret@a.example/w/api.php'}]",
            "user name or password",
        ),
        (
            "wikis: [{api: 'https://a.example/w/api.php'}, {api: 'https://A.example/w/api.php'}]",
            "wikis[2]: this wiki stands in the list twice",
        ),
        (
            "wikis: [{api: 'https://a.example/w/api.php', prefix: 'a]b'}]",
            "wikis[1].prefix: write an interwiki prefix",
        ),
        (
            "wikis: [{api: 'https://a.example/w/api.php', namespaces: [Talk]}]",
            "namespaces are numbers",
        ),
        (
            "wikis: [{api: 'https://a.example/w/api.php', page: X}]",
            "its own settings page says so",
        ),
        ("wikis: [{wiki: here, prefix: w}]", "needs no prefix"),
        ("score: {threshold: 0}", "score.threshold: a number from 1 to 100"),
        (
            "score: {deterioration: 1.1}",
            "score.deterioration: a number from 0 to 1",
        ),
        ("score: {near_misses: on}", "write `off`, or a group of keys"),
        ("score: {near_misses: {threshold: 0.8}}", "a number from 50 to 100"),
        ("min_name_length: 0", "min_name_length: a whole number from 1 to 50"),
        ("skip: {edits_over: -1}", "skip.edits_over: a whole number from 0"),
        ("skip: {age_over: 30}", "say the unit"),
        (
            "skip: {groups: [sysop, sysop]}",
            "skip.groups[2]: this name stands in the list twice",
        ),
        ("ip_proximity: {v4: 33}", "ip_proximity.v4: a whole number from 8 to 32"),
        (
            "ip_proximity: {v6: 8}",
            "ip_proximity.v6: a whole number from 16 to 128",
        ),
        (
            "auto_monitor: {expires: 1h}",
            "auto_monitor.expires: a time span from 1d",
        ),
        (
            "auto_monitor: {common_host: 1}",
            "auto_monitor.common_host: a whole number from 2",
        ),
        ("noticeboards: [Special:X, 'a|b']", "noticeboards[2]"),
        ("summary_templates: ['User:X']", "a template is wanted"),
        (
            "blacklists: [A, a]",
            "blacklists[2]: this page stands in the list twice",
        ),
        ("report: {title: 'Wikipedia:Reports'}", "need an approval"),
        ("report: {title: 'User talk:X/Y'}", "talk pages of users"),
        ("report: {title: 'Reports', approval: x}", "among the articles"),
        (
            "report: {max_lines: 9}",
            "report.max_lines: a whole number from 10 to 5000",
        ),
        (
            "report: {title: 'Wikipedia:A', approval: x}\nnoticeboards: ['Wikipedia:A/B']",
            "would be one of the report's pages",
        ),
        ("commands: {page: 'Project:Desk'}", "needs `approval`"),
        ("commands: {groups: [user]}", "everybody is in"),
        (
            "report: {title: 'User:B/R'}\ncommands: {page: 'User:B/R/Desk'}",
            "would be one of the report's pages",
        ),
        ("keep: {hits: 1d}", "keep.hits: a time span from 30d"),
    ] {
        let problems = read(yaml).err().unwrap_or_default();
        assert!(
            problems.iter().any(|problem| problem.to_string().contains(wanted)),
            "{yaml}: {problems:?}"
        );
        assert!(
            !problems.iter().any(|problem| problem.to_string().contains("secret")),
            "{problems:?}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let problems =
        read("publish: maybe\nscore: {threshold: 0, deteriorate: 1}\nkeep: {hits: 1}\nwikis: [x]\nreport: 5");
    let told: Vec<String> = problems.unwrap_err().iter().map(Problem::to_string).collect();
    let places = [
        "publish",
        "score.threshold",
        "score.deteriorate",
        "keep.hits",
        "wikis[1]",
        "report",
    ];
    for place in places {
        assert!(
            told.iter().any(|line| line.contains(&format!(": {place}: "))),
            "{place}: {told:#?}"
        );
    }
}

#[test]
fn reports_stand_below_the_bots_own_page_or_where_it_was_agreed() {
    let site = manual::offline_site().unwrap();
    let title = |yaml: &str| {
        let settings = read(yaml).unwrap();
        let problems: Vec<String> = settings
            .misplaced("ExampleBot", &site)
            .iter()
            .map(Problem::to_string)
            .collect();
        (site.prefixed(&settings.report_title("ExampleBot")), problems.join("; "))
    };
    assert_eq!(title(""), ("User:ExampleBot/COIReports".to_owned(), String::new()));
    assert_eq!(title("report: {title: 'User:ExampleBot/X'}").1, "");
    assert_eq!(title("report: {title: 'Project:X', approval: y}").1, "");
    for (yaml, wanted) in [
        ("report: {title: 'User:Olga/X'}", "no page below the bot's own"),
        ("report: {title: 'User:ExampleBot'}", "no page below the bot's own"),
        (
            "report: {title: 'User:ExampleBot/coi-report/Settings/X'}",
            "has another use",
        ),
    ] {
        assert!(title(yaml).1.contains(wanted), "{yaml}: {:?}", title(yaml));
    }
}
