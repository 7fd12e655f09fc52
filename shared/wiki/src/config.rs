//! What a session needs to know before its first request.
//!
//! Everything here comes from the operator, never from a wiki page. Nothing
//! that holds a password has a `Debug` form.

use crate::error::Error;
use reqwest::Url;
use std::net::IpAddr;
use std::time::Duration;
use wikicrew_core::types::Secret;

/// How the account proves who it is, if there is one.
/// <https://www.mediawiki.org/wiki/Manual:Bot_passwords>,
/// <https://www.mediawiki.org/wiki/OAuth/Owner-only_consumers>
#[derive(Clone)]
pub enum Credentials {
    /// A bot password made on `Special:BotPasswords`.
    BotPassword {
        /// `Account@Name of the bot password`.
        login: String,
        /// The generated part.
        password: Secret,
    },
    /// An owner-only OAuth 2 access token.
    OAuth2 {
        /// The bearer token.
        token: Secret,
    },
    /// Not at all: for [`Session::visit`](crate::Session::visit), which reads and never writes.
    None,
}

/// How fast and how long a session tries. Tests shorten all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Shortest pause before a second attempt; lag is waited for five times as
    /// long (the manual asks for at least 5 s).
    pub retry_floor: Duration,
    /// Longest pause of our own. A wiki may ask for twice as much with
    /// `Retry-After`; beyond that the request is given up.
    pub retry_cap: Duration,
    /// Attempts in all, the first one counted.
    pub max_attempts: u32,
    /// `maxlag` in seconds, never raised.
    /// <https://www.mediawiki.org/wiki/Manual:Maxlag_parameter>
    pub maxlag: u32,
    /// For one attempt from connecting to the last byte.
    pub request_timeout: Duration,
    /// Requests that may begin within any second, of all kinds.
    pub read_rate_per_second: u32,
    /// How long an edit in flight is awaited after a stop.
    pub stop_grace: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            retry_floor: Duration::from_secs(1),
            retry_cap: Duration::from_secs(60),
            max_attempts: 5,
            maxlag: 5,
            request_timeout: Duration::from_secs(30),
            read_rate_per_second: 10,
            stop_grace: Duration::from_secs(6),
        }
    }
}

/// One wiki, one account, and how to behave there.
#[derive(Clone)]
pub struct Config {
    /// Address of `api.php`; https, except on loopback.
    pub api_url: String,
    /// `client/version (contact)`; the library's own name is added.
    /// <https://foundation.wikimedia.org/wiki/Policy:User-Agent_policy>
    pub user_agent: String,
    /// User name of the bot: who is expected after login, and `assertuser`. Not used for a visit.
    pub account: String,
    /// How it logs in.
    pub credentials: Credentials,
    /// Hosts that may be spoken to, as `host`, `host:port`, or `*.domain` for
    /// everything below it; when empty, only the host of `api_url`.
    pub allowed_hosts: Vec<String>,
    /// Pauses, bounds and rates.
    pub timing: Timing,
    /// Whether `HTTP_PROXY` and its kin are obeyed.
    pub proxy_from_env: bool,
    /// What the wiki is called in the database and in edit tokens, if not after its address: keep it when the address
    /// changes.
    pub wiki_key: Option<String>,
}

/// `api_url` after all checks.
#[derive(Clone)]
pub(crate) struct Address {
    pub url: Url,
    /// Host, with the port where one is given.
    pub host: String,
    pub is_loopback: bool,
}

impl Address {
    pub(crate) fn wiki_id(&self) -> String {
        let path = self.url.path().trim_end_matches("api.php");
        format!("{}{}", self.host, path.trim_end_matches('/'))
    }
}

impl Config {
    /// Host (with a port that is not the usual one) and script path, such as `en.wikipedia.org/w`: the key of the
    /// wiki in the database, the same for every run. Errs when the address cannot be used.
    pub fn wiki_id(&self) -> Result<String, Error> {
        match &self.wiki_key {
            Some(key) => Ok(key.clone()),
            None => Ok(self.address()?.wiki_id()),
        }
    }

    /// Reads `api_url` and checks it against scheme and host rules. No request
    /// is ever made to an address that did not come from here.
    pub(crate) fn address(&self) -> Result<Address, Error> {
        Address::read(&self.api_url, &self.allowed_hosts)
    }
}

