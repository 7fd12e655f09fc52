//! infobox-check's part of the settings page: which boxes are watched, where their verified revisions are indexed and
//! where changes are logged. Checked strictly, with every problem told at once. What only the wiki knows (is a box a
//! redirect, is there an index page) is judged in [`wiki`].

mod boxes;
mod feeds;
mod fields;
mod read;
mod rules;
pub mod wiki;

use chrono::TimeDelta;
use shared::commands::{self, Commands};
use shared::core::feed::Feed;
use shared::core::infobox::BoxDef;
use shared::core::settings::{MapNode, Message};
use shared::core::site::{Site, Title};
use shared::settings::JobSettings;

/// Namespace of templates.
pub const TEMPLATE: i32 = 10;

/// The settings of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The watched boxes, in the order of the page; at least one.
    pub boxes: Vec<BoxSettings>,
    /// Whether articles may be edited at all; each box must allow it too.
    pub edit: bool,
    /// Watched namespaces, by number, each once.
    pub namespaces: Vec<i32>,
    /// 0: nothing in log and feeds; 1: a verified field changed away from its verified value, blacklist, monitor list;
    /// 2: everything.
    pub report_level: u8,
    /// So old the newest edit by anybody else must be before a page's marks are touched.
    pub settle: TimeDelta,
    /// Bytes after which a log page is continued on the next one.
    pub log_page_size: usize,
    /// Mending of marks that contradict the index.
    pub repair: Repair,
    /// Protection level that makes every line of an index page count; `None`: those of the settings page.
    pub index_protection: Option<String>,
    /// Where commands are written and whose count; `None`: no page is read for commands.
    pub commands: Option<Commands>,
    /// Where changes are told beside the logs, boxes by the templates' own names.
    pub feeds: Vec<Feed>,
}

/// Whether and how many stale marks are mended, the damage that a dead bot left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Default `false`.
    pub enabled: bool,
    /// Pages in 24 hours.
    pub per_day: u32,
    /// Link to the approval, or its words; there whenever `enabled` is.
    pub approval: Option<String>,
}

/// One watched box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxSettings {
    /// Its name, fields, marks, trackers and checks.
    pub def: BoxDef,
    /// Names of redirects to the template, without namespace.
    pub redirects: Vec<String>,
    /// Pages that index the verified revisions; none without verified fields.
    pub index: Vec<Title>,
    /// The log page.
    pub log: Title,
    /// Whether articles may be edited for this box, if the settings allow it at all.
    pub edit: bool,
    /// Link to the approval, or its words; the job's own where the box has none.
    pub approval: Option<String>,
    /// User names whose index lines count on an unprotected index page too.
    pub managers: Vec<String>,
    /// The box's own report level.
    pub report_level: Option<u8>,
    /// Whether the log shows values: not for boxes on living people.
    pub show_values: bool,
    /// Name of the feed that reports go to.
    pub channel: Option<String>,
    /// The box's own protection level for index pages.
    pub index_protection: Option<String>,
    /// The box's own time to settle.
    pub settle: Option<TimeDelta>,
}

impl Settings {
    /// Whether articles may be edited for this box: it takes both switches.
    pub fn edits(&self, of: &BoxSettings) -> bool {
        self.edit && of.edit
    }

    /// The report level of a box.
    pub fn report_level_of(&self, of: &BoxSettings) -> u8 {
        of.report_level.unwrap_or(self.report_level)
    }

    /// The box that somebody calls by `name`: the template's name or a redirect's, any case of the first letter, `_`
    /// or space, with or without `Template:`.
    pub fn box_named(&self, name: &str) -> Option<&BoxSettings> {
        self.boxes.iter().find(|one| one.def.names.is(name))
    }
}

impl JobSettings for Settings {
    const KEYS: &'static [&'static str] = &[
        "boxes",
        "edit",
        "namespaces",
        "report_level",
        "log_page_size",
        "settle",
        "repair",
        "index_protection",
        "commands",
        "feeds",
    ];
    const MESSAGES: &'static [Message<'static>] = crate::words::MESSAGES;

    fn read(root: &MapNode<'_>, site: &Site) -> Option<Settings> {
        let namespaces = read::namespaces(root, site);
        let edit = root.bool("edit");
        let mut settings = Settings {
            edit: edit.unwrap_or(false),
            report_level: read::report_level(root).unwrap_or(2),
            settle: read::settle(root).unwrap_or(TimeDelta::minutes(60)),
            log_page_size: read::log_page_size(root),
            repair: read::repair(root),
            index_protection: read::index_protection(root),
            commands: commands::read(root, site),
            boxes: boxes::boxes(root, site, &namespaces),
            namespaces,
            feeds: Vec::new(),
        };
        settings.feeds = feeds::feeds(root, &settings);
        rules::across(root, site, &settings);
        (!settings.boxes.is_empty()).then_some(settings)
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
