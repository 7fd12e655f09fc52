//! What the settings mean for one account: where reports stand, and what that collides with.

use shared::core::report::Kind;
use shared::core::site::{Site, Title};
use shared::core::types::Problem;

use super::targets::BASE_BYTES;
use super::{Place, Settings, Target};

/// Number of the namespace of users.
const USER: i32 = 2;
/// What holds where no target is named: only then can none be the home, or none be here.
static ONLY: Target = Target {
    place: Place::Here,
    base: None,
    base_there: None,
    approval: None,
    is_home: true,
};

impl Settings {
    /// The target that is this wiki.
    pub fn here(&self) -> &Target {
        let here = |target: &&Target| target.place == Place::Here;
        self.targets.iter().find(here).unwrap_or(&ONLY)
    }

    /// The target on which people's part of reports lives.
    pub fn home(&self) -> &Target {
        self.targets.iter().find(|target| target.is_home).unwrap_or(&ONLY)
    }

    /// Whether that is this wiki.
    pub fn home_is_here(&self) -> bool {
        self.home().place == Place::Here
    }

    /// The page on which privileged users ask; `None`: there is none.
    pub fn poke_page(&self, account: &str) -> Option<Title> {
        let poke = self.poke.as_ref()?;
        Some(poke.page.clone().unwrap_or_else(|| Title {
            ns: USER,
            text: format!("{account}/Poke"),
        }))
    }

    /// What is wrong with the settings for this account: another user's pages are nobody's place for reports, the job's
    /// own pages have another use, and a page that people write is none of the reports.
    pub fn misplaced(&self, account: &str, site: &Site) -> Vec<Problem> {
        let mut problems = self.base_problems(account, site);
        if problems.is_empty() {
            problems.extend(self.taken(account, site));
            problems.extend(self.written_by_people(account, site));
        }
        problems
    }

    fn base_problems(&self, account: &str, site: &Site) -> Vec<Problem> {
        let base = self.base(account);
        let shown = site.prefixed(&base);
        let below = site.prefixed(&Title {
            ns: USER,
            text: format!("{account}/…"),
        });
        let mut problems = Vec::new();
        let mut tell = |text: String| problems.push(Problem::error(self.base_path(), text));
        if base.ns == USER && base.root_part() != account {
            tell(format!(
                "`{shown}` is no page of the bot's own; leave it out, or write `{below}`, or a page of the project"
            ));
        }
        if own_pages(account).any(|page| base == page || base.is_subpage_of(&page)) {
            tell(format!("`{shown}` has another use; take another page below `{below}`"));
        }
        if base.text.len() > BASE_BYTES {
            tell(format!(
                "`{shown}` is too long a title for reports below it; name a shorter one"
            ));
        }
        problems
    }

    /// Kinds whose pages would be those that the job has already.
    fn taken(&self, account: &str, site: &Site) -> Vec<Problem> {
        let mut problems = Vec::new();
        for kind in Kind::ALL {
            let title = self.kind_title(account, kind);
            if own_pages(account).any(|page| title == page || title.is_subpage_of(&page)) {
                let text = format!("`{}` has another use; take another", site.prefixed(&title));
                problems.push(Problem::error(format!("titles.{}", kind.word()), text));
            }
        }
        problems
    }

    /// Pages that the job reads, in the place of its reports; and one page whose templates would count by two rules.
    fn written_by_people(&self, account: &str, site: &Site) -> Vec<Problem> {
        let lists = [
            ("watched_pages", &self.watched_pages),
            ("noticeboards", &self.noticeboards),
            ("blacklists", &self.blacklists),
        ];
        let in_lists = lists.into_iter().flat_map(|(key, pages)| {
            (1..)
                .zip(pages)
                .map(move |(n, page)| (format!("{key}[{n}]"), page.clone()))
        });
        let poke = self.poke_page(account);
        let one = [("poke.page", &poke), ("shorteners.page", &self.shorteners.page)];
        let one = one
            .into_iter()
            .filter_map(|(key, page)| Some((key.to_owned(), page.clone()?)));
        let places = Kind::ALL.map(|kind| self.kind_title(account, kind));
        let mut problems = Vec::new();
        for (path, page) in in_lists.chain(one) {
            if places.iter().any(|place| page == *place || page.is_subpage_of(place)) {
                let text = format!(
                    "`{}`, which people write, would be one of the report pages; take another",
                    site.prefixed(&page)
                );
                problems.push(Problem::error(path, text));
            }
        }
        if let Some(page) = poke.filter(|page| self.watched_pages.contains(page)) {
            let text = format!(
                "`{}` stands in `watched_pages` too, where anybody may ask; take it out of one of them",
                site.prefixed(&page)
            );
            problems.push(Problem::error("poke.page", text));
        }
        problems
    }

    /// Where this wiki's base stands on the settings page.
    fn base_path(&self) -> String {
        let here = self.targets.iter().position(|target| target.place == Place::Here);
        format!("targets[{}].base", here.unwrap_or_default() + 1)
    }
}

/// The job's pages that are neither reports nor written as such.
fn own_pages(account: &str) -> impl Iterator<Item = Title> + '_ {
    ["Settings", "Stop"].into_iter().map(move |name| Title {
        ns: USER,
        text: format!("{account}/linkreport-gen/{name}"),
    })
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
