//! Reports that stand without names, because a filter of their wiki objected to the whole. The status page and the lists do
//! not name them either: the same filter would keep these from being saved.

use shared::core::report::Subject;
use shared::core::site::{Site, Title};
use shared::core::text::{Wikitext, page_link, plain};
use shared::db::report::{self, Report};
use shared::db::report_page::{self, Page, State};
use shared::db::{self, Work};

/// Reports that are looked at, the newest.
const MOST: u32 = 1_000;
/// Number of the namespace of special pages.
const SPECIAL: i32 = -1;

/// A report without names, and its page on the wiki.
pub struct Reduced {
    /// The page.
    pub page: Page,
    /// The report.
    pub report: Report,
}

/// Those of the home's reports on a wiki. Errs as the database does.
pub async fn all(db: &mut Work, home: &str, target: &str) -> db::Result<Vec<Reduced>> {
    let mut pages = report_page::reduced(db, home, target, MOST).await?;
    pages.retain(|page| page.state == State::Ok && page.title.is_some());
    let ids: Vec<u64> = pages.iter().map(|page| page.report_id).collect();
    let mut found = Vec::new();
    for report in report::by_ids(db, &ids).await? {
        if let Some(place) = pages.iter().position(|page| page.report_id == report.id) {
            let page = pages.swap_remove(place);
            found.push(Reduced { page, report });
        }
    }
    Ok(found)
}

/// Its page where this subject is one of them.
pub fn page_of<'a>(all: &'a [Reduced], subject: &Subject) -> Option<&'a Page> {
    let known = all.iter().find(|one| one.report.subject == *subject);
    known.map(|one| &one.page)
}

/// A link to the page that does not name it.
/// <https://www.mediawiki.org/wiki/Help:Permanent_link>
pub fn link(site: &Site, page: &Page, label: &str) -> Wikitext {
    match page.revid {
        Some(rev) => {
            let title = Title {
                ns: SPECIAL,
                text: format!("PermanentLink/{rev}"),
            };
            page_link(site, &title, Some(label))
        }
        None => plain(label, 100),
    }
}

/// Begins the reason of a request that waits because a filter warned: what is sent to the same page after a warning is
/// taken as confirmed, so what has no names is sent by the next run, to which the wiki may answer with a warning again.
/// <https://www.mediawiki.org/wiki/Extension:AbuseFilter/Actions>
const WARNED: &str = "a filter of the wiki warned: ";

/// Whether a refusal is a warning.
pub fn is_warning(code: &str) -> bool {
    code.starts_with("abusefilter-warning")
}

/// Why a request waits to which a filter answered so.
pub fn warned(info: &str) -> String {
    format!("{WARNED}{info}")
}

/// What the filter said, of such a reason.
pub fn warning(reason: &str) -> Option<&str> {
    reason.strip_prefix(WARNED)
}

/// What is told of a refusal: what a filter says of itself. Blacklists quote what they refuse, so of them only the code.
pub fn objection(code: &str, info: &str) -> String {
    const SHOWN: usize = 300;
    let quotes = ["spamblacklist", "spamdetected", "titleblacklist"];
    match quotes.iter().any(|begins| code.starts_with(begins)) {
        true => code.to_owned(),
        false => info.chars().take(SHOWN).collect(),
    }
}
