//! What only the wiki can tell about accepted settings: whether a box is a redirect, an index page is there, a log
//! can be written. Pure: the caller asks the wiki for [`titles`] and hands the answers to [`judge_wiki`].

use std::collections::BTreeMap;

use shared::core::infobox::Tracker;
use shared::core::site::{Site, Title};
use shared::core::types::Problem;

use super::{BoxSettings, Settings, TEMPLATE};

/// What the wiki says about a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageInfo {
    /// Its title, as it was asked for.
    pub title: Title,
    /// Whether there is a page.
    pub exists: bool,
    /// Where it leads to, if it is a redirect.
    pub redirect_to: Option<Title>,
}

/// A template by its name without namespace.
fn template(name: &str) -> Title {
    Title {
        ns: TEMPLATE,
        text: name.to_owned(),
    }
}

/// The page of a tracker, whose name in the settings keeps the case of its first letter.
fn tracker_title(tracker: &Tracker, site: &Site) -> Option<Title> {
    site.title_in(TEMPLATE, &tracker.template).ok()
}

/// The page above all that a log lies below, if it lies below one.
fn root_of(log: &Title) -> Option<Title> {
    let root = log.root_part();
    (root != log.text).then(|| Title {
        ns: log.ns,
        text: root.to_owned(),
    })
}

/// The pages that [`judge_wiki`] has to know of, each once.
pub fn titles(settings: &Settings, site: &Site) -> Vec<Title> {
    let mut titles = Vec::new();
    for one in &settings.boxes {
        titles.push(template(&one.def.name));
        titles.extend(one.redirects.iter().map(|name| template(name)));
        titles.extend(
            one.def
                .trackers
                .values()
                .filter_map(|tracker| tracker_title(tracker, site)),
        );
        titles.extend(one.index.iter().cloned());
        titles.push(one.log.clone());
        // User pages need not exist.
        titles.extend(root_of(&one.log).filter(|root| root.ns != 2));
    }
    titles.sort();
    titles.dedup();
    titles
}

/// What is wrong with the settings on this wiki, errors and warnings, box by box. `pages`: what it says about
/// [`titles`]; nothing is said of a page that is not among them. `account`: the bot's user name.
pub fn judge_wiki(settings: &Settings, pages: &[PageInfo], account: &str, site: &Site) -> Vec<Problem> {
    let pages: BTreeMap<&Title, &PageInfo> = pages.iter().map(|page| (&page.title, page)).collect();
    let judge = Judge { pages, account, site };
    settings.boxes.iter().flat_map(|one| judge.of_box(one)).collect()
}

struct Judge<'a> {
    pages: BTreeMap<&'a Title, &'a PageInfo>,
    account: &'a str,
    site: &'a Site,
}

