//! The flags that every job has, scheduled or by hand. Secrets are never flags: they come from the environment
//! or `replica.my.cnf` (see `boot`).

use std::path::PathBuf;

/// Flags common to all jobs.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct CommonArgs {
    /// Read everything, write nothing; print what would be done, edits as diffs
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// Log lines and results as JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// More log lines (-v debug, -vv trace); only of Wikicrew's own code
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Only warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// api.php of the wiki
    #[arg(long, global = true, env = "WIKICREW_API_URL", value_name = "URL")]
    pub api_url: Option<String>,

    /// User name of the bot's account
    #[arg(long, global = true, env = "WIKICREW_ACCOUNT", value_name = "USER")]
    pub account: Option<String>,

    /// How to reach the operator, for the User-Agent: a URL or a mail address
    #[arg(long, global = true, env = "WIKICREW_CONTACT", value_name = "CONTACT")]
    pub contact: Option<String>,

    /// Title of the settings page [default: User:ACCOUNT/JOB/Settings, or the job's own variable]
    #[arg(long, global = true, value_name = "TITLE")]
    pub settings: Option<String>,

    /// Also write the job's classic log files into this folder
    #[arg(long, global = true, env = "WIKICREW_LOG_DIR", value_name = "DIR")]
    pub log_dir: Option<PathBuf>,

    /// Let one list that shrank to nothing, or to less than half, pass once (its name is in the log)
    #[arg(long, global = true, value_name = "LIST")]
    pub accept_shrink: Vec<String>,

    /// Seed of the random draw, to repeat a run exactly
    #[arg(long, global = true, value_name = "NUMBER")]
    pub seed: Option<u64>,
}
