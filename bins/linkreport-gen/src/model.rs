//! What a report says, as plain values: gathered from the database and the wikis by `gather`, turned into wikitext by
//! `page` and into text, JSON and CSV by `output`. Nothing in it depends on the present moment, so two equal models are
//! two equal pages. Names and titles in it are text from users; what must not be shown is not in it.

use shared::core::report::{Rule, Status, Subject};
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::links::questions::counts::Four;
use shared::db::links::questions::lookup::Kind as EditorKind;

/// Hits that are counted.
pub const MOST_HITS: u64 = 2_000;

/// A whole report.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What it is about.
    pub subject: Subject,
    /// The wikis that are named in it; everything else points into this list.
    pub wikis: Vec<Wiki>,
    /// Sums over everything that is stored.
    pub totals: Totals,
    /// How far back that goes, and what is missing.
    pub complete: Complete,
    /// Which statistics rules hold now, the one that opened it first.
    pub rules: Vec<Rule>,
    /// Counts per wiki, the largest first.
    pub by_wiki: Vec<(usize, u64)>,
    /// Counts per month, from the first to the last without gaps: year, month, additions.
    pub by_month: Vec<(i32, u32, u64)>,
    /// Who added it most (of a link or server), or who edits under it (of a user, address or range); the largest first.
    pub users: Vec<Adder>,
    /// Hosts that were added (of a user, address, range or server); the largest first.
    pub hosts: Vec<HostCount>,
    /// The newest additions, newest first: at most as many as `looked_at` of the settings. Pages show fewer.
    pub rows: Vec<Row>,
    /// What became of `rows`, in sum.
    pub fates: Fates,
    /// Where its server was, by a name server, over time (of a link); newest first.
    pub servers: Vec<Server>,
    /// Entries of lists, blacklists and noticeboards that name it.
    pub entries: Vec<Entry>,
    /// Blacklists that could not be looked at, in words: the wiki.
    pub unchecked: Vec<String>,
    /// Uses now and additions by experienced users (of a link).
    pub established: Established,
    /// Earlier reports and discussions.
    pub earlier: Vec<Earlier>,
    /// Every recorded hit (of a user, address, range; of a link those on it), newest first, at most 500.
    pub hits: Vec<HitRow>,
    /// All of them; [`MOST_HITS`]: that many or more.
    pub all_hits: u64,
}

/// A wiki that is named in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiki {
    /// Key in the tables, as `en.wikipedia.org/w`.
    pub key: String,
    /// For people: `enwiki`, or the key.
    pub name: String,
    /// How pages of it are linked from the wiki of the report.
    pub reach: Reach,
}

/// How a page of a wiki is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is the report's own wiki.
    Here,
    /// By this interwiki prefix, without colons.
    Prefix(String),
    /// Not at all: named only.
    None,
}

/// Sums over everything that is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Link additions.
    pub additions: u64,
    /// Wikis.
    pub wikis: u64,
    /// Editors who added it, by kind, largest first: (kind, editors, additions).
    pub kinds: Vec<(EditorKind, u64, u64)>,
    /// Hosts (of a link: it and those below it; of a user: those added).
    pub hosts: u64,
    /// First addition that is known.
    pub first: Option<Timestamp>,
    /// Last one.
    pub last: Option<Timestamp>,
    /// Links that reverts brought back; no additions.
    pub restored: u64,
    /// Whether hosts or addresses were left out because there are too many.
    pub is_cut: bool,
}

impl Totals {
    /// Editors of all kinds.
    pub fn editors(&self) -> u64 {
        self.kinds.iter().map(|(_, editors, _)| editors).sum()
    }
}

/// From when the numbers count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// Rows.
    pub rows: Option<Timestamp>,
    /// Counters.
    pub counters: Option<Timestamp>,
    /// Spans of time in which changes of a wiki were not seen: wiki, from, to.
    pub gaps: Vec<(usize, Timestamp, Timestamp)>,
}

/// Who edited, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// A name, shown with links to contributions on the wiki beside it.
    Name(String),
    /// A temporary account of more than 90 days ago.
    Temporary,
    /// An address that is too old to be shown singly, as the range.
    OldRange(String),
    /// The wiki hides the name, or it is named nowhere.
    Hidden,
}

/// Somebody of the users table.
#[derive(Clone, Debug, PartialEq)]
pub struct Adder {
    /// Who.
    pub who: Who,
    /// What kind of name.
    pub kind: EditorKind,
    /// The wiki on which the account is looked at and linked: that of most additions.
    pub wiki: usize,
    /// Additions of this link (of a user report: all).
    pub n: u64,
    /// On how many wikis.
    pub wikis: u64,
    /// First one.
    pub first: Timestamp,
    /// Last one: last active here.
    pub last: Timestamp,
    /// Links of other hosts that the same user added.
    pub other_links: u64,
    /// The three largest of these hosts, for people, with counts.
    pub other_hosts: Vec<(String, u64)>,
    /// Of the rows that were looked at: still there, removed, added again after removal.
    pub fates: Fates,
    /// What the wikis say of the account; `None`: not asked (too many users), or no account.
    pub account: Option<Account>,
}

