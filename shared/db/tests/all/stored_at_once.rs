//! Hits and changes of fields that two processes store at one moment: nothing is lost, and each row is new to one of them.
//! Of one statement with many rows MariaDB 10.11 lost some in 1 of 30 rounds like these.

use crate::changes::change;
use crate::hits_support::{HOME, shop, take};
use crate::support::{TestDb, t};
use std::collections::BTreeMap;
use wikicrew_db::field_change::{self, NewChange};
use wikicrew_db::hit::{self, NewHit};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Access, Db, Lease, Taken};

const ROUNDS: u64 = 100;

/// What both store, by name: the second process begins a few rows behind the first one's beginning.
fn names() -> [Vec<String>; 2] {
    let names = |numbers: &[u64], common| {
        let numbers = numbers.iter().copied().chain(100..common);
        numbers.map(|n| format!("com.d{n}.")).collect()
    };
    [names(&[0, 1, 10], 120), names(&[], 140)]
}

/// The run of another shard.
async fn take_other(db: &Db) -> Lease {
    let run = NewRun {
        job: "coi-report",
        wiki: HOME,
        shard: "1/2",
        version: "0.1.0",
    };
    match Lease::take(db, &run, t(0)).await.unwrap() {
        Taken::Lease(lease) => lease,
        Taken::Busy { .. } => panic!("busy"),
    }
}

/// Which row got which number, by name; each is new to one process.
fn by_name(names: &[Vec<String>; 2], new: [Vec<(usize, u64)>; 2]) -> BTreeMap<String, u64> {
    let mut ids = BTreeMap::new();
    for (names, new) in names.iter().zip(new) {
        assert!(new.is_sorted(), "{new:?}");
        for (index, id) in new {
            assert_eq!(ids.insert(names[index].clone(), id), None, "new to both");
        }
    }
    ids
}

fn stored(rows: Vec<String>) -> BTreeMap<String, u64> {
    let pair = |row: String| {
        let (name, id) = row.split_once('|').unwrap();
        (name.to_owned(), id.parse().unwrap())
    };
    rows.into_iter().map(pair).collect()
}

#[tokio::test]
async fn hits_of_two_processes() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let other = test.other(Access::Write);
    let other_lease = take_other(&other).await;
    let names = names();
    for round in 1..=ROUNDS {
        let hits =
            |names: &[String]| -> Vec<NewHit> { names.iter().map(|name| shop(name, round, t(0), "Bob")).collect() };
        let [ours, theirs] = [hits(&names[0]), hits(&names[1])];
        let us = test
            .db
            .fenced(lease.fence(), "test", async |tx| hit::insert(tx, &ours, t(0)).await);
        let them = other.fenced(other_lease.fence(), "test", async |tx| {
            hit::insert(tx, &theirs, t(0)).await
        });
        let (us, them) = tokio::join!(us, them);
        let new = by_name(&names, [us.unwrap(), them.unwrap()]);
        assert_eq!(new.len(), 43, "round {round}");
        let sql = format!("SELECT wiki, id FROM hit WHERE rev_id = {round}");
        assert_eq!(stored(test.sql(&sql).await), new, "round {round}");
    }
}

#[tokio::test]
async fn changes_of_fields_of_two_processes() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let other = test.other(Access::Write);
    let other_lease = take_other(&other).await;
    let names = names();
    for round in 1..=ROUNDS {
        let changes = |names: &[String]| -> Vec<NewChange> {
            let change = |name: &String| NewChange {
                box_name: name.clone(),
                ..change(7, &format!("round {round}"))
            };
            names.iter().map(change).collect()
        };
        let [ours, theirs] = [changes(&names[0]), changes(&names[1])];
        let us = test
            .db
            .fenced(lease.fence(), "test", async |tx| field_change::insert(tx, &ours).await);
        let them = other.fenced(other_lease.fence(), "test", async |tx| {
            field_change::insert(tx, &theirs).await
        });
        let (us, them) = tokio::join!(us, them);
        let new = by_name(&names, [us.unwrap(), them.unwrap()]);
        assert_eq!(new.len(), 43, "round {round}");
        let sql = format!("SELECT box, id FROM field_change WHERE field = 'round {round}'");
        assert_eq!(stored(test.sql(&sql).await), new, "round {round}");
    }
}
