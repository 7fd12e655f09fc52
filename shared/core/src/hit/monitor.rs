//! Links that are watched: by the monitor list, by noticeboards and by what the wiki refuses.

use super::judge::Judge;
use super::link::LinkEvent;
use super::names::Who;
use super::proximity::shared_network;
use super::story::{self, Story};
use super::types::{Hit, ListEntry, Outside, Rule, WatchedDomain};
use crate::link::Key;
use crate::patterns::Domains;
use std::net::IpAddr;

const WORDS: (char, char) = ('U', 'L');

/// How an entry of the monitor list is named in a hit.
fn pattern(entry: &ListEntry) -> Option<String> {
    entry.user.as_ref().or(entry.string.as_ref()).cloned()
}

/// Domains with what speaks of them.
pub(super) struct Sources {
    domains: Domains,
    all: Vec<WatchedDomain>,
}

impl Sources {
    pub fn new(mut all: Vec<WatchedDomain>) -> Sources {
        // Which of several is told of must not depend on the order in which pages were read
        all.sort_by(|a, b| (&a.key, &a.source, &a.wiki).cmp(&(&b.key, &b.source, &b.wiki)));
        let domains = Domains::new(all.iter().enumerate().map(|(id, domain)| (id, &domain.key)));
        Sources { domains, all }
    }

    fn find(&self, wiki: &str, key: &Key) -> Option<&WatchedDomain> {
        let ids = self.domains.matches(key);
        let counts = |domain: &&WatchedDomain| domain.wiki.as_deref().is_none_or(|only| only == wiki);
        ids.iter().filter_map(|id| self.all.get(*id)).find(counts)
    }
}

impl Judge {
    /// The editor's address beside those of the link's server; a host that is an address has that one, too.
    pub(super) fn proximity(
        &self,
        who: &Who<'_>,
        link: &LinkEvent,
        outside: &Outside<'_>,
        story: &mut Story,
    ) -> Option<Hit> {
        let rule = Rule::Proximity;
        let Some(editor) = who.address() else {
            story.not_asked(&[rule], "the editor's address is not visible");
            return None;
        };
        let known = outside.addresses.get(link.key.stored()).map_or(&[][..], Vec::as_slice);
        let servers: Vec<IpAddr> = known.iter().copied().chain(link.key.ip()).collect();
        let found = servers
            .iter()
            .find_map(|server| shared_network(editor, *server, self.config.proximity));
        story.rule(rule, || {
            let list = servers.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
            let (v4, v6) = self.config.proximity;
            match &found {
                _ if servers.is_empty() => "no address of the link's server is known.".to_owned(),
                Some(network) => format!("{editor} and the server ({list}) are both in {network}."),
                None => format!("{editor} is not near the server ({list}): /{v4} and /{v6} are."),
            }
        });
        Some(link.hit(rule, Some(found?.to_string()), WORDS))
    }

    /// What the monitor list has about the user's name. Pages don't show it.
    pub(super) fn monitored_user(&mut self, who: &Who<'_>, link: &LinkEvent, story: &mut Story) -> Option<Hit> {
        let rule = Rule::MonitoredUser;
        let Some(entry) = self.lists.monitored_user(who) else {
            story.rule(rule, || {
                "no pattern of the monitor list describes the user's name.".to_owned()
            });
            return None;
        };
        story.rule(rule, || {
            format!("{}: recorded, not shown; the questions go on.", story::entry(entry))
        });
        let hit = link.hit(rule, pattern(entry), WORDS);
        Some(Hit { is_shown: false, ..hit })
    }

    /// The rest of the monitor list and the domains that are watched by themselves. Of an archive's copies `pages` are
    /// the addresses of the pages that they show.
    pub(super) fn watched_link(
        &mut self,
        wiki: &str,
        link: &LinkEvent,
        pages: &[String],
        outside: &Outside<'_>,
        story: &mut Story,
    ) -> Option<Hit> {
        for (rule, by_hand) in [(Rule::MonitoredLink, true), (Rule::AutoMonitored, false)] {
            // Whoever put it on the whitelist since knows better than the job did.
            if !by_hand && self.lists.white_link(wiki, &link.key).is_some() {
                story.rule(rule, || "not asked: the link is on the whitelist.".to_owned());
                continue;
            }
            if let Some(entry) = self.lists.monitored_link(wiki, link, by_hand) {
                story.rule(rule, || format!("{}.", story::entry(entry)));
                return Some(link.hit(rule, pattern(entry), WORDS));
            }
            story.rule(rule, || {
                let how = if by_hand {
                    "by hand"
                } else {
                    "since a name like it added it"
                };
                format!("the monitor list has nothing for this link that was put there {how}.")
            });
        }
        let named = self.noticeboards.find(wiki, &link.key);
        if let Some(hit) = source(Rule::Noticeboard, named, link, story) {
            return Some(hit);
        }
        if let Some(hit) = spam(link, pages, outside, story) {
            return Some(hit);
        }
        let own = self.blocked_on.get(wiki).and_then(|own| own.find(wiki, &link.key));
        let blocked = own.or_else(|| self.blocked.find(wiki, &link.key));
        source(Rule::BlockedDomain, blocked, link, story)
    }
}

fn source(rule: Rule, found: Option<&WatchedDomain>, link: &LinkEvent, story: &mut Story) -> Option<Hit> {
    story.rule(rule, || match found {
        Some(found) => format!("{} is named by \"{}\".", found.key.display(), found.source),
        None => "nothing that is read names this link.".to_owned(),
    });
    Some(link.hit(rule, Some(found?.source.clone()), WORDS))
}

/// An archive's copy of a page that is refused itself is one case, not two.
fn spam(link: &LinkEvent, pages: &[String], outside: &Outside<'_>, story: &mut Story) -> Option<Hit> {
    let rule = Rule::SpamBlacklist;
    if link.is_archive && pages.iter().any(|page| outside.blocked.contains_key(page)) {
        story.not_asked(&[rule], "the page that this copy shows is refused already");
        return None;
    }
    let found = link.urls.iter().find_map(|url| Some((url, outside.blocked.get(url)?)));
    story.rule(rule, || match found {
        Some((url, line)) => format!("the wiki would refuse {url} (\"{line}\")."),
        None => "the wiki said of none of the addresses that it would refuse it.".to_owned(),
    });
    let (url, line) = found?;
    let hit = link.hit(rule, Some(line.clone()), WORDS);
    Some(Hit {
        url: Some(url.clone()),
        ..hit
    })
}
