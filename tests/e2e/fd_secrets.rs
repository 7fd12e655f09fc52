//! The secrets of feeds stay secret: at the highest verbosity, whatever server and receiver do, neither logs, nor rows, nor
//! the status page hold a password or the key, and no server gets a password but the one that the operator names.

use std::time::Duration;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wikicrew_tests::certificates::Certificates;
use wikicrew_tests::feeds::*;
use wikicrew_tests::ircd::{Ircd, Kind};
use wikicrew_tests::receiver::{Receiver, Reply};
use wikicrew_tests::run::Job;

const PASSWORD: &str = "b07b07markirc0123456789abcdef";
const WRONG: &str = "wr0n9markirc0123456789abcdef00";
const KEY: &str = "hm4chm4cmarkhook0123456789abcd";
const SOON: Duration = Duration::from_secs(20);

/// As talkative as can be.
fn talkative(job: Job, ircd: &Ircd, password: &str) -> Job {
    let authority = Certificates::get().authority();
    job.args(&["-vv"])
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("WIKICREW_FEED_HOSTS", "127.0.0.1,localhost")
        .env("WIKICREW_IRC_LOGIN_HOST", &format!("127.0.0.1:{}", ircd.tls_port()))
        .env("WIKICREW_IRC_SASL_USER", "COIBot")
        .env("WIKICREW_IRC_SASL_PASSWORD", password)
        .env("WIKICREW_WEBHOOK_KEY", KEY)
        .env("SSL_CERT_FILE", &authority.to_string_lossy())
}

#[tokio::test]
async fn no_secret_of_a_feed_is_told_and_only_one_server_gets_the_password() -> Result<()> {
    let (insp, plain) = tokio::try_join!(Ircd::start(Kind::Inspircd), Ircd::start(Kind::Ngircd))?;
    insp.account("COIBot", PASSWORD).await?;
    let receiver = Receiver::start().await?;
    receiver.always(Reply::Status(500));
    let mut sink = irc(&insp, "#spam");
    (sink["port"], sink["tls"]) = (json!(insp.tls_port()), json!(true));
    let hook = json!({ "type": "webhook", "url": receiver.url() });
    let scene = CoiFeeds::new(json!([
        feed("spam", sink),
        feed("other", irc(&plain, "#spam")),
        feed("hook", hook),
    ]))
    .await?;
    scene.hits("Alpha", 1).await?;
    let mut told = String::new();

    // The services refuse the login: the feed waits, the one without a login goes on.
    let mut sender = Sender::start(&talkative(scene.job(), &insp, WRONG))?;
    while !queue_told(&scene).await?.contains("other sent 1") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if let Err(error) = receiver.wait_for(1, SOON).await {
        anyhow::bail!("{error:#}\n{}\n{:?}", sender.log(), feed_states(&scene).await?);
    }
    let refused = feed_states(&scene).await?["spam"]["trouble"].clone();
    assert!(refused.contains("log"), "{refused}");
    told += &sender.stop().await?.stderr;

    // It is identified, as others on the network see.
    let mut sender = Sender::start(&talkative(scene.job(), &insp, PASSWORD).later(1_000))?;
    let mut ear = insp.person("Ear").await?;
    ear.send("WHOIS COIBot").await?;
    let mut is_known = ear.line(" 330 ").await;
    for _ in 0..5 {
        if is_known.is_ok() {
            break;
        }
        ear.send("WHOIS COIBot").await?;
        is_known = ear.line(" 330 ").await;
    }
    assert!(is_known?.contains("COIBot"));
    told += &sender.stop().await?.stderr;
    let run = talkative(scene.job(), &insp, PASSWORD).later(5_000).run_ok().await?;
    told += &run.to_string();

    let world = &scene.coi.world;
    for table in world.rows("SHOW TABLES").await? {
        told += &world.table(&format!("SELECT * FROM `{}`", table.join(""))).await?;
    }
    told += &scene.coi.status().await?;
    assert!(told.len() > 2_000, "it says a lot: {}", told.len());
    let sasl = |password| STANDARD.encode(format!("\0COIBot\0{password}"));
    for secret in [PASSWORD, WRONG, KEY, &sasl(PASSWORD), &sasl(WRONG)] {
        assert!(!told.contains(secret), "{secret} is told");
    }
    Ok(())
}
