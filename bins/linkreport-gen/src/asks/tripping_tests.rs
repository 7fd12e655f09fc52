use shared::db::links::questions::rules::Ends;

use super::*;

fn key(name: &str) -> Key {
    Key::from_name(name, &PathHosts::default()).unwrap()
}

fn trip(name: &str, rules: &[Rule]) -> Tripped {
    Tripped {
        key: key(name),
        rules: rules.to_vec(),
    }
}

fn at(hour: u32) -> Timestamp {
    format!("2026-11-22T{hour:02}:00:00Z").parse().unwrap()
}

#[test]
fn several_hosts_of_a_domain_ask_for_one_report() {
    let owners = "facebook.com/acme";
    let tripped = vec![
        trip("a.shop.co.uk", &[Rule::UnnamedOnly]),
        trip("b.shop.co.uk", &[Rule::Dominance, Rule::UnnamedOnly]),
        trip("one.example", &[Rule::Dominance]),
        trip("acme.blogspot.com", &[Rule::Dominance]),
        trip("other.blogspot.com", &[Rule::Dominance]),
        trip("x.later.example", &[Rule::Shortener]),
        trip(owners, &[Rule::Dominance]),
        trip("facebook.com/other", &[Rule::Dominance]),
        trip("192.0.2.1", &[Rule::Dominance]),
    ];
    let before = HashMap::from([
        (
            "later.example".to_owned(),
            HashSet::from([key("y.later.example").stored().to_owned()]),
        ),
        (
            "one.example".to_owned(),
            HashSet::from([key("one.example").stored().to_owned()]),
        ),
    ]);
    let domains = shared_domains(&tripped, &before);
    assert_eq!(domains, ["later.example", "shop.co.uk"]);
    let told = |domains: &[&str]| {
        let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let subjects = subjects(tripped.clone(), &domains, &PathHosts::default());
        subjects
            .into_iter()
            .map(|one| format!("{} {}", one.key.ascii(), words(&one.rules)))
            .collect::<Vec<String>>()
    };
    let whole = told(&["later.example", "shop.co.uk"]);
    assert_eq!(whole.len(), 8);
    assert!(
        whole.contains(&"shop.co.uk dominance unnamed-only".to_owned()),
        "{whole:?}"
    );
    assert!(whole.contains(&"later.example shortener".to_owned()) && whole.contains(&format!("{owners} dominance")));
    // A place where many people have pages is not taken for one.
    assert!(told(&["later.example"]).contains(&"a.shop.co.uk unnamed-only".to_owned()));
    let asks = opening("a/w", &trip("a.example", &[Rule::Dominance, Rule::Noticeboard]), at(1));
    assert_eq!(
        (&*asks.origin, asks.detail.as_deref()),
        ("rule:dominance:2026-W47", Some("dominance noticeboard"))
    );
}

fn report(name: &str, status: Option<Status>) -> Report {
    let mut report = Report::new("a/w", Subject::Link(key(name)), "dominance", &[Rule::Dominance], at(1));
    report.status = status;
    report
}

#[test]
fn additions_do_to_a_report_what_its_status_says() {
    let touched = |id: u32, name: &str, hour: u32| {
        let touched = Touched {
            host_id: id,
            since: at(hour),
        };
        (touched, key(name).stored().to_owned())
    };
    let hosts = [
        touched(1, "a.open.example", 3),
        touched(2, "b.open.example", 5),
        touched(3, "closed.example", 3),
        touched(4, "ignored.example", 3),
        touched(5, "stale.example", 3),
        touched(6, "added.example", 3),
        touched(7, "new.example", 3),
        touched(8, "never.example", 3),
        touched(9, "openexample", 3),
    ];
    let reports = [
        report("open.example", Some(Status::Open)),
        report("a.open.example", Some(Status::Closed)),
        report("closed.example", Some(Status::Closed)),
        report("ignored.example", Some(Status::Ignore)),
        report("stale.example", Some(Status::Stale)),
        report("added.example", Some(Status::Added)),
        report("never.example", None),
    ];
    let news = news(&hosts, &reports, &HashMap::new(), TimeDelta::hours(24), at(9));
    let asks: Vec<String> = news
        .asks
        .iter()
        .map(|(ask, _)| format!("{} {}", ask.subject, ask.origin))
        .collect();
    let origin = format!(
        "open.example additions:{}:{}",
        at(5).timestamp(),
        at(9).timestamp_micros()
    );
    assert_eq!(asks, [origin]);
    let closed: Vec<String> = news.closed.iter().map(ToString::to_string).collect();
    assert_eq!(closed, ["closed.example", "a.open.example"]);
    let open: Vec<&str> = hosts
        .iter()
        .filter(|(_, key)| !news.covered.contains(key))
        .map(|(_, key)| key.as_str())
        .collect();
    assert_eq!(open, ["example.new.", "example.never.", "openexample."]);
}

