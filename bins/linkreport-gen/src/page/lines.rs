//! The three lines at the top: how much, where, by whom and when; how one-sided; what lists say. Every number leads to
//! what it counts. Below them, from when on the numbers count.

use shared::core::report::{Kind, Subject};
use shared::core::text::{Wikitext, user};
use shared::db::links::questions::lookup::Kind as EditorKind;

use super::hits;
use super::pen::Pen;
use crate::model::{Entry, ListName};

/// The three lines, and how complete they are.
pub fn lines(pen: &Pen<'_>) -> Wikitext {
    let kind = pen.model.subject.kind();
    let second = match kind.is_editor() {
        true => one_host(pen),
        false => one_user(pen),
    };
    let third = match kind.is_editor() {
        true => {
            let hits = pen.counted(
                "observations",
                pen.model.all_hits,
                &hits::counted(pen, &pen.linked(pen.model.all_hits, "lr-hits")),
            );
            pen.say("line-third-editor", &[("hits", &hits), ("monitor", &monitor(pen))])
        }
        false => pen.say(
            "line-third",
            &[("blacklist", &blacklist(pen)), ("monitor", &monitor(pen))],
        ),
    };
    let mut text = Pen::wrapped(&Pen::list(&[first(pen), second, third]));
    text.push(&complete(pen));
    text
}

fn first(pen: &Pen<'_>) -> Wikitext {
    let totals = &pen.model.totals;
    let kind = pen.model.subject.kind();
    let counted = |key: &str, n: u64, anchor: &str| pen.counted(key, n, &pen.linked(n, anchor));
    let users = match kind {
        Kind::Range => "addresses",
        _ => "users",
    };
    let key = match kind {
        Kind::Link => "line-first-link",
        Kind::User | Kind::Ip => "line-first-editor",
        Kind::Range | Kind::Server => "line-first-several",
    };
    pen.say(
        key,
        &[
            ("subject", &pen.subject()),
            ("additions", &counted("additions", totals.additions, "lr-additions")),
            ("hosts", &counted("hosts", totals.hosts, "lr-hosts")),
            ("wikis", &counted("wikis", totals.wikis, "lr-wikis")),
            ("users", &counted(users, totals.editors(), "lr-users")),
            ("when", &when(pen)),
            ("fates", &fates(pen)),
        ],
    )
}

/// From the first to the last addition; both lead to their rows where these are shown.
fn when(pen: &Pen<'_>) -> Wikitext {
    let totals = &pen.model.totals;
    let (Some(first), Some(last)) = (totals.first, totals.last) else {
        return Wikitext::new();
    };
    let is_shown = |ts| {
        let shown = &pen.model.rows[..pen.rows];
        shown
            .iter()
            .find(|row| row.ts == ts)
            .map(|row| format!("r{}", row.number))
    };
    let linked = |ts, otherwise: &str| {
        let anchor = is_shown(ts).unwrap_or_else(|| otherwise.to_owned());
        pen.jump(&anchor, &pen.day(ts))
    };
    let (begin, end) = (linked(first, "lr-first"), linked(last, "lr-first"));
    match first.date_naive() == last.date_naive() {
        true => pen.say("when-day", &[("day", &end)]),
        false => pen.say("when-span", &[("first", &begin), ("last", &end)]),
    }
}

fn fates(pen: &Pen<'_>) -> Wikitext {
    let fates = &pen.model.fates;
    let said = |key: &str, n: u64, anchor: &str| pen.say(key, &[("n", &pen.linked(n, anchor))]);
    if fates.looked_at == 0 {
        return pen.words("fates-none");
    }
    let mut parts = vec![
        said("fates-removed", fates.removed, "lr-removed"),
        said("fates-live", fates.live, "lr-live"),
    ];
    if fates.gone > 0 {
        parts.push(said("fates-gone", fates.gone, "lr-gone"));
    }
    if fates.unknown > 0 {
        parts.push(said("fates-unknown", fates.unknown, "lr-unknown"));
    }
    let parts = Wikitext::join(&parts, ", ");
    match is_sample(pen) {
        true => {
            let n = pen.linked(fates.looked_at, "lr-additions");
            pen.say("fates-sample", &[("n", &n), ("fates", &parts)])
        }
        false => parts,
    }
}

