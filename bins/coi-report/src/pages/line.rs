//! The words of a line, after COIBot's: time, user, talk, contribs, how often, scores or rule, string, page, diff, user
//! report, link report. Users and pages of other wikis are linked by interwiki prefix; nothing is ever an external link.

use chrono::NaiveDate;
use shared::core::hit::{Rule, Subject};
use shared::core::link::Key;
use shared::core::settings::Common;
use shared::core::site::{Site, Title};
use shared::core::text::{Wikitext, code, contributions_link, diff_link, literal, page_link, plain, target, user};
use shared::core::types::{RevId, Timestamp};
use shared::db::hit;
use shared::messages::Messages;
use shared::settings::below;

use super::elsewhere::Elsewhere;
use super::text::{Entry, Rank, Says, Tail};
use super::titles::{format, names_each_day};
use crate::words::MESSAGES;

/// Longest string, keyword or pattern shown, in characters.
const SHOWN: usize = 200;
/// Longest URL shown, in characters.
const URL: usize = 150;
/// Namespace of users' talk pages.
const USER_TALK: i32 = 3;

/// What a line tells of.
pub struct Facts<'a> {
    /// The line's name.
    pub anchor: &'a str,
    /// The wiki of its edits.
    pub wiki: &'a str,
    /// Its hits that may be shown, oldest first.
    pub hits: Vec<&'a hit::Row>,
    /// Pages and edits that they are on, also those that were not read.
    pub pages: u64,
    /// See `pages`.
    pub edits: u64,
    /// How many more are hidden.
    pub hidden: u64,
    /// It is to be named nowhere.
    pub is_off: bool,
    /// The name is that of a temporary account or an address and too old to be shown.
    pub is_faded: bool,
    /// Hits of the user in the last hour, and ever.
    pub counts: (u64, u64),
}

/// Everything that lines are made with.
pub struct Words<'a> {
    /// The wiki of the pages.
    pub site: &'a Site,
    /// Its key.
    pub wiki: &'a str,
    /// The settings, with the sentences that they override.
    pub common: &'a Common,
    /// The page whose sub-pages are the days.
    pub report: &'a Title,
    /// The status page.
    pub status: &'a Title,
    /// The interwiki prefixes of other wikis, by their keys.
    pub elsewhere: &'a Elsewhere,
}

/// How pages of the wiki of an edit are linked.
enum Place<'a> {
    Here,
    Prefix(&'a str),
    Nowhere,
}

