//! What a feed says about a row: one line of plain text in the manner of COIBot's alerts, and an object for webhooks. They
//! say what was observed, never what somebody may have meant by it.

use chrono::SecondsFormat;
use serde_json::{Value, json};
use shared::core::text::unhighlighted;
use shared::db::field_change::{Kind, NewChange, Rule, State};

use crate::lines::VALUE;

/// Values are cut to so many characters where a line has not enough room.
const SHORTER: [usize; 4] = [VALUE, 40, 20, 10];
/// Longest name of a box or field, longest reason, longest list of fields, in characters.
const SHOWN: usize = 80;

/// A row to be told, and what it is told with.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    /// Its number.
    pub item: u64,
    /// The feed.
    pub feed: &'a str,
    /// Key of the wiki.
    pub wiki: &'a str,
    /// The row.
    pub change: &'a NewChange,
    /// Title of the page with namespace.
    pub title: &'a str,
    /// Who made the edit.
    pub user: &'a str,
    /// The namespace of users, as the wiki names it.
    pub users: &'a str,
    /// Whether the values of the box may be shown.
    pub shows_values: bool,
    /// Whether the verified one may be, beside the others: its revision may be hidden or deleted by now.
    pub shows_verified: bool,
    /// Full address of the diff.
    pub diff: String,
}

/// The line. `breaks_names`: nobody is highlighted by it; `room`: bytes into which values are cut to fit.
pub(super) fn text(of: &Shown<'_>, breaks_names: bool, room: Option<usize>) -> String {
    let name = if breaks_names {
        unhighlighted(of.user)
    } else {
        of.user.to_owned()
    };
    let user = format!("[[{}:{name}]]", of.users);
    let line = |most| line(of, &user, most);
    let fits = |line: &String| room.is_none_or(|room| line.len() <= room);
    let last = SHORTER[SHORTER.len() - 1];
    SHORTER.into_iter().map(line).find(fits).unwrap_or_else(|| line(last))
}

fn line(of: &Shown<'_>, user: &str, most: usize) -> String {
    let (title, diff) = (of.title, &of.diff);
    let fields = of.change.new.as_deref().filter(|fields| !fields.is_empty());
    let fields = fields.map_or_else(String::new, |fields| {
        format!(" (watched fields changed: {})", cut(fields, most.min(SHOWN)))
    });
    match of.change.rule {
        Rule::Blacklist => {
            format!("CHANGE! [[{title}]] edited by {user}, who is on the blacklist for this page{fields} ( {diff} )")
        }
        Rule::Monitor => {
            format!("CHANGE! [[{title}]], a page of the monitor list, edited by {user}{fields} ( {diff} )")
        }
        Rule::Field | Rule::Box => format!("CHANGE! [[{title}]] {} by {user} ( {diff} )", what(of, most)),
    }
}

/// What happened to a box or a field.
fn what(of: &Shown<'_>, most: usize) -> String {
    let change = of.change;
    let of_box = cut(&change.box_name, SHOWN);
    let revision = change.verified_revid;
    match (change.kind, revision) {
        (Kind::BoxAdded, _) => format!("{of_box}: the box was added"),
        (Kind::BoxRemoved, Some(revision)) => format!("{of_box}: the box was removed (verified: revision {revision})"),
        (Kind::BoxRemoved, None) => format!("{of_box}: the box was removed"),
        (Kind::NotComparable, _) => {
            let why = cut(change.check.as_deref().unwrap_or_default(), SHOWN);
            format!("{of_box}: changed so that the boxes before and after cannot be compared ({why})")
        }
        _ => format!("{of_box}: {}{}", field(of, most), beside_verified(of, most)),
    }
}

fn field(of: &Shown<'_>, most: usize) -> String {
    let change = of.change;
    let field = cut(&change.field, SHOWN);
    let (old, new) = (value(change.old.as_deref(), most), value(change.new.as_deref(), most));
    match (change.kind, of.shows_values) {
        (Kind::Formatting, _) => format!("{field} changed in its formatting only"),
        (Kind::Added, true) => format!("{field} added as {new}"),
        (Kind::Added, false) => format!("{field} added"),
        (Kind::Removed, true) => format!("{field} {old} removed"),
        (Kind::Removed, false) => format!("{field} removed"),
        (_, true) => format!("{field} changed from {old} to {new}"),
        (_, false) => format!("{field} changed"),
    }
}

/// How that compares with the verified revision, and with what the value must look like.
fn beside_verified(of: &Shown<'_>, most: usize) -> String {
    let change = of.change;
    let revision = change
        .verified_revid
        .map_or_else(String::new, |revision| revision.to_string());
    let verified = match of.shows_values && of.shows_verified {
        true => format!(
            "verified: {}, revision {revision}",
            value(change.verified.as_deref(), most)
        ),
        false => format!("verified: revision {revision}"),
    };
    let state = match change.state {
        State::CorrectChanged => verified,
        State::ChangedOther => format!("not the verified value before either; {verified}"),
        State::ChangedCorrect => format!("the verified value again, as in revision {revision}"),
        State::Changed | State::Formatting | State::None => String::new(),
    };
    // The reason may quote the value.
    let check = change.check.as_deref().filter(|_| of.shows_values);
    let check = check.map_or_else(String::new, |why| format!("check: {}", cut(&quoted(why), most)));
    let said: Vec<String> = [state, check].into_iter().filter(|said| !said.is_empty()).collect();
    if said.is_empty() {
        return String::new();
    }
    format!(" ({})", said.join("; "))
}

fn value(text: Option<&str>, most: usize) -> String {
    match text.map(str::trim) {
        None | Some("") => "(empty)".to_owned(),
        Some(text) => format!("\"{}\"", cut(&quoted(text), most)),
    }
}

/// What stands between quotes cannot end them: a value could go on as if it were the rest of the line.
fn quoted(text: &str) -> String {
    text.replace('"', "'")
}

/// In one line, and at most so many characters of it.
fn cut(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The object. What a line does not show stands there as `null`; values are whole.
pub(super) fn json(of: &Shown<'_>, text: &str) -> Value {
    let change = of.change;
    let is_listed = matches!(change.rule, Rule::Blacklist | Rule::Monitor);
    let shown = |text: &Option<String>| text.clone().filter(|_| of.shows_values && !is_listed);
    let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    json!({
        "type": "change",
        "wiki": of.wiki,
        "rev_id": change.revid.0,
        "parent": change.parent.map(|revid| revid.0),
        "dt": change.ts.to_rfc3339_opts(SecondsFormat::Secs, true),
        "page_id": change.page_id.0,
        "page_title": of.title,
        "user": of.user,
        "box": named(&change.box_name),
        "field": named(&change.field),
        "ordinal": change.ordinal,
        "kind": change.kind.word(),
        "state": change.state.word(),
        "rule": change.rule.word(),
        "is_verified": change.is_verified,
        "verified": shown(&change.verified).filter(|_| of.shows_verified),
        "verified_rev_id": change.verified_revid.map(|revid| revid.0),
        "old": shown(&change.old),
        "new": shown(&change.new),
        "check": change.check.clone().filter(|_| of.shows_values || change.kind == Kind::NotComparable),
        "watched_fields": change.new.clone().filter(|_| is_listed),
        "text": text,
        "feed": of.feed,
        "item": of.item,
        "diff": of.diff,
    })
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
