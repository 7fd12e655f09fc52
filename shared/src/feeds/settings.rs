//! `feeds` on a settings page: which hits go to which channel, webhook or pipe. Checked strictly, with every problem told
//! at its place. Secrets have no place on a wiki page: where somebody looks for their keys, the page is told where they
//! belong. Whether a host may be spoken to at all is the operator's word, not the page's.

use std::net::IpAddr;

use chrono::TimeDelta;
use url::Url;

use crate::core::feed::{Feed, Irc, Level, Sink};
use crate::core::lists::is_feed_name;
use crate::core::settings::{Item, MapNode, nearest};
use crate::core::text::terminal;

/// Most feeds of a page.
const FEEDS: usize = 20;
/// Most wikis, rules, boxes or trusted accounts of a feed.
const NAMES: usize = 100;
/// Longest channel name in bytes, its `#` included: servers take 50 (RFC 2812, 1.3), and IRC counts bytes.
const CHANNEL_BYTES: usize = 50;
/// Longest account of a network's services, in characters: more than any network has.
const ACCOUNT_CHARS: usize = 60;
/// Longest address of a webhook, and of a host, in bytes.
const ADDRESS_BYTES: usize = 2_000;
const HOST_BYTES: usize = 253;
/// The usual ports of IRC, with and without TLS (RFC 7194, RFC 2812).
const TLS_PORT: u16 = 6_697;
const PLAIN_PORT: u16 = 6_667;
/// How long a line waits for its sink before it is dropped.
const MAX_AGE: TimeDelta = TimeDelta::hours(6);

/// Keys that people look for here, and where their values belong.
const SECRETS: &[(&str, &str)] = &[
    ("password", SECRET),
    ("sasl", SECRET),
    ("user", SECRET),
    ("nick", SECRET),
    ("key", SECRET),
    ("secret", SECRET),
];
const SECRET: &str = "names and secrets of the bot come from the operator's environment, never from a page that anybody \
                      can read: take this out, and change a secret that stood here";

/// The words that feeds of a job may use.
#[derive(Clone, Copy, Debug)]
pub struct Kinds<'a> {
    /// Words of the job's rules.
    pub rules: &'a [&'a str],
    /// Its boxes, by the template's own name; `None`: the job has none.
    pub boxes: Option<&'a [String]>,
    /// Each box that names a feed (`channel`): the key under `boxes` as the page has it, or the template's own name; and
    /// that feed.
    pub channels: &'a [(String, String)],
}

/// The feeds of a settings page; those that go nowhere because of a problem are left out. A box that names a feed which is not there is a
/// warning: what is found in it goes only where its own name stands.
pub fn read(root: &MapNode<'_>, kinds: &Kinds<'_>) -> Vec<Feed> {
    let mut feeds: Vec<Feed> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let items = match root.has("feeds") {
        true => root.items("feeds", FEEDS).unwrap_or_default(),
        false => Vec::new(),
    };
    for (n, item) in items {
        let Item::Group(group) = item else {
            root.problem_at(
                "feeds",
                n,
                "a feed is a group of keys: `name`, `sink` and what it takes",
            );
            continue;
        };
        let name = name(&group);
        if let Some(name) = &name {
            // People type it in channels: letter case is not to part two feeds.
            if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                group.problem("name", "another feed has this name");
            }
            names.push(name.clone());
        }
        feeds.extend(feed(&group, name, kinds));
    }
    warn_of_boxes(root, kinds, &names);
    feeds
}

