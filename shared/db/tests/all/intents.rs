//! Intents: frozen decisions, one sender, honest ends.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::types::{PageId, RevId};
use wikicrew_db::intent::{self, Intent, NewIntent, State};
use wikicrew_db::{Access, Lease};

const NEW: NewIntent<'static> = NewIntent {
    key: "12:Écriture:1",
    token: "mb-7k2q9d4xfa",
    decision: r#"{"mentor":"Éva 😀","text":"== Welcome ==\n"}"#,
    page_id: Some(PageId(12)),
    title: "Project talk:Co-op/Éva",
};

async fn open(test: &TestDb, lease: &Lease, new: &NewIntent<'_>) -> Intent {
    test.write(lease, async |tx| intent::open(tx, new, t(0)).await)
        .await
        .unwrap()
}

async fn stored(test: &TestDb) -> Intent {
    intent::get(&mut test.db.conn().await.unwrap(), "matchbot", WIKI, NEW.key)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn the_first_decision_is_frozen() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let first = open(&test, &lease, &NEW).await;
    assert_eq!(
        first,
        Intent {
            id: first.id,
            key: NEW.key.into(),
            token: NEW.token.into(),
            state: State::Open,
            decision: NEW.decision.into(),
            page_id: Some(PageId(12)),
            title: NEW.title.into(),
            base_revid: None,
            sent_at: None,
            attempt: 0,
            revid: None,
            post_id: None,
            created: t(0),
            updated: t(0),
            last_error: None,
        }
    );
    let other = NewIntent {
        decision: "other",
        page_id: None,
        title: "Moved",
        ..NEW
    };
    assert_eq!(open(&test, &lease, &other).await, first);
    // Keys are bytes: another case, another space is another intent.
    for key in ["12:écriture:1", "12:Écriture:1 "] {
        assert_ne!(open(&test, &lease, &NewIntent { key, ..NEW }).await.id, first.id);
    }
}

#[tokio::test]
async fn two_tasks_with_the_same_intent_get_one_decision_and_one_sender() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let other = test.other(Access::Write);
    for round in 0..20 {
        let key = format!("round {round}");
        let one = async |db: &wikicrew_db::Db, decision: &str| {
            let new = NewIntent {
                key: &key,
                decision,
                ..NEW
            };
            let opened = db
                .fenced(lease.fence(), "open", async |tx| intent::open(tx, &new, t(0)).await)
                .await
                .unwrap();
            let sends = db
                .fenced(lease.fence(), "send", async |tx| {
                    intent::mark_sending(tx, opened.id, Some(RevId(1)), t(1), t(-299), t(1)).await
                })
                .await
                .unwrap();
            (opened.decision, sends)
        };
        let (a, b) = tokio::join!(one(&test.db, "a"), one(&other, "b"));
        assert_eq!(a.0, b.0, "one decision");
        assert!(a.1 != b.1, "one sender");
    }
    assert_eq!(test.sql("SELECT COUNT(*), MAX(attempt) FROM intent").await, ["20|1"]);
}

#[tokio::test]
async fn sending_again_only_when_it_is_due() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let id = open(&test, &lease, &NEW).await.id;
    let send = async |base: u64, now: i64| {
        test.write(&lease, async |tx| {
            intent::mark_sending(tx, id, Some(RevId(base)), t(now), t(now - 300), t(now)).await
        })
        .await
        .unwrap()
    };
    assert!(send(3_000_000_000, 10).await);
    assert!(!send(5, 309).await, "too early");
    let row = stored(&test).await;
    assert_eq!((row.state, row.attempt), (State::Sending, 1));
    assert_eq!(row.base_revid, Some(RevId(3_000_000_000)));
    assert_eq!(row.sent_at, Some(t(10)));
    assert!(send(5, 310).await, "five minutes later");
    assert_eq!(stored(&test).await.attempt, 2);
}

