//! The sentences that jobs write to wikis: one table, which the settings' `messages:` override key by key, so that a
//! wiki of any language reads its own.

use chrono::format::{Item, StrftimeItems};

use crate::core::settings::{Common, Message};
use crate::core::text::{Wikitext, from_settings, plain};
use crate::core::types::Timestamp;

/// Longest time shown, in characters.
const SHOWN: usize = 300;

/// Sentences that every job writes to a wiki; `messages:` can override each.
pub const MESSAGES: &[Message<'static>] = &[
    ("date-format", "%Y-%m-%d %H:%M (UTC)", &[]),
    (
        "status-intro",
        "This page is written by {bot} and tells what the job {job} does. What is edited here is overwritten. If the date under ''{running}'' is older than two days, the job is down.",
        &["bot", "job", "running"],
    ),
    ("heading-in-force", "In force", &[]),
    ("heading-running", "Running", &[]),
    ("heading-done", "Done", &[]),
    ("heading-waiting", "Waiting for a person", &[]),
    ("heading-stop", "Stop and help", &[]),
    (
        "in-force",
        "Settings revision {revision} is in force, saved by {user} on {time}.",
        &["revision", "user", "time"],
    ),
    (
        "in-force-text-by",
        "That revision only protected the page; its text was written by {user}.",
        &["user"],
    ),
    (
        "off",
        "The job is '''off''' (<code>enabled: false</code>) since settings revision {revision}, saved by {user} on {time}.",
        &["revision", "user", "time"],
    ),
    (
        "rejected",
        "Settings revision {revision}, saved by {user} on {time}, was '''rejected'''. Nothing is written until a corrected revision is saved:",
        &["revision", "user", "time"],
    ),
    ("warnings", "The settings were accepted, but look at this:", &[]),
    (
        "protection-ends",
        "The protection of the settings page ends on {time}; from then on the job stops.",
        &["time"],
    ),
    ("halted", "Nothing is written at the moment: {reason}.", &["reason"]),
    (
        "draft-accepted",
        "The draft (revision {revision}, {user}) would be accepted. It differs in {count} lines from the settings in force:",
        &["revision", "user", "count"],
    ),
    (
        "draft-same",
        "The draft (revision {revision}, {user}) would be accepted and does not differ from the settings in force.",
        &["revision", "user"],
    ),
    (
        "draft-rejected",
        "The draft (revision {revision}, {user}) would be rejected:",
        &["revision", "user"],
    ),
    (
        "last-run",
        "Last finished run before this page was saved: {time}. Newest look at the wiki: {newest}. Version {version}.",
        &["time", "newest", "version"],
    ),
    (
        "no-run",
        "No run has finished yet. Newest look at the wiki: {newest}. Version {version}.",
        &["newest", "version"],
    ),
    ("next-run", "Next run: about {time}.", &["time"]),
    (
        "done",
        "{span}: {edits} edits, {errors} errors in {runs} runs.",
        &["span", "edits"],
    ),
    ("span-day", "24 hours", &[]),
    ("span-week", "7 days", &[]),
    ("nobody-waits", "Nobody.", &[]),
    ("more", "{count} more are not shown.", &["count"]),
    (
        "stop-all",
        "To stop the job, an admin sets <code>enabled: false</code> on {settings}. Anybody autoconfirmed can stop it by writing a reason on {stop}; emptying that page, or writing <code>run</code>, starts it again.",
        &["settings", "stop"],
    ),
    (
        "stop-help",
        "A draft of new settings can be tried on {draft}; this page then says what is thought of it. Questions: {talk}.",
        &["draft", "talk"],
    ),
    ("operator", "Operator: {user}.", &["user"]),
    ("approval", "Approval: {page}.", &["page"]),
    ("commands-answer", "{answer} ({bot}, {time})", &["answer", "time"]),
    ("commands-not-shown", "(not shown here)", &[]),
    (
        "commands-stranger",
        "Not carried out ({count}): only users and groups that the settings page names give commands here.",
        &["count"],
    ),
    (
        "commands-too-many",
        "Not carried out ({count}): at most 25 commands in one edit, and 20 of one user on one day.",
        &["count"],
    ),
    (
        "feed-done",
        "Feed {feed}, {span}: {sent} lines sent, {waiting} wait, {dropped} dropped because they had waited too long.",
        &["feed", "span", "sent", "waiting", "dropped"],
    ),
    (
        "feed-next-try",
        "Feed {feed} could not be sent; the next try is about {time}.",
        &["feed", "time"],
    ),
    (
        "feed-quiet",
        "The feed {feed} is quiet since {time} by {user}, until somebody says <code>report feed {feed}</code>.",
        &["feed", "time", "user"],
    ),
    (
        "feed-level",
        "The feed {feed} has report level {level} since {time} by {user}, until somebody says <code>reportlevel settings {feed}</code>.",
        &["feed", "level", "time", "user"],
    ),
    (
        "feed-trouble",
        "The feed {feed} cannot be sent since {time}: {why}. What waits too long meanwhile is dropped.",
        &["feed", "time", "why"],
    ),
];

/// The sentences in force: the table, overridden by the settings.
pub struct Messages<'a> {
    common: Option<&'a Common>,
    extra: &'static [Message<'static>],
}

impl<'a> Messages<'a> {
    /// `common`: the settings, where there are any; `extra`: the job's own table.
    pub fn new(common: Option<&'a Common>, extra: &'static [Message<'static>]) -> Messages<'a> {
        Messages { common, extra }
    }

    /// The text of `key` as it stands; empty for a key that is in no table.
    pub fn text(&self, key: &str) -> &str {
        let overridden = self.common.and_then(|common| common.messages.get(key));
        let standard = MESSAGES.iter().chain(self.extra).find(|(name, ..)| *name == key);
        overridden.map_or_else(|| standard.map_or("", |(_, text, _)| *text), String::as_str)
    }

    /// The approval page that the settings name.
    pub fn approval(&self) -> Option<&str> {
        self.common.and_then(|common| common.approval.as_deref())
    }

    /// The sentence of `key` with its placeholders filled.
    pub fn say(&self, key: &str, values: &[(&str, &Wikitext)]) -> Wikitext {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, None, *value)).collect();
        from_settings(self.text(key), &values)
    }

    /// A time in the wiki's own form (message `date-format`; an impossible format is passed over).
    pub fn time(&self, time: Timestamp) -> Wikitext {
        let standard = MESSAGES[0].1;
        let format = self.text("date-format");
        let usable = !StrftimeItems::new(format).any(|item| matches!(item, Item::Error));
        plain(&time.format(if usable { format } else { standard }).to_string(), SHOWN)
    }
}