/// What wikis say of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Since when; global where there are global accounts.
    pub registered: Option<Timestamp>,
    /// Edits; global where there are global accounts, and on their sum.
    pub edits: Option<u64>,
    /// Whether the two above are global.
    pub is_global: bool,
    /// Groups on the wiki beside it, without those that everybody is in.
    pub groups: Vec<String>,
    /// Blocked on the whole wiki beside it now.
    pub is_blocked: bool,
    /// Locked globally now.
    pub is_locked: bool,
}

/// A host that a user, range or server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCount {
    /// The subject of its report.
    pub subject: Subject,
    /// Additions by this report's editors (of a server: by anybody).
    pub n: u64,
    /// On how many wikis.
    pub wikis: u64,
    /// Additions by anybody.
    pub all: u64,
    /// How many other editors added it.
    pub others: u64,
}

/// An addition.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number on the page, from 1, newest first.
    pub number: usize,
    /// The wiki's time of the edit.
    pub ts: Timestamp,
    /// Where.
    pub wiki: usize,
    /// The revision.
    pub rev: RevId,
    /// The page.
    pub page_id: PageId,
    /// Its title with namespace now, or when it was last seen; `None`: not known, or not to be shown.
    pub title: Option<String>,
    /// Who.
    pub who: Who,
    /// What kind of name.
    pub kind: EditorKind,
    /// Links that the user added, of any host.
    pub user_links: u64,
    /// Stored key of the host.
    pub stored_key: String,
    /// The link without scheme, for people.
    pub link: String,
    /// How often the edit added it.
    pub times: u16,
    /// COIBot's four numbers.
    pub four: Four,
    /// What became of it.
    pub fate: Fate,
    /// Whether it is the latest revision of its page.
    pub is_top: bool,
    /// The same link had been added to the same page before, so it was removed in between.
    pub is_again: bool,
    /// It stands behind an archive's address.
    pub by_archive: bool,
}

/// What became of an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The page links there now.
    Live,
    /// It does not any more.
    Removed,
    /// The page is gone.
    PageGone,
    /// Not looked at: the wiki was not asked or did not answer.
    Unknown,
}

/// Fates in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Those that were looked at, or could not be. All of these count additions, as the totals do.
    pub looked_at: u64,
    /// Still there.
    pub live: u64,
    /// Removed.
    pub removed: u64,
    /// On pages that are gone.
    pub gone: u64,
    /// Not known. Those on wikis that could not be asked have no row.
    pub unknown: u64,
    /// Added again after removal.
    pub again: u64,
    /// Additions that are not shown: hidden or deleted by the wiki, or named nowhere.
    pub hidden: u64,
}

/// An address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The address.
    pub ip: std::net::IpAddr,
    /// Seen first.
    pub first: Timestamp,
    /// Seen last.
    pub last: Timestamp,
    /// Hosts that were ever seen there, this one too.
    pub hosts: u64,
}

/// An entry of a list that names the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which list.
    pub list: ListName,
    /// What it says: the pattern, regex, keyword pair.
    pub what: String,
    /// The page it stands on, with the wiki; a list of the database has none.
    pub page: Option<(usize, String)>,
    /// Who put it there, where that is known.
    pub by: Option<String>,
    /// When.
    pub since: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// It is about this user alone, or about this user together with the subject; `None`: about the subject itself.
    pub of_user: Option<String>,
}

/// Lists that can name a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListName {
    /// MediaWiki's spam blacklist of a wiki.
    SpamBlacklist,
    /// Its exceptions.
    SpamWhitelist,
    /// Domains blocked by AbuseFilter.
    BlockedDomains,
    /// coi-report's monitor list.
    Monitor,
    /// coi-report's blacklist.
    Blacklist,
    /// coi-report's whitelist.
    Whitelist,
    /// A noticeboard.
    Noticeboard,
    /// Known URL shorteners.
    Shortener,
}

/// Whether a link is in use by people who know the wiki.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Established {
    /// Pages of the report's wiki that link there now, at most 500; `None`: not asked.
    pub uses_here: Option<u64>,
    /// Whether there are more.
    pub more: bool,
    /// Of the users of the table: those with over 500 edits, and their additions.
    pub by_experienced: (u64, u64),
}

/// An earlier report or discussion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The page, with namespace, on the report's wiki.
    pub title: String,
    /// Of a report of ours: its status.
    pub status: Option<Status>,
}

/// A hit that coi-report recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitRow {
    /// The wiki's time of the edit.
    pub ts: Timestamp,
    /// Where.
    pub wiki: usize,
    /// The revision.
    pub rev: RevId,
    /// The page's title; `None`: hidden.
    pub title: Option<String>,
    /// Who.
    pub who: Who,
    /// The rule's word.
    pub rule: String,
    /// The page's title or the link; `None`: hidden.
    pub string: Option<String>,
    /// What it was compared with.
    pub matched: Option<String>,
    /// In hundredths of a percent: there, back, ratio.
    pub score: Option<(u32, u32, u32)>,
    /// Why it is recorded only.
    pub skip: Option<String>,
}
