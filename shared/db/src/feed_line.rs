//! The queue of the feeds: one line per feed and item, without any text.
//!
//! The transaction that stores hits or changes puts their lines in; whoever holds the feeds' lease claims each line before
//! it is sent and settles it after that, so that a sender that dies leaves lines of which the next one knows that they may
//! have arrived. The sender's fence has a job name of its own, so the queue is named wherever it works.

mod questions;
mod write;

pub use questions::{Count, Dropped, Waiting, counts, dropped, is_due, waiting};
pub use write::{
    claim, claim_dropped, drop_old, enqueue, forget_others, prune, put_back, put_back_dropped, settle, settle_dropped,
    take_over,
};

/// Whose queue: the job, not the name of its feeds' lease, and the wiki whose settings name the feeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queue<'a> {
    /// The job.
    pub job: &'a str,
    /// Key of its home.
    pub wiki: &'a str,
}

/// A line to be queued; job and wiki are those of the transaction's run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NewLine<'a> {
    /// The feed, at most 60 bytes.
    pub feed: &'a str,
    /// What it is to tell of: a number of the job's own table.
    pub item: u64,
}

words! {
    /// What became of a line.
    pub enum State {
        /// The sink took it.
        Sent = "sent",
        /// It never goes out.
        Withheld = "withheld",
    }
}
