//! Somebody in the channels: a raw client that a test drives line by line.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::net;

/// How long an answer of the server may take, where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection with a nick. What comes is read all the time (a server throws out who does not read) and kept until a
/// test asks for it. It ends with its value.
pub struct IrcPerson {
    nick: String,
    orders: mpsc::UnboundedSender<String>,
    lines: mpsc::UnboundedReceiver<String>,
    tasks: [JoinHandle<()>; 2],
}

/// A text that somebody wrote to a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// The writer's nick.
    pub nick: String,
    /// The writer's account, by account-tag: told only to who is logged in.
    pub account: Option<String>,
    /// The channel, or the own nick.
    pub to: String,
    /// The text, as it came.
    pub text: String,
}

impl Heard {
    /// `None` where the line is something else than a PRIVMSG.
    fn of(line: &str) -> Option<Self> {
        let (tags, rest) = match line.strip_prefix('@') {
            Some(line) => line.split_once(' ')?,
            None => ("", line),
        };
        let (from, rest) = rest.strip_prefix(':')?.split_once(" PRIVMSG ")?;
        let (to, text) = rest.split_once(' ')?;
        Some(Self {
            nick: from.split('!').next()?.to_owned(),
            account: tags
                .split(';')
                .find_map(|tag| tag.strip_prefix("account="))
                .map(str::to_owned),
            to: to.to_owned(),
            text: text.strip_prefix(':').unwrap_or(text).to_owned(),
        })
    }
}

impl IrcPerson {
    /// Connects to a server on loopback and registers. With `login` (account, password) it identifies by SASL first and
    /// errs where that is refused;
    /// then it also hears the accounts of others.
    pub async fn connect(port: u16, nick: &str, login: Option<(&str, &str)>) -> Result<Self> {
        let (read, write) = net::connect("127.0.0.1", port).await?.into_split();
        let (orders, to_write) = mpsc::unbounded_channel();
        let (keep, lines) = mpsc::unbounded_channel();
        let tasks = [
            tokio::spawn(read_all(read, keep, orders.clone())),
            tokio::spawn(write_all(write, to_write)),
        ];
        let mut person = Self {
            nick: nick.to_owned(),
            orders,
            lines,
            tasks,
        };
        person
            .register(login)
            .await
            .with_context(|| format!("{nick} registers"))?;
        Ok(person)
    }

    async fn register(&mut self, login: Option<(&str, &str)>) -> Result<()> {
        let nick = self.nick.clone();
        if login.is_some() {
            self.send("CAP REQ :account-tag message-tags sasl").await?;
        }
        self.send(&format!("NICK {nick}")).await?;
        self.send(&format!("USER {} 0 * :A test", nick.to_lowercase())).await?;
        if let Some((account, password)) = login {
            let answer = self.line(" CAP ").await?;
            ensure!(answer.contains(" ACK "), "there are no accounts now: {answer}");
            self.send("AUTHENTICATE PLAIN").await?;
            self.line("AUTHENTICATE").await?;
            let secret = base64::engine::general_purpose::STANDARD.encode(format!("\0{account}\0{password}"));
            self.send(&format!("AUTHENTICATE {secret}")).await?;
            let answer = self.line(" 90").await?;
            ensure!(answer.contains(" 900 "), "SASL: {answer}");
            self.send("CAP END").await?;
        }
        // The last line of its greeting, which has the message of the day or says that there is none; or it is refused
        // (432, 433, 465), and then hears nothing more for a while.
        loop {
            let line = self.next(PATIENCE).await.context("the server says nothing more")?;
            let number = line.split(' ').nth(1).unwrap_or_default();
            match number {
                "376" | "422" => return Ok(()),
                "432" | "433" | "437" | "465" => bail!("{line}"),
                _ if line.starts_with("ERROR") => bail!("{line}"),
                _ => {}
            }
        }
    }

    /// The nick it registered with.
    pub fn nick(&self) -> &str {
        &self.nick
    }

    /// Sends one line of the protocol as it is. Errs when the connection is gone.
    pub async fn send(&mut self, line: &str) -> Result<()> {
        self.orders
            .send(format!("{line}\r\n"))
            .ok()
            .with_context(|| format!("{} is no longer connected", self.nick))
    }

    /// Joins a channel, and is in it when this returns. Who comes first is its operator.
    pub async fn join(&mut self, channel: &str) -> Result<()> {
        self.send(&format!("JOIN {channel}")).await?;
        self.line(" 366 ").await.map(drop)
    }

