//! The first words with a server: capabilities, login, nick. A password is sent only where nobody can read it on the
//! way; where a login is set and the server does not take it, there is no connection, for without it the nick may be
//! anybody's. Pure: lines in, lines out.
//! <https://modern.ircdocs.horse/#connection-registration>, <https://ircv3.net/specs/extensions/capability-negotiation>,
//! <https://ircv3.net/specs/extensions/sasl-3.1>

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::{Error, words};
use super::message::{Line, Message, Unsayable};
use super::text::Text;
use super::{Config, Sasl};

/// Tells with each message to which account of the services its sender has logged in.
pub const ACCOUNTS: &str = "account-tag";
/// Marks what was said earlier and is only played back, so that no command is carried out twice.
const BATCH: &str = "batch";
const SASL: &str = "sasl";
/// Bytes of a part of an answer to AUTHENTICATE.
const SASL_PART: usize = 400;

/// What is agreed with the server.
#[derive(Debug, PartialEq, Eq)]
pub struct Registered {
    /// Our nick.
    pub nick: String,
    /// Name of the server.
    pub server: String,
    /// Whether it tells accounts.
    pub accounts: bool,
}

/// What follows from a message.
pub enum Next {
    /// These lines are to be sent.
    Send(Vec<Line>),
    /// It is over.
    Done(Registered),
}

/// A registration under way.
pub struct Registration {
    place: String,
    nicks: std::array::IntoIter<String, NICKS>,
    sasl: Option<Sasl>,
    logged_in: bool,
    offered: Vec<String>,
    asked: BTreeSet<&'static str>,
    got: BTreeSet<&'static str>,
    ended: bool,
}

impl Registration {
    /// The first lines. `safe`: nobody else can read what is sent. Errs where something of the configuration cannot be
    /// sent, or there is a password and it is not safe.
    pub fn begin(config: &Config, safe: bool) -> Result<(Registration, Vec<Line>), Error> {
        if !safe && (config.password.is_some() || config.sasl.is_some()) {
            return Err(Error::Login(
                "a password is sent over TLS or to this machine only".to_owned(),
            ));
        }
        let odd = |c: char| c.is_control() || c.is_whitespace() || "!@,:#&*?$".contains(c);
        if config.nick.is_empty() || config.nick.contains(odd) {
            return Err(Unsayable("NICK").into());
        }
        // It would end the user's name, or begin the password.
        let nul = |sasl: &Sasl| sasl.user.contains('\0') || sasl.password.expose().contains('\0');
        if config.sasl.as_ref().is_some_and(nul) {
            return Err(Unsayable("AUTHENTICATE").into());
        }
        let mut nicks = nicks(&config.nick).into_iter();
        let nick = nicks.next().unwrap_or_default();
        let mut lines = vec![Line::new("CAP", &["LS", "302"])?];
        if let Some(password) = &config.password {
            lines.push(Line::new("PASS", &[password.expose()])?);
        }
        lines.push(Line::new("NICK", &[&nick])?);
        let user: String = config
            .nick
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(9)
            .collect();
        let user = if user.is_empty() { "bot" } else { &user };
        let real_name = Text::new(&config.real_name);
        lines.push(Line::new("USER", &[user, "0", "*", real_name.within(200)])?);
        let registration = Registration {
            place: config.place(),
            nicks,
            sasl: config.sasl.clone(),
            logged_in: false,
            offered: Vec::new(),
            asked: BTreeSet::new(),
            got: BTreeSet::new(),
            ended: false,
        };
        Ok((registration, lines))
    }

    /// What follows from this message of the server.
    pub fn on(&mut self, message: &Message) -> Result<Next, Error> {
        let said = || words(message.last());
        let lines = match message.command.as_str() {
            "PING" => Line::new("PONG", &[message.last()]).into_iter().collect(),
            "CAP" => self.cap(message)?,
            "AUTHENTICATE" if message.param(0) == "+" => self.credentials()?,
            "903" => {
                self.logged_in = true;
                self.asked.remove(SASL);
                self.end_when_agreed()?
            }
            "902" | "904" | "905" | "906" | "907" | "908" => return Err(Error::Login(said())),
            "464" => return Err(Error::Login(said())),
            "465" => return Err(Error::Banned(said())),
            // Where the first one is no nick at all, others like it are no use.
            "432" if self.nicks.len() == NICKS - 1 => return Err(Error::Nick(said())),
            "432" | "433" | "436" | "437" => {
                let nick = self.nicks.next().ok_or_else(|| Error::Nick(said()))?;
                vec![Line::new("NICK", &[&nick])?]
            }
            "ERROR" => {
                return Err(Error::Connection {
                    server: self.place.clone(),
                    why: said(),
                });
            }
            "001" if self.sasl.is_some() && !self.logged_in => {
                return Err(Error::Login("it let us in without asking for the login".to_owned()));
            }
            // Without a nick it welcomes nobody.
            "001" if !message.param(0).is_empty() => {
                return Ok(Next::Done(Registered {
                    nick: message.param(0).to_owned(),
                    server: message.source.clone().unwrap_or_default(),
                    accounts: self.got.contains(ACCOUNTS),
                }));
            }
            _ => Vec::new(),
        };
        Ok(Next::Send(lines))
    }

