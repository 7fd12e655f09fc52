//! Sessions on other wikis than the run's own: a job may read many. Which hosts may be spoken to, and which of them get
//! the credentials, is the operator's word: a settings page can only choose among them.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::Instant;

use crate::boot::Boot;
use crate::job::wiki_config;
use crate::wiki::stream::StreamConfig;
use crate::wiki::{Config, Session, Stop};

/// After this time of a run no request begins.
const LONGEST: Duration = Duration::from_secs(13 * 60);

/// What other sessions are opened with. Has no `Debug`: it holds a password.
#[derive(Clone)]
pub struct Others {
    config: Config,
    hosts: Vec<String>,
    login_hosts: Vec<String>,
    seed: u64,
    stop: Stop,
    deadline: Instant,
}

impl Others {
    /// From the run's bootstrap, at its start.
    pub fn new(boot: &Boot, seed: u64, stop: &Stop) -> Others {
        Others {
            config: wiki_config(boot),
            hosts: boot.api_hosts.clone(),
            login_hosts: boot.login_hosts.clone(),
            seed,
            stop: stop.clone(),
            deadline: Instant::now() + LONGEST,
        }
    }

    /// Whether the operator lets this `api.php` be spoken to; errs with the variable to set.
    pub fn allows(&self, api_url: &str) -> anyhow::Result<()> {
        among(&self.hosts, api_url)
    }

    /// How event streams are read: with the same name, patience and proxy. The address is the operator's.
    pub fn stream(&self, url: &str) -> StreamConfig {
        StreamConfig {
            timing: self.config.timing,
            proxy_from_env: self.config.proxy_from_env,
            ..StreamConfig::new(url, self.config.user_agent.clone())
        }
    }

    /// Opens a session there: logged in where WIKICREW_LOGIN_HOSTS names the host, else as an anonymous reader.
    pub async fn open(&self, api_url: &str) -> anyhow::Result<Session> {
        self.allows(api_url)?;
        let host = host_of(api_url).unwrap_or_default();
        let config = Config {
            api_url: api_url.to_owned(),
            allowed_hosts: vec![host.clone()],
            // The name is the home wiki's.
            wiki_key: None,
            ..self.config.clone()
        };
        let session = match is_among(&self.login_hosts, &host) {
            true => Session::login(config, self.seed, self.stop.clone()).await,
            false => Session::visit(config, self.seed, self.stop.clone()).await,
        };
        let session = session.with_context(|| format!("opening a session on {host}"))?;
        session.set_deadline(self.deadline);
        Ok(session)
    }
}

/// Whether an operator who set WIKICREW_API_HOSTS to `hosts` (`None`: to nothing, so that only the run's own host counts)
/// lets this `api.php` be spoken to; errs with the variable to set.
pub fn allows(hosts: Option<&str>, own: &str, api_url: &str) -> anyhow::Result<()> {
    let named = hosts.unwrap_or_default().split(',').map(str::trim);
    let mut named: Vec<String> = named.filter(|host| !host.is_empty()).map(str::to_owned).collect();
    if named.is_empty() {
        named.push(own.to_owned());
    }
    among(&named, api_url)
}

fn among(hosts: &[String], api_url: &str) -> anyhow::Result<()> {
    let host = host_of(api_url).with_context(|| format!("`{api_url}` is no address of an api.php"))?;
    if !is_among(hosts, &host) {
        bail!("{host} is not among the hosts that may be spoken to: the operator names it in WIKICREW_API_HOSTS");
    }
    Ok(())
}

/// Host of an address, with its port where one is written.
fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    (!host.is_empty() && !host.contains('@')).then(|| host.to_lowercase())
}

/// Entries are hosts, hosts with a port, or `*.` and a domain for everything below it.
fn is_among(entries: &[String], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    entries.iter().any(|entry| match entry.strip_prefix('*') {
        Some(domain) if domain.starts_with('.') && domain.len() > 1 => {
            let domain = domain.to_lowercase();
            name.len() > domain.len() && name.ends_with(&domain)
        }
        _ => entry.eq_ignore_ascii_case(host) || entry.eq_ignore_ascii_case(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_everything_below_a_domain() {
        let entries: Vec<String> = ["en.wikipedia.org", "*.wiktionary.org", "127.0.0.1:81", "*."]
            .map(str::to_owned)
            .to_vec();
        for (url, allowed) in [
            ("https://en.wikipedia.org/w/api.php", true),
            ("https://EN.wikipedia.org:444/w/api.php", true),
            ("https://de.wikipedia.org/w/api.php", false),
            ("https://de.wiktionary.org/w/api.php", true),
            ("https://wiktionary.org/w/api.php", false),
            ("https://evilwiktionary.org/w/api.php", false),
            ("https://wiktionary.org.evil.net/", false),
            ("http://127.0.0.1:81/w/api.php", true),
            ("http://127.0.0.1:82/w/api.php", false),
            ("https://user@en.wikipedia.org/", false),
            ("nonsense", false),
        ] {
            let host = host_of(url);
            assert_eq!(host.is_some_and(|host| is_among(&entries, &host)), allowed, "{url}");
        }
    }
}
