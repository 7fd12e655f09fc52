//! matchbot pairs newcomers with mentors on a MediaWiki wiki: it looks for profile pages in request categories, draws
//! an available mentor of the matching mentor category, greets both on the profile's talk page in one edit, and
//! stores the match. Heir of MatchBot of the Wikipedia Co-op.

mod act;
mod choose;
mod collect;
mod commands;
mod decide;
mod explain;
mod greeting;
mod import;
mod job;
mod mention;
mod mentors;
mod owners;
mod pending;
mod reason;
mod record;
mod requests;
mod run;
mod runlog;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::args::CommonArgs;

/// Command line. Without a subcommand: one scheduled run.
#[derive(Parser, Debug)]
#[command(
    name = "matchbot",
    version,
    about = "Pairs newcomers with mentors on a MediaWiki wiki. Without a subcommand: one scheduled run."
)]
pub struct Args {
    /// Flags of every job.
    #[command(flatten)]
    pub common: CommonArgs,
    /// What to do by hand.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Manual subcommands. None of them edits the wiki.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Past greetings, newest first
    History {
        /// Only of this learner
        #[arg(long, value_name = "USER")]
        learner: Option<String>,
        /// Only of this mentor
        #[arg(long, value_name = "USER")]
        mentor: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Why a profile was matched with whom, with whom it could be, or why it is skipped
    Explain {
        /// Title of the profile page
        page: String,
    },
    /// Turns MatchBot's old config.json into a settings page (on stdout)
    ImportConfig {
        /// The old file; `-` for standard input
        file: PathBuf,
    },
    /// Checks a draft of a settings page offline; nothing is asked of a wiki
    CheckSettings {
        /// The page's text; `-` for standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// What a run would work with now, and whether it would run
    ShowSettings,
    /// The edits of the job as a wikitext list, for the approval page
    TrialReport,
}

/// Does what the command line asks for.
pub async fn run(args: Args) -> ExitCode {
    match &args.command {
        None => shared::job::run(&job::MatchBot, &args.common).await,
        Some(command) => commands::run(command, &args.common).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Args::command().debug_assert();
    }
}
