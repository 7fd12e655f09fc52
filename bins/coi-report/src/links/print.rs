//! How found additions are printed: for people, or as JSON or CSV.

use std::io::Write as _;

use anyhow::Context as _;
use serde_json::{Value, json};
use shared::core::addition::Flags;
use shared::core::link::Key;
use shared::core::text::{csv, terminal};
use shared::core::types::Timestamp;
use shared::db::links::questions::additions::Addition;
use shared::db::links::questions::counts::Four;

use super::{Found, List};

/// How something is printed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// For people
    Text,
    /// One object
    Json,
    /// One line per addition, with a line of headings
    Csv,
}

/// Prints what was found.
pub fn print(name: &str, found: &Found, output: Output) -> anyhow::Result<()> {
    let text = match output {
        Output::Text => text(name, found),
        Output::Json => format!("{}\n", as_json(found)),
        Output::Csv => as_csv(found),
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("writing"),
    }
}

/// Lines for people, none when nothing was found, and the object for programs.
pub fn both(name: &str, found: &Found) -> (Vec<String>, Value) {
    let lines = match found.is_empty() {
        true => Vec::new(),
        false => text(name, found).lines().map(str::to_owned).collect(),
    };
    (lines, as_json(found))
}

fn lists(found: &Found) -> impl Iterator<Item = &List> {
    [&found.by_editor, &found.by_host].into_iter().flatten()
}

/// The address without a scheme, for programs: host, and what follows it.
fn address(one: &Addition) -> String {
    let Some(key) = Key::from_stored(&one.stored_key) else {
        return one.stored_key.clone();
    };
    // The owner's part of the key is a part of the path already.
    format!("{}{}", key.host(), one.path)
}

/// The same as it was written, where that cannot be mistaken for something else.
fn shown_address(one: &Addition) -> String {
    let Some(key) = Key::from_stored(&one.stored_key) else {
        return one.stored_key.clone();
    };
    let shown = key.display();
    format!("{}{}", shown.split('/').next().unwrap_or_default(), one.path)
}

fn marks(one: &Addition) -> Vec<&'static str> {
    const MARKS: [(Flags, &str); 5] = [
        (Flags::READDED, "re-added"),
        (Flags::UNWRAPPED, "in an archive"),
        (Flags::TEMPLATE, "by a template"),
        (Flags::STREAM, "told by the stream"),
        (Flags::BOT, "bot"),
    ];
    MARKS
        .iter()
        .filter(|(flag, _)| one.flags.has(*flag))
        .map(|(_, word)| *word)
        .collect()
}

fn title(one: &Addition) -> &str {
    one.page.as_ref().map_or("", |(_, title)| title.as_str())
}

fn text(name: &str, found: &Found) -> String {
    let mut out = String::new();
    for list in lists(found) {
        let day = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.format("%Y-%m-%d").to_string());
        out.push_str(&format!(
            "{}: rows since {}, counts since {}\n",
            terminal(&list.about),
            day(found.since.rows),
            day(found.since.pairs)
        ));
        for (one, four) in &list.rows {
            out.push_str(&line(one, *four));
        }
        if list.hidden > 0 {
            out.push_str(&format!("{} more are not shown\n", list.hidden));
        }
    }
    if out.is_empty() {
        out = format!("Nothing is recorded under `{}`.\n", terminal(name));
    }
    if let Some(range) = &found.range {
        out.push_str(&format!(
            "What is older is recorded under the range only: coi-report links {range}\n"
        ));
    }
    out
}

/// `(a, b, c, d)`: links of this editor, additions of this host, additions of it by this editor, wikis of that.
fn line(one: &Addition, four: Four) -> String {
    let times = match one.times {
        1 => String::new(),
        n => format!(" x {n}"),
    };
    let marks = marks(one);
    let marks = match marks.is_empty() {
        true => String::new(),
        false => format!(" [{}]", marks.join(", ")),
    };
    format!(
        "{}  {}  {}  {}  revision {}  {}{times} ({}, {}, {}, {}){marks}\n",
        one.place.ts.format("%Y-%m-%d %H:%M"),
        terminal(&one.wiki),
        terminal(&one.editor),
        terminal(title(one)),
        one.place.rev,
        terminal(&shown_address(one)),
        four.a,
        four.b,
        four.c,
        four.d
    )
}

fn as_json(found: &Found) -> Value {
    let list = |list: &List| {
        let rows: Vec<Value> = list.rows.iter().map(|(one, four)| row(one, *four)).collect();
        json!({"about": list.about, "additions": rows, "not_shown": list.hidden})
    };
    json!({
        "rows_since": found.since.rows, "counts_since": found.since.pairs,
        "range": found.range, "by_editor": found.by_editor.as_ref().map(list), "by_host": found.by_host.as_ref().map(list),
    })
}

fn row(one: &Addition, four: Four) -> Value {
    let key = Key::from_stored(&one.stored_key);
    json!({
        "ts": one.place.ts, "wiki": one.wiki, "rev_id": one.place.rev.0, "page_id": one.page_id.0,
        "title": one.page.as_ref().map(|(_, title)| title), "editor": one.editor,
        "key": key.as_ref().map(Key::ascii), "registrable": key.as_ref().and_then(Key::registrable),
        "address": address(one), "times": one.times, "marks": marks(one), "numbers": [four.a, four.b, four.c, four.d],
    })
}

fn as_csv(found: &Found) -> String {
    let mut out = String::from("time,wiki,editor,page,revision,address,times,a,b,c,d,marks\n");
    for (one, four) in lists(found).flat_map(|list| &list.rows) {
        let cells = [
            one.place.ts.to_rfc3339(),
            csv(&one.wiki),
            csv(&one.editor),
            csv(title(one)),
            one.place.rev.to_string(),
            csv(&address(one)),
            one.times.to_string(),
            four.a.to_string(),
            four.b.to_string(),
            four.c.to_string(),
            four.d.to_string(),
            marks(one).join(" "),
        ];
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}