fn warn_of_boxes(root: &MapNode<'_>, kinds: &Kinds<'_>, names: &[String]) {
    let Some(boxes) = root.map("boxes").filter(|_| !kinds.channels.is_empty()) else {
        return;
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for key in boxes.keys() {
        let own = kinds.channels.iter().find(|(name, _)| is_same(name, &key));
        let Some((_, channel)) = own.filter(|(_, channel)| !names.contains(&channel.as_str())) else {
            continue;
        };
        let meant = nearest(channel, &names).map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"));
        let text = format!(
            "no feed has the name `{}`{meant}: what is found in this box goes only to feeds that name it in `boxes`",
            terminal(channel)
        );
        boxes.section(&key).warning("channel", &text);
    }
}

fn feed(group: &MapNode<'_>, name: Option<String>, kinds: &Kinds<'_>) -> Option<Feed> {
    group.known(&["name", "wikis", "rules", "level", "max_age", "sink"]);
    if kinds.boxes.is_some() {
        group.known(&["boxes"]);
    }
    group.require(&["name", "sink"]);
    let level = group.int("level", 0..=2).and_then(|level| u8::try_from(level).ok());
    let max_age = group.duration("max_age", TimeDelta::minutes(1)..=TimeDelta::days(7));
    let feed = Feed {
        wikis: list(group, "wikis", wiki),
        rules: list(group, "rules", |text| one_of(text, kinds.rules)),
        boxes: kinds
            .boxes
            .and_then(|boxes| list(group, "boxes", |text| of_boxes(text, boxes))),
        level: level.and_then(Level::of_number).unwrap_or(Level::All),
        max_age: max_age.unwrap_or(MAX_AGE),
        sink: sink(group)?,
        name: name?,
    };
    Some(feed)
}

fn name(group: &MapNode<'_>) -> Option<String> {
    let name = group.text("name")?;
    let name = name.trim();
    if is_feed_name(name) {
        return Some(name.to_owned());
    }
    group.problem(
        "name",
        "a name is 1 to 60 of the characters A-Z a-z 0-9 _ -, one of them a letter; `feed` and `settings` are \
         none",
    );
    None
}

/// A list of names; `None` where it is not there, and so takes everything.
fn list(group: &MapNode<'_>, key: &str, one: impl Fn(&str) -> Result<String, String>) -> Option<Vec<String>> {
    if !group.has(key) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    let texts = group.texts(key, NAMES)?;
    if texts.is_empty() {
        group.problem(key, "name at least one, or leave the key out: then it takes all");
    }
    for (n, text) in texts.iter().enumerate() {
        match one(text.trim()) {
            Ok(name) if names.contains(&name) => group.problem_at(key, n, "this stands in the list twice"),
            Ok(name) => names.push(name),
            Err(why) => group.problem_at(key, n, &why),
        }
    }
    Some(names)
}

/// `here`, a host, or the key of a wiki: its host and script path.
fn wiki(text: &str) -> Result<String, String> {
    if text == "here" {
        return Ok(text.to_owned());
    }
    let (host, path) = text
        .split_once('/')
        .map_or((text, None), |(host, path)| (host, Some(path)));
    let (name, port) = host
        .rsplit_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let is_path = path.is_none_or(|path| {
        !path.is_empty()
            && path
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'))
    });
    if host_name(name).is_none() || port.is_some_and(|port| port.parse::<u16>().is_err()) || !is_path {
        return Err("write `here`, or the host of a wiki, such as `de.wikipedia.org`".to_owned());
    }
    let host = host.to_ascii_lowercase();
    Ok(path.map_or_else(|| host.clone(), |path| format!("{host}/{}", path.trim_end_matches('/'))))
}

fn one_of(text: &str, words: &[&str]) -> Result<String, String> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let meant = nearest(text, words).map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
    Err(format!(
        "`{}` is none of `{}`{meant}",
        terminal(text),
        words.join("`, `")
    ))
}

fn of_boxes(text: &str, boxes: &[String]) -> Result<String, String> {
    if let Some(own) = boxes.iter().find(|own| is_same(own, text)) {
        return Ok(own.clone());
    }
    let names: Vec<&str> = boxes.iter().map(String::as_str).collect();
    let meant = nearest(text, &names).map_or_else(String::new, |name| format!("; did you mean `{}`?", terminal(name)));
    Err(format!("`{}` is no box of this page{meant}", terminal(text)))
}

/// Whether two texts name one template: the first letter's case and `_` for a space do not count.
fn is_same(a: &str, b: &str) -> bool {
    let form = |text: &str| {
        let text = text.trim().replace('_', " ");
        let mut chars = text.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        first + chars.as_str()
    };
    form(a) == form(b)
}

fn sink(group: &MapNode<'_>) -> Option<Sink> {
    if group.is_word("sink", "stdout") {
        return Some(Sink::Stdout);
    }
    if !group.has("sink") {
        return None;
    }
    if !group.is_group("sink") {
        let text = group.text("sink")?;
        let what = format!(
            "`{}` is no sink: write `stdout`, or a group such as `{{type: irc, server: …, channel: …}}`",
            terminal(&text)
        );
        group.problem("sink", &what);
        return None;
    }
    let sink = group.map("sink")?;
    sink.require(&["type"]);
    match sink.choice("type", &["irc", "webhook", "stdout"])? {
        "irc" => irc(&sink).map(Sink::Irc),
        "webhook" => webhook(&sink).map(Sink::Webhook),
        _ => {
            sink.known(&["type"]);
            Some(Sink::Stdout)
        }
    }
}

