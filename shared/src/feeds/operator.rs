//! What the operator says about sinks: which hosts may be spoken to, under which name, with which secrets. A settings
//! page can only choose among these hosts, or an admin of any wiki could have the passwords sent to a server of his own.

use crate::boot::{Lookup, job_variable};
use crate::core::feed::{Feed, Sink};
use crate::core::types::Secret;

/// Shortest key of signatures, in bytes.
const KEY_BYTES: usize = 16;
/// Of IRC with TLS, <https://datatracker.ietf.org/doc/html/rfc7194>.
const TLS_PORT: u16 = 6697;
/// Longest nick that is asked for; networks allow more or less and cut it.
const NICK_CHARS: usize = 30;

/// Where one connection goes; feeds that share it are told over it one after the other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Place {
    /// A server of an IRC network.
    Irc {
        /// Host, in lower case.
        server: String,
        /// Its port.
        port: u16,
        /// Whether it is encrypted.
        tls: bool,
    },
    /// An address that takes POSTs.
    Webhook(String),
    /// Standard output.
    Stdout,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Irc { server, port, .. } => write!(f, "{server}:{port}"),
            // The path may be a secret of the operator's.
            Place::Webhook(url) => write!(f, "{}", host_of(url).map_or("webhook", |(host, _)| host)),
            Place::Stdout => write!(f, "standard output"),
        }
    }
}

/// The operator's word. Has no `Debug`: it holds secrets.
pub(super) struct Operator {
    hosts: Vec<String>,
    webhook_url: Option<String>,
    login_host: Option<String>,
    /// Nick to begin with.
    pub nick: String,
    /// For the IRC network's services: user and password.
    pub sasl: Option<(String, Secret)>,
    /// Of the IRC server.
    pub password: Option<Secret>,
    /// Of signatures.
    pub key: Option<Secret>,
    /// Who we are, for whois and receivers.
    pub user_agent: String,
}

