//! The additions, newest first, one line per edit: time, user, page, diff, what became of it, the link with COIBot's four
//! numbers. Each has an anchor, to which the numbers of the page lead.

use shared::core::report::Subject;
use shared::core::text::{Wikitext, code, literal, plain};

use super::pen::Pen;
use super::subsets::subsets;
use crate::model::{Fate, Row};

/// Longest link shown, in characters.
const LINK: usize = 150;
/// Links of one edit from which on they are folded.
const FOLDED: usize = 10;

/// The section.
pub fn additions(pen: &Pen<'_>) -> Wikitext {
    let model = pen.model;
    let mut text = pen.heading("heading-additions");
    text.push_literal("<div id=\"lr-additions\"></div>\n");
    text.push(&notes(pen));
    text.push(&subsets(pen));
    let mut lines = Wikitext::new();
    let shown = &model.rows[..pen.rows];
    for edit in shown.chunk_by(|a, b| (a.wiki, a.rev) == (b.wiki, b.rev)) {
        lines.push(&match edit {
            [row] => single(pen, row),
            rows => several(pen, rows),
        });
    }
    if !lines.is_empty() {
        text.push(&Pen::wrapped(&lines));
    }
    text
}

/// What is shown of how much, what is not, and what the four numbers mean.
fn notes(pen: &Pen<'_>) -> Wikitext {
    let model = pen.model;
    let mut notes = Vec::new();
    let all = model.totals.additions;
    // An edit may have added a link several times.
    let shown: u64 = model.rows[..pen.rows].iter().map(|row| u64::from(row.times)).sum();
    notes.push(match shown {
        0 => pen.words("rows-none"),
        shown if shown.saturating_add(model.fates.hidden) < all => {
            let name = model.subject.to_string();
            let command = format!("linkreport-gen {} {name} --output csv", model.subject.kind().word());
            let command = match model.subject {
                Subject::User(_) => format!("linkreport-gen user \"{name}\" --output csv"),
                _ => command,
            };
            pen.say(
                "rows-newest",
                &[
                    ("shown", &pen.number(shown)),
                    ("all", &pen.number(all)),
                    ("command", &code(&command, 400)),
                ],
            )
        }
        _ => pen.words("rows-all"),
    });
    if model.fates.hidden > 0 {
        notes.push(pen.count("rows-hidden", model.fates.hidden));
    }
    let mut text = Wikitext::join(&notes, " ");
    text.push_literal("\n");
    if shown > 0 {
        text.push_literal("\n").push(&pen.words("legend")).push_literal("\n");
    }
    text.push_literal("\n");
    text
}

fn anchored(row: &Row) -> Wikitext {
    let number = plain(&row.number.to_string(), 9);
    let mut text = literal("<span id=\"r");
    text.push(&number)
        .push_literal("\">'''")
        .push(&number)
        .push_literal("'''</span>");
    text
}

fn single(pen: &Pen<'_>, row: &Row) -> Wikitext {
    let mut text = literal("* ");
    let (link, fate) = (link(pen, row), fate(pen, row));
    let mut values = common(pen, row);
    values.extend([("number", anchored(row)), ("fate", fate), ("link", link)]);
    text.push(&said(pen, "row-single", &values)).push_literal("\n");
    text
}

fn several(pen: &Pen<'_>, rows: &[Row]) -> Wikitext {
    let mut text = literal("* ");
    let line = |row: &Row| {
        let values = [
            ("number", anchored(row)),
            ("fate", fate(pen, row)),
            ("link", link(pen, row)),
        ];
        said(pen, "row-link", &values)
    };
    text.push(&said(pen, "row-several", &common(pen, &rows[0])));
    if rows.len() <= FOLDED {
        text.push_literal("\n");
        for row in rows {
            text.push_literal("** ").push(&line(row)).push_literal("\n");
        }
        return text;
    }
    // On one line, since a line end would end the item of the list.
    let lines: Vec<Wikitext> = rows.iter().map(line).collect();
    text.push_literal(" <div class=\"mw-collapsible mw-collapsed\">");
    text.push(&pen.count("row-folded", rows.len() as u64));
    text.push_literal("<div class=\"mw-collapsible-content\">")
        .push(&Wikitext::join(&lines, "<br>"));
    text.push_literal("</div></div>\n");
    text
}

fn said(pen: &Pen<'_>, key: &str, values: &[(&str, Wikitext)]) -> Wikitext {
    let values: Vec<(&str, &Wikitext)> = values.iter().map(|(name, value)| (*name, value)).collect();
    pen.say(key, &values)
}

/// What the links of an edit have in common.
fn common(pen: &Pen<'_>, row: &Row) -> Vec<(&'static str, Wikitext)> {
    let links = pen.count("links-added", row.user_links);
    let who = pen.who(&row.who, row.wiki);
    vec![
        ("time", pen.moment(row.ts)),
        ("user", pen.say("row-user", &[("user", &who), ("links", &links)])),
        ("page", title(pen, row)),
        ("diff", pen.diff(row.rev, row.wiki)),
    ]
}

/// The page of a row, as far as it is known.
pub fn title(pen: &Pen<'_>, row: &Row) -> Wikitext {
    match &row.title {
        Some(title) => pen.page(title, row.wiki),
        None => pen.say("page-unknown", &[("wiki", &pen.wiki(row.wiki))]),
    }
}

/// What became of it, in words that stand behind the link.
fn fate(pen: &Pen<'_>, row: &Row) -> Wikitext {
    let mut parts = vec![pen.words(match row.fate {
        Fate::Live => "fate-live",
        Fate::Removed => "fate-removed",
        Fate::PageGone => "fate-gone",
        Fate::Unknown => "fate-unknown",
    })];
    if row.is_top {
        parts.push(pen.words("top-edit"));
    }
    if row.is_again {
        parts.push(pen.words("added-again"));
    }
    Wikitext::join(&parts, ", ")
}

/// The link with its four numbers.
fn link(pen: &Pen<'_>, row: &Row) -> Wikitext {
    let mut text = code(&row.link, LINK);
    if row.times > 1 {
        text.push(&pen.say("row-times", &[("n", &pen.number(row.times.into()))]));
    }
    if row.by_archive {
        text.push(&pen.words("row-archive"));
    }
    // No groups of three: commas part the four.
    let number = |n: u64| plain(&n.to_string(), 20);
    let four = [row.four.a, row.four.b, row.four.c, row.four.d].map(number);
    text.push_literal(" (")
        .push(&Wikitext::join(&four, ", "))
        .push_literal(")");
    text
}
