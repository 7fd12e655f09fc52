//! Caps and trials, as pure decisions over counts from the database.

use crate::core::settings::Common;
use crate::core::types::Timestamp;
use crate::switch::Halt;

/// What has been edited so far, by job and account on this wiki.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In this run.
    pub run: u64,
    /// In the last 24 hours.
    pub day: u64,
    /// Since the trial's settings were accepted.
    pub trial: u64,
}

/// Whether one more edit may be made.
pub fn allow(common: &Common, counts: Counts, now: Timestamp) -> Result<(), Halt> {
    if let Some(trial) = &common.trial {
        if counts.trial >= u64::from(trial.edits) {
            return Err(Halt::TrialOver(format!("{} edits made", counts.trial)));
        }
        if now.date_naive() > trial.until {
            return Err(Halt::TrialOver(format!("it ran until {}", trial.until)));
        }
    }
    let reached = |count: u64, max: u32, name: &str, span: &str| {
        (count >= u64::from(max)).then(|| Halt::Cap(format!("{name} is reached: {count} edits {span}")))
    };
    let run = reached(counts.run, common.max_edits_per_run, "max_edits_per_run", "in this run");
    let day = reached(counts.day, common.max_edits_per_day, "max_edits_per_day", "in 24 hours");
    run.or(day).map_or(Ok(()), Err)
}
