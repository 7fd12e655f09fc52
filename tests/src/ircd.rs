//! Real IRC servers on free loopback ports: ngIRCd, small and strict, without accounts; and InspIRCd with Anope's
//! services, as bigger networks have them: SASL, account-tag, TLS. `scripts/sandbox up` unpacks all three.
//!
//! Their brakes (fake lag, limits for each address) are off, so that only the pace of the job itself slows it.

mod config;
mod person;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::certificates::Certificates;
use crate::net;
use crate::sandbox::root;

pub use person::{Heard, IrcPerson};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// ngIRCd: no TLS here, no SASL, no account-tag.
    Ngircd,
    /// InspIRCd and Anope, linked: a second port with TLS, accounts, SASL PLAIN, account-tag.
    Inspircd,
}

/// A running server (and its services). It ends with its value.
pub struct Ircd {
    kind: Kind,
    folder: PathBuf,
    ports: [u16; 3],
    server: Option<Child>,
    services: Option<Child>,
}

impl Ircd {
    /// Starts one and waits until it takes people (and, with services, accounts).
    ///
    /// # Panics
    /// When the programs are not there; the message is the command that fetches them.
    pub async fn start(kind: Kind) -> Result<Self> {
        let mut last = None;
        // A port may be taken by somebody else between choosing it and listening on it.
        for _ in 0..3 {
            let mut ircd = Self::prepared(kind)?;
            match ircd.again().await {
                Ok(()) => return Ok(ircd),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no try was made")?)
    }

    fn prepared(kind: Kind) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wikicrew-irc-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let ports = free_ports()?;
        match kind {
            Kind::Ngircd => std::fs::write(folder.join("ngircd.conf"), config::ngircd(ports[0]))?,
            Kind::Inspircd => {
                let modules = programs().join("usr/lib/inspircd/modules");
                // InspIRCd 4 (Debian 13) names some things otherwise than 3 (Debian 12).
                let third = modules.join("m_services_account.so").is_file();
                let text = config::inspircd(&folder, &modules, &ports, Certificates::get(), third);
                std::fs::write(folder.join("inspircd.conf"), text)?;
                std::fs::write(folder.join("services.conf"), config::services(&folder, ports[2], third))?;
            }
        }
        Ok(Self {
            kind,
            folder,
            ports,
            server: None,
            services: None,
        })
    }

    /// The port for people without encryption, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// The port with TLS, with the certificate of [`Certificates`]; ngIRCd has none.
    pub fn tls_port(&self) -> u16 {
        assert_eq!(self.kind, Kind::Inspircd, "only InspIRCd has TLS here");
        self.ports[1]
    }

    /// The server is gone at once, as after a power cut: all connections break, new ones are refused. Services stay,
    /// with their accounts, and link again.
    pub fn stop(&mut self) {
        end(&mut self.server);
    }

    /// Starts it again on the same ports, and waits as [`Ircd::start`] does. Channels, bans and nicks are forgotten,
    /// accounts are not.
    pub async fn again(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "it runs already");
        let program = match self.kind {
            Kind::Ngircd => "ngircd",
            Kind::Inspircd => "inspircd",
        };
        let config = self.folder.join(format!("{program}.conf"));
        let mut command = self.command(program, program)?;
        match self.kind {
            Kind::Ngircd => command.arg("--nodaemon").arg("--config").arg(config),
            Kind::Inspircd => command.args(["--nofork", "--runasroot", "--config"]).arg(config),
        };
        self.server = Some(command.spawn().context("starting the IRC server")?);
        self.take_people(" ").await?;
        match self.kind {
            Kind::Ngircd => Ok(()),
            Kind::Inspircd => self.start_services().await,
        }
    }

    /// Ends the services alone, as in a split of the network: from now on there is no SASL, and nobody is identified
    /// anew.
    pub fn stop_services(&mut self) {
        end(&mut self.services);
    }

    /// Starts the services where they do not run, and waits until the server offers SASL. Accounts that
    /// [`Ircd::stop_services`] ended are forgotten.
    pub async fn start_services(&mut self) -> Result<()> {
        if self.services.is_none() {
            let tree = programs();
            let mut command = self.command("anope", "services")?;
            for (option, folder) in [
                ("confdir", self.folder.clone()),
                ("dbdir", self.folder.clone()),
                ("logdir", self.folder.clone()),
                ("modulesdir", tree.join("usr/lib/anope")),
                ("localedir", tree.join("usr/share/anope/locale")),
            ] {
                command.arg(format!("--{option}={}", folder.display()));
            }
            command.args(["--config=services.conf", "--nofork", "--nothird", "--noexpire"]);
            self.services = Some(command.spawn().context("starting the services")?);
        }
        self.take_people(" sasl=").await
    }

