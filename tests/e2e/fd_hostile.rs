//! What people write, on wikis and in channels, is text in a channel and nothing else: the bytes that another client
//! gets are one PRIVMSG for each line, to the right channel, at most 512 bytes of valid UTF-8 without control codes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use wikicrew_tests::feeds::*;
use wikicrew_tests::ircd::{Ircd, Kind};

use crate::fd_commands::broken;

/// A line may take so long.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of a message, with its end (RFC 2812, 2.3).
const MOST: usize = 512;

/// A client that keeps the bytes as they come.
struct Raw {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Raw {
    /// From this address, which is the host that the server shows.
    async fn enters(ircd: &Ircd, from: u8, nick: &str, channel: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, from], 0)))?;
        let stream = socket
            .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, ircd.port())))
            .await?;
        let mut raw = Self {
            stream,
            bytes: Vec::new(),
        };
        raw.send(format!("NICK {nick}\r\nUSER x{from} 0 * :x").as_bytes())
            .await?;
        raw.until(b" 376 ").await?;
        raw.send(format!("JOIN {channel}").as_bytes()).await?;
        raw.until(b" 366 ").await.map(|_| raw)
    }

    async fn send(&mut self, line: &[u8]) -> Result<()> {
        self.stream.write_all(&[line, b"\r\n"].concat()).await?;
        Ok(())
    }

    /// The next line, with its end.
    async fn next(&mut self) -> Result<Vec<u8>> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.bytes.iter().position(|byte| *byte == b'\n') {
                return Ok(self.bytes.drain(..=at).collect());
            }
            let mut some = [0; 4_096];
            let count = tokio::time::timeout_at(end, self.stream.read(&mut some))
                .await
                .context("nothing comes")??;
            ensure!(count > 0, "the server hung up");
            self.bytes.extend_from_slice(&some[..count]);
        }
    }

    async fn until(&mut self, wanted: &[u8]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let line = self
                .next()
                .await
                .with_context(|| format!("waiting for {wanted:?}: {all:?}"))?;
            if line.windows(wanted.len()).any(|some| some == wanted) {
                return Ok(line);
            }
            all.push(String::from_utf8_lossy(&line).into_owned());
        }
    }

    /// The next line of the bot, which must be a harmless text to this channel; the text.
    async fn told(&mut self, channel: &str) -> Result<String> {
        loop {
            let line = self.next().await?;
            if !line.starts_with(b":COIBot!") || line.windows(6).any(|some| some == b" JOIN ") {
                continue;
            }
            let shown = String::from_utf8_lossy(&line).into_owned();
            ensure!(
                line.len() <= MOST && line.ends_with(b"\r\n"),
                "{} bytes: {shown:?}",
                line.len()
            );
            let text = String::from_utf8(line).with_context(|| shown.clone())?;
            let text = text.trim_end_matches("\r\n");
            let is_harmless = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
            ensure!(text.chars().all(is_harmless) && !text.contains('\u{2066}'), "{shown:?}");
            let (_, rest) = text.split_once(" PRIVMSG ").with_context(|| shown.clone())?;
            let text = rest
                .strip_prefix(&format!("{channel} :"))
                .with_context(|| shown.clone())?;
            return Ok(text.to_owned());
        }
    }
}

/// As rows of the database have it where a wiki lets nobody write it.
const TEXTS: [&str; 4] = [
    "a\r\nPRIVMSG #other :forged\r\nQUIT :forged",
    "a\0b\nPRIVMSG #other :forged\n\u{1}DCC SEND x 1 1\u{1}",
    "\u{2}bold\u{3}04,05red\u{f}\u{16}\u{1d}\u{1f}\u{11}\u{1e} \u{202e}gpj.exe\u{2066}\u{7f}\u{85}\u{2028}x",
    ":leading PRIVMSG #other :forged",
];