impl Judge<'_> {
    fn of_box(&self, one: &BoxSettings) -> Vec<Problem> {
        let path = format!("boxes.{}", one.def.name);
        let mut problems = Vec::new();
        problems.extend(self.template(one, &path));
        for (n, name) in one.redirects.iter().enumerate() {
            problems.extend(self.redirect(one, name, &format!("{path}.redirects[{}]", n + 1)));
        }
        for (n, index) in one.index.iter().enumerate() {
            let place = if one.index.len() > 1 {
                format!("[{}]", n + 1)
            } else {
                String::new()
            };
            problems.extend(self.index(index, &format!("{path}.index{place}")));
        }
        problems.extend(self.log(&one.log, &format!("{path}.log")));
        for (field, tracker) in &one.def.trackers {
            let page = tracker_title(tracker, self.site).and_then(|title| self.pages.get(&title));
            let missing = page.is_some_and(|page| !page.exists);
            if missing {
                let text = format!("the template `{}` does not exist", tracker.template);
                problems.push(Problem::warning(format!("{path}.trackers.{field}.template"), text));
            }
        }
        problems
    }

    /// The box itself: a template that is there, and no redirect.
    fn template(&self, one: &BoxSettings, path: &str) -> Option<Problem> {
        let name = &one.def.name;
        let page = self.pages.get(&template(name))?;
        if !page.exists {
            return Some(Problem::error(
                path,
                format!("there is no template `{name}`; look at its spelling"),
            ));
        }
        let target = page.redirect_to.as_ref()?;
        Some(Problem::error(
            path,
            if target.ns == TEMPLATE {
                format!(
                    "`{name}` is a redirect: write `{}`, the real name of the template, and `{name}` under `redirects`",
                    target.text
                )
            } else {
                format!(
                    "`{name}` is a redirect to `{}`, which is no template",
                    self.site.prefixed(target)
                )
            },
        ))
    }

    /// A redirect in the list: one to the box, or one that is gone (old revisions may still use it).
    fn redirect(&self, one: &BoxSettings, name: &str, path: &str) -> Option<Problem> {
        let page = self.pages.get(&template(name))?;
        if !page.exists {
            return Some(Problem::warning(path, format!("there is no template `{name}`")));
        }
        let real = &one.def.name;
        // Where the box itself is a redirect, its target is what the other redirects lead to: told at the box.
        let target = self
            .pages
            .get(&template(real))
            .and_then(|page| page.redirect_to.as_ref());
        match &page.redirect_to {
            None if target == Some(&page.title) => None,
            Some(to) if *to == template(real) || target == Some(to) => None,
            None => {
                let text = format!("`{name}` is no redirect to `{real}` but a template; give it a box of its own");
                Some(Problem::error(path, text))
            }
            Some(to) => {
                let to = self.site.prefixed(to);
                let text = format!("`{name}` is a redirect to `{to}`, not to `{real}`; take it out");
                Some(Problem::error(path, text))
            }
        }
    }

    fn index(&self, index: &Title, path: &str) -> Option<Problem> {
        let page = self.pages.get(index)?;
        let shown = self.site.prefixed(index);
        if !page.exists {
            let text = format!(
                "the index page `{shown}` does not exist; make it (an empty one will do) and protect it, or correct the title"
            );
            return Some(Problem::error(path, text));
        }
        let target = self.site.prefixed(page.redirect_to.as_ref()?);
        Some(Problem::error(
            path,
            format!("`{shown}` is a redirect: write `{target}`"),
        ))
    }

    fn log(&self, log: &Title, path: &str) -> Option<Problem> {
        let shown = self.site.prefixed(log);
        if log.ns == 2 && log.root_part() != self.account {
            let own = self.site.prefixed(&Title {
                ns: 2,
                text: format!("{}/…", self.account),
            });
            let text = format!("`{shown}` is a page of another user; write `{own}`, or a page of the project");
            return Some(Problem::error(path, text));
        }
        let own = |name: &str| Title {
            ns: 2,
            text: format!("{}/infobox-check/{name}", self.account),
        };
        if ["Settings", "Stop"]
            .iter()
            .any(|name| *log == own(name) || log.is_subpage_of(&own(name)))
        {
            let text = format!(
                "`{shown}` has another use; take another page below `{}`",
                self.site.prefixed(&own("…"))
            );
            return Some(Problem::error(path, text));
        }
        if let Some(target) = self.pages.get(log).and_then(|page| page.redirect_to.as_ref()) {
            let target = self.site.prefixed(target);
            return Some(Problem::error(
                path,
                format!("`{shown}` is a redirect: write `{target}`"),
            ));
        }
        // The job makes the log, not the project that it is for.
        let root = root_of(log)?;
        let missing = |title: &Title| self.pages.get(title).is_some_and(|page| !page.exists);
        let missing = missing(&root) && missing(log);
        let root = self.site.prefixed(&root);
        missing.then(|| {
            Problem::error(
                path,
                format!("`{root}`, the page above the log, does not exist; look at the spelling"),
            )
        })
    }
}

#[cfg(test)]
#[path = "wiki_tests.rs"]
mod tests;