/// Whether not all additions were looked at.
pub fn is_sample(pen: &Pen<'_>) -> bool {
    pen.model.fates.looked_at < pen.model.totals.additions
}

fn again(pen: &Pen<'_>) -> Wikitext {
    let again = pen.model.fates.again;
    if again == 0 {
        return pen.words("again-none");
    }
    let said = pen.say("again", &[("n", &pen.linked(again, "lr-again"))]);
    match is_sample(pen) {
        true => {
            let n = pen.linked(pen.model.fates.looked_at, "lr-additions");
            pen.say("again-sample", &[("again", &said), ("n", &n)])
        }
        false => said,
    }
}

/// How many of the additions one user made.
fn one_user(pen: &Pen<'_>) -> Wikitext {
    let again = again(pen);
    let Some(top) = pen.model.users.first() else {
        return pen.say("line-second-nobody", &[("again", &again)]);
    };
    let all = pen.model.totals.additions;
    let who = pen.words(match top.kind {
        EditorKind::Named => "one-user",
        EditorKind::Temporary => "one-temporary",
        EditorKind::Address => "one-address",
        EditorKind::Range => "one-range",
    });
    let others = match top.other_links {
        0 => pen.words("other-links-none"),
        n => pen.counted("other-links", n, &pen.linked(n, "lr-u1")),
    };
    pen.say(
        "line-second",
        &[
            ("top", &pen.linked(top.n, "lr-top")),
            ("all", &pen.linked(all, "lr-additions")),
            ("percent", &pen.jump("lr-u1", &pen.percent(top.n, all))),
            ("who", &who),
            ("others", &others),
            ("again", &again),
        ],
    )
}

/// How many of the additions were of one host.
fn one_host(pen: &Pen<'_>) -> Wikitext {
    let again = again(pen);
    let Some(top) = pen.model.hosts.first() else {
        return pen.say("line-second-no-host", &[("again", &again)]);
    };
    let all = pen.model.totals.additions;
    let host = match pen.is_full() {
        true => pen.report(&top.subject, &top.subject.to_string()),
        false => pen.words("one-host"),
    };
    let others = match top.others {
        0 => pen.words("other-users-none"),
        n => pen.counted("other-users", n, &pen.jump("lr-others", &pen.other_users(n))),
    };
    pen.say(
        "line-second-editor",
        &[
            ("top", &pen.linked(top.n, "lr-top")),
            ("all", &pen.linked(all, "lr-additions")),
            ("percent", &pen.jump("lr-hosts", &pen.percent(top.n, all))),
            ("host", &host),
            ("others", &others),
            ("again", &again),
        ],
    )
}

/// Entries of the spam blacklists and blocked domains.
pub fn blocking<'a>(pen: &Pen<'a>) -> Vec<&'a Entry> {
    let is_one = |entry: &&Entry| matches!(entry.list, ListName::SpamBlacklist | ListName::BlockedDomains);
    pen.model.entries.iter().filter(is_one).collect()
}