fn irc(sink: &MapNode<'_>) -> Option<Irc> {
    sink.known(&["type", "server", "port", "tls", "channel", "highlights", "trusted"]);
    sink.moved(SECRETS);
    sink.require(&["server", "channel"]);
    let server = sink.text("server").and_then(|server| {
        let host = host_name(server.trim());
        if host.is_none() {
            sink.problem(
                "server",
                "write the name of a host alone, such as `irc.libera.chat`; its port is `port`",
            );
        }
        host
    });
    let tls = sink.bool("tls");
    if let (Some(false), Some(server)) = (tls, &server)
        && !is_loopback(server)
    {
        sink.problem(
            "tls",
            "only a server on this very machine may be spoken to without encryption",
        );
    }
    let tls = tls.unwrap_or(true);
    let port = sink.int("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let channel = channel(sink);
    let trusted = list_of_accounts(sink);
    Some(Irc {
        server: server?,
        port: port.unwrap_or(if tls { TLS_PORT } else { PLAIN_PORT }),
        tls,
        channel: channel?,
        highlights: sink.bool("highlights").unwrap_or(false),
        trusted,
    })
}

fn channel(sink: &MapNode<'_>) -> Option<String> {
    if !sink.has("channel") {
        return None;
    }
    let Some(channel) = sink.text("channel") else {
        // A bare `#` begins a comment of YAML, so nothing is left of the name.
        sink.problem("channel", "write it in quotes, such as `\"#wikipedia-en-spam\"`");
        return None;
    };
    let channel = channel.trim();
    let is_fine = channel.strip_prefix(['#', '&']).is_some_and(|name| {
        let is_open = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | ':');
        !name.is_empty() && channel.len() <= CHANNEL_BYTES && name.chars().all(is_open)
    });
    if is_fine && terminal(channel) == channel {
        return Some(channel.to_owned());
    }
    sink.problem(
        "channel",
        "a channel is `#` or `&` and 1 to 49 characters (those beyond ASCII count for 2 to 4), without space, comma, \
         colon or invisible ones",
    );
    None
}

/// A wrong one becomes a problem and is nobody: `*` is what services call those who have no account.
fn list_of_accounts(sink: &MapNode<'_>) -> Vec<String> {
    let accounts = sink.texts("trusted", NAMES).unwrap_or_default();
    let is_account = |text: &str| {
        let is_open = |c: char| !c.is_whitespace() && !matches!(c, ',' | ':' | '*' | '?' | '!' | '@');
        text.chars().count() <= ACCOUNT_CHARS && text.chars().all(is_open) && terminal(text) == text
    };
    for (n, account) in accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| !is_account(account.trim()))
    {
        let text = format!(
            "`{}` is no account of a network's services: write its name alone, without `*`, `!`, `@` and spaces",
            terminal(account)
        );
        sink.problem_at("trusted", n, &text);
    }
    accounts
        .into_iter()
        .map(|account| account.trim().to_owned())
        .filter(|account| is_account(account))
        .collect()
}

fn webhook(sink: &MapNode<'_>) -> Option<Option<String>> {
    sink.known(&["type", "url"]);
    sink.moved(SECRETS);
    if !sink.has("url") {
        return Some(None);
    }
    match webhook_url(sink.text("url")?.trim()) {
        Ok(url) => Some(Some(url)),
        Err(why) => {
            sink.problem("url", why);
            None
        }
    }
}

/// The address of a webhook in its standard form. Errs with what is wrong, never with the address: it may be a secret.
fn webhook_url(text: &str) -> Result<String, &'static str> {
    if text.len() > ADDRESS_BYTES {
        return Err("this address is too long: 2000 bytes are allowed");
    }
    let url = Url::parse(text).map_err(|_| "this is no address; write it as `https://hooks.example.org/path`")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or password, and anybody can read this page: take them out and change them");
    }
    if url.fragment().is_some() {
        return Err("take out `#` and what follows: it is not sent");
    }
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        _ if host.is_empty() => Err("it names no host"),
        "https" => Ok(url.into()),
        "http" if is_loopback(host) => Ok(url.into()),
        "http" => Err("only a receiver on this very machine may be spoken to without encryption; write https"),
        _ => Err("the address of a webhook begins with https://"),
    }
}

/// Whether a host, as [`Irc::server`] or an address has it, is this machine by name or address.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A host in lower case, or an IP address, as it is connected to; `None` where it is neither.
fn host_name(text: &str) -> Option<String> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_string());
    }
    let is_label = |label: &str| {
        let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        label.len() <= 63
            && is_edge(label.chars().next())
            && is_edge(label.chars().next_back())
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    // A name of digits alone is another way to write an address, which nobody reads as one.
    let has_letter = text.chars().any(|c| c.is_ascii_alphabetic());
    (text.len() <= HOST_BYTES && has_letter && text.split('.').all(is_label)).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
