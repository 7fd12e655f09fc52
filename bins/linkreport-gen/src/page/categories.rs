//! Categories of a report: by status and kind, local or cross-wiki, and the wikis of a local one. They are the lists of
//! *local* and *cross-wiki* reports that COIBot kept apart.

use shared::core::report::{self, Kind, Status};
use shared::core::settings::fill;
use shared::core::text::{Wikitext, literal, plain, target};
use shared::messages::Messages;

use super::pen::Pen;
use crate::page::Around;
use crate::words::MESSAGES;

/// Namespace of categories.
const CATEGORY: i32 = 14;
/// Messages of the categories that change with the status.
const BY_STATUS: [&str; 3] = ["category-all", "category-local", "category-xwiki"];

/// The last part of the bot's. A category whose message is empty is none.
pub fn categories(pen: &Pen<'_>) -> Wikitext {
    let model = pen.model;
    let kind = model.subject.kind();
    let is_xwiki = report::is_xwiki(model.totals.wikis, &pen.around.settings.rules);
    let place = if is_xwiki { "category-xwiki" } else { "category-local" };
    let mut begun = vec![category(pen.around, "category-all", kind, "")];
    if kind == Kind::Link {
        begun.push(category(pen.around, place, kind, ""));
    }
    if !is_xwiki && pen.is_full() {
        let wikis = model.by_wiki.iter().filter_map(|(wiki, _)| model.wikis.get(*wiki));
        begun.extend(wikis.map(|wiki| category(pen.around, "category-wiki", kind, &wiki.name)));
    }
    let mut text = Wikitext::new();
    for begun in begun.into_iter().flatten() {
        text.push(&begun);
        if pen.is_full() {
            text.push_literal("|").push(&plain(&model.subject.to_string(), 255));
        }
        text.push_literal("]]\n");
    }
    text
}

/// What to replace by what in the bot's part of a page when its status is another one, and nothing else: `was` and `is`
/// differ in the status alone.
pub fn status_categories(was: &Around<'_>, is: &Around<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for kind in Kind::ALL {
        for key in BY_STATUS {
            let (Some(old), Some(new)) = (category(was, key, kind, ""), category(is, key, kind, "")) else {
                continue;
            };
            for end in ["|", "]]"] {
                let pair = (format!("{old}{end}"), format!("{new}{end}"));
                if old != new && !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
        }
    }
    pairs
}

/// `[[Category:Open link reports`, to be ended. `None`: there is none, or it could be no title.
fn category(around: &Around<'_>, key: &str, kind: Kind, wiki: &str) -> Option<Wikitext> {
    let messages = Messages::new(Some(around.common), MESSAGES);
    let status = messages.text(match around.status {
        Status::Open => "category-open",
        Status::Closed => "category-closed",
        Status::Ignore => "category-ignore",
        Status::Stale => "category-stale",
        Status::Added => "category-added",
    });
    let kind = messages.text(match kind {
        Kind::Link => "category-link",
        Kind::User => "category-user",
        Kind::Ip => "category-ip",
        Kind::Range => "category-range",
        Kind::Server => "category-server",
    });
    let values = [("status", None, status), ("kind", None, kind), ("wiki", None, wiki)];
    let name = fill(messages.text(key), &values);
    let title = around.site.title_in(CATEGORY, name.trim()).ok()?;
    if title.ns != CATEGORY {
        return None;
    }
    let mut text = literal("[[");
    text.push(&target(&around.site.prefixed(&title)));
    Some(text)
}
