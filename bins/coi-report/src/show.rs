//! Hits on standard output: for people, or one JSON object per line.

use std::io::Write as _;

use serde_json::{Value, json};
use shared::core::overlap::number;
use shared::core::text::terminal;
use shared::db::hit::NewHit;

/// A hit as JSON.
pub fn value(one: &NewHit) -> Value {
    let hit = &one.hit;
    let score = hit
        .score
        .map(|(there, back, ratio)| json!({"there": there, "back": back, "ratio": ratio}));
    json!({
        "type": "hit", "wiki": one.wiki, "rev_id": one.rev.0, "dt": one.ts.to_rfc3339(), "page_id": one.page.0,
        "page_namespace": one.ns, "page_title": one.title,
        "user": one.user.as_ref().map(|user| &user.name), "user_id": one.user.as_ref().map(|user| user.id.0),
        "user_kind": one.user.as_ref().map(|user| user.kind.word()), "user_edit_count": one.edits,
        "is_new": hit.is_new, "rule": hit.rule.word(), "subject": hit.subject, "string": hit.string,
        "matched": hit.matched, "score": score, "compared": [hit.words.0, hit.words.1], "near": hit.near,
        "url": hit.url, "times": hit.times, "skip": hit.skip, "shown": hit.is_shown,
        "settings_rev_id": one.settings.0,
    })
}

/// Prints it as JSON. Whoever stops reading has seen enough.
pub fn json(one: &NewHit) {
    let _ = writeln!(std::io::stdout().lock(), "{}", value(one));
}

/// One line for people, without line end.
pub fn line(one: &NewHit) -> String {
    let hit = &one.hit;
    let user = one.user.as_ref().map_or("(hidden)", |user| user.name.as_str());
    let mut line = format!(
        "{} {} {}, revision {} of {}: {}",
        one.ts.format("%Y-%m-%d %H:%M:%S"),
        one.wiki,
        user,
        one.rev,
        one.title,
        hit.rule.word()
    );
    if let Some((there, back, ratio)) = hit.score {
        let (a, b) = hit.words;
        line += &format!(
            " {}% ({a}->{b}) & {}% ({b}->{a}) (ratio: {}%)",
            number(there),
            number(back),
            number(ratio)
        );
    }
    if let Some(near) = hit.near {
        line += &format!(" nearly the same: {}%", number(near));
    }
    line += &format!(" on {}", hit.string);
    if let Some(matched) = &hit.matched {
        line += &format!(" [{matched}]");
    }
    if let Some(skip) = &hit.skip {
        line += &format!("; recorded only: {skip}");
    }
    terminal(&line)
}

/// What a dry run would store.
pub fn dry(one: &NewHit, as_json: bool) {
    match as_json {
        true => json(one),
        false => {
            let _ = writeln!(std::io::stdout().lock(), "{}", line(one));
        }
    }
}
