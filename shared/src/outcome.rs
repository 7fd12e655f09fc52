//! Exit codes for people: non-zero only when a person is needed, so that a
//! failure mail is worth reading. Everything the next run mends is 0 with a warning in the log.

use chrono::TimeDelta;

use crate::core::types::Timestamp;

/// Why a run ends, from the operator's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Worked, had nothing to do, or found another run at work.
    Fine,
    /// Settings or configuration need a person (exit code 78, `EX_CONFIG`).
    Configuration,
    /// The wiki or the database did not answer; the next run tries again (75, `EX_TEMPFAIL`, once it has lasted).
    Temporary,
    /// An item was given up, failed for the first time today, or a cap stopped the job (1).
    Item,
}

/// What the run records say about the past, as far as the exit code depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past {
    /// When a run last succeeded, or, if none ever did, when the first run started.
    pub last_success: Option<Timestamp>,
    /// When a run last ended with the code that is now in question (for 78: for this settings revision).
    pub last_alarm: Option<Timestamp>,
}

/// How often a person is reminded of an unchanged settings problem.
const REMIND_CONFIGURATION: TimeDelta = TimeDelta::hours(24);

/// The exit code of a run that ended with `ending` at `now`. `past` is `None` where no database could be asked:
/// then every failure is told. `alarm_after`: how long nothing may succeed before code 75 (default 60 minutes),
/// and the shortest time between two such alarms.
pub fn exit_code(ending: Ending, past: Option<Past>, alarm_after: TimeDelta, now: Timestamp) -> u8 {
    let long_ago = |then: Option<Timestamp>, span: TimeDelta| then.is_none_or(|then| now - then >= span);
    match (ending, past) {
        (Ending::Fine, _) => 0,
        (Ending::Item, _) => 1,
        (Ending::Configuration, None) => 78,
        (Ending::Configuration, Some(past)) => {
            if long_ago(past.last_alarm, REMIND_CONFIGURATION) {
                78
            } else {
                0
            }
        }
        (Ending::Temporary, None) => 75,
        (Ending::Temporary, Some(past)) => {
            if long_ago(past.last_success, alarm_after) && long_ago(past.last_alarm, alarm_after) {
                75
            } else {
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn minute(n: i64) -> Timestamp {
        chrono::Utc
            .timestamp_opt(1_800_000_000 + n * 60, 0)
            .single()
            .expect("a valid time")
    }

    /// jobs.yaml schedules every five minutes: three hours of outage may send three mails, not thirty-six.
    #[test]
    fn three_hours_of_outage_make_at_most_three_alarms() {
        let mut last_alarm = None;
        let mut alarms = 0;
        for n in (5..=180).step_by(5) {
            let past = Past {
                last_success: Some(minute(0)),
                last_alarm,
            };
            if exit_code(Ending::Temporary, Some(past), TimeDelta::minutes(60), minute(n)) == 75 {
                alarms += 1;
                last_alarm = Some(minute(n));
            }
        }
        assert!((1..=3).contains(&alarms), "{alarms} alarms");
    }

    #[test]
    fn a_settings_problem_is_told_once_and_then_daily() {
        let past = |last_alarm| {
            Some(Past {
                last_success: None,
                last_alarm,
            })
        };
        let hour = TimeDelta::hours(1);
        assert_eq!(exit_code(Ending::Configuration, past(None), hour, minute(0)), 78);
        assert_eq!(
            exit_code(Ending::Configuration, past(Some(minute(0))), hour, minute(5)),
            0
        );
        assert_eq!(
            exit_code(Ending::Configuration, past(Some(minute(0))), hour, minute(24 * 60)),
            78
        );
        assert_eq!(exit_code(Ending::Configuration, None, hour, minute(5)), 78);
        assert_eq!(exit_code(Ending::Temporary, None, hour, minute(5)), 75);
    }
}
