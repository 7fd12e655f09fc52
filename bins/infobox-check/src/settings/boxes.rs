//! The settings of each box: read one by one, every problem recorded where it stands.

use shared::core::infobox::BoxDef;
use shared::core::settings::MapNode;
use shared::core::site::{Site, Title};
use shared::core::wikitext::TemplateNames;

use super::read::{approval, index_protection, one_line, report_level, settle};
use super::{BoxSettings, TEMPLATE, fields};

/// Most boxes.
const BOXES: usize = 100;
/// Most redirects to one box.
const REDIRECTS: usize = 100;
/// Most index pages of one box.
const INDEX_PAGES: usize = 20;
/// Most managers of one box.
const MANAGERS: usize = 200;
/// Longest name of a feed, in characters.
const CHANNEL_CHARS: usize = 60;

/// Longest title of a log, in bytes without namespace: those of its day pages are longer, and 255 are allowed.
const LOG_BYTES: usize = 230;

/// What a box may say.
const KEYS: &[&str] = &[
    "redirects",
    "watched_fields",
    "verified_fields",
    "index",
    "log",
    "edit",
    "approval",
    "managers",
    "report_level",
    "marks",
    "trackers",
    "checks",
    "field_aliases",
    "show_values",
    "channel",
    "index_protection",
    "settle",
];

/// Namespaces that hold no logs: files, the wiki's messages, templates, categories.
const NO_LOGS: [i32; 4] = [6, 8, TEMPLATE, 14];

/// All boxes that could be read; the others have problems. `namespaces`: the watched ones.
pub(super) fn boxes(root: &MapNode<'_>, site: &Site, namespaces: &[i32]) -> Vec<BoxSettings> {
    root.require(&["boxes"]);
    let Some(group) = root.map("boxes") else {
        return Vec::new();
    };
    let names = group.keys();
    if names.len() > BOXES {
        let text = format!("{} boxes; at most {BOXES} are allowed", names.len());
        root.problem("boxes", &text);
        return Vec::new();
    }
    if names.is_empty() {
        root.problem("boxes", "name at least one box");
    }
    let around = Around {
        site,
        namespaces,
        approval: root.has("approval").then(|| root.text("approval")).flatten(),
    };
    names
        .iter()
        .filter_map(|key| match template(key, site) {
            Ok(name) => read(&group.section(key), name, &around),
            Err(why) => {
                group.problem(key, &why);
                None
            }
        })
        .collect()
}

/// What a box's settings are read by.
struct Around<'a> {
    site: &'a Site,
    namespaces: &'a [i32],
    /// The job's own approval.
    approval: Option<String>,
}

/// The name of a template without its namespace, or why it is none.
pub(super) fn template(text: &str, site: &Site) -> Result<String, String> {
    let title = site.title_in(TEMPLATE, text)?;
    if title.ns == TEMPLATE {
        return Ok(title.text);
    }
    let namespace = site.namespace_name(title.ns).unwrap_or_default();
    Err(format!("`{text}` is in namespace {namespace}; a template is wanted"))
}

fn read(group: &MapNode<'_>, name: String, around: &Around<'_>) -> Option<BoxSettings> {
    let site = around.site;
    group.known(KEYS);
    group.moved(&[
        ("watchedfields", "the key is `watched_fields`"),
        ("verifiedfields", "the key is `verified_fields`"),
    ]);
    group.require(&["watched_fields", "log"]);
    let redirects = redirects(group, site);
    let watched = fields::watched(group);
    let verified = fields::verified(group, watched.as_deref());
    let marks = fields::marks(group, watched.as_deref(), &verified);
    let trackers = fields::trackers(group, &verified, site);
    let checks = fields::checks(group, watched.as_deref());
    let aliases = fields::aliases(group, watched.as_deref());
    let index = index(group, site, &verified);
    let approval = approval(group).or_else(|| around.approval.clone());
    let log = log(group, around, approval.is_some());
    let edit = group.bool("edit").unwrap_or(false);
    if edit && approval.is_none() {
        group.problem(
            "edit",
            "a box may be edited only with `approval`: a link to it, or where it was given, here or above all boxes",
        );
    }
    let settings = BoxSettings {
        def: BoxDef {
            names: TemplateNames::new(site, &name, redirects.iter().map(String::as_str)),
            name,
            watched: watched?,
            verified,
            marks,
            trackers,
            checks,
            aliases,
        },
        redirects,
        index,
        log: log?,
        edit,
        approval,
        managers: managers(group, site),
        report_level: report_level(group),
        show_values: group.yes_no("show_values").unwrap_or(true),
        channel: channel(group),
        index_protection: index_protection(group),
        settle: settle(group),
    };
    Some(settings)
}

