//! Encrypted connections to servers that are not HTTP's: the server must show a certificate for its name, signed by an
//! authority that the system trusts (or `SSL_CERT_FILE`, where the operator set it). There is no way to switch the
//! check off.

use std::io;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;

/// What encrypts connections, by the authorities that the system trusts now. They are read again each time: connections
/// are rare, and a process that runs for months must notice a change of them.
///
/// # Errors
/// The system trusts nobody, as a rule because the package `ca-certificates` is missing.
pub fn connector() -> Result<TlsConnector, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|e| format!("no certificate can be checked: {e}; are the system's ca-certificates installed?"))?
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Encrypts a fresh connection to `server`, a host name or an address. How long that may take is the caller's.
///
/// # Errors
/// The server speaks no TLS, or its certificate is not for `server`, too old or signed by nobody whom the system trusts;
/// the text of the error says which.
pub async fn connect(server: &str, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let bare = server.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("{server} is no name of a server")))?;
    let connector = connector().map_err(io::Error::other)?;
    connector.connect(name, tcp).await
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