#[test]
fn additions_wait_for_their_moment_and_leave_pages_alone_that_people_took_away() {
    let stored = |id: u64, name: &str, saved: Option<u32>, checked: u32, status| {
        let mut report = report(name, Some(status));
        (report.id, report.saved_at, report.checked_at) = (id, saved.map(at), Some(at(checked)));
        report
    };
    let reports = [
        stored(1, "saved.example", Some(3), 8, Status::Open),
        stored(2, "held.example", Some(3), 8, Status::Open),
        stored(3, "unsaved.example", None, 2, Status::Open),
        stored(4, "gone.example", Some(3), 8, Status::Open),
        stored(5, "gone-closed.example", Some(3), 8, Status::Closed),
    ];
    let states = HashMap::from([(2, State::Held), (4, State::Gone), (5, State::Gone)]);
    let touched: Vec<(Touched, String)> = reports
        .iter()
        .map(|report| {
            let touched = Touched {
                host_id: report.id as u32,
                since: at(9),
            };
            (touched, report.subject.key())
        })
        .collect();
    let news = news(&touched, &reports, &states, TimeDelta::hours(6), at(10));
    let asks: HashMap<String, Timestamp> = news
        .asks
        .iter()
        .map(|(ask, at)| (ask.subject.to_string(), *at))
        .collect();
    let wanted = [("saved.example", 9), ("held.example", 14), ("unsaved.example", 8)];
    assert_eq!(asks, wanted.map(|(name, hour)| (name.to_owned(), at(hour))).into());
    assert_eq!((news.closed, news.covered.len()), (Vec::new(), 5));
}

#[test]
fn addresses_are_close_in_one_family_only() {
    let ends = |first: &str, last: &str| {
        Some(Ends {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
        })
    };
    let of = |v4, v6| {
        let counted = Counted {
            host_id: 1,
            n: 6,
            editors: 3,
            top_editor: 2,
            top_n: 4,
            unnamed_n: 5,
            addresses: 2,
            v4,
            v6,
        };
        facts(5, 2, Some(&counted), &Limits::default())
    };
    let near = of(ends("192.0.2.1", "192.0.2.254"), None);
    assert_eq!(
        (near.additions, near.editors, near.top, near.unnamed, near.wikis),
        (6, 3, 4, 5, 2)
    );
    assert!(near.one_network && of(None, ends("2001:db8:0:1::1", "2001:db8:0:2::1")).one_network);
    assert!(!of(ends("192.0.2.1", "192.0.3.1"), None).one_network);
    assert!(!of(ends("192.0.2.1", "192.0.2.1"), ends("2001:db8::1", "2001:db8::1")).one_network);
    // Pages are counted only where they decide.
    assert!(needs_pages(&near, &Limits::default()));
    assert!(!needs_pages(&facts(4, 1, None, &Limits::default()), &Limits::default()));
}

#[test]
fn domains_of_a_server_are_counted_by_editor_and_address() {
    let row = |host: u32, ip: &str, editor: u32, name: &str| OnServer {
        host_id: host,
        ip: ip.parse().unwrap(),
        editor_id: editor,
        other_id: 0,
        stored_key: key(name).stored().to_owned(),
    };
    let rows = [
        row(1, "203.0.113.1", 7, "a.example"),
        row(1, "203.0.113.1", 7, "www2.a.example"),
        row(1, "203.0.113.1", 7, "b.example"),
        row(1, "203.0.113.1", 8, "c.example"),
        row(1, "203.0.113.2", 7, "d.example"),
        row(2, "203.0.113.1", 8, "c.example"),
    ];
    assert_eq!(on_server(&rows, |_| true), HashMap::from([(1, 2), (2, 1)]));
    assert_eq!(on_server(&rows, |editor| editor == 8), HashMap::from([(1, 1), (2, 1)]));
}