    /// Writes to a channel (or a nick).
    pub async fn say(&mut self, channel: &str, text: &str) -> Result<()> {
        self.send(&format!("PRIVMSG {channel} :{text}")).await
    }

    /// Throws somebody out of a channel; needs its operator's sign. Returns when it is done.
    pub async fn kick(&mut self, channel: &str, nick: &str) -> Result<()> {
        self.send(&format!("KICK {channel} {nick} :go")).await?;
        self.line(&format!(" KICK {channel} {nick}")).await.map(drop)
    }

    /// Sets a mode of a channel (`+b`, `bot!*@*`; `-b`; `+m`, ``): needs its operator's sign. Returns when it is done.
    pub async fn mode(&mut self, channel: &str, mode: &str, of: &str) -> Result<()> {
        self.send(format!("MODE {channel} {mode} {of}").trim_end()).await?;
        self.line(&format!(" MODE {channel} ")).await.map(drop)
    }

    /// Takes the operator's sign of a channel that it is in: operators of the server only.
    pub async fn take_over(&mut self, channel: &str) -> Result<()> {
        // The first is InspIRCd's, the second ngIRCd's; each refuses the other's.
        self.send(&format!("SAMODE {channel} +o {}", self.nick)).await?;
        self.send(&format!("MODE {channel} +o {}", self.nick)).await?;
        self.line(&format!(" MODE {channel} ")).await.map(drop)
    }

    /// Ends somebody's connection: operators of the server only.
    pub async fn kill(&mut self, nick: &str) -> Result<()> {
        self.send(&format!("KILL {nick} :enough")).await
    }

    /// Leaves, and returns when the nick is free again.
    pub async fn quit(mut self) -> Result<()> {
        self.send("QUIT :bye").await?;
        let gone = async { while self.lines.recv().await.is_some() {} };
        tokio::time::timeout(PATIENCE, gone)
            .await
            .context("the server does not let go")
    }

    /// The next line of the server that has `wanted` in it; those before it are dropped. Errs after ten seconds, or
    /// when the connection ends, with what came instead.
    pub async fn line(&mut self, wanted: &str) -> Result<String> {
        let mut others = Vec::new();
        while let Some(line) = self.next(PATIENCE).await {
            if line.contains(wanted) {
                return Ok(line);
            }
            others.push(line);
        }
        bail!("{} waits for {wanted:?}, but got {others:#?}", self.nick)
    }

    /// The next text that anybody writes where it can hear it; lines before it are dropped. `None`: nothing within
    /// `patience`.
    pub async fn heard(&mut self, patience: Duration) -> Option<Heard> {
        let end = tokio::time::Instant::now() + patience;
        loop {
            let line = tokio::time::timeout_at(end, self.lines.recv()).await.ok()??;
            if let Some(heard) = Heard::of(&line) {
                return Some(heard);
            }
        }
    }

    /// All texts until for `quiet` nothing more is written.
    pub async fn all_heard(&mut self, quiet: Duration) -> Vec<Heard> {
        let mut all = Vec::new();
        while let Some(heard) = self.heard(quiet).await {
            all.push(heard);
        }
        all
    }

    /// The next line whatever it is; `None`: nothing within `patience`, or the connection is gone.
    pub async fn next(&mut self, patience: Duration) -> Option<String> {
        tokio::time::timeout(patience, self.lines.recv()).await.ok()?
    }
}

impl Drop for IrcPerson {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Bytes that are no UTF-8 are replaced: what was sent wrong shall be seen, not lost.
async fn read_all(read: OwnedReadHalf, keep: mpsc::UnboundedSender<String>, orders: mpsc::UnboundedSender<String>) {
    let mut read = BufReader::new(read);
    let mut bytes = Vec::new();
    while read.read_until(b'\n', &mut bytes).await.is_ok_and(|count| count > 0) {
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches(['\r', '\n']);
        match line.strip_prefix("PING ") {
            Some(token) => drop(orders.send(format!("PONG {token}\r\n"))),
            None => drop(keep.send(line.to_owned())),
        }
        bytes.clear();
    }
}

async fn write_all(mut write: OwnedWriteHalf, mut orders: mpsc::UnboundedReceiver<String>) {
    while let Some(line) = orders.recv().await {
        if write.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}
