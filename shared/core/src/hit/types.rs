//! The values that rules take and give.

use crate::addition::{RevisionFacts, RevisionLinks};
use crate::link::Key;
use crate::lists::List;
use crate::overlap::{DETERIORATION, LIMIT, NearMiss};
use crate::site::Title;
use crate::types::{RevId, Timestamp};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;

/// A rule that makes hits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The user name overlaps the title of the page.
    PageOverlap,
    /// The user name overlaps the host of a link that was added.
    LinkOverlap,
    /// An address close to that of the link's server.
    Proximity,
    /// A keyword that the blacklist has for the user.
    UserKeyword,
    /// A keyword or range that the blacklist has for the link.
    LinkKeyword,
    /// A user name that the monitor list describes.
    MonitoredUser,
    /// A link that the monitor list describes.
    MonitoredLink,
    /// A link that is monitored since somebody with a name like it added it.
    AutoMonitored,
    /// A link that a noticeboard speaks of.
    Noticeboard,
    /// A link that the wiki's spam blacklist would refuse.
    SpamBlacklist,
    /// A link to a domain that the wiki blocks.
    BlockedDomain,
    /// More links in one edit than are stored one by one.
    Flood,
}

impl Rule {
    /// Every rule, in the order in which they are asked.
    pub const ALL: [Rule; 12] = [
        Rule::PageOverlap,
        Rule::LinkOverlap,
        Rule::Proximity,
        Rule::UserKeyword,
        Rule::LinkKeyword,
        Rule::MonitoredUser,
        Rule::MonitoredLink,
        Rule::AutoMonitored,
        Rule::Noticeboard,
        Rule::SpamBlacklist,
        Rule::BlockedDomain,
        Rule::Flood,
    ];

    /// Its name in the database, in answers and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Rule::PageOverlap => "page-overlap",
            Rule::LinkOverlap => "link-overlap",
            Rule::Proximity => "proximity",
            Rule::UserKeyword => "user-keyword",
            Rule::LinkKeyword => "link-keyword",
            Rule::MonitoredUser => "monitored-user",
            Rule::MonitoredLink => "monitored-link",
            Rule::AutoMonitored => "auto-monitored",
            Rule::Noticeboard => "noticeboard",
            Rule::SpamBlacklist => "spam-blacklist",
            Rule::BlockedDomain => "blocked-domain",
            Rule::Flood => "flood",
        }
    }

    /// The rule of this name.
    pub fn of_word(word: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

/// What a hit is about, beside the user.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The page that was edited.
    Page,
    /// A link that was added.
    Link,
}

/// An edit to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// Revision, page, time and author; without an author nothing is judged.
    pub of: &'a RevisionFacts,
    /// The revision's tags, such as `mw-undo`.
    pub tags: &'a [String],
    /// The links it added; `None`: none, or none that counts.
    pub links: Option<&'a RevisionLinks>,
    /// The page's title, as its wiki reads it.
    pub title: &'a Title,
}

/// What is known of an account beside its name, global figures where the wiki has them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserFacts {
    /// Edits.
    pub edits: Option<u64>,
    /// When it was made.
    pub registered: Option<Timestamp>,
    /// Groups, local and global ones.
    pub groups: Vec<String>,
    /// Whether edits and age are those of the global account.
    pub is_global: bool,
}

/// An entry of whitelist, blacklist or monitor list as coi-report uses them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ListEntry {
    /// Which list.
    pub list: List,
    /// The user, `None`: anybody. On the blacklist a user name or a domain; on the monitor list a pattern of user names.
    pub user: Option<String>,
    /// `None`: everything (`*`). Whitelist: a page's title or a domain. Blacklist: a keyword, an IP range or network.
    /// Monitor list: a domain or a pattern of links.
    pub string: Option<String>,
    /// Who added it.
    pub by: String,
    /// When it was added.
    pub added: Timestamp,
    /// Why.
    pub reason: String,
    /// From when on it no longer counts.
    pub expires: Option<Timestamp>,
    /// Key of the one wiki where it counts; `None`: all.
    pub wiki: Option<String>,
    /// The edit (wiki, revision) whose hit put it on the monitor list; `None`: a person did.
    pub auto: Option<(String, RevId)>,
}

/// An entry that is not asked, for people: `not checked here`, never `broken`.
#[derive(Clone, PartialEq, Debug)]
pub struct NotChecked {
    /// The entry. Is text from users.
    pub entry: ListEntry,
    /// Why, as the rest of a sentence.
    pub why: String,
}

