//! Every outgoing connection of the tests is opened here, and only to loopback.
//!
//! A test that could reach a live wiki will some day edit one, so the refusal sits where the socket is made and not
//! where the address was written down. `Door` is the listening side: a server that can stop listening and start again,
//! which is the only way to make a connection *refused* rather than broken.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The loopback address that `host` names (`127.0.0.1`, `::1`, `[::1]` or `localhost`).
///
/// Errs for everything else. No name is ever looked up: `localhost` is taken as 127.0.0.1, so that no hosts file and
/// no name server can lead a test outside.
pub fn loopback(host: &str) -> Result<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) if ip.is_loopback() => Ok(ip),
        _ => bail!("tests talk to loopback only, not to {host:?}: start the sandbox and use its addresses"),
    }
}

/// Opens the one kind of connection that tests may open: TCP to a port of this machine.
pub async fn connect(host: &str, port: u16) -> Result<TcpStream> {
    let ip = loopback(host)?;
    let stream = TcpStream::connect((ip, port))
        .await
        .with_context(|| format!("connecting to {ip}:{port}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether anything listens there now. For a first look, before any runtime exists.
pub fn answers(host: &str, port: u16) -> Result<bool> {
    let address = SocketAddr::new(loopback(host)?, port);
    Ok(std::net::TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok())
}

/// A listening port on 127.0.0.1 that can be shut (connections are then refused by the system) and opened again.
pub struct Door {
    address: SocketAddr,
    orders: mpsc::Sender<(bool, oneshot::Sender<Result<()>>)>,
    task: JoinHandle<()>,
}

impl Door {
    /// Listens on `port` of 127.0.0.1 (0: any free one) and runs `serve` in a task of its own for each connection.
    pub async fn open<F, S>(port: u16, serve: S) -> Result<Self>
    where
        S: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        let address = listener.local_addr()?;
        let (orders, mut inbox) = mpsc::channel::<(bool, oneshot::Sender<Result<()>>)>(1);
        let task = tokio::spawn(async move {
            let mut listener = Some(listener);
            loop {
                let order = match &listener {
                    None => inbox.recv().await,
                    Some(open) => tokio::select! {
                        order = inbox.recv() => order,
                        accepted = open.accept() => {
                            if let Ok((stream, _)) = accepted {
                                let _ = stream.set_nodelay(true);
                                tokio::spawn(serve(stream));
                            }
                            continue;
                        }
                    },
                };
                let Some((open, done)) = order else { return };
                let mut result = Ok(());
                if !open {
                    listener = None;
                } else if listener.is_none() {
                    match TcpListener::bind(address).await {
                        Ok(again) => listener = Some(again),
                        Err(error) => {
                            result = Err(anyhow::Error::new(error).context(format!("listening on {address}")))
                        }
                    }
                }
                let _ = done.send(result);
            }
        });
        Ok(Self { address, orders, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the return of this call new connections are refused; those that exist stay.
    pub async fn shut(&self) -> Result<()> {
        self.order(false).await
    }

    /// Listens again, on the same port.
    pub async fn reopen(&self) -> Result<()> {
        self.order(true).await
    }

    async fn order(&self, open: bool) -> Result<()> {
        let (done, answer) = oneshot::channel();
        self.orders
            .send((open, done))
            .await
            .context("the proxy's listener is gone")?;
        answer.await.context("the proxy's listener is gone")?
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_let_through() {
        for host in ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST"] {
            assert!(loopback(host).is_ok(), "{host}");
        }
        for host in [
            "en.wikipedia.org",
            "test.wikipedia.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "10.0.0.1",
            "0.0.0.0",
            "::ffff:93.184.216.34",
            "2001:db8::1",
            "",
        ] {
            assert!(loopback(host).is_err(), "{host}");
        }
    }

    #[tokio::test]
    async fn the_connection_itself_is_refused_before_any_name_is_looked_up() {
        let error = connect("en.wikipedia.org", 443).await.unwrap_err().to_string();
        assert!(error.contains("loopback only"), "{error}");
    }

    #[tokio::test]
    async fn a_shut_door_refuses_and_opens_again_on_the_same_port() {
        let door = Door::open(0, |_| async {}).await.unwrap();
        let port = door.address().port();
        connect("127.0.0.1", port).await.unwrap();
        door.shut().await.unwrap();
        let refused = TcpStream::connect(door.address()).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        door.reopen().await.unwrap();
        connect("127.0.0.1", port).await.unwrap();
    }
}
