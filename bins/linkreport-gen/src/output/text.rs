//! A report for a terminal of 100 columns. Names and links are cut, and cannot move the cursor.

use std::fmt::Write;

use shared::core::text::terminal;
use shared::core::types::Timestamp;

use super::{fate_word, kind_word, list_word, who_words};
use crate::model::{Account, Adder, Entry, HitRow, Model, Row};

/// Columns.
const WIDTH: usize = 100;
/// Additions and hits that are shown.
const ROWS: usize = 50;

/// The report, with a line end at the end. Every line has at most 100 characters.
pub fn text(model: &Model) -> String {
    let mut out = Out::default();
    head(&mut out, model);
    out.part("Users", model.users.iter().map(|user| adder(model, user)));
    out.part(
        "Hosts",
        model.hosts.iter().map(|host| {
            let name = host.subject.to_string();
            format!(
                "{:>8}  {} ({} wikis; {} by anybody, {} others)",
                host.n, name, host.wikis, host.all, host.others
            )
        }),
    );
    let mut rules: Vec<String> = model.entries.iter().map(|entry| of_entry(model, entry)).collect();
    rules.extend(model.rules.iter().map(|rule| format!("rule {}", rule.word())));
    rules.extend(
        model
            .unchecked
            .iter()
            .map(|wiki| format!("could not be checked: {wiki}")),
    );
    rules.extend(model.servers.iter().map(|server| {
        let (first, last) = (day(server.first), day(server.last));
        format!(
            "server {}, {first} to {last}, {} hosts seen there",
            server.ip, server.hosts
        )
    }));
    rules.extend(model.established.uses_here.map(|uses| {
        let more = if model.established.more { " or more" } else { "" };
        format!("{uses}{more} pages of this wiki link there now")
    }));
    rules.extend(model.earlier.iter().map(|earlier| {
        let status = earlier
            .status
            .map_or(String::new(), |status| format!(" ({})", status.word()));
        format!("earlier: {}{status}", earlier.title)
    }));
    out.part("Site info and rules", rules.into_iter());
    let wiki = |(wiki, n): &(usize, u64)| format!("{n:>8}  {}", name(model, *wiki));
    out.part("Wikis", model.by_wiki.iter().map(wiki));
    let most = model.by_month.iter().map(|(.., n)| *n).max().unwrap_or(0).max(1);
    out.part(
        "Months",
        model.by_month.iter().map(|(year, month, n)| {
            let bar = usize::try_from((n * 60).div_ceil(most)).unwrap_or(60);
            format!("{year:04}-{month:02} {n:>8}  {}", "#".repeat(bar))
        }),
    );
    out.part(
        "Additions, newest first",
        model.rows.iter().take(ROWS).map(|row| addition(model, row)),
    );
    if model.totals.additions > model.rows.len().min(ROWS) as u64 {
        out.line("  (more with --output csv)");
    }
    out.part(
        "Recorded observations",
        model.hits.iter().take(ROWS).map(|hit| of_hit(model, hit)),
    );
    out.text
}

/// Lines that fit.
#[derive(Default)]
struct Out {
    text: String,
}

impl Out {
    fn line(&mut self, line: &str) {
        let line = terminal(line);
        let line = line.trim_end();
        match line.char_indices().nth(WIDTH) {
            None => self.text.push_str(line),
            Some(_) => {
                self.text.extend(line.chars().take(WIDTH - 1));
                self.text.push('…');
            }
        }
        self.text.push('\n');
    }

    fn part(&mut self, heading: &str, lines: impl Iterator<Item = String>) {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return;
        }
        self.text.push('\n');
        self.line(heading);
        for line in lines {
            self.line(&format!("  {line}"));
        }
    }
}

