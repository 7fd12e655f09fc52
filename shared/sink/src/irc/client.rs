//! The connection's task, and the handles that ask it for something.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use super::error::{Error, NotSent};
use super::events::{Events, channel};
use super::registration::{Next, Registered, Registration};
use super::state::{Command, Known, Reply, Saying, State, Times};
use super::text::Text;
use super::wire::{Stream, Wire};
use super::{Config, Priority};

/// Commands that wait for the task; callers wait when there are more.
const COMMANDS: usize = 64;
/// How long a server has to take leave.
const LEAVE: Duration = Duration::from_secs(2);

/// A handle to a connection. The task behind it ends when the connection does, when [`Client::quit`] says so, or when
/// the last handle is dropped.
#[derive(Clone)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    known: watch::Receiver<Known>,
}

impl Client {
    /// Connects, logs in where the configuration has a login, and takes a nick: the one asked for or, where somebody has
    /// it, one like it. Needs tokio's runtime. Errs when there is no connection, the login or all nicks are refused, or
    /// we are banned.
    pub async fn connect(config: Config) -> Result<(Client, Events), Error> {
        let silent = |_| Error::Silent(config.place());
        let lost = |e: io::Error| Error::Connection {
            server: config.place(),
            why: e.to_string(),
        };
        let (stream, safe) = timeout(config.patience, open(&config))
            .await
            .map_err(silent)?
            .map_err(lost)?;
        let mut wire = Wire::new(stream);
        let (mut registration, lines) = Registration::begin(&config, safe)?;
        for line in &lines {
            wire.put(line);
        }
        let registered = timeout(config.patience, async {
            loop {
                if let Some(registered) = answers(&mut registration, &mut wire)? {
                    return Ok::<_, Error>(registered);
                }
                wire.turn().await.map_err(lost)?;
            }
        })
        .await
        .map_err(silent)??;
        let times = Times {
            pace: config.pace,
            patience: config.patience,
            ping_every: config.ping_every,
        };
        let (sender, events) = channel();
        let state = State::new(registered, times, sender, Instant::now());
        let known = state.known.subscribe();
        let (commands, asked) = mpsc::channel(COMMANDS);
        tokio::spawn(run(wire, state, asked));
        Ok((Client { commands, known }, events))
    }

    /// Joins a channel; `Ok` too when we are in it. Errs with [`NotSent::NotWritten`] when the connection is gone, else
    /// with what the server says, such as 474 (banned), 471 (full),
    /// 473 (invited people only), 475 (key), 477 (needs a login), 470 (it would put us into another channel), or 263
    /// where it says nothing within [`Config::patience`].
    pub async fn join(&self, channel: &str) -> Result<(), NotSent> {
        let channel = channel.to_owned();
        self.ask(|reply| Command::Join { channel, reply }).await
    }

    /// Leaves a channel. Nothing happens where we are not in it.
    pub async fn part(&self, channel: &str, why: &str) {
        let (channel, why) = (channel.to_owned(), Text::new(why));
        self.commands.send(Command::Part { channel, why }).await.ok();
    }

    /// Says one line in a channel that we are in, cut to what fits. There is at most one within [`Config::pace`],
    /// answers and reports in turns, so this may wait long. `Ok` once the server has taken it: IRC knows no receipt, but a
    /// server handles commands in their order, and it has answered a PING that was sent right behind the line. When the
    /// future is dropped before its turn comes, nothing is written. Errs with whether something may have been shown.
    pub async fn say(&self, channel: &str, text: &Text, priority: Priority) -> Result<(), NotSent> {
        let (channel, text) = (channel.to_owned(), text.clone());
        self.ask(|reply| Command::Say(Saying { channel, text, reply }, priority))
            .await
    }

