//! The IRC servers and the person in the channel do what tests of feeds ask of them.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;
use tokio::process::Command;
use wikicrew_tests::certificates::Certificates;
use wikicrew_tests::ircd::{Heard, IrcPerson, Ircd, Kind};

const SOON: Duration = Duration::from_secs(5);
const BOTH: [Kind; 2] = [Kind::Ngircd, Kind::Inspircd];

fn said(nick: &str, account: Option<&str>, text: &str) -> Option<Heard> {
    Some(Heard {
        nick: nick.to_owned(),
        account: account.map(str::to_owned),
        to: "#x".to_owned(),
        text: text.to_owned(),
    })
}

#[tokio::test]
async fn people_talk_and_are_kicked_banned_and_killed_on_both_servers() -> Result<()> {
    for kind in BOTH {
        let ircd = Ircd::start(kind).await?;
        let mut first = ircd.person("First").await?;
        first.join("#x").await?;
        let mut other = ircd.person("Other").await?;
        other.join("#x").await?;
        other.say("#x", "hello :there").await?;
        assert_eq!(first.heard(SOON).await, said("Other", None, "hello :there"), "{kind:?}");
        assert!(ircd.person("other").await.is_err(), "{kind:?}: one nick for two");

        first.kick("#x", "Other").await?;
        other.line(" KICK #x Other").await?;
        first.mode("#x", "+b", "other!*@*").await?;
        other.send("JOIN #x").await?;
        other.line(" 474 ").await?;
        first.mode("#x", "-b", "other!*@*").await?;
        other.join("#x").await?;

        let mut operator = ircd.operator("Root").await?;
        operator.join("#x").await?;
        operator.take_over("#x").await?;
        operator.kick("#x", "First").await?;
        operator.kill("Other").await?;
        other.line("ERROR").await?;
    }
    Ok(())
}

#[tokio::test]
async fn accounts_are_told_by_tag_and_only_with_the_right_password() -> Result<()> {
    let ircd = Ircd::start(Kind::Inspircd).await?;
    ircd.account("Beetstra", "apassword").await?;
    let mut ear = ircd.person_as("Ear", "Beetstra", "apassword").await?;
    ear.join("#x").await?;
    assert!(ircd.person_as("Wrong", "Beetstra", "another").await.is_err());
    let mut right = ircd.person_as("Dirk", "Beetstra", "apassword").await?;
    right.join("#x").await?;
    right.say("#x", "it is me").await?;
    assert_eq!(ear.heard(SOON).await, said("Dirk", Some("Beetstra"), "it is me"));
    // A nick is no account.
    let mut false_one = ircd.person("Beetstra").await?;
    false_one.join("#x").await?;
    false_one.say("#x", "me too").await?;
    assert_eq!(ear.heard(SOON).await, said("Beetstra", None, "me too"));
    Ok(())
}

#[tokio::test]
async fn a_server_stops_hangs_and_comes_again_on_its_port_with_its_accounts() -> Result<()> {
    let mut ircd = Ircd::start(Kind::Inspircd).await?;
    ircd.account("Beetstra", "apassword").await?;
    let mut person = ircd.person("Person").await?;
    while person.next(Duration::from_millis(300)).await.is_some() {}
    ircd.freeze()?;
    person.send("PING still").await?;
    assert_eq!(person.next(Duration::from_millis(300)).await, None);
    ircd.thaw()?;
    person.line("PONG").await?;

    let port = ircd.port();
    ircd.stop();
    assert!(IrcPerson::connect(port, "Late", None).await.is_err());
    ircd.again().await?;
    assert_eq!(ircd.port(), port);
    drop(ircd.person_as("Dirk", "Beetstra", "apassword").await?);
    ircd.stop_services();
    ircd.person_as("Dora", "Beetstra", "apassword")
        .await
        .err()
        .expect("no services, no login");
    Ok(())
}

#[tokio::test]
async fn a_flood_is_neither_slowed_nor_lost() -> Result<()> {
    for kind in BOTH {
        let ircd = Ircd::start(kind).await?;
        let mut ear = ircd.person("Ear").await?;
        ear.join("#x").await?;
        let mut mouth = ircd.person("Mouth").await?;
        mouth.join("#x").await?;
        for n in 0..1000 {
            mouth.say("#x", &format!("line {n} ü")).await?;
        }
        let heard = ear.all_heard(Duration::from_secs(2)).await;
        assert_eq!(heard.len(), 1000, "{kind:?}");
        assert!(
            heard
                .iter()
                .enumerate()
                .all(|(n, heard)| heard.text.starts_with(&format!("line {n} ")))
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_port_with_tls_has_a_certificate_by_the_authority_of_the_tests() -> Result<()> {
    let ircd = Ircd::start(Kind::Inspircd).await?;
    let certificates = Certificates::get();
    for (authority, trusted) in [(certificates.authority(), true), (certificates.certificate(), false)] {
        let mut client = Command::new("openssl");
        client
            .args([
                "s_client",
                "-verify_return_error",
                "-verify_hostname",
                "localhost",
                "-connect",
            ])
            .arg(format!("127.0.0.1:{}", ircd.tls_port()))
            .arg("-CAfile")
            .arg(&authority)
            .stdin(Stdio::null());
        let out = client.output().await?;
        assert_eq!(out.status.success(), trusted, "{}", authority.display());
    }
    Ok(())
}
