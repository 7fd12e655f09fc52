//! Titles of report pages. Those of ordinary hosts and users are what the day pages of coi-report link to
//! (`LinkReports/example.com`, `UserReports/Ann`); a subject that no title can hold (an imported name with `>`, a path with
//! a percent code, something too long) gets as much of it as a title can hold, and a hash, so that two stay two.
//! <https://www.mediawiki.org/wiki/Manual:Page_title>

use std::net::IpAddr;
use std::sync::LazyLock;

use shared::core::intent;
use shared::core::report::{Kind, Subject};
use shared::core::settings::MapNode;
use shared::core::site::{Site, Title};
use shared::manual;

use super::{Settings, Titles};

/// Bytes that MediaWiki allows for a title without its namespace.
const TITLE_BYTES: usize = 255;
/// Longest name of a kind, in bytes.
const NAME_BYTES: usize = 50;
/// Characters of a hash: base32.
const HASH: usize = 10;
/// What stands before the hash where a name was cut or changed.
const MADE: &str = "~";
/// What a title without host or name begins with.
const REDUCED: &str = "R-";
/// Number of the namespace of users.
const USER: i32 = 2;
/// Pages below a user page that have another use.
const TAKEN: [&str; 6] = [
    "COIReports",
    "Poke",
    "coi-report",
    "infobox-check",
    "linkreport-gen",
    "matchbot",
];

/// The rules of titles, which need no particular wiki below a user page.
static RULES: LazyLock<Option<Site>> = LazyLock::new(|| manual::offline_site().ok());

impl Default for Titles {
    fn default() -> Titles {
        let owned = str::to_owned;
        Titles {
            link: owned("LinkReports"),
            user: owned("UserReports"),
            ip: owned("UserReports"),
            range: owned("RangeReports"),
            server: owned("ServerReports"),
        }
    }
}

pub(super) fn titles(root: &MapNode<'_>, site: &Site) -> Titles {
    let group = root.section("titles");
    group.known(&Kind::ALL.map(Kind::word));
    let default = Titles::default();
    let of = |kind: Kind| name(&group, kind.word(), site).unwrap_or_else(|| default.of(kind).to_owned());
    let titles = Titles {
        link: of(Kind::Link),
        user: of(Kind::User),
        ip: of(Kind::Ip),
        range: of(Kind::Range),
        server: of(Kind::Server),
    };
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        for before in &Kind::ALL[..n] {
            // No account has the name of an address, so these two may share a place.
            if (*before, kind) == (Kind::User, Kind::Ip) && titles.user == titles.ip {
                continue;
            }
            let (one, other) = (titles.of(*before), titles.of(kind));
            let within = |page: &str, of: &str| page.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'));
            if one == other || within(one, other) || within(other, one) {
                let text = format!(
                    "`{other}` is, or lies below or above, the place of `{}`: two reports could have one title",
                    before.word()
                );
                group.problem(
                    if group.has(kind.word()) {
                        kind.word()
                    } else {
                        before.word()
                    },
                    &text,
                );
            }
        }
    }
    titles
}

/// The name of a kind, below a base.
fn name(group: &MapNode<'_>, key: &str, site: &Site) -> Option<String> {
    let text = group.text(key)?;
    // What stands before the slash is any user's page: the name alone could begin with a namespace.
    let read = site.title_in(USER, &format!("X/{}", text.trim()));
    let name = match &read {
        Ok(title) => title.text.strip_prefix("X/").unwrap_or_default(),
        Err(why) => {
            let why = why.split_once(": ").map_or(why.as_str(), |(_, why)| why);
            group.problem(key, &format!("this can be no part of a title: {why}"));
            return None;
        }
    };
    let parts: Vec<&str> = name.split('/').map(str::trim).collect();
    let why = if parts.len() > 2 || parts.iter().any(|part| part.is_empty()) {
        "write one name, or two with a slash between them, as in `LinkReports`"
    } else if name.len() > NAME_BYTES {
        "this is too long: 50 bytes are allowed"
    } else if TAKEN.contains(&parts[0]) {
        "pages of this name have another use; take another"
    } else {
        return Some(name.to_owned());
    };
    group.problem(key, why);
    None
}