    /// The server stays but does nothing: connections hang, and what is sent to it waits.
    pub fn freeze(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// It goes on, and finds what was sent meanwhile.
    pub fn thaw(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let server = self.server.as_ref().context("the server does not run")?;
        let done = Command::new("kill").arg(signal).arg(server.id().to_string()).status()?;
        ensure!(done.success(), "kill {signal}: {done}");
        Ok(())
    }

    /// Makes an account of the network's services. `name` is a nick that is free at the moment.
    pub async fn account(&self, name: &str, password: &str) -> Result<()> {
        let mut person = self.person(name).await?;
        let mail = format!("{name}@example.org");
        person
            .send(&format!("PRIVMSG NickServ :REGISTER {password} {mail}"))
            .await?;
        person.line(" 900 ").await?;
        person.quit().await
    }

    /// Somebody without an account.
    pub async fn person(&self, nick: &str) -> Result<IrcPerson> {
        IrcPerson::connect(self.port(), nick, None).await
    }

    /// Somebody who is logged in to an account, by SASL.
    pub async fn person_as(&self, nick: &str, account: &str, password: &str) -> Result<IrcPerson> {
        ensure!(self.kind == Kind::Inspircd, "ngIRCd has no accounts");
        IrcPerson::connect(self.port(), nick, Some((account, password))).await
    }

    /// An operator of the server, who can [`IrcPerson::kill`]; and take the operator's sign in any channel, to kick and
    /// ban there ([`IrcPerson::take_over`]).
    pub async fn operator(&self, nick: &str) -> Result<IrcPerson> {
        let mut person = self.person(nick).await?;
        person.send("OPER root root").await?;
        person.line(" 381 ").await?;
        Ok(person)
    }

    /// Asks like a client that begins, until the answer has `wanted` in it.
    async fn take_people(&mut self, wanted: &str) -> Result<()> {
        let begin = Instant::now();
        loop {
            if let Ok(answer) = self.asked().await
                && answer.contains(wanted)
            {
                return Ok(());
            }
            let ended = [&mut self.server, &mut self.services]
                .into_iter()
                .flatten()
                .find_map(|child| child.try_wait().transpose());
            if let Some(ended) = ended {
                bail!(
                    "an IRC server or its services ended at once ({}): {}",
                    ended?,
                    self.said()
                );
            }
            if begin.elapsed() > PATIENCE {
                bail!(
                    "the IRC server does not take people within {PATIENCE:?}: {}",
                    self.said()
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn asked(&self) -> Result<String> {
        let ask = async {
            let mut stream = net::connect("127.0.0.1", self.port()).await?;
            stream.write_all(b"CAP LS 302\r\n").await?;
            let mut answer = String::new();
            while !answer.lines().any(|line| line.contains(" LS ")) || !answer.ends_with('\n') {
                let mut bytes = [0; 2048];
                let count = stream.read(&mut bytes).await?;
                ensure!(count > 0, "it hung up");
                answer.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            Ok(answer)
        };
        tokio::time::timeout(Duration::from_secs(2), ask).await?
    }

    /// The end of what the programs wrote.
    fn said(&self) -> String {
        let mut said = String::new();
        for log in ["ngircd.out", "inspircd.out", "services.out"] {
            let text = std::fs::read_to_string(self.folder.join(log)).unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(8).collect();
            said.extend(lines.into_iter().rev().map(|line| format!("\n{line}")));
        }
        said
    }

    fn command(&self, program: &str, log: &str) -> Result<Command> {
        let tree = programs();
        let path = tree.join("usr/sbin").join(program);
        // Anope waits three seconds to tell root that root should not run it.
        let mut command = if program == "anope" && is_root() && may_hide_root() {
            let mut command = Command::new("unshare");
            command.arg("--user").arg(path);
            command
        } else {
            Command::new(path)
        };
        let out = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join(format!("{log}.out")))?;
        command
            .current_dir(&self.folder)
            .env("LD_LIBRARY_PATH", tree.join("libs"))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        Ok(command)
    }
}

impl Drop for Ircd {
    fn drop(&mut self) {
        end(&mut self.server);
        end(&mut self.services);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn end(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Where `scripts/sandbox up` unpacked them.
fn programs() -> PathBuf {
    let tree = root().join(".sandbox/irc");
    assert!(
        tree.join(".complete").is_file(),
        "the IRC servers are not there: run `scripts/sandbox up`"
    );
    tree
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|of| of.uid() == 0)
}

/// Some machines let nobody make a namespace.
fn may_hide_root() -> bool {
    let mut tried = Command::new("unshare");
    tried.args(["--user", "true"]).stderr(Stdio::null());
    tried.status().is_ok_and(|status| status.success())
}

/// Three at once, so that they differ.
fn free_ports() -> Result<[u16; 3]> {
    let bind = || std::net::TcpListener::bind(("127.0.0.1", 0));
    let (one, two, three) = (bind()?, bind()?, bind()?);
    Ok([
        one.local_addr()?.port(),
        two.local_addr()?.port(),
        three.local_addr()?.port(),
    ])
}
