//! Recorded edits with their texts, written as they are made: nothing of them is kept.

use crate::Outcome;
use crate::texts::{self, Dice};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::io::{BufWriter, Write as _};

/// Pages of each wiki.
const PAGES: u64 = 4_000;
/// Wikis; the first has half of all edits.
const WIKIS: u64 = 20;
/// What the edits are spread over.
const SECONDS: i64 = 86_400;

/// Writes `n` edits, of which the first has the number `from`; the last one is made now.
#[expect(clippy::disallowed_methods, reason = "edits have to be young enough to be stored")]
pub fn write(n: u64, file: &str, from: u64) -> Outcome<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(file)?);
    let now = Utc::now();
    for number in from..from + n {
        let at = now - TimeDelta::seconds(SECONDS - (number - from) as i64 * SECONDS / n as i64);
        serde_json::to_writer(&mut out, &edit(number, at))?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// The edit of that number: of a hundred nine add a citation, four another link, three take something out, one undoes
/// what was before, and the others change words or templates.
pub fn edit(number: u64, at: DateTime<Utc>) -> Value {
    let mut dice = Dice::new(number ^ 0xed17);
    let wiki = if dice.below(2) == 0 { 0 } else { dice.below(WIKIS) };
    let page = dice.below(PAGES);
    let parent = texts::page(wiki * PAGES + page);
    let (user, id, is_temp) = user(&mut dice);
    let mut tags: Vec<&str> = Vec::new();
    let text = match dice.below(100) {
        0..9 => with(&parent, &texts::citation(&mut dice), &mut dice),
        9..13 => {
            // Every so often by somebody whose name is in the address.
            let host = match dice.below(8) {
                0 => user.to_lowercase().replace(' ', ""),
                _ => format!("shop{}", dice.below(50_000)),
            };
            with(&parent, &format!(" [http://www.{host}.example/ see]"), &mut dice)
        }
        13..16 => without_a_paragraph(&parent, &mut dice),
        16 => {
            tags.push("mw-undo");
            with(&parent, &texts::citation(&mut dice), &mut dice)
        }
        17..25 => with(&parent, "{{citation needed|date=March 2019}}", &mut dice),
        _ => {
            let mut words = String::new();
            texts::sentence(&mut words, &mut dice);
            with(&parent, &words, &mut dice)
        }
    };
    let named = (id > 0 && !is_temp).then_some(id % 3_000);
    json!({
        "type": "recorded-edit", "wiki": format!("w{wiki}.example.org/w"), "database": format!("w{wiki}wiki"),
        "realm": "bench", "rev_id": 2_000_000 + 2 * number, "parent_id": 1_999_999 + 2 * number, "page_id": page + 1,
        "page_namespace": 0, "page_title": format!("Page {page}"), "dt": at.to_rfc3339(),
        "performer": {
            "user_text": user, "user_id": id, "user_is_temp": is_temp, "user_is_bot": id > 0 && id % 12 == 0,
            "user_edit_count": named, "user_registration_dt": named.map(|_| "2012-03-04T05:06:07Z"),
        },
        "tags": tags, "content_model": "wikitext", "parent_text": parent, "text": text,
    })
}

/// Name, account and whether it is a temporary one: three of twenty are, one is an address.
fn user(dice: &mut Dice) -> (String, u64, bool) {
    let number = (dice.share().powi(2) * 40_000.0) as u64 + 1;
    match dice.below(20) {
        0 => (format!("198.51.{}.{}", number % 100, number % 250), 0, false),
        1..4 => (
            format!("~2026-{}-{}", 10_000 + number, number % 100),
            100_000 + number,
            true,
        ),
        _ => (format!("Walker of Town {number}"), number, false),
    }
}

/// `words` at the end of one of the text's lines.
fn with(text: &str, words: &str, dice: &mut Dice) -> String {
    let at = line_end(text, dice);
    format!("{}{words}{}", &text[..at], &text[at..])
}

fn without_a_paragraph(text: &str, dice: &mut Dice) -> String {
    let start = line_end(text, dice);
    let end = text[start..].find("\n\n").map_or(text.len(), |end| start + end);
    format!("{}{}", &text[..start], &text[end..])
}

fn line_end(text: &str, dice: &mut Dice) -> usize {
    let at = dice.below(text.len() as u64) as usize;
    text[at..].find("\n\n").map_or(text.len(), |end| at + end)
}
