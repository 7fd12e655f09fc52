//! Name servers for tests: a real dnsmasq that answers what it is told to, and one of our own for what no real server
//! does (silence, lateness, garbage, another's answer). Both listen on loopback only and ask nobody else.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// A running dnsmasq. It ends with its value.
pub struct Dnsmasq {
    child: Child,
    address: SocketAddr,
}

impl Dnsmasq {
    /// Starts one on a free port. `records` are options of dnsmasq: `--address=/example.org/198.41.0.4`,
    /// `--cname=…`, `--host-record=…`. Names that no option knows are refused.
    ///
    /// # Panics
    /// When dnsmasq is not installed; the message is the command that installs it.
    pub fn start(records: &[String]) -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // As in scripts/sandbox: it is a system program.
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
        let program = folders
            .find_map(|folder| Some(folder.join("dnsmasq")).filter(|file| file.is_file()))
            .unwrap_or_else(|| panic!("dnsmasq is not installed: run `scripts/sandbox up`"));
        let mut last = String::new();
        for _ in 0..5 {
            match Self::try_start(&program, records)? {
                Ok(server) => return Ok(server),
                // Somebody else took the port.
                Err(said) => last = said,
            }
        }
        bail!("dnsmasq does not start: {last}");
    }

    /// One try; what it said where it ended at once.
    fn try_start(program: &Path, records: &[String]) -> Result<Result<Self, String>> {
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut child = Command::new(program)
            // Not --no-daemon: then one open TCP connection would keep all others waiting.
            .args(["--keep-in-foreground", "--pid-file=", "--log-facility=-"])
            .args(["--conf-file=/dev/null", "--no-resolv", "--no-hosts"])
            .args(["--listen-address=127.0.0.1", "--bind-interfaces"])
            .arg(format!("--port={port}"))
            .args(records)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut said = BufReader::new(child.stderr.take().context("no stderr")?);
        let mut line = String::new();
        // Its sockets are open before it says this.
        while said.read_line(&mut line)? > 0 {
            if line.contains("started, version") {
                // Read on: a full pipe would stop it.
                std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                return Ok(Ok(Self { child, address }));
            }
        }
        child.wait()?;
        Ok(Err(line))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A question as it came over UDP.
#[derive(Clone, Debug)]
pub struct Question {
    bytes: Vec<u8>,
    /// The name asked for, with its case, without the final dot.
    pub name: String,
    /// Whether for IPv4 addresses; else for IPv6 ones.
    pub four: bool,
}

impl Question {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = 12;
        loop {
            let length = usize::from(*bytes.get(at)?);
            let label = bytes.get(at + 1..at + 1 + length)?;
            at += 1 + length;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(label).into_owned());
        }
        let kind = bytes.get(at..at + 2)?;
        Some(Self {
            bytes: bytes.get(..at + 4)?.to_vec(),
            name: labels.join("."),
            four: kind == [0, 1],
        })
    }

    /// The right answer: this address, or that there is none to a question for IPv6.
    pub fn answer(&self, ip: Ipv4Addr) -> Vec<u8> {
        let mut answer = self.bytes.clone();
        // An answer, recursion available, no error; one question, no or one answer, nothing else.
        answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(self.four), 0, 0, 0, 0]);
        if self.four {
            // The name is that of the question; A, IN, 60 s, four bytes.
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            answer.extend(ip.octets());
        }
        answer
    }

    /// That the name is another word for itself.
    pub fn alias_of_itself(&self) -> Vec<u8> {
        let mut answer = self.bytes.clone();
        answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        // The name of the question; CNAME, IN, 60 s, two bytes: that name.
        answer.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 12]);
        answer
    }

    /// `answer` under another question's number.
    pub fn with_wrong_number(&self, ip: Ipv4Addr) -> Vec<u8> {
        let mut answer = self.answer(ip);
        answer[0] ^= 0xff;
        answer
    }

    /// The number of the question and then rubbish.
    pub fn garbage(&self) -> Vec<u8> {
        let mut answer = self.bytes[..2].to_vec();
        answer.extend([0xff; 40]);
        answer
    }
}

/// A name server that answers as a test wants. It ends with its value.
pub struct OddServer {
    address: SocketAddr,
    asked: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl OddServer {
    /// Sends what `answers` makes of each question, each after its pause.
    pub async fn start(answers: impl Fn(&Question) -> Vec<(Duration, Vec<u8>)> + Send + 'static) -> Result<Self> {
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        let address = socket.local_addr()?;
        let asked = Arc::new(AtomicU64::new(0));
        let counted = asked.clone();
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let Some(question) = Question::read(&buffer[..length]) else {
                    continue;
                };
                counted.fetch_add(1, Ordering::SeqCst);
                for (pause, answer) in answers(&question) {
                    let socket = socket.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(pause).await;
                        let _ = socket.send_to(&answer, from).await;
                    });
                }
            }
        });
        Ok(Self { address, asked, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Questions so far, repeated ones counted.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
