//! Categories of a report: by status and kind, local or cross-wiki, and the wikis of a local one. They are the lists of
//! *local* and *cross-wiki* reports that COIBot kept apart.

use shared::core::settings::fill;
use shared::core::text::{Wikitext, literal, plain, target};

use super::pen::Pen;
use super::status::{kind_key, status_key};

/// Namespace of categories.
pub const CATEGORY: i32 = 14;

/// The last part of the bot's. A category whose message is empty is none.
pub fn categories(pen: &Pen<'_>) -> Wikitext {
    let model = pen.model;
    let status = pen.label(status_key(pen.around.status));
    let kind = pen.label(kind_key(model.subject.kind()));
    let named = |key: &str, wiki: &str| {
        let values = [("status", None, status), ("kind", None, kind), ("wiki", None, wiki)];
        fill(pen.label(key), &values)
    };
    let is_xwiki = model.totals.wikis >= u64::from(pen.around.settings.rules.xwiki_from);
    let mut names = vec![
        named("category-all", ""),
        named(if is_xwiki { "category-xwiki" } else { "category-local" }, ""),
    ];
    if !is_xwiki && pen.is_full() {
        let wikis = model.by_wiki.iter().filter_map(|(wiki, _)| model.wikis.get(*wiki));
        names.extend(wikis.map(|wiki| named("category-wiki", &wiki.name)));
    }
    let mut text = Wikitext::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let Ok(title) = pen.around.site.title_in(CATEGORY, name) else {
            continue;
        };
        if title.ns != CATEGORY {
            continue;
        }
        text.push(&literal("[["))
            .push(&target(&pen.around.site.prefixed(&title)));
        if pen.is_full() {
            text.push_literal("|").push(&plain(&model.subject.to_string(), 255));
        }
        text.push_literal("]]\n");
    }
    text
}
