//! A receiver of webhooks: a real HTTPS server on loopback, with the certificate of [`Certificates`]. It keeps every
//! request, checks the signature as a stranger would (by the words of the manual, with another implementation: the
//! program openssl) and answers what the test wants.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificates::Certificates;
use crate::http::{self, Message};
use crate::net::Door;

/// What a request is answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// This status and nothing else.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    Busy(u64),
    /// 307 to this address.
    Elsewhere(String),
    /// It is read and kept, and never answered; the connection stays open.
    Hang,
    /// It is read and kept, and the connection is closed instead of an answer.
    HangUp,
}

/// One request as it came, whatever it was answered with.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The request with its headers and body.
    pub message: Message,
    /// What it was answered with.
    pub reply: Reply,
}

impl Posted {
    /// The header `Wikicrew-Delivery`: the same at each try.
    pub fn delivery(&self) -> &str {
        self.message.header("wikicrew-delivery").unwrap_or_default()
    }

    /// The header `Wikicrew-Timestamp`, in seconds since 1970.
    pub fn timestamp(&self) -> Result<i64> {
        let text = self
            .message
            .header("wikicrew-timestamp")
            .context("no Wikicrew-Timestamp")?;
        text.parse().with_context(|| format!("Wikicrew-Timestamp: {text:?}"))
    }

    /// The object. Errs when it is not what the manual says: a POST of JSON with a delivery and a time, signed with
    /// `key`.
    pub fn checked(&self, key: &str) -> Result<Value> {
        let head = |name: &str| self.message.header(name).unwrap_or_default();
        ensure!(self.message.first.starts_with("POST "), "{}", self.message.first);
        ensure!(head("content-type") == "application/json", "{}", head("content-type"));
        ensure!(!self.delivery().is_empty(), "no Wikicrew-Delivery");
        let mut signed = format!("{}.", self.timestamp()?).into_bytes();
        signed.extend_from_slice(&self.message.body);
        let ours = hmac(key, &signed)?;
        ensure!(
            head("wikicrew-signature") == ours,
            "the signature is not {ours}: {:?}",
            self.message.headers
        );
        serde_json::from_slice(&self.message.body).context("the body is no JSON")
    }
}

/// By openssl, from a file: command lines are seen by others, but this key is none.
fn hmac(key: &str, text: &[u8]) -> Result<String> {
    let file = std::env::temp_dir().join(format!("wikicrew-signed-{}-{:p}", std::process::id(), text));
    std::fs::write(&file, text)?;
    let out = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", key, "-r"])
        .arg(&file)
        .output()
        .context("running openssl: apt-get install openssl");
    std::fs::remove_file(&file)?;
    let out = String::from_utf8(out?.stdout)?;
    let digest = out.split_whitespace().next().context("openssl says nothing")?;
    Ok(format!("sha256={digest}"))
}

#[derive(Default)]
struct Kept {
    posted: Vec<Posted>,
    next: VecDeque<Reply>,
    otherwise: Option<Reply>,
}

/// A listening receiver. It ends with its value.
pub struct Receiver {
    door: Door,
    kept: Arc<Mutex<Kept>>,
}

impl Receiver {
    /// Listens on a free port and answers everything with 204.
    pub async fn start() -> Result<Self> {
        let kept = Arc::<Mutex<Kept>>::default();
        let acceptor = acceptor()?;
        let for_door = kept.clone();
        let door = Door::open(0, move |tcp| {
            let (kept, acceptor) = (for_door.clone(), acceptor.clone());
            // A client that breaks off, or does not trust the certificate, is no fault of the receiver.
            async move { drop(serve(tcp, acceptor, kept).await) }
        })
        .await?;
        Ok(Self { door, kept })
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/hook", self.door.address().port())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Answers the next requests, one after the other, with these; then as before.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.locked().next.extend(replies);
    }

    /// Answers everything with this from now on, but for what [`Receiver::next`] says.
    pub fn always(&self, reply: Reply) {
        self.locked().otherwise = Some(reply);
    }

    /// Everything that came until now, in order.
    pub fn posted(&self) -> Vec<Posted> {
        self.locked().posted.clone()
    }

    /// Waits until `count` requests have come, and gives all there are.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Result<Vec<Posted>> {
        let begin = Instant::now();
        loop {
            let posted = self.posted();
            if posted.len() >= count {
                return Ok(posted);
            }
            if begin.elapsed() > patience {
                bail!(
                    "{} of {count} requests came within {patience:?}: {posted:#?}",
                    posted.len()
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Connections are refused from now on.
    pub async fn shut(&self) -> Result<()> {
        self.door.shut().await
    }

    /// Listens again, on the same port.
    pub async fn reopen(&self) -> Result<()> {
        self.door.reopen().await
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn acceptor() -> Result<TlsAcceptor> {
    let certificates = Certificates::get();
    let certificate = CertificateDer::from_pem_file(certificates.certificate())?;
    let key = PrivateKeyDer::from_pem_file(certificates.key())?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(tcp: TcpStream, acceptor: TlsAcceptor, kept: Arc<Mutex<Kept>>) -> Result<()> {
    let mut stream = BufReader::new(acceptor.accept(tcp).await?);
    while let Some(message) = http::read(&mut stream).await? {
        let reply = {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let reply = kept.next.pop_front().or_else(|| kept.otherwise.clone());
            let reply = reply.unwrap_or(Reply::Status(204));
            kept.posted.push(Posted {
                message,
                reply: reply.clone(),
            });
            reply
        };
        let answer = match reply {
            Reply::Status(204) => {
                // This one must not have a length.
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
                stream.flush().await?;
                continue;
            }
            Reply::Status(status) => Message::answer(status, "text/plain", format!("status {status}")),
            Reply::Busy(seconds) => {
                let mut answer = Message::answer(429, "text/plain", "busy");
                answer.set_header("Retry-After", seconds.to_string());
                answer
            }
            Reply::Elsewhere(address) => {
                let mut answer = Message::answer(307, "text/plain", "");
                answer.set_header("Location", address);
                answer
            }
            Reply::Hang => std::future::pending().await,
            Reply::HangUp => return Ok(()),
        };
        stream.write_all(&answer.bytes()).await?;
        stream.flush().await?;
    }
    Ok(())
}
