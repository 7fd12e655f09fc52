//! The IRC client against two real servers: what it says arrives whole and as one line, and what happens to it there it
//! knows and tells.

use std::time::Duration;

use anyhow::{Context, Result};
use shared::core::types::Secret;
use shared::sink::irc::{Client, Config, Error, Event, Leave, NotSent, Priority, Sasl, Text};
use wikicrew_tests::ircd::{Ircd, Kind};

const SOON: Duration = Duration::from_secs(5);
const BOTH: [Kind; 2] = [Kind::Ngircd, Kind::Inspircd];

fn config(ircd: &Ircd) -> Config {
    Config {
        server: "127.0.0.1".to_owned(),
        port: ircd.port(),
        tls: false,
        nick: "WikicrewBot".to_owned(),
        real_name: "WikicrewBot, operator@example.org".to_owned(),
        password: None,
        sasl: None,
        pace: Duration::from_millis(10),
        patience: Duration::from_secs(3),
        ping_every: Duration::from_secs(1),
    }
}

fn with_login(ircd: &Ircd, password: &str) -> Config {
    let sasl = Sasl {
        user: "WikicrewBot".to_owned(),
        password: Secret::new(password),
    };
    Config {
        sasl: Some(sasl),
        ..config(ircd)
    }
}

async fn say(client: &Client, text: &str) -> Result<(), NotSent> {
    client.say("#x", &Text::new(text), Priority::Report).await
}

#[tokio::test]
async fn whatever_is_said_arrives_as_one_line_as_far_as_there_is_room() -> Result<()> {
    for kind in BOTH {
        let ircd = Ircd::start(kind).await?;
        let mut ear = ircd.person("Ear").await?;
        ear.join("#x").await?;
        let (client, _events) = Client::connect(config(&ircd)).await?;
        client.join("#x").await?;
        client.join("#x").await?;
        let long = "ü".repeat(600);
        for text in [
            "[[en:A]] changed",
            "a\r\nQUIT :forged",
            "a\0b\u{1}ACTION c\u{1} \u{3}4,5red\u{2} \u{202e}x",
            ":leading colon",
            long.as_str(),
        ] {
            say(&client, text).await?;
            let line = ear.line(" PRIVMSG #x ").await?;
            assert!(line.starts_with(":WikicrewBot!"), "{line}");
            assert!(line.len() <= 510 && !line.contains('\u{fffd}'), "{kind:?}: {line}");
            assert!(!line.chars().any(char::is_control), "{kind:?}: {line:?}");
            if text == long {
                assert!(line.ends_with("ü…"), "{line}");
                assert!(line.len() > 480, "{kind:?}: {} bytes", line.len());
            }
        }
        client.quit("the run is over").await;
        ear.line(" QUIT ").await?;
        assert_eq!(
            ear.heard(Duration::from_millis(200)).await,
            None,
            "{kind:?}: nothing else was said"
        );
    }
    Ok(())
}

