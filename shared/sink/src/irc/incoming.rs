//! What the messages of a server mean to a registered connection. Only the server is believed: nobody else can answer
//! for it, and an account counts only where the server tells it.
//! <https://modern.ircdocs.horse/#numerics>, <https://ircv3.net/specs/extensions/account-tag>

use tokio::time::Instant;

use super::error::{NO_TEXT, NotSent, TRY_AGAIN, words};
use super::events::{Event, Leave};
use super::message::{Line, Message};
use super::registration::ACCOUNTS;
use super::state::{Folding, State};

/// "Cannot send to channel": never about a JOIN.
const CANNOT_SEND: &str = "404";
/// Begin of messages between programs (CTCP).
const CTCP: char = '\u{1}';

impl State {
    /// Takes a message. Errs when the server says that it is over.
    pub fn message(&mut self, message: &Message, now: Instant) -> Result<(), String> {
        let asked = self.questions();
        self.understand(message, now)?;
        if self.questions() < asked {
            // It comes to everything in its order, and many servers only to one command in a second.
            self.wait_longer(now);
        }
        Ok(())
    }

    fn understand(&mut self, message: &Message, now: Instant) -> Result<(), String> {
        match message.command.as_str() {
            "PING" => self.out.extend(Line::new("PONG", &[message.last()])),
            "PONG" => self.pong(message, now),
            "PRIVMSG" => self.heard(message),
            "JOIN" => self.somebody_joined(message),
            "PART" if self.is_me(message.sender().0) => {
                self.left(message.param(0), message, message.param(1), Leave::Parted)
            }
            "KICK" if self.is_me(message.param(1)) => {
                self.left(message.param(0), message, message.param(2), Leave::Kicked)
            }
            "NICK" if self.is_me(message.sender().0) => {
                let nick = message.param(0).to_owned();
                self.known.send_modify(|known| known.nick = nick);
            }
            "KILL" if self.is_me(message.param(0)) => {
                return Err(format!("we were disconnected: {}", words(message.last())));
            }
            "ERROR" => return Err(format!("the server ended the connection: {}", words(message.last()))),
            "CAP" => self.capability(message),
            "FAIL" => self.failed(message),
            "005" => self.supports(message),
            "396" if self.is_me(message.param(0)) => self.shown_as(message.param(1)),
            "470" => self.forwarded(message),
            _ => self.refusal(message),
        }
        Ok(())
    }

    fn is_me(&self, nick: &str) -> bool {
        self.folding.fold(nick) == self.folding.fold(&self.known.borrow().nick)
    }

    fn same(&self, one: &str, other: &str) -> bool {
        self.folding.fold(one) == self.folding.fold(other)
    }

    /// Some servers pass on a PONG that a person sends to us: that one answers nothing.
    fn pong(&mut self, message: &Message, now: Instant) {
        let by_server = message
            .source
            .as_ref()
            .is_none_or(|source| *source == self.server || (source.contains('.') && !source.contains('!')));
        if !by_server {
            return;
        }
        let token = message.last();
        if self.flying.as_ref().is_some_and(|flying| flying.token == token) {
            self.said(Ok(()));
        }
        if self.ping.as_ref().is_some_and(|(ours, _)| ours == token) {
            self.ping = None;
            self.next_ping = now + self.times.ping_every;
        }
    }

    fn heard(&mut self, message: &Message) {
        let (nick, from) = message.sender();
        let text = message.param(1);
        // What a server plays back was said, and carried out, earlier.
        let played_back = message.tag("batch").is_some();
        if text.is_empty() || text.starts_with(CTCP) || played_back || from.is_empty() || self.is_me(nick) {
            return;
        }
        let Some(channel) = self.joined.get(&self.folding.fold(message.param(0))) else {
            return;
        };
        let account = message
            .tag("account")
            .filter(|account| !account.is_empty() && *account != "*");
        let accounts = self.known.borrow().accounts;
        self.events.send(Event::Said {
            channel: channel.clone(),
            nick: nick.to_owned(),
            from: from.to_owned(),
            account: account.filter(|_| accounts).map(str::to_owned),
            text: text.to_owned(),
        });
    }

