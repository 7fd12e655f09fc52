//! Run records: one row per run, and its errors.
//!
//! A record is started by [`crate::Lease::take`], together with the new epoch.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, bounded};
use mysql_async::params;
use wikicrew_core::types::{RevId, Timestamp};

pub use crate::run_questions::{
    Totals, first_start, item_failed_since, last_alarm, last_success, prune, server_time, totals_since,
};

/// Longest text of one error, in bytes.
const MAX_ERROR: usize = 16_000;
/// Most errors stored of one run; further ones are only counted.
const MAX_ERRORS: u32 = 1_000;

/// What is known when a run begins.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// The job, such as `matchbot`.
    pub job: &'a str,
    /// The wiki's key.
    pub wiki: &'a str,
    /// The shard, empty when the work is not divided.
    pub shard: &'a str,
    /// Version of the program.
    pub version: &'a str,
}

/// How far a run has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// At work (or dead and not yet noticed).
    Running,
    /// Came to its end.
    Done,
    /// Ended by an error.
    Failed,
    /// Ended by a signal.
    Stopped,
    /// Another run found the lock free while this one still said running.
    Died,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Stopped => "stopped",
            State::Died => "died",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [State::Running, State::Done, State::Failed, State::Stopped, State::Died]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// API requests of a run; `total` counts the retries too.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Requests {
    /// All that were sent.
    pub total: u32,
    /// The part that every run has (log-in, settings, lists).
    pub fixed: u32,
    /// For the items worked on (matchbot: learners).
    pub items: u32,
    /// For what the items are compared with (matchbot: mentors).
    pub lookups: u32,
}

/// What is known when a run ends.
#[derive(Clone, Debug)]
pub struct Finish<'a> {
    /// How it ended.
    pub state: State,
    /// The exit code of the process.
    pub exit_code: u8,
    /// It reached the wiki and did its work (parts may have failed).
    pub success: bool,
    /// Edits saved.
    pub edits: u32,
    /// Rows written beside the records of the run itself.
    pub db_rows: u32,
    /// API requests.
    pub requests: Requests,
    /// The settings revision it ran with.
    pub settings_revid: Option<RevId>,
    /// The summary line's values, JSON.
    pub summary: &'a str,
}

/// One run as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// Its number.
    pub run_id: u64,
    /// The shard.
    pub shard: String,
    /// Version of the program.
    pub version: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// How far it came.
    pub state: State,
    /// The exit code of the process.
    pub exit_code: Option<u8>,
    /// Whether it did its work.
    pub success: bool,
    /// Edits saved.
    pub edits: u32,
    /// Rows written.
    pub db_rows: u32,
    /// Errors, handled ones too.
    pub errors: u32,
    /// API requests.
    pub requests: Requests,
    /// The settings revision it ran with.
    pub settings_revid: Option<RevId>,
    /// The summary line's values, JSON.
    pub summary: Option<String>,
}

impl FromFields for Run {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            run_id: f.get("run_id")?,
            shard: f.get("shard")?,
            version: f.get("version")?,
            started: f.time("started")?,
            finished: f.time_opt("finished")?,
            state: f.word("state", State::read)?,
            exit_code: f.get("exit_code")?,
            success: f.get("success")?,
            edits: f.get("edits")?,
            db_rows: f.get("db_rows")?,
            errors: f.get("errors")?,
            requests: Requests {
                total: f.get("requests")?,
                fixed: f.get("requests_fixed")?,
                items: f.get("requests_items")?,
                lookups: f.get("requests_lookups")?,
            },
            settings_revid: f.id_opt("settings_revid", RevId)?,
            summary: f.get("summary")?,
        })
    }
}

/// One error of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunError {
    /// Counts from 1 within its run.
    pub n: u32,
    /// What it happened to; empty when the run as a whole.
    pub item: String,
    /// Whether the run went on with other items.
    pub handled: bool,
    /// When.
    pub at: Timestamp,
    /// Message with its chain of causes.
    pub text: String,
}

impl FromFields for RunError {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            n: f.get("n")?,
            item: f.get("item_key")?,
            handled: f.get("handled")?,
            at: f.time("at")?,
            text: f.get("text")?,
        })
    }
}

/// Writes the record of a run that begins; its id.
pub(crate) async fn start(session: &mut impl Session, run: &NewRun<'_>, now: Timestamp) -> Result<u64> {
    const SQL: &str = "INSERT INTO run (job, wiki, shard, version, started) \
        VALUES (:job, :wiki, :shard, :version, :started)";
    let done = session
        .conn()
        .run(
            "starting the run's record",
            SQL,
            params! {
                "job" => run.job, "wiki" => run.wiki, "shard" => run.shard,
                "version" => run.version, "started" => at(now),
            },
        )
        .await?;
    Ok(done.id)
}

