//! What becomes of a report that is asked for: pure. People's word stands above the bot's: what is closed stays closed
//! until the link comes again in force, what is ignored or stale is left alone by everything but a person's request.

use chrono::TimeDelta;
use shared::core::report::Status;
use shared::core::types::Timestamp;
use shared::db::report_ask::Reason;

/// Whether a person wants to see it.
pub fn is_person(reason: Reason) -> bool {
    matches!(reason, Reason::Summary | Reason::Poke | Reason::Command)
}

/// Whether somebody who is trusted does: only then a page is made again that people took away.
pub fn is_trusted(reason: Reason) -> bool {
    matches!(reason, Reason::Poke | Reason::Command)
}

/// What is known of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its status on the page now; `None`: there is no page.
    pub status: Option<Status>,
    /// When it was last rewritten.
    pub saved_at: Option<Timestamp>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Write it, with this status, and say this below it.
    Write(Status, Said),
    /// Nothing: why, in a word for the log.
    Nothing(&'static str),
    /// Not before this moment.
    Later(Timestamp),
}

/// What the bot says below the heading of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// That it made the report.
    Made,
    /// That it reopened it.
    Reopened,
    /// That it marked it stale.
    Stale,
}

/// Decides. `reasons` is not empty.
pub fn decide(reasons: &[Reason], known: Known, regenerate_every: TimeDelta, now: Timestamp) -> Decision {
    let any = |is: fn(Reason) -> bool| reasons.iter().copied().any(is);
    let has = |reason| reasons.contains(&reason);
    let Some(status) = known.status else {
        let is_made = any(is_person) || has(Reason::Rule) || has(Reason::Reopen) || has(Reason::Rename);
        return match is_made {
            true => Decision::Write(Status::Open, Said::Made),
            false => Decision::Nothing("no-page"),
        };
    };
    if has(Reason::Reopen) && status == Status::Closed {
        return Decision::Write(Status::Open, Said::Reopened);
    }
    let is_news = has(Reason::Additions) || has(Reason::Rule) || has(Reason::Reopen);
    if has(Reason::Stale) && !is_news && status == Status::Open {
        return Decision::Write(Status::Stale, Said::Stale);
    }
    if any(is_person) || any(Reason::is_cleaning) {
        return Decision::Write(status, Said::Nothing);
    }
    if has(Reason::Reopen) && status == Status::Open || has(Reason::Stale) && !is_news && status == Status::Stale {
        // A run before may have done it and died before it noted what the page tells.
        return Decision::Write(status, Said::Nothing);
    }
    let is_rewritten = has(Reason::Additions) || has(Reason::Rule);
    if !is_rewritten || status != Status::Open {
        return Decision::Nothing(status.word());
    }
    match known.saved_at.map(|saved| saved + regenerate_every) {
        Some(next) if next > now => Decision::Later(next),
        _ => Decision::Write(status, Said::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> Timestamp {
        format!("2026-11-22T{hour:02}:00:00Z").parse().unwrap()
    }

    fn decided(reasons: &[Reason], status: Option<Status>, saved: Option<u32>) -> Decision {
        let known = Known {
            status,
            saved_at: saved.map(at),
        };
        decide(reasons, known, TimeDelta::hours(2), at(10))
    }

    const ALL: [Reason; 10] = [
        Reason::Summary,
        Reason::Poke,
        Reason::Command,
        Reason::Rule,
        Reason::Additions,
        Reason::Reopen,
        Reason::Hidden,
        Reason::Suppressed,
        Reason::Rename,
        Reason::Stale,
    ];

    #[test]
    fn each_reason_meets_each_status() {
        use Decision::{Later, Nothing, Write};
        use Status::{Added, Closed, Ignore, Open, Stale};
        for reason in ALL {
            let made = match reason {
                Reason::Summary | Reason::Poke | Reason::Command | Reason::Rule | Reason::Reopen | Reason::Rename => {
                    Write(Open, Said::Made)
                }
                _ => Nothing("no-page"),
            };
            assert_eq!(decided(&[reason], None, None), made, "{reason:?}, no page");
            for status in Status::ALL {
                let wanted = match (reason, status) {
                    (Reason::Reopen, Closed) => Write(Open, Said::Reopened),
                    (Reason::Reopen, Open) => Write(Open, Said::Nothing),
                    (Reason::Stale, Open) => Write(Stale, Said::Stale),
                    (Reason::Additions | Reason::Rule, Open) => Write(Open, Said::Nothing),
                    (Reason::Stale, Stale) => Write(Stale, Said::Nothing),
                    (Reason::Additions | Reason::Rule | Reason::Reopen | Reason::Stale, _) => Nothing(status.word()),
                    _ => Write(status, Said::Nothing),
                };
                assert_eq!(
                    decided(&[reason], Some(status), Some(7)),
                    wanted,
                    "{reason:?}, {status:?}"
                );
            }
        }
        // New additions alone wait, a person does not, and nothing wakes what people put to rest.
        assert_eq!(decided(&[Reason::Additions], Some(Open), Some(9)), Later(at(11)));
        assert_eq!(
            decided(&[Reason::Additions], Some(Open), Some(8)),
            Write(Open, Said::Nothing)
        );
        let both = [Reason::Additions, Reason::Summary];
        assert_eq!(decided(&both, Some(Open), Some(9)), Write(Open, Said::Nothing));
        // What comes again is not stale, although that was asked when it was.
        for reason in [Reason::Additions, Reason::Rule] {
            let both = [Reason::Stale, reason];
            assert_eq!(decided(&both, Some(Open), Some(7)), Write(Open, Said::Nothing));
            assert_eq!(decided(&both, Some(Open), Some(9)), Later(at(11)));
        }
        let both = [Reason::Stale, Reason::Reopen];
        assert_eq!(decided(&both, Some(Open), Some(7)), Write(Open, Said::Nothing));
        for status in [Ignore, Stale, Added] {
            let news = [Reason::Rule, Reason::Additions, Reason::Reopen];
            assert_eq!(decided(&news, Some(status), None), Nothing(status.word()));
        }
    }
}