    async fn ask(&self, command: impl FnOnce(Reply) -> Command) -> Result<(), NotSent> {
        let gone = || NotSent::NotWritten("the connection is gone".to_owned());
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| gone())?;
        // The task answers everything that it has taken; where it could not, nobody knows how far it came.
        let unknown = || NotSent::InDoubt("the connection ended unexpectedly".to_owned());
        answer.await.unwrap_or_else(|_| Err(unknown()))
    }

    /// Our nick, as it is now.
    pub fn nick(&self) -> String {
        self.known.borrow().nick.clone()
    }

    /// Whether the server tells the accounts of those who say something.
    pub fn tells_accounts(&self) -> bool {
        self.known.borrow().accounts
    }

    /// Whether there is a connection, as far as anybody knows.
    pub fn is_open(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Ends the connection with a word to the channels; waits for the server at most 2 seconds.
    pub async fn quit(&self, why: &str) {
        let (ended, end) = oneshot::channel();
        let why = Text::new(why);
        if self.commands.send(Command::Quit { why, ended }).await.is_ok() {
            // An error of it says that the task has dropped the other end: it has ended.
            timeout(LEAVE + LEAVE / 4, end).await.ok();
        }
    }
}

/// A connection, and whether nobody else can read what goes over it.
async fn open(config: &Config) -> io::Result<(Box<dyn Stream>, bool)> {
    let bare = config.server.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<_> = tokio::net::lookup_host((bare, config.port)).await?.collect();
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "there is no such host");
    // One address that never answers leaves time for the others.
    let each = config.patience / u32::try_from(found.len().max(1)).unwrap_or(1);
    for address in found {
        let tcp = match timeout(each, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => tcp,
            Ok(Err(e)) => {
                failed = e;
                continue;
            }
            Err(_) => {
                failed = io::ErrorKind::TimedOut.into();
                continue;
            }
        };
        tcp.set_nodelay(true)?;
        if config.tls {
            return Ok((Box::new(crate::tls::connect(&config.server, tcp).await?), true));
        }
        let safe = tcp.peer_addr()?.ip().to_canonical().is_loopback();
        return Ok((Box::new(tcp), safe));
    }
    Err(failed)
}

/// Answers what has come while registering.
fn answers(registration: &mut Registration, wire: &mut Wire) -> Result<Option<Registered>, Error> {
    while let Some(message) = wire.take() {
        match registration.on(&message)? {
            Next::Done(registered) => return Ok(Some(registered)),
            Next::Send(lines) => lines.iter().for_each(|line| wire.put(line)),
        }
    }
    Ok(None)
}

/// The task of a connection.
async fn run(mut wire: Wire, mut state: State, mut commands: mpsc::Receiver<Command>) {
    // Kept until the end: whoever quits waits for them to be dropped.
    let mut quitting = Vec::new();
    let mut leave_by = None;
    let why = loop {
        if let Err(why) = handle(&mut wire, &mut state) {
            break why;
        }
        if leave_by.is_some_and(|by| by <= Instant::now()) {
            break "we ended the connection".to_owned();
        }
        let wake = leave_by.unwrap_or_else(|| state.wake());
        tokio::select! {
            // Not the time first: where the process itself slept, the answer may lie there unread.
            biased;
            command = commands.recv(), if leave_by.is_none() => {
                let now = Instant::now();
                match command {
                    Some(Command::Quit { why, ended }) => {
                        quitting.push(ended);
                        leave_by = Some(now + LEAVE);
                        state.quit(&why);
                    }
                    Some(command) => state.command(command, now),
                    None => {
                        leave_by = Some(now + LEAVE);
                        state.quit(&Text::new(""));
                    }
                }
            }
            turned = wire.turn() => if let Err(e) = turned {
                break format!("the connection to the server is gone: {e}");
            },
            () = tokio::time::sleep_until(wake) => {}
        }
    };
    commands.close();
    while let Some(command) = commands.recv().await {
        state.command(command, Instant::now());
    }
    state.end(&why);
}

/// Everything that has come and everything that is due. Errs with why it is over.
fn handle(wire: &mut Wire, state: &mut State) -> Result<(), String> {
    let now = Instant::now();
    let mut all = || {
        while let Some(message) = wire.take() {
            state.message(&message, now)?;
        }
        state.due(now)
    };
    let result = all();
    for line in state.out.drain(..) {
        wire.put(&line);
    }
    result
}
