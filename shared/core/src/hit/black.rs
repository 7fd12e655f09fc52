//! The blacklist: keywords of a user, and keywords and addresses of a link.

use super::judge::Judge;
use super::link::LinkEvent;
use super::names::Who;
use super::overlaps::page_hit;
use super::proximity::{address_range, is_in};
use super::story::{self, Story};
use super::types::{Edit, Hit, ListEntry, Rule};
use crate::overlap::{Score, Scorer};
use crate::site::Site;

/// Keywords beside names, by the same limit as the overlaps, but for names of every length.
struct Keywords<'a> {
    rule: Rule,
    scorer: &'a mut Scorer,
    limit: f64,
    words: (char, char),
}

impl Keywords<'_> {
    /// The score, when it is over the limit.
    fn over(&mut self, entry: &ListEntry, keyword: &str, name: &str, story: &mut Story) -> Option<Score> {
        let is_over = self.scorer.is_over(keyword, name, self.limit);
        if !is_over && !story.is_on() {
            return None;
        }
        let score = self.scorer.score(keyword, name);
        story.rule(self.rule, || {
            let numbers = story::score(keyword, name, self.words, score, self.limit);
            format!("{}: {numbers}.", story::entry(entry))
        });
        is_over.then_some(score)
    }
}

fn numbers(score: Score) -> Option<(f64, f64, f64)> {
    Some((score.ut, score.tu, score.report_ratio()))
}

impl Judge {
    /// Keywords that the blacklist has for the user, beside the page's title. `*` is about links only.
    pub(super) fn page_keyword(
        &mut self,
        who: &Who<'_>,
        edit: &Edit<'_>,
        site: &Site,
        story: &mut Story,
    ) -> Option<Hit> {
        let Judge {
            config, lists, scorer, ..
        } = self;
        let (rule, words) = (Rule::UserKeyword, ('R', 'P'));
        let limit = config.limit;
        let mut keywords = Keywords {
            rule,
            scorer,
            limit,
            words,
        };
        let mut any = false;
        for entry in lists.black_user(who) {
            any = true;
            let Some(keyword) = &entry.string else {
                story.rule(rule, || {
                    format!("{}: about links only; this is a page.", story::entry(entry))
                });
                continue;
            };
            if let Some(score) = keywords.over(entry, keyword, &edit.title.text, story) {
                let hit = page_hit(edit, site, rule, Some(keyword.clone()), words);
                return Some(Hit {
                    score: numbers(score),
                    ..hit
                });
            }
        }
        if !any {
            story.rule(rule, || "the blacklist has nothing for this user.".to_owned());
        }
        None
    }

    /// Keywords that the blacklist has for the user, beside a link; `*` is every link.
    pub(super) fn link_keyword_of_user(&mut self, who: &Who<'_>, link: &LinkEvent, story: &mut Story) -> Option<Hit> {
        let Judge {
            config, lists, scorer, ..
        } = self;
        let (rule, words) = (Rule::UserKeyword, ('R', 'L'));
        let limit = config.limit;
        let mut keywords = Keywords {
            rule,
            scorer,
            limit,
            words,
        };
        let mut any = false;
        for entry in lists.black_user(who) {
            any = true;
            let Some(keyword) = &entry.string else {
                story.rule(rule, || {
                    format!("{}: every link that this user adds.", story::entry(entry))
                });
                return Some(link.hit(rule, Some("*".to_owned()), words));
            };
            for name in link.names() {
                if let Some(score) = keywords.over(entry, keyword, name, story) {
                    let hit = link.hit(rule, Some(keyword.clone()), words);
                    return Some(Hit {
                        score: numbers(score),
                        ..hit
                    });
                }
            }
        }
        if !any {
            story.rule(rule, || "the blacklist has nothing for this user.".to_owned());
        }
        None
    }

    /// What the blacklist has for the link: a keyword beside the user's name, addresses beside the editor's, or `*`.
    /// A text that reads as an address or a range is never a keyword.
    pub(super) fn link_keyword(&mut self, who: &Who<'_>, link: &LinkEvent, story: &mut Story) -> Option<Hit> {
        let Judge {
            config, lists, scorer, ..
        } = self;
        let (rule, words) = (Rule::LinkKeyword, ('R', 'U'));
        let limit = config.limit;
        let mut keywords = Keywords {
            rule,
            scorer,
            limit,
            words,
        };
        let address = who.address();
        let mut any = false;
        for entry in lists.black_link(who.wiki, &link.key) {
            any = true;
            let Some(keyword) = &entry.string else {
                story.rule(rule, || format!("{}: everybody who adds it.", story::entry(entry)));
                return Some(link.hit(rule, Some("*".to_owned()), words));
            };
            let mut found = None;
            match (address_range(keyword), address) {
                (Some(range), Some(address)) => {
                    let inside = is_in(address, range);
                    story.rule(rule, || {
                        let inside = if inside { "in" } else { "not in" };
                        format!("{}: {address} is {inside} this range.", story::entry(entry))
                    });
                    found = inside.then_some(None);
                }
                (Some(_), None) => story.rule(rule, || {
                    format!("{}: about addresses; the editor's is not visible.", story::entry(entry))
                }),
                (None, _) if who.has_chosen_name() => {
                    found = keywords.over(entry, keyword, who.name, story).map(numbers);
                }
                (None, _) => story.rule(rule, || {
                    format!("{}: about names; nobody chose this one.", story::entry(entry))
                }),
            }
            if let Some(score) = found {
                let hit = link.hit(rule, Some(keyword.clone()), words);
                return Some(Hit { score, ..hit });
            }
        }
        if !any {
            story.rule(rule, || "the blacklist has nothing for this link.".to_owned());
        }
        None
    }
}
