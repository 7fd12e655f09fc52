use shared::core::link::PathHosts;
use shared::manual::offline_site;

use super::*;

fn names() -> Names {
    let site = offline_site().unwrap();
    let of = |name: &str, more: &[&str]| Some(TemplateNames::new(&site, name, more.iter().copied()));
    Names {
        link: of("LinkSummary", &["Link summary", "Template:LS"]),
        user: of("UserSummary", &[]),
        ip: of("IPSummary", &[]),
    }
}

/// What is called for on a page with this text.
fn read(text: &str) -> Vec<Call> {
    let (names, path_hosts) = (names(), PathHosts::default());
    let tags = HashSet::from(["nowiki".to_owned(), "pre".to_owned(), "syntaxhighlight".to_owned()]);
    let reading = Reading {
        names: &names,
        tags: &tags,
        path_hosts: &path_hosts,
    };
    calls(text, &reading).unwrap()
}

/// The same as people would say it.
fn asked(text: &str) -> Vec<String> {
    let calls = read(text);
    let told = calls.into_iter().map(|call| match call.subject {
        Ok(subject) => format!("{} {subject}", subject.kind().word()),
        Err(why) => format!("wrong: {why}"),
    });
    told.collect()
}

#[test]
fn calls_are_read_as_the_wiki_reads_them() {
    for (text, wanted) in [
        ("{{LinkSummary|example.com}}", vec!["link example.com"]),
        (
            "* {{ linkSummary | 1 = Example.COM }} x {{Link_summary|http://www.shop.example/a?b}}",
            vec!["link example.com", "link shop.example"],
        ),
        (
            "{{template:LS|a.example}}{{:LS|b.example}}{{LinkSummaryLive|c.example}}",
            vec!["link a.example"],
        ),
        (
            "{{UserSummary|some_user}} {{UserSummary|192.0.2.7}} {{userSummary|192.0.2.7/24}}",
            vec!["user Some user", "ip 192.0.2.7", "range 192.0.2.0/24"],
        ),
        (
            "{{IPSummary|2001:DB8::1}} {{IPSummary|192.0.2.0/24}}",
            vec!["ip 2001:db8::1", "range 192.0.2.0/24"],
        ),
        // Not what stands there as an example, or not at all.
        (
            "<nowiki>{{LinkSummary|a.example}}</nowiki><pre>{{LinkSummary|b.example}}</pre>",
            vec![],
        ),
        (
            "<!-- {{LinkSummary|a.example}} --><includeonly>{{LinkSummary|b.example}}</includeonly>",
            vec![],
        ),
        (
            "<syntaxhighlight>{{LinkSummary|a.example}}</syntaxhighlight>{{LinkSummary|b.example",
            vec![],
        ),
        (
            "{{LinkSummary}}{{LinkSummary|}}{{LinkSummary|{{{1}}}}}{{LinkSummary|{{x}}.example}}",
            vec![],
        ),
        // Within others, with comments, doubled parameters, twice.
        (
            "{{hidden|{{LinkSummary|<!-- 1 -->a.example<!-- 2 -->}}}}",
            vec!["link a.example"],
        ),
        (
            "{{LinkSummary|a.example|1=b.example|2=c}}{{LinkSummary|b.example.}}",
            vec!["link b.example"],
        ),
        (
            "{{LinkSummary<!-- x -->|a.example}}\n{{LinkSummary\n|a.example\n}}",
            vec!["link a.example", "link a.example"],
        ),
    ] {
        assert_eq!(asked(text), wanted, "{text}");
    }
}

#[test]
fn what_names_nothing_is_told() {
    for text in [
        "{{LinkSummary|co.uk}}",
        "{{LinkSummary|not a host}}",
        "{{LinkSummary|<nowiki>a.example</nowiki>}}",
        "{{IPSummary|Somebody}}",
        "{{UserSummary|a/b}}",
        "{{LinkSummary|mailto:a@b.example}}",
    ] {
        let told = asked(text);
        assert!(told.len() == 1 && told[0].starts_with("wrong: "), "{text}: {told:?}");
    }
}

proptest::proptest! {
    /// Whatever anybody saves: no panic, and of each line nothing twice.
    #[test]
    fn any_text_is_read(text in "([{}|<>!a.=/\n -]|\\{\\{LinkSummary\\||\\}\\}|<nowiki>|</nowiki>|<!--|-->|a.example){0,40}") {
        let calls = read(&text);
        let lines: HashSet<_> = calls.iter().map(|call| &call.line).collect();
        proptest::prop_assert_eq!(lines.len(), calls.len());
    }
}
