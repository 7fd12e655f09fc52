use std::collections::HashMap;

use shared::core::addition::Flags;
use shared::core::link::PathHosts;
use shared::core::report::Subject;
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::links::questions::additions::Place;
use shared::db::links::questions::counts::Four;
use shared::db::links::questions::lookup::Kind;
use shared::wiki::uses::Linking;

use super::super::{Gathered, Refs, RevNow, RowRef, UserRef};
use super::{Plan, add, fate, sum};
use crate::model::*;

fn ts() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

/// A row of revision 100 and its page; the revision is number 1 of the page.
fn row(page: u64, stored_key: &str, path: &str, flags: Flags) -> (Row, RowRef, RevNow) {
    let rev = RevId(page * 10 + 1);
    let row = Row {
        number: 1,
        ts: ts(),
        wiki: 0,
        rev,
        page_id: PageId(page),
        title: None,
        who: Who::Name("Alice".to_owned()),
        kind: Kind::Named,
        user_links: 1,
        stored_key: stored_key.to_owned(),
        link: String::new(),
        times: 1,
        four: Four::default(),
        fate: Fate::Unknown,
        is_top: false,
        is_again: false,
        by_archive: flags.has(Flags::UNWRAPPED),
    };
    let place = Place {
        ts: ts(),
        wiki_id: 1,
        rev,
        n: 0,
    };
    let behind = RowRef {
        place,
        editor_id: 7,
        name: "Alice".to_owned(),
        account: None,
        host_id: 1,
        path: path.to_owned(),
        ns: Some(0),
        flags,
    };
    let now = RevNow {
        user: "Alice".to_owned(),
        page_id: PageId(page),
        ns: 0,
        title: String::new(),
        latest: RevId(page * 10 + 2),
    };
    (row, behind, now)
}

fn gathered(rows: Vec<(Row, RowRef, RevNow)>) -> Gathered {
    let mut refs = Refs::default();
    let mut model_rows = Vec::new();
    for (row, behind, now) in rows {
        refs.revs.insert((0, row.rev), now);
        refs.rows.push(behind);
        model_rows.push(row);
    }
    let model = Model {
        subject: Subject::User("Alice".to_owned()),
        wikis: Vec::new(),
        totals: Totals::default(),
        complete: Complete::default(),
        rules: Vec::new(),
        by_wiki: Vec::new(),
        by_month: Vec::new(),
        users: Vec::new(),
        hosts: Vec::new(),
        rows: model_rows,
        fates: Fates::default(),
        servers: Vec::new(),
        entries: Vec::new(),
        unchecked: Vec::new(),
        established: Established::default(),
        earlier: Vec::new(),
        hits: Vec::new(),
        all_hits: 0,
    };
    Gathered { model, refs }
}

const PLAIN: Flags = Flags(0);

#[test]
fn a_domain_is_asked_for_once_and_all_links_only_where_it_cannot_be() {
    let some = gathered(vec![
        row(1, "example.acme.", "/", PLAIN),
        row(2, "example.acme.shop.", "/x", Flags::HTTPS),
        row(3, "192.0.2.7", "/", PLAIN),
        row(4, "[2001:db8::7]", "/", PLAIN),
        row(5, "example.acme.", "/", Flags::UNWRAPPED),
        row(6, "example.acme.", "/", Flags::OTHER_SCHEME),
        // Its links are all asked for, for another row.
        row(6, "example.acme.", "/", PLAIN),
    ]);
    let rows: Vec<usize> = (0..7).collect();
    let plan = Plan::new(&some, &rows, 50);
    let pages = |ids: &[u64]| ids.iter().map(|id| PageId(*id)).collect();
    assert_eq!(plan.whole, pages(&[4, 5, 6]));
    let of_domain = [("192.0.2.7", pages(&[3])), ("acme.example", pages(&[1, 2]))];
    assert_eq!(
        plan.of_domain,
        of_domain.map(|(domain, pages)| (domain.to_owned(), pages)).into()
    );

    // 1,000 rows on 300 pages: one domain costs six batches, and 200 domains cost less as all links of the 300 pages.
    let of = |domains: u64| {
        let rows = (0..1_000u64).map(|n| row(n % 300 + 1, &format!("example.acme{}.", n % domains), "/", PLAIN));
        gathered(rows.collect())
    };
    let rows: Vec<usize> = (0..1_000).collect();
    let one = Plan::new(&of(1), &rows, 50);
    assert_eq!((one.whole.len(), one.of_domain.len()), (0, 1));
    assert_eq!(
        one.of_domain
            .values()
            .map(|pages| pages.len().div_ceil(50))
            .sum::<usize>(),
        6
    );
    let many = Plan::new(&of(200), &rows, 50);
    assert_eq!((many.whole.len(), many.of_domain.len()), (300, 0));
}