#[tokio::test]
async fn opened_again_only_by_the_attempt_that_was_refused() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let id = open(&test, &lease, &NEW).await.id;
    let reopen = async |attempt: u32| {
        test.write(&lease, async |tx| intent::reopen(tx, id, attempt, "maxlag", t(2)).await)
            .await
            .unwrap()
    };
    assert!(!reopen(0).await, "was not being sent");
    test.write(&lease, async |tx| {
        intent::mark_sending(tx, id, None, t(1), t(-299), t(1)).await
    })
    .await
    .unwrap();
    assert!(!reopen(2).await, "another attempt");
    assert!(reopen(1).await);
    let row = stored(&test).await;
    assert_eq!((row.state, row.attempt), (State::Open, 1));
    assert_eq!(row.last_error.as_deref(), Some("maxlag"));
}

#[tokio::test]
async fn ends_are_final_but_the_wiki_has_the_last_word() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let id = open(&test, &lease, &NEW).await.id;
    let long = "é".repeat(10_000);
    let gone = test
        .write(&lease, async |tx| intent::mark_gone(tx, id, &long, t(1)).await)
        .await;
    assert!(gone.unwrap());
    let row = stored(&test).await;
    assert_eq!(row.state, State::Gone);
    assert!(row.last_error.unwrap().ends_with("é…"), "cut at a character");
    for now in [2, 3_000] {
        let sends = test
            .write(&lease, async |tx| {
                intent::mark_sending(tx, id, None, t(now), t(now), t(now)).await
            })
            .await;
        assert!(!sends.unwrap());
    }
    let failed = test
        .write(&lease, async |tx| intent::mark_failed(tx, id, "x", t(2)).await)
        .await;
    assert!(!failed.unwrap());
    // The token was found on the wiki: done, whatever the database believed.
    let done = async |revid: u64| {
        test.write(&lease, async |tx| {
            intent::mark_done(tx, id, Some(RevId(revid)), None, t(4)).await
        })
        .await
        .unwrap()
    };
    assert!(done(3_000_000_001).await);
    assert!(!done(7).await, "the first revision stands");
    let row = stored(&test).await;
    assert_eq!((row.state, row.revid), (State::Done, Some(RevId(3_000_000_001))));
    assert_eq!(row.last_error, None);
}

#[tokio::test]
async fn pending_are_the_open_and_the_sending_ones_of_this_job_and_wiki() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for key in ["a", "b", "c", "d"] {
        let id = open(&test, &lease, &NewIntent { key, ..NEW }).await.id;
        test.write(&lease, async |tx| match key {
            "b" => intent::mark_sending(tx, id, None, t(1), t(-299), t(1)).await,
            "c" => intent::mark_done(tx, id, None, Some("flow-1"), t(1)).await,
            "d" => intent::mark_failed(tx, id, "no", t(1)).await,
            _ => Ok(true),
        })
        .await
        .unwrap();
    }
    let mut conn = test.db.conn().await.unwrap();
    let pending = intent::pending(&mut conn, "matchbot", WIKI).await.unwrap();
    let keys: Vec<_> = pending.iter().map(|i| (i.key.as_str(), i.state)).collect();
    assert_eq!(keys, [("a", State::Open), ("b", State::Sending)]);
    for (job, wiki) in [("coi-report", WIKI), ("matchbot", "dewiki")] {
        assert!(intent::pending(&mut conn, job, wiki).await.unwrap().is_empty());
    }
    let posted = intent::get(&mut conn, "matchbot", WIKI, "c").await.unwrap();
    assert_eq!(posted.unwrap().post_id.as_deref(), Some("flow-1"));
}

#[tokio::test]
async fn another_jobs_intent_cannot_be_touched() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let id = open(&test, &lease, &NEW).await.id;
    let run = wikicrew_db::run::NewRun {
        job: "coi-report",
        ..crate::support::RUN
    };
    let wikicrew_db::Taken::Lease(stranger) = Lease::take(&test.db, &run, t(0)).await.unwrap() else {
        panic!("busy");
    };
    let sends = test
        .write(&stranger, async |tx| {
            intent::mark_sending(tx, id, None, t(1), t(-299), t(1)).await
        })
        .await;
    assert!(!sends.unwrap());
}
