//! Sessions on other wikis than the run's own: a job may read many. Which hosts may be spoken to, and which of them get
//! the credentials, is the operator's word: a settings page can only choose among them.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

use crate::boot::Boot;
use crate::job::wiki_config;
use crate::wiki::stream::StreamConfig;
use crate::wiki::{Config, Session, Stop, wiki_id_of};

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

    /// Who we are, for servers.
    pub fn user_agent(&self) -> &str {
        &self.config.user_agent
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
        let config = Config {
            api_url: api_url.to_owned(),
            // The name is the home wiki's.
            wiki_key: None,
            ..self.config.clone()
        };
        let session = match wiki_id_of(api_url, &self.login_hosts) {
            Ok(_) => Session::login(config, self.seed, self.stop.clone()).await,
            Err(_) => Session::visit(config, self.seed, self.stop.clone()).await,
        };
        let session = session.with_context(|| format!("opening a session on {api_url}"))?;
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
    wiki_id_of(api_url, hosts).context("the operator names the hosts that may be spoken to in WIKICREW_API_HOSTS")?;
    Ok(())
}
