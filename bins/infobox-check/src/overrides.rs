//! What the operator has switched by hand: `quiet`, `quit` and `report`, `reportlevel`, `off` and `on`. It goes before
//! the settings page, but only to the stricter side for edits: `on` lifts an `off`, it allows nothing by itself.
//! Kept in the table `memo`, so that it holds until it is undone, whatever happens to a run.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, ensure};
use chrono::SecondsFormat;
use serde_json::{Value, json};
use shared::core::feed::Level;
use shared::core::types::Timestamp;
use shared::db::{Db, memo};
use shared::job::Job as _;
use shared::page::timestamp;

use crate::job::InfoboxCheck;

/// Name of the job.
pub const NAME: &str = InfoboxCheck::NAME;

/// Beginning of every name.
const PREFIX: &str = "override.";
const REPORT: &str = "override.report";
const LEVEL: &str = "override.reportlevel";
const OFF: &str = "override.off";
/// Longest name of a memo, in bytes.
const MAX_NAME: usize = 255;

/// Who switched something, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The operator, as `--by` says.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// Why, if that was said.
    pub reason: Option<String>,
}

/// One thing that is switched, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The command that did it: `off Chembox`.
    pub what: String,
    /// What that means.
    pub means: &'static str,
    /// The operator.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// Why, if that was said.
    pub reason: Option<String>,
}

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing is reported; marks go on.
    Quiet,
    /// Nothing is written on the wiki.
    Quit,
}

/// All that is switched by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `None`: everything is reported.
    pub silence: Option<(Silence, Given)>,
    /// `None`: the settings page decides.
    pub level: Option<(u8, Given)>,
    /// No edits of articles at all.
    pub off_all: Option<Given>,
    /// No edits of articles for these boxes, by the template's own name.
    pub off_boxes: BTreeMap<String, Given>,
}

/// One switch to be thrown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// `report`, `quiet`, `quit`.
    Silence(Option<Silence>),
    /// `reportlevel`; `None`: as the settings page says.
    Level(Option<u8>),
    /// `off` (true) and `on`, of one box or of all.
    Off(Option<String>, bool),
}

impl Overrides {
    /// Reads them. Errs when a stored value cannot be read: nobody knows then what may be written.
    pub async fn load(db: &Db, wiki: &str) -> anyhow::Result<Overrides> {
        let rows = db
            .read_if_there(async |db| memo::starting_with(db, NAME, wiki, PREFIX).await)
            .await
            .context("reading what was switched by hand")?;
        Overrides::read(rows.iter().map(|(name, memo)| (name.as_str(), memo.value.as_str())))
    }

    fn read<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> anyhow::Result<Overrides> {
        let mut all = Overrides::default();
        for (name, stored) in rows {
            all.take(name, stored).with_context(|| {
                format!("what was switched by hand cannot be read: memo `{name}` holds `{stored}`; switch it again")
            })?;
        }
        Ok(all)
    }

    fn take(&mut self, name: &str, stored: &str) -> anyhow::Result<()> {
        let stored: Value = serde_json::from_str(stored)?;
        let text = |key: &str| stored.get(key).and_then(Value::as_str);
        let given = Given {
            by: text("by").context("no `by`")?.to_owned(),
            since: text("since").and_then(timestamp).context("no `since`")?,
            reason: text("reason").map(str::to_owned),
        };
        let value = text("value").context("no `value`")?;
        let is_off = match value {
            "off" => Some(true),
            "on" => Some(false),
            _ => None,
        };
        match name {
            REPORT => {
                self.silence = match value {
                    "on" => None,
                    "quiet" => Some((Silence::Quiet, given)),
                    _ => {
                        ensure!(value == "quit", "unknown value");
                        Some((Silence::Quit, given))
                    }
                };
            }
            LEVEL => {
                self.level = match value {
                    "settings" => None,
                    level => {
                        let level = level.parse()?;
                        ensure!(level <= 2, "no report level");
                        Some((level, given))
                    }
                };
            }
            OFF => self.off_all = is_off.context("unknown value")?.then_some(given),
            _ => {
                let name = name.strip_prefix(OFF).and_then(|rest| rest.strip_prefix('.'));
                let name = name.context("unknown name")?.to_owned();
                if is_off.context("unknown value")? {
                    self.off_boxes.insert(name, given);
                }
            }
        }
        Ok(())
    }

    /// Whether anything may be written on the wiki: not after `quit`.
    pub fn may_write(&self) -> bool {
        !matches!(self.silence, Some((Silence::Quit, _)))
    }

