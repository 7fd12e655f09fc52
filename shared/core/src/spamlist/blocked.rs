//! `MediaWiki:BlockedExternalDomains.json`, the list of domains that AbuseFilter refuses.

use crate::hit::WatchedDomain;
use crate::link::{Key, PathHosts};
use serde_json::Value;

/// Most entries that are read.
const MAX_ENTRIES: usize = 50_000;
/// Largest page, in bytes.
const MAX_BYTES: usize = 2_100_000;
/// More of a note or name is not kept, in bytes.
const MAX_NOTES: usize = 1_000;

/// Reads the page: a list of objects with `domain`, `notes` and `addedBy` (not in old ones). The source of each domain is
/// its notes, and who added it in parentheses. An empty page is an empty list; entries whose domain is none are left out,
/// as the extension does. At most 50,000 entries are read.
///
/// # Errors
///
/// What is wrong with the page, with line and column, or with the number of the entry from 1.
pub fn blocked_domains(json: &str, path_hosts: &PathHosts) -> Result<Vec<WatchedDomain>, String> {
    if json.len() > MAX_BYTES {
        return Err(format!("the page has {} bytes, {MAX_BYTES} are read", json.len()));
    }
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    // The error of this library names line and column
    let page: Value = serde_json::from_str(json).map_err(|error| format!("the page is no JSON: {error}"))?;
    let entries: Vec<&Value> = match &page {
        Value::Array(entries) => entries.iter().collect(),
        // PHP writes a list with gaps as an object
        Value::Object(entries) => entries.values().collect(),
        _ => return Err("the page is no list of domains".to_owned()),
    };
    let mut domains = Vec::new();
    for (number, entry) in (1..).zip(entries.into_iter().take(MAX_ENTRIES)) {
        let Value::Object(entry) = entry else {
            return Err(format!(
                "entry {number} of the page is no object with `domain` and `notes`"
            ));
        };
        let text = |key: &str| {
            let text = entry.get(key).and_then(Value::as_str).unwrap_or_default().trim();
            text[..text.floor_char_boundary(MAX_NOTES)].to_owned()
        };
        let key = Key::from_name(&text("domain"), path_hosts).ok();
        // As the extension has it: a name without a dot is no domain
        if let Some(key) = key.filter(|key| key.ip().is_some() || key.host().contains('.')) {
            let source = match text("addedBy") {
                by if by.is_empty() => text("notes"),
                by => format!("{} ({by})", text("notes")).trim_start().to_owned(),
            };
            domains.push(WatchedDomain {
                key,
                source,
                wiki: None,
            });
        }
    }
    Ok(domains)
}