    fn cap(&mut self, message: &Message) -> Result<Vec<Line>, Error> {
        let capabilities = || message.last().split(' ').filter(|name| !name.is_empty());
        match message.param(1) {
            "LS" if self.ended => Ok(Vec::new()),
            "LS" => {
                // Bounded: a server has dozens of them, not thousands.
                self.offered.extend(capabilities().take(500).map(str::to_owned));
                self.offered.truncate(1000);
                if message.param(2) == "*" && message.params.len() > 3 {
                    return Ok(Vec::new());
                }
                self.ask()
            }
            "ACK" => {
                let mut lines = Vec::new();
                for name in capabilities() {
                    if let Some(name) = self.asked.take(name) {
                        self.got.insert(name);
                    }
                    if name == SASL && self.sasl.is_some() {
                        // Agreed only when the login is.
                        self.asked.insert(SASL);
                        lines.push(Line::new("AUTHENTICATE", &["PLAIN"])?);
                    }
                }
                lines.extend(self.end_when_agreed()?);
                Ok(lines)
            }
            "NAK" => {
                for name in capabilities() {
                    if name == SASL && self.sasl.is_some() {
                        return Err(Error::Login("the server refuses SASL".to_owned()));
                    }
                    self.asked.remove(name);
                }
                self.end_when_agreed()
            }
            _ => Ok(Vec::new()),
        }
    }

    fn ask(&mut self) -> Result<Vec<Line>, Error> {
        let of = |wanted: &str| {
            self.offered
                .iter()
                .map(|offer| offer.split_once('=').unwrap_or((offer, "")))
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let mut wanted: Vec<&'static str> = [ACCOUNTS, BATCH]
            .into_iter()
            .filter(|name| of(name).is_some())
            .collect();
        if self.sasl.is_some() {
            let Some(mechanisms) = of(SASL) else {
                return Err(Error::Login("the server has no SASL now".to_owned()));
            };
            if !mechanisms.is_empty() && !mechanisms.split(',').any(|name| name.eq_ignore_ascii_case("PLAIN")) {
                return Err(Error::Login(format!(
                    "the server has SASL, but not PLAIN: {}",
                    words(mechanisms)
                )));
            }
            wanted.push(SASL);
        }
        self.asked.extend(&wanted);
        // One line for each: a server refuses or grants a line as a whole.
        let mut lines = Vec::new();
        for name in wanted {
            lines.push(Line::new("CAP", &["REQ", name])?);
        }
        lines.extend(self.end_when_agreed()?);
        Ok(lines)
    }

    fn end_when_agreed(&mut self) -> Result<Vec<Line>, Error> {
        if self.ended || !self.asked.is_empty() {
            return Ok(Vec::new());
        }
        self.ended = true;
        Ok(vec![Line::new("CAP", &["END"])?])
    }

    /// User and password, as SASL's PLAIN wants them.
    fn credentials(&mut self) -> Result<Vec<Line>, Error> {
        let Some(sasl) = self.sasl.as_ref().filter(|_| self.asked.contains(SASL)) else {
            return Ok(Vec::new());
        };
        let both = STANDARD.encode(format!("\0{}\0{}", sasl.user, sasl.password.expose()));
        let mut lines = Vec::new();
        let mut rest = both.as_str();
        while let Some((part, after)) = rest.split_at_checked(SASL_PART) {
            lines.push(Line::new("AUTHENTICATE", &[part])?);
            rest = after;
        }
        // A full last part is followed by an empty one.
        let rest = if rest.is_empty() { "+" } else { rest };
        lines.push(Line::new("AUTHENTICATE", &[rest])?);
        Ok(lines)
    }
}

/// How many nicks are tried.
const NICKS: usize = 5;

/// The nick and what is tried when somebody else has it. The last one is no longer than the first, for servers whose
/// nicks are short.
fn nicks(nick: &str) -> [String; NICKS] {
    let mut short = nick.to_owned();
    short.pop();
    [
        nick.to_owned(),
        format!("{nick}_"),
        format!("{nick}__"),
        format!("{nick}1"),
        format!("{short}2"),
    ]
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