fn blacklist(pen: &Pen<'_>) -> Wikitext {
    let entries = blocking(pen);
    let mut lists: Vec<(ListName, Option<usize>)> = Vec::new();
    for entry in &entries {
        let list = (entry.list, entry.page.as_ref().map(|(wiki, _)| *wiki));
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    if lists.is_empty() {
        return match pen.model.unchecked.is_empty() {
            true => pen.words("blacklist-none"),
            false => pen.say(
                "blacklist-unread",
                &[("link", &pen.jump("lr-rules", &pen.words("unread")))],
            ),
        };
    }
    let n = lists.len() as u64;
    let said = pen.counted("blacklists", n, &pen.linked(n, "lr-rules"));
    let mut wikis: Vec<usize> = lists.iter().filter_map(|(_, wiki)| *wiki).collect();
    wikis.sort_unstable();
    wikis.dedup();
    if !pen.is_full() || wikis.is_empty() {
        return said;
    }
    let names: Vec<Wikitext> = wikis.iter().take(5).map(|wiki| pen.wiki(*wiki)).collect();
    let mut names = Wikitext::join(&names, ", ");
    if wikis.len() > 5 {
        names.push_literal(", …");
    }
    pen.say("blacklists-of", &[("blacklists", &said), ("wikis", &names)])
}

fn monitor(pen: &Pen<'_>) -> Wikitext {
    let of_subject = |entry: &&Entry| entry.of_user.is_none();
    let on = |list: ListName| {
        pen.model
            .entries
            .iter()
            .filter(of_subject)
            .find(|entry| entry.list == list)
    };
    let mut parts = Vec::new();
    match on(ListName::Monitor) {
        None => parts.push(pen.words("monitored-not")),
        Some(entry) => {
            let mut said = match entry.since {
                Some(since) => {
                    let day = pen.jump("lr-rules", &pen.day(since));
                    pen.say("monitored-since", &[("day", &day)])
                }
                None => pen.jump("lr-rules", &pen.words("monitored")),
            };
            let mut why = Vec::new();
            if pen.is_full() {
                why.extend(entry.reason.as_deref().map(|reason| pen.quoted(reason)));
                why.extend(entry.by.as_deref().map(|by| pen.say("by-whom", &[("user", &user(by))])));
            }
            if !why.is_empty() {
                said.push_literal(" (")
                    .push(&Wikitext::join(&why, ", "))
                    .push_literal(")");
            }
            parts.push(said);
        }
    }
    for (list, key) in [
        (ListName::Whitelist, "whitelisted"),
        (ListName::SpamWhitelist, "spam-whitelisted"),
    ] {
        if on(list).is_some() {
            parts.push(pen.jump("lr-rules", &pen.words(key)));
        }
    }
    Wikitext::join(&parts, "; ")
}

/// From when on the numbers count, and what is missing.
fn complete(pen: &Pen<'_>) -> Wikitext {
    let complete = &pen.model.complete;
    let mut said = Vec::new();
    match (complete.rows, complete.counters) {
        (Some(rows), Some(counters)) if rows.date_naive() != counters.date_naive() => {
            let (rows, counters) = (pen.day(rows), pen.day(counters));
            said.push(pen.say("complete-both", &[("rows", &rows), ("counters", &counters)]));
        }
        (Some(since), _) | (None, Some(since)) => said.push(pen.say("complete", &[("day", &pen.day(since))])),
        (None, None) => said.push(pen.words("complete-unknown")),
    }
    if complete.gaps.is_empty() {
        said.push(pen.words("gaps-none"));
    } else if pen.is_full() {
        let gap = |(wiki, from, to): &(usize, _, _)| {
            let values = [
                ("wiki", pen.wiki(*wiki)),
                ("from", pen.moment(*from)),
                ("to", pen.moment(*to)),
            ];
            let values: Vec<_> = values.iter().map(|(name, value)| (*name, value)).collect();
            pen.say("report-gap", &values)
        };
        let mut gaps: Vec<Wikitext> = complete.gaps.iter().take(GAPS).map(gap).collect();
        if complete.gaps.len() > GAPS {
            gaps.push(pen.count("gaps-more", (complete.gaps.len() - GAPS) as u64));
        }
        said.push(pen.say("gaps", &[("gaps", &Wikitext::join(&gaps, "; "))]));
    } else {
        said.push(pen.count("gaps-reduced", complete.gaps.len() as u64));
    }
    let mut text = Wikitext::new();
    text.push_literal("\n")
        .push(&Wikitext::join(&said, " "))
        .push_literal("\n");
    text
}

/// Gaps that are named.
const GAPS: usize = 10;

/// Whether a row is of the user or host that the second line tells of.
pub fn is_of_top(pen: &Pen<'_>, row: &crate::model::Row) -> bool {
    if pen.model.subject.kind().is_editor() {
        let Some(Subject::Link(key)) = pen.model.hosts.first().map(|host| &host.subject) else {
            return false;
        };
        return row.stored_key == key.stored();
    }
    let top = pen.model.users.first();
    top.is_some_and(|top| matches!(top.who, crate::model::Who::Name(_)) && top.who == row.who && top.kind == row.kind)
}
