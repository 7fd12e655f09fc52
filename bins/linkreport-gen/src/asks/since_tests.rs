use std::net::IpAddr;

use shared::core::types::PageId;

use super::*;

fn at(day: u32, hour: u32) -> Timestamp {
    format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
}

fn facts(edits: Option<u64>, days: Option<i64>, groups: &[&str]) -> UserFacts {
    UserFacts {
        edits,
        registered: days.map(|days| at(22, 0) - TimeDelta::days(days)),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        is_global: false,
    }
}

#[test]
fn whom_the_rules_pass_over() {
    let skip = Skip {
        bots: true,
        groups: vec!["sysop".to_owned()],
        edits_over: Some(500),
        age_over: Some(TimeDelta::days(30)),
        tags: Vec::new(),
    };
    let is = |skip: &Skip, edits, days, groups: &[&str]| is_skipped(skip, &facts(edits, days, groups), at(22, 0));
    assert!(is(&skip, Some(501), Some(31), &[]));
    assert!(is(&skip, None, None, &["sysop"]) && is(&skip, None, None, &["bot"]));
    for (edits, days) in [
        (Some(500), Some(31)),
        (Some(501), Some(30)),
        (None, Some(31)),
        (Some(501), None),
    ] {
        assert!(!is(&skip, edits, days, &["autoconfirmed"]), "{edits:?} {days:?}");
    }
    let alone = |edits, age| Skip {
        edits_over: edits,
        age_over: age,
        bots: false,
        groups: Vec::new(),
        ..skip.clone()
    };
    assert!(is(&alone(Some(9), None), Some(10), None, &[]) && !is(&alone(Some(9), None), Some(9), Some(99), &[]));
    assert!(is(&alone(None, Some(TimeDelta::days(1))), None, Some(2), &[]));
    assert!(!is(&alone(None, None), Some(9_999), Some(9_999), &["bot"]));
}

#[test]
fn a_report_is_opened_again_at_most_so_often() {
    let every = TimeDelta::days(7);
    assert_eq!(not_before(None, every), None);
    assert_eq!(not_before(Some(at(10, 5)), every), Some(at(17, 5)));
}

/// An addition by an editor of that kind.
fn added(editor: u32, kind: Kind, name: &str, page: u64, times: u16) -> Addition {
    use shared::core::addition::Flags;
    use shared::core::types::RevId;
    use shared::db::links::questions::additions::Place;
    Addition {
        place: Place {
            ts: at(22, 0),
            wiki_id: 1,
            rev: RevId(page),
            n: 0,
        },
        wiki: "a/w".to_owned(),
        page_id: PageId(page),
        page: None,
        host_id: 1,
        stored_key: "example.a.".to_owned(),
        path: "/".to_owned(),
        flags: Flags(0),
        times,
        editor_id: editor,
        editor: name.to_owned(),
        kind,
    }
}

#[test]
fn only_the_rule_that_opened_it_opens_it_again() {
    let limits = Limits::default();
    let again = |additions: &[Addition], opened_by: &str| {
        let facts = Facts::from_rows(&rows(additions.iter()), &limits);
        super::again(&facts, opened_by, &limits)
    };
    // One account, five additions on three pages.
    let one: Vec<Addition> = (0..5).map(|n| added(1, Kind::Named, "Ann", n % 3, 1)).collect();
    assert_eq!(again(&one, "dominance"), [Rule::Dominance]);
    assert_eq!(again(&one, "person"), [Rule::Dominance]);
    assert_eq!(again(&one, "unnamed-only"), []);
    assert_eq!(again(&one, "noticeboard"), []);
    assert_eq!(again(&one[..4], "dominance"), []);
    assert_eq!(again(&[], "person"), []);
    // Four addresses of one network, each with a fourth: no dominance.
    let addresses: Vec<Addition> = (0..8)
        .map(|n| added(n % 4, Kind::Address, &format!("192.0.2.{}", n % 4), u64::from(n), 1))
        .collect();
    assert_eq!(
        again(&addresses, "close-addresses"),
        [Rule::UnnamedOnly, Rule::CloseAddresses]
    );
    assert_eq!(again(&addresses, "dominance"), []);
    let row = &rows(addresses.iter())[1];
    let ip: IpAddr = "192.0.2.1".parse().unwrap();
    assert_eq!((row.address, row.is_unnamed), (Some((ip, ip)), true));
}

#[test]
fn nobody_is_asked_for_what_cannot_meet_the_rule() {
    let limits = Limits::default();
    let four: Vec<Addition> = (0..4).map(|n| added(1, Kind::Named, "Ann", n, 1)).collect();
    let more = [four.clone(), vec![added(2, Kind::Named, "Ben", 9, 1)]].concat();
    for (opened_by, is) in [
        ("dominance", true),
        ("unnamed-only", true),
        ("same-server", false),
        ("person", false),
    ] {
        assert_eq!(is_too_little(&four, opened_by, &limits), is, "{opened_by}");
        assert!(is_too_little(&[], opened_by, &limits));
        assert!(!is_too_little(&more, opened_by, &limits));
    }
}