/// The key of the wiki with this `api.php` in the database ([`Config::wiki_id`]), for addresses that no session was made
/// of. Errs when the address cannot be used, or when its host is none of `allowed_hosts` (empty: any may be).
pub fn wiki_id_of(api_url: &str, allowed_hosts: &[String]) -> Result<String, Error> {
    Ok(Address::read(api_url, allowed_hosts)?.wiki_id())
}

impl Address {
    pub(crate) fn read(api_url: &str, allowed_hosts: &[String]) -> Result<Address, Error> {
        let bad = |reason: &str| Error::BadAddress {
            reason: reason.to_owned(),
        };
        let url = Url::parse(api_url).map_err(|e| bad(&e.to_string()))?;
        // The address itself is not shown: a password may stand in it.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it holds a user name or password; remove them"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad(
                "it must end with its path (such as /w/api.php), without `?` and `#`",
            ));
        }
        let name = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| bad("it names no host"))?
            .to_owned();
        let is_loopback = is_loopback(&name);
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            _ => {
                return Err(bad("it must begin with https:// (http:// on loopback only)"));
            }
        }
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.clone(),
        };
        let is_it = |entry: &String| is_named(entry, &name) || entry.eq_ignore_ascii_case(&host);
        if !allowed_hosts.is_empty() && !allowed_hosts.iter().any(is_it) {
            return Err(Error::HostNotAllowed {
                host,
                allowed: allowed_hosts.join(", "),
            });
        }
        Ok(Address { url, host, is_loopback })
    }
}

/// Whether an entry names a host, or with `*.` everything below a domain.
fn is_named(entry: &str, name: &str) -> bool {
    match entry.strip_prefix('*') {
        Some(domain) if domain.starts_with('.') && domain.len() > 1 => {
            name.len() > domain.len() && name.to_lowercase().ends_with(&domain.to_lowercase())
        }
        _ => entry.eq_ignore_ascii_case(name),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(api_url: &str, allowed: &[&str]) -> Config {
        Config {
            api_url: api_url.to_owned(),
            user_agent: "Test/1 (https://example.org)".to_owned(),
            account: "Bot".to_owned(),
            credentials: Credentials::OAuth2 {
                token: Secret::new("t"),
            },
            allowed_hosts: allowed.iter().map(|&h| h.to_owned()).collect(),
            timing: Timing::default(),
            proxy_from_env: false,
            wiki_key: None,
        }
    }

    #[test]
    fn only_safe_addresses_are_taken() {
        for (url, allowed, ok) in [
            ("https://en.example.org/w/api.php", &[][..], true),
            ("https://en.example.org/w/api.php", &["EN.example.org"], true),
            ("https://en.example.org/w/api.php", &["example.org"], false),
            ("https://example.org.evil.net/api.php", &["example.org"], false),
            ("https://de.Example.org:444/api.php", &["*.example.org"], true),
            ("https://example.org/api.php", &["*.example.org"], false),
            ("https://evilexample.org/api.php", &["*.example.org"], false),
            ("https://example.org.evil.net/api.php", &["*.example.org"], false),
            ("https://example.org/api.php", &["*.", "*"], false),
            ("https://example.org:444/api.php", &["example.org:444"], true),
            ("https://example.org:444/api.php", &["example.org:443"], false),
            ("http://example.org/w/api.php", &[], false),
            ("http://127.0.0.1:8080/api.php", &[], true),
            ("http://127.8.0.1/api.php", &[], true),
            ("http://[::1]:8080/api.php", &[], true),
            ("http://localhost:1/api.php", &[], true),
            ("http://localhost.evil.net/api.php", &[], false),
            ("ftp://127.0.0.1/api.php", &[], false),
            ("https://me:hush@example.org/api.php", &[], false),
            ("https://example.org/api.php?x=1", &[], false),
            ("/api.php", &[], false),
        ] {
            let result = config(url, allowed).address();
            assert_eq!(result.is_ok(), ok, "{url} {allowed:?}");
            if let Err(error) = result {
                assert!(!error.to_string().contains("hush"));
                assert!(error.stops_run() && error.never_written());
            }
        }
    }
}
