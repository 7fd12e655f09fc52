//! What becomes of a line, its feed and its place once it was sent, or was not. Pure.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Became, REFUSED, THROWN_OUT, Went};
use crate::core::types::Timestamp;
use crate::feeds::outlet::Failed;

/// When it was sent, and what came before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// The present time.
    pub now: Timestamp,
    /// When a feed that fails as often as this one did is tried again.
    pub next_try: Timestamp,
    /// The line may have arrived in an earlier try.
    pub in_doubt: bool,
    /// The line before it was not taken either.
    pub failed: bool,
}

/// What becomes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Then {
    /// The line.
    pub became: Became,
    /// The feed, or with [`Went::PlaceOut`] all of the place.
    pub went: Went,
    /// Why, and when they are tried again; `None`: nothing is wrong.
    pub trouble: Option<(String, Timestamp)>,
}

/// One that is not taken waits by itself while the next one is tried; where that is not taken either, the feed waits.
pub(super) fn then(sent: Result<(), Failed>, before: Before) -> Then {
    let now = before.now;
    let (why, in_doubt, of_line, next_try) = match sent {
        Ok(()) => {
            return Then {
                became: Became::Sent,
                went: Went::On,
                trouble: None,
            };
        }
        // A receiver that takes nothing at all is set up wrong: people should see that.
        Err(Failed::Never(why)) => {
            return Then {
                became: Became::Withheld,
                went: Went::On,
                trouble: Some((why, now)),
            };
        }
        Err(Failed::Later {
            why,
            in_doubt,
            after,
            is_gone,
        }) => {
            let in_doubt = in_doubt || before.in_doubt;
            let next_try = not_before(after, &before);
            if is_gone {
                return Then {
                    became: Became::Waits {
                        in_doubt,
                        next_try: now,
                    },
                    went: Went::PlaceOut,
                    trouble: Some((why, next_try)),
                };
            }
            (why, in_doubt, after.is_none(), next_try)
        }
        Err(Failed::Refused {
            why,
            is_banned,
            of_line,
        }) => {
            let next_try = now + if is_banned { THROWN_OUT } else { REFUSED };
            (why, before.in_doubt, of_line && !is_banned, next_try)
        }
    };
    let is_alone = of_line && !before.failed;
    Then {
        became: Became::Waits {
            in_doubt,
            next_try: if of_line { next_try } else { now },
        },
        went: if is_alone { Went::On } else { Went::FeedOut },
        trouble: Some((why, if is_alone { now } else { next_try })),
    }
}

/// When to try again: not before the receiver asked for.
pub(super) fn not_before(after: Option<Duration>, before: &Before) -> Timestamp {
    let asked = after.and_then(|after| TimeDelta::from_std(after).ok());
    asked
        .map_or(before.now, |after| before.now + after)
        .max(before.next_try)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn before() -> Before {
        Before {
            now: at(1_000),
            next_try: at(1_015),
            in_doubt: false,
            failed: false,
        }
    }

    fn later(in_doubt: bool, after: Option<u64>, is_gone: bool) -> Failed {
        Failed::Later {
            why: "why".to_owned(),
            in_doubt,
            after: after.map(Duration::from_secs),
            is_gone,
        }
    }

    fn refused(is_banned: bool, of_line: bool) -> Failed {
        Failed::Refused {
            why: "why".to_owned(),
            is_banned,
            of_line,
        }
    }

    /// What becomes of the line (`None`: it does not wait), the feed, and when that is tried again.
    fn told(failed: Failed, before: Before) -> (Option<(bool, i64)>, Went, i64) {
        let seconds = |at: Timestamp| at.timestamp();
        let then = then(Err(failed), before);
        let waits = match then.became {
            Became::Waits { in_doubt, next_try } => Some((in_doubt, seconds(next_try))),
            Became::Sent | Became::Withheld => None,
        };
        (
            waits,
            then.went,
            then.trouble.map_or(0, |(_, next_try)| seconds(next_try)),
        )
    }

    #[test]
    fn what_is_sent_ends_all_trouble() {
        let sent = then(
            Ok(()),
            Before {
                in_doubt: true,
                failed: true,
                ..before()
            },
        );
        assert_eq!((sent.became, sent.went, sent.trouble), (Became::Sent, Went::On, None));
    }

    #[test]
    fn one_line_that_is_not_taken_holds_up_no_other_and_two_hold_up_the_feed() {
        let again = Before {
            failed: true,
            ..before()
        };
        for (failed, before, wanted) in [
            (Failed::Never("why".to_owned()), before(), (None, Went::On, 1_000)),
            // A receiver's own fault, perhaps for this line only.
            (
                later(true, None, false),
                before(),
                (Some((true, 1_015)), Went::On, 1_000),
            ),
            (
                later(false, None, false),
                again,
                (Some((false, 1_015)), Went::FeedOut, 1_015),
            ),
            // It asks for a pause: that is for all.
            (
                later(false, Some(60), false),
                before(),
                (Some((false, 1_000)), Went::FeedOut, 1_060),
            ),
            (
                later(false, Some(3), false),
                before(),
                (Some((false, 1_000)), Went::FeedOut, 1_015),
            ),
            // The connection is gone.
            (
                later(true, None, true),
                before(),
                (Some((true, 1_000)), Went::PlaceOut, 1_015),
            ),
            (
                later(false, Some(3_600), true),
                again,
                (Some((false, 1_000)), Went::PlaceOut, 4_600),
            ),
            // A channel.
            (refused(false, true), before(), (Some((false, 1_900)), Went::On, 1_000)),
            (
                refused(false, true),
                again,
                (Some((false, 1_900)), Went::FeedOut, 1_900),
            ),
            (
                refused(false, false),
                before(),
                (Some((false, 1_000)), Went::FeedOut, 1_900),
            ),
            (
                refused(true, true),
                before(),
                (Some((false, 1_000)), Went::FeedOut, 4_600),
            ),
        ] {
            assert_eq!(told(failed.clone(), before), wanted, "{failed:?}, {before:?}");
        }
    }

    #[test]
    fn a_doubt_stays_until_the_line_is_sent() {
        let doubtful = Before {
            in_doubt: true,
            ..before()
        };
        for failed in [
            later(false, None, true),
            later(false, None, false),
            refused(false, true),
        ] {
            let (waits, ..) = told(failed.clone(), doubtful);
            assert!(waits.is_some_and(|(in_doubt, _)| in_doubt), "{failed:?}");
        }
    }
}
