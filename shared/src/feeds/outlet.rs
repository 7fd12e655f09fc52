//! An open sink: a connection to an IRC network with the channels it is in, a webhook, or standard output.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use super::Line;
use super::operator::{Operator, Place};
use crate::clock::Clock;
use crate::core::channel::is_same_nick;
use crate::core::feed::{Feed, Sink};
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::sink::irc::{self, Client, Events, NotSent, Priority, Text};
use crate::sink::stdout;
use crate::sink::webhook::{self, NotTaken};

/// Between two lines on one network.
const PACE: Duration = Duration::from_secs(1);
/// For connecting, registering and each answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// A connection on which nothing happens is asked so often whether it still stands.
const PING: Duration = Duration::from_secs(60);

/// An open sink.
pub(super) enum Outlet {
    /// A connection to an IRC network.
    Irc(Network),
    /// An address that takes POSTs.
    Webhook(webhook::Client),
    /// Standard output.
    Stdout,
}

/// A connection to an IRC network.
#[derive(Clone)]
pub(super) struct Network {
    /// The connection.
    pub client: Client,
    joined: Rc<RefCell<HashSet<String>>>,
    /// Channels that it was thrown out of, while that is being written down.
    thrown_out: Rc<RefCell<HashMap<String, String>>>,
}

impl Network {
    /// It is out of this channel.
    pub fn left(&self, channel: &str) {
        self.joined.borrow_mut().retain(|known| !is_same_nick(known, channel));
    }

    /// People took it out of this channel: it does not come back before that is written down, and then not for a while.
    pub fn is_thrown_out(&self, channel: &str, why: &str) {
        self.left(channel);
        self.thrown_out
            .borrow_mut()
            .insert(channel.to_lowercase(), why.to_owned());
    }

    /// That is written down.
    pub fn is_written_down(&self, channel: &str) {
        self.thrown_out.borrow_mut().remove(&channel.to_lowercase());
    }

    /// The channels it is in.
    pub fn channels(&self) -> Vec<String> {
        self.joined.borrow().iter().cloned().collect()
    }

    /// Enters a channel, if it is not there.
    pub async fn join(&self, channel: &str) -> Result<(), Failed> {
        if let Some(why) = self.thrown_out.borrow().get(&channel.to_lowercase()) {
            return Err(Failed::Refused {
                why: why.clone(),
                is_banned: true,
                of_line: false,
            });
        }
        if !self.joined.borrow().contains(channel) {
            self.client.join(channel).await.map_err(Failed::of_irc)?;
            self.joined.borrow_mut().insert(channel.to_owned());
        }
        Ok(())
    }
}

/// Why a line was not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failed {
    /// It may go out later.
    Later {
        /// In words for people.
        why: String,
        /// Whether it may have arrived all the same.
        in_doubt: bool,
        /// The receiver asks for so long a pause.
        after: Option<Duration>,
        /// The connection is gone; nothing else goes over it.
        is_gone: bool,
    },
    /// People of a channel do not let it speak there.
    Refused {
        /// In words for people.
        why: String,
        /// Whether it is banned.
        is_banned: bool,
        /// The channel may let other lines pass.
        of_line: bool,
    },
    /// It will never be taken.
    Never(String),
}

/// What servers answer about channels, in words that stay the same: the status page is not saved again for a server's
/// own ones. <https://modern.ircdocs.horse/#numerics>
fn in_words(code: u16) -> &'static str {
    match code {
        403 | 476 | 479 => "there is no such channel, or its name is not allowed",
        404 => "the channel does not let it speak",
        405 => "it is in too many channels",
        442 => "it is not in the channel",
        471 => "the channel is full",
        473 => "the channel is for invited people only",
        BANNED => "it is banned from the channel",
        475 => "the channel has a key",
        477 => "the channel is for people who are identified to services",
        _ => "the server refuses it",
    }
}

/// "Cannot join channel (+b)", <https://modern.ircdocs.horse/#errbannedfromchan-474>.
const BANNED: u16 = 474;
/// "Cannot send to channel", of a channel that lets nobody speak and of a text that a network takes for spam.
const NOT_SENT: u16 = 404;

impl Failed {
    /// Nothing was sent, and the connection is gone.
    pub fn later(why: String) -> Failed {
        Failed::Later {
            why,
            in_doubt: false,
            after: None,
            is_gone: true,
        }
    }

    fn of_irc(not_sent: NotSent) -> Failed {
        match not_sent {
            NotSent::Refused { code, text } => {
                tracing::info!("the IRC server says {code}: {}", terminal(&text));
                Failed::Refused {
                    is_banned: code == BANNED,
                    of_line: code == NOT_SENT,
                    why: format!("{} ({code})", in_words(code)),
                }
            }
            NotSent::NotWritten(why) => Failed::later(why),
            NotSent::InDoubt(why) => Failed::Later {
                why,
                in_doubt: true,
                after: None,
                is_gone: true,
            },
        }
    }

