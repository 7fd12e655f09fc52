//! coi-report's part of the settings page: which wikis are read, what is a hit, whom the rules pass over, where reports
//! stand, where hits are told as they are found, and how long things are kept. Checked strictly, with every problem told at once. What needs the bot's name to be
//! judged is in [`place`]; which hosts may be spoken to is the operator's word.

mod place;
mod reports;
mod rules;
mod texts;
mod wikis;

use anyhow::bail;
use chrono::TimeDelta;
use shared::args::CommonArgs;
use shared::commands::{self, Commands};
use shared::core::addition::NewUser;
use shared::core::feed::Feed;
use shared::core::hit::{Config, Rule};
use shared::core::link::PathHosts;
use shared::core::settings::{MapNode, Message};
use shared::core::site::{Site, Title};
use shared::core::text::terminal;
use shared::feeds::{self, Kinds};
use shared::manual;
use shared::settings::{JobSettings, parse};

pub use reports::{KeepSettings, ReportSettings};
pub use wikis::{Place, Source, WatchedWiki, Wikis};

/// The settings of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether pages are written.
    pub publish: Publish,
    /// What is read.
    pub wikis: Wikis,
    /// Namespaces that count where a wiki of the list does not say others, each once; `None`: those that the wiki itself
    /// calls content.
    pub namespaces: Option<Vec<i32>>,
    /// Limits of the rules, and whom they pass over.
    pub config: Config,
    /// Templates with an argument that is a link even without a scheme.
    pub link_templates: Vec<LinkTemplateSetting>,
    /// Hosts on which the first part of the path belongs to the link key.
    pub path_hosts: PathHosts,
    /// Who is new.
    pub new_user: NewUser,
    /// So long after its last hit a link that the job itself put on the monitor list stays there.
    pub auto_expires: TimeDelta,
    /// A link that so many people added is never put there by the job.
    pub common_host: u32,
    /// Pages whose link summaries and external links are monitored.
    pub noticeboards: Vec<Title>,
    /// Templates on them whose first parameter is a domain, without namespace.
    pub summary_templates: Vec<String>,
    /// Pages of the wiki that say what is blocked, or exempt from it.
    pub blacklists: Vec<Title>,
    /// The page of commands, and whose count; `None`: there is none.
    pub commands: Option<Commands>,
    /// The report pages.
    pub report: ReportSettings,
    /// How long things are kept.
    pub keep: KeepSettings,
    /// Where hits are told as they are found.
    pub feeds: Vec<Feed>,
}

/// Whether pages are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Publish {
    /// Hits are recorded only.
    #[default]
    Off,
    /// Day pages.
    Pages,
}

/// A template with an argument that is a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkTemplateSetting {
    /// Its real name, without namespace.
    pub name: String,
    /// Name or number of the parameter.
    pub parameter: String,
    /// Other names of the template, without namespace.
    pub redirects: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            publish: Publish::Off,
            wikis: Wikis::default(),
            namespaces: None,
            config: Config::default(),
            link_templates: texts::default_templates(),
            path_hosts: PathHosts::default(),
            new_user: NewUser::default(),
            auto_expires: rules::AUTO_EXPIRES,
            common_host: rules::COMMON_HOST,
            noticeboards: Vec::new(),
            summary_templates: reports::default_summaries(),
            blacklists: reports::default_blacklists(),
            commands: None,
            report: ReportSettings::default(),
            keep: KeepSettings::default(),
            feeds: Vec::new(),
        }
    }
}

impl JobSettings for Settings {
    const KEYS: &'static [&'static str] = &[
        "publish",
        "wikis",
        "namespaces",
        "score",
        "min_name_length",
        "skip",
        "path_hosts",
        "link_templates",
        "new_user",
        "ip_proximity",
        "auto_monitor",
        "noticeboards",
        "summary_templates",
        "blacklists",
        "commands",
        "report",
        "keep",
        "feeds",
    ];
    const MESSAGES: &'static [Message<'static>] = crate::words::MESSAGES;

    fn read(root: &MapNode<'_>, site: &Site) -> Option<Settings> {
        let (config, auto) = rules::config(root);
        let settings = Settings {
            publish: match root.choice("publish", &["off", "pages"]) {
                Some("pages") => Publish::Pages,
                _ => Publish::Off,
            },
            wikis: wikis::wikis(root, site),
            namespaces: wikis::namespaces(root, site),
            config,
            link_templates: texts::link_templates(root, site),
            path_hosts: texts::path_hosts(root),
            new_user: texts::new_user(root),
            auto_expires: auto.expires,
            common_host: auto.common_host,
            noticeboards: reports::pages(root, "noticeboards", site, Vec::new),
            summary_templates: reports::summaries(root, site),
            blacklists: reports::pages(root, "blacklists", site, reports::default_blacklists),
            commands: commands::read(root, site),
            report: reports::report(root, site),
            keep: reports::keep(root),
            feeds: feeds::read(
                root,
                &Kinds {
                    rules: &Rule::ALL.map(Rule::word),
                    boxes: None,
                    channels: &[],
                },
            ),
        };
        reports::across(root, site, &settings);
        Some(settings)
    }
}

/// Settings for reading texts: from a file, or the defaults. On the command line `--settings` names a page for the
/// scheduled run; what works without a wiki takes it for a file. Errs with every problem of the file.
pub fn from_file(args: &CommonArgs) -> anyhow::Result<Settings> {
    let Some(file) = &args.settings else {
        return Ok(Settings::default());
    };
    let text = manual::read(file.as_ref())?;
    match parse::<Settings>(&text, "wikitext", "draft", &manual::offline_site()?) {
        Ok(parsed) if parsed.common.enabled => Ok(parsed.settings),
        Ok(_) => bail!("{file} says `enabled: false`: nothing is done"),
        Err(problems) => {
            for problem in &problems {
                tracing::error!("{file}: {}", terminal(&problem.to_string()));
            }
            bail!("{file} is not accepted: {} problems, told above", problems.len())
        }
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
