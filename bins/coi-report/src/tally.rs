//! The counts of a run, for its summary line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::batch::Done;

/// Keys that are remembered for the name server.
const KEYS: usize = 5_000;

/// Counts.
#[derive(Debug, Default)]
pub struct Tally {
    /// Edits in the watched namespaces.
    pub seen: u64,
    /// Edits that were judged.
    pub judged: u64,
    /// Edits that are gone, or change no wikitext.
    pub gone: u64,
    /// Edits whose author is hidden.
    pub hidden: u64,
    /// Hits stored now.
    pub hits: u64,
    /// Lines that wait for feeds since now.
    pub queued: u64,
    /// In a dry run, how many hits each feed would tell.
    pub feeds: BTreeMap<String, u64>,
    /// Hits that are recorded only.
    pub skipped: u64,
    /// Link additions stored now.
    pub additions: u64,
    /// Rows of the database, of all kinds.
    pub rows: u64,
    /// Revisions whose links do not fit the tables.
    pub refused: u64,
    /// Links put on the monitor list.
    pub monitored: u64,
    /// Wikis that were read for the first time.
    pub first: u64,
    /// Stretches of time that a source did not offer.
    pub gaps: u64,
    /// Commands that were carried out, and answers saved.
    pub commands: (u64, u64),
    /// Lines written, and pages saved.
    pub lines: (u64, u64),
    /// Lines that people struck since the last look.
    pub struck: u64,
    /// Edits that are looked at later, since their wiki did not answer.
    pub parked: u64,
    /// Hosts asked for.
    pub dns: u64,
    /// Why nothing is known of the links of edits.
    pub nothing: BTreeMap<&'static str, u64>,
    /// Keys of the links stored last.
    pub keys: Vec<String>,
    changed: bool,
}

impl Tally {
    /// Adds a stored batch.
    pub fn batch(&mut self, done: Done) {
        self.hits += done.hits;
        self.queued += done.queued;
        self.additions += done.stored.additions;
        self.rows += done.stored.rows + done.hits + done.queued;
        self.monitored += done.monitored;
        self.changed |= done.lists_changed;
        self.refused += done.stored.refused.len() as u64;
        let surplus = self.keys.len().saturating_sub(KEYS);
        self.keys.drain(..surplus);
    }

    /// Whether the job changed its lists since this was asked last.
    pub fn lists_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// For the summary line.
    pub fn line(&self) -> String {
        let mut line = format!(
            "edits_seen={} judged={} gone={} hidden={} hits={} skipped={} additions={} refused={} monitored={} first={} gaps={} \
             commands={} answers={} lines={} pages={} struck={} parked={} dns={} \
             queued={}",
            self.seen,
            self.judged,
            self.gone,
            self.hidden,
            self.hits,
            self.skipped,
            self.additions,
            self.refused,
            self.monitored,
            self.first,
            self.gaps,
            self.commands.0,
            self.commands.1,
            self.lines.0,
            self.lines.1,
            self.struck,
            self.parked,
            self.dns,
            self.queued
        );
        for (why, n) in &self.nothing {
            let _ = write!(line, " {why}={n}");
        }
        line
    }
}
