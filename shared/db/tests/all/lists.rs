//! What people keep by commands: lists, names shown nowhere, memos set by hand.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::link::{Key, PathHosts};
use wikicrew_core::types::{RevId, UserId};
use wikicrew_db::list::{self, NewEntry};
use wikicrew_db::suppress::{self, Entry, What};
use wikicrew_db::{memo, source_page};

const JOB: &str = "infobox-check";

const ENTRY: NewEntry<'static> = NewEntry {
    list: "white",
    user: Some("Éva"),
    page: Some("Water"),
    by: "Ädmin",
    reason: "knows",
    expires: None,
};

#[tokio::test]
async fn entries_are_added_once_searched_and_removed() {
    let test = TestDb::new().await;
    let add = async |wiki: &str, entry: NewEntry<'_>, now| {
        test.db
            .transaction("test", async |tx| list::add(tx, JOB, wiki, &entry, t(now)).await)
            .await
            .unwrap()
    };
    assert!(add(WIKI, ENTRY, 0).await);
    assert!(!add(WIKI, ENTRY, 0).await, "the very same");
    let changed = NewEntry {
        by: "Bob",
        reason: "other",
        expires: Some(t(900)),
        ..ENTRY
    };
    assert!(!add(WIKI, changed, 60).await);
    let any_page = NewEntry { page: None, ..ENTRY };
    let other_user = NewEntry {
        user: Some("éva"),
        ..ENTRY
    };
    let monitor = NewEntry {
        list: "monitor",
        user: None,
        ..ENTRY
    };
    for entry in [any_page, other_user, monitor] {
        assert!(add(WIKI, entry, 0).await);
    }
    assert!(add("dewiki", ENTRY, 0).await);

    let mut conn = test.db.conn().await.unwrap();
    let mut search = async |list: &str, user: Option<&str>, page: Option<&str>| -> Vec<String> {
        let rows = list::search(&mut conn, JOB, WIKI, list, user, page).await.unwrap();
        let name = |name: Option<String>| name.unwrap_or("*".into());
        rows.into_iter()
            .map(|row| format!("{} {}", name(row.user), name(row.page)))
            .collect()
    };
    assert_eq!(search("white", Some("Éva"), None).await, ["Éva *", "Éva Water"]);
    assert_eq!(search("white", None, Some("Water")).await, ["Éva Water", "éva Water"]);
    assert_eq!(search("white", Some("Éva"), Some("Water")).await, ["Éva Water"]);
    assert_eq!(search("white", None, None).await.len(), 3);
    assert_eq!(search("monitor", None, Some("Water")).await, ["* Water"]);
    assert!(search("monitor", Some("Éva"), None).await.is_empty());
    let rows = list::all(&mut conn, JOB, WIKI).await.unwrap();
    assert_eq!(rows.len(), 4);
    let row = rows.iter().find(|row| row.by == "Bob").unwrap();
    assert_eq!(
        (row.at, row.reason.as_str(), row.expires),
        (t(60), "other", Some(t(900))),
        "the newer words count"
    );
    assert!(list::all(&mut conn, "coi-report", WIKI).await.unwrap().is_empty());
    drop(conn);

    let del = async |user: Option<&str>, page: Option<&str>| {
        test.db
            .transaction("test", async |tx| list::del(tx, JOB, WIKI, "white", user, page).await)
            .await
            .unwrap()
    };
    assert!(del(Some("Éva"), None).await, "only the entry for every page");
    assert!(!del(Some("Éva"), None).await);
    assert!(del(Some("Éva"), Some("Water")).await);
    assert!(!del(None, Some("Water")).await, "of another list");
    let left = test
        .sql("SELECT wiki, list, user_name FROM list_entry ORDER BY 1, 2, 3")
        .await;
    assert_eq!(left, ["dewiki|white|Éva", "testwiki|monitor|", "testwiki|white|éva"]);
}

