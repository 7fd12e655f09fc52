//! Site info and rules that apply: entries of lists with who, when and why, servers, which statistics rules hold, whether
//! the link is in use by people who know the wiki, and what was said earlier.

use shared::core::report::{Kind, Rule, Status, Subject};
use shared::core::text::{Wikitext, user};
use shared::db::links::questions::lookup::Kind as EditorKind;

use super::is_about_links;
use super::lines::blocking;
use super::pen::Pen;
use crate::model::{Earlier, Entry, ListName, Server};

/// Entries, servers and earlier pages that are shown.
const SHOWN: usize = 50;

/// The section.
pub fn site(pen: &Pen<'_>) -> Wikitext {
    let mut items = Vec::new();
    lists(pen, &mut items);
    if pen.is_full() {
        items.extend(
            pen.model
                .servers
                .iter()
                .take(SHOWN)
                .map(|server| of_server(pen, server)),
        );
    }
    if is_about_links(pen.model.subject.kind()) {
        let rules = &pen.model.rules;
        items.extend(rules.iter().map(|rule| holds(pen, *rule)));
        // Rules are about hosts: of a server none is asked.
        if rules.is_empty() && pen.model.subject.kind() == Kind::Link {
            items.push(pen.words("rules-none"));
        }
    }
    items.extend(established(pen));
    if pen.is_full() {
        items.extend(
            pen.model
                .earlier
                .iter()
                .take(SHOWN)
                .map(|earlier| of_earlier(pen, earlier)),
        );
        if pen.model.earlier.is_empty() {
            items.push(pen.words("earlier-none"));
        }
    }
    let mut text = pen.heading("heading-site");
    text.push_literal("<div id=\"lr-rules\"></div>\n")
        .push(&Pen::wrapped(&Pen::list(&items)));
    text
}

fn lists(pen: &Pen<'_>, items: &mut Vec<Wikitext>) {
    let entries = &pen.model.entries;
    if blocking(pen).is_empty() && is_about_links(pen.model.subject.kind()) {
        items.push(pen.words(match pen.model.unchecked.is_empty() {
            true => "entries-no-blacklist",
            false => "entries-no-blacklist-read",
        }));
    }
    if entries.is_empty() {
        items.push(pen.words("entries-none"));
    } else if !pen.is_full() {
        items.push(pen.count("entries-reduced", entries.len() as u64));
        return;
    }
    if !pen.is_full() {
        return;
    }
    items.extend(entries.iter().take(SHOWN).map(|entry| of_entry(pen, entry)));
    if entries.len() > SHOWN {
        items.push(pen.count("entries-more", (entries.len() - SHOWN) as u64));
    }
    if !pen.model.unchecked.is_empty() {
        let wikis: Vec<Wikitext> = pen
            .model
            .unchecked
            .iter()
            .take(SHOWN)
            .map(|wiki| pen.quoted(wiki))
            .collect();
        items.push(pen.say("unchecked", &[("wikis", &Wikitext::join(&wikis, ", "))]));
    }
}

fn of_entry(pen: &Pen<'_>, entry: &Entry) -> Wikitext {
    let list = pen.words(match entry.list {
        ListName::SpamBlacklist => "list-spam-blacklist",
        ListName::SpamWhitelist => "list-spam-whitelist",
        ListName::BlockedDomains => "list-blocked-domains",
        ListName::Monitor => "list-monitor",
        ListName::Blacklist => "list-blacklist",
        ListName::Whitelist => "list-whitelist",
        ListName::Noticeboard => "list-noticeboard",
        ListName::Shortener => "list-shortener",
    });
    let mut text = pen.say("entry", &[("list", &list), ("what", &pen.code(&entry.what))]);
    if let Some((wiki, page)) = &entry.page {
        text.push(&pen.say("entry-page", &[("page", &pen.page(page, *wiki))]));
    }
    let mut facts = Vec::new();
    facts.extend(
        entry
            .since
            .map(|since| pen.say("entry-since", &[("day", &pen.day(since))])),
    );
    facts.extend(entry.by.as_deref().map(|by| pen.say("by-whom", &[("user", &user(by))])));
    facts.extend(
        entry
            .reason
            .as_deref()
            .map(|reason| pen.say("entry-reason", &[("reason", &pen.quoted(reason))])),
    );
    if facts.is_empty() {
        facts.push(pen.words("entry-unknown"));
    }
    text.push_literal(" (")
        .push(&Wikitext::join(&facts, ", "))
        .push_literal(")");
    text
}

