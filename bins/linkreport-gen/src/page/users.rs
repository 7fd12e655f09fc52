//! The table of users: how long they are there, what they did with the link, and what else they added.

use shared::core::report::Kind;
use shared::core::text::{Wikitext, literal, plain};
use shared::core::types::Timestamp;

use super::lines::is_sample;
use super::pen::Pen;
use crate::model::{Account, Adder};

/// Columns, by the keys of their heads.
const COLUMNS: [&str; 11] = [
    "column-user",
    "column-since",
    "column-edits",
    "column-groups",
    "column-blocked",
    "column-additions",
    "column-live",
    "column-removed",
    "column-again",
    "column-other-hosts",
    "column-last",
];

/// The section.
pub fn users(pen: &Pen<'_>) -> Wikitext {
    let kind = pen.model.subject.kind();
    let mut text = pen.heading(match kind {
        Kind::Link | Kind::Server => "heading-others",
        Kind::User => "heading-account",
        Kind::Ip | Kind::Range => "heading-addresses",
    });
    text.push_literal("<div id=\"lr-users\"></div>\n");
    let shown = pen.around.settings.show.users as usize;
    let users = &pen.model.users[..shown.min(pen.model.users.len())];
    if users.is_empty() {
        text.push(&pen.words("users-none")).push_literal("\n");
        return text;
    }
    text.push(&table(pen, &COLUMNS, true));
    for (i, adder) in users.iter().enumerate() {
        text.push_literal("|-\n").push(&line(pen, i + 1, adder));
    }
    text.push_literal("|}</div>\n");
    let mut notes = Vec::new();
    let all = pen.model.totals.editors();
    if all > users.len() as u64 {
        notes.push(pen.count("users-more", all - users.len() as u64));
    }
    if is_sample(pen) {
        let n = pen.number(pen.model.fates.looked_at);
        notes.push(pen.say("users-sample", &[("n", &n)]));
    }
    if users
        .iter()
        .any(|user| user.account.as_ref().is_some_and(|account| account.is_global))
    {
        notes.push(pen.words("users-global"));
    }
    if !notes.is_empty() {
        text.push(&Wikitext::join(&notes, " ")).push_literal("\n");
    }
    text
}

/// Begins a table that can be scrolled on a narrow screen; its heads are messages. A wide one has smaller letters.
pub fn table(pen: &Pen<'_>, columns: &[&str], is_wide: bool) -> Wikitext {
    let mut text = literal("<div style=\"overflow-x:auto\">\n{| class=\"wikitable\"");
    text.push_literal(if is_wide { " style=\"font-size:82%\"\n" } else { "\n" });
    for column in columns {
        text.push_literal("! scope=\"col\" | ")
            .push(&pen.words(column))
            .push_literal("\n");
    }
    text
}

/// A cell; numbers are set to the right.
pub fn cell(text: &Wikitext, is_number: bool) -> Wikitext {
    let mut cell = literal(if is_number {
        "| style=\"text-align:right\" | "
    } else {
        "| "
    });
    cell.push(text).push_literal("\n");
    cell
}

fn line(pen: &Pen<'_>, number: usize, adder: &Adder) -> Wikitext {
    let none = pen.words("cell-none");
    let mut name = literal("<span id=\"lr-u");
    name.push(&plain(&number.to_string(), 9)).push_literal("\"></span>");
    name.push(&pen.who(&adder.who, adder.wiki));
    let of = |value: Option<Wikitext>| value.unwrap_or_else(|| none.clone());
    let account = adder.account.as_ref();
    let day = |ts: Timestamp| pen.day(ts);
    let groups = account.filter(|account| !account.groups.is_empty()).map(|account| {
        let groups: Vec<Wikitext> = account.groups.iter().take(6).map(|group| plain(group, 40)).collect();
        Wikitext::join(&groups, ", ")
    });
    let mut hosts = Vec::new();
    if adder.other_links > 0 {
        hosts.push(pen.count("other-links", adder.other_links));
    }
    for (host, n) in adder.other_hosts.iter().take(3) {
        let values = [("host", &plain(host, 80)), ("n", &pen.number(*n))];
        hosts.push(pen.say("other-host", &values));
    }
    let known = |n: u64| match adder.fates.looked_at {
        0 => none.clone(),
        _ => pen.number(n),
    };
    let cells = [
        (name, false),
        (of(account.and_then(|account| account.registered).map(day)), false),
        (
            of(account.and_then(|account| account.edits).map(|edits| pen.number(edits))),
            true,
        ),
        (of(groups), false),
        (of(account.map(|account| blocked(pen, account))), false),
        (pen.number(adder.n), true),
        (known(adder.fates.live), true),
        (known(adder.fates.removed), true),
        (known(adder.fates.again), true),
        (
            of(Some(Wikitext::join(&hosts, ", ")).filter(|hosts| !hosts.is_empty())),
            false,
        ),
        (pen.day(adder.last), false),
    ];
    Wikitext::concat(
        cells
            .iter()
            .map(|(text, is_number)| cell(text, *is_number))
            .collect::<Vec<_>>()
            .iter(),
    )
}

fn blocked(pen: &Pen<'_>, account: &Account) -> Wikitext {
    match (account.is_blocked, account.is_locked) {
        (true, true) => pen.words("blocked-and-locked"),
        (true, false) => pen.words("blocked"),
        (false, true) => pen.words("locked"),
        (false, false) => pen.words("blocked-not"),
    }
}
