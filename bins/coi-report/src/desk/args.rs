//! The command line of the subcommands.

use anyhow::ensure;
use shared::core::lists::clean_reason;

/// Longest name of an operator, in bytes.
const MAX_BY: usize = 255;

/// Words of a command.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Words {
    /// As `help` says; names with spaces in quotes, or with `_` for the space
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Also what is shown nowhere else (`suppress`)
    #[arg(long)]
    pub private: bool,
}

/// Words of a command that keeps a list.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Order {
    /// As `help` says; names with spaces in quotes, or with `_` for the space
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Who gives the command [default: the system's user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why; the same as words behind a dash
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Words of a command about feeds.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Switch {
    /// As `help` says; without the name of a feed all are meant
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Who gives the command [default: the system's user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// COIBot's commands; `help` explains each.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum ByHand {
    /// The whitelist: wl add|del|search …
    Wl(Order),
    /// The blacklist: bl add|del|search …
    Bl(Order),
    /// The monitor list: ml add|del|search …
    Ml(Order),
    /// Recorded hits, newest first: report user NAME, report link DOMAIN, report day DATE, report N (at most 50); report
    /// alone, or report feed FEED: feeds that were made quiet tell again
    Report(Words),
    /// Nothing is told to any feed, or to this one, until `report`: quiet, quiet FEED
    #[command(visible_alias = "silent")]
    Quiet(Switch),
    /// How much feeds tell until somebody undoes it: reportlevel 0|1|2|settings, and FEED behind it; without a level: what it is
    #[command(name = "reportlevel")]
    ReportLevel(Switch),
    /// How far every wiki is read, and how often the rules were right
    Status(Words),
    /// The commands, or one of them, explained
    Help(Words),
}

impl ByHand {
    /// The command as its grammar has it.
    pub fn words(&self) -> Vec<String> {
        let (name, words) = match self {
            ByHand::Wl(order) => ("wl", &order.words),
            ByHand::Bl(order) => ("bl", &order.words),
            ByHand::Ml(order) => ("ml", &order.words),
            ByHand::Report(words) => ("report", &words.words),
            ByHand::Quiet(switch) => ("quiet", &switch.words),
            ByHand::ReportLevel(switch) => ("reportlevel", &switch.words),
            ByHand::Status(words) => ("status", &words.words),
            ByHand::Help(words) => ("help", &words.words),
        };
        std::iter::once(name)
            .map(str::to_owned)
            .chain(words.iter().cloned())
            .collect()
    }

    /// Whether what is shown nowhere is asked for.
    pub fn is_private(&self) -> bool {
        match self {
            ByHand::Report(words) | ByHand::Status(words) | ByHand::Help(words) => words.private,
            ByHand::Wl(_) | ByHand::Bl(_) | ByHand::Ml(_) | ByHand::Quiet(_) | ByHand::ReportLevel(_) => false,
        }
    }

    /// Who gives it, by the command line or by `environment`, and why. Errs on texts that are too long.
    pub(super) fn by_and_reason(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<(String, Option<String>)> {
        let order = match self {
            ByHand::Wl(order) | ByHand::Bl(order) | ByHand::Ml(order) => order.clone(),
            ByHand::Quiet(switch) | ByHand::ReportLevel(switch) => Order {
                by: switch.by.clone(),
                ..Order::default()
            },
            ByHand::Report(_) | ByHand::Status(_) | ByHand::Help(_) => Order::default(),
        };
        let by = order.by.or_else(|| environment("USER")).unwrap_or_default();
        let by = clean_reason(&by)
            .map_err(anyhow::Error::msg)?
            .unwrap_or_else(|| "operator".to_owned());
        ensure!(by.len() <= MAX_BY, "--by is too long: {MAX_BY} bytes are allowed");
        let reason = clean_reason(&order.reason.unwrap_or_default()).map_err(anyhow::Error::msg)?;
        Ok((by, reason))
    }
}
