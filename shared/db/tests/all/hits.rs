//! Hits of coi-report and the lines of its day pages: stored once, asked for, counted.

use crate::hits_support::{DAY, HOME, OTHER, insert, link, page, shop, take, user};
use crate::support::{TestDb, t};
use wikicrew_core::hit::Rule;
use wikicrew_core::types::{RevId, UserId};
use wikicrew_db::hit::{self, Thing, UserHits, Who};
use wikicrew_db::hit_line::{self, Shown, State};

const LINES: &str = "SELECT target, wiki, COALESCE(user_name, '-'), COALESCE(string, '-'), state, is_dirty \
    FROM hit_line ORDER BY 1, 2, 3, 4, day";

#[tokio::test]
async fn hits_are_stored_once_and_make_lines() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let mut skipped = page(1, t(0), "Éva 😀", "Éva Corp");
    skipped.hit.skip = Some("edits 1200, 40 days".into());
    let mut silent = shop(HOME, 2, t(1), "Bob");
    (silent.hit.is_shown, silent.hit.rule) = (false, Rule::MonitoredUser);
    let hits = [
        skipped,
        silent,
        shop(HOME, 3, t(2), "Bob"),
        shop(OTHER, 3, t(3), "Bob"),
        shop(OTHER, 4, t(4), "Bob"),
    ];
    assert_eq!(insert(&test, &lease, &hits, t(10)).await, 5);
    let before = [
        test.sql("SELECT id FROM hit ORDER BY id").await.len(),
        test.sql(LINES).await.len(),
    ];
    assert_eq!(before, [5, 3]);
    let row = |target, wiki| format!("{target}|{wiki}|Bob|shop.example.com|new|1");
    assert_eq!(
        test.sql(LINES).await,
        [row(HOME, HOME), row(HOME, OTHER), row(OTHER, OTHER)]
    );
    let mut conn = test.db.conn().await.unwrap();
    let stored = hit::of_revision(&mut conn, HOME, OTHER, RevId(3)).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].of, hits[3]);
    assert_eq!(
        (stored[0].home.as_str(), stored[0].recorded, stored[0].is_hidden()),
        (HOME, t(10), false)
    );
    assert_eq!(
        hit::of_revision(&mut conn, HOME, HOME, RevId(1)).await.unwrap()[0].of,
        hits[0]
    );

    // A line that was written is dirty again with a new hit only, and what is gone never.
    let due = hit_line::due(&mut conn, HOME, t(0), t(0), 10).await.unwrap();
    assert_eq!(due.len(), 2);
    assert!(
        hit_line::due(&mut conn, HOME, t(11), t(99), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let totals = hit_line::totals_of(&mut conn, &[due[1].id, due[0].id]).await.unwrap();
    assert_eq!(
        totals
            .iter()
            .map(|of| (of.hits, of.pages, of.hidden))
            .collect::<Vec<_>>(),
        [(2, 2, 0), (1, 1, 0)]
    );
    let of = hit_line::hits_of(&mut conn, &[due[0].id, due[1].id], 1).await.unwrap();
    assert_eq!(
        of.iter().map(|(id, row)| (*id, row.of.rev)).collect::<Vec<_>>(),
        [(due[0].id, RevId(3)), (due[1].id, RevId(3))]
    );
    drop(conn);
    assert!(
        due.iter()
            .all(|line| line.anchor.len() == 10 && line.user == Some(user("Bob")))
    );
    assert_ne!(due[0].anchor, due[1].anchor);
    let shown: Vec<Shown> = due
        .iter()
        .map(|line| Shown {
            id: line.id,
            hits: 1,
            recorded: line.recorded,
        })
        .collect();
    let marked = test
        .write(&lease, async |tx| {
            hit_line::mark_shown(tx, &shown, "Day", RevId(90), t(20)).await
        })
        .await;
    assert_eq!(marked.unwrap(), 2);
    assert_eq!(insert(&test, &lease, &hits, t(30)).await, 0);
    let mut conn = test.db.conn().await.unwrap();
    assert!(
        hit_line::due(&mut conn, HOME, t(0), t(99), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let lines = hit_line::of_title(&mut conn, HOME, "Day").await.unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].state, lines[0].shown_hits, lines[0].changed_at, lines[0].revid),
        (State::Shown, 1, Some(t(20)), Some(RevId(90)))
    );
    assert_eq!(
        hit_line::recent_titles(&mut conn, HOME, t(0).date_naive())
            .await
            .unwrap(),
        ["Day"]
    );
    assert!(
        hit_line::recent_titles(&mut conn, HOME, t(DAY).date_naive())
            .await
            .unwrap()
            .is_empty()
    );
    drop(conn);
    insert(
        &test,
        &lease,
        &[shop(HOME, 5, t(5), "Bob"), shop(HOME, 6, t(DAY), "Bob")],
        t(40),
    )
    .await;
    let mut conn = test.db.conn().await.unwrap();
    let again = hit_line::due(&mut conn, HOME, t(0), t(19), 10).await.unwrap();
    assert_eq!(
        again.iter().map(|line| line.state).collect::<Vec<_>>(),
        [State::New],
        "written within the hour"
    );
    assert_eq!(hit_line::due(&mut conn, HOME, t(0), t(20), 10).await.unwrap().len(), 2);
    drop(conn);
    // Hits that came after these were read: still dirty. And gone is gone.
    test.write(&lease, async |tx| {
        hit_line::mark_shown(tx, &shown, "Day", RevId(91), t(50)).await?;
        hit_line::mark_gone(tx, &[due[1].id]).await?;
        hit::insert(tx, &[shop(OTHER, 7, t(6), "Bob")], t(60)).await
    })
    .await
    .unwrap();
    let sql = format!(
        "SELECT id, state, is_dirty FROM hit_line WHERE id IN ({}, {}) ORDER BY id",
        due[0].id, due[1].id
    );
    let mut expected = [format!("{}|shown|1", due[0].id), format!("{}|gone|0", due[1].id)];
    expected.sort();
    assert_eq!(test.sql(&sql).await, expected);
}

