//! An address cut into scheme, host, port and the rest, broken forms mended.

use super::host::{self, Host};
use super::{MAX_PATH, Scheme};
use std::borrow::Cow;

/// An address that leads to a host.
#[derive(Debug)]
pub(super) struct Address {
    pub scheme: Scheme,
    pub host: Host,
    /// When it is not the usual one.
    pub port: Option<u16>,
    /// Starts with `/`; not cut yet.
    pub path: String,
    pub mended: bool,
}

/// Schemes besides http and https that are followed by `//` and a host, most of them in MediaWiki's `$wgUrlProtocols`.
const OTHER: &[&str] = &[
    "ftp", "ftps", "git", "gopher", "irc", "ircs", "mms", "nntp", "redis", "rtmp", "rtsp", "sftp", "ssh", "svn",
    "telnet", "webcal", "ws", "wss",
];

/// How many schemes before a host are taken for typing errors.
const MAX_SCHEMES: usize = 10;

/// Where an address is cut off from what surrounds it.
pub(super) fn is_edge(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Without control and direction characters, and without spaces around.
pub(super) fn without_unseen(url: &str) -> Cow<'_, str> {
    let url = url.trim_matches(is_edge);
    let gone = |c: char| c.is_control() || host::is_direction(c);
    if url.contains(gone) {
        url.replace(gone, "").into()
    } else {
        url.into()
    }
}

/// The path, cut to what the database keeps.
pub(super) fn bounded(mut path: String) -> String {
    path.truncate(path.floor_char_boundary(MAX_PATH));
    path
}

/// Takes an address apart; `None` when it leads to no host.
pub(super) fn read(url: &str) -> Option<Address> {
    let (scheme, default_port, rest) = scheme(url)?;
    let mut address = Parts {
        scheme,
        default_port,
        rest,
        mended: false,
    };
    let slashes = address.skip_slashes();
    if slashes != "//" {
        if scheme == Scheme::Other {
            return None;
        }
        address.mended = true;
    }
    for _ in 0..MAX_SCHEMES {
        if !address.skip_second_scheme() {
            break;
        }
    }
    address.finish()
}

/// What a person typed, made an address: `example.com/x` gets a scheme. `None` for what names no host:
/// `mailto:a@b.example`, `a@b.example`.
pub(super) fn with_scheme(text: &str) -> Option<Cow<'_, str>> {
    if text.starts_with("//") || scheme(text).is_some_and(|(_, _, rest)| rest.starts_with(['/', '\\'])) {
        return Some(text.into());
    }
    let host = text.split(is_separator).next().unwrap_or_default();
    let port_only = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let fits = match host.rsplit_once(']') {
        Some((_, port)) => port_only(port.trim_start_matches(':')),
        None => host.split_once(':').is_none_or(|(_, port)| port_only(port)),
    };
    let unknown_scheme = host.ends_with(':') && text[host.len()..].starts_with("//");
    (fits && !unknown_scheme && !host.contains('@')).then(|| format!("http://{text}").into())
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\' | '?' | '#')
}

/// The scheme, its usual port, and what follows the colon.
fn scheme(url: &str) -> Option<(Scheme, Option<u16>, &str)> {
    if url.starts_with("//") {
        return Some((Scheme::Relative, None, url));
    }
    let (name, rest) = url.split_once(':')?;
    let (scheme, port) = known(name)?;
    Some((scheme, port, rest))
}

fn known(name: &str) -> Option<(Scheme, Option<u16>)> {
    // None is longer than this; a long text is not lower-cased for nothing
    let name = name
        .get(..name.len().min(8))
        .filter(|short| short.len() == name.len())?
        .to_ascii_lowercase();
    match name.as_str() {
        "http" => Some((Scheme::Http, Some(80))),
        "https" => Some((Scheme::Https, Some(443))),
        "ftp" => Some((Scheme::Other, Some(21))),
        name => OTHER.contains(&name).then_some((Scheme::Other, None)),
    }
}

struct Parts<'a> {
    scheme: Scheme,
    default_port: Option<u16>,
    rest: &'a str,
    mended: bool,
}

impl<'a> Parts<'a> {
    fn skip_slashes(&mut self) -> &'a str {
        let rest = self.rest.trim_start_matches(['/', '\\']);
        let slashes = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        slashes
    }

    /// `http://http://x`, `https://https//x`, `http://www.http://x`, `http://http:x`: the second one counts. Not
    /// `http://http/x` and `http://http:80/`, which lead to a host of that name.
    fn skip_second_scheme(&mut self) -> bool {
        // As long as `www.https` at most
        let Some(end) = self
            .rest
            .bytes()
            .take(10)
            .position(|b| matches!(b, b':' | b'/' | b'\\'))
        else {
            return false;
        };
        let (name, after) = self.rest.split_at(end);
        let name = if name.get(..4).is_some_and(|www| www.eq_ignore_ascii_case("www.")) {
            &name[4..]
        } else {
            name
        };
        let Some((scheme, port)) = known(name) else {
            return false;
        };
        let after = match after.strip_prefix(':') {
            Some(after) => {
                let host = after.split(is_separator).next().unwrap_or_default();
                let is_port = !host.is_empty() && host.bytes().all(|b| b.is_ascii_digit());
                if host.contains('@') || is_port || (scheme == Scheme::Other && !after.starts_with("//")) {
                    return false;
                }
                after
            }
            None if after.starts_with("//") && scheme != Scheme::Other => after,
            None => return false,
        };
        if after.trim_start_matches(['/', '\\', ':']).is_empty() {
            return false;
        }
        (self.scheme, self.default_port, self.rest, self.mended) = (scheme, port, after.trim_start_matches(':'), true);
        self.skip_slashes();
        true
    }

    fn finish(mut self) -> Option<Address> {
        let (authority, path) = self
            .rest
            .split_at(self.rest.find(is_separator).unwrap_or(self.rest.len()));
        // What stands before an @ is a name and a password, however much it looks like a host
        let written = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (written, port) = match written.find(']').filter(|_| written.starts_with('[')) {
            Some(end) => written.split_at(end + 1),
            None => written.split_at(written.find(':').unwrap_or(written.len())),
        };
        let (host, mended) = host::read(written)?;
        self.mended |= mended;
        let port = match port.trim_start_matches(':') {
            "" => None,
            digits => {
                let number = digits.parse::<u16>().ok().filter(|_| !digits.starts_with('+'));
                self.mended |= number.is_none();
                number.filter(|&port| Some(port) != self.default_port)
            }
        };
        let path = match path.as_bytes().first() {
            None => "/".to_owned(),
            Some(b'/') => path.to_owned(),
            Some(b'\\') => {
                self.mended = true;
                format!("/{}", &path[1..])
            }
            Some(_) => format!("/{path}"),
        };
        Some(Address {
            scheme: self.scheme,
            host,
            port,
            path,
            mended: self.mended,
        })
    }
}
