//! Sums over everything that is stored: first and last addition, per wiki, per month, kinds of users, hosts.

use shared::core::report::{Kind, Subject};
use shared::core::text::{Wikitext, literal};
use shared::db::links::questions::lookup::Kind as EditorKind;

use super::chart::chart;
use super::is_about_links;
use super::pen::Pen;
use super::users::{cell, table};

/// Wikis that are shown singly.
const WIKIS: usize = 50;

/// The section.
pub fn statistics(pen: &Pen<'_>) -> Wikitext {
    let totals = &pen.model.totals;
    let mut items = Vec::new();
    if let (Some(first), Some(last)) = (totals.first, totals.last) {
        let mut text = literal("<span id=\"lr-first\"></span>");
        let (first, last) = (pen.moment(first), pen.moment(last));
        text.push(&pen.say("first-and-last", &[("first", &first), ("last", &last)]));
        items.push(text);
    }
    items.extend(kinds(pen));
    if totals.restored > 0 {
        items.push(pen.count("restored", totals.restored));
    }
    if totals.is_cut {
        items.push(pen.words("totals-cut"));
    }
    let mut text = pen.heading("heading-statistics");
    text.push(&Pen::list(&items));
    if pen.is_full() {
        text.push(&wikis(pen));
    }
    text.push(&chart(pen));
    if pen.is_full() {
        text.push(&hosts(pen));
    }
    text
}

fn kinds(pen: &Pen<'_>) -> Option<Wikitext> {
    let kind = pen.model.subject.kind();
    if !is_about_links(kind) && kind != Kind::Range {
        return None;
    }
    let of = |(kind, editors, additions): &(EditorKind, u64, u64)| {
        let key = match kind {
            EditorKind::Named => "accounts",
            EditorKind::Temporary => "temporaries",
            EditorKind::Address => "addresses",
            EditorKind::Range => "ranges",
        };
        let (editors, additions) = (pen.count(key, *editors), pen.count("additions", *additions));
        pen.say("kind-of-users", &[("users", &editors), ("additions", &additions)])
    };
    let kinds: Vec<Wikitext> = pen.model.totals.kinds.iter().map(of).collect();
    (!kinds.is_empty()).then(|| pen.say("kinds-of-users", &[("kinds", &Wikitext::join(&kinds, "; "))]))
}

fn wikis(pen: &Pen<'_>) -> Wikitext {
    let by_wiki = &pen.model.by_wiki;
    let mut text = literal("<div id=\"lr-wikis\"></div>\n");
    if by_wiki.is_empty() {
        return text;
    }
    text.push(&table(pen, &["column-wiki", "column-additions"], false));
    for (wiki, n) in by_wiki.iter().take(WIKIS) {
        text.push_literal("|-\n");
        text.push(&cell(&pen.wiki(*wiki), false))
            .push(&cell(&pen.number(*n), true));
    }
    text.push_literal("|}</div>\n");
    if by_wiki.len() > WIKIS {
        let rest: u64 = by_wiki[WIKIS..].iter().map(|(_, n)| n).sum();
        let wikis = pen.count("wikis", (by_wiki.len() - WIKIS) as u64);
        let values = [("wikis", &wikis), ("additions", &pen.count("additions", rest))];
        text.push(&pen.say("wikis-more", &values)).push_literal("\n");
    }
    text
}

/// Hosts of a user, address, range or server.
fn hosts(pen: &Pen<'_>) -> Wikitext {
    if pen.model.hosts.is_empty() {
        return match pen.model.subject.kind() {
            Kind::Link => literal("<div id=\"lr-hosts\"></div>\n"),
            _ => Wikitext::new(),
        };
    }
    let is_editor = pen.model.subject.kind().is_editor();
    let columns: &[&str] = match is_editor {
        true => &[
            "column-host",
            "column-additions",
            "column-wikis",
            "column-by-anybody",
            "column-others",
        ],
        false => &["column-host", "column-additions", "column-wikis"],
    };
    let mut text = literal("<div id=\"lr-hosts\"></div>\n");
    text.push(&table(pen, columns, false));
    let shown = (pen.around.settings.show.hosts as usize).min(pen.model.hosts.len());
    for host in &pen.model.hosts[..shown] {
        text.push_literal("|-\n").push(&cell(&named(pen, &host.subject), false));
        let others = pen.other_users(host.others);
        let numbers = [pen.number(host.n), pen.number(host.wikis), pen.number(host.all), others];
        for n in &numbers[..columns.len() - 1] {
            text.push(&cell(n, true));
        }
    }
    text.push_literal("|}</div>\n");
    let all = pen.model.totals.hosts.max(pen.model.hosts.len() as u64);
    if all > shown as u64 {
        text.push(&pen.count("hosts-more", all - shown as u64))
            .push_literal("\n");
    }
    text
}

/// A host by the link to its report.
pub fn named(pen: &Pen<'_>, subject: &Subject) -> Wikitext {
    pen.report(subject, &subject.to_string())
}
