//! Where a job may write, whatever its settings say. A page is in scope when the job's
//! rule allows it; other people's user and user-talk pages never are.

use crate::core::site::{Site, Title};

const USER: i32 = 2;
const USER_TALK: i32 = 3;

/// The places a job writes to.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    account: String,
    below: Vec<Title>,
    pages: Vec<Title>,
    articles: Vec<i32>,
}

impl Scope {
    /// The bot's own user pages, and nothing else yet.
    pub fn own_pages(account: &str) -> Scope {
        Scope {
            account: account.to_owned(),
            ..Scope::default()
        }
    }

    /// Adds the sub-pages of `parent`.
    #[must_use]
    pub fn and_below(mut self, parent: Title) -> Scope {
        self.below.push(parent);
        self
    }

    /// Adds one page, without its sub-pages.
    #[must_use]
    pub fn and_page(mut self, page: Title) -> Scope {
        self.pages.push(page);
        self
    }

    /// Adds the articles of these content namespaces: only infobox-check edits articles, and only while its settings
    /// let it. Namespaces that the wiki does not count as content stay shut.
    #[must_use]
    pub fn and_articles(mut self, namespaces: &[i32]) -> Scope {
        self.articles.extend(namespaces);
        self
    }

    /// Whether `title` may be edited; errs with the reason.
    pub fn check(&self, title: &Title, site: &Site) -> Result<(), String> {
        let shown = site.prefixed(title);
        let own = title.root_part() == self.account;
        match title.ns {
            USER if own => return Ok(()),
            USER | USER_TALK if !own => {
                return Err(format!("`{shown}` belongs to another user: no job edits such pages"));
            }
            ns if site.is_content(ns) && self.articles.contains(&ns) => return Ok(()),
            ns if site.is_content(ns) => {
                return Err(format!(
                    "`{shown}` is in a content namespace, which this job does not edit"
                ));
            }
            _ => {}
        }
        if self.pages.contains(title) || self.below.iter().any(|parent| title.is_subpage_of(parent)) {
            return Ok(());
        }
        Err(format!("`{shown}` is outside the pages that this job edits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn site() -> Site {
        let ns = |id: i32, name: &str, canonical: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": canonical, "subpages": true, "content": id == 0});
        Site::from_siteinfo(&json!({
            "general": {"sitename": "Test", "server": "http://localhost", "lang": "en", "wikiid": "testwiki", "generator": "MediaWiki 1.43.9", "case": "first-letter"},
            "namespaces": {
                "0": ns(0, "", ""), "1": ns(1, "Talk", "Talk"), "2": ns(2, "User", "User"), "3": ns(3, "User talk", "User talk"),
                "4": ns(4, "Wikipedia", "Project"), "5": ns(5, "Wikipedia talk", "Project talk"),
            },
            "namespacealiases": [], "extensiontags": [], "extensions": [],
        }))
        .unwrap()
    }

    #[test]
    fn only_the_bots_own_pages_and_the_named_places() {
        let site = site();
        let scope = Scope::own_pages("CoopBot")
            .and_below(site.title("Wikipedia talk:Co-op").unwrap())
            .and_page(site.title("Wikipedia:Log").unwrap())
            .and_page(site.title("User:Ann/Log").unwrap());
        for (title, allowed) in [
            ("User:CoopBot/matchbot/Settings/Status", true),
            ("User:CoopBot", true),
            ("User:CoopBots/x", false),
            ("User talk:Ann", false),
            ("Wikipedia talk:Co-op/Ann", true),
            ("Wikipedia talk:Co-op", false),
            ("Wikipedia talk:Co-operation/Ann", false),
            ("Wikipedia:Co-op/Ann", false),
            ("Wikipedia:Log", true),
            ("Wikipedia:Log/x", false),
            ("User:Ann/Log", false),
            ("Ann", false),
        ] {
            assert_eq!(
                scope.check(&site.title(title).unwrap(), &site).is_ok(),
                allowed,
                "{title}"
            );
        }
    }

    #[test]
    fn articles_only_where_the_settings_let_them_be_edited() {
        let site = site();
        let scope = Scope::own_pages("Bot").and_articles(&[0, 1, 3, 4]);
        for (title, allowed) in [
            ("Acetone", true),
            ("Talk:Acetone", false),
            ("User talk:Ann", false),
            ("Wikipedia:X", false),
        ] {
            assert_eq!(
                scope.check(&site.title(title).unwrap(), &site).is_ok(),
                allowed,
                "{title}"
            );
        }
    }
}
