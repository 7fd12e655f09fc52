//! What the settings mean for one account: where reports stand.

use shared::core::site::{Site, Title};
use shared::core::types::Problem;

use super::Settings;

/// Number of the namespace of users.
const USER: i32 = 2;

impl Settings {
    /// The page whose sub-pages are the days, for the bot's account.
    pub fn report_title(&self, account: &str) -> Title {
        self.report.title.clone().unwrap_or_else(|| Title {
            ns: USER,
            text: format!("{account}/COIReports"),
        })
    }

    /// What is wrong with the settings for this account: another user's pages are nobody's place for reports, and the
    /// job's own pages have another use.
    pub fn misplaced(&self, account: &str, site: &Site) -> Vec<Problem> {
        let title = self.report_title(account);
        let shown = site.prefixed(&title);
        let own = |name: &str| Title {
            ns: USER,
            text: format!("{account}/coi-report/{name}"),
        };
        let below = site.prefixed(&Title {
            ns: USER,
            text: format!("{account}/…"),
        });
        let is_taken = ["Settings", "Stop"]
            .iter()
            .any(|name| title == own(name) || title.is_subpage_of(&own(name)));
        let text = match title.ns {
            USER if title.root_part() != account || title.text == account => {
                format!("`{shown}` is no page below the bot's own; write `{below}`, or a page of the project")
            }
            USER if is_taken => format!("`{shown}` has another use; take another page below `{below}`"),
            _ => return Vec::new(),
        };
        vec![Problem::error("report.title", text)]
    }
}
