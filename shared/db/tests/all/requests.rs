//! Who is waiting: the category's members against the table.

use crate::support::{TestDb, WIKI, t};
use std::collections::BTreeMap;
use wikicrew_core::types::{PageId, Timestamp, UserId};
use wikicrew_db::matches::{self, NewMatch};
use wikicrew_db::request::{self, Member, Reason, Request, State, Synced};
use wikicrew_db::{Lease, Result};

const CATEGORY: &str = "Co-op/Requests/Writing";
const MONTH: i64 = 30 * 24 * 3600;

fn member(page_id: u64, title: &str, cat_ts: i64) -> Member<'_> {
    Member {
        page_id: PageId(page_id),
        ns: 4,
        title,
        cat_ts: Some(t(cat_ts)),
        first: State::Waiting,
        reason: None,
    }
}

struct Bench {
    test: TestDb,
    lease: Lease,
}

impl Bench {
    async fn new() -> Self {
        let test = TestDb::new().await;
        let lease = test.lease().await;
        Self { test, lease }
    }

    async fn sync(&self, members: &[Member<'_>], now: i64) -> Synced {
        self.sync_in(CATEGORY, members, now).await.unwrap()
    }

    async fn sync_in(&self, category: &str, members: &[Member<'_>], now: i64) -> Result<Synced> {
        self.test
            .write(&self.lease, async |tx| {
                request::sync_category(tx, category, members, t(now - MONTH), t(now)).await
            })
            .await
    }

    async fn one(&self, page_id: u64) -> Request {
        let mut conn = self.test.db.conn().await.unwrap();
        let mut rows = request::of_page(&mut conn, WIKI, PageId(page_id)).await.unwrap();
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    async fn waiting(&self, now: i64) -> Vec<u64> {
        let mut conn = self.test.db.conn().await.unwrap();
        let rows = request::waiting(&mut conn, WIKI, t(now), 100).await.unwrap();
        rows.iter().map(|row| row.page_id.0).collect()
    }

    /// As a greeting would: a row in `matches`, the request answered.
    async fn greet(&self, page_id: u64, learner: u64, time: Timestamp) {
        let row = self.one(page_id).await;
        let new = NewMatch {
            learner: UserId(learner),
            profile: row.page_id,
            category: &row.category,
            category_prefixed: &row.category,
            mentor: Some(UserId(99)),
            matchtime: time,
            cataddtime: row.cat_ts,
            revid: None,
            postid: None,
            matchmade: Some(true),
            run_time: time,
            request_id: Some(row.id),
            intent_key: &format!("{page_id}:{}", row.generation),
            reason: "",
        };
        self.test
            .write(&self.lease, async |tx| {
                matches::add(tx, &new).await?;
                request::answer(tx, row.id, UserId(learner), time).await
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_same_list_again_writes_nothing() {
    let bench = Bench::new().await;
    let titles: Vec<String> = (0..450).map(|i| format!("Project:Co-op/Ü😀 {i}")).collect();
    let members: Vec<_> = titles
        .iter()
        .enumerate()
        .map(|(i, title)| member(i as u64 + 1, title, i as i64))
        .collect();
    let first = bench.sync(&members, 1_000).await;
    assert_eq!(
        first,
        Synced {
            added: 450,
            ..Synced::default()
        }
    );
    let dump = "SELECT * FROM request ORDER BY id";
    let before = bench.test.sql(dump).await;
    // Another order, and pages that stand twice in a continued answer.
    let mut again = members.clone();
    again.reverse();
    again.extend_from_slice(&members[..20]);
    assert_eq!(bench.sync(&again, 2_000).await.rows(), 0);
    assert_eq!(bench.test.sql(dump).await, before);
    assert_eq!(bench.waiting(2_000).await.len(), 100, "limited");
    assert_eq!(bench.waiting(2_000).await[..3], [1, 2, 3], "who waits longest first");
}

#[tokio::test]
async fn first_states_are_the_callers() {
    let bench = Bench::new().await;
    let members = [
        member(1, "P/A", 0),
        Member {
            first: State::BeforeStart,
            ..member(2, "P/B", 0)
        },
        Member {
            first: State::Person,
            reason: Some(Reason {
                code: "too_old",
                text: "in the category since January",
            }),
            cat_ts: None,
            ..member(3, "P/C", 0)
        },
    ];
    bench.sync(&members, 10).await;
    assert_eq!(bench.waiting(10).await, [1]);
    let old = bench.one(3).await;
    assert_eq!(
        (old.state, old.reason_code.as_str(), old.cat_ts),
        (State::Person, "too_old", None)
    );
    assert_eq!(old.reason.as_deref(), Some("in the category since January"));
    let mut conn = bench.test.db.conn().await.unwrap();
    let counts = request::counts(&mut conn, WIKI).await.unwrap();
    let each = [State::Waiting, State::Person, State::BeforeStart];
    assert_eq!(counts, BTreeMap::from(each.map(|state| (state, 1))));
    let persons = request::in_states(&mut conn, WIKI, &[State::Person, State::GivenUp], 9).await;
    assert_eq!(persons.unwrap(), [old]);
    assert!(request::in_states(&mut conn, WIKI, &[], 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn leaving_coming_back_and_moving() {
    let bench = Bench::new().await;
    bench.sync(&[member(1, "P/A", 0), member(2, "P/B", 0)], 10).await;
    let synced = bench.sync(&[member(2, "P/B (moved)", 0)], 20).await;
    assert_eq!(
        synced,
        Synced {
            left: 1,
            renamed: 1,
            ..Synced::default()
        }
    );
    assert_eq!(bench.waiting(20).await, [2], "a withdrawn request is not greeted");
    assert!(!bench.one(1).await.in_category);
    assert_eq!(bench.one(2).await.title, "P/B (moved)");
    // Never greeted, so it only waits again; no new generation.
    let synced = bench
        .sync(&[member(1, "P/A", 30), member(2, "P/B (moved)", 0)], 40)
        .await;
    assert_eq!(
        synced,
        Synced {
            returned: 1,
            ..Synced::default()
        }
    );
    let row = bench.one(1).await;
    assert_eq!(
        (row.generation, row.state, row.cat_ts),
        (1, State::Waiting, Some(t(30)))
    );
    assert_eq!(bench.waiting(40).await, [2, 1]);
}

#[tokio::test]
async fn tagged_again_is_a_new_request_only_a_month_after_the_greeting() {
    let bench = Bench::new().await;
    bench.sync(&[member(1, "P/A", 0)], 10).await;
    bench.greet(1, 5, t(10)).await;
    assert_eq!(bench.waiting(20).await, Vec::<u64>::new());
    // A changed sort key renews the category's timestamp.
    let soon = bench.sync(&[member(1, "P/A", 100)], 110).await;
    assert_eq!(
        soon,
        Synced {
            returned: 1,
            ..Synced::default()
        }
    );
    assert_eq!(bench.one(1).await.state, State::Answered);
    assert_eq!(
        bench.sync(&[member(1, "P/A", 100)], 10 + MONTH).await.rows(),
        0,
        "no new tag"
    );
    // Taken off and put back.
    bench.sync(&[], 200).await;
    let quiet = bench.sync(&[member(1, "P/A", 300)], 9 + MONTH).await;
    assert_eq!(
        quiet,
        Synced {
            returned: 1,
            ..Synced::default()
        }
    );
    let later = bench.sync(&[member(1, "P/A", 400)], 10 + MONTH).await;
    assert_eq!(
        later,
        Synced {
            renewed: 1,
            ..Synced::default()
        }
    );
    let row = bench.one(1).await;
    assert_eq!(
        (row.state, row.generation, row.cat_ts),
        (State::Waiting, 2, Some(t(400)))
    );
    assert_eq!(bench.waiting(10 + MONTH).await, [1]);
}

#[tokio::test]
async fn the_same_learner_on_another_profile_counts() {
    let bench = Bench::new().await;
    let both = [member(1, "P/A", 0), member(2, "P/A2", 0)];
    bench.sync(&both, 10).await;
    bench.greet(1, 5, t(10)).await;
    bench.greet(2, 5, t(10 + MONTH)).await;
    // A month after the first greeting, but the second one was just now.
    let synced = bench.sync(&[member(1, "P/A", 500), both[1]], 20 + MONTH).await;
    assert_eq!(
        synced,
        Synced {
            returned: 1,
            ..Synced::default()
        }
    );
    // In another category it is another request.
    let other = bench
        .sync_in("Images", &[member(1, "P/A", 0)], 20 + MONTH)
        .await
        .unwrap();
    assert_eq!(other.added, 1);
}

#[tokio::test]
async fn what_waits_for_a_person_becomes_new_when_tagged_again() {
    let bench = Bench::new().await;
    bench.sync(&[member(1, "P/A", 0)], 10).await;
    let id = bench.one(1).await.id;
    let reason = Reason {
        code: "nobots",
        text: "the page says nobots",
    };
    let leave = async |now: i64| {
        bench
            .test
            .write(&bench.lease, async |tx| {
                request::leave_to_person(tx, id, reason, "rev 7", Some(UserId(5)), t(now)).await?;
                request::mark_mentioned(tx, &[id], t(15)).await
            })
            .await
            .unwrap();
    };
    leave(12).await;
    let row = bench.one(1).await;
    assert_eq!((row.state, row.reason_code.as_str()), (State::Person, "nobots"));
    assert_eq!((row.fingerprint.as_str(), row.learner), ("rev 7", Some(UserId(5))));
    assert_eq!((row.mentioned_at, row.updated), (Some(t(15)), t(12)));
    leave(99).await;
    assert_eq!(bench.one(1).await.updated, t(12), "the same again writes nothing");
    let synced = bench.sync(&[member(1, "P/A", 50)], 60).await;
    assert_eq!(
        synced,
        Synced {
            renewed: 1,
            ..Synced::default()
        }
    );
    let row = bench.one(1).await;
    assert_eq!((row.state, row.generation, row.mentioned_at), (State::Waiting, 2, None));
    assert_eq!((row.reason, row.fingerprint.as_str()), (None, ""));
}

#[tokio::test]
async fn failures_wait_count_and_end() {
    let bench = Bench::new().await;
    bench.sync(&[member(1, "P/A", 0)], 10).await;
    let id = bench.one(1).await.id;
    let reason = Reason {
        code: "api",
        text: "503",
    };
    for (now, next) in [(20, 320), (320, 620)] {
        bench
            .test
            .write(&bench.lease, async |tx| {
                request::fail(tx, id, reason, t(next), t(now)).await
            })
            .await
            .unwrap();
    }
    let row = bench.one(1).await;
    assert_eq!(
        (row.failures, row.first_failure, row.next_try),
        (2, Some(t(20)), Some(t(620)))
    );
    assert_eq!(bench.waiting(619).await, Vec::<u64>::new());
    assert_eq!(bench.waiting(620).await, [1]);
    bench
        .test
        .write(&bench.lease, async |tx| {
            request::give_up(tx, id, reason, "rev 7", t(700)).await
        })
        .await
        .unwrap();
    assert_eq!(bench.waiting(9_999).await, Vec::<u64>::new());
    assert_eq!(bench.one(1).await.state, State::GivenUp);
    bench
        .test
        .write(&bench.lease, async |tx| request::look_again(tx, id, t(800)).await)
        .await
        .unwrap();
    let row = bench.one(1).await;
    assert_eq!((row.state, row.failures, row.first_failure), (State::Waiting, 0, None));
    assert_eq!(bench.waiting(800).await, [1]);
    // Answered is the end of it.
    bench.greet(1, 5, t(900)).await;
    bench
        .test
        .write(&bench.lease, async |tx| {
            request::look_again(tx, id, t(950)).await?;
            request::fail(tx, id, reason, t(999), t(950)).await
        })
        .await
        .unwrap();
    assert_eq!(bench.one(1).await.state, State::Answered);
}

#[tokio::test]
async fn categories_are_bytes_and_may_have_255() {
    let bench = Bench::new().await;
    let long = "é".repeat(127) + "x";
    for category in ["Writing", "writing", "Writing ", &long] {
        let synced = bench.sync_in(category, &[member(1, "P/A", 0)], 10).await.unwrap();
        assert_eq!(synced.added, 1, "{category}");
    }
    let too_long = bench.sync_in(&"x".repeat(256), &[member(1, "P/A", 0)], 10).await;
    assert_eq!(too_long.unwrap_err().code(), Some(1406));
    let left = bench
        .test
        .write(&bench.lease, async |tx| {
            request::leave_unlisted(tx, &["Writing", &long], t(20)).await
        })
        .await;
    assert_eq!(left.unwrap(), 2);
    let mut conn = bench.test.db.conn().await.unwrap();
    let rows = request::of_page(&mut conn, WIKI, PageId(1)).await.unwrap();
    let there: Vec<_> = rows
        .iter()
        .filter(|row| row.in_category)
        .map(|row| row.category.as_str())
        .collect();
    assert_eq!(there, ["Writing", &long]);
}
