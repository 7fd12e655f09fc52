//! Makes the edits that `scripts/bench coi` replays, and measures what is done to them without a database.
//!
//! `wikicrew-bench-coi events N FILE [FROM]`, `… decide N`, `… patterns`; called by scripts/bench, which prints the help.

mod decide;
mod events;
mod patterns;
mod texts;

use std::process::ExitCode;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the targets were reached.
fn run(args: &[&str]) -> Outcome<bool> {
    match args {
        ["events", n, file] => events::write(n.parse()?, file, 0).map(|()| true),
        ["events", n, file, from] => events::write(n.parse()?, file, from.parse()?).map(|()| true),
        ["decide", n] => decide::measure(n.parse()?),
        ["patterns"] => patterns::measure(),
        _ => Err("unknown task".into()),
    }
}

/// Prints a line of the result; whether the target was reached.
pub fn target(what: &str, reached: bool, is: &str, wanted: &str) -> bool {
    let sign = if reached { "ok    " } else { "MISSED" };
    println!("{sign} {what:<58} {is:>16}   target {wanted}");
    reached
}