/// Marks a record that nobody is working on any more.
pub(crate) async fn mark_died(session: &mut impl Session, run_id: u64, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE run SET state = 'died', finished = :now \
        WHERE run_id = :run_id AND state = 'running'";
    session
        .conn()
        .run(
            "marking a dead run's record",
            SQL,
            params! { "run_id" => run_id, "now" => at(now) },
        )
        .await?;
    Ok(())
}

/// Stores one error of a run. `item` is what it happened to (the key that says
/// "the same item" tomorrow), empty when the run as a whole. Texts are cut at
/// 16,000 bytes; after 1,000 errors only the count goes on.
pub async fn add_error(
    session: &mut impl Session,
    run_id: u64,
    item: &str,
    handled: bool,
    text: &str,
    now: Timestamp,
) -> Result<()> {
    const COUNT: &str = "UPDATE run SET errors = errors + 1 WHERE run_id = :run_id";
    const ADD: &str = "INSERT INTO run_error (run_id, n, item_key, handled, at, text) \
        SELECT run_id, errors, :item, :handled, :now, :text FROM run \
        WHERE run_id = :run_id AND errors <= :max";
    const WHAT: &str = "storing an error of the run";
    let conn = session.conn();
    conn.run(WHAT, COUNT, params! { "run_id" => run_id }).await?;
    conn.run(
        WHAT,
        ADD,
        params! {
            "run_id" => run_id, "item" => &*bounded(item, 512), "handled" => handled,
            "now" => at(now), "text" => &*bounded(text, MAX_ERROR), "max" => MAX_ERRORS,
        },
    )
    .await?;
    Ok(())
}

/// Ends a run's record. A run that was fenced out may still do so: it is its own
/// row. Nothing changes when it was ended before.
pub async fn finish(session: &mut impl Session, run_id: u64, finish: &Finish<'_>, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE run SET finished = :now, state = :state, exit_code = :exit_code, \
        success = :success, edits = :edits, db_rows = :db_rows, requests = :total, \
        requests_fixed = :fixed, requests_items = :items, requests_lookups = :lookups, \
        settings_revid = :settings_revid, summary = :summary \
        WHERE run_id = :run_id AND state IN ('running', 'died')";
    session
        .conn()
        .run(
            "ending the run's record",
            SQL,
            params! {
                "run_id" => run_id, "now" => at(now), "state" => finish.state.word(),
                "exit_code" => finish.exit_code, "success" => finish.success,
                "edits" => finish.edits, "db_rows" => finish.db_rows,
                "total" => finish.requests.total, "fixed" => finish.requests.fixed,
                "items" => finish.requests.items, "lookups" => finish.requests.lookups,
                "settings_revid" => finish.settings_revid.map(|id| id.0),
                "summary" => finish.summary,
            },
        )
        .await?;
    Ok(())
}

/// The newest run that has ended.
pub async fn last_finished(session: &mut impl Session, job: &str, wiki: &str) -> Result<Option<Run>> {
    const SQL: &str = "SELECT run_id, shard, version, started, finished, state, exit_code, success, \
        edits, db_rows, errors, requests, requests_fixed, requests_items, requests_lookups, \
        settings_revid, summary FROM run \
        WHERE job = :job AND wiki = :wiki AND finished IS NOT NULL \
        ORDER BY started DESC, run_id DESC LIMIT 1";
    session
        .conn()
        .first(
            "reading the last finished run",
            SQL,
            params! { "job" => job, "wiki" => wiki },
        )
        .await
}

/// One run by its id.
pub async fn get(session: &mut impl Session, run_id: u64) -> Result<Option<Run>> {
    const SQL: &str = "SELECT run_id, shard, version, started, finished, state, exit_code, success, \
        edits, db_rows, errors, requests, requests_fixed, requests_items, requests_lookups, \
        settings_revid, summary FROM run WHERE run_id = :run_id";
    session
        .conn()
        .first("reading a run", SQL, params! { "run_id" => run_id })
        .await
}

/// The errors of a run, in order.
pub async fn errors(session: &mut impl Session, run_id: u64) -> Result<Vec<RunError>> {
    const SQL: &str = "SELECT n, item_key, handled, at, text FROM run_error \
        WHERE run_id = :run_id ORDER BY n";
    session
        .conn()
        .rows("reading the errors of a run", SQL, params! { "run_id" => run_id })
        .await
}
