//! The pages that are read for lists, the pages that are written, and how long things are kept.

use chrono::TimeDelta;
use shared::core::settings::MapNode;
use shared::core::site::{Site, Title};

use super::{Publish, Settings, texts};

/// Most noticeboards, blacklists and summary templates.
const PAGES: usize = 50;
/// Longest approval: a link or a sentence.
const APPROVAL_CHARS: usize = 500;
/// Longest title of the reports, in bytes: days and parts come behind it.
const TITLE_BYTES: usize = 200;
/// Number of the namespace of users.
const USER: i32 = 2;
/// Number of the namespace of the wiki's own messages.
const MEDIAWIKI: i32 = 8;

/// The report pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportSettings {
    /// The page whose sub-pages are the days; `None`: `COIReports` below the bot's user page, see
    /// [`Settings::report_title`].
    pub title: Option<Title>,
    /// Where a place outside of the bot's own pages was agreed to: a link or a sentence.
    pub approval: Option<String>,
    /// Most lines of a day.
    pub max_lines: usize,
}

/// How long things are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeepSettings {
    /// Link additions and the counts made of them; the operator may keep less.
    pub additions: TimeDelta,
    /// Hits.
    pub hits: TimeDelta,
}

impl Default for ReportSettings {
    fn default() -> ReportSettings {
        ReportSettings {
            title: None,
            approval: None,
            max_lines: 500,
        }
    }
}

impl Default for KeepSettings {
    fn default() -> KeepSettings {
        KeepSettings {
            additions: TimeDelta::days(730),
            hits: TimeDelta::days(730),
        }
    }
}

/// The templates of English Wikipedia and Meta that noticeboards name a domain with.
pub(super) fn default_summaries() -> Vec<String> {
    ["LinkSummary", "Link summary", "LinkSummaryLive"]
        .map(str::to_owned)
        .to_vec()
}

/// Where MediaWiki's SpamBlacklist and AbuseFilter keep what is blocked.
pub(super) fn default_blacklists() -> Vec<Title> {
    ["Spam-blacklist", "Spam-whitelist", "BlockedExternalDomains.json"]
        .map(|text| Title {
            ns: MEDIAWIKI,
            text: text.to_owned(),
        })
        .to_vec()
}

/// A list of pages, each once.
pub(super) fn pages(root: &MapNode<'_>, key: &str, site: &Site, default: impl Fn() -> Vec<Title>) -> Vec<Title> {
    if !root.has(key) {
        return default();
    }
    let mut found = Vec::new();
    for (n, text) in root.texts(key, PAGES).unwrap_or_default().iter().enumerate() {
        match site.title(text) {
            Ok(title) if title.ns < 0 => root.problem_at(key, n, "this is a special page; it has no text"),
            Ok(title) if found.contains(&title) => root.problem_at(key, n, "this page stands in the list twice"),
            Ok(title) => found.push(title),
            Err(why) => root.problem_at(key, n, &why),
        }
    }
    found
}

pub(super) fn summaries(root: &MapNode<'_>, site: &Site) -> Vec<String> {
    if !root.has("summary_templates") {
        return default_summaries();
    }
    let mut found: Vec<String> = Vec::new();
    let names = root.texts("summary_templates", PAGES).unwrap_or_default();
    for (n, text) in names.iter().enumerate() {
        match texts::template(text, site) {
            Ok(name) if found.contains(&name) => {
                root.problem_at("summary_templates", n, "this template stands in the list twice");
            }
            Ok(name) => found.push(name),
            Err(why) => root.problem_at("summary_templates", n, &why),
        }
    }
    found
}

pub(super) fn report(root: &MapNode<'_>, site: &Site) -> ReportSettings {
    let group = root.section("report");
    group.known(&["title", "approval", "max_lines"]);
    let max_lines = group.int("max_lines", 10..=5_000).and_then(|n| usize::try_from(n).ok());
    ReportSettings {
        title: title(&group, site),
        approval: approval(&group),
        max_lines: max_lines.unwrap_or(ReportSettings::default().max_lines),
    }
}

/// The report's page. That a user page is the bot's own is looked at later, when the account is known.
fn title(group: &MapNode<'_>, site: &Site) -> Option<Title> {
    let text = group.text("title")?;
    let title = match site.title(&text) {
        Ok(title) => title,
        Err(why) => {
            group.problem("title", &why);
            return None;
        }
    };
    let own = match title.ns {
        ns if ns < 0 => Some("this is a special page; nothing can be written there"),
        3 => Some("no job writes on talk pages of users"),
        MEDIAWIKI => Some("no job writes into the messages of the wiki"),
        ns if site.is_content(ns) => Some("reports are not written among the articles"),
        _ if title.text.len() > TITLE_BYTES => Some("the title is too long: 200 bytes are allowed"),
        _ => None,
    };
    if let Some(why) = own {
        group.problem("title", why);
        return None;
    }
    if title.ns != USER && !group.has("approval") {
        group.problem(
            "approval",
            "reports outside of the bot's own user pages need an approval: a link to it, or where it was given",
        );
    }
    Some(title)
}

fn approval(group: &MapNode<'_>) -> Option<String> {
    let text = group.text("approval")?;
    let text = text.trim();
    if text.contains('\n') || text.chars().count() > APPROVAL_CHARS {
        group.problem("approval", "this must be one line of at most 500 characters");
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn keep(root: &MapNode<'_>) -> KeepSettings {
    let group = root.section("keep");
    group.known(&["additions", "hits"]);
    let default = KeepSettings::default();
    let span = |key: &str, default: TimeDelta| {
        group
            .duration(key, TimeDelta::days(30)..=TimeDelta::days(3_650))
            .unwrap_or(default)
    };
    KeepSettings {
        additions: span("additions", default.additions),
        hits: span("hits", default.hits),
    }
}

/// What must hold between the parts.
pub(super) fn across(root: &MapNode<'_>, site: &Site, settings: &Settings) {
    let group = root.section("report");
    if let Some(title) = &settings.report.title {
        let commands = settings.commands.as_ref().and_then(|commands| commands.page.as_ref());
        let read = settings.noticeboards.iter().chain(&settings.blacklists).chain(commands);
        for page in read {
            if page == title || page.is_subpage_of(title) {
                let text = format!(
                    "`{}`, which people write, would be one of the report's pages; take another",
                    site.prefixed(page)
                );
                group.problem("title", &text);
            }
        }
    }
    let reads_nothing = matches!(&settings.wikis, super::Wikis::List(list) if list.is_empty());
    if reads_nothing && settings.publish == Publish::Off {
        root.warning(
            "wikis",
            "nothing is read and, without `publish: pages`, nothing is written",
        );
    }
}
