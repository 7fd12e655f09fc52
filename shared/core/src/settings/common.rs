//! The keys that every job's settings page has.
//!
//! What belongs to the operator (account, database, hosts, the names of the
//! stop and status pages) cannot be set on a page.

use super::group::MapNode;
use super::placeholder::unknown_placeholders;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Names of the keys that [`common`] reads, for
/// [`MapNode::known`]`(&[COMMON_KEYS, MINE].concat())`.
pub const COMMON_KEYS: &[&str] = &[
    "enabled",
    "max_edits_per_run",
    "max_edits_per_day",
    "edit_interval",
    "summary_suffix",
    "tag",
    "minor",
    "trial",
    "approval",
    "messages",
];

/// One sentence that a job writes to a wiki: its key under `messages`, the
/// text that holds where the page has no other, and the names of the
/// placeholders that each version must have.
pub type Message<'a> = (&'a str, &'a str, &'a [&'a str]);

/// Longest `summary_suffix`, in characters: with the 300 of a user's text
/// and the token it stays below the 500 of an edit summary.
const SUFFIX_CHARS: usize = 150;

/// Longest name of a change tag in MediaWiki, in bytes.
const TAG_BYTES: usize = 255;

/// The keys that every job has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Common {
    /// The switch. `false` also where the key is missing or wrong.
    pub enabled: bool,
    /// Edits after which a run stops writing: 1 to 5000, default 50.
    pub max_edits_per_run: u32,
    /// Edits in 24 hours after which the job stops writing: 1 to 50000,
    /// default 500.
    pub max_edits_per_day: u32,
    /// Seconds between two edits, 0 to 600; `None` means 10 in content
    /// namespaces and 5 elsewhere.
    pub edit_interval: Option<u32>,
    /// End of every edit summary; the editor makes one if there is none.
    pub summary_suffix: Option<String>,
    /// A change tag, used where the wiki defines it.
    pub tag: Option<String>,
    /// Whether edits outside talk pages are marked as minor.
    pub minor: bool,
    /// A trial that ends by itself.
    pub trial: Option<Trial>,
    /// Title of the page on which the community approved the job; shown on
    /// the status page.
    pub approval: Option<String>,
    /// Sentences that replace the job's own, by key.
    pub messages: BTreeMap<String, String>,
}

/// Bounds of a trial: it ends with whichever is reached first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trial {
    /// Edits in all, 1 to 1000.
    pub edits: u32,
    /// The last day (UTC) of the trial.
    pub until: NaiveDate,
}

impl Default for Common {
    /// A page that says nothing: switched off, every bound at its default.
    fn default() -> Self {
        Self {
            enabled: false,
            max_edits_per_run: 50,
            max_edits_per_day: 500,
            edit_interval: None,
            summary_suffix: None,
            tag: None,
            minor: false,
            trial: None,
            approval: None,
            messages: BTreeMap::new(),
        }
    }
}

impl Common {
    /// The text of a message: the page's, or else the one in the table; empty
    /// for a key that is in neither.
    pub fn message<'a>(&'a self, table: &[Message<'a>], key: &str) -> &'a str {
        self.messages.get(key).map_or_else(
            || {
                table
                    .iter()
                    .find(|(name, _, _)| *name == key)
                    .map_or("", |(_, text, _)| *text)
            },
            String::as_str,
        )
    }
}

/// Reads the common keys of the outermost group. `messages` are the
/// sentences that the page may replace. Problems are recorded; what is wrong
/// gets its default.
pub fn common(root: &MapNode<'_>, messages: &[Message<'_>]) -> Common {
    root.require(&["enabled"]);
    root.moved(&[
        (
            "stop_page",
            "the stop page cannot be chosen here; it is always `User:<bot>/<job>/Stop`",
        ),
        (
            "status_page",
            "the status page cannot be chosen here; it is always the sub-page `Status` of the \
             settings page",
        ),
    ]);
    Common {
        enabled: root.bool("enabled").unwrap_or(false),
        max_edits_per_run: number(root, "max_edits_per_run", 1, 5_000).unwrap_or(50),
        max_edits_per_day: number(root, "max_edits_per_day", 1, 50_000).unwrap_or(500),
        edit_interval: number(root, "edit_interval", 0, 600),
        summary_suffix: read_suffix(root),
        tag: read_tag(root),
        minor: root.bool("minor").unwrap_or(false),
        trial: read_trial(root),
        approval: root.text("approval"),
        messages: read_messages(root, messages),
    }
}

fn number(group: &MapNode<'_>, key: &str, least: u32, most: u32) -> Option<u32> {
    let number = group.int(key, i64::from(least)..=i64::from(most))?;
    u32::try_from(number).ok()
}

fn read_suffix(root: &MapNode<'_>) -> Option<String> {
    let suffix = root.text("summary_suffix")?;
    if suffix.chars().count() > SUFFIX_CHARS || suffix.trim_end().contains('\n') {
        root.problem(
            "summary_suffix",
            &format!("this must be one line of at most {SUFFIX_CHARS} characters"),
        );
        return None;
    }
    Some(suffix.trim().to_owned())
}

fn read_tag(root: &MapNode<'_>) -> Option<String> {
    let tag = root.text("tag")?;
    let tag = tag.trim();
    if tag.len() > TAG_BYTES || tag.contains([',', '|', '/', '\n']) {
        root.problem("tag", "this is not the name of one change tag");
        return None;
    }
    Some(tag.to_owned())
}

fn read_trial(root: &MapNode<'_>) -> Option<Trial> {
    let trial = root.map("trial")?;
    trial.known(&["edits", "until"]);
    trial.require(&["edits", "until"]);
    let (edits, until) = (number(&trial, "edits", 1, 1_000), trial.date("until"));
    Some(Trial {
        edits: edits?,
        until: until?,
    })
}

fn read_messages(root: &MapNode<'_>, table: &[Message<'_>]) -> BTreeMap<String, String> {
    let group = root.section("messages");
    let keys: Vec<&str> = table.iter().map(|(key, _, _)| *key).collect();
    group.known(&keys);
    let mut messages = BTreeMap::new();
    for (key, standard, placeholders) in table {
        let Some(text) = group.text(key) else {
            continue;
        };
        let wanted: Vec<&[&str]> = placeholders.iter().map(std::slice::from_ref).collect();
        // What the standard text uses may be used, even if it may also be left out.
        let allowed = unknown_placeholders(standard, &[]);
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        if group.placeholders(key, &text, &wanted, &allowed) {
            messages.insert((*key).to_owned(), text);
        }
    }
    messages
}

#[cfg(test)]
#[path = "common_tests.rs"]
mod tests;
