//! Where the database is and who we are there.
//!
//! The values come from the operator (environment, `replica.my.cnf`, flags);
//! reading those is the business of `shared::job`. Rules of ToolsDB:
//! <https://wikitech.wikimedia.org/wiki/Help:Toolforge/ToolsDB>.

use crate::error::{Error, Result};
use wikicrew_core::types::Secret;

/// Longest database name that MariaDB takes.
const MAX_NAME: usize = 64;

/// Everything a connection needs. It holds the password and therefore has no
/// `Debug`.
#[derive(Clone)]
pub struct DbConfig {
    /// Host name or address; resolved anew for each connection.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Unix socket; when set, host and port are not used.
    pub socket: Option<String>,
    /// User of the database server.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Name of the database, on ToolsDB `<user>__<name>`.
    pub database: String,
}

impl DbConfig {
    /// Reads `mysql://user:password@host:port/database` (parts percent-encoded,
    /// `?socket=/path` allowed). Errs when a part is missing or the name is not
    /// allowed; the message shows nothing of the URL.
    pub fn from_url(url: &str) -> Result<Self> {
        let opts = mysql_async::Opts::from_url(url).map_err(|_| {
            Error::Config("the URL cannot be read; it must look like mysql://USER:PASSWORD@HOST:3306/DATABASE".into())
        })?;
        let part = |value: Option<&str>, name: &str| {
            value
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| Error::Config(format!("the URL has no {name}")))
        };
        let config = Self {
            host: opts.ip_or_hostname().to_owned(),
            port: opts.tcp_port(),
            socket: opts.socket().map(str::to_owned),
            user: part(opts.user(), "user")?,
            password: Secret::new(opts.pass().unwrap_or_default()),
            database: part(opts.db_name(), "database")?,
        };
        config.check()?;
        Ok(config)
    }

    /// Checks the database's name: letters, digits, `_`, `-`, `$`, at most 64 of
    /// them, and not ending in `_p`, because on ToolsDB everybody can read such a
    /// database.
    pub fn check(&self) -> Result<()> {
        let name = &self.database;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-$".contains(c);
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(allowed) {
            return Err(Error::Config(format!(
                "the database name {name:?} must be 1 to {MAX_NAME} ASCII letters, digits, _, - or $"
            )));
        }
        if name.ends_with("_p") {
            return Err(Error::Config(format!(
                "the database name {name} ends in _p: on ToolsDB everybody can read such a database; choose another name"
            )));
        }
        Ok(())
    }

    /// `database at host:port`, for messages.
    pub fn target(&self) -> String {
        match &self.socket {
            Some(socket) => format!("{} at {socket}", self.database),
            None => format!("{} at {}:{}", self.database, self.host, self.port),
        }
    }
}

/// User and password from the `[client]` part of a `replica.my.cnf`; quotes
/// around the values are taken off. `None` when one of them is missing.
pub fn parse_my_cnf(text: &str) -> Option<(String, Secret)> {
    let (mut user, mut password, mut in_client) = (None, None, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_client = line == "[client]";
        } else if let Some((key, value)) = line.split_once('=').filter(|_| in_client) {
            let value = unquote(value.trim());
            match key.trim() {
                "user" => user = Some(value.to_owned()),
                "password" => password = Some(Secret::new(value)),
                _ => {}
            }
        }
    }
    Some((user?, password?))
}

fn unquote(value: &str) -> &str {
    ['\'', '"']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "hush-4711";

    #[test]
    fn a_url_is_read() {
        let config =
            DbConfig::from_url("mysql://s1:p%40ss@tools.db:3307/s1__crew").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.target(), "s1__crew at tools.db:3307");
        assert_eq!((config.user.as_str(), config.password.expose()), ("s1", "p@ss"));
    }

    #[test]
    fn refusals_never_show_the_password() {
        for url in [
            format!("mysql://s1:{MARK}@h/"),
            format!("mysql://:{MARK}@h/s1__x"),
            format!("mysql://s1:{MARK}@h/s1__x_p"),
            format!("mysql://s1:{MARK}@h/s1__x`y"),
            format!("postgres://s1:{MARK}@h/s1__x"),
            format!("mysql://s1:{MARK}@h:port/s1__x"),
            format!("mysql://s1:{MARK}@h/s1__x?{MARK}=1"),
        ] {
            let error = DbConfig::from_url(&url).err().unwrap();
            assert!(!format!("{error} {error:?}").contains(MARK), "{error}");
        }
    }

    #[test]
    fn replica_my_cnf_with_and_without_quotes() {
        for text in [
            "[client]\nuser = s12345\npassword = se=cret\n",
            "# x\n[mysqld]\nuser=root\n[client]\r\nuser='s12345'\r\npassword=\"se=cret\"\r\n",
        ] {
            let (user, password) = parse_my_cnf(text).unwrap();
            assert_eq!((user.as_str(), password.expose()), ("s12345", "se=cret"));
        }
        assert!(parse_my_cnf("user=a\npassword=b").is_none());
        assert!(parse_my_cnf("[client]\nuser=a").is_none());
    }
}
