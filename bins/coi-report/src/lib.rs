//! coi-report reads the edits of one wiki or many, judges each by rules that patrollers know, records hits and every link
//! that was added, and keeps pages of each day that people judge. Heir of COIBot and LiWa3.

mod accounts;
mod again;
mod backtest;
mod batch;
mod desk;
mod explain;
mod feed;
mod figures;
mod hidden;
mod housekeeping;
mod ingest;
mod job;
mod judging;
mod keep;
mod links;
mod named;
mod nearby;
mod offline;
mod one_judge;
mod pages;
mod prune;
mod reader;
mod readers;
mod record;
mod replay;
mod run;
mod settings;
mod show;
mod sources;
mod stats;
mod status_lines;
mod streams;
mod suppress;
mod tally;
mod test;
mod texts;
mod watch;
mod watching;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::args::CommonArgs;
use shared::db::Error;
use shared::feeds::FeedArgs;
use shared::manual;

pub use watching::Watching;

/// Name of the job.
const NAME: &str = "coi-report";

/// Command line.
#[derive(Parser, Debug)]
#[command(
    name = "coi-report",
    version,
    about = "Watches the edits and link additions of MediaWiki wikis. Without a subcommand: one scheduled run.",
    disable_help_subcommand = true
)]
pub struct Args {
    /// Flags of every job.
    #[command(flatten)]
    pub common: CommonArgs,
    /// Flags of a scheduled run.
    #[command(flatten)]
    pub watching: Watching,
    /// What to do by hand.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// How much of a user name is found in a text, and the other way round; no wiki and no database is asked
    Test(test::TestArgs),
    /// Reads recorded edits and stores the links that they added; what was stored before is recognised
    Ingest(ingest::IngestArgs),
    /// Prints the edits of the wiki with their texts, for `ingest`
    Record(record::RecordArgs),
    /// Takes out what is too old, and closes the month; to be scheduled once a day
    Prune(prune::PruneArgs),
    /// The recorded additions of a user, an address, a domain or a host
    Links(links::LinksArgs),
    /// How much is recorded, since when, and how big it is
    Stats(stats::StatsArgs),
    /// Users, pages, hosts and reports that the job names on no page
    #[command(subcommand)]
    Suppress(suppress::Suppress),
    /// The commands of the old bot's channel
    #[command(flatten)]
    ByHand(desk::ByHand),
    /// Tells hits to channels, webhooks and pipes as they are found, and takes commands in its channels; runs until it is
    /// stopped
    Feed(FeedArgs),
    /// The whole story of one edit: what it added, what each rule compared, and why that is a hit or none
    Explain(explain::ExplainArgs),
    /// Hits by a draft of the settings beside those by the settings in force; nothing is written
    Backtest(backtest::BacktestArgs),
    /// What a run would work with now, and whether it would run
    ShowSettings,
    /// The edits of the job as a wikitext list, for the approval page
    TrialReport,
    /// Checks a draft of a settings page offline; nothing is asked of a wiki
    CheckSettings {
        /// The page's text; `-` for standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
}

/// Does what the command line asks for.
pub async fn run(args: Args) -> ExitCode {
    let common = &args.common;
    let Some(command) = &args.command else {
        return shared::job::run(&job::CoiReport::new(args.watching), &args.common).await;
    };
    let result = match command {
        Command::Test(test) => test::run(test, common),
        Command::Ingest(ingest) => return ingest::run(ingest, common).await,
        Command::Record(record) => match shared::job::boot(NAME, common) {
            Ok(boot) => record::run(record, &boot, common).await,
            Err(code) => return code,
        },
        Command::Prune(prune) => return prune::run(prune, common).await,
        Command::Links(links) => return links::run(links, common).await,
        Command::Stats(stats) => return stats::run(stats, common).await,
        Command::Suppress(what) => match shared::job::boot(NAME, common) {
            Ok(boot) => suppress::run(&boot, what, common).await,
            Err(code) => return code,
        },
        Command::Feed(flags) => {
            return shared::feeds::continuous(&job::CoiReport::new(args.watching), common, flags).await;
        }
        Command::ByHand(command) => return desk::run(command, common).await,
        Command::Explain(_) | Command::Backtest(_) | Command::ShowSettings | Command::TrialReport => {
            return with_wiki(command, common).await;
        }
        Command::CheckSettings { file } => {
            let not_checked = "which redirects the link templates have";
            manual::check_settings::<settings::Settings>(file, common.json, not_checked)
        }
    };
    manual::exit(NAME, &result)
}

/// What asks the wiki and writes nothing.
async fn with_wiki(command: &Command, args: &CommonArgs) -> ExitCode {
    // Only here a draft can take the place of the settings page's title.
    let (args, draft) = match command {
        Command::Backtest(_) => backtest::draft_of(args),
        _ => (args.clone(), None),
    };
    let boot = match shared::job::boot(NAME, &args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    let result = match command {
        Command::Explain(explain) => explain::run(explain, &boot, &args).await,
        Command::Backtest(backtest) => backtest::run(backtest, &boot, &args, draft.as_deref()).await,
        command => offline::about(command, &boot, &args).await,
    };
    manual::exit(NAME, &result)
}

/// The exit code of what only reads the database: as [`manual::exit`], but 75 when the database does not answer, and 78
/// when it never will.
fn ended(result: &anyhow::Result<bool>) -> ExitCode {
    let code = manual::exit(NAME, result);
    let error = result.as_ref().err().and_then(|error| error.downcast_ref::<Error>());
    match error.map(Error::is_transient) {
        Some(true) => ExitCode::from(75),
        Some(false) => ExitCode::from(78),
        None => code,
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
