//! How the state of a page is printed: for people, safe for a terminal, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use shared::core::text::terminal;
use shared::core::types::Timestamp;
use shared::db::field_change::{ChangeRow, Rule};
use shared::db::index_line::IndexRow;

use super::{Seen, SeenBox, SeenField};
use crate::context::Context;
use crate::present::{Marks, Present};

/// Longest value shown to people, in characters.
const SHOWN: usize = 80;

/// A value as people see it: one line, cut.
pub fn cut(value: &str) -> String {
    let mut short: String = value.chars().take(SHOWN).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    terminal(&short)
}

fn quoted(value: Option<&str>) -> String {
    match value.filter(|value| !value.trim().is_empty()) {
        Some(value) => format!("“{}”", cut(value)),
        None => "nothing".to_owned(),
    }
}

fn moment(time: Timestamp) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

/// The page, line by line.
pub fn lines(seen: &Seen, context: &Context) -> Vec<String> {
    let hides = |name: &str| context.suppressed.hides_user(None, name);
    let by = match seen.user.as_deref() {
        Some(name) if !hides(name) => terminal(name),
        _ => "a hidden user".to_owned(),
    };
    let mut lines = vec![format!(
        "{} (page {}), revision {}, {} UTC by {by}",
        terminal(&seen.title),
        seen.page_id,
        seen.revid,
        moment(seen.at)
    )];
    if seen.boxes.is_empty() {
        lines.push("No watched box is on it.".to_owned());
    }
    if let Some(template) = &seen.nobots {
        lines.push(format!("It asks bots to stay away: {}", cut(template)));
    }
    for one in &seen.boxes {
        lines.push(String::new());
        lines.extend(block(one, seen));
    }
    for row in &seen.proposed {
        let author = row
            .line
            .author
            .as_deref()
            .filter(|name| !hides(name))
            .unwrap_or("somebody");
        lines.push(format!(
            "Proposed, and not in force: revision {} for {}, line {} of {}, by {}",
            row.line.revid.map_or(0, |revid| revid.0),
            terminal(&row.box_name),
            row.line.line_no,
            terminal(&row.index_title),
            terminal(author)
        ));
    }
    lines.push(String::new());
    if seen.changes.is_empty() {
        lines.push("No change is recorded.".to_owned());
    } else {
        lines.push("Last recorded changes:".to_owned());
        lines.extend(seen.changes.iter().map(|row| format!("  {}", change(row, context))));
    }
    lines
}

/// One box name of a page, line by line.
pub fn block(one: &SeenBox, seen: &Seen) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", terminal(&one.name), index(one))];
    match &one.present {
        Present::NotHere => {
            lines.push("  The page shows the box without having it in its own text: it is not marked.".to_owned());
        }
        Present::Unclear(why) => lines.push(format!("  It is not compared and not marked: {}", terminal(why))),
        Present::Boxes(_) => {}
    }
    let many = one.fields.iter().any(|field| field.ordinal > 0);
    for field in &one.fields {
        if field.value.is_some() || field.verified.iter().flatten().next().is_some() {
            lines.push(format!("  {}", self::field(field, many)));
        }
    }
    let marks: Vec<String> = one
        .marks
        .iter()
        .map(|(ordinal, name, value)| mark(*ordinal, name, value, many))
        .collect();
    lines.push(format!(
        "  Marks now: {}",
        if marks.is_empty() {
            "none".to_owned()
        } else {
            marks.join(", ")
        }
    ));
    lines.push(format!("  Marks due: {}", due(one)));
    if let Some(until) = one.waits_until {
        lines.push(format!(
            "  Not settled: the newest edit is too fresh; marks wait until {} UTC",
            moment(until)
        ));
    }
    let stored = seen.stored.iter().find(|mark| mark.box_name == one.name);
    if let Some(mark) = stored {
        if let Some(due) = mark.due_at {
            lines.push(format!("  The next run after {} UTC looks at it", moment(due)));
        }
        if let Some(reason) = &mark.reason {
            lines.push(format!("  Noted by the last run: {}", terminal(reason)));
        }
    }
    match one.off.as_slice() {
        [] => lines.push("  Articles are edited for this box".to_owned()),
        why => lines.push(format!(
            "  No article is edited for this box: {}",
            terminal(&why.join("; "))
        )),
    }
    lines
}

