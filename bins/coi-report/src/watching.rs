//! The operator's flags of a scheduled run: what a settings page cannot decide.

use std::net::SocketAddr;

use shared::dns;

use crate::ingest::shard::Shard;
use crate::keep::Keep;

/// Wikimedia's streams. <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>
const STREAMS: &str = "https://stream.wikimedia.org/v2/stream";

/// Flags of a run without subcommand.
#[derive(clap::Args, Clone, Debug)]
pub struct Watching {
    /// Only the wikis of this part, as in 2/4; all parts may run at the same time. The first one also writes the pages
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// The name server to ask for the addresses of linked hosts, or `off` [default: this machine's]
    #[arg(long, env = "WIKICREW_DNS", value_name = "ADDRESS[:PORT]", value_parser = NameServer::read)]
    pub dns_server: Option<NameServer>,
    /// Where the event streams are
    #[arg(long, env = "WIKICREW_STREAM_URL", value_name = "URL", default_value = STREAMS)]
    pub stream_url: String,
    /// How long a run listens to them, in seconds
    #[arg(long, env = "WIKICREW_STREAM_SECONDS", value_name = "SECONDS", default_value_t = 240,
        value_parser = clap::value_parser!(u64).range(1..=600))]
    pub stream_seconds: u64,
    /// How much is kept.
    #[command(flatten)]
    pub keep: Keep,
}

/// Who is asked for addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameServer {
    /// Nobody.
    Off,
    /// This one.
    At(SocketAddr),
}

impl NameServer {
    /// `off`, or an address with or without a port.
    pub fn read(text: &str) -> Result<NameServer, String> {
        match text.trim() {
            "off" => Ok(NameServer::Off),
            text => dns::server(text).map(NameServer::At),
        }
    }

    /// The address; `None`: nobody is asked.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            NameServer::Off => None,
            NameServer::At(address) => Some(address),
        }
    }
}

impl Watching {
    /// Whether this part of the work has the wiki with this key.
    pub fn has(&self, wiki: &str) -> bool {
        self.shard.is_none_or(|shard| shard.has(wiki))
    }

    /// Whether this part, or the undivided work, also writes pages and takes commands.
    pub fn is_first_part(&self) -> bool {
        self.shard.is_none_or(Shard::is_first)
    }

    /// `None`: nobody is asked; `Some(None)`: the name servers of this machine.
    pub fn name_server(&self) -> Option<Option<SocketAddr>> {
        match self.dns_server {
            Some(NameServer::Off) => None,
            Some(NameServer::At(address)) => Some(Some(address)),
            None => Some(None),
        }
    }
}
