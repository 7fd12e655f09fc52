//! The fields of a box: which are watched and verified, how their marks are called, what says that a value is wrong.

use std::collections::BTreeMap;

use shared::core::infobox::{Check, MarkNames, Tracker};
use shared::core::settings::{MapNode, nearest};
use shared::core::site::Site;

use super::boxes::template;

/// Most fields of one box.
const FIELDS: usize = 300;
/// Longest name of a parameter, in bytes: a column holds it.
const NAME_BYTES: usize = 200;
/// Longest source of a tracker, in characters.
const SOURCE_CHARS: usize = 100;
/// Where the name of the field stands in the name of its mark.
const FIELD: &str = "{field}";

/// The watched fields; `None` when the list cannot be read.
pub(super) fn watched(group: &MapNode<'_>) -> Option<Vec<String>> {
    let fields = list(group, "watched_fields")?;
    if group.texts("watched_fields", FIELDS)?.is_empty() {
        group.problem("watched_fields", "name at least one field");
        return None;
    }
    Some(fields)
}

/// The verified fields, all of which must be watched.
pub(super) fn verified(group: &MapNode<'_>, watched: Option<&[String]>) -> Vec<String> {
    let fields = list(group, "verified_fields").unwrap_or_default();
    let Some(watched) = watched else { return fields };
    for field in fields.iter().filter(|field| !watched.contains(field)) {
        let text = format!("`{field}` is not watched; write it into `watched_fields` too");
        let texts = group.texts("verified_fields", FIELDS).unwrap_or_default();
        let at = texts.iter().position(|text| text.trim() == field).unwrap_or_default();
        group.problem_at("verified_fields", at, &text);
    }
    fields
}

fn list(group: &MapNode<'_>, key: &str) -> Option<Vec<String>> {
    let texts = group.texts(key, FIELDS)?;
    let mut fields: Vec<String> = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let field = text.trim();
        if fields.iter().any(|known| known == field) {
            group.problem_at(key, n, &format!("`{field}` stands in the list twice"));
        } else if let Err(why) = parameter(field) {
            group.problem_at(key, n, &why);
        } else {
            fields.push(field.to_owned());
        }
    }
    Some(fields)
}

/// What a template's parameter may be called, so that the preprocessor reads it as its name.
fn parameter(name: &str) -> Result<(), String> {
    if name.len() > NAME_BYTES {
        return Err(format!("the name of a parameter has at most {NAME_BYTES} bytes"));
    }
    let bad = |c: &char| c.is_control() || matches!(c, '|' | '=' | '{' | '}' | '[' | ']' | '<' | '>');
    match name.chars().find(bad) {
        Some(c) if c.is_control() => Err("the name of a parameter is one line".to_owned()),
        Some(c) => Err(format!("`{c}` cannot stand in the name of a parameter")),
        None => Ok(()),
    }
}

/// The names of the marks: CheMoBot's where nothing else is said.
pub(super) fn marks(group: &MapNode<'_>, watched: Option<&[String]>, verified: &[String]) -> MarkNames {
    let section = group.section("marks");
    section.known(&["verifiedrevid", "verifiedfields", "watchedfields", "reference"]);
    let standard = MarkNames::default();
    let name = |key: &str, standard: String| {
        let Some(name) = section.text(key) else { return standard };
        match parameter(name.trim()) {
            Ok(()) => name.trim().to_owned(),
            Err(why) => {
                section.problem(key, &why);
                standard
            }
        }
    };
    let marks = MarkNames {
        verifiedrevid: name("verifiedrevid", standard.verifiedrevid),
        verifiedfields: name("verifiedfields", standard.verifiedfields),
        watchedfields: name("watchedfields", standard.watchedfields),
        reference: reference(&section).unwrap_or(standard.reference),
    };
    let single = [
        ("verifiedrevid", &marks.verifiedrevid),
        ("verifiedfields", &marks.verifiedfields),
        ("watchedfields", &marks.watchedfields),
    ];
    let watched = watched.unwrap_or_default();
    for (n, (key, name)) in single.iter().enumerate() {
        if watched.contains(name) {
            let text = format!("`{name}` is a watched field; a mark needs a name of its own");
            section.problem(key, &text);
        }
        if single[..n].iter().any(|(_, other)| other == name) {
            section.problem(key, &format!("two marks are called `{name}`"));
        }
    }
    for field in verified {
        let name = marks.reference.replace(FIELD, field);
        if watched.contains(&name) {
            let text = format!("`{name}`, the mark of `{field}`, is a watched field; a mark needs a name of its own");
            section.problem("reference", &text);
        } else if let Some((key, _)) = single.iter().find(|(_, other)| **other == name) {
            section.problem(
                "reference",
                &format!("`{name}`, the mark of `{field}`, is called like `{key}`"),
            );
        }
    }
    marks
}

/// The pattern of a field's mark, with `{field}` for its name; `<field>` is understood too.
fn reference(section: &MapNode<'_>) -> Option<String> {
    let pattern = section.text("reference")?.trim().replace("<field>", FIELD);
    let (before, after) = pattern.split_once(FIELD).unwrap_or((&pattern, FIELD));
    let rest = format!("{before}{after}");
    if after.contains(FIELD) || rest.is_empty() {
        section.problem(
            "reference",
            "write the name of the mark with `{field}` in it once, in quotes, as in `\"{field}_Ref\"`",
        );
        return None;
    }
    if let Err(why) = parameter(&rest) {
        section.problem("reference", &why);
        return None;
    }
    Some(pattern)
}

