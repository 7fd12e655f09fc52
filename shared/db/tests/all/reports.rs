//! Reports and the revisions they show: stored whole, found by every question, forgotten whole.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::link::{Key, PathHosts};
use wikicrew_core::report::{Kind, Rule, Status, Subject};
use wikicrew_core::types::RevId;
use wikicrew_db::report::{self, BY_PERSON, Report};
use wikicrew_db::report_ask::{self, NewAsk, Reason};
use wikicrew_db::report_page::{self, Page};
use wikicrew_db::{Lease, report_row};

const DAY: i64 = 86_400;

/// The report about a link, by stored key.
fn link(key: &str) -> Subject {
    Subject::from_key(Kind::Link, key).unwrap()
}

/// One that was saved then and read back an hour later.
fn saved(subject: Subject, day: i64) -> Report {
    let mut report = Report::new(WIKI, subject, Rule::Dominance.word(), &[Rule::Dominance], t(0));
    report.title = Some(format!("User:Bot/{}", report.subject));
    report.status = Some(Status::Open);
    report.saved_at = Some(t(day * DAY));
    report.checked_at = Some(t(day * DAY + 3_600));
    report.digest = Some([7; 32]);
    report
}

async fn put(test: &TestDb, lease: &Lease, report: &Report) -> u64 {
    test.write(lease, async |tx| report::put(tx, report).await)
        .await
        .unwrap()
}

fn names(reports: &[Report]) -> Vec<String> {
    reports.iter().map(|report| report.subject.to_string()).collect()
}

#[tokio::test]
async fn a_report_comes_back_as_it_was_stored() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let subjects = [
        link("com.example.shop."),
        link("com.facebook./some.page/ü"),
        Subject::User("Éva 😀 <nowiki>".into()),
        Subject::Ip("2001:db8::7".parse().unwrap()),
        Subject::Range("192.0.2.0/24".parse().unwrap()),
        Subject::Server("192.0.2.7".parse().unwrap()),
        // As long as a key can get.
        Subject::User("ü".repeat(127) + "x"),
    ];
    let mut ids = Vec::new();
    for (n, subject) in subjects.into_iter().enumerate() {
        let bare = Report::new(WIKI, subject, BY_PERSON, &[], t(1));
        let id = put(&test, &lease, &bare).await;
        let read = report::get(&mut *test.db.conn().await.unwrap(), WIKI, &bare.subject)
            .await
            .unwrap();
        assert_eq!(read, Some(Report { id, ..bare.clone() }));
        let full = Report {
            id: 0,
            title: Some("User:Bot/[[x]]".into()),
            status: Some(Status::ALL[n % 5]),
            opened_by: Rule::Shortener.word().into(),
            rules: Rule::ALL.to_vec(),
            is_xwiki: true,
            opened_at: t(2),
            closed_at: Some(t(3)),
            reopened_at: Some(t(4)),
            stale_at: Some(t(5)),
            saved_at: Some(t(6)),
            checked_at: Some(t(7)),
            page_revid: Some(RevId(3_000_000_009)),
            digest: Some([n as u8; 32]),
            newest: Some(t(8)),
            additions: 5_000_000_000,
            fades_at: Some(t(9)),
            ..bare
        };
        assert_eq!(put(&test, &lease, &full).await, id, "the same report");
        let read = report::get(&mut *test.db.conn().await.unwrap(), WIKI, &full.subject)
            .await
            .unwrap();
        assert_eq!(read, Some(Report { id, ..full.clone() }));
        // Of another home it is another one.
        let other = Report {
            home: "home2".into(),
            ..full
        };
        ids.extend([id, put(&test, &lease, &other).await]);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 14);
    let by_ids = report::by_ids(&mut *test.db.conn().await.unwrap(), &[ids[0], 999, ids[3]])
        .await
        .unwrap();
    assert_eq!(
        by_ids.iter().map(|report| report.id).collect::<Vec<_>>(),
        [ids[0], ids[3]]
    );
}