impl Words<'_> {
    /// The sentences.
    pub fn messages(&self) -> Messages<'_> {
        Messages::new(Some(self.common), MESSAGES)
    }

    fn say(&self, key: &str, values: &[(&str, &Wikitext)]) -> Wikitext {
        self.messages().say(key, values)
    }

    fn label(&self, key: &str) -> Wikitext {
        plain(self.messages().text(key), SHOWN)
    }

    /// The title of a day's first page.
    pub fn day(&self, day: NaiveDate) -> Title {
        let messages = self.messages();
        let wanted = messages.text("day-format");
        let wanted = if names_each_day(wanted, day) {
            wanted
        } else {
            MESSAGES[0].1
        };
        below(self.report, &day.format(wanted).to_string())
    }

    /// What begins the page of a day.
    pub fn intro(&self, day: NaiveDate) -> Wikitext {
        let date = plain(&day.format("%Y-%m-%d").to_string(), SHOWN);
        let status = page_link(self.site, self.status, None);
        self.say("day-intro", &[("date", &date), ("status", &status)])
    }

    /// The count of lines that do not stand on the page.
    pub fn more(&self, day: NaiveDate, count: u64, is_new: bool) -> Tail {
        let command = plain(&format!("coi-report report day {day}"), SHOWN);
        Tail {
            name: "more",
            count,
            text: self.say("lines-more", &[("count", &number(count)), ("command", &command)]),
            is_new,
        }
    }

    /// The count of hidden hits that never stood on the page.
    pub fn hidden_tail(&self, count: u64, is_new: bool) -> Tail {
        Tail {
            name: "hidden",
            count,
            text: self.hidden(count),
            is_new,
        }
    }

    fn hidden(&self, count: u64) -> Wikitext {
        match count {
            1 => self.say("hidden-hit", &[]),
            count => self.say("hidden-hits", &[("count", &number(count))]),
        }
    }

    /// The line. `is_new`: it is to be added.
    pub fn entry(&self, facts: &Facts<'_>, is_new: bool) -> Entry {
        let says = match facts.hits.first() {
            _ if facts.is_off => Says::Off(self.say("off-line", &[])),
            Some(first) => Says::This(self.line(facts, first)),
            None if facts.hidden > 0 => Says::Hidden(self.hidden(facts.hidden)),
            None => Says::Off(self.say("off-line", &[])),
        };
        let ratio = |row: &&hit::Row| row.of.hit.score.map_or(0, |(.., ratio)| tenths(ratio));
        let rank = Rank {
            is_new: facts.hits.iter().any(|row| row.of.hit.is_new),
            ratio: facts.hits.iter().map(ratio).max().unwrap_or(0),
        };
        Entry {
            anchor: facts.anchor.to_owned(),
            rank: if matches!(says, Says::This(_)) {
                rank
            } else {
                Rank::default()
            },
            hits: facts.hits.len() as u64,
            says,
            is_new,
            is_forced: facts.is_faded || facts.hidden > 0,
        }
    }

    fn line(&self, facts: &Facts<'_>, first: &hit::Row) -> Wikitext {
        let place = self.place(facts.wiki);
        let name = first.of.user.as_ref().map(|author| author.name.as_str());
        let name = name.filter(|_| !facts.is_faded);
        let page = self.title(&place, &first.of.title);
        let mut more = self.more_hits(facts, first);
        if facts.hidden > 0 {
            more.push_literal("; ").push(&self.hidden(facts.hidden));
        }
        let time = self.messages();
        let time = first.of.ts.format(format(time.text("time-format"), MESSAGES[1].1));
        self.say(
            "line",
            &[
                ("time", &plain(&time.to_string(), SHOWN)),
                ("user", &self.user(&place, facts, name)),
                ("what", &self.what(name, first)),
                ("more", &more),
                ("page", &page),
                ("diff", &self.diff(&place, first.of.rev)),
                ("reports", &self.reports(name, first)),
            ],
        )
    }

    fn place(&self, wiki: &str) -> Place<'_> {
        if wiki == self.wiki {
            return Place::Here;
        }
        self.elsewhere.prefix(wiki).map_or(Place::Nowhere, Place::Prefix)
    }

    fn name(&self, name: Option<&str>) -> Wikitext {
        name.map_or_else(|| self.say("temporary-account", &[]), user)
    }

    /// Name, talk page, contributions, how often. No link to the user page of this wiki: who moves a line and signs would
    /// notify that user. <https://www.mediawiki.org/wiki/Help:Notifications>
    fn user(&self, place: &Place<'_>, facts: &Facts<'_>, name: Option<&str>) -> Wikitext {
        let plain_name = self.name(name);
        let (talk, contribs) = (self.label("label-talk"), self.label("label-contribs"));
        let links = match (place, name.filter(|name| can_link(name))) {
            (Place::Here, Some(name)) => {
                let page = self
                    .site
                    .title_in(USER_TALK, name)
                    .ok()
                    .filter(|title| title.ns == USER_TALK);
                let special = format!("Special:Contributions/{}", name.replace('_', " "));
                page.map(|page| {
                    let talk = link(None, &self.site.prefixed(&page), &talk);
                    (contributions_link(name), talk, link(None, &special, &contribs))
                })
            }
            (Place::Prefix(prefix), Some(name)) => {
                let of = |what: &str, label: &Wikitext| link(Some(prefix), &format!("{what}{name}"), label);
                Some((
                    of("User:", &plain_name),
                    of("User talk:", &talk),
                    of("Special:Contributions/", &contribs),
                ))
            }
            _ => None,
        };
        let (mut shown, links) = match links {
            Some((shown, talk, contribs)) => (shown, Some((talk, contribs))),
            None => (plain_name, None),
        };
        if let Some(wiki) = match place {
            Place::Here => None,
            Place::Prefix(prefix) => Some(*prefix),
            Place::Nowhere => Some(facts.wiki),
        } {
            shown = self.say("line-elsewhere", &[("user", &shown), ("wiki", &plain(wiki, SHOWN))]);
        }
        let (recent, all) = (number(facts.counts.0), number(facts.counts.1));
        let mut values = vec![("user", &shown), ("recent", &recent), ("all", &all)];
        match &links {
            Some((talk, contribs)) => {
                values.extend([("talk", talk), ("contribs", contribs)]);
                self.say("line-user", &values)
            }
            None => self.say("line-user-plain", &values),
        }
    }

    fn title(&self, place: &Place<'_>, shown: &str) -> Wikitext {
        let label = plain(shown, 255);
        match place {
            Place::Here => match self.site.title(shown) {
                Ok(title) => page_link(self.site, &title, None),
                Err(_) => label,
            },
            Place::Prefix(prefix) if can_link(shown) => link(Some(prefix), shown, &label),
            _ => label,
        }
    }

    fn diff(&self, place: &Place<'_>, rev: RevId) -> Wikitext {
        let label = self.label("label-diff");
        match place {
            Place::Here => diff_link(rev, self.messages().text("label-diff")),
            Place::Prefix(prefix) => link(Some(prefix), &format!("Special:Diff/{rev}"), &label),
            Place::Nowhere => {
                let mut text = label;
                text.push_literal(" ").push(&number(rev.0));
                text
            }
        }
    }

    /// Scores or rule, with the string, and the URL of a link.
    fn what(&self, name: Option<&str>, row: &hit::Row) -> Wikitext {
        let hit = &row.of.hit;
        let string = plain(&hit.string, SHOWN);
        let matched = hit.matched.as_deref().unwrap_or("");
        let matched = match hit.rule {
            Rule::Noticeboard => self.title(&Place::Here, matched),
            _ => code(matched, SHOWN),
        };
        let values = [("string", &string), ("matched", &matched)];
        let key = match hit.rule {
            Rule::PageOverlap | Rule::LinkOverlap => "",
            Rule::Proximity => "rule-proximity",
            Rule::UserKeyword => "rule-user-keyword",
            Rule::LinkKeyword => "rule-link-keyword",
            Rule::MonitoredUser => "rule-monitored-user",
            Rule::MonitoredLink => "rule-monitored-link",
            Rule::AutoMonitored => "rule-auto-monitored",
            Rule::Noticeboard => "rule-noticeboard",
            Rule::SpamBlacklist => "rule-spam-blacklist",
            Rule::BlockedDomain => "rule-blocked-domain",
            Rule::Flood => "",
        };
        let mut text = Wikitext::new();
        if hit.rule == Rule::Flood {
            text.push(&self.say("line-links", &[("count", &number(u64::from(hit.times)))]));
        } else if !key.is_empty() {
            text.push(&self.say(key, &values));
        }
        if let Some(score) = hit.score {
            if !text.is_empty() {
                text.push_literal(", ");
            }
            text.push(&self.scores(name, row, score));
        }
        if let Some(near) = hit.near {
            text.push(&self.say("line-near", &[("near", &percent(near))]));
        }
        if let Some(url) = hit.url.as_deref().filter(|url| !url.is_empty()) {
            text.push(&self.say("line-url", &[("url", &code(without_scheme(url), URL))]));
        }
        text
    }

    fn scores(&self, name: Option<&str>, row: &hit::Row, (there, back, ratio): (f64, f64, f64)) -> Wikitext {
        let hit = &row.of.hit;
        let compared = match (hit.rule, &hit.matched) {
            (Rule::UserKeyword | Rule::LinkKeyword, Some(keyword)) => keyword,
            _ => &hit.string,
        };
        let letter = |c: char| plain(&c.to_string(), 1);
        self.say(
            "line-scores",
            &[
                ("there", &percent(there)),
                ("back", &percent(back)),
                ("from", &letter(hit.words.0)),
                ("to", &letter(hit.words.1)),
                ("ratio", &percent(ratio)),
                ("name", &self.name(name)),
                ("string", &plain(compared, SHOWN)),
            ],
        )
    }

    /// ` + 12 pages`: what was found after the first hit.
    fn more_hits(&self, facts: &Facts<'_>, first: &hit::Row) -> Wikitext {
        let counted = match (first.of.hit.subject, facts.pages, facts.edits) {
            (Subject::Link, 2.., _) => ("more-page", "more-pages", facts.pages - 1),
            (_, _, 2..) => ("more-edit", "more-edits", facts.edits - 1),
            _ => return Wikitext::new(),
        };
        match counted {
            (one, _, 1) => self.say(one, &[]),
            (_, many, count) => self.say(many, &[("count", &number(count))]),
        }
    }

    /// Links to the reports on the user and on the link, beside the day pages.
    fn reports(&self, name: Option<&str>, row: &hit::Row) -> Wikitext {
        let domain = row.of.hit.key.as_deref().and_then(Key::from_stored);
        let domain = domain.map(|key| key.registrable().unwrap_or_else(|| key.host()));
        let of = |kind: &str, name: Option<&str>| {
            let title = format!("{}{kind}/{}", self.base(), name?);
            self.site.title(&title).ok()
        };
        let mut text = Wikitext::new();
        for (title, label) in [
            (of("UserReports", name), "label-user-report"),
            (of("LinkReports", domain.as_deref()), "label-link-report"),
        ] {
            if let Some(title) = title {
                text.push_literal(" – ")
                    .push(&page_link(self.site, &title, Some(self.messages().text(label))));
            }
        }
        text
    }

    /// What stands before `COIReports` in titles, with its slash.
    fn base(&self) -> String {
        let report = self.site.prefixed(self.report);
        match report.rsplit_once('/') {
            Some((base, _)) => format!("{base}/"),
            None => format!("{report}/"),
        }
    }
}

