//! What is known of a connection after its registration, what waits to be said, and what waits for an answer. Pure: the
//! time comes in, lines and events go out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::Priority;
use super::error::{BAD_CHANNEL, NO_TEXT, NOT_ON_CHANNEL, NotSent, TRY_AGAIN};
use super::events::{Event, EventSender};
use super::message::Line;
use super::registration::Registered;
use super::text::{Text, room};

/// Where an answer goes.
pub type Reply = oneshot::Sender<Result<(), NotSent>>;

/// What a handle asks for.
pub enum Command {
    /// To be in a channel.
    Join { channel: String, reply: Reply },
    /// To be in it no more.
    Part { channel: String, why: Text },
    /// To say a line.
    Say(Saying, Priority),
    /// To end the connection; the sender is dropped when it has ended.
    Quit { why: Text, ended: oneshot::Sender<()> },
}

/// A line that waits to be said.
pub struct Saying {
    pub channel: String,
    pub text: Text,
    pub reply: Reply,
}

/// What the handles may know.
#[derive(Clone)]
pub struct Known {
    pub nick: String,
    pub accounts: bool,
}

/// Which letters of nicks and channels are the same (CASEMAPPING of the server).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folding {
    Ascii,
    Rfc1459,
    Unicode,
}

impl Folding {
    pub fn fold(self, name: &str) -> String {
        match self {
            Folding::Ascii => name.to_ascii_lowercase(),
            Folding::Unicode => name.to_lowercase(),
            Folding::Rfc1459 => {
                let lower = |c| match c {
                    '[' => '{',
                    ']' => '}',
                    '\\' => '|',
                    '~' => '^',
                    c => char::to_ascii_lowercase(&c),
                };
                name.chars().map(lower).collect()
            }
        }
    }
}

/// A channel that we asked to be in.
pub struct Joining {
    pub channel: String,
    until: Instant,
    replies: Vec<Reply>,
}

/// A line that is written; the server has not answered the PING behind it.
pub struct Flying {
    pub channel: String,
    pub token: String,
    until: Instant,
    reply: Reply,
}

/// Times of a connection.
#[derive(Clone, Copy)]
pub struct Times {
    pub pace: Duration,
    pub patience: Duration,
    pub ping_every: Duration,
}

/// A connection after its registration.
pub struct State {
    pub known: watch::Sender<Known>,
    pub server: String,
    pub user_host: Option<String>,
    pub folding: Folding,
    /// Channels that we are in: folded name, and the name as it was asked for.
    pub joined: BTreeMap<String, String>,
    pub joins: Vec<Joining>,
    pub flying: Option<Flying>,
    /// Our own PING, and when we give up.
    pub ping: Option<(String, Instant)>,
    pub next_ping: Instant,
    pub events: EventSender,
    pub out: Vec<Line>,
    pub times: Times,
    answers: VecDeque<Saying>,
    reports: VecDeque<Saying>,
    /// Whether the line before was an answer.
    answered: bool,
    next_text: Instant,
    tokens: u64,
}

impl State {
    pub fn new(registered: Registered, times: Times, events: EventSender, now: Instant) -> State {
        let (known, _) = watch::channel(Known {
            nick: registered.nick,
            accounts: registered.accounts,
        });
        State {
            known,
            server: registered.server,
            user_host: None,
            folding: Folding::Rfc1459,
            joined: BTreeMap::new(),
            joins: Vec::new(),
            flying: None,
            ping: None,
            next_ping: now + times.ping_every,
            events,
            out: Vec::new(),
            times,
            answers: VecDeque::new(),
            reports: VecDeque::new(),
            answered: false,
            next_text: now,
            tokens: 0,
        }
    }