fn of_server(pen: &Pen<'_>, server: &Server) -> Wikitext {
    let subject = Subject::Server(server.ip);
    pen.say(
        "server",
        &[
            ("server", &pen.report(&subject, &subject.to_string())),
            ("first", &pen.day(server.first)),
            ("last", &pen.day(server.last)),
            ("hosts", &pen.count("hosts-seen", server.hosts)),
        ],
    )
}

/// A rule in words, with the numbers that it looks at.
fn holds(pen: &Pen<'_>, rule: Rule) -> Wikitext {
    let limits = &pen.around.settings.rules;
    let totals = &pen.model.totals;
    let limit = |n: u32| pen.number(n.into());
    match rule {
        Rule::Dominance => {
            let top = pen.model.users.first().map_or(0, |top| top.n);
            pen.say(
                "rule-dominance",
                &[
                    ("limit", &limit(limits.dominance)),
                    ("top", &pen.number(top)),
                    ("all", &pen.number(totals.additions)),
                    ("percent", &pen.percent(top, totals.additions)),
                ],
            )
        }
        Rule::UnnamedOnly => {
            let of = |kinds: &[EditorKind]| {
                let kinds = totals.kinds.iter().filter(|(kind, ..)| kinds.contains(kind));
                kinds.map(|(_, editors, _)| editors).sum::<u64>()
            };
            let addresses = pen.count("addresses", of(&[EditorKind::Address, EditorKind::Range]));
            let temporary = pen.count("temporaries", of(&[EditorKind::Temporary]));
            pen.say(
                "rule-unnamed-only",
                &[("addresses", &addresses), ("temporary", &temporary)],
            )
        }
        Rule::CloseAddresses => {
            let twice = u32::from(limits.cidr) * 2;
            pen.say(
                "rule-close-addresses",
                &[("bits", &limit(limits.cidr.into())), ("wide", &limit(twice))],
            )
        }
        Rule::SameServer => pen.say("rule-same-server", &[("limit", &limit(limits.same_server))]),
        Rule::Shortener => pen.words("rule-shortener"),
        Rule::Noticeboard => pen.words("rule-listed"),
    }
}

fn established(pen: &Pen<'_>) -> Vec<Wikitext> {
    if pen.model.subject.kind() != Kind::Link {
        return Vec::new();
    }
    let established = &pen.model.established;
    let mut items = Vec::new();
    if let Some(uses) = established.uses_here {
        let n = match established.more {
            true => pen.say("or-more", &[("n", &pen.number(uses))]),
            false => pen.number(uses),
        };
        let form = if uses == 1 && !established.more {
            "uses-one"
        } else {
            "uses-many"
        };
        let mut search = Wikitext::new();
        if let (Subject::Link(key), true) = (&pen.model.subject, pen.is_full()) {
            let link = super::summaries::search(pen, key, None);
            search.push_literal(" (").push(&link).push_literal(")");
        }
        items.push(pen.say(form, &[("n", &n), ("search", &search)]));
    }
    let (users, additions) = established.by_experienced;
    items.push(match users {
        0 => pen.words("experienced-none"),
        users => {
            let users = pen.count("users", users);
            pen.say(
                "experienced",
                &[("users", &users), ("additions", &pen.count("additions", additions))],
            )
        }
    });
    items
}

fn of_earlier(pen: &Pen<'_>, earlier: &Earlier) -> Wikitext {
    let page = pen.local(&earlier.title);
    match earlier.status {
        Some(status) => pen.say(
            "earlier-report",
            &[("page", &page), ("state", &status_word(pen, status))],
        ),
        None => pen.say("earlier-page", &[("page", &page)]),
    }
}

/// The word of a status, in the wiki's language.
pub fn status_word(pen: &Pen<'_>, status: Status) -> Wikitext {
    pen.words(&format!("status-{}", status.word()))
}