/// What a field's mark says: template and source, for verified fields.
pub(super) fn trackers(group: &MapNode<'_>, verified: &[String], site: &Site) -> BTreeMap<String, Tracker> {
    let section = group.section("trackers");
    let mut trackers = BTreeMap::new();
    for key in capped(group, &section, "trackers") {
        if !verified.iter().any(|field| is_of(&key, field)) {
            let text = format!("`{key}` is not in `verified_fields`; only those have a mark of their own");
            section.problem(&key, &text);
        }
        let Some(entry) = section.map(&key) else { continue };
        entry.known(&["template", "source"]);
        entry.require(&["template"]);
        let name = entry.text("template").and_then(|text| match template(&text, site) {
            Ok(name) => Some(as_written(&text, name)),
            Err(why) => {
                entry.problem("template", &why);
                None
            }
        });
        let source = entry.text("source").and_then(|text| source(&entry, text.trim()));
        if let Some(template) = name {
            let source = source.unwrap_or_default();
            trackers.insert(key, Tracker { template, source });
        }
    }
    trackers
}

/// Whether a tracker or check for `key` is one for `field`: by its name, or without the digits at its end (`CASNo2`).
fn is_of(key: &str, field: &str) -> bool {
    key == field || key == field.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// The name of a template with its first letter as the admin wrote it: so it will stand in articles.
fn as_written(text: &str, name: String) -> String {
    let text = text.trim().replace('_', " ");
    let end = text.len().checked_sub(name.len()).and_then(|at| text.get(at..));
    match end {
        Some(end) if end.to_lowercase() == name.to_lowercase() => end.to_owned(),
        _ => name,
    }
}

fn source(entry: &MapNode<'_>, text: &str) -> Option<String> {
    let bad = |c: char| c.is_control() || matches!(c, '|' | '=' | '{' | '}' | '[' | ']' | '<' | '>' | '~');
    if text.contains(bad) || text.chars().count() > SOURCE_CHARS {
        let text =
            format!("a source is a word or two, at most {SOURCE_CHARS} characters without markup, as in `ChemSpider`");
        entry.problem("source", &text);
        return None;
    }
    Some(text.to_owned())
}

/// What says, without a verified revision, that a value cannot be right.
pub(super) fn checks(group: &MapNode<'_>, watched: Option<&[String]>) -> BTreeMap<String, Check> {
    let section = group.section("checks");
    let mut checks = BTreeMap::new();
    for key in capped(group, &section, "checks") {
        if watched.is_some_and(|watched| !watched.iter().any(|field| is_of(&key, field))) {
            section.problem(&key, &format!("`{key}` is not in `watched_fields`"));
        }
        let check = if section.is_group(&key) {
            let entry = section.section(&key);
            entry.known(&["regex"]);
            entry.require(&["regex"]);
            entry.text("regex").and_then(|pattern| regex(&entry, "regex", &pattern))
        } else {
            section.text(&key).and_then(|text| named_check(&section, &key, &text))
        };
        if let Some(check) = check {
            checks.insert(key, check);
        }
    }
    checks
}

fn named_check(section: &MapNode<'_>, key: &str, text: &str) -> Option<Check> {
    if let Some(pattern) = text.trim().strip_prefix("regex:") {
        return regex(section, key, pattern.trim_start());
    }
    match text.trim() {
        "cas" => Some(Check::Cas),
        "inchikey" => Some(Check::InchiKey),
        "unii" => Some(Check::Unii),
        other => {
            let near = nearest(other, &["cas", "inchikey", "unii"]);
            let near = near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            let text = format!("this is none of `cas`, `inchikey`, `unii`, `{{regex: \"…\"}}`{near}");
            section.problem(key, &text);
            None
        }
    }
}

/// A pattern that the value must match as a whole.
fn regex(group: &MapNode<'_>, key: &str, pattern: &str) -> Option<Check> {
    match Check::regex(pattern) {
        Ok(check) => Some(check),
        Err(error) => {
            // Before the last line stands the pattern, with an arrow below.
            let why = error.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            group.problem(key, &format!("this regular expression cannot be used: {why}"));
            None
        }
    }
}

/// Other names under which a field stands in articles.
pub(super) fn aliases(group: &MapNode<'_>, watched: Option<&[String]>) -> BTreeMap<String, String> {
    let section = group.section("field_aliases");
    let mut aliases = BTreeMap::new();
    for key in capped(group, &section, "field_aliases") {
        let Some(field) = section.text(&key).map(|text| text.trim().to_owned()) else {
            continue;
        };
        if let Err(why) = parameter(&key) {
            section.problem(&key, &why);
        }
        if let Some(watched) = watched {
            if watched.contains(&key) {
                let text = format!("`{key}` is a watched field itself, so it cannot be another name of `{field}`");
                section.problem(&key, &text);
            }
            if !watched.contains(&field) {
                section.problem(&key, &format!("`{field}` is not in `watched_fields`"));
            }
        }
        aliases.insert(key, field);
    }
    aliases
}

/// The keys of a group that the admin chooses, none where there are too many.
fn capped(group: &MapNode<'_>, section: &MapNode<'_>, key: &str) -> Vec<String> {
    let keys = section.keys();
    if keys.len() > FIELDS {
        group.problem(key, &format!("{} entries; at most {FIELDS} are allowed", keys.len()));
        return Vec::new();
    }
    keys
}