#[tokio::test]
async fn names_titles_links_and_commands_are_one_line_of_text_for_their_channel() -> Result<()> {
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let mut loud = irc(&ircd, "#loud");
    loud["highlights"] = json!(true);
    let scene = CoiFeeds::new(json!([feed("spam", irc(&ircd, "#spam")), feed("loud", loud)])).await?;
    let world = &scene.coi.world;
    let mut other = Raw::enters(&ircd, 1, "Other", "#other").await?;
    let mut ears = [
        ("#spam", Raw::enters(&ircd, 1, "EarSpam", "#spam").await?),
        ("#loud", Raw::enters(&ircd, 1, "EarLoud", "#loud").await?),
    ];

    // As the wiki has them.
    let names = [
        "語".repeat(72),
        "שלום PRIVMSG other x".into(),
        "O''Hara & 100% ~ e\u{301}\u{302}".into(),
    ];
    let mut edits: Vec<Edit> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str(), "Text."))
        .collect();
    let texts: Vec<String> = (0..TEXTS.len())
        .map(|n| format!("Pairing{}", "abcd".get(n..=n).unwrap_or_default()))
        .collect();
    edits.extend(texts.iter().map(|name| (name.as_str(), name.as_str(), "Text.")));
    let url = format!("https://acmewidgets.example/%0D%0APRIVMSG_#x_{}%01", "ü".repeat(300));
    edits.push(("Acmewidgets", "QUIT :x PRIVMSG", &url));
    let revs = scene.edit(&edits).await?;
    scene.job().without("WIKICREW_FEED_HOSTS").run_ok().await?;
    // And as it has not.
    for (n, text) in TEXTS.iter().enumerate() {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let sql = format!(
            "UPDATE hit SET string = 0x{hex}, title = 0x{hex}, matched = 0x{hex}, url = 0x{hex}, \
             rule = '{}' WHERE rev_id = {}",
            ["noticeboard", "user-keyword", "monitored-link", "monitored-user"][n],
            revs[names.len() + n]
        );
        world.execute(&sql).await?;
    }
    let mut sender = scene.sender()?;
    for (channel, ear) in &mut ears {
        let mut lines = Vec::new();
        for _ in &revs {
            let line = ear
                .told(channel)
                .await
                .with_context(|| format!("{channel}: {lines:#?}"))?;
            ensure!(line.starts_with("ALERT! [[en:user:"), "{line}");
            lines.push(line);
        }
        let name = |name: &str| {
            if *channel == "#loud" {
                name.to_owned()
            } else {
                broken(name)
            }
        };
        let shown = format!("[[en:user:{}]]", name(&scene.coi.exact("Acmewidgets")));
        assert!(lines.iter().any(|line| line.contains(&shown)), "{channel}: {lines:#?}");
        for text in [
            "[⟨U+0002⟩bold⟨U+0003⟩04,05red",
            "[a  PRIVMSG #other :forged  QUIT :forged] scores",
            "[a⟨U+0000⟩b PRIVMSG #other :forged ⟨U+0001⟩DCC SEND x 1 1⟨U+0001⟩]",
            "[:leading PRIVMSG #other :forged]",
            " acmewidgets.example/%0D%0APRIVMSG_#x_",
        ] {
            let count = lines.iter().filter(|line| line.contains(text)).count();
            assert_eq!(count, 1, "{text}: {lines:#?}");
        }
    }
    until_queue(&scene, &format!("loud sent {0}, spam sent {0}", revs.len())).await?;

    // Said in the channel, which is not on any wiki.
    let mut people = Vec::new();
    for (from, nick) in [(2, "Mal"), (3, "[Mal]{}^|")] {
        people.push(Raw::enters(&ircd, from, nick, "#spam").await?);
    }
    let long = format!("COIBot test {} {}", "語".repeat(70), "ü".repeat(90));
    let said: [&[u8]; 12] = [
        b"COIBot test \x02U\x03\x034,5 S\x0f\x1d\x1f",
        b"COIBot test \xff\xfe\xc3 \xe2\x82",
        "COIBot test \u{202e}exe.gpj \u{2066}x\u{200e}".as_bytes(),
        b"COIBot test \"PRIVMSG #other :x\" \":x QUIT\"",
        b"COIBot report user PRIVMSG_other_:x",
        long.as_bytes(),
        b"COIBot links \x01DCC",
        b"COIBot wl search user \x1b[31mRed",
        b"COIBot help \x01VERSION\x01",
        b"COIBot \x07\x08nonsense\xf0\x9f",
        b"COIBot report link http://x\x07.example/",
        b"COIBot bl search string :#other,0",
    ];
    let (_, ear) = &mut ears[0];
    for (n, text) in said.iter().enumerate() {
        people[n / 6].send(&[b"PRIVMSG #spam :", *text].concat()).await?;
        let shown = || String::from_utf8_lossy(text).into_owned();
        // A long answer goes on in lines that begin with nobody.
        for rest in 0.. {
            let answer = ear.told("#spam").await.with_context(shown)?;
            if answer.starts_with(["Mal: ", "[Mal]{}^|: "][n / 6]) {
                break;
            }
            ensure!(rest < 7 && n == 6, "{answer:?}, after {:?}", shown());
        }
    }
    other.send(b"PING :end").await?;
    loop {
        let line = String::from_utf8_lossy(&other.next().await?).into_owned();
        ensure!(!line.contains("COIBot"), "{line}");
        if line.contains(" PONG ") {
            break;
        }
    }
    sender.stop().await?;
    Ok(())
}