impl Operator {
    /// From the environment of `job`, which goes before that of all jobs.
    pub fn new(job: &str, account: &str, user_agent: &str, env: Lookup<'_>) -> Operator {
        let set = |name: &str| env(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let own = |name: &str| set(&job_variable(job, name)).or_else(|| set(&format!("WIKICREW_{name}")));
        let hosts = set("WIKICREW_FEED_HOSTS").unwrap_or_default();
        let hosts = hosts.split(',').map(|host| host.trim().to_lowercase());
        let sasl = own("IRC_SASL_USER").zip(own("IRC_SASL_PASSWORD"));
        Operator {
            hosts: hosts.filter(|host| !host.is_empty()).collect(),
            webhook_url: own("WEBHOOK_URL"),
            login_host: own("IRC_LOGIN_HOST").map(|host| host.to_lowercase()),
            nick: nick(&own("IRC_NICK").unwrap_or_else(|| account.to_owned())),
            sasl: sasl.map(|(user, password)| (user, Secret::new(password))),
            password: own("IRC_PASSWORD").map(Secret::new),
            key: own("WEBHOOK_KEY").map(Secret::new),
            user_agent: user_agent.to_owned(),
        }
    }

    /// Where a feed goes; errs, in words for people, when the operator does not let it.
    pub fn place(&self, feed: &Feed) -> Result<Place, String> {
        match &feed.sink {
            Sink::Stdout => Ok(Place::Stdout),
            Sink::Irc(irc) => {
                self.allows(&irc.server, irc.port)?;
                Ok(Place::Irc {
                    server: irc.server.clone(),
                    port: irc.port,
                    tls: irc.tls,
                })
            }
            Sink::Webhook(url) => {
                let key = self.key.as_ref().map_or(0, |key| key.expose().len());
                if key < KEY_BYTES {
                    return Err(format!(
                        "the operator has to set WIKICREW_WEBHOOK_KEY, with at least {KEY_BYTES} bytes"
                    ));
                }
                let Some(url) = url else {
                    let url = self.webhook_url.clone().map(Place::Webhook);
                    return url
                        .ok_or_else(|| "no address: set `url`, or the operator sets WIKICREW_WEBHOOK_URL".to_owned());
                };
                let (host, port) = host_of(url).ok_or("its address has no host")?;
                self.allows(host, port)?;
                Ok(Place::Webhook(url.clone()))
            }
        }
    }

    fn allows(&self, host: &str, port: u16) -> Result<(), String> {
        let host = host.to_lowercase();
        let whole = format!("{host}:{port}");
        if self.hosts.iter().any(|named| *named == host || *named == whole) {
            return Ok(());
        }
        Err(format!(
            "the operator has not named {whole} in WIKICREW_FEED_HOSTS, so nothing is sent there"
        ))
    }

    /// Whether this server gets the passwords: the one that the operator names, or the only one there is. Without a port in
    /// that name only the usual port with TLS: a settings page may name any port of a host.
    pub fn logs_in_at(&self, server: &str, port: u16) -> bool {
        let named = match (&self.login_host, self.hosts.as_slice()) {
            (Some(host), _) => host,
            (None, [only]) => only,
            (None, _) => return false,
        };
        match named.rsplit_once(':').filter(|(host, _)| !host.contains(':')) {
            Some((host, of)) => host == server && of.parse() == Ok(port),
            None => named == server && port == TLS_PORT,
        }
    }

    /// Whether passwords are set that this server does not get: something that the operator may have meant otherwise.
    pub fn keeps_passwords_from(&self, server: &str, port: u16) -> bool {
        (self.sasl.is_some() || self.password.is_some()) && !self.logs_in_at(server, port)
    }
}

/// Host and port of an http(s) address.
fn host_of(url: &str) -> Option<(&str, u16)> {
    let (rest, port) = match url.strip_prefix("https://") {
        Some(rest) => (rest, 443),
        None => (url.strip_prefix("http://")?, 80),
    };
    let authority = rest.split(['/', '?', '#']).next().filter(|text| !text.is_empty())?;
    if authority.contains('@') {
        return None;
    }
    let split = authority
        .rsplit_once(':')
        .filter(|(host, _)| !host.ends_with(':') && !authority.ends_with(']') && !host.is_empty());
    match split {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((authority, port)),
    }
}

/// An account's name as a nick: letters, digits and what RFC 2812 allows beside them, not beginning with a digit.
fn nick(account: &str) -> String {
    let fits = |c: char| {
        if c.is_ascii_alphanumeric() || "[]\\`_^{|}-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let mut nick: String = account.trim().chars().map(fits).take(NICK_CHARS).collect();
    if nick.starts_with(|c: char| c.is_ascii_digit() || c == '-') || nick.is_empty() {
        nick.insert(0, '_');
    }
    nick
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::core::feed::{Irc, Level};

    fn operator(set: &[(&str, &str)]) -> Operator {
        let set: Vec<(String, String)> = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let env = move |name: &str| set.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Operator::new("coi-report", "COI Bot", "Wikicrew-coi-report/0.1.0", &env)
    }

    fn feed(sink: Sink) -> Feed {
        Feed {
            name: "spam".to_owned(),
            wikis: None,
            rules: None,
            boxes: None,
            level: Level::All,
            max_age: TimeDelta::hours(6),
            sink,
        }
    }

    fn irc(server: &str) -> Sink {
        Sink::Irc(Irc {
            server: server.to_owned(),
            port: 6697,
            tls: true,
            channel: "#spam".to_owned(),
            highlights: false,
            trusted: Vec::new(),
        })
    }

    /// An admin of the wiki can name any host; only those of the operator are spoken to, and of these one gets secrets.
    #[test]
    fn only_the_operators_hosts_are_spoken_to() {
        let hosts = (
            "WIKICREW_FEED_HOSTS",
            "irc.example.org:6697, Hooks.example.org,127.0.0.1:8443",
        );
        let key = ("WIKICREW_WEBHOOK_KEY", "0123456789abcdef");
        let all = operator(&[hosts, key]);
        let hook = |url: &str| Sink::Webhook(Some(url.to_owned()));
        for (sink, goes) in [
            (irc("irc.example.org"), true),
            (irc("irc.example.net"), false),
            (hook("https://hooks.example.org/a"), true),
            (hook("https://hooks.example.org:8443/a"), true),
            (hook("https://127.0.0.1:8443/"), true),
            (hook("https://127.0.0.1/"), false),
            (hook("https://hooks.example.org.evil.example/a"), false),
            (hook("https://hooks.example.org@evil.example/a"), false),
            (Sink::Webhook(None), false),
            (Sink::Stdout, true),
        ] {
            let place = all.place(&feed(sink.clone()));
            assert_eq!(place.is_ok(), goes, "{sink:?}: {place:?}");
        }
        assert!(
            operator(&[hosts])
                .place(&feed(hook("https://hooks.example.org/a")))
                .is_err()
        );
        assert!(operator(&[]).place(&feed(irc("irc.example.org"))).is_err());

        assert!(!all.logs_in_at("irc.example.org", 6697));
        let one = operator(&[("WIKICREW_FEED_HOSTS", "irc.example.org:7000")]);
        assert!(one.logs_in_at("irc.example.org", 7000) && !one.logs_in_at("irc.example.org", 6697));
        let login = |host| operator(&[hosts, key, ("WIKICREW_IRC_LOGIN_HOST", host)]);
        let named = login("irc.example.org");
        assert!(named.logs_in_at("irc.example.org", 6697) && !named.logs_in_at("irc.example.org", 6667));
        assert!(!named.logs_in_at("127.0.0.1", 6697));
        assert!(login("Irc.example.org:6667").logs_in_at("irc.example.org", 6667));
    }

    #[test]
    fn a_nick_is_one_and_a_jobs_own_variable_goes_first() {
        assert_eq!(operator(&[]).nick, "COI_Bot");
        assert_eq!(nick("2Bot\r\nQUIT"), "_2Bot__QUIT");
        assert_eq!(nick("Бот"), "___");
        let both = [
            ("WIKICREW_IRC_NICK", "Wikicrew"),
            ("WIKICREW_COI_REPORT_IRC_NICK", "COIBot"),
        ];
        assert_eq!(operator(&both).nick, "COIBot");
    }
}