#[tokio::test]
async fn suppressed_names_are_known_by_name_and_account_and_never_printed() {
    let test = TestDb::new().await;
    let entry = |what, name: &str, user_id: Option<u64>| Entry {
        what,
        name: name.into(),
        user_id: user_id.map(UserId),
        by: "operator".into(),
        since: t(0),
        reason: "asked".into(),
    };
    let add = async |wiki: &str, entry: Entry| {
        test.db
            .transaction("test", async |tx| suppress::add(tx, wiki, &entry).await)
            .await
            .unwrap()
    };
    assert!(add(WIKI, entry(What::User, "Bob", Some(7))).await);
    assert!(!add(WIKI, entry(What::User, "Bob", None)).await, "keeps the account");
    assert!(add(WIKI, entry(What::User, "192.0.2.1", Some(0))).await);
    assert!(add(WIKI, entry(What::Page, "Water", None)).await);
    assert!(add("dewiki", entry(What::Host, "example.org", None)).await);

    let read = async || {
        let mut conn = test.db.conn().await.unwrap();
        suppress::all(&mut conn, WIKI).await.unwrap()
    };
    let all = read().await;
    assert!(all.hides_user(None, "Bob") && all.hides_user(Some(UserId(7)), "Renamed"));
    assert!(all.hides_user(Some(UserId(0)), "192.0.2.1"));
    assert!(!all.hides_user(Some(UserId(0)), "192.0.2.2"), "0 is no account");
    assert!(!all.hides_user(Some(UserId(8)), "bob") && !all.hides_user(None, "Water"));
    assert!(all.hides(What::Page, "Water") && !all.hides(What::Report, "Water"));
    assert!(!all.hides(What::Host, "example.org"), "of another wiki");
    let everywhere = suppress::everywhere(&mut test.db.conn().await.unwrap()).await.unwrap();
    assert_eq!(everywhere.len(), 2);
    assert_eq!(everywhere[WIKI].private_entries(), all.private_entries());
    assert!(everywhere["dewiki"].hides(What::Host, "example.org"));
    let entries = all.private_entries();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[1], entry(What::User, "Bob", Some(7)));
    let printed = format!("{all:?} {entries:?}");
    assert!(!printed.contains("Bob") && !printed.contains("Water"), "{printed}");

    let del = async |name: &str| {
        test.db
            .transaction("test", async |tx| suppress::del(tx, WIKI, What::User, name).await)
            .await
            .unwrap()
    };
    assert!(del("Bob").await);
    assert!(!del("Bob").await);
    assert!(!read().await.hides_user(Some(UserId(7)), "Bob"));
}

#[tokio::test]
async fn memos_are_set_by_hand_and_found_by_their_beginning() {
    let test = TestDb::new().await;
    let names = ["box:A", "box:", "box:_%", "box:Ü😀", "box;", "bow:A", "boxes"];
    for name in names {
        test.db
            .transaction("test", async |tx| {
                memo::set_by_hand(tx, JOB, WIKI, name, "off", t(0)).await?;
                memo::set_by_hand(tx, "matchbot", WIKI, name, "x", t(0)).await
            })
            .await
            .unwrap();
    }
    test.db
        .transaction("test", async |tx| {
            memo::set_by_hand(tx, JOB, WIKI, "box:A", "on", t(60)).await
        })
        .await
        .unwrap();
    let mut conn = test.db.conn().await.unwrap();
    let mut find = async |prefix: &str| -> Vec<String> {
        let found = memo::starting_with(&mut conn, JOB, WIKI, prefix).await.unwrap();
        found
            .into_iter()
            .map(|(name, memo)| format!("{name}={}@{}", memo.value, (memo.updated - t(0)).num_seconds()))
            .collect()
    };
    let expected = ["box:=off@0", "box:A=on@60", "box:_%=off@0", "box:Ü😀=off@0"];
    assert_eq!(find("box:").await, expected);
    assert_eq!(find("box:_").await, ["box:_%=off@0"], "no wildcard");
    assert_eq!(find("box:Ü😀").await, ["box:Ü😀=off@0"]);
    assert_eq!(find("").await.len(), names.len());
    assert!(find("c").await.is_empty());
}

