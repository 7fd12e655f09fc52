//! Reports for a terminal or other programs: the same model as the pages, as text, JSON or a table.

mod csv;
mod json;
mod text;

pub use csv::{header, line};
pub use json::json;
pub use text::text;

use shared::db::links::questions::lookup::Kind;

use crate::model::{Fate, ListName, Who};

/// The word for a kind of user.
fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Named => "account",
        Kind::Temporary => "temporary",
        Kind::Address => "address",
        Kind::Range => "range",
    }
}

/// Whoever edited, in words.
fn who_words(who: &Who) -> &str {
    match who {
        Who::Name(name) | Who::OldRange(name) => name,
        Who::Temporary => "(temporary account)",
        Who::Hidden => "(hidden)",
    }
}

/// The word for what became of an addition.
fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Live => "live",
        Fate::Removed => "removed",
        Fate::PageGone => "page-gone",
        Fate::Unknown => "unknown",
    }
}

/// The word for a list.
fn list_word(list: ListName) -> &'static str {
    match list {
        ListName::SpamBlacklist => "spam-blacklist",
        ListName::SpamWhitelist => "spam-whitelist",
        ListName::BlockedDomains => "blocked-domains",
        ListName::Monitor => "monitor",
        ListName::Blacklist => "blacklist",
        ListName::Whitelist => "whitelist",
        ListName::Noticeboard => "noticeboard",
        ListName::Shortener => "shortener",
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