fn index(one: &SeenBox) -> String {
    let place = |row: &IndexRow| {
        let copy = row.line.copy_title.as_deref();
        let copy = copy.map_or_else(String::new, |copy| format!(", copy {}", terminal(copy)));
        format!("line {} of {}{copy}", row.line.line_no, terminal(&row.index_title))
    };
    let places: Vec<String> = one.index.iter().map(place).collect();
    let places = places.join(" and ");
    match (&one.unusable, one.verified) {
        (Some(why), _) => format!("{} ({places})", terminal(why)),
        (None, Some(revid)) => format!("verified revision {revid} ({places})"),
        (None, None) => "no verified revision: the index has no line in force for it".to_owned(),
    }
}

fn field(field: &SeenField, many: bool) -> String {
    let mut line = if many {
        format!("box {}, {}", field.ordinal + 1, terminal(&field.field))
    } else {
        terminal(&field.field)
    };
    let _ = write!(line, ": {}", quoted(field.value.as_deref()));
    let state = match (field.differs(), field.is_verified) {
        (Some(false), true) => "as verified".to_owned(),
        (Some(false), false) => "watched only, as in the verified revision".to_owned(),
        (Some(true), is_verified) => {
            let only = if is_verified { "" } else { "watched only, " };
            let verified = field.verified.as_ref().and_then(Option::as_deref);
            format!("{only}differs (verified: {})", quoted(verified))
        }
        (None, true) => "a verified field, nothing to compare with".to_owned(),
        (None, false) => "watched only".to_owned(),
    };
    let _ = write!(line, ", {state}");
    if let Some(why) = &field.check {
        let _ = write!(line, "; check: {}", terminal(why));
    }
    line
}

fn mark(ordinal: u32, name: &str, value: &str, many: bool) -> String {
    let place = if many {
        format!("box {}, ", ordinal + 1)
    } else {
        String::new()
    };
    format!("{place}{} = {}", terminal(name), cut(value))
}

fn due(one: &SeenBox) -> String {
    match &one.due {
        None => "nothing can be said".to_owned(),
        Some(Marks::True) => "as they are".to_owned(),
        Some(Marks::Refused(why)) => format!("not touched: {}", terminal(why)),
        Some(Marks::Due(due)) if one.verified.is_none() => {
            format!(
                "{} (no index line: only `repair` does that)",
                terminal(&due.marks.join(", "))
            )
        }
        Some(Marks::Due(due)) => terminal(&due.marks.join(", ")),
    }
}

fn change(row: &ChangeRow, context: &Context) -> String {
    let change = &row.change;
    let user = change
        .user
        .as_ref()
        .filter(|user| !context.suppressed.hides_user(Some(user.id), &user.name));
    let user = user.map_or_else(|| "a hidden user".to_owned(), |user| terminal(&user.name));
    let mut line = format!("{} {user}: ", moment(change.ts));
    if !change.box_name.is_empty() {
        let _ = write!(line, "{}#{} ", terminal(&change.box_name), change.ordinal);
    }
    if !change.field.is_empty() {
        let _ = write!(line, "{} ", terminal(&change.field));
    }
    line.push_str(if change.rule == Rule::Field {
        change.kind.word()
    } else {
        change.rule.word()
    });
    if row.values_hidden {
        line.push_str(", values hidden");
    } else if change.old.is_some() || change.new.is_some() {
        let _ = write!(
            line,
            ", {} → {}",
            quoted(change.old.as_deref()),
            quoted(change.new.as_deref())
        );
    }
    let _ = write!(line, ", {}, revision {}", change.state.word(), change.revid);
    if let Some(by) = row.reverted_by {
        let _ = write!(line, ", reverted by {by}");
    }
    if let Some(logged) = &row.logged {
        let _ = write!(line, ", on {}", terminal(&logged.title));
    }
    line
}

