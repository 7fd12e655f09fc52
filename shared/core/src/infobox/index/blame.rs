//! Who added or last changed each line of an index page.
//!
//! A line belongs to the revision in which it appears, in exactly these
//! characters and as a line that is read: a line that somebody only freed
//! from a comment belongs to that person. One that went and came back belongs
//! to who brought it back, unless the page came back as a whole to the newest
//! state that an approved user had saved: undoing damage makes nobody an
//! author.

use super::read;
use crate::lists::user_name;
use crate::site::Site;
use crate::types::{RevId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Who a line belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Author {
    /// The user's name.
    pub user: String,
    /// The user's id; `None` without an account.
    pub user_id: Option<UserId>,
    /// The revision that added the line or last changed it.
    pub revision: RevId,
}

/// A revision of the index page.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a> {
    /// Its id.
    pub revision: RevId,
    /// Who saved it; `None` when that is hidden, or not a user of this wiki (an import): its lines are nobody's.
    pub user: Option<&'a str>,
    /// The user's id; `None` without an account.
    pub user_id: Option<UserId>,
    /// SHA-1 of the text as the wiki gives it, in any form; empty when it is hidden.
    pub sha1: &'a str,
    /// The text; `None` when it is hidden.
    pub text: Option<&'a str>,
    /// Older revisions exist that are not looked at: whose its lines are is not known.
    pub is_first_known: bool,
}

/// Half a SHA-256 of the line.
type Hash = u128;
type Lines = HashMap<Hash, Option<Author>>;

/// A state that an approved user saved.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Good {
    user: String,
    sha1: String,
    lines: Lines,
}

/// The lines of an index page with their authors. It can be stored (serde), without the approved users: call
/// [`Blame::approve`] on what was read back.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Blame {
    /// Names of the users whose states are kept, in MediaWiki's form.
    approved: HashSet<String>,
    lines: Lines,
    /// The newest state that an approved user saved.
    good: Option<Good>,
    /// The text before is not known: whatever is new may have been there.
    after_gap: bool,
}

impl Blame {
    /// No lines yet. `approved`: the users, such as the box's managers, whose newest state may be restored by
    /// anybody; names that are no user names are passed over.
    pub fn new<'n>(site: &Site, approved: impl IntoIterator<Item = &'n str>) -> Blame {
        let mut blame = Blame::default();
        blame.approve(site, approved);
        blame
    }

    /// Says who is approved from now on. The newest state of a user who no longer is is forgotten.
    pub fn approve<'n>(&mut self, site: &Site, approved: impl IntoIterator<Item = &'n str>) {
        self.approved = approved
            .into_iter()
            .filter_map(|name| user_name(site, name).ok())
            .collect();
        let approved = &self.approved;
        self.good.take_if(|good| !approved.contains(&good.user));
    }

    /// Begins with a state whose authors are known from before, in place of the revisions up to it. Which state an
    /// approved user saved before that one is not known then: a stored `Blame` knows it.
    pub fn resume(&mut self, site: &Site, saved: &Saved<'_>, author: impl Fn(&str) -> Option<Author>) {
        let text = saved.text.unwrap_or_default();
        let known = |line: &super::IndexLine| (hash(&line.source), author(&line.source));
        self.lines = read(text, site).lines.iter().map(known).collect();
        self.after_gap = saved.text.is_none();
        self.keep(site, saved);
    }

    /// Adds the next revision; they come oldest first.
    pub fn add(&mut self, site: &Site, saved: &Saved<'_>) {
        let Some(text) = saved.text else {
            self.after_gap = true;
            return;
        };
        if let Some(good) = self.good.as_ref().filter(|good| good.sha1 == saved.sha1) {
            self.lines = good.lines.clone();
            self.after_gap = false;
            return;
        }
        let is_known = !saved.is_first_known && !self.after_gap;
        let author = saved.user.filter(|_| is_known).map(|user| Author {
            user: user.to_owned(),
            user_id: saved.user_id,
            revision: saved.revision,
        });
        let mut before = std::mem::take(&mut self.lines);
        for line in read(text, site).lines {
            let hash = hash(&line.source);
            let owner = before.remove(&hash).unwrap_or_else(|| author.clone());
            // The same line twice is one line.
            self.lines.entry(hash).or_insert(owner);
        }
        self.after_gap = false;
        self.keep(site, saved);
    }

    fn keep(&mut self, site: &Site, saved: &Saved<'_>) {
        let is_whole = saved.text.is_some() && !saved.sha1.is_empty();
        let name = saved.user.and_then(|user| user_name(site, user).ok());
        if let Some(user) = name.filter(|name| is_whole && self.approved.contains(name)) {
            self.good = Some(Good {
                user,
                sha1: saved.sha1.to_owned(),
                lines: self.lines.clone(),
            });
        }
    }

    /// Whose a line is, by its source as [`super::IndexLine`] has it; `None` when it is not in the newest revision
    /// or nobody's.
    pub fn author(&self, source: &str) -> Option<&Author> {
        self.lines.get(&hash(source))?.as_ref()
    }
}

/// Hex digits of a `Hash`.
const DIGITS: usize = 32;

/// [`Blame`] as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    lines: Vec<(Option<Author>, String)>,
    good: Option<StoredGood>,
    after_gap: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredGood {
    user: String,
    sha1: String,
    lines: Vec<(Option<Author>, String)>,
}

impl From<Blame> for Stored {
    fn from(blame: Blame) -> Stored {
        Stored {
            lines: by_author(&blame.lines),
            good: blame.good.map(|good| StoredGood {
                lines: by_author(&good.lines),
                user: good.user,
                sha1: good.sha1,
            }),
            after_gap: blame.after_gap,
        }
    }
}

impl TryFrom<Stored> for Blame {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Blame, Self::Error> {
        const WRONG: &str = "the hashes of the lines cannot be read";
        let good = match stored.good {
            Some(good) => Some(Good {
                lines: by_line(&good.lines).ok_or(WRONG)?,
                user: good.user,
                sha1: good.sha1,
            }),
            None => None,
        };
        Ok(Blame {
            approved: HashSet::new(),
            lines: by_line(&stored.lines).ok_or(WRONG)?,
            good,
            after_gap: stored.after_gap,
        })
    }
}

/// Each author with the hashes of the lines, joined.
fn by_author(lines: &Lines) -> Vec<(Option<Author>, String)> {
    let sorted: BTreeMap<&Hash, &Option<Author>> = lines.iter().collect();
    let mut all: BTreeMap<&Option<Author>, String> = BTreeMap::new();
    for (hash, author) in sorted {
        all.entry(author).or_default().push_str(&format!("{hash:032x}"));
    }
    all.into_iter()
        .map(|(author, hashes)| (author.clone(), hashes))
        .collect()
}

fn by_line(stored: &[(Option<Author>, String)]) -> Option<Lines> {
    let mut lines = Lines::new();
    for (author, hashes) in stored {
        for digits in hashes.as_bytes().chunks(DIGITS) {
            let digits = std::str::from_utf8(digits)
                .ok()
                .filter(|digits| digits.len() == DIGITS)?;
            lines.insert(Hash::from_str_radix(digits, 16).ok()?, author.clone());
        }
    }
    Some(lines)
}

/// White space around a line does not count.
fn hash(source: &str) -> Hash {
    let digest: [u8; 32] = Sha256::digest(source.trim()).into();
    digest.iter().take(16).fold(0, |all, byte| all << 8 | Hash::from(*byte))
}
