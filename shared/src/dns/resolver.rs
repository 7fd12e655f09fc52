//! Asks a name server for the addresses of a host, and nobody else: no hosts file, no search domains, no connection to
//! the host. Everything that comes back is somebody else's text: what does not fit is an error of that one host.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;

use super::public::is_public;
use crate::db::links::host_ip::Answer;

/// How long an answer is waited for, aliases and everything included.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// Hosts asked for at the same time.
pub const AT_ONCE: usize = 8;
/// Addresses kept of one host: the lowest ones, so that a name with a thousand of them stays the same from day to day.
pub const MOST: usize = 16;

const PORT: u16 = 53;

/// There is nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error("no name server ({0}): mend /etc/resolv.conf, or name one in WIKICREW_DNS, as in 127.0.0.1:5353")]
pub struct NoServer(String);

/// Reads what an operator wrote: `9.9.9.9`, `127.0.0.1:5353`, `2620:fe::fe`, `[::1]:5353`. Errs in words for the
/// operator; a name is not accepted, because somebody would have to be asked for it.
pub fn server(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let alone = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    match (text.parse::<SocketAddr>(), alone.parse::<IpAddr>()) {
        (Ok(server), _) if server.port() > 0 => Ok(server),
        (_, Ok(ip)) => Ok(SocketAddr::new(ip, PORT)),
        _ => Err(format!(
            "`{text}` is not the address of a name server: write ADDRESS or ADDRESS:PORT"
        )),
    }
}

/// The way to the name server. Cloning it is cheap. It starts no threads; its work is done by the runtime it is used in.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

impl Resolver {
    /// Asks `server`, or the name servers of this machine (`/etc/resolv.conf`; of it only the addresses count).
    pub fn new(server: Option<SocketAddr>) -> Result<Resolver, NoServer> {
        let no_server = |error: NetError| NoServer(error.to_string());
        let servers = match server {
            Some(server) => {
                let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                for connection in &mut connections {
                    connection.port = server.port();
                }
                vec![NameServerConfig::new(server.ip(), true, connections.into())]
            }
            None => read_system_conf().map_err(no_server)?.0.name_servers().to_vec(),
        };
        let config = ResolverConfig::from_name_servers(servers);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        // A lost packet is sent again within that time; a refusal is not asked for twice.
        options.attempts = 0;
        options.use_hosts_file = ResolveHosts::Never;
        // Nothing is asked twice in a run, and what is kept longer is in the database.
        options.cache_size = 0;
        builder.build().map(Resolver).map_err(no_server)
    }

    /// The public addresses of `host` (ASCII, without a final dot), at most [`MOST`], sorted. That one of the two kinds
    /// of addresses did not come does not matter where the other did. No name that could exist is an answer too: none.
    pub async fn ask(&self, host: &str) -> Answer {
        let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // With the dot: the name is the whole name, so nothing is ever put behind it.
        let Some(name) = Some(host)
            .filter(|host| !host.is_empty() && !host.ends_with('.') && host.chars().all(sound))
            .and_then(|host| Name::from_ascii(format!("{host}.")).ok())
        else {
            return Answer::None;
        };
        let (four, six) = tokio::join!(self.kind(&name, RecordType::A), self.kind(&name, RecordType::AAAA));
        let failed = four.is_none() || six.is_none();
        let found: BTreeSet<IpAddr> = four
            .into_iter()
            .chain(six)
            .flatten()
            .filter(|&ip| is_public(ip))
            .collect();
        match (found.is_empty(), failed) {
            (false, _) => Answer::Addresses(found.into_iter().take(MOST).collect()),
            (true, false) => Answer::None,
            (true, true) => Answer::NoAnswer,
        }
    }

    /// The addresses of one kind; `None` where no answer came.
    async fn kind(&self, name: &Name, kind: RecordType) -> Option<Vec<IpAddr>> {
        match tokio::time::timeout(PATIENCE, self.0.lookup(name.clone(), kind)).await {
            Ok(Ok(lookup)) => {
                let addresses = lookup.answers().iter().filter_map(|record| match &record.data {
                    RData::A(ip) => Some(IpAddr::V4(ip.0)),
                    RData::AAAA(ip) => Some(IpAddr::V6(ip.0)),
                    _ => None,
                });
                Some(addresses.collect())
            }
            Ok(Err(error)) if error.is_no_records_found() => Some(Vec::new()),
            Ok(Err(error)) => {
                tracing::debug!(%name, %kind, %error, "no answer from the name server");
                None
            }
            Err(_) => {
                tracing::debug!(%name, %kind, "the name server took too long");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_server_is_named_by_its_address() {
        for (text, wanted) in [
            ("9.9.9.9", "9.9.9.9:53"),
            (" 127.0.0.1:5353 ", "127.0.0.1:5353"),
            ("2620:fe::fe", "[2620:fe::fe]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:5353", "[::1]:5353"),
        ] {
            assert_eq!(server(text).unwrap().to_string(), wanted, "{text}");
        }
        for text in [
            "",
            "ns.example.org",
            "127.0.0.1:0",
            "127.0.0.1:99999",
            "127.0.0.1:",
            "localhost:53",
        ] {
            assert!(server(text).unwrap_err().contains("ADDRESS"), "{text}");
        }
    }
}
