//! A user's name beside the title of the page, or beside a link that was added.

use super::judge::Judge;
use super::link::LinkEvent;
use super::names::{Who, is_merely_inside, is_own_page, significant};
use super::story::{self, Story};
use super::types::{Edit, Hit, Rule, Subject};
use crate::overlap::{Score, near};
use crate::site::Site;

const NO_NAME: &str = "nobody chose this name (an address, or a temporary account)";

impl Judge {
    /// The name beside the title without its namespace. In user space the owner is not compared with the own pages.
    pub(super) fn page_overlap(
        &mut self,
        who: &Who<'_>,
        edit: &Edit<'_>,
        site: &Site,
        story: &mut Story,
    ) -> Option<Hit> {
        let rule = Rule::PageOverlap;
        if !who.has_chosen_name() {
            story.not_asked(&[rule], NO_NAME);
            return None;
        }
        if is_own_page(who, edit.title) {
            story.not_asked(&[rule], "it is the user's own page");
            return None;
        }
        let (name, title) = (who.name, edit.title.text.as_str());
        let (score, near) = self.compare(rule, name, title, || Some(title.to_owned()), ('U', 'P'), story)?;
        let skip = self.too_short(name, title).or_else(|| {
            // A name of less than twice the least length is a part of too many words
            let is_short = significant(name) < self.config.min_name.saturating_mul(2);
            let contained = || "contained: the title merely contains a short name".to_owned();
            (is_short && near.is_none() && is_merely_inside(name, title)).then(contained)
        });
        Some(Hit {
            score: Some((score.ut, score.tu, score.report_ratio())),
            near,
            skip,
            ..page_hit(edit, site, rule, None, ('U', 'P'))
        })
    }

    /// The name beside the link's host, or beside the part of the path that names the owner.
    pub(super) fn link_overlap(
        &mut self,
        who: &Who<'_>,
        link: &LinkEvent,
        is_white: bool,
        story: &mut Story,
    ) -> Option<Hit> {
        let rule = Rule::LinkOverlap;
        if !who.has_chosen_name() {
            story.not_asked(&[rule], NO_NAME);
            return None;
        }
        let (name, owner) = (who.name, link.owner.as_str());
        let bare = || match link.key.part() {
            Some(_) => Some(owner.to_owned()),
            None => link.key.bare(),
        };
        let (score, near) = self.compare(rule, name, owner, bare, ('U', 'L'), story)?;
        let ratio = score.report_ratio();
        let is_strong = near.is_none() && self.config.auto_ratio.is_some_and(|least| ratio >= least);
        let starts_monitoring = is_strong
            && !is_white
            && self.lists.monitored_link(who.wiki, link, true).is_none()
            && self.lists.monitored_link(who.wiki, link, false).is_none();
        Some(Hit {
            score: Some((score.ut, score.tu, ratio)),
            near,
            skip: self.too_short(name, owner),
            starts_monitoring,
            ..link.hit(rule, None, ('U', 'L'))
        })
    }

    /// The score when it is over the limit, or the score and the similarity in percent of a near miss. `bare` is what
    /// a near miss looks at, see [`near`].
    fn compare(
        &mut self,
        rule: Rule,
        name: &str,
        text: &str,
        bare: impl FnOnce() -> Option<String>,
        words: (char, char),
        story: &mut Story,
    ) -> Option<(Score, Option<f64>)> {
        let limit = self.config.limit;
        let is_over = self.scorer.is_over(name, text, limit);
        let near_miss = self.config.near.as_ref().filter(|_| !is_over);
        let near = near_miss
            .and_then(|rule| near(name, &bare()?, rule))
            .map(|share| share * 100.0);
        if !is_over && near.is_none() && !story.is_on() {
            return None;
        }
        let score = self.scorer.score(name, text);
        story.rule(rule, || {
            let numbers = story::score(name, text, words, score, limit);
            match near {
                Some(near) => format!("{numbers}; but they are {near:.0}% alike: a near miss."),
                None => format!("{numbers}."),
            }
        });
        (is_over || near.is_some()).then_some((score, near))
    }

    /// Single letters weigh too much in short names, as COIBot's own page says of `zxv` and `zyxwv`.
    fn too_short(&self, name: &str, text: &str) -> Option<String> {
        let least = self.config.min_name;
        let words = [("name", name), ("string", text)];
        let (what, length) = words
            .map(|(what, word)| (what, significant(word)))
            .into_iter()
            .find(|(_, length)| *length < least)?;
        Some(format!(
            "short: the {what} has {length} characters that count, {least} are asked for"
        ))
    }
}

/// A hit about the page; `matched` and `words` as in [`Hit`].
pub(super) fn page_hit(edit: &Edit<'_>, site: &Site, rule: Rule, matched: Option<String>, words: (char, char)) -> Hit {
    Hit {
        subject: Subject::Page,
        string: site.prefixed(edit.title),
        key: None,
        rule,
        matched,
        score: None,
        words,
        near: None,
        url: None,
        times: 1,
        skip: None,
        is_shown: true,
        starts_monitoring: false,
        is_new: false,
    }
}
