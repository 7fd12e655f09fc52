//! Titles of reports: below the target's base, with COIBot's names, then the subject.

use shared::core::report::Subject;
use shared::core::site::{Site, Title};

use crate::settings::Titles;

/// The page of a subject's report below `base` (with namespace). Hosts are in ASCII, as coi-report links them. `None`
/// where the name cannot be a title: it is too long, or has a character that no title can have.
pub fn title(site: &Site, base: &str, titles: &Titles, subject: &Subject) -> Option<Title> {
    let name = match subject {
        Subject::Link(key) => match key.part() {
            Some(part) => format!("{}/{part}", key.host()),
            None => key.host(),
        },
        other => other.to_string(),
    };
    // IPv6 hosts are in brackets, which no title can have.
    let name = name.replace(['[', ']'], "");
    let title = format!("{base}/{}/{name}", titles.of(subject.kind()));
    site.title(&title).ok()
}
