//! The client against a server of a few lines on this machine.

use super::*;
use std::future::Future;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

const SOON: Duration = Duration::from_secs(5);

/// The server's end of a connection.
struct Peer {
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

impl Peer {
    async fn accept(listener: &TcpListener) -> Peer {
        let (tcp, _): (TcpStream, _) = listener.accept().await.unwrap();
        let (read, write) = tcp.into_split();
        Peer {
            lines: BufReader::new(read).lines(),
            write,
        }
    }

    async fn send(&mut self, text: &str) {
        self.write.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line; `None` at the end of the connection.
    async fn line(&mut self) -> Option<String> {
        tokio::time::timeout(SOON, self.lines.next_line())
            .await
            .unwrap()
            .unwrap()
    }

    /// What follows in the next line that begins so.
    async fn wait_for(&mut self, begin: &str) -> String {
        loop {
            let line = self.line().await.unwrap_or_else(|| panic!("no {begin}"));
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    async fn welcome(&mut self) {
        let nick = self.wait_for("NICK ").await;
        self.wait_for("USER ").await;
        self.send(&format!(":irc.test 001 {nick} :Welcome\r\n")).await;
    }

    async fn joined(&mut self) {
        let channel = self.wait_for("JOIN ").await;
        self.send(&format!(":bot!u@h JOIN {channel}\r\n")).await;
    }

    async fn pong(&mut self) {
        let token = self.wait_for("PING ").await;
        self.send(&format!(":irc.test PONG irc.test {token}\r\n")).await;
    }
}

fn config(port: u16) -> Config {
    Config {
        server: "127.0.0.1".to_owned(),
        port,
        tls: false,
        nick: "bot".to_owned(),
        real_name: "a bot".to_owned(),
        password: None,
        sasl: None,
        pace: Duration::from_millis(100),
        patience: Duration::from_millis(1500),
        ping_every: Duration::from_secs(60),
    }
}

async fn listener() -> (TcpListener, Config) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, config(port))
}

/// A client in `#c`, and the server's end.
async fn in_channel(change: impl FnOnce(&mut Config)) -> (Client, Events, Peer) {
    let (listener, mut config) = listener().await;
    change(&mut config);
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.welcome().await;
        peer.joined().await;
        peer
    };
    let client = async {
        let (client, events) = Client::connect(config).await.unwrap();
        client.join("#c").await.unwrap();
        (client, events)
    };
    let ((client, events), peer) = both(client, server).await;
    (client, events, peer)
}

async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    tokio::time::timeout(2 * SOON, async { tokio::join!(a, b) })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_line_has_arrived_when_the_server_has_taken_it() {
    let (client, mut events, mut peer) = in_channel(|_| {}).await;
    let text = Text::new("[[User:A]] added\r\nQUIT :b.example");
    let (said, ()) = both(client.say("#c", &text, Priority::Report), async {
        assert_eq!(peer.wait_for("PRIVMSG ").await, "#c :[[User:A]] added  QUIT :b.example");
        peer.pong().await;
    })
    .await;
    assert_eq!(said, Ok(()));
    peer.send(":B!b@h PRIV").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    peer.send("MSG #c :bot: help\r\n").await;
    assert!(matches!(events.next().await, Some(Event::Said { account: None, text, .. }) if text == "bot: help"));
    assert_eq!(
        (client.nick().as_str(), client.is_open(), client.tells_accounts()),
        ("bot", true, false)
    );
    let ((), ()) = both(client.quit("maintenance"), async {
        assert_eq!(peer.wait_for("QUIT ").await, "maintenance");
        peer.send("ERROR :Closing link\r\n").await;
        drop(peer);
    })
    .await;
    assert!(!client.is_open());
    assert!(matches!(events.next().await, Some(Event::Gone(_))));
    assert_eq!(events.next().await, None);
    let after = client.say("#c", &text, Priority::Report).await;
    assert!(matches!(after, Err(NotSent::NotWritten(_))), "{after:?}");
}

#[tokio::test]
async fn a_lost_connection_says_what_may_have_been_shown() {
    let (client, mut events, mut peer) = in_channel(|config| config.pace = Duration::from_secs(60)).await;
    let text = Text::new("x");
    let say = || client.say("#c", &text, Priority::Report);
    let says = async { tokio::join!(say(), say()) };
    let ((first, second), ()) = both(says, async {
        peer.wait_for("PRIVMSG ").await;
        drop(peer);
    })
    .await;
    assert!(matches!(first, Err(NotSent::InDoubt(_))), "{first:?}");
    assert!(matches!(second, Err(NotSent::NotWritten(_))), "{second:?}");
    assert!(matches!(events.next().await, Some(Event::Gone(_))));
}

#[tokio::test]
async fn a_silent_server_is_gone_after_its_time() {
    let quick = |config: &mut Config| {
        config.ping_every = Duration::from_millis(50);
        config.patience = Duration::from_millis(300);
    };
    let (client, mut events, mut peer) = in_channel(quick).await;
    peer.pong().await;
    let asked = Instant::now();
    peer.wait_for("PING ").await;
    let gone = tokio::time::timeout(SOON, events.next()).await.unwrap();
    assert!(matches!(gone, Some(Event::Gone(why)) if why.contains("did not answer")));
    assert!(asked.elapsed() >= Duration::from_millis(250) && !client.is_open());
    // One that takes connections and says nothing.
    let (listener, mut config) = listener().await;
    config.patience = Duration::from_millis(200);
    let place = config.place();
    let (connected, _peer) = both(Client::connect(config), Peer::accept(&listener)).await;
    assert_eq!(connected.err(), Some(Error::Silent(place)));
}

#[tokio::test]
async fn a_flood_of_the_server_stops_nothing() {
    let (client, mut events, mut peer) = in_channel(|_| {}).await;
    let text = Text::new("still here");
    let flood = async {
        let garbage = format!(
            "\u{1}\r\n:\r\n@\r\n{}\r\n:B!b@h PRIVMSG #c :x\r\n\r\n",
            "y".repeat(20_000)
        );
        for _ in 0..200 {
            peer.send(&garbage).await;
        }
        peer.write.write_all(b":B!b@h PRIVMSG #c :\xff\xfe\r\n").await.unwrap();
        peer.wait_for("PRIVMSG ").await;
        peer.pong().await;
    };
    let (said, ()) = both(client.say("#c", &text, Priority::Answer), flood).await;
    assert_eq!(said, Ok(()));
    for _ in 0..200 {
        assert!(matches!(events.next().await, Some(Event::Said { text, .. }) if text == "x"));
    }
    assert!(matches!(events.next().await, Some(Event::Said { text, .. }) if text == "\u{fffd}\u{fffd}"));
    // Without a handle the connection ends.
    drop(client);
    assert_eq!(peer.wait_for("QUIT").await, " :");
}

#[tokio::test]
async fn kicked_and_banned_then_let_in_again() {
    let (client, mut events, mut peer) = in_channel(|_| {}).await;
    peer.send(":Op!o@h KICK #c bot :out\r\n").await;
    assert!(matches!(
        events.next().await,
        Some(Event::Out {
            kind: Leave::Kicked,
            ..
        })
    ));
    let (banned, ()) = both(client.join("#c"), async {
        peer.wait_for("JOIN ").await;
        peer.send(":irc.test 474 bot #c :Cannot join channel (+b)\r\n").await;
    })
    .await;
    let text = "Cannot join channel (+b)".to_owned();
    assert_eq!(banned, Err(NotSent::Refused { code: 474, text }));
    let (joined, ()) = both(client.join("#c"), peer.joined()).await;
    assert_eq!(joined, Ok(()));
    client.part("#c", "no feed names it any more").await;
    assert_eq!(peer.wait_for("PART ").await, "#c :no feed names it any more");
}

#[tokio::test]
async fn logins_nicks_and_bans_over_a_connection() {
    let (listener, mut config) = listener().await;
    config.sasl = Some(Sasl {
        user: "coi".to_owned(),
        password: wikicrew_core::types::Secret::new("s3cret"),
    });
    let login = async |end: &str| {
        let mut peer = Peer::accept(&listener).await;
        assert_eq!(peer.line().await.as_deref(), Some("CAP LS 302"));
        peer.send(":irc.test CAP * LS :account-tag sasl\r\n").await;
        peer.wait_for("CAP REQ account-tag").await;
        peer.send(":irc.test CAP * ACK :account-tag\r\n:irc.test CAP * ACK :sasl\r\n")
            .await;
        peer.send(":irc.test 433 * bot :Nickname is already in use\r\n").await;
        peer.wait_for("AUTHENTICATE PLAIN").await;
        peer.send("AUTHENTICATE +\r\n").await;
        assert!(peer.wait_for("").await.starts_with("NICK bot_") || end.contains("904"));
        assert_eq!(peer.wait_for("AUTHENTICATE ").await, "AGNvaQBzM2NyZXQ=");
        peer.send(end).await;
        peer
    };
    let ended = ":irc.test 903 * :ok\r\n:irc.test 001 bot_ :Welcome\r\n";
    let (connected, mut peer) = both(Client::connect(config.clone()), login(ended)).await;
    let (client, _events) = connected.unwrap();
    assert_eq!((client.nick().as_str(), client.tells_accounts()), ("bot_", true));
    peer.wait_for("CAP END").await;
    let failed = ":irc.test 904 * :SASL authentication failed\r\n";
    let (refused, _) = both(Client::connect(config.clone()), login(failed)).await;
    assert_eq!(
        refused.err(),
        Some(Error::Login("SASL authentication failed".to_owned()))
    );
    config.sasl = None;
    let (banned, ()) = both(Client::connect(config.clone()), async {
        let mut peer = Peer::accept(&listener).await;
        peer.send(":irc.test 465 * :You are banned from this server\r\nERROR :Closing link\r\n")
            .await;
        peer.line().await;
    })
    .await;
    assert_eq!(
        banned.err(),
        Some(Error::Banned("You are banned from this server".to_owned()))
    );
    drop(listener);
    assert!(matches!(
        Client::connect(config).await.err(),
        Some(Error::Connection { .. })
    ));
}