/// Two settings pages that find the same: the page of the wiki itself tells of it once.
#[tokio::test]
async fn what_two_homes_found_is_told_once() {
    let test = TestDb::new().await;
    let (home, other) = (take(&test, HOME).await, take(&test, OTHER).await);
    let hits = [shop(OTHER, 1, t(0), "Bob"), shop(OTHER, 2, t(1), "Bob")];
    assert_eq!(insert(&test, &home, &hits, t(5)).await, 2);
    assert_eq!(insert(&test, &other, &hits[..1], t(6)).await, 1);
    let mut conn = test.db.conn().await.unwrap();
    let line = hit_line::due(&mut conn, OTHER, t(0), t(0), 10).await.unwrap();
    assert_eq!(line.len(), 1);
    let of = hit_line::hits_of(&mut conn, &[line[0].id], 10).await.unwrap();
    let seen: Vec<_> = of.iter().map(|(_, row)| (row.of.rev, row.home.as_str())).collect();
    assert_eq!(seen, [(RevId(1), OTHER), (RevId(2), HOME)]);
    assert_eq!(hit_line::totals_of(&mut conn, &[line[0].id]).await.unwrap()[0].hits, 2);
}

#[tokio::test]
async fn hits_are_found_by_user_thing_and_time_and_counted() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let mut skipped = page(9, t(7), "Bob", "Bob");
    skipped.hit.skip = Some("edits 1200, 40 days".into());
    let hits = [
        shop(HOME, 1, t(0), "Bob"),
        link(HOME, 2, t(1), "Bob", "example.com", "com.example."),
        link(OTHER, 3, t(2), "Bob", "example.org", "org.example."),
        shop(HOME, 4, t(3), "192.0.2.7"),
        shop(HOME, 5, t(4), "2001:db8::7"),
        shop(HOME, 6, t(-5_000), "Bob"),
        page(7, t(5), "~2026-1", "Shop"),
        page(8, t(6), "Ann", "Ann"),
        skipped,
    ];
    insert(&test, &lease, &hits, t(10)).await;
    let mut conn = test.db.conn().await.unwrap();
    let c = &mut conn;
    let revs = |rows: Vec<hit::Row>| rows.into_iter().map(|row| row.of.rev.0).collect::<Vec<_>>();
    let ip = |text: &str| text.parse().unwrap();
    assert_eq!(
        revs(hit::of_user(c, HOME, None, Who::Name("Bob"), 3).await.unwrap()),
        [9, 3, 2]
    );
    assert_eq!(
        revs(hit::of_user(c, HOME, Some(OTHER), Who::Name("Bob"), 9).await.unwrap()),
        [3]
    );
    assert_eq!(
        revs(
            hit::of_user(c, HOME, Some(HOME), Who::Account(UserId(3)), 9)
                .await
                .unwrap()
        ),
        [9, 8, 2, 1, 6]
    );
    assert!(
        hit::of_user(c, HOME, Some(HOME), Who::Account(UserId(0)), 9)
            .await
            .unwrap()
            .is_empty()
    );
    let range = Who::Addresses(ip("192.0.2.0"), ip("192.0.2.255"));
    assert_eq!(revs(hit::of_user(c, HOME, None, range, 9).await.unwrap()), [4]);
    let range = Who::Addresses(ip("2001:db8::"), ip("2001:db8::ffff"));
    assert_eq!(revs(hit::of_user(c, HOME, Some(HOME), range, 9).await.unwrap()), [5]);
    assert!(
        hit::of_user(c, OTHER, None, Who::Name("Bob"), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        revs(
            hit::of_string(c, HOME, None, Thing::Link("com.example."), 9)
                .await
                .unwrap()
        ),
        [2]
    );
    let domain = Thing::Links("com.example.", "com.example/");
    assert_eq!(
        revs(hit::of_string(c, HOME, None, domain, 4).await.unwrap()),
        [5, 4, 2, 1]
    );
    assert!(
        hit::of_string(c, HOME, Some(OTHER), domain, 4)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        revs(hit::of_string(c, HOME, None, Thing::Page("Shop"), 4).await.unwrap()),
        [7]
    );
    let first = hit::newest(c, HOME, None, None, 2).await.unwrap();
    let last = (first[1].of.ts, first[1].id);
    assert_eq!(revs(first), [9, 8]);
    assert_eq!(revs(hit::newest(c, HOME, None, Some(last), 2).await.unwrap()), [7, 5]);
    assert_eq!(revs(hit::newest(c, HOME, Some(OTHER), None, 2).await.unwrap()), [3]);
    // COIBot's c and t: three of Bob's hits on the home, one of them older than an hour.
    let asked = [(HOME, "Bob", t(1)), (OTHER, "Bob", t(1)), (HOME, "Nobody", t(1))];
    let counts = hit::counts_of_users(c, HOME, &asked).await.unwrap();
    let of = |recent, all| UserHits { recent, all };
    assert_eq!(counts, [of(2, 3), of(0, 1), of(0, 0)]);
    let hosts = hit::top_new_hosts(c, HOME, t(0), 9).await.unwrap();
    // The shop had a hit before.
    assert_eq!(
        hosts.iter().map(|of| of.key.as_str()).collect::<Vec<_>>(),
        ["com.example.", "org.example."]
    );
    let line = hit_line::due(c, HOME, t(0), t(0), 99).await.unwrap();
    let ann = line.iter().find(|line| line.user == Some(user("Ann"))).unwrap().id;
    drop(conn);
    test.write(&lease, async |tx| {
        hit_line::mark_struck(tx, &[ann], Some("Zoë"), t(9)).await
    })
    .await
    .unwrap();
    let mut conn = test.db.conn().await.unwrap();
    let counts = hit::counts(&mut conn, HOME, t(0)).await.unwrap();
    assert_eq!(
        counts.iter().map(|of| of.rule).collect::<Vec<_>>(),
        [Rule::PageOverlap, Rule::LinkOverlap]
    );
    assert_eq!(
        (counts[0].hits, counts[0].lines, counts[0].users, counts[0].struck),
        (2, 2, 2, 1)
    );
    assert_eq!(counts[0].skipped, [("edits".to_owned(), 1)]);
    assert_eq!(counts[0].precision(), Some(50.0));
    assert_eq!((counts[1].hits, counts[1].users, counts[1].struck), (5, 4, 0));
    let struck = hit_line::proposals(&mut conn, HOME, t(0), 9).await.unwrap();
    assert_eq!((struck[0].id, struck[0].struck_by.as_deref()), (ann, Some("Zoë")));
    drop(conn);
    test.write(&lease, async |tx| hit_line::mark_unstruck(tx, &[ann]).await)
        .await
        .unwrap();
    let mut conn = test.db.conn().await.unwrap();
    assert!(hit_line::proposals(&mut conn, HOME, t(0), 9).await.unwrap().is_empty());
}
