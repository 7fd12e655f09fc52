//! The receiver of webhooks tells right signatures from wrong ones and answers what it is told to. The client is
//! another program (curl), with its own TLS.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;
use wikicrew_tests::certificates::Certificates;
use wikicrew_tests::receiver::{Receiver, Reply};

/// `printf '1767225600.{"a":1}' | openssl dgst -sha256 -hmac 'a key of sixteen'`
const SIGNED: &str = "sha256=fad66bc64330a59e65bc39667ef833c59b7c84b1e1a62f01083eea2c2c10a049";

/// The status it got, or curl's own number where it got none.
async fn curl(url: &str, body: &str, trusting: bool) -> Result<String> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--output", "/dev/null", "--max-time", "2", "--noproxy", "*"])
        .args(["--write-out", "%{http_code}", "--data-raw", body])
        .args(["-H", "Content-Type: application/json", "-H", "Wikicrew-Delivery: d1"])
        .args(["-H", "Wikicrew-Timestamp: 1767225600", "-H"])
        .arg(format!("Wikicrew-Signature: {SIGNED}"));
    if trusting {
        curl.arg("--cacert").arg(Certificates::get().authority());
    }
    let out = curl
        .arg(url)
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("running curl")?;
    let status = String::from_utf8(out.stdout)?;
    Ok(if status == "000" {
        format!("curl {}", out.status.code().unwrap_or(-1))
    } else {
        status
    })
}

#[tokio::test]
async fn it_keeps_what_came_and_knows_a_wrong_signature() -> Result<()> {
    let receiver = Receiver::start().await?;
    assert_eq!(curl(&receiver.url(), r#"{"a":1}"#, true).await?, "204");
    assert_eq!(curl(&receiver.url(), r#"{"a":2}"#, true).await?, "204");
    // 60: the certificate is by nobody it trusts
    assert_eq!(curl(&receiver.url(), "{}", false).await?, "curl 60");
    let posted = receiver.wait_for(2, Duration::from_secs(5)).await?;
    assert_eq!(posted.len(), 2);
    assert_eq!((posted[0].delivery(), posted[0].timestamp()?), ("d1", 1_767_225_600));
    assert_eq!(posted[0].checked("a key of sixteen")?["a"], 1);
    assert!(posted[0].checked("another key").is_err());
    assert!(posted[1].checked("a key of sixteen").is_err(), "another body");
    Ok(())
}

#[tokio::test]
async fn it_answers_what_it_is_told_to() -> Result<()> {
    let receiver = Receiver::start().await?;
    receiver.always(Reply::Status(500));
    receiver.next([
        Reply::Status(200),
        Reply::Busy(30),
        Reply::Elsewhere("https://localhost:9/".to_owned()),
        Reply::Hang,
        Reply::HangUp,
    ]);
    // 28: no answer in time; 52: hung up; 7: refused
    for expected in ["200", "429", "307", "curl 28", "curl 52", "500", "500"] {
        let got = curl(&receiver.url(), "{}", true).await?;
        // Some versions of curl tell a connection that ends without TLS's own end otherwise.
        let got = if got == "curl 56" { "curl 52".to_owned() } else { got };
        assert_eq!(got, expected);
    }
    assert_eq!(receiver.posted().len(), 7);
    receiver.shut().await?;
    assert_eq!(curl(&receiver.url(), "{}", true).await?, "curl 7");
    receiver.reopen().await?;
    receiver.always(Reply::Status(204));
    assert_eq!(curl(&receiver.url(), "{}", true).await?, "204");
    Ok(())
}
