//! When a request that failed is tried again: pure. Each request counts its own tries, so that somebody's new one is not
//! given up for what failed before it came; what has to go from a page is never given up.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::types::Timestamp;

/// So often a request is tried.
const TRIES: u32 = 6;
/// Time to the second try; doubled for each further one.
const PAUSE: TimeDelta = TimeDelta::minutes(10);
/// Time between tries of what is never given up, after so many.
const DAILY: TimeDelta = TimeDelta::days(1);

/// A request that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// Its number.
    pub id: u64,
    /// Tries so far.
    pub tries: u32,
    /// It was to be tried now; others are served with it, and fail in no way.
    pub is_due: bool,
    /// Something has to go from the page.
    pub is_cleaning: bool,
}

/// What becomes of requests that failed, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// Not tried any more.
    pub given_up: Vec<u64>,
    /// Tried again, by moment.
    pub again: BTreeMap<Timestamp, Vec<u64>>,
    /// Whether one of them was tried so often that somebody has to know.
    pub is_told: bool,
}

/// Decides.
pub fn failed(tries: &[Try], now: Timestamp) -> Failed {
    let mut failed = Failed::default();
    for one in tries.iter().filter(|one| one.is_due) {
        let is_last = one.tries + 1 >= TRIES;
        failed.is_told |= is_last;
        let pause = match (is_last, one.is_cleaning) {
            (true, false) => {
                failed.given_up.push(one.id);
                continue;
            }
            (true, true) => DAILY,
            (false, _) => PAUSE * 2_i32.pow(one.tries),
        };
        failed.again.entry(now + pause).or_default().push(one.id);
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_counts_its_own_tries() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let of = |id, tries, is_due, is_cleaning| Try {
            id,
            tries,
            is_due,
            is_cleaning,
        };
        let at = |minutes| now + TimeDelta::minutes(minutes);
        let first = failed(
            &[of(1, 0, true, false), of(2, 3, true, false), of(3, 4, false, false)],
            now,
        );
        assert_eq!(first.again, BTreeMap::from([(at(10), vec![1]), (at(80), vec![2])]));
        assert!(first.given_up.is_empty() && !first.is_told);
        // A person's first one stays when an old one is given up; what has to go is tried daily.
        let last = failed(
            &[
                of(1, 5, true, false),
                of(2, 0, true, false),
                of(3, 5, true, true),
                of(4, 99, true, true),
            ],
            now,
        );
        assert_eq!((last.given_up, last.is_told), (vec![1], true));
        assert_eq!(
            last.again,
            BTreeMap::from([(at(10), vec![2]), (at(24 * 60), vec![3, 4])])
        );
    }
}
