//! What stands in people's part of a report, and what the status page says of asking and serving.

use shared::core::settings::Message;

/// The table.
pub(super) const MESSAGES: &[Message<'static>] = &[
    // As people read them; the words in the status template itself are the same on every wiki.
    ("status-open", "open", &[]),
    ("status-closed", "closed", &[]),
    ("status-ignore", "ignored", &[]),
    ("status-stale", "stale", &[]),
    ("status-added", "added to a blacklist", &[]),
    // People's part.
    ("human-heading", "Status and discussion", &[]),
    ("human-status", "Status", &[]),
    ("human-made", "See the report above. – {bot}, {time}", &[]),
    (
        "human-reopened",
        "Closed report, reopened: the additions since it was closed meet the rule that opened it; the newest is of {last}. – {bot}, {time}",
        &[],
    ),
    (
        "human-stale",
        "Marked stale: the last known addition is of {last}, and {live} of the links that were looked at are still there. – {bot}, {time}",
        &[],
    ),
    (
        "human-held",
        "New data: {additions} additions are known now. The report above was not rewritten, because a person changed it, or the line between it and this part is gone or stands there twice. – {bot}, {time}",
        &[],
    ),
    (
        "copy-held",
        "There is new data in the report that this page is a copy of. This copy was not rewritten, because a person changed it.",
        &[],
    ),
    // Why a report was asked for.
    ("reason-summary", "a summary template", &[]),
    ("reason-poke", "asked for by a trusted user", &[]),
    ("reason-command", "asked for by the operator", &[]),
    ("reason-rule", "a statistics rule", &[]),
    ("reason-additions", "new additions", &[]),
    ("reason-reopen", "new additions after it was closed", &[]),
    ("reason-hidden", "something in it was hidden on a wiki", &[]),
    ("reason-suppressed", "something in it is not to be shown any more", &[]),
    ("reason-rename", "a user was renamed", &[]),
    ("reason-stale", "nothing new for a long time", &[]),
    // Waiting.
    ("wait-one", "One report waits to be written:", &[]),
    ("wait-many", "{count} reports wait to be written:", &["count"]),
    ("wait-line", "{subject}: {reasons} ({who}; since {time})", &["subject"]),
    (
        "wait-line-again",
        "{subject}: {reasons} ({who}; since {time}); it failed {tries} times and is tried again after {next}",
        &["subject"],
    ),
    ("wait-more", "{count} more are not shown.", &["count"]),
    ("wait-by-rule", "the bot", &[]),
    // Pages that a person has to look at.
    ("held-line", "{page} is not rewritten: {why}.", &["page", "why"]),
    ("held-changed", "a person changed the bot’s part", &[]),
    ("held-no-marker", "the line where people’s part begins is gone", &[]),
    (
        "held-doubled",
        "the line where people’s part begins stands there twice",
        &[],
    ),
    (
        "held-help",
        "To let the bot go on, undo the change above the line where people’s part begins; or move what people wrote elsewhere, empty the page, and have a trusted user ask for the report again.",
        &[],
    ),
    ("gone-line", "{page} is left alone: it {why}.", &["page", "why"]),
    (
        "reduced-line",
        "{page} is saved without names: the wiki refused the full one ({why}). When the cause is gone, ask for the report again.",
        &["page", "why"],
    ),
    ("reduced-page", "A report", &[]),
    (
        "not-saved-line",
        "{page} could not be saved: the wiki refused it ({why}).",
        &["page", "why"],
    ),
    // The part of the status page about what was done.
    (
        "done-reports",
        "{span}: reports written: {written} ({made} of them new); reopened: {reopened}; marked stale: {stale}.",
        &["span", "written"],
    ),
    (
        "done-counts",
        "Reports in all: {open} open, {closed} closed, {ignore} ignored, {stale} stale, {added} added.",
        &["open"],
    ),
    // Index pages.
    (
        "index-intro",
        "Reports that {bot} wrote lately, the newest first. Older ones are found below {base}, and in the categories.",
        &["base"],
    ),
    ("index-day-format", "%-d %B %Y", &[]),
    (
        "index-line",
        "{report}: {status}, {additions} additions ({time})",
        &["report"],
    ),
    (
        "index-line-xwiki",
        "{report}: {status}, {additions} additions, cross-wiki ({time})",
        &["report"],
    ),
    ("index-reduced", "a report without names", &[]),
    ("index-none", "None yet.", &[]),
];
