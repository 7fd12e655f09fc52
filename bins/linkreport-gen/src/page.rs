//! The bot's part of a report page, as COIBot had it: what it is, three lines, summaries, users, site info and rules,
//! statistics, additions, hits, the ready line. Pure: two equal models make equal bytes, and nothing in it is an external
//! link, a link to a user page, or a signature. <https://www.mediawiki.org/wiki/Help:Formatting>

mod categories;
mod chart;
#[cfg(test)]
pub mod fixtures;
mod head;
mod hits;
mod lines;
#[cfg(test)]
mod looks;
mod pen;
mod ready;
mod rows;
mod sections;
mod site;
mod statistics;
mod subsets;
mod summaries;
mod users;

use std::collections::{BTreeSet, HashSet};

use shared::core::report::{Kind, Status};
use shared::core::settings::{Common, fill};
use shared::core::site::Site;
use shared::core::text::Wikitext;
use shared::core::types::RevId;
use shared::messages::Messages;

pub use categories::status_categories;

use crate::model::{Fate, Model, Who};
use crate::settings::Settings;
use crate::words::MESSAGES;
use pen::Pen;

/// Longest page that is made, in bytes; people's part comes on top of it.
const MOST_BYTES: usize = 1_500_000;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Everything.
    Full,
    /// Numbers and dates only, for a wiki whose filters object to the rest.
    Reduced,
}

/// Where the report with people's part stands, of a page that is a copy of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOf {
    /// The interwiki prefix of its wiki, without colons; `None`: it is another page of the same wiki, or cannot be linked.
    pub prefix: Option<String>,
    /// Its title, with namespace.
    pub title: String,
    /// Whether the title can be linked: by the prefix, or on the same wiki.
    pub can_link: bool,
    /// Its status.
    pub status: Status,
}

/// What a page is made for.
pub struct Around<'a> {
    /// The wiki of the page.
    pub site: &'a Site,
    /// The settings that every job has, with the sentences that they override.
    pub common: &'a Common,
    /// The job's own.
    pub settings: &'a Settings,
    /// The page below which reports stand, with namespace.
    pub base: String,
    /// The status page, with namespace.
    pub status_page: String,
    /// Of a copy: where people's part is.
    pub copy_of: Option<CopyOf>,
    /// For the categories.
    pub status: Status,
    /// Whether the wiki has BlockedExternalDomains: then a plain domain is what is put there.
    /// <https://www.mediawiki.org/wiki/Manual:BlockedExternalDomains>
    pub blocked_domains: bool,
}

/// The bot's part of a page, without the marker line. It is at most 1.5 MB long, and less than three quarters of what the
/// wiki lets a page have: where that is too little, fewer additions are shown.
pub fn render(model: &Model, around: &Around<'_>, form: Form) -> Wikitext {
    let allowed = usize::try_from(around.site.max_article_size() / 4 * 3).unwrap_or(MOST_BYTES);
    let most = MOST_BYTES.min(allowed);
    let mut rows = around.settings.show.rows as usize;
    loop {
        let text = whole(&Pen::new(model, around, form, rows));
        if text.as_str().len() <= most || rows == 0 {
            return text;
        }
        rows /= 2;
    }
}

/// The revisions that a page may show or owe a name to (place of the wiki in the model, revision): those of its rows, of
/// live additions below them, the newest of each other user with a row, and of the hits that are listed.
pub fn revisions(model: &Model, settings: &Settings, form: Form) -> BTreeSet<(usize, RevId)> {
    if form == Form::Reduced {
        return BTreeSet::new();
    }
    let (above, below) = model.rows.split_at(model.rows.len().min(settings.show.rows as usize));
    let live = below
        .iter()
        .filter(|row| row.fate == Fate::Live)
        .take(subsets::MORE_LIVE);
    let mut named: HashSet<&Who> = HashSet::new();
    let of_others = below.iter().filter(|row| named.insert(&row.who));
    let rows = above.iter().chain(live).chain(of_others).map(|row| (row.wiki, row.rev));
    let hits = hits::listed(model).iter().map(|hit| (hit.wiki, hit.rev));
    rows.chain(hits).collect()
}

/// What an edit summary says of it: numbers only. `None`: of a page about which nothing may be shown any more.
pub fn summary(model: Option<&Model>, common: &Common) -> String {
    let messages = Messages::new(Some(common), MESSAGES);
    let Some(model) = model else {
        return messages.text("report-summary-empty").to_owned();
    };
    let count = |n: u64| n.to_string();
    let totals = &model.totals;
    let (additions, wikis) = (count(totals.additions), count(totals.wikis));
    let (users, live) = (count(totals.editors()), count(model.fates.live));
    fill(
        messages.text("report-summary"),
        &[
            ("additions", None, &additions),
            ("wikis", None, &wikis),
            ("users", None, &users),
            ("live", None, &live),
        ],
    )
}

/// The bot's part of a page about which nothing may be shown any more: without names, numbers and dates.
pub fn empty(around: &Around<'_>) -> Wikitext {
    head::empty(around)
}

fn whole(pen: &Pen<'_>) -> Wikitext {
    let parts = match pen.form {
        Form::Full => vec![
            head::head(pen),
            lines::lines(pen),
            summaries::summaries(pen),
            users::users(pen),
            site::site(pen),
            statistics::statistics(pen),
            sections::others(pen),
            rows::additions(pen),
            hits::hits(pen),
            ready::ready(pen),
            categories::categories(pen),
        ],
        Form::Reduced => vec![
            head::head(pen),
            lines::lines(pen),
            site::site(pen),
            statistics::statistics(pen),
            categories::categories(pen),
        ],
    };
    Wikitext::join(parts.iter().filter(|part| !part.is_empty()), "\n")
}

/// Whether a report's users are those who added it, not those it is about.
fn is_about_links(kind: Kind) -> bool {
    matches!(kind, Kind::Link | Kind::Server)
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "page/forms_tests.rs"]
mod forms_tests;
