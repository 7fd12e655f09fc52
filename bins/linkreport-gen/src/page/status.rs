//! The category of a status alone, for a page whose status people changed; and a page about which nothing may be shown.

use shared::core::report::{Kind, Status};
use shared::core::settings::fill;
use shared::core::text::{Wikitext, literal, target};
use shared::messages::Messages;

use super::Around;
use super::categories::CATEGORY;
use crate::words::MESSAGES;

/// Keys of the categories that name the status.
const KEYS: [&str; 3] = ["category-all", "category-local", "category-xwiki"];

/// How the links to the categories that name the status begin, without what follows the title; in the same order for each
/// status. Empty where the wiki has no such category.
pub fn status_categories(around: &Around<'_>, kind: Kind) -> [String; 3] {
    KEYS.map(|key| link(around, kind, key).map_or_else(String::new, Wikitext::into_string))
}

fn link(around: &Around<'_>, kind: Kind, key: &str) -> Option<Wikitext> {
    let messages = Messages::new(Some(around.common), MESSAGES);
    let (status, kind) = (messages.text(status_key(around.status)), messages.text(kind_key(kind)));
    let name = fill(messages.text(key), &[("status", None, status), ("kind", None, kind)]);
    let title = around.site.title_in(CATEGORY, name.trim()).ok()?;
    if title.ns != CATEGORY {
        return None;
    }
    let mut text = literal("[[");
    text.push(&target(&around.site.prefixed(&title)));
    Some(text)
}

/// Key of a status in the names of categories.
pub fn status_key(status: Status) -> &'static str {
    match status {
        Status::Open => "category-open",
        Status::Closed => "category-closed",
        Status::Ignore => "category-ignore",
        Status::Stale => "category-stale",
        Status::Added => "category-added",
    }
}

/// Key of a kind in the names of categories.
pub fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Link => "category-link",
        Kind::User => "category-user",
        Kind::Ip => "category-ip",
        Kind::Range => "category-range",
        Kind::Server => "category-server",
    }
}

/// The bot's part of a page about which nothing is recorded any more that may be shown.
pub fn empty(around: &Around<'_>, kind: Kind) -> Wikitext {
    let messages = Messages::new(Some(around.common), MESSAGES);
    let mut text = literal("__NOINDEX__\n");
    text.push(&messages.say("report-empty", &[])).push_literal("\n");
    if let Some(category) = link(around, kind, "category-all") {
        text.push(&category).push_literal("]]\n");
    }
    text
}
