//! The statistics rules of LiWa3 and of COIBot's Local and XWiki reports, over counts that the database already has.
//!
//! COIBot's pages name the rules and the 66 %, never from how many additions on a share says anything. Here it is
//! `min_additions` additions on `min_pages` pages, for each rule that is about who added a link. Those about the link
//! itself (its server, what it leads on to, where it is discussed) need one addition.
//! <https://meta.wikimedia.org/wiki/User:COIBot/XWiki>

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::types::PageId;

/// What is counted of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Additions.
    pub additions: u64,
    /// Pages they are on.
    pub pages: u64,
    /// Wikis.
    pub wikis: u64,
    /// Editors.
    pub editors: u64,
    /// Additions by the editor with the most.
    pub top: u64,
    /// Additions by addresses, ranges and temporary accounts.
    pub unnamed: u64,
    /// Addresses and ranges among the editors.
    pub addresses: u64,
    /// Whether all of these, at least one, lie in one network of the size that the limits name.
    pub one_network: bool,
    /// Most registrable domains on a server of the host's that one of its adders added.
    pub on_server: u64,
    /// The host is a known URL shortener.
    pub is_shortener: bool,
    /// A noticeboard names the host.
    pub is_listed: bool,
}

/// From when on a count says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// More percent than this by one editor.
    pub dominance: u32,
    /// Fewest additions of which a rule says anything.
    pub min_additions: u32,
    /// Fewest pages.
    pub min_pages: u32,
    /// From so many wikis on a report is cross-wiki.
    pub xwiki_from: u32,
    /// So many domains of one server by one editor.
    pub same_server: u32,
    /// Bits of the network in which addresses are close, of IPv4; IPv6 counts with twice as many.
    pub cidr: u8,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            dominance: 66,
            min_additions: 5,
            min_pages: 3,
            xwiki_from: 3,
            same_server: 3,
            cidr: 24,
        }
    }
}

/// Why a report is made of itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// One editor added most of it.
    Dominance,
    /// Only addresses and temporary accounts added it.
    UnnamedOnly,
    /// Several addresses close to each other did.
    CloseAddresses,
    /// An editor added several domains of its server.
    SameServer,
    /// It leads on to other sites.
    Shortener,
    /// A noticeboard names it.
    Noticeboard,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 6] = [
        Rule::Dominance,
        Rule::UnnamedOnly,
        Rule::CloseAddresses,
        Rule::SameServer,
        Rule::Shortener,
        Rule::Noticeboard,
    ];

    /// The word of tables and logs.
    pub fn word(self) -> &'static str {
        match self {
            Rule::Dominance => "dominance",
            Rule::UnnamedOnly => "unnamed-only",
            Rule::CloseAddresses => "close-addresses",
            Rule::SameServer => "same-server",
            Rule::Shortener => "shortener",
            Rule::Noticeboard => "noticeboard",
        }
    }

    /// From [`Rule::word`].
    pub fn of_word(word: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

/// The rules that hold, in the order of [`Rule::ALL`].
///
/// - dominance: more than [`Limits::dominance`] percent of the additions are by one editor;
/// - unnamed-only: all are by addresses, ranges and temporary accounts;
/// - close-addresses: at least two addresses are among the editors, and all of them lie in one network;
/// - same-server: one of the editors added [`Limits::same_server`] domains of the host's server, or more;
/// - shortener, noticeboard: the host is on such a list.
///
/// The first three need the additions and pages that the limits name, the others one addition. Nothing holds of a
/// host that nobody added.
pub fn tripped(facts: &Facts, limits: &Limits) -> Vec<Rule> {
    if facts.additions == 0 {
        return Vec::new();
    }
    let is_enough = facts.additions >= limits.min_additions.into() && facts.pages >= limits.min_pages.into();
    let holds = |rule: &Rule| match rule {
        Rule::Dominance => {
            is_enough && u128::from(facts.top) * 100 > u128::from(limits.dominance) * u128::from(facts.additions)
        }
        Rule::UnnamedOnly => is_enough && facts.unnamed >= facts.additions,
        Rule::CloseAddresses => is_enough && facts.addresses >= 2 && facts.one_network,
        Rule::SameServer => facts.on_server > 0 && facts.on_server >= limits.same_server.into(),
        Rule::Shortener => facts.is_shortener,
        Rule::Noticeboard => facts.is_listed,
    };
    Rule::ALL.into_iter().filter(holds).collect()
}

/// Whether a report about a link on so many wikis is a cross-wiki one.
pub fn is_xwiki(wikis: u64, limits: &Limits) -> bool {
    wikis >= limits.xwiki_from.into()
}

/// How many percent of `whole` the `part` is, to the nearest number, half up; but 100 only of all, and 0 only of
/// nothing. 0 of nothing is 0, and a part that is larger counts as the whole.
pub fn percent(part: u64, whole: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    if part >= whole {
        return 100;
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let nearest = (part * 200 + whole) / (whole * 2);
    u64::try_from(nearest).unwrap_or(99).clamp(1, 99)
}

/// One link, or several to one host, that an edit added: what the rules need of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Number of the editor; renamed ones have one.
    pub editor: u32,
    /// Whether the editor has no lasting account: an address, a range, or a temporary account.
    pub is_unnamed: bool,
    /// First and last address of an address or range (as [`ip_range`](crate::ranges::ip_range) reads its name); `None`
    /// for accounts.
    pub address: Option<(IpAddr, IpAddr)>,
    /// Number of the wiki.
    pub wiki: u16,
    /// The page on it.
    pub page: PageId,
    /// How often the edit added it.
    pub times: u32,
}

impl Facts {
    /// The facts of some additions of one host, for asking whether they meet a rule by themselves. What rows do not
    /// say (`on_server`, `is_shortener`, `is_listed`) is left at nothing.
    pub fn from_rows(rows: &[Added], limits: &Limits) -> Facts {
        let mut by_editor: HashMap<u32, u64> = HashMap::new();
        let mut addresses: HashMap<u32, (IpAddr, IpAddr)> = HashMap::new();
        let mut pages = HashSet::new();
        let mut wikis = HashSet::new();
        let mut facts = Facts::default();
        for row in rows {
            let times = u64::from(row.times);
            facts.additions += times;
            facts.unnamed += if row.is_unnamed { times } else { 0 };
            *by_editor.entry(row.editor).or_default() += times;
            addresses.extend(row.address.map(|address| (row.editor, address)));
            pages.insert((row.wiki, row.page));
            wikis.insert(row.wiki);
        }
        Facts {
            pages: pages.len() as u64,
            wikis: wikis.len() as u64,
            editors: by_editor.len() as u64,
            top: by_editor.into_values().max().unwrap_or_default(),
            addresses: addresses.len() as u64,
            one_network: is_one_network(addresses.into_values(), limits.cidr),
            ..facts
        }
    }
}

/// Whether all addresses, given by the first and last of each range, lie in one network of `cidr` bits (IPv4) or twice
/// as many (IPv6), and there is one. IPv4 addresses in IPv6 form are IPv4; one of each kind are in no network together.
fn is_one_network(addresses: impl Iterator<Item = (IpAddr, IpAddr)>, cidr: u8) -> bool {
    let mut ends = addresses.flat_map(|(first, last)| [first.to_canonical(), last.to_canonical()]);
    let Some(one) = ends.next() else {
        return false;
    };
    ends.all(|other| match (one, other) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= u32::from(cidr).min(32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= (u32::from(cidr) * 2).min(128),
        _ => false,
    })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