/// The same for programs.
pub fn json(seen: &Seen, context: &Context) -> Value {
    let user = seen
        .user
        .as_deref()
        .filter(|name| !context.suppressed.hides_user(None, name));
    json!({
        "title": seen.title, "page_id": seen.page_id.0, "ns": seen.ns, "revid": seen.revid.0, "at": seen.at,
        "user": user, "nobots": seen.nobots,
        "boxes": seen.boxes.iter().map(|one| json_box(one, seen)).collect::<Vec<_>>(),
        "proposed": seen.proposed.iter().map(json_line).collect::<Vec<_>>(),
        "changes": seen.changes.iter().map(|row| json_change(row, context)).collect::<Vec<_>>(),
    })
}

fn json_line(row: &IndexRow) -> Value {
    json!({
        "box": row.box_name, "index": row.index_title, "line": row.line.line_no, "copy": row.line.copy_title,
        "revid": row.line.revid.map(|revid| revid.0),
    })
}

fn json_box(one: &SeenBox, seen: &Seen) -> Value {
    let (is_here, unclear) = match &one.present {
        Present::Boxes(_) => (true, None),
        Present::NotHere => (false, None),
        Present::Unclear(why) => (true, Some(why)),
    };
    let (due, refused) = match &one.due {
        None => (Value::Null, None),
        Some(Marks::True) => (json!([]), None),
        Some(Marks::Due(due)) => (json!(due.marks), None),
        Some(Marks::Refused(why)) => (Value::Null, Some(why)),
    };
    let stored = seen.stored.iter().find(|mark| mark.box_name == one.name);
    json!({
        "box": one.name, "verified_revid": one.verified.map(|revid| revid.0), "unusable": one.unusable,
        "index": one.index.iter().map(json_line).collect::<Vec<_>>(),
        "is_here": is_here, "unclear": unclear,
        "fields": one.fields.iter().map(json_field).collect::<Vec<_>>(),
        "marks": one.marks.iter().map(|(n, name, value)| json!({"ordinal": n, "name": name, "value": value})).collect::<Vec<_>>(),
        "due": due, "refused": refused, "waits_until": one.waits_until, "off": one.off,
        "due_at": stored.and_then(|mark| mark.due_at), "reason": stored.and_then(|mark| mark.reason.as_deref()),
    })
}

fn json_field(field: &SeenField) -> Value {
    let state = match field.differs() {
        Some(true) => "differs",
        Some(false) => "same",
        None => "not compared",
    };
    json!({
        "ordinal": field.ordinal, "field": field.field, "value": field.value, "is_verified": field.is_verified,
        "verified": field.verified.as_ref().and_then(Option::as_deref), "state": state, "check": field.check,
    })
}

fn json_change(row: &ChangeRow, context: &Context) -> Value {
    let change = &row.change;
    let user = change
        .user
        .as_ref()
        .filter(|user| !context.suppressed.hides_user(Some(user.id), &user.name));
    json!({
        "ts": change.ts, "user": user.map(|user| &user.name), "box": change.box_name, "ordinal": change.ordinal,
        "field": change.field, "rule": change.rule.word(), "kind": change.kind.word(), "state": change.state.word(),
        "old": change.old, "new": change.new, "verified": change.verified, "check": change.check,
        "verified_revid": change.verified_revid.map(|revid| revid.0), "revid": change.revid.0,
        "reverted_by": row.reverted_by.map(|revid| revid.0), "log": row.logged.as_ref().map(|logged| &logged.title),
    })
}