    fn somebody_joined(&mut self, message: &Message) {
        let (nick, user_host) = message.sender();
        if !self.is_me(nick) {
            return;
        }
        if !user_host.is_empty() {
            self.user_host = Some(user_host.to_owned());
        }
        let channel = message.param(0);
        if let Some(at) = self
            .joins
            .iter()
            .position(|joining| self.same(&joining.channel, channel))
        {
            self.join_answered(at, Ok(()));
        } else if !self.joined.contains_key(&self.folding.fold(channel)) {
            // Put there by somebody, or later than we waited: nobody reads it.
            self.out.extend(Line::new("PART", &[channel]));
        }
    }

    fn left(&mut self, channel: &str, message: &Message, why: &str, kind: Leave) {
        // Not among the joined where we left ourselves.
        if let Some(channel) = self.joined.remove(&self.folding.fold(channel)) {
            self.events.send(Event::Out {
                channel,
                by: words(message.sender().0),
                why: words(why),
                kind,
            });
        }
    }

    /// A server can come to tell accounts, and cease to.
    fn capability(&mut self, message: &Message) {
        let named = |name: &str| message.last().split(' ').any(|of| of.split('=').next() == Some(name));
        match message.param(1) {
            "NEW" if named(ACCOUNTS) => self.out.extend(Line::new("CAP", &["REQ", ACCOUNTS])),
            "ACK" if named(ACCOUNTS) => self.known.send_modify(|known| known.accounts = true),
            "DEL" if named(ACCOUNTS) => self.known.send_modify(|known| known.accounts = false),
            _ => {}
        }
    }

    fn supports(&mut self, message: &Message) {
        for token in &message.params {
            let folding = match token.strip_prefix("CASEMAPPING=") {
                Some("ascii") => Folding::Ascii,
                Some("precis" | "rfc7613" | "rfc8265") => Folding::Unicode,
                _ => continue,
            };
            self.folding = folding;
            let joined = std::mem::take(&mut self.joined);
            self.joined = joined.into_values().map(|name| (folding.fold(&name), name)).collect();
        }
    }

    /// A new host; some servers give the user name with it.
    fn shown_as(&mut self, host: &str) {
        let user = self.user_host.as_deref().and_then(|old| old.split('@').next());
        self.user_host = match (host.contains('@'), user) {
            (true, _) => Some(host.to_owned()),
            (false, Some(user)) => Some(format!("{user}@{host}")),
            (false, None) => None,
        };
    }

    /// The channel has another one for those whom it does not take: we are not what people there wait for. Should we be
    /// put there, we leave.
    fn forwarded(&mut self, message: &Message) {
        let channel = message.param(1);
        if let Some(at) = self
            .joins
            .iter()
            .position(|joining| self.same(&joining.channel, channel))
        {
            self.join_answered(at, Err(NotSent::by(message)));
        }
    }

    /// A refusal with a word for a number: `FAIL <command> <word> … :text`.
    fn failed(&mut self, message: &Message) {
        match message.param(0) {
            "PRIVMSG" => self.said(Err(NotSent::by(message))),
            "JOIN" => {
                let about = |joining: &super::state::Joining| {
                    message
                        .params
                        .iter()
                        .skip(2)
                        .any(|param| self.same(param, &joining.channel))
                };
                if let Some(at) = self.joins.iter().position(about) {
                    self.join_answered(at, Err(NotSent::by(message)));
                }
            }
            _ => {}
        }
    }

    /// An error with a number: about a channel, or about the line under way.
    fn refusal(&mut self, message: &Message) {
        let Some(code) = message.numeric() else { return };
        let about = message.param(1);
        match code {
            // Too long, no text, no parameters: of what we send only texts can be.
            417 | NO_TEXT | 461 if matches!(about, "PRIVMSG") || code != 461 => self.said(Err(NotSent::by(message))),
            TRY_AGAIN if about == "PRIVMSG" => self.said(Err(NotSent::by(message))),
            400..600 => {
                let joining = self.joins.iter().position(|joining| self.same(&joining.channel, about));
                if let Some(at) = joining.filter(|_| message.command != CANNOT_SEND) {
                    self.join_answered(at, Err(NotSent::by(message)));
                } else if self
                    .flying
                    .as_ref()
                    .is_some_and(|flying| self.same(&flying.channel, about))
                {
                    self.said(Err(NotSent::by(message)));
                }
            }
            _ => {}
        }
    }
}
