//! Folded lists of the rows that a number of the page counts: still live (with their pages, to be checked), removed, added
//! again, by one user. Where a number counts more than the rows of the page, its list says so.

use shared::core::text::{Wikitext, plain};

use super::lines::is_of_top;
use super::pen::Pen;
use super::rows::title;
use crate::model::{Fate, Row};

/// Live additions beyond the rows of the page that are listed.
pub(super) const MORE_LIVE: usize = 100;

/// All lists that have something.
pub fn subsets(pen: &Pen<'_>) -> Wikitext {
    let fates = &pen.model.fates;
    let is_editor = pen.model.subject.kind().is_editor();
    let top = match is_editor {
        true => pen.model.hosts.first().map_or(0, |host| host.n),
        false => pen.model.users.first().map_or(0, |user| user.n),
    };
    let top_key = if is_editor { "subset-host" } else { "subset-user" };
    let mut text = live(pen);
    text.push(&subset(pen, "lr-removed", "subset-removed", fates.removed, |row| {
        row.fate == Fate::Removed
    }));
    text.push(&subset(pen, "lr-gone", "subset-gone", fates.gone, |row| {
        row.fate == Fate::PageGone
    }));
    text.push(&subset(pen, "lr-unknown", "subset-unknown", fates.unknown, |row| {
        row.fate == Fate::Unknown
    }));
    text.push(&subset(pen, "lr-again", "subset-again", fates.again, |row| {
        row.is_again
    }));
    text.push(&subset(pen, "lr-top", top_key, top, |row| is_of_top(pen, row)));
    text.push_literal("\n");
    text
}

/// `Removed (37):` and the numbers of the rows.
fn subset(pen: &Pen<'_>, anchor: &'static str, key: &str, n: u64, is_one: impl Fn(&Row) -> bool) -> Wikitext {
    let rows: Vec<&Row> = pen.model.rows[..pen.rows].iter().filter(|row| is_one(row)).collect();
    if n == 0 {
        return Wikitext::new();
    }
    let numbers: Vec<Wikitext> = rows.iter().map(|row| to(pen, row)).collect();
    let inside = match numbers.is_empty() {
        true => pen.words("subset-empty"),
        false => Wikitext::join(&numbers, ", "),
    };
    Pen::folded(anchor, &label(pen, key, n, additions(rows)), &inside)
}

/// The additions of rows: an edit may have added a link several times.
fn additions<'r>(rows: impl IntoIterator<Item = &'r Row>) -> u64 {
    rows.into_iter().map(|row| u64::from(row.times)).sum()
}

fn label(pen: &Pen<'_>, key: &str, n: u64, shown: u64) -> Wikitext {
    let what = pen.words(key);
    let is_all = shown >= n;
    let n = pen.number(n);
    match is_all {
        true => pen.say("subset", &[("what", &what), ("n", &n)]),
        false => {
            let shown = pen.number(shown);
            pen.say("subset-part", &[("what", &what), ("n", &n), ("shown", &shown)])
        }
    }
}

fn to(pen: &Pen<'_>, row: &Row) -> Wikitext {
    let number = row.number.to_string();
    pen.jump(&format!("r{number}"), &plain(&number, 9))
}

/// Those that are still there, with page and diff: what is left to do.
fn live(pen: &Pen<'_>) -> Wikitext {
    let n = pen.model.fates.live;
    if n == 0 {
        return Wikitext::new();
    }
    let is_live = |row: &&Row| row.fate == Fate::Live;
    let (above, below) = pen.model.rows.split_at(pen.rows);
    let mut items: Vec<Wikitext> = Vec::new();
    let more = MORE_LIVE.min(pen.rows);
    let listed = above
        .iter()
        .filter(is_live)
        .chain(below.iter().filter(is_live).take(more));
    let shown = additions(listed);
    for row in above.iter().filter(is_live) {
        items.push(pen.say("live-row", &[("number", &to(pen, row)), ("page", &title(pen, row))]));
    }
    for row in below.iter().filter(is_live).take(more) {
        let diff = pen.diff(row.rev, row.wiki);
        items.push(pen.say("live-more", &[("page", &title(pen, row)), ("diff", &diff)]));
    }
    let label = label(pen, "subset-live", n, shown);
    Pen::folded("lr-live", &label, &Pen::list(&items))
}
