//! How often each link stands in a text and in the one before, and so which were added.
//!
//! Two links are one when key and path are the same, whatever the scheme and however the path's characters are
//! encoded: `http` made `https` adds nothing. A page that an archive's link shows counts as the page itself, and the
//! two side by side, as in a citation with its archived copy, count once: so whoever puts an archive's link beside
//! or in place of a dead link has added the archive, not the link.

use super::row::Flags;
use crate::link::{Found, PathHosts, Scheme, found};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// What two links have in common when they are one: stored key, path with nothing encoded.
type Id = (String, Vec<u8>);

/// The ways in which a link is written, path and flags, with how often each stands in the text before and after.
type Forms = BTreeMap<(String, Flags), [u32; 2]>;

/// One link in all its forms.
#[derive(Default)]
struct Counts {
    /// As a link of the page.
    direct: Forms,
    /// Shown by an archive's link.
    unwrapped: Forms,
}

/// A link that was added.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Item {
    pub host: String,
    pub path: String,
    pub flags: Flags,
    pub times: u32,
}

/// Reads the addresses of one wiki's pages.
pub(super) struct Addresses<'a> {
    path_hosts: &'a PathHosts,
    /// Host and port of the wiki itself.
    home: Option<(String, String)>,
}

impl<'a> Addresses<'a> {
    /// `wiki`: the wiki's key, as `en.wikipedia.org/w`.
    pub fn new(wiki: &str, path_hosts: &'a PathHosts) -> Self {
        let home = found(&format!("https://{wiki}"), path_hosts).into_iter().next();
        Self {
            path_hosts,
            home: home.map(|link| place(&link)),
        }
    }

    /// What an address leads to. The wiki itself is nothing external.
    /// <https://www.mediawiki.org/wiki/Manual:$wgRegisterInternalExternals>
    fn found(&self, address: &str) -> impl Iterator<Item = Found> {
        let is_away = |link: &Found| self.home.as_ref().is_none_or(|home| place(link) != *home);
        found(address, self.path_hosts).into_iter().filter(is_away)
    }
}

/// Host, and port where it is not the usual one.
fn place(link: &Found) -> (String, String) {
    let port = link.path.split('/').next().unwrap_or_default();
    (link.key.host(), port.to_owned())
}

/// The links of two texts.
#[derive(Default)]
pub(super) struct Tally {
    links: BTreeMap<Id, Counts>,
}

impl Tally {
    /// Counts an address that stands so often in the text before and after; one without a host is no link. `flags`
    /// are those that the address itself cannot know.
    pub fn count(&mut self, times: [u32; 2], address: &str, flags: Flags, addresses: &Addresses<'_>) {
        for link in addresses.found(address) {
            let id = (link.key.stored().to_owned(), comparable(&link.path));
            let counts = self.links.entry(id).or_default();
            let forms = match link.unwrapped {
                true => &mut counts.unwrapped,
                false => &mut counts.direct,
            };
            let flags = flags.with(flags_of(&link));
            let form = forms.entry((link.path, flags)).or_default();
            for (sum, times) in form.iter_mut().zip(times) {
                *sum = sum.saturating_add(times);
            }
        }
    }

    /// Leaves out the links that `other` has on either side.
    pub fn without(mut self, other: &Self) -> Self {
        self.links.retain(|id, _| !other.links.contains_key(id));
        self
    }

    /// Whether no link was counted.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// What was added: of each link as many as there are more of it, in the forms of which there are more.
    pub fn added(self) -> impl Iterator<Item = Item> {
        self.links.into_iter().flat_map(|((host, _), counts)| {
            let (direct, unwrapped) = (sums(&counts.direct), sums(&counts.unwrapped));
            let before = direct[0].max(unwrapped[0]);
            let added = direct[1].max(unwrapped[1]).saturating_sub(before);
            let of_direct = added.min(direct[1].saturating_sub(direct[0]));
            let direct = grown(counts.direct, of_direct);
            let unwrapped = grown(counts.unwrapped, added - of_direct);
            direct.chain(unwrapped).map(move |(path, flags, times)| Item {
                host: host.clone(),
                path,
                flags,
                times,
            })
        })
    }
}

/// All forms together, before and after.
fn sums(forms: &Forms) -> [u64; 2] {
    forms.values().fold([0, 0], |[a, b], [before, after]| {
        [a + u64::from(*before), b + u64::from(*after)]
    })
}

/// `wanted` of those that came, the first forms first. There are always as many: the sum of what came is at least
/// what came in sum.
fn grown(forms: Forms, mut wanted: u64) -> impl Iterator<Item = (String, Flags, u32)> {
    forms.into_iter().filter_map(move |((path, flags), [before, after])| {
        let here = after.saturating_sub(before);
        let taken = u32::try_from(wanted).map_or(here, |wanted| here.min(wanted));
        wanted -= u64::from(taken);
        (taken > 0).then_some((path, flags, taken))
    })
}

/// The event stream encodes characters that the text does not.
fn comparable(path: &str) -> Vec<u8> {
    percent_decode_str(path).collect()
}

fn flags_of(link: &Found) -> Flags {
    let scheme = match link.scheme {
        Scheme::Http => Flags::default(),
        Scheme::Https => Flags::HTTPS,
        Scheme::Relative => Flags::HTTPS.with(Flags::OTHER_SCHEME),
        Scheme::Other => Flags::OTHER_SCHEME,
    };
    let when = |is: bool, flag| if is { flag } else { Flags::default() };
    scheme
        .with(when(link.unwrapped, Flags::UNWRAPPED))
        .with(when(link.mended, Flags::MENDED))
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