/// A link as the builders of [`shared::core::text`] make them, for pages of other wikis and for labels of their own.
fn link(prefix: Option<&str>, title: &str, label: &Wikitext) -> Wikitext {
    let mut text = literal("[[:");
    if let Some(prefix) = prefix {
        text.push(&target(prefix)).push_literal(":");
    }
    text.push(&target(&title.replace('_', " ")));
    text.push_literal("|").push(label).push_literal("]]");
    text
}

/// Whether a name can be the target of a link: an imported one may hold what no title can.
fn can_link(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 512
        && !name.contains(['#', '<', '>', '[', ']', '|', '{', '}', '\n'])
        && !name.contains("~~~")
}

fn without_scheme(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.trim_start_matches('/')
}

fn number(n: u64) -> Wikitext {
    plain(&n.to_string(), 20)
}

/// A percentage with at most two decimals, without zeros behind them.
fn percent(value: f64) -> Wikitext {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    // A full stop before a digit would be escaped, as that of a host is.
    match text.split_once('.') {
        Some((whole, rest)) => Wikitext::join([&plain(whole, 20), &plain(rest, 20)], "."),
        None => plain(text, 20),
    }
}

fn tenths(ratio: f64) -> u32 {
    // Ratios lie between 0 and 100.
    (ratio.clamp(0.0, 100.0) * 10.0).round() as u32
}

/// The moment from which on names of temporary accounts and addresses are not shown any more.
pub fn faded_before(now: Timestamp) -> Timestamp {
    now - chrono::TimeDelta::days(90)
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