/// A domain that other pages than the job's own lists speak of; its sub-domains are meant, too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchedDomain {
    /// The domain.
    pub key: Key,
    /// Title of the noticeboard; notes of the blocked domain. Is text from users.
    pub source: String,
    /// Key of the one wiki where it counts; `None`: all.
    pub wiki: Option<String>,
}

/// Domains that are watched without an entry of the monitor list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Watched {
    /// What noticeboards speak of.
    pub noticeboards: Vec<WatchedDomain>,
    /// What the wikis block (`MediaWiki:BlockedExternalDomains.json`).
    /// <https://www.mediawiki.org/wiki/Manual:BlockedExternalDomains>
    pub blocked_domains: Vec<WatchedDomain>,
}

/// Limits of the rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// An overlap is a hit when its ratio, with one decimal, is above this.
    pub limit: f64,
    /// See [`crate::overlap`].
    pub deterioration: f64,
    /// Names that are nearly the same count, too; `None`: they don't.
    pub near: Option<NearMiss>,
    /// Names and strings with fewer characters that count are not compared.
    pub min_name: usize,
    /// Bits by which an IPv4 and an IPv6 address are the link's server's neighbours; 0: none are.
    pub proximity: (u8, u8),
    /// From this ratio on an overlap puts its link on the monitor list; `None`: never.
    pub auto_ratio: Option<f64>,
    /// Whom the overlap rules pass over.
    pub skip: Skip,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            limit: LIMIT,
            deterioration: DETERIORATION,
            near: None,
            min_name: 4,
            proximity: (24, 64),
            auto_ratio: Some(50.0),
            skip: Skip::default(),
        }
    }
}

/// Whom and what the overlap rules pass over; the other rules pass over bots only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skip {
    /// Edits by bots.
    pub bots: bool,
    /// Users in one of these groups.
    pub groups: Vec<String>,
    /// Users with more edits than this, who are also older than `age_over`; `None`: by age alone.
    pub edits_over: Option<u64>,
    /// See `edits_over`; `None`: by edits alone. Both `None`: neither counts.
    pub age_over: Option<TimeDelta>,
    /// Edits with one of these tags.
    pub tags: Vec<String>,
}

impl Default for Skip {
    fn default() -> Skip {
        Skip {
            bots: true,
            groups: Vec::new(),
            edits_over: Some(500),
            age_over: Some(TimeDelta::days(30)),
            tags: Vec::new(),
        }
    }
}

/// What was asked elsewhere about the links of an edit.
#[derive(Clone, Copy, Debug)]
pub struct Outside<'a> {
    /// Addresses of servers by link key in its stored form.
    pub addresses: &'a HashMap<String, Vec<IpAddr>>,
    /// URLs (as [`super::url_of`] writes them) that the wiki's spam blacklist would refuse, each with the part that it
    /// does not like.
    pub blocked: &'a HashMap<String, String>,
}

/// Something that a rule found.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// What it is about.
    pub subject: Subject,
    /// Title with namespace; or the link key for people ([`crate::link::Key::display`]).
    pub string: String,
    /// The link key in its stored form.
    pub key: Option<String>,
    /// The rule.
    pub rule: Rule,
    /// Keyword, pattern, network, noticeboard or list line that matched.
    pub matched: Option<String>,
    /// Percentages there and back, and the ratio with one decimal.
    pub score: Option<(f64, f64, f64)>,
    /// What the percentages compare: `U` user, `L` link, `P` page, `R` keyword, as COIBot wrote `U->L`.
    pub words: (char, char),
    /// Similarity in percent of a near miss.
    pub near: Option<f64>,
    /// The first URL of this key that was added.
    pub url: Option<String>,
    /// How many links of this key were added; 1 for a page.
    pub times: u32,
    /// Why it is recorded only: a word that can be counted by (`short`, `contained`, `tag`, `group`, `established`), a
    /// colon, and the rest for people (`established: 1200 edits, 40 days`).
    pub skip: Option<String>,
    /// Whether pages may show it: not what is collected about user names by pattern.
    pub is_shown: bool,
    /// Whether the link goes to the monitor list, unless many people add it: an overlap that is not skipped and reaches
    /// [`Config::auto_ratio`], with a link that is neither whitelisted completely nor on the list already.
    pub starts_monitoring: bool,
    /// The editor is a temporary account, an address, or a new account.
    pub is_new: bool,
}
