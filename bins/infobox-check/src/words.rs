//! The sentences of infobox-check on wiki pages; `messages:` can override each. They say what was observed, never what
//! somebody may have meant by it.

use shared::core::settings::Message;

/// The table.
pub const MESSAGES: &[Message<'static>] = &[
    (
        "log-intro",
        "Changes of watched infobox fields on {date}, newest first. This is an observation and no verdict: it tells what was changed, and how that compares with a revision whose values were verified. Notes may be written below a line and lines may be struck or taken away: the bot leaves that alone. About the bot, and how a user or a page is taken off this list: {status}.",
        &["date", "status"],
    ),
    (
        "log-line",
        "{time} ({diff}) {user}: {what}",
        &["time", "diff", "user", "what"],
    ),
    (
        "field-changed",
        "{box}, {field}: “{old}” → “{new}”",
        &["box", "field", "old", "new"],
    ),
    ("field-added", "{box}, {field}: added “{new}”", &["box", "field", "new"]),
    (
        "field-removed",
        "{box}, {field}: removed “{old}”",
        &["box", "field", "old"],
    ),
    (
        "field-formatting",
        "{box}, {field}: the formatting was changed, the value is the same",
        &["box", "field"],
    ),
    ("field-no-values", "{box}, {field}: changed", &["box", "field"]),
    (
        "state-correct-changed",
        "; '''correct → changed''' (verified: “{verified}”, revision {revision})",
        &["verified", "revision"],
    ),
    (
        "state-changed-correct",
        "; changed → correct (as in revision {revision})",
        &["revision"],
    ),
    (
        "state-changed-other",
        "; changed → other (verified: “{verified}”, revision {revision})",
        &["verified", "revision"],
    ),
    (
        "state-correct-changed-no-values",
        "; '''correct → changed''' (verified revision {revision})",
        &["revision"],
    ),
    (
        "state-changed-other-no-values",
        "; changed → other (verified revision {revision})",
        &["revision"],
    ),
    ("empty-value", "(empty)", &[]),
    ("check-failed", "; check: {why}", &["why"]),
    ("box-added", "{box}: the box was added", &["box"]),
    ("box-removed", "{box}: the box was removed", &["box"]),
    (
        "box-removed-verified",
        "{box}: the box was removed; it was verified in revision {revision}",
        &["box", "revision"],
    ),
    (
        "not-comparable",
        "{box}: the boxes before and after cannot be compared: {why}",
        &["box", "why"],
    ),
    (
        "listed-edit",
        "edit by a user who is on the blacklist for this page",
        &[],
    ),
    ("monitored-edit", "edit on a page of the monitor list", &[]),
    ("listed-fields", "; watched fields changed: {fields}", &["fields"]),
    ("reverted", "''(reverted)''", &[]),
    ("hidden-user", "(user name hidden)", &[]),
    ("hidden-line", "(hidden)", &[]),
    (
        "front-intro",
        "The last days of the log of watched infobox fields. It is an observation and no verdict: it tells what was changed, and how that compares with a revision whose values were verified. Articles whose verified fields differ now: {open}. All days: {all}. Settings, what the bot does, and how a user or a page is taken off this list: {status}.",
        &["open", "all", "status"],
    ),
    ("front-all", "all log pages", &[]),
    (
        "open-intro",
        "Articles whose fields differ now from the verified revision, as of {time}: an observation and no verdict, since the verified revision may be the one that is wrong. This list is written anew once a day; a line goes when the value is right again, or when the index names a newer verified revision. What is edited here is overwritten. About the bot, and how a page is taken off this list: {status}.",
        &["time", "status"],
    ),
    (
        "open-box",
        "{box} (fields: {count}, pages: {pages})",
        &["box", "count", "pages"],
    ),
    (
        "open-line",
        "{field}: “{value}”, verified “{verified}”, since {since} ({diff}, {user}), {compare} with the verified revision",
        &["field", "value", "verified", "since", "compare"],
    ),
    (
        "open-line-before",
        "{field}: “{value}”, verified “{verified}”, since before the bot looked, {compare} with the verified revision",
        &["field", "value", "verified", "compare"],
    ),
    (
        "open-line-before-no-values",
        "{field}, since before the bot looked, {compare} with the verified revision",
        &["field", "compare"],
    ),
    (
        "open-line-no-values",
        "{field}, since {since} ({diff}, {user}), {compare} with the verified revision",
        &["field", "since", "compare"],
    ),
    (
        "open-nothing",
        "Nothing: every verified field has its verified value.",
        &[],
    ),
    ("open-compare", "compare", &[]),
    (
        "done-changes",
        "{span}: {changes} changes recorded; {away} verified values changed, {back} put back.",
        &["span", "changes"],
    ),
    (
        "done-marks",
        "Now: {pages} pages with boxes are watched, {open} verified fields differ, {due} pages wait for their marks.",
        &["pages", "open", "due"],
    ),
    (
        "first-run",
        "The first run stored where the wiki stands now; edits before {time} were not looked at.",
        &["time"],
    ),
    (
        "gap",
        "The wiki offered no changes between {from} and {to}: {filled}.",
        &["from", "to", "filled"],
    ),
    ("gap-filled", "they were read from the page histories", &[]),
    ("gap-open", "'''they were not looked at'''", &[]),
    (
        "shrunk",
        "The list “{list}” came back empty or with less than half of its entries: the one before stays in use until it has grown again, or the operator lets it pass.",
        &["list"],
    ),
    (
        "proposed-line",
        "{index}: {page}, revision {revision}, proposed by {user}: not in force (the page is not protected, and {user} is no manager of {box}).",
        &["index", "page", "revision", "box"],
    ),
    ("problem-line", "{index}, line {line}: {why}.", &["index", "why"]),
    (
        "stale-line",
        "{page} ({box}): the marks contradict the index; due: {due}.",
        &["page", "due"],
    ),
    ("taken-line", "{index}: {why}.", &["index", "why"]),
    (
        "stale-more",
        "{count} more pages have marks that contradict the index.",
        &["count"],
    ),
    ("refused-line", "{page} ({box}): not marked: {why}.", &["page", "why"]),
    ("taken-away", "{page} is left alone: it {why}.", &["page", "why"]),
    ("override", "By the operator: {what} (by {user}, {time}).", &["what"]),
    (
        "backtest",
        "From {from} to {to} these settings would have logged {lines} changes on {pages} pages, and marked {marks} pages.",
        &["lines", "pages", "marks"],
    ),
];
