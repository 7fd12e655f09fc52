//! Measures the storing of link additions and what reports read, on a MariaDB of the bench's own.
//!
//! `wikicrew-bench-links URL fill|shard|again|sizes|reports|cold …`; called by scripts/bench, which prints the help.

mod ingest;
mod reports;
mod synth;

use chrono::{DateTime, Utc};
use std::process::ExitCode;
use wikicrew_db::{Access, Db, DbConfig, Timing};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Everything is counted back from here, so that each run makes the same additions.
pub fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("it is a moment")
}

/// Rows of some months more than the additions go back.
pub const KEEP_DAYS: u32 = 730;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(&args)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the targets were reached.
async fn run(args: &[&str]) -> Outcome<bool> {
    let [url, task, rest @ ..] = args else {
        return Err("URL and task are missing".into());
    };
    let db = Db::new(DbConfig::from_url(url)?, Access::Write, Timing::default(), 1)?;
    let number = |i: usize| -> Outcome<u64> { Ok(rest.get(i).ok_or("a number is missing")?.parse()?) };
    match *task {
        "fill" => ingest::fill(&db, number(0)?).await,
        "shard" => ingest::shard(&db, number(0)?, number(1)?, number(2)?).await,
        "again" => ingest::again(&db, number(0)?, number(1)?).await,
        "sizes" => ingest::sizes(&db, url, number(0)?).await,
        "reports" => reports::reports(&db).await,
        "cold" => reports::cold(&db).await,
        other => Err(format!("unknown task {other}").into()),
    }
}

/// Prints a line of the result; whether the target was reached.
pub fn target(what: &str, reached: bool, is: &str, wanted: &str) -> bool {
    let sign = if reached { "ok    " } else { "MISSED" };
    println!("{sign} {what:<58} {is:>16}   target {wanted}");
    reached
}