fn redirects(group: &MapNode<'_>, site: &Site) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (n, text) in group
        .texts("redirects", REDIRECTS)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        match template(text, site) {
            Ok(name) if names.contains(&name) => {
                group.problem_at("redirects", n, "this redirect stands in the list twice");
            }
            Ok(name) => names.push(name),
            Err(why) => group.problem_at("redirects", n, &why),
        }
    }
    names
}

/// The index pages: one title or a list.
fn index(group: &MapNode<'_>, site: &Site, verified: &[String]) -> Vec<Title> {
    if !group.has("index") {
        if !verified.is_empty() {
            group.problem(
                "index",
                "this key is missing: `verified_fields` need the page that lists the verified revisions",
            );
        }
        return Vec::new();
    }
    if verified.is_empty() && !group.has("verified_fields") {
        group.warning(
            "index",
            "without `verified_fields` there is nothing to compare with a verified revision",
        );
    }
    let texts = group.one_or_more("index", INDEX_PAGES).unwrap_or_default();
    let mut titles: Vec<Title> = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        match site.title(text) {
            Ok(title) if titles.contains(&title) => group.problem_at("index", n, "this page stands in the list twice"),
            Ok(title) => titles.push(title),
            Err(why) => group.problem_at("index", n, &why),
        }
    }
    titles
}

/// The log page: none that people read or write as something else.
fn log(group: &MapNode<'_>, around: &Around<'_>, approved: bool) -> Option<Title> {
    let site = around.site;
    let title = match site.title(&group.text("log")?) {
        Ok(title) => title,
        Err(why) => {
            group.problem("log", &why);
            return None;
        }
    };
    let shown = site.prefixed(&title);
    if site.is_content(title.ns) || around.namespaces.contains(&title.ns) {
        let text = format!(
            "`{shown}` lies among the watched pages; a log belongs into the project's namespace or below the bot's user page"
        );
        group.problem("log", &text);
    } else if title.is_talk() || NO_LOGS.contains(&title.ns) || title.ns < 0 {
        let text = format!(
            "`{shown}` cannot hold a log; it belongs into the project's namespace or below the bot's user page"
        );
        group.problem("log", &text);
    } else if title.text.len() > LOG_BYTES {
        let text = format!(
            "this title has {} bytes; with at most {LOG_BYTES} there is room for its day pages",
            title.text.len()
        );
        group.problem("log", &text);
    } else if title.ns != 2 && !approved {
        let text = format!(
            "`{shown}` lies outside the bot's own pages: that needs `approval`, a link to where the project agreed, here or above all boxes"
        );
        group.problem("log", &text);
    }
    Some(title)
}

fn managers(group: &MapNode<'_>, site: &Site) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (n, text) in group.texts("managers", MANAGERS).unwrap_or_default().iter().enumerate() {
        match site.title_in(2, text) {
            Ok(user) if user.ns != 2 || user.text.contains('/') => {
                group.problem_at("managers", n, "write the user name, as in `Example`");
            }
            Ok(user) if names.contains(&user.text) => {
                group.problem_at("managers", n, "this user stands in the list twice");
            }
            Ok(user) => names.push(user.text),
            Err(why) => group.problem_at("managers", n, &why),
        }
    }
    names
}

fn channel(group: &MapNode<'_>) -> Option<String> {
    let name = one_line(group, "channel", CHANNEL_CHARS)?;
    if name.contains(char::is_whitespace) {
        group.problem("channel", "the name of a feed has no spaces");
        return None;
    }
    Some(name)
}
