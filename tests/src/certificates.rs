//! An authority of the tests' own and a certificate by it for `localhost` and 127.0.0.1, for servers that speak TLS.
//! A process trusts them when its environment says `SSL_CERT_FILE=` [`Certificates::authority`]; nobody else does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::sandbox::root;

/// Files in the sandbox's folder, all PEM. They are made once and serve as long as the sandbox is there.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Those of this checkout.
    ///
    /// # Panics
    /// When they cannot be made: the program openssl is missing, or the disk is full.
    pub fn get() -> &'static Self {
        static CERTIFICATES: OnceLock<Certificates> = OnceLock::new();
        CERTIFICATES.get_or_init(|| Self::make().unwrap_or_else(|e| panic!("no certificates for the tests: {e:#}")))
    }

    /// What a process must trust.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// What a server shows.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    /// The key to it.
    pub fn key(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    /// Made aside and moved in one step, as several tests begin at once.
    fn make() -> Result<Self> {
        let folder = root().join(".sandbox/certificates");
        if !folder.is_dir() {
            let aside = folder.with_extension(format!("new.{}", std::process::id()));
            std::fs::create_dir_all(&aside).with_context(|| format!("making {}", aside.display()))?;
            fill(&aside)?;
            // Somebody else may have been faster.
            if std::fs::rename(&aside, &folder).is_err() {
                std::fs::remove_dir_all(&aside)?;
            }
        }
        Ok(Self { folder })
    }
}

fn fill(folder: &Path) -> Result<()> {
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
    ];
    let request = [
        "req",
        "-x509",
        "-days",
        "3650",
        "-subj",
        "/CN=Wikicrew tests",
        "-out",
        "authority.pem",
    ];
    openssl(folder, &[&request[..], &key, &["authority.key"]].concat())?;
    let request = ["req", "-new", "-subj", "/CN=localhost", "-out", "server.csr"];
    openssl(folder, &[&request[..], &key, &["server.key"]].concat())?;
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n")?;
    let sign = [
        "x509",
        "-req",
        "-days",
        "3650",
        "-in",
        "server.csr",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ];
    let by = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"];
    openssl(folder, &[&sign[..], &by].concat())
}

fn openssl(folder: &Path, args: &[&str]) -> Result<()> {
    let out = Command::new("openssl").args(args).current_dir(folder).output();
    let out = out.context("running openssl: apt-get install openssl")?;
    if !out.status.success() {
        bail!("openssl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    }
    Ok(())
}
