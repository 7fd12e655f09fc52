use super::*;
use crate::webhook;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wikicrew_core::types::{Secret, Timestamp};

const NAME: &str = "tls::tests::a_server_must_show_a_certificate_for_its_name_of_an_authority_that_is_trusted";

/// The test starts itself again with this and `SSL_CERT_FILE`: what a process trusts is its environment.
const PORT: &str = "WIKICREW_TEST_TLS_PORT";

fn openssl(dir: &Path, args: &[&str]) {
    let out = Command::new("openssl").args(args).current_dir(dir).output();
    let out = out.expect("these tests need openssl: apt-get install openssl");
    assert!(
        out.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// An authority `NAME.pem` with its key `NAME.key`.
fn authority(dir: &Path, name: &str) {
    let (key, pem, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
    let curve = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ];
    let files = ["req", "-x509", "-keyout", &key, "-out", &pem, "-subj", &subject];
    openssl(dir, &[&files[..], &curve].concat());
}

fn server(dir: &Path) -> TlsAcceptor {
    authority(dir, "ours");
    authority(dir, "others");
    std::fs::write(dir.join("ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    let request = [
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    openssl(
        dir,
        &[
            &request[..],
            &["-keyout", "server.key", "-out", "csr", "-subj", "/CN=localhost"],
        ]
        .concat(),
    );
    let sign = [
        "x509",
        "-req",
        "-in",
        "csr",
        "-CA",
        "ours.pem",
        "-CAkey",
        "ours.key",
        "-CAcreateserial",
    ];
    openssl(
        dir,
        &[&sign[..], &["-days", "2", "-extfile", "ext", "-out", "server.pem"]].concat(),
    );
    let certificate = CertificateDer::from_pem_file(dir.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(dir.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Takes what comes and answers each connection like a web server.
async fn serve(acceptor: TlsAcceptor, listener: TcpListener) {
    while let Ok((tcp, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut tls = acceptor.accept(tcp).await?;
            let mut bytes = [0; 4096];
            if tls.read(&mut bytes).await? == 0 {
                return Ok(());
            }
            tls.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                .await?;
            tls.shutdown().await
        });
    }
}

/// What the second process does: both ways that this crate makes encrypted connections.
async fn talk(port: u16) -> String {
    let tcp = || TcpStream::connect(("127.0.0.1", port));
    let mut said = Vec::new();
    for name in ["localhost", "127.0.0.1", "irc.example.org", "a b"] {
        said.push(match connect(name, tcp().await.unwrap()).await {
            Ok(_) => format!("{name}=yes"),
            Err(e) => format!("{name}={e}"),
        });
    }
    let hook = webhook::Client::new(webhook::Config {
        url: format!("https://localhost:{port}/"),
        key: Secret::new("a key of sixteen"),
        user_agent: "WikicrewTests/1.0".to_owned(),
        patience: Duration::from_secs(10),
    });
    said.push(
        match hook
            .unwrap()
            .post("d", Timestamp::UNIX_EPOCH, &serde_json::Value::Null)
            .await
        {
            Ok(()) => "post=yes".to_owned(),
            Err(e) => format!("post={e}"),
        },
    );
    said.join("\n")
}

async fn again(port: u16, trusted: &Path) -> String {
    let program = std::env::current_exe().unwrap();
    let (trusted, port) = (trusted.to_owned(), port.to_string());
    let run = move || {
        Command::new(program)
            .args(["--exact", NAME, "--nocapture"])
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR")
            .env(PORT, port)
            .stderr(Stdio::inherit())
            .output()
            .unwrap()
    };
    let out = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap()
}

#[tokio::test]
async fn a_server_must_show_a_certificate_for_its_name_of_an_authority_that_is_trusted() {
    if let Some(port) = std::env::var_os(PORT) {
        println!("\n{}", talk(port.to_str().unwrap().parse().unwrap()).await);
        return;
    }
    let dir = std::env::temp_dir().join(format!("wikicrew-tls-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let acceptor = server(&dir);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(acceptor, listener));

    let trusting = again(port, &dir.join("ours.pem")).await;
    for line in [
        "localhost=yes",
        "127.0.0.1=yes",
        "post=yes",
        "a b=a b is no name of a server",
    ] {
        assert!(trusting.lines().any(|l| l == line), "{line}: {trusting}");
    }
    assert!(
        trusting.contains("irc.example.org=invalid peer certificate: certificate not valid for name"),
        "{trusting}"
    );

    let others = again(port, &dir.join("others.pem")).await;
    assert!(!others.contains("yes"), "{others}");
    assert_eq!(
        others.matches("invalid peer certificate: UnknownIssuer").count(),
        4,
        "{others}"
    );
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn a_server_that_speaks_plainly_is_no_encrypted_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b":irc.example.org NOTICE * :*** Looking up your hostname\r\n")
            .await
            .unwrap();
        // Stays open until the other side has seen it.
        let _ = tcp.read(&mut [0; 512]).await;
    });
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let error = connect("localhost", tcp).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
}