fn head(out: &mut Out, model: &Model) {
    let totals = &model.totals;
    out.line(&format!("{} {}", model.subject.kind().word(), model.subject));
    let mut line = format!(
        "{} of {} on {} by {}",
        counted(totals.additions, "addition"),
        counted(totals.hosts, "host"),
        counted(totals.wikis, "wiki"),
        counted(totals.editors(), "user")
    );
    if let (Some(first), Some(last)) = (totals.first, totals.last) {
        let _ = write!(line, ", {} to {}", day(first), day(last));
    }
    out.line(&line);
    let fates = &model.fates;
    out.line(&format!(
        "of the newest {} looked at: {} removed, {} still live, {} on pages that are gone, {} not known",
        fates.looked_at, fates.removed, fates.live, fates.gone, fates.unknown
    ));
    out.line(&format!(
        "{} re-added after removal, {} hidden",
        fates.again, fates.hidden
    ));
    let since = |ts: Option<Timestamp>| ts.map_or("?".to_owned(), day);
    let complete = &model.complete;
    out.line(&format!(
        "recorded since {}, counted since {}",
        since(complete.rows),
        since(complete.counters)
    ));
    for (wiki, from, to) in &complete.gaps {
        out.line(&format!(
            "not seen: {} {} to {}",
            name(model, *wiki),
            moment(*from),
            moment(*to)
        ));
    }
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn day(ts: Timestamp) -> String {
    ts.format("%Y-%m-%d").to_string()
}

fn moment(ts: Timestamp) -> String {
    ts.format("%Y-%m-%d %H:%M").to_string()
}

fn name(model: &Model, wiki: usize) -> &str {
    model.wikis.get(wiki).map_or("?", |wiki| &wiki.name)
}

/// A part of a line, so that the others still fit.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

fn adder(model: &Model, adder: &Adder) -> String {
    let mut line = format!(
        "{:>8}  last {}, other links {:>5}  {} @ {} ({}",
        adder.n,
        day(adder.last),
        adder.other_links,
        cut(who_words(&adder.who), 40),
        name(model, adder.wiki),
        kind_word(adder.kind)
    );
    if let Some(account) = &adder.account {
        line.push_str(&of_account(account));
    }
    line.push(')');
    line
}

fn of_account(account: &Account) -> String {
    let mut text = String::new();
    if let Some(registered) = account.registered {
        let _ = write!(text, ", since {}", day(registered));
    }
    if let Some(edits) = account.edits {
        let _ = write!(text, ", {edits} edits");
    }
    for (is, word) in [(account.is_blocked, ", blocked"), (account.is_locked, ", locked")] {
        text.push_str(if is { word } else { "" });
    }
    text
}

fn of_entry(model: &Model, entry: &Entry) -> String {
    let mut line = format!("{}: {}", list_word(entry.list), cut(&entry.what, 40));
    if let Some((wiki, page)) = &entry.page {
        let _ = write!(line, " on {page} @ {}", name(model, *wiki));
    }
    if let Some(since) = entry.since {
        let _ = write!(line, ", since {}", day(since));
    }
    if let Some(by) = &entry.by {
        let _ = write!(line, ", by {by}");
    }
    if let Some(reason) = &entry.reason {
        let _ = write!(line, ": {reason}");
    }
    line
}

fn addition(model: &Model, row: &Row) -> String {
    let title = row.title.as_deref().unwrap_or("?");
    let four = &row.four;
    format!(
        "{:>4} {} {} ({}) on {} @ {}, {} ({}, {}, {}, {}) {}",
        row.number,
        moment(row.ts),
        cut(who_words(&row.who), 16),
        row.user_links,
        cut(title, 16),
        cut(name(model, row.wiki), 10),
        fate_word(row.fate),
        four.a,
        four.b,
        four.c,
        four.d,
        row.link
    )
}

fn of_hit(model: &Model, hit: &HitRow) -> String {
    format!(
        "{} {} {}: {} on {} @ {}",
        moment(hit.ts),
        cut(who_words(&hit.who), 20),
        hit.rule,
        cut(hit.string.as_deref().unwrap_or("?"), 24),
        cut(hit.title.as_deref().unwrap_or("?"), 24),
        name(model, hit.wiki)
    )
}
