//! linkreport-gen writes, from the recorded link additions and on request, the pages that spam fighters work with: who
//! added a domain, where, from which addresses, is it still there, what rules apply. What people write on a report stays
//! through every regeneration. Heir of COIBot's link and user reports.

mod asks;
mod by_hand;
mod gather;
mod housekeeping;
mod index;
mod job;
mod model;
mod naming;
mod offline;
mod output;
mod page;
mod readback;
mod reduced;
mod run;
mod serve;
mod settings;
mod status_lines;
mod suppress;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::args::CommonArgs;
use shared::core::report::Kind;
use shared::manual;

/// Name of the job.
const NAME: &str = "linkreport-gen";
/// The job that records link additions and hits, and keeps the lists.
const RECORDER: &str = "coi-report";

/// Command line.
#[derive(Parser, Debug)]
#[command(
    name = "linkreport-gen",
    version,
    about = "Writes link, user, address and server reports. Without a subcommand: one scheduled run.",
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

/// Subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// The report of a domain, a host, or a host with its owner (facebook.com/some.page)
    Link(by_hand::About),
    /// The report of a user, with every recorded hit
    User(by_hand::About),
    /// The report of an address that edits
    Ip(by_hand::About),
    /// The report of a range of addresses that edit (192.0.2.0/24)
    Range(by_hand::About),
    /// The report of the hosts whose server had an address
    Server(by_hand::About),
    /// The report of a domain, if it was added on as many wikis as the settings ask for
    Xwiki(by_hand::About),
    /// What waits to be written, and what was written last
    Requests,
    /// Users, pages, hosts and reports that the job names on no page
    #[command(subcommand)]
    Suppress(suppress::Suppress),
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
    let about = |kind, about: &by_hand::About, only_cross_wiki| by_hand::Asked {
        kind,
        about: about.clone(),
        only_cross_wiki,
    };
    let asked = match &args.command {
        None => return shared::job::run(&job::LinkreportGen::scheduled(), common).await,
        Some(Command::Link(link)) => about(Kind::Link, link, false),
        Some(Command::Xwiki(link)) => about(Kind::Link, link, true),
        Some(Command::User(user)) => about(Kind::User, user, false),
        Some(Command::Ip(ip)) => about(Kind::Ip, ip, false),
        Some(Command::Range(range)) => about(Kind::Range, range, false),
        Some(Command::Server(server)) => about(Kind::Server, server, false),
        Some(Command::CheckSettings { file }) => {
            let not_checked = "which redirects the summary templates have";
            return manual::exit(
                NAME,
                &manual::check_settings::<settings::Settings>(file, common.json, not_checked),
            );
        }
        Some(command) => {
            let boot = match shared::job::boot(NAME, common) {
                Ok(boot) => boot,
                Err(code) => return code,
            };
            let result = match command {
                Command::Suppress(what) => suppress::run(&boot, what, common).await,
                command => offline::about(command, &boot, common).await,
            };
            return manual::exit(NAME, &result);
        }
    };
    by_hand::run(&asked, common).await
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Args::command().debug_assert();
    }
}
