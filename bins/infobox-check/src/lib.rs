//! infobox-check watches the fields of infoboxes: it reports who changed which field, whether a verified value was
//! changed away from or back to the truth, and keeps the marks in the boxes true. Heir of CheMoBot.

mod batch;
mod collect;
mod commands;
mod context;
mod decide;
mod fields;
mod index_sync;
mod job;
mod lines;
mod log;
mod logpage;
mod mark;
mod marked;
mod openpage;
mod overrides;
mod pages_list;
mod present;
mod reverts;
mod run;
mod settings;
mod surroundings;
mod sweep;
mod verified;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::args::CommonArgs;

/// Command line. Without a subcommand: one scheduled run.
#[derive(Parser, Debug)]
#[command(
    name = "infobox-check",
    version,
    about = "Watches the fields of infoboxes on a MediaWiki wiki. Without a subcommand: one scheduled run."
)]
pub struct Args {
    /// Flags of every job.
    #[command(flatten)]
    pub common: CommonArgs,
    /// What to do by hand.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Manual subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Checks a draft of a settings page offline; nothing is asked of a wiki
    CheckSettings {
        /// The page's text; `-` for standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// The templates and parameters of a text as this job sees them
    Fields(fields::FieldsArgs),
    /// What a run would work with now, and whether it would run
    ShowSettings,
    /// The edits of the job as a wikitext list, for the approval page
    TrialReport,
}

/// Does what the command line asks for.
pub async fn run(args: Args) -> ExitCode {
    match &args.command {
        None => shared::job::run(&job::InfoboxCheck::default(), &args.common).await,
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
