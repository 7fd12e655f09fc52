//! The rules, asked in their order.

use super::link::LinkEvent;
use super::lists::Lists;
use super::monitor::Sources;
use super::names::{Who, folded};
use super::story::{self, Story};
use super::types::{Config, Edit, Hit, ListEntry, NotChecked, Outside, Rule, Subject, Watched, WatchedDomain};
use super::verdict::{Event, Judged};
use crate::addition::{Flags, Links, Performer};
use crate::change::EditorKind;
use crate::link::PathHosts;
use crate::overlap::Scorer;
use crate::site::Site;
use crate::types::Timestamp;
use std::collections::HashMap;

/// Rules that look at links only.
const ABOUT_LINKS: [Rule; 8] = [
    Rule::Proximity,
    Rule::LinkKeyword,
    Rule::MonitoredUser,
    Rule::MonitoredLink,
    Rule::AutoMonitored,
    Rule::Noticeboard,
    Rule::SpamBlacklist,
    Rule::BlockedDomain,
];

/// The rules with their limits and lists, for the edits of any number of wikis.
pub struct Judge {
    pub(super) config: Config,
    pub(super) lists: Lists,
    pub(super) noticeboards: Sources,
    pub(super) blocked: Sources,
    /// Beside `blocked`: what single wikis block, by their keys.
    pub(super) blocked_on: HashMap<String, Sources>,
    pub(super) scorer: Scorer,
    path_hosts: PathHosts,
}

impl Judge {
    /// With the lists as they are in force at `now`; entries of all wikis may be given, each counts where it says. The
    /// users of entries are as [`crate::lists::user_name`] gives them, their domains as people write them. Second are
    /// the entries that cannot be asked.
    pub fn new(
        config: Config,
        entries: Vec<ListEntry>,
        watched: Watched,
        path_hosts: PathHosts,
        now: Timestamp,
    ) -> (Judge, Vec<NotChecked>) {
        let (lists, not_checked) = Lists::new(entries, &path_hosts, now);
        let judge = Judge {
            scorer: Scorer::new(config.deterioration),
            config,
            lists,
            noticeboards: Sources::new(watched.noticeboards),
            blocked: Sources::new(watched.blocked_domains),
            blocked_on: HashMap::new(),
            path_hosts,
        };
        (judge, not_checked)
    }

    /// Other lists in place of those it had, as for [`Judge::new`]; all else stays. What is returned, too.
    pub fn set_lists(&mut self, entries: Vec<ListEntry>, now: Timestamp) -> Vec<NotChecked> {
        let (lists, not_checked) = Lists::new(entries, &self.path_hosts, now);
        self.lists = lists;
        not_checked
    }

    /// What the wiki with this key blocks, in place of what was told of it before; none: it is forgotten. Counts there
    /// only, beside [`Watched::blocked_domains`].
    pub fn block(&mut self, wiki: &str, domains: Vec<WatchedDomain>) {
        if domains.is_empty() {
            self.blocked_on.remove(wiki);
        } else {
            self.blocked_on.insert(wiki.to_owned(), Sources::new(domains));
        }
    }

    /// Asks the rules about an edit: about its page, and about each link key that it added, but for
    ///
    /// - edits without an author who is an account or an address of this wiki;
    /// - edits by bots, as the settings say;
    /// - the links of a revert by an account that is not new, which are no additions of this editor's: of these only
    ///   the rules about the user are asked;
    /// - links to archives whose pages are in the same edit: of these only lists that name the archive are asked;
    /// - more links than are stored one by one: these are one [`Rule::Flood`], whoever added them.
    ///
    /// The whitelist comes first. A user who is on it completely ends everything; a user with a page or a domain
    /// ends what there is about that page or that domain and its sub-domains only, since whitelisting hides later
    /// cases. A link that is on it for everybody is judged all the same; it is only never monitored by itself.
    ///
    /// `site` is the edit's wiki. Makes no text unless there is a hit.
    pub fn judge(&mut self, edit: &Edit<'_>, outside: &Outside<'_>, site: &Site) -> Judged {
        self.ask(edit, outside, site, Story::default())
    }

    /// The same, with the whole story in [`super::Verdict::story`]: slower, for `explain`.
    pub fn explain(&mut self, edit: &Edit<'_>, outside: &Outside<'_>, site: &Site) -> Judged {
        self.ask(edit, outside, site, Story::on())
    }

    fn ask(&mut self, edit: &Edit<'_>, outside: &Outside<'_>, site: &Site, mut story: Story) -> Judged {
        let Some((who, performer)) = self.editor(edit, &mut story) else {
            return Judged::new(story);
        };
        if let Some(entry) = self.lists.white_user(&who) {
            story.say(|| format!("whitelist: {}: no rule is asked.", story::entry(entry)));
            return Judged::new(story);
        }
        story.say(|| "whitelist: it does not have this user completely.".to_owned());
        let mut judged = Judged::new(story);
        judged.add(self.page(&who, edit, site, &judged.story));
        self.links(&who, edit, outside, &mut judged);
        judged.close(performer, edit, &self.config.skip);
        judged
    }