#[tokio::test]
async fn kicked_banned_moderated_and_killed_it_knows_where_it_is() -> Result<()> {
    for kind in BOTH {
        let ircd = Ircd::start(kind).await?;
        let mut person = ircd.operator("Person").await?;
        person.join("#x").await?;
        let taken = ircd.person("WikicrewBot").await?;
        let (client, mut events) = Client::connect(config(&ircd)).await?;
        let nick = client.nick();
        assert!(nick != "WikicrewBot" && nick.starts_with("Wikicrew"), "{nick}");
        drop(taken);
        client.join("#x").await?;

        person.mode("#x", "+m", "").await?;
        let refused = say(&client, "moderated").await.unwrap_err();
        assert!(
            matches!(refused, NotSent::Refused { code: 404, .. }),
            "{kind:?}: {refused}"
        );
        person.mode("#x", "-m", "").await?;
        say(&client, "open again").await?;

        person.mode("#x", "+b", &format!("{nick}!*@*")).await?;
        person.kick("#x", &nick).await?;
        let out = tokio::time::timeout(SOON, events.next())
            .await?
            .context("the connection is gone")?;
        let Event::Out {
            channel, by, kind: how, ..
        } = out
        else {
            panic!("{kind:?}: {out:?}")
        };
        assert_eq!((channel.as_str(), by.as_str(), how), ("#x", "Person", Leave::Kicked));
        assert!(say(&client, "from outside").await.is_err(), "{kind:?}");
        let banned = client.join("#x").await.unwrap_err();
        assert!(
            matches!(banned, NotSent::Refused { code: 474, .. }),
            "{kind:?}: {banned}"
        );

        person.kill(&nick).await?;
        while let Some(event) = tokio::time::timeout(SOON, events.next()).await? {
            assert!(matches!(event, Event::Gone(_)), "{kind:?}: {event:?}");
        }
        assert!(!client.is_open());
        let gone = say(&client, "to nobody").await.unwrap_err();
        assert!(matches!(gone, NotSent::NotWritten(_)), "{kind:?}: {gone}");
        assert_eq!(person.all_heard(Duration::from_millis(200)).await.len(), 0, "{kind:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_hangs_or_goes_leaves_a_doubt_only_about_what_was_written() -> Result<()> {
    for kind in BOTH {
        let mut ircd = Ircd::start(kind).await?;
        let (client, mut events) = Client::connect(config(&ircd)).await?;
        client.join("#x").await?;
        ircd.freeze()?;
        let doubt = say(&client, "written, never answered").await.unwrap_err();
        assert!(matches!(doubt, NotSent::InDoubt(_)), "{kind:?}: {doubt}");
        assert!(matches!(events.next().await, Some(Event::Gone(_))));
        let silent = Client::connect(config(&ircd)).await.err().context("nobody answered")?;
        assert!(matches!(silent, Error::Silent(_)), "{kind:?}: {silent}");
        ircd.stop();
        let refused = Client::connect(config(&ircd)).await.err().context("nobody listens")?;
        assert!(matches!(refused, Error::Connection { .. }), "{kind:?}: {refused}");
        ircd.again().await?;
        let (client, _events) = Client::connect(config(&ircd)).await?;
        client.join("#x").await?;
        say(&client, "here again").await?;
    }
    Ok(())
}

#[tokio::test]
async fn accounts_come_from_the_services_alone() -> Result<()> {
    let mut ircd = Ircd::start(Kind::Inspircd).await?;
    ircd.account("WikicrewBot", "botpassword").await?;
    ircd.account("Beetstra", "apassword").await?;
    let wrong = Client::connect(with_login(&ircd, "another"))
        .await
        .err()
        .context("let in")?;
    assert!(
        matches!(wrong, Error::Login(_)) && !wrong.to_string().contains("another"),
        "{wrong}"
    );

    let (client, mut events) = Client::connect(with_login(&ircd, "botpassword")).await?;
    assert!(client.tells_accounts());
    client.join("#x").await?;
    let mut trusted = ircd.person_as("Dirk", "Beetstra", "apassword").await?;
    // The nick of the account, and tags that a client makes up.
    let mut false_one = ircd.person("Beetstra").await?;
    for (person, text, expected) in [
        (&mut trusted, "WikicrewBot: quiet", Some("Beetstra")),
        (&mut false_one, "WikicrewBot: report", None),
    ] {
        person.join("#x").await?;
        person
            .send(&format!("@account=Beetstra;+account=Beetstra PRIVMSG #x :{text}"))
            .await?;
        let event = tokio::time::timeout(SOON, events.next()).await?.context("gone")?;
        let Event::Said {
            account, text: heard, ..
        } = event
        else {
            panic!("{event:?}")
        };
        assert_eq!((account.as_deref(), heard.as_str()), (expected, text));
    }
    drop(client);

    ircd.stop_services();
    let away = Client::connect(with_login(&ircd, "botpassword"))
        .await
        .err()
        .context("let in")?;
    assert!(matches!(away, Error::Login(_)), "{away}");
    let (client, _events) = Client::connect(config(&ircd)).await?;
    client.join("#x").await?;
    Ok(())
}

#[tokio::test]
async fn a_password_goes_to_nobody_whose_certificate_is_not_trusted() -> Result<()> {
    let ircd = Ircd::start(Kind::Inspircd).await?;
    let encrypted = Config {
        server: "localhost".to_owned(),
        port: ircd.tls_port(),
        tls: true,
        ..with_login(&ircd, "botpassword")
    };
    // This process trusts the system's authorities, not the tests' own.
    let error = Client::connect(encrypted).await.err().context("let in")?;
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    Ok(())
}
