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
}

/// Words of a command that changes something.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Order {
    /// As `help` says; names with spaces in quotes, or with `_` for the space
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Who gives the command [default: the system's user]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// The commands of CheMoBot's table; `help` explains each.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum ByHand {
    /// The whitelist: wl add|del|search …
    Wl(Order),
    /// The blacklist: bl add|del|search …
    Bl(Order),
    /// The monitor list: ml add|del|search …
    Ml(Order),
    /// The fields of a box that are watched
    Fieldlist(Words),
    /// The managers of a box
    Managers(Words),
    /// The boxes that are watched
    Boxlist(Words),
    /// Report nothing until `report`; marks go on
    #[command(alias = "silent")]
    Quiet(Order),
    /// Report again after `quiet` or `quit`
    Report(Order),
    /// Set the report level: 0, 1, 2, or `settings`; or tell it
    Reportlevel(Order),
    /// The last run, and what is switched by hand
    Status(Words),
    /// Write nothing on the wiki until `report`
    #[command(alias = "die")]
    Quit(Order),
    /// No edits of articles, for one box or at all, until `on`
    Off(Order),
    /// Ends `off`
    On(Order),
    /// The commands from `wl` on, or one of them, explained
    Help(Words),
}

impl ByHand {
    /// The command as its grammar has it.
    pub fn words(&self) -> Vec<String> {
        let (name, words) = match self {
            ByHand::Wl(order) => ("wl", &order.words),
            ByHand::Bl(order) => ("bl", &order.words),
            ByHand::Ml(order) => ("ml", &order.words),
            ByHand::Fieldlist(words) => ("fieldlist", &words.words),
            ByHand::Managers(words) => ("managers", &words.words),
            ByHand::Boxlist(words) => ("boxlist", &words.words),
            ByHand::Quiet(order) => ("quiet", &order.words),
            ByHand::Report(order) => ("report", &order.words),
            ByHand::Reportlevel(order) => ("reportlevel", &order.words),
            ByHand::Status(words) => ("status", &words.words),
            ByHand::Quit(order) => ("quit", &order.words),
            ByHand::Off(order) => ("off", &order.words),
            ByHand::On(order) => ("on", &order.words),
            ByHand::Help(words) => ("help", &words.words),
        };
        std::iter::once(name.to_owned()).chain(words.iter().cloned()).collect()
    }

    /// Who gives it, by the command line or by `environment`, and why. Errs on texts that are too long.
    pub(super) fn by_and_reason(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<(String, Option<String>)> {
        let order = match self {
            ByHand::Wl(order)
            | ByHand::Bl(order)
            | ByHand::Ml(order)
            | ByHand::Quiet(order)
            | ByHand::Report(order)
            | ByHand::Reportlevel(order)
            | ByHand::Quit(order)
            | ByHand::Off(order)
            | ByHand::On(order) => order.clone(),
            ByHand::Fieldlist(_) | ByHand::Managers(_) | ByHand::Boxlist(_) | ByHand::Status(_) | ByHand::Help(_) => {
                Order::default()
            }
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

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