#[tokio::test]
async fn reports_of_a_host_are_those_of_the_domains_above_it() {
    assert_eq!(
        report::covering("com.example.shop./a.b"),
        ["com.example.shop./a.b", "com.example.shop.", "com.example.", "com."]
    );
    assert_eq!(report::covering("203.0.113.7"), ["203.0.113.7"]);
    assert_eq!(report::covering("[2001:db8::1]"), ["[2001:db8::1]"]);
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for key in [
        "com.example.",
        "com.example.shop.",
        "com.examples.",
        "203.0.113.7",
        "com.facebook./a",
    ] {
        put(&test, &lease, &saved(link(key), 0)).await;
    }
    // Of the same name, but no link.
    put(&test, &lease, &saved(Subject::User("com.example.blog.".into()), 0)).await;
    let mut conn = test.db.conn().await.unwrap();
    let mut ask = async |hosts: &[&str]| {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        names(&report::of_hosts_domain(&mut *conn, WIKI, &hosts).await.unwrap())
    };
    assert_eq!(
        ask(&["com.example.shop.", "com.example.blog."]).await,
        ["example.com", "shop.example.com"]
    );
    assert_eq!(
        ask(&["com.example.shop.a./x"]).await,
        ["example.com", "shop.example.com"]
    );
    assert_eq!(
        ask(&["com.exampl.", "com.", "org.example."]).await,
        Vec::<String>::new()
    );
    assert_eq!(ask(&["203.0.113.7", "203.0.113.70"]).await, ["203.0.113.7"]);
    assert_eq!(ask(&["com.facebook./b", "com.facebook."]).await, Vec::<String>::new());
    // More than one statement takes.
    let many: Vec<String> = (0..1_200).map(|n| format!("com.example.n{n}.")).collect();
    let found = report::of_hosts_domain(&mut *conn, WIKI, &many).await.unwrap();
    assert_eq!(names(&found), ["example.com"]);
}

#[tokio::test]
async fn each_question_finds_its_reports() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    // Ten reports, one saved on each of ten days, every third closed, the fifth a cross-wiki one.
    for n in 0..10 {
        let mut report = saved(link(&format!("com.d{n}.")), n);
        if n % 3 == 0 {
            report.status = Some(Status::Closed);
        }
        report.is_xwiki = n == 5;
        report.newest = Some(t((9 - n) * DAY));
        put(&test, &lease, &report).await;
    }
    put(
        &test,
        &lease,
        &Report::new(WIKI, link("com.never."), BY_PERSON, &[], t(-99 * DAY)),
    )
    .await;
    put(&test, &lease, &saved(Subject::User("U".into()), 20)).await;
    // Titled, and never read back: due since it was made.
    let mut unread = saved(Subject::User("V".into()), 30);
    unread.checked_at = None;
    unread.status = Some(Status::Added);
    put(&test, &lease, &unread).await;
    put(
        &test,
        &lease,
        &Report {
            home: "home2".into(),
            ..saved(link("com.d1."), 1)
        },
    )
    .await;
    let mut conn = test.db.conn().await.unwrap();
    let c = &mut *conn;

    let due = report::due_for_check(c, WIKI, t(3 * DAY), 10).await.unwrap();
    assert_eq!(names(&due), ["V", "d0.com", "d1.com", "d2.com"]);
    let due = report::due_for_check(c, WIKI, t(3 * DAY), 2).await.unwrap();
    assert_eq!(names(&due), ["V", "d0.com"]);
    // The newest addition of d8 was on day 1, of d7 on day 2, of d5 on day 4; U has had none since it was made.
    let old = report::without_news(c, WIKI, Status::Open, t(4 * DAY + 1), 10)
        .await
        .unwrap();
    assert_eq!(names(&old), ["U", "d8.com", "d7.com", "d5.com"]);
    let newest = report::newest_saved(c, WIKI, &[Kind::Link], None, t(4 * DAY), 3)
        .await
        .unwrap();
    assert_eq!(names(&newest), ["d9.com", "d8.com", "d7.com"]);
    let newest = report::newest_saved(c, WIKI, &[Kind::Link], Some(true), t(0), 3)
        .await
        .unwrap();
    assert_eq!(names(&newest), ["d5.com"]);
    let newest = report::newest_saved(c, WIKI, &[Kind::User, Kind::Link], Some(false), t(6 * DAY), 10)
        .await
        .unwrap();
    assert_eq!(names(&newest), ["V", "U", "d9.com", "d8.com", "d7.com", "d6.com"]);
    let since = report::saved_since(c, WIKI, t(8 * DAY)).await.unwrap();
    assert_eq!(names(&since), ["d8.com", "d9.com", "U", "V"]);
    let mut counts = report::counts(c, WIKI).await.unwrap();
    counts.sort();
    assert_eq!(
        counts,
        [
            (None, 1),
            (Some(Status::Open), 7),
            (Some(Status::Closed), 4),
            (Some(Status::Added), 1)
        ]
    );
    let titles = ["User:Bot/d3.com", "User:Bot/d3.co", "User:Bot/U"].map(String::from);
    let titled = report::all_titled(c, WIKI, &titles).await.unwrap();
    assert_eq!(names(&titled), ["d3.com", "U"]);
    let keys = ["com.d3.", "U", "com.never."].map(String::from);
    let found = report::of_subjects(c, WIKI, Kind::Link, &keys).await.unwrap();
    assert_eq!(names(&found), ["d3.com", "never.com"]);
}