#[test]
fn what_became_of_a_link_is_told_by_host_and_path_whatever_the_scheme() {
    let linking = |links: &[&str], is_whole| {
        Some(Linking {
            ns: 0,
            title: "A".to_owned(),
            revid: RevId(12),
            links: links.iter().map(|link| (*link).to_owned()).collect(),
            is_whole,
        })
    };
    let mut pages = HashMap::new();
    let mut put = |id, now| add(&mut pages, PageId(id), now, &PathHosts::default());
    let links = [
        "https://example.com:8080/Case?q=1#x",
        "https://web.archive.org/web/2020/http://old.example.com/page",
        "https://bücher.example.com/",
        "http://www.facebook.com/Acme.Widgets/posts",
    ];
    put(1, linking(&links, true));
    put(2, linking(&links, false));
    put(3, None);
    // Two answers about one page are one page.
    put(4, linking(&["http://example.com/a"], true));
    put(4, linking(&["http://example.com/b"], false));
    let told = |page: u64, key: &str, path: &str, flags| {
        let (row, behind, _) = row(page, key, path, flags);
        fate(&row, &behind, pages.get(&PageId(page)))
    };
    for (key, path, flags, expected) in [
        ("com.example.", ":8080/Case?q=1#x", PLAIN, Fate::Live),
        ("com.example.", ":8080/case?q=1#x", PLAIN, Fate::Removed),
        ("com.example.", "/", PLAIN, Fate::Removed),
        ("com.example.", "", PLAIN, Fate::Live),
        ("com.example.shop.", "", PLAIN, Fate::Removed),
        ("com.example.old.", "/page", Flags::UNWRAPPED, Fate::Live),
        ("com.example.old.", "/page", PLAIN, Fate::Removed),
        ("com.example.xn--bcher-kva.", "/", PLAIN, Fate::Live),
        ("com.facebook./acme.widgets", "/Acme.Widgets/posts", PLAIN, Fate::Live),
        // Recorded when the host had no owners.
        ("com.facebook.", "/Acme.Widgets/posts", PLAIN, Fate::Live),
    ] {
        assert_eq!(told(1, key, path, flags), expected, "{key} {path}");
        let cut = if expected == Fate::Removed {
            Fate::Unknown
        } else {
            expected
        };
        assert_eq!(told(2, key, path, flags), cut, "{key} {path}, not read to the end");
    }
    assert_eq!(told(3, "com.example.", "/", PLAIN), Fate::PageGone);
    assert_eq!(told(4, "com.example.", "/a", PLAIN), Fate::Live);
    assert_eq!(told(4, "com.example.", "/b", PLAIN), Fate::Live);
    assert_eq!(told(4, "com.example.", "/c", PLAIN), Fate::Unknown);
    assert_eq!(told(5, "com.example.", "/", PLAIN), Fate::Unknown);
}

#[test]
fn sums_are_added_to_those_of_the_model_and_of_its_users() {
    let fates = [Fate::Live, Fate::Removed, Fate::Removed, Fate::PageGone, Fate::Unknown];
    let mut all = gathered((1..=5).map(|page| row(page, "com.example.", "/", PLAIN)).collect());
    for (i, fate) in fates.into_iter().enumerate() {
        all.model.rows[i].fate = fate;
    }
    all.model.rows[1].is_again = true;
    // An edit that added the link four times.
    all.model.rows[1].times = 4;
    all.refs.rows[4].editor_id = 8;
    all.model.fates = Fates {
        looked_at: 2,
        gone: 2,
        hidden: 2,
        ..Fates::default()
    };
    all.model.users.push(Adder {
        who: Who::Name("Alice".to_owned()),
        kind: Kind::Named,
        wiki: 0,
        n: 4,
        wikis: 1,
        first: ts(),
        last: ts(),
        other_links: 0,
        other_hosts: Vec::new(),
        fates: Fates::default(),
        account: None,
    });
    all.refs.users.push(UserRef {
        editor_id: 7,
        name: "Alice".to_owned(),
        account: None,
    });
    sum(&mut all);
    let expected = Fates {
        looked_at: 10,
        live: 1,
        removed: 5,
        gone: 3,
        unknown: 1,
        again: 4,
        hidden: 2,
    };
    assert_eq!(all.model.fates, expected);
    let of_user = Fates {
        looked_at: 7,
        gone: 1,
        unknown: 0,
        hidden: 0,
        ..expected
    };
    assert_eq!(all.model.users[0].fates, of_user);
}