    /// Whether reports (log and feeds) are silenced, by `quiet` or `quit`.
    pub fn is_quiet(&self) -> bool {
        self.silence.is_some()
    }

    /// What feeds may be told at most: like the log nothing after `quiet`, and after `quit` neither.
    pub fn most_for_feeds(&self) -> Level {
        if self.is_quiet() {
            return Level::Silent;
        }
        self.level().and_then(Level::of_number).unwrap_or(Level::All)
    }

    /// Whether articles may be edited for this box (the template's own name), as far as the operator is asked.
    pub fn may_edit(&self, box_name: &str) -> bool {
        self.may_write() && self.off_all.is_none() && !self.off_boxes.contains_key(box_name)
    }

    /// The report level that was set by hand.
    pub fn level(&self) -> Option<u8> {
        self.level.as_ref().map(|(level, _)| *level)
    }

    /// Each thing that is switched.
    pub fn said(&self) -> Vec<Said> {
        let mut all = Vec::new();
        let mut say = |what: String, means: &'static str, given: &Given| {
            all.push(Said {
                what,
                means,
                by: given.by.clone(),
                since: given.since,
                reason: given.reason.clone(),
            });
        };
        if let Some((silence, given)) = &self.silence {
            let means = match silence {
                Silence::Quiet => "nothing is reported",
                Silence::Quit => "nothing is written on the wiki",
            };
            say(silence.word().to_owned(), means, given);
        }
        if let Some((level, given)) = &self.level {
            let means = match level {
                0 => "no changes are reported",
                1 => "only changes of high priority are reported",
                _ => "all changes are reported",
            };
            say(format!("reportlevel {level}"), means, given);
        }
        if let Some(given) = &self.off_all {
            say("off".to_owned(), "no article is edited", given);
        }
        for (name, given) in &self.off_boxes {
            say(format!("off {name}"), "no article is edited for this box", given);
        }
        all
    }

    /// The same for `--json`.
    pub fn json(&self) -> Value {
        let given = |given: &Given| json!({"by": given.by, "since": moment(given.since), "reason": given.reason});
        let boxes: serde_json::Map<String, Value> = self
            .off_boxes
            .iter()
            .map(|(name, by)| (name.clone(), given(by)))
            .collect();
        let silence = self.silence.as_ref();
        json!({
            "report": silence.map_or("on", |(silence, _)| silence.word()),
            "report_set": silence.map(|(_, by)| given(by)),
            "reportlevel": self.level(),
            "reportlevel_set": self.level.as_ref().map(|(_, by)| given(by)),
            "off": self.off_all.as_ref().map(given),
            "off_boxes": boxes,
        })
    }
}

impl Silence {
    fn word(self) -> &'static str {
        match self {
            Silence::Quiet => "quiet",
            Silence::Quit => "quit",
        }
    }
}

impl fmt::Display for Said {
    /// For a terminal, once it is made harmless for one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.format("%Y-%m-%d %H:%M");
        write!(f, "{}: {}, since {since} UTC by {}", self.what, self.means, self.by)?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl Switch {
    /// Name and value of the memo. Errs when the name of the box is too long to be kept.
    fn stored(&self) -> anyhow::Result<(String, String)> {
        let (name, value) = match self {
            Switch::Silence(silence) => (REPORT.to_owned(), silence.map_or("on", Silence::word).to_owned()),
            Switch::Level(level) => {
                let value = level.map_or_else(|| "settings".to_owned(), |level| level.to_string());
                (LEVEL.to_owned(), value)
            }
            Switch::Off(of, is_off) => {
                let name = of
                    .as_ref()
                    .map_or_else(|| OFF.to_owned(), |name| format!("{OFF}.{name}"));
                (name, if *is_off { "off" } else { "on" }.to_owned())
            }
        };
        ensure!(
            name.len() <= MAX_NAME,
            "the name of the box is too long to be switched by hand: set `edit: false` for it on the settings page"
        );
        Ok((name, value))
    }

    /// The memo that throws it: its name and its value. Errs when the name of the box is too long to be kept.
    pub fn memo(&self, given: &Given) -> anyhow::Result<(String, String)> {
        let (name, value) = self.stored()?;
        let value = json!({
            "value": value, "by": given.by, "since": moment(given.since), "reason": given.reason,
        });
        Ok((name, value.to_string()))
    }
}

/// A time as programs read it.
pub fn moment(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
#[path = "overrides_tests.rs"]
mod tests;