    /// Takes a command; that it is over says [`Command::Quit`] only.
    pub fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Join { channel, reply } => self.join(channel, reply, now),
            Command::Part { channel, why } => {
                if self.joined.remove(&self.folding.fold(&channel)).is_some() {
                    self.out.extend(Line::new("PART", &[&channel, why.within(200)]));
                }
            }
            Command::Say(saying, Priority::Answer) => self.answers.push_back(saying),
            Command::Say(saying, Priority::Report) => self.reports.push_back(saying),
            Command::Quit { why, .. } => self.quit(&why),
        }
    }

    /// Says goodbye; what has not been written is not written any more.
    pub fn quit(&mut self, why: &Text) {
        self.forget_waiting("the connection is being ended");
        self.out.extend(Line::new("QUIT", &[why.within(200)]));
    }

    fn join(&mut self, channel: String, reply: Reply, now: Instant) {
        let folded = self.folding.fold(&channel);
        if self.joined.contains_key(&folded) {
            answer(reply, Ok(()));
            return;
        }
        if let Some(under_way) = self.joins.iter_mut().find(|j| self.folding.fold(&j.channel) == folded) {
            under_way.replies.push(reply);
            return;
        }
        match Line::new("JOIN", &[&channel]) {
            Ok(line) if is_channel(&channel) => {
                self.out.push(line);
                self.joins.push(Joining {
                    channel,
                    until: now + self.times.patience,
                    replies: vec![reply],
                });
            }
            _ => answer(reply, Err(NotSent::refused(BAD_CHANNEL, "this is no channel"))),
        }
    }

    /// A channel that we asked to be in is answered.
    pub fn join_answered(&mut self, at: usize, result: Result<(), NotSent>) {
        let joining = self.joins.swap_remove(at);
        if result.is_ok() {
            self.joined.insert(self.folding.fold(&joining.channel), joining.channel);
        }
        for reply in joining.replies {
            answer(reply, result.clone());
        }
    }

    /// The line under way is answered.
    pub fn said(&mut self, result: Result<(), NotSent>) {
        if let Some(flying) = self.flying.take() {
            answer(flying.reply, result);
        }
    }

    /// How many answers of the server are waited for.
    pub fn questions(&self) -> usize {
        self.joins.len() + usize::from(self.flying.is_some()) + usize::from(self.ping.is_some())
    }

    /// Waits for all answers from now on as long as for a fresh question.
    pub fn wait_longer(&mut self, now: Instant) {
        let joins = self.joins.iter_mut().map(|joining| &mut joining.until);
        let flying = self.flying.iter_mut().map(|flying| &mut flying.until);
        let ping = self.ping.iter_mut().map(|(_, until)| until);
        for until in joins.chain(flying).chain(ping) {
            *until = now + self.times.patience;
        }
    }

    /// Does what is due. Errs when the server has been silent for too long.
    pub fn due(&mut self, now: Instant) -> Result<(), String> {
        let late = self.ping.as_ref().map(|(_, until)| *until);
        if late
            .into_iter()
            .chain(self.flying.as_ref().map(|f| f.until))
            .any(|until| until <= now)
        {
            return Err(format!(
                "the server did not answer for {} s",
                self.times.patience.as_secs()
            ));
        }
        while let Some(at) = self.joins.iter().position(|joining| joining.until <= now) {
            self.join_answered(at, Err(NotSent::refused(TRY_AGAIN, "the server did not answer")));
        }
        if self.ping.is_none() && self.next_ping <= now {
            let token = self.token();
            self.out.extend(Line::new("PING", &[&token]));
            self.ping = Some((token, now + self.times.patience));
        }
        while self.flying.is_none() && self.next_text <= now {
            // In turns: neither may those who ask hold back the reports, nor the reports the answers.
            let is_answer = !self.answers.is_empty() && (!self.answered || self.reports.is_empty());
            let queue = if is_answer {
                &mut self.answers
            } else {
                &mut self.reports
            };
            let Some(saying) = queue.pop_front() else {
                break;
            };
            self.say(saying, now);
            // What nobody waited for took no turn.
            if self.flying.is_some() {
                self.answered = is_answer;
            }
        }
        Ok(())
    }

    /// When [`State::due`] has something to do next.
    pub fn wake(&self) -> Instant {
        let ping = self.ping.as_ref().map_or(self.next_ping, |(_, until)| *until);
        let waits = !self.answers.is_empty() || !self.reports.is_empty();
        let text = match &self.flying {
            Some(flying) => Some(flying.until),
            None => waits.then_some(self.next_text),
        };
        let joins = self.joins.iter().map(|joining| joining.until);
        joins.chain(text).fold(ping, Instant::min)
    }

    fn say(&mut self, saying: Saying, now: Instant) {
        let Saying { channel, text, reply } = saying;
        // Who asked has given up: nobody would know that it was said.
        if reply.is_closed() {
            return;
        }
        if !self.joined.contains_key(&self.folding.fold(&channel)) {
            answer(
                reply,
                Err(NotSent::refused(NOT_ON_CHANNEL, "we are not in this channel")),
            );
            return;
        }
        let room = room(&self.known.borrow().nick, self.user_host.as_deref(), &channel);
        let text = text.fitted(room);
        let token = self.token();
        let lines = [Line::new("PRIVMSG", &[&channel, &text]), Line::new("PING", &[&token])];
        let ([Ok(line), Ok(ping)], false) = (lines, text.is_empty()) else {
            answer(reply, Err(NotSent::refused(NO_TEXT, "there is nothing to say")));
            return;
        };
        self.out.extend([line, ping]);
        self.next_text = now + self.times.pace;
        self.flying = Some(Flying {
            channel,
            token,
            until: now + self.times.patience,
            reply,
        });
    }

    /// No two PINGs have the same token, so that no late PONG counts for another line.
    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("wikicrew-{}", self.tokens)
    }

    fn forget_waiting(&mut self, why: &str) {
        for saying in self.answers.drain(..).chain(self.reports.drain(..)) {
            answer(saying.reply, Err(NotSent::NotWritten(why.to_owned())));
        }
    }

    /// The connection is gone: everybody who waits is told.
    pub fn end(&mut self, why: &str) {
        self.said(Err(NotSent::InDoubt(why.to_owned())));
        self.forget_waiting(why);
        while !self.joins.is_empty() {
            self.join_answered(0, Err(NotSent::NotWritten(why.to_owned())));
        }
        self.events.send(Event::Gone(why.to_owned()));
    }
}

/// Whoever asked may have gone: nobody is told then.
fn answer(reply: Reply, result: Result<(), NotSent>) {
    reply.send(result).ok();
}

/// Whether this is one channel: a list of several would be said to all of them.
pub fn is_channel(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, ',' | ':');
    name.starts_with(['#', '&']) && (2..=50).contains(&name.len()) && name.chars().all(plain)
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