/// What a job adds after a hit ends by itself, counts longer with each hit, and never changes what a person said.
#[tokio::test]
async fn entries_that_a_job_added() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let job = lease.fence().job.clone();
    let auto = |page, seconds| NewEntry {
        list: "ml",
        user: None,
        page: Some(page),
        by: "coi-report",
        reason: "auto",
        expires: Some(t(seconds)),
    };
    let person = NewEntry {
        by: "Éva",
        expires: None,
        ..auto("b.example", 0)
    };
    test.db
        .transaction("test", async |tx| list::add(tx, &job, "*", &person, t(0)).await)
        .await
        .unwrap();
    let of = ("w/w", RevId(7));
    let new = test
        .write(&lease, async |tx| {
            let mut new = Vec::new();
            for (wiki, entry) in [
                (WIKI, auto("a.example", 10)),
                (WIKI, auto("a.example", 5)),
                ("*", auto("b.example", 10)),
                ("*", auto("c.example", 10)),
            ] {
                new.push(list::add_auto(tx, wiki, &entry, of, t(1)).await?);
            }
            new.push(list::extend(tx, WIKI, "ml", None, Some("a.example"), t(20)).await?);
            new.push(list::extend(tx, WIKI, "ml", None, Some("a.example"), t(15)).await?);
            new.push(list::extend(tx, "*", "ml", None, Some("b.example"), t(20)).await?);
            Ok(new)
        })
        .await
        .unwrap();
    assert_eq!(new, [true, false, false, true, true, false, false]);
    let mut conn = test.db.conn().await.unwrap();
    let rows = list::all_for(&mut conn, &job, WIKI).await.unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.wiki.as_str(),
                row.page.as_deref().unwrap(),
                row.by.as_str(),
                row.expires,
                row.auto.is_some(),
            )
        })
        .collect();
    let expected = [
        (WIKI, "a.example", "coi-report", Some(t(20)), true),
        ("*", "b.example", "Éva", None, false),
        ("*", "c.example", "coi-report", Some(t(10)), true),
    ];
    assert_eq!(seen, expected);
    assert_eq!(rows[0].auto, Some(("w/w".to_owned(), RevId(7))));
    assert_eq!(list::all_for(&mut conn, &job, "other").await.unwrap().len(), 2);
    drop(conn);
    // A person says the same: theirs from now on. The rest goes with its time or its hit.
    let taken = NewEntry {
        by: "Éva",
        expires: None,
        ..auto("a.example", 0)
    };
    test.db
        .transaction("test", async |tx| list::add(tx, &job, WIKI, &taken, t(0)).await)
        .await
        .unwrap();
    let gone = test
        .write(&lease, async |tx| {
            let early = list::expire(tx, t(10)).await?;
            list::add_auto(tx, WIKI, &auto("d.example", 5), ("w/w", RevId(8)), t(1)).await?;
            Ok([
                early,
                list::expire(tx, t(6)).await?,
                list::remove_auto_of(tx, "other", of.1).await?,
                list::remove_auto_of(tx, of.0, of.1).await?,
            ])
        })
        .await
        .unwrap();
    assert_eq!(gone, [0, 1, 0, 1]);
    assert_eq!(
        test.sql("SELECT page FROM list_entry ORDER BY 1").await,
        ["a.example", "b.example"]
    );
}

/// List pages are kept by job, wiki and title, the newest text only.
#[tokio::test]
async fn list_pages_are_kept() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let job = lease.fence().job.clone();
    let page = |wiki: &str, revid, body: &[u8]| source_page::Page {
        wiki: wiki.into(),
        title: "MediaWiki:Spam-blacklist".into(),
        revid: RevId(revid),
        checked: t(0),
        body: body.to_vec(),
    };
    let large = page(WIKI, 8, &vec![0xFF; 3_000_000]);
    test.write(&lease, async |tx| {
        source_page::put(tx, &page(WIKI, 7, b"x")).await?;
        source_page::put(tx, &page("w", 0, b"")).await?;
        source_page::put(tx, &large).await?;
        source_page::seen(tx, WIKI, &large.title, t(9)).await
    })
    .await
    .unwrap();
    let mut conn = test.db.conn().await.unwrap();
    let expected = source_page::Page { checked: t(9), ..large };
    let read = source_page::get(&mut conn, &job, WIKI, &expected.title).await.unwrap();
    assert!(read.as_ref() == Some(&expected));
    assert_eq!(
        source_page::all(&mut conn, &job, "w").await.unwrap(),
        [page("w", 0, b"")]
    );
}

/// A host that is shown nowhere takes its sub-domains and its pages with it, not its neighbours.
#[test]
fn links_of_a_suppressed_host_are_hidden() {
    let names = ["example.org", "facebook.com/acme", "192.0.2.1"];
    let entries = names.map(|name| Entry {
        what: What::Host,
        name: name.into(),
        user_id: None,
        by: "A".into(),
        since: t(0),
        reason: String::new(),
    });
    let hidden = suppress::Suppressed::new(entries.into());
    let hides = |name: &str| hidden.hides_link(&Key::from_name(name, &PathHosts::default()).unwrap());
    assert!(hides("example.org") && hides("a.b.example.org") && hides("192.0.2.1"));
    assert!(
        !hides("badexample.org") && !hides("org") && !hides("example.org.test") && !hides("2.1") && !hides("192.0.2.2")
    );
}
