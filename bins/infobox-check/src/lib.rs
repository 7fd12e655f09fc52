//! infobox-check watches the fields of infoboxes: it reports who changed which field, whether a verified value was
//! changed away from or back to the truth, and keeps the marks in the boxes true. Heir of CheMoBot.

mod audit;
mod backtest;
mod batch;
mod check;
mod clean;
mod collect;
mod commands;
mod context;
mod credit;
mod decide;
mod errand;
mod feed;
mod fields;
mod forgotten;
mod index_resolve;
mod index_sync;
mod job;
mod lines;
mod lists;
mod log;
mod logpage;
mod mark;
mod marked;
mod openpage;
mod overrides;
mod page;
mod pages_list;
mod present;
mod record;
mod reverts;
mod run;
mod settings;
mod suppress;
mod surroundings;
mod sweep;
mod verified;
mod verify;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::args::CommonArgs;
use shared::feeds::FeedArgs;

/// Command line. Without a subcommand: one scheduled run.
#[derive(Parser, Debug)]
#[command(
    name = "infobox-check",
    version,
    about = "Watches the fields of infoboxes on a MediaWiki wiki. Without a subcommand: one scheduled run.",
    disable_help_subcommand = true
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
    /// What settings would have logged and marked since a moment; nothing is written
    Backtest(backtest::BacktestArgs),
    /// Everything that is known about a page, and what would be done with it
    Page {
        /// Title of the page
        title: String,
    },
    /// Looks at a page now, as a run would, and mends its marks; --dry-run shows the edit
    Check {
        /// Title of the page
        page: String,
    },
    /// Writes into a box's index that a revision is the verified one; --dry-run shows the edit
    Verify(verify::VerifyArgs),
    /// Looks for values that cannot be right, on every page with a box
    Audit(audit::AuditArgs),
    /// Stays and tells the feeds of the settings page what runs find, within seconds; takes commands in their channels
    Feed(FeedArgs),
    /// Users and pages that the job names on no page
    #[command(subcommand)]
    Suppress(suppress::Suppress),
    /// The commands of the old bot's channel
    #[command(flatten)]
    ByHand(lists::ByHand),
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
