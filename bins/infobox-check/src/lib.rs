//! infobox-check watches the fields of infoboxes: it reports who changed which field, whether a verified value was
//! changed away from or back to the truth, and keeps the marks in the boxes true. Heir of CheMoBot.

use std::process::ExitCode;

use clap::Parser;
use shared::args::CommonArgs;

/// Command line. Without a subcommand: one scheduled run.
#[derive(Parser, Debug)]
#[command(name = "infobox-check", version)]
pub struct Args {
    /// Flags of every job.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Does what the command line asks for.
pub async fn run(_args: Args) -> ExitCode {
    ExitCode::SUCCESS
}