#[tokio::test]
async fn news_is_the_latest_of_making_reopening_and_additions() {
    let mut report = Report::new(WIKI, link("com.a."), BY_PERSON, &[], t(10));
    assert_eq!(report.news_at(), t(10));
    report.newest = Some(t(5));
    assert_eq!(report.news_at(), t(10), "an addition from before it was made");
    report.newest = Some(t(20));
    assert_eq!(report.news_at(), t(20));
    report.reopened_at = Some(t(30));
    assert_eq!(report.news_at(), t(30));
}

#[tokio::test]
async fn the_rows_of_reports_are_walked_once_each() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut all = Vec::new();
    // Two of three saved in the same second; every fourth shows nothing; one is too old.
    for n in 0..25_u64 {
        let mut report = saved(link(&format!("com.r{n}.")), 0);
        report.saved_at = Some(t((n as i64) / 3 + if n == 24 { -9 * DAY } else { 0 }));
        let id = put(&test, &lease, &report).await;
        let rows = if n % 4 == 0 && n != 24 { 0 } else { 1 + n % 3 };
        let rows: Vec<(String, RevId)> = (0..rows).map(|r| (format!("w{}", r % 2), RevId(100 + r))).collect();
        test.write(&lease, async |tx| report_row::replace(tx, id, &rows).await)
            .await
            .unwrap();
        if n != 24 {
            all.extend(rows.into_iter().map(|(wiki, rev)| (id, wiki, rev)));
        }
    }
    all.sort();
    let mut conn = test.db.conn().await.unwrap();
    for limit in [1, 2, 4, 7, 24, 100] {
        let (mut seen, mut after, mut steps) = (Vec::new(), None, 0);
        loop {
            let step = report_row::shown_since(&mut *conn, WIKI, t(0), after, limit)
                .await
                .unwrap();
            seen.extend(step.rows.into_iter().map(|row| (row.report_id, row.wiki, row.rev)));
            after = step.next;
            steps += 1;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, all, "in steps of {limit}");
        assert!(steps <= 24 / limit + 1);
    }
}

#[tokio::test]
async fn rows_are_replaced_by_what_differs() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let a = put(&test, &lease, &saved(link("com.a."), 0)).await;
    let b = put(&test, &lease, &saved(link("com.b."), 0)).await;
    let row = |wiki: &str, rev| (wiki.to_owned(), RevId(rev));
    let replace = async |id, rows: Vec<(String, RevId)>| {
        test.write(&lease, async |tx| report_row::replace(tx, id, &rows).await)
            .await
            .unwrap()
    };
    let first = vec![row("w1", 1), row("w2", 1), row("w1", 2), row("w1", 2)];
    assert_eq!(replace(a, first.clone()).await, 3);
    assert_eq!(replace(a, first).await, 0, "the same again");
    assert_eq!(replace(b, vec![row("w1", 1)]).await, 1);
    // Two go, two come.
    assert_eq!(replace(a, vec![row("w1", 1), row("w3", 9), row("w1", 7)]).await, 4);
    let found = test
        .sql("SELECT report_id, wiki, rev_id FROM report_row ORDER BY 1, 2, 3")
        .await;
    let wanted = [(a, "w1", 1), (a, "w1", 7), (a, "w3", 9), (b, "w1", 1)];
    assert_eq!(found, wanted.map(|(id, wiki, rev)| format!("{id}|{wiki}|{rev}")));
}

