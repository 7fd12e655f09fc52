//! linkreport-gen's part of the settings page: who may ask for reports, which statistics make one, where they stand and
//! how much is shown. Checked strictly, with every problem told at once. What needs the bot's name to be judged is in
//! [`place`], the titles of the pages are in [`titles`].

mod asking;
mod lists;
mod place;
mod shorteners;
mod shown;
mod targets;
mod titles;

use chrono::TimeDelta;
use shared::core::hit::Skip;
use shared::core::link::{Key, PathHosts};
use shared::core::report::{Kind, Limits};
use shared::core::settings::{MapNode, Message};
use shared::core::site::{Site, Title};

use shared::settings::JobSettings;

/// The settings of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether pages are written.
    pub publish: Publish,
    /// Pages on which anybody's summary templates ask for reports.
    pub watched_pages: Vec<Title>,
    /// Names of templates, without namespace.
    pub templates: Templates,
    /// The page on which privileged users ask; `None`: there is none.
    pub poke: Option<Poke>,
    /// From when on a count says something.
    pub rules: Limits,
    /// How much is written, and how often.
    pub limits: LimitSettings,
    /// Names of the pages below a target's base.
    pub titles: Titles,
    /// Where reports stand: at least one; exactly one is the home.
    pub targets: Vec<Target>,
    /// An open report without additions for so long, or without links left, becomes stale.
    pub stale_after: TimeDelta,
    /// A host that so many people added gets no report by a rule.
    pub common_host: u32,
    /// Hosts that lead on to others.
    pub shorteners: Shorteners,
    /// Pages on which domains are discussed: a host named there trips a rule, and their sub-pages and archives are
    /// searched for earlier discussions.
    pub noticeboards: Vec<Title>,
    /// Pages of the wiki that say what is blocked, or exempt from it.
    pub blacklists: Vec<Title>,
    /// Whose additions the rules pass over.
    pub skip: Skip,
    /// How much a page shows.
    pub show: Show,
    /// Hosts on which the first part of the path belongs to the link key.
    pub path_hosts: PathHosts,
    /// How long after its last addition a temporary account or address is named.
    pub names_for: TimeDelta,
}

/// Whether pages are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Publish {
    /// Requests are taken and wait.
    #[default]
    Off,
    /// Reports are written.
    Pages,
}

/// Names of templates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Templates {
    /// First parameter a domain.
    pub link: Vec<String>,
    /// First parameter a user.
    pub user: Vec<String>,
    /// First parameter an address.
    pub ip: Vec<String>,
    /// First parameter the status of a report; the first of them is written where it exists.
    pub status: Vec<String>,
}

/// The page on which privileged users ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Poke {
    /// `None`: `Poke` below the bot's user page, see [`Settings::poke_page`].
    pub page: Option<Title>,
    /// Accounts.
    pub users: Vec<String>,
    /// Groups of the wiki.
    pub groups: Vec<String>,
}

/// How much is written, and how often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitSettings {
    /// Pages of a run, at most 50.
    pub per_run: u32,
    /// Pages of a day that rules ask for.
    pub per_day: u32,
    /// Requests of one person in a day.
    pub per_requester: u32,
    /// An open report is rewritten for new additions at most so often.
    pub regenerate_every: TimeDelta,
    /// A closed one is reopened at most so often.
    pub reopen_every: TimeDelta,
}

/// Names of the pages below a base, each with at most one slash and none at the ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Titles {
    /// `LinkReports`.
    pub link: String,
    /// `UserReports`.
    pub user: String,
    /// `UserReports`, as COIBot had it.
    pub ip: String,
    /// `RangeReports`.
    pub range: String,
    /// `ServerReports`.
    pub server: String,
}

impl Titles {
    /// Of a kind.
    pub fn of(&self, kind: Kind) -> &str {
        match kind {
            Kind::Link => &self.link,
            Kind::User => &self.user,
            Kind::Ip => &self.ip,
            Kind::Range => &self.range,
            Kind::Server => &self.server,
        }
    }
}

/// Where reports stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The wiki. Only the run of that wiki writes there: its own protected page has to name it as `here`.
    pub place: Place,
    /// The page below which all is written; `None`: the bot's user page.
    pub base: Option<Title>,
    /// The same of another wiki, as it was typed: only that wiki knows its namespaces.
    pub base_there: Option<String>,
    /// Where a base outside of the bot's own pages was agreed to.
    pub approval: Option<String>,
    /// Whether people's part lives here.
    pub is_home: bool,
}

/// A wiki.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The one of the settings page.
    Here,
    /// Another, by its `api.php`.
    Api(String),
}

/// Hosts that lead on to others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shorteners {
    /// Link keys.
    pub keys: Vec<Key>,
    /// A page with one per line; `None`: there is none.
    pub page: Option<Title>,
}

/// How much a page shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Show {
    /// Additions on the page.
    pub rows: u32,
    /// Additions that are looked at: still there, removed.
    pub looked_at: u32,
    /// Users of the table.
    pub users: u32,
    /// Hosts of a user, range or server.
    pub hosts: u32,
    /// Whether an address is shown singly in a range's report, or of a link; else as its /24 or /48.
    pub single_addresses: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            publish: Publish::Off,
            watched_pages: asking::default_pages(),
            templates: Templates::default(),
            poke: Some(Poke::default()),
            rules: Limits::default(),
            limits: LimitSettings::default(),
            titles: Titles::default(),
            targets: targets::default_targets(),
            stale_after: shown::STALE_AFTER,
            common_host: asking::COMMON_HOST,
            shorteners: Shorteners::default(),
            noticeboards: Vec::new(),
            blacklists: lists::default_blacklists(),
            skip: Skip::default(),
            show: Show::default(),
            path_hosts: PathHosts::default(),
            names_for: shown::NAMES_FOR,
        }
    }
}

impl JobSettings for Settings {
    const KEYS: &'static [&'static str] = &[
        "publish",
        "watched_pages",
        "templates",
        "poke",
        "rules",
        "limits",
        "titles",
        "targets",
        "stale_after",
        "common_host",
        "shorteners",
        "noticeboards",
        "blacklists",
        "skip",
        "show",
        "path_hosts",
        "names_for",
    ];
    const MESSAGES: &'static [Message<'static>] = crate::words::MESSAGES;

    fn read(root: &MapNode<'_>, site: &Site) -> Option<Settings> {
        let path_hosts = lists::path_hosts(root);
        Some(Settings {
            publish: match root.choice("publish", &["off", "pages"]) {
                Some("pages") => Publish::Pages,
                _ => Publish::Off,
            },
            watched_pages: lists::pages(root, "watched_pages", site, asking::default_pages),
            templates: asking::templates(root, site),
            poke: asking::poke(root, site),
            rules: asking::rules(root),
            limits: asking::limits(root),
            titles: titles::titles(root, site),
            targets: targets::targets(root, site),
            stale_after: shown::stale_after(root),
            common_host: asking::common_host(root),
            shorteners: shorteners::shorteners(root, site, &path_hosts),
            noticeboards: lists::pages(root, "noticeboards", site, Vec::new),
            blacklists: lists::pages(root, "blacklists", site, lists::default_blacklists),
            skip: asking::skip(root),
            show: shown::show(root),
            path_hosts,
            names_for: shown::names_for(root),
        })
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
