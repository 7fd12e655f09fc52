//! coi-report records every link that is added to a wiki, keeps the counts that reports are made of within a bounded
//! size, and computes how much of a name is found in a text. Heir of LiWa3 and of COIBot's score.

mod hidden;
mod ingest;
mod keep;
mod links;
mod prune;
mod record;
mod settings;
mod stats;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::args::CommonArgs;
use shared::db::Error;
use shared::manual;

/// Name of the job.
const NAME: &str = "coi-report";

/// Command line.
#[derive(Parser, Debug)]
#[command(
    name = "coi-report",
    version,
    about = "Records the links that are added to MediaWiki wikis, and compares names with texts.",
    disable_help_subcommand = true
)]
pub struct Args {
    /// Flags of every job.
    #[command(flatten)]
    pub common: CommonArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
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
    let result = match &args.command {
        Command::Test(test) => test::run(test, common),
        Command::Ingest(ingest) => return ingest::run(ingest, common).await,
        Command::Record(record) => match shared::job::boot(NAME, common) {
            Ok(boot) => record::run(record, &boot, common).await,
            Err(code) => return code,
        },
        Command::Prune(prune) => return prune::run(prune, common).await,
        Command::Links(links) => return links::run(links, common).await,
        Command::Stats(stats) => return stats::run(stats, common).await,
        Command::CheckSettings { file } => {
            let not_checked = "which redirects the link templates have";
            manual::check_settings::<settings::Settings>(file, common.json, not_checked)
        }
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