    /// Who edited, unless nobody is to be judged.
    fn editor<'a>(&self, edit: &Edit<'a>, story: &mut Story) -> Option<(Who<'a>, &'a Performer)> {
        let Some(performer) = &edit.of.performer else {
            story.say(|| "No rule is asked: the wiki hides the author, or nobody is named.".to_owned());
            return None;
        };
        let kind = match performer.kind {
            EditorKind::Named => "an account",
            EditorKind::Temporary => "a temporary account",
            EditorKind::Ip => "an address",
            EditorKind::Foreign | EditorKind::Hidden => {
                story.say(|| "No rule is asked: the author is nobody on this wiki (imported, or hidden).".to_owned());
                return None;
            }
        };
        story.say(|| format!("The editor is \"{}\", {kind}.", performer.name));
        if performer.is_bot && self.config.skip.bots {
            story.say(|| "No rule is asked: the editor is a bot.".to_owned());
            return None;
        }
        let who = Who {
            name: &performer.name,
            kind: performer.kind,
            folded: folded(&performer.name),
            wiki: &edit.of.wiki,
        };
        Some((who, performer))
    }

    fn page(&mut self, who: &Who<'_>, edit: &Edit<'_>, site: &Site, told: &Story) -> Event {
        let mut event = Event::new(told);
        let Event { before, after, .. } = &mut event;
        before.say(|| format!("The page \"{}\":", site.prefixed(edit.title)));
        if let Some(entry) = self.lists.white_page(who, || site.prefixed(edit.title)) {
            before.say(|| {
                format!(
                    "whitelist: {}: no other rule is asked about this page.",
                    story::entry(entry)
                )
            });
            return event;
        }
        before.say(|| "whitelist: it does not have this user with this page.".to_owned());
        let overlap = self.page_overlap(who, edit, site, before);
        match self.page_keyword(who, edit, site, after) {
            Some(hit) => event.end(hit),
            None => after.not_asked(&ABOUT_LINKS, "it is about links; this is a page"),
        }
        event.overlap = overlap;
        event
    }

    fn links(&mut self, who: &Who<'_>, edit: &Edit<'_>, outside: &Outside<'_>, judged: &mut Judged) {
        let Some(links) = edit.links else {
            judged
                .story
                .say(|| "No rule is asked about links: the edit added none that counts.".to_owned());
            return;
        };
        if links.is_revert {
            judged.story.say(|| {
                "Only the rules about the user are asked about links: the edit is a revert, so they are not this \
                 editor's additions."
                    .to_owned()
            });
        }
        match &links.links {
            Links::TooMany { .. } if links.is_revert => {}
            Links::TooMany { links, hosts } => judged.add(flood(*links, *hosts, &judged.story)),
            Links::Rows(rows) => {
                let unwrapped = rows.iter().filter(|row| row.flags.has(Flags::UNWRAPPED));
                let pages: Vec<String> = unwrapped.map(super::url_of).collect();
                for link in LinkEvent::of_rows(rows, &self.path_hosts) {
                    let event = self.link(who, &link, &pages, outside, links.is_revert, &judged.story);
                    judged.add(event);
                }
            }
        }
    }

    fn link(
        &mut self,
        who: &Who<'_>,
        link: &LinkEvent,
        pages: &[String],
        outside: &Outside<'_>,
        is_revert: bool,
        told: &Story,
    ) -> Event {
        let mut event = Event::new(told);
        event.before.say(|| {
            let first = link.urls.first().map_or("", String::as_str);
            format!(
                "The link \"{}\" (added: {}; first {first}):",
                link.display,
                story::grouped(link.times)
            )
        });
        if let Some(entry) = self.lists.white_pair(who, &link.key) {
            let sentence = || {
                format!(
                    "whitelist: {}: no other rule is asked about this link.",
                    story::entry(entry)
                )
            };
            event.before.say(sentence);
            return event;
        }
        let white = self.lists.white_link(who.wiki, &link.key);
        event.before.say(|| match white {
            Some(entry) => format!(
                "whitelist: {}: judged, but never monitored by itself.",
                story::entry(entry)
            ),
            None => "whitelist: it does not have this link.".to_owned(),
        });
        let is_white = white.is_some();
        if is_revert {
            if !link.is_archive {
                event.later.extend(self.monitored_user(who, link, &mut event.after));
                if let Some(hit) = self.link_keyword_of_user(who, link, &mut event.after) {
                    event.end(hit);
                }
            }
            return event;
        }
        if link.is_archive {
            let rules = [
                Rule::LinkOverlap,
                Rule::Proximity,
                Rule::UserKeyword,
                Rule::MonitoredUser,
            ];
            let why = "it is an archive's copy of a page that is judged below or above";
            event.after.not_asked(&rules, why);
        } else {
            event.overlap = self.link_overlap(who, link, is_white, &mut event.before);
            if let Some(hit) = self.proximity(who, link, outside, &mut event.after) {
                event.end(hit);
                return event;
            }
            if let Some(hit) = self.link_keyword_of_user(who, link, &mut event.after) {
                event.end(hit);
                return event;
            }
        }
        if let Some(hit) = self.link_keyword(who, link, &mut event.after) {
            event.end(hit);
            return event;
        }
        if !link.is_archive {
            event.later.extend(self.monitored_user(who, link, &mut event.after));
        }
        if let Some(hit) = self.watched_link(who.wiki, link, pages, outside, &mut event.after) {
            event.end(hit);
        }
        event
    }
}

/// More links than are looked at one by one.
fn flood(links: u32, hosts: u32, told: &Story) -> Event {
    let mut event = Event::new(told);
    let string = format!("{} links to {} hosts", story::grouped(links), story::grouped(hosts));
    event
        .before
        .say(|| format!("The links: {string}, too many to be judged one by one."));
    event.end(Hit {
        subject: Subject::Link,
        string,
        key: None,
        rule: Rule::Flood,
        matched: None,
        score: None,
        words: ('U', 'L'),
        near: None,
        url: None,
        times: links,
        skip: None,
        is_shown: true,
        starts_monitoring: false,
        is_new: false,
    });
    event
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "properties_tests.rs"]
mod properties_tests;