impl Settings {
    /// The page below which all of this wiki's reports stand, for the bot's account.
    pub fn base(&self, account: &str) -> Title {
        self.here().base.clone().unwrap_or_else(|| Title {
            ns: USER,
            text: account.to_owned(),
        })
    }

    /// The page below which the reports of a kind stand.
    pub fn kind_title(&self, account: &str, kind: Kind) -> Title {
        self.titles.below(&self.base(account), kind)
    }

    /// The page of a subject's report on this wiki: see [`Titles::title`].
    pub fn title(&self, account: &str, subject: &Subject) -> Title {
        self.titles.title(&self.base(account), subject)
    }

    /// The page of the report where the wiki does not let its own title be written: without host or name.
    pub fn reduced_title(&self, account: &str, subject: &Subject) -> Title {
        let parent = self.kind_title(account, subject.kind());
        Title {
            text: format!("{}/{REDUCED}{}", parent.text, hash(subject)),
            ..parent
        }
    }
}

impl Titles {
    /// The page below `base` and above the reports of a kind.
    pub fn below(&self, base: &Title, kind: Kind) -> Title {
        Title {
            ns: base.ns,
            text: format!("{}/{}", base.text, self.of(kind)),
        }
    }

    /// The page of a subject's report below `base`: one that MediaWiki takes, of at most 255 bytes where base and kind
    /// leave room for a hash, and never that of another subject.
    pub fn title(&self, base: &Title, subject: &Subject) -> Title {
        let parent = self.below(base, subject.kind());
        let room = TITLE_BYTES.saturating_sub(parent.text.len() + 1);
        let name = shown(subject);
        let part = match is_plain(subject, &name) && name.len() <= room {
            true => name,
            false => made(subject, &name, room),
        };
        Title {
            text: format!("{}/{part}", parent.text),
            ..parent
        }
    }
}

/// How the subject stands in a title, where one can hold it: hosts in ASCII, addresses of editors as MediaWiki names them.
fn shown(subject: &Subject) -> String {
    match subject {
        Subject::Link(key) => {
            let host = key.host();
            let host = host.trim_matches(['[', ']']);
            key.part()
                .map_or_else(|| host.to_owned(), |part| format!("{host}/{part}"))
        }
        Subject::Ip(IpAddr::V6(ip)) => ip.segments().map(|group| format!("{group:X}")).join(":"),
        other => other.to_string(),
    }
}

/// Whether a title can hold the name as it is, and no other subject's title looks like it.
fn is_plain(subject: &Subject, name: &str) -> bool {
    let is_part = !name.is_empty() && normal(name).is_some_and(|normal| normal == name);
    let is_one = !matches!(subject, Subject::User(_)) || !name.contains('/');
    let is_made = |mark: &str| {
        name.rsplit_once(mark)
            .is_some_and(|(_, hash)| hash.len() == HASH && hash.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')))
    };
    is_part && is_one && !is_made(MADE) && !is_made(REDUCED)
}

/// MediaWiki's own form of what stands behind a slash; `None`: no title can hold it.
fn normal(name: &str) -> Option<String> {
    let title = RULES.as_ref()?.title_in(USER, &format!("X/{name}")).ok()?;
    title.text.strip_prefix("X/").map(str::to_owned)
}

/// What a title can hold of the name, with a hash of the subject.
fn made(subject: &Subject, name: &str, room: usize) -> String {
    let harmless = |c: char| match c {
        '[' | ']' | '{' | '}' | '|' | '<' | '>' | '#' | '%' | '&' | '~' | '/' | ':' | '\u{FFFD}' => '-',
        c if c.is_control() => '-',
        c => c,
    };
    // A name of any length may come in: no more is looked at than a title could hold.
    let name: String = name.chars().take(TITLE_BYTES).map(harmless).collect();
    let left = room.saturating_sub(MADE.len() + HASH);
    let name = &name[..name.floor_char_boundary(left)];
    let name = normal(name).filter(|name| name.len() <= left).unwrap_or_default();
    format!("{name}{MADE}{}", hash(subject))
}

/// Ten base32 characters of the SHA-256 of kind and key.
fn hash(subject: &Subject) -> String {
    let whole = format!("{}\0{}", subject.kind().word(), subject.key());
    let token = intent::token("linkreport-gen", "", &whole);
    token.rsplit('-').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "titles_tests.rs"]
mod tests;