    /// What keeps people out is not tried again every few minutes.
    fn of_connection(error: &irc::Error) -> Failed {
        let after = match error {
            irc::Error::Banned(_) => Some(Duration::from_secs(60 * 60)),
            irc::Error::Login(_) | irc::Error::Nick(_) | irc::Error::Setting(_) => Some(Duration::from_secs(15 * 60)),
            irc::Error::Connection { .. } | irc::Error::Silent(_) => None,
        };
        Failed::Later {
            why: error.to_string(),
            in_doubt: false,
            after,
            is_gone: true,
        }
    }
}

impl Outlet {
    /// Opens a sink. Errs with [`Failed::Later`].
    pub async fn open(place: &Place, operator: &Operator, clock: Clock) -> Result<(Outlet, Option<Events>), Failed> {
        match place {
            Place::Stdout => Ok((Outlet::Stdout, None)),
            Place::Webhook(url) => {
                let key = operator
                    .key
                    .clone()
                    .ok_or_else(|| Failed::later("the operator has to set WIKICREW_WEBHOOK_KEY".to_owned()))?;
                let client = webhook::Client::new(webhook::Config {
                    url: url.clone(),
                    key,
                    user_agent: operator.user_agent.clone(),
                    patience: PATIENCE,
                })
                .map_err(Failed::later)?;
                Ok((Outlet::Webhook(client), None))
            }
            Place::Irc { server, port, tls } => {
                let logs_in = operator.logs_in_at(server, *port);
                if operator.keeps_passwords_from(server, *port) {
                    tracing::warn!("{place} gets no password: WIKICREW_IRC_LOGIN_HOST does not name it with its port");
                }
                let sasl = operator.sasl.clone().filter(|_| logs_in);
                let config = irc::Config {
                    server: server.clone(),
                    port: *port,
                    tls: *tls,
                    nick: operator.nick.clone(),
                    real_name: operator.user_agent.clone(),
                    password: operator.password.clone().filter(|_| logs_in),
                    sasl: sasl.map(|(user, password)| irc::Sasl { user, password }),
                    pace: clock.pause(PACE),
                    patience: PATIENCE,
                    ping_every: PING,
                };
                let (client, events) = Client::connect(config)
                    .await
                    .map_err(|error| Failed::of_connection(&error))?;
                let network = Network {
                    client,
                    joined: Rc::default(),
                    thrown_out: Rc::default(),
                };
                Ok((Outlet::Irc(network), Some(events)))
            }
        }
    }

    /// Whether it still stands.
    pub fn is_open(&self) -> bool {
        match self {
            Outlet::Irc(network) => network.client.is_open(),
            Outlet::Webhook(_) | Outlet::Stdout => true,
        }
    }

    /// Sends one line. `delivery`: the same for each try of the same line.
    pub async fn send(&self, feed: &Feed, delivery: &str, line: &Line, at: Timestamp) -> Result<(), Failed> {
        match (self, &feed.sink) {
            (Outlet::Irc(network), Sink::Irc(irc)) => {
                network.join(&irc.channel).await?;
                let text = Text::new(&line.text);
                let said = network.client.say(&irc.channel, &text, Priority::Report).await;
                said.map_err(|not_sent| {
                    if matches!(not_sent, NotSent::Refused { .. }) {
                        network.left(&irc.channel);
                    }
                    Failed::of_irc(not_sent)
                })
            }
            (Outlet::Webhook(client), _) => match client.post(delivery, at, &line.json).await {
                Ok(()) => Ok(()),
                Err(NotTaken::Refused { status, host }) => Err(Failed::Never(format!(
                    "the receiver refused a report ({status}): {host}"
                ))),
                // Whoever gets it twice knows it by its delivery.
                Err(NotTaken::Later { after, why, in_doubt }) => Err(Failed::Later {
                    why,
                    in_doubt,
                    after,
                    is_gone: false,
                }),
            },
            // Whoever reads the pipe may have stopped reading without closing it.
            (Outlet::Stdout, _) => match tokio::time::timeout(PATIENCE, stdout::line(&line.text)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Failed::later(format!("standard output: {error}"))),
                Err(_) => Err(Failed::Later {
                    why: "standard output is not read".to_owned(),
                    in_doubt: true,
                    after: None,
                    is_gone: true,
                }),
            },
            (Outlet::Irc(_), _) => Err(Failed::Never("the feed goes elsewhere by now".to_owned())),
        }
    }

    /// Closes it.
    pub async fn close(self, why: &str) {
        if let Outlet::Irc(network) = self {
            network.client.quit(why).await;
        }
    }
}
