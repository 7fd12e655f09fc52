//! The sentences of coi-report on wiki pages; `messages:` can override each. They say what was observed (a name overlaps
//! a title, a link was added), never what somebody may have meant by it.

use shared::core::settings::Message;

/// The table.
pub const MESSAGES: &[Message<'static>] = &[
    // chrono's strftime: https://docs.rs/chrono/latest/chrono/format/strftime/
    ("day-format", "%Y, %b %-d", &[]),
    ("time-format", "%H:%M:%S", &[]),
    (
        "day-intro",
        "Name overlaps and listed links in edits of {date} (UTC); new accounts first, then by ratio. This is a list of observations and no verdict: names and texts often overlap by accident, and a listed link may be a good reference. Please check the edits themselves, and assume good faith. If your name should not stand here, strike the line with <code><nowiki><s>…</s></nowiki></code>: struck lines stay struck, and are proposed for the whitelist. An administrator or another trusted user can whitelist a name, or a name together with a page or a link; where, and more about the bot: {status}. Comments may be written below a line; lines may be struck, moved or taken away, and the bot leaves that alone. After each name stand the observations about it in the last hour and ever. The links to user and link reports are red until such a report is made.",
        &["date", "status"],
    ),
    (
        "line",
        "{time}: {user} {what}{more} ({page} – {diff}{reports})",
        &["time", "user", "what", "page"],
    ),
    ("line-user", "{user} ({talk}, {contribs}; {recent}/{all})", &["user"]),
    ("line-user-plain", "{user} ({recent}/{all})", &["user"]),
    ("line-elsewhere", "{user} @ {wiki}", &["user", "wiki"]),
    (
        "line-scores",
        "scores {there}% ({from}→{to}) & {back}% ({to}→{from}) (ratio: {ratio}%) on {name} ↔ {string}",
        &["there", "back", "ratio", "name", "string"],
    ),
    ("line-near", ", spelled nearly the same ({near}%)", &["near"]),
    ("line-url", " – added {url}", &["url"]),
    ("line-links", "added {count} links in one edit", &["count"]),
    (
        "rule-proximity",
        "added {string}, whose server has an address near by ({matched})",
        &["string"],
    ),
    ("rule-user-keyword", "Listed user, keyword {matched}", &["matched"]),
    ("rule-link-keyword", "Listed link, {matched}", &["matched"]),
    ("rule-monitored-user", "Monitored user – {string}", &["string"]),
    ("rule-monitored-link", "Monitored link – {string}", &["string"]),
    ("rule-auto-monitored", "Monitored link (auto) – {string}", &["string"]),
    (
        "rule-noticeboard",
        "Link named on {matched} – {string}",
        &["matched", "string"],
    ),
    (
        "rule-spam-blacklist",
        "Link on the wiki’s blacklist ({matched}) – {string}",
        &["string"],
    ),
    (
        "rule-blocked-domain",
        "Link to a blocked domain – {string}",
        &["string"],
    ),
    ("more-page", " + 1 page", &[]),
    ("more-pages", " + {count} pages", &["count"]),
    ("more-edit", " + 1 edit", &[]),
    ("more-edits", " + {count} edits", &["count"]),
    ("label-talk", "talk", &[]),
    ("label-contribs", "contribs", &[]),
    ("label-diff", "diff", &[]),
    ("label-user-report", "user report", &[]),
    ("label-link-report", "link report", &[]),
    ("hidden-hit", "1 hit hidden", &[]),
    ("hidden-hits", "{count} hits hidden", &["count"]),
    ("off-line", "A line was taken off this list.", &[]),
    ("temporary-account", "temporary account", &[]),
    (
        "lines-more",
        "{count} more lines are not shown on this page. Whoever runs the bot sees the newest observations with <code>{command}</code>.",
        &["count"],
    ),
    (
        "done-read",
        "Since {day}: {edits} edits read on {wikis} wikis; they added {links} links.",
        &["day", "edits"],
    ),
    (
        "done-hits",
        "{span}: {hits} observations on {lines} lines; {silent} more were recorded without a line.",
        &["span", "hits"],
    ),
    ("done-skipped", "{span}, passed over: {reasons}.", &["span", "reasons"]),
    (
        "done-precision",
        "30 days, {rule}: {hits} observations about {users} users on {lines} lines, of which people struck {struck} ({percent}% stand).",
        &["rule", "hits"],
    ),
    (
        "first-run",
        "The first run stored where the wikis stand now; edits before {time} were not looked at.",
        &["time"],
    ),
    (
        "proposed-line",
        "{user} and {string}: struck on {page} by {by}. To whitelist the pair: {command}",
        &["user", "string", "page"],
    ),
    (
        "proposed-line-unknown",
        "{user} and {string}: struck on {page}. To whitelist the pair: {command}",
        &["user", "string", "page"],
    ),
    ("taken-away", "{page} is left alone: it {why}.", &["page", "why"]),
    ("not-checked", "Not checked here: {what} ({why}).", &["what", "why"]),
    (
        "gap",
        "The wiki or stream offered no changes between {from} and {to}: {filled}.",
        &["from", "to", "filled"],
    ),
    ("gap-filled", "they were read from the page histories", &[]),
    ("gap-open", "'''they were not looked at'''", &[]),
];