#[tokio::test]
async fn a_forgotten_report_leaves_nothing() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let ask = |subject: &Subject| NewAsk {
        home: WIKI.into(),
        subject: subject.clone(),
        origin: "o".into(),
        requester: None,
        requester_name: None,
        reason: Reason::Rule,
        detail: None,
    };
    let (gone, stays) = (Subject::User("Gone".into()), Subject::User("Stays".into()));
    for subject in [&gone, &stays] {
        let id = put(&test, &lease, &saved(subject.clone(), 0)).await;
        test.write(&lease, async |tx| {
            report_row::replace(tx, id, &[("w1".into(), RevId(1))]).await?;
            report_page::put(tx, &Page::new(id, WIKI)).await?;
            report_ask::ask(tx, &[ask(subject)], t(0)).await
        })
        .await
        .unwrap();
    }
    let forget = async |subject: &Subject| {
        test.db
            .transaction("test", async |tx| report::forget(tx, WIKI, subject).await)
            .await
            .unwrap()
    };
    assert!(forget(&gone).await);
    assert!(!forget(&gone).await);
    for table in ["report", "report_page", "report_row", "report_ask"] {
        assert_eq!(
            test.sql(&format!("SELECT COUNT(*) FROM {table}")).await,
            ["1"],
            "{table}"
        );
    }
    // Also what asked for one that was never made.
    test.write(&lease, async |tx| report_ask::ask(tx, &[ask(&gone)], t(0)).await)
        .await
        .unwrap();
    assert!(forget(&gone).await);
    assert_eq!(test.sql("SELECT subject FROM report_ask").await, ["Stays"]);
}

#[tokio::test]
async fn a_domain_is_forgotten_with_all_below_it() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let key = |name: &str| Key::from_name(name, &PathHosts::default()).unwrap();
    let names = ["acme.example", "shop.acme.example", "acme2.example", "example.com"];
    let ask = |name: &str, who: Option<&str>| NewAsk {
        home: WIKI.into(),
        subject: Subject::Link(key(name)),
        origin: name.into(),
        requester: who.map(|_| "wiki!guests".into()),
        requester_name: who.map(Into::into),
        reason: Reason::Rule,
        detail: who.map(Into::into),
    };
    for name in names {
        let id = put(&test, &lease, &saved(Subject::Link(key(name)), 0)).await;
        test.write(&lease, async |tx| {
            report_page::put(tx, &Page::new(id, WIKI)).await?;
            report_page::put(tx, &Page::new(id, "copywiki")).await
        })
        .await
        .unwrap();
    }
    let asks = [
        ask(names[0], None),
        ask("deep.shop.acme.example", None),
        ask(names[3], Some("192.0.2.7")),
        ask(names[2], Some("192.0.2.8")),
    ];
    test.write(&lease, async |tx| report_ask::ask(tx, &asks, t(0)).await)
        .await
        .unwrap();
    let (from, to) = key("acme.example").with_subdomains();
    let mut conn = test.db.conn().await.unwrap();
    let found = report::links_between(&mut *conn, WIKI, &from, &to).await.unwrap();
    let subjects: Vec<String> = found.iter().map(|report| report.subject.to_string()).collect();
    assert_eq!(subjects, ["acme.example", "shop.acme.example"]);
    let ids: Vec<u64> = found.iter().map(|report| report.id).collect();
    let pages = report_page::of_reports(&mut *conn, &ids).await.unwrap();
    let pages: Vec<(u64, &str)> = pages.iter().map(|page| (page.report_id, &*page.target)).collect();
    assert_eq!(pages.len(), 4);
    assert!(pages.contains(&(ids[0], "copywiki")) && pages.contains(&(ids[1], WIKI)));
    drop(conn);
    let erased = test
        .db
        .transaction("test", async |tx| {
            report::forget_asks_between(tx, WIKI, &from, &to).await
        })
        .await
        .unwrap();
    assert_eq!(erased, 2);
    // One of many who share a key: the other keeps the name.
    let erased = test
        .db
        .transaction("test", async |tx| {
            report_ask::forget_guest(tx, WIKI, "wiki!guests", "192.0.2.7").await
        })
        .await
        .unwrap();
    assert_eq!(erased, 1);
    let left = test
        .sql("SELECT subject, requester, requester_name, detail FROM report_ask ORDER BY 1")
        .await;
    assert_eq!(
        left,
        [
            "com.example.|wiki!guests|NULL|NULL",
            "example.acme2.|wiki!guests|192.0.2.8|192.0.2.8"
        ]
    );
}
