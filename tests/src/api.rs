//! A test's own view of a wiki: one login session per user, with the things that people do.
//!
//! It asks the wiki directly, never through a fault proxy, and shares no code with the jobs: a bug in theirs must not
//! hide itself in the test. Errors of the API come as [`ApiError`], so that a test can ask for the code.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::http::{self, Message};

/// Parameters of a request; a later one with the same name wins.
pub type Params<'a> = &'a [(&'a str, &'a str)];

/// A session of one user, or of nobody, on one wiki.
pub struct Api {
    url: Url,
    /// Whose session it is; `None`: nobody's.
    pub user: Option<String>,
    /// Sent with every request.
    headers: Vec<(&'static str, String)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cookies: BTreeMap<String, String>,
    token: Option<String>,
}

/// An error that the API answered.
#[derive(Debug)]
pub struct ApiError {
    /// Such as `protectedpage`.
    pub code: String,
    /// The sentence for people.
    pub info: String,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the API answered {}: {}", self.code, self.info)
    }
}

impl std::error::Error for ApiError {}

/// The API error code in an error, wherever it was wrapped.
pub fn code_of(error: &anyhow::Error) -> Option<&str> {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<ApiError>())
        .map(|found| found.code.as_str())
}

impl Api {
    /// A session without login.
    pub fn anonymous(url: &str) -> Result<Self> {
        let url = Url::parse(url).with_context(|| format!("{url:?} is no URL"))?;
        Ok(Self {
            url,
            user: None,
            headers: Vec::new(),
            state: Mutex::default(),
        })
    }

    /// A session without login from this address, on a wiki that makes no temporary accounts: its edits are the
    /// address's. The sandbox's wikis are so for each request that asks for it.
    pub fn address(url: &str, ip: &str) -> Result<Self> {
        let mut api = Self::anonymous(url)?;
        api.headers = vec![
            ("X-Sandbox-Temporary-Accounts", "off".to_owned()),
            ("X-Forwarded-For", ip.to_owned()),
        ];
        Ok(api)
    }

    /// Logs in as a person does, with the account's own password.
    pub async fn login(url: &str, user: &str, password: &str) -> Result<Self> {
        let mut api = Self::anonymous(url)?;
        let tokens = api
            .get(&[("action", "query"), ("meta", "tokens"), ("type", "login")])
            .await?;
        let token = tokens["query"]["tokens"]["logintoken"]
            .as_str()
            .context("no login token")?
            .to_owned();
        let answer = api
            .post(&[
                ("action", "clientlogin"),
                ("username", user),
                ("password", password),
                ("logintoken", &token),
                ("loginreturnurl", "http://127.0.0.1/"),
            ])
            .await?;
        if answer["clientlogin"]["status"] != "PASS" {
            bail!("login of {user} refused: {}", answer["clientlogin"]["message"]);
        }
        api.user = Some(user.to_owned());
        Ok(api)
    }

    /// A GET. Errs with [`ApiError`] where the API answers an error.
    pub async fn get(&self, params: Params<'_>) -> Result<Value> {
        self.send("GET", params, &[]).await
    }

    /// A POST without a token.
    pub async fn post(&self, params: Params<'_>) -> Result<Value> {
        self.send("POST", params, &[]).await
    }

    /// A POST with this session's csrf token.
    pub async fn write(&self, params: Params<'_>) -> Result<Value> {
        // The first edit of nobody makes a temporary account, which has another token.
        let known = self.state().token.clone().filter(|_| self.user.is_some());
        let token = match known {
            Some(token) => token,
            None => {
                let tokens = self.get(&[("action", "query"), ("meta", "tokens")]).await?;
                let token = tokens["query"]["tokens"]["csrftoken"]
                    .as_str()
                    .context("no csrf token")?
                    .to_owned();
                self.state().token = Some(token.clone());
                token
            }
        };
        self.send("POST", params, &[("token", &token)]).await
    }

    async fn send(&self, method: &str, params: Params<'_>, more: Params<'_>) -> Result<Value> {
        let mut all: BTreeMap<&str, &str> = BTreeMap::from([("format", "json"), ("formatversion", "2")]);
        all.extend(params.iter().chain(more).copied());
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&all)
            .finish();
        let mut request = Message::request(method, self.url.path());
        if method == "GET" {
            request = Message::request(method, &format!("{}?{form}", self.url.path()));
        } else {
            request.set_header("Content-Type", "application/x-www-form-urlencoded");
            request.body = form.into_bytes();
        }
        request.set_header("User-Agent", "wikicrew-tests (sandbox only)");
        for (name, value) in &self.headers {
            request.set_header(name, value.as_str());
        }
        self.with_cookies(&mut request);
        let action = all.get("action").copied().unwrap_or_default();
        let doing = || {
            format!(
                "action={action} title={}",
                all.get("title").copied().unwrap_or_default()
            )
        };
        let (host, port) = (
            self.url.host_str().unwrap_or_default(),
            self.url.port_or_known_default().unwrap_or(80),
        );
        let reply = http::send(host, port, request).await.with_context(doing)?;
        for (_, cookie) in reply
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.state().cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
        let text = reply.text()?;
        let answer: Value = serde_json::from_str(&text).with_context(|| {
            format!(
                "{}: no JSON but {}",
                doing(),
                text.chars().take(300).collect::<String>()
            )
        })?;
        if let Some(code) = answer["error"]["code"].as_str() {
            let info = answer["error"]["info"].as_str().unwrap_or_default().to_owned();
            return Err(anyhow::Error::new(ApiError {
                code: code.to_owned(),
                info,
            })
            .context(doing()));
        }
        Ok(answer)
    }

    fn with_cookies(&self, request: &mut Message) {
        let cookies: Vec<String> = self
            .state()
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request.set_header("Cookie", cookies.join("; "));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- what people do

    /// Saves the whole text of a page; returns the new revision (the present one where nothing changed).
    pub async fn edit(&self, title: &str, text: &str, summary: &str) -> Result<u64> {
        self.save(title, &[("text", text), ("summary", summary)]).await
    }

    /// Adds text at the end of a page.
    pub async fn append(&self, title: &str, text: &str, summary: &str) -> Result<u64> {
        self.save(title, &[("appendtext", text), ("summary", summary)]).await
    }

    /// Adds text at the top of a page.
    pub async fn prepend(&self, title: &str, text: &str, summary: &str) -> Result<u64> {
        self.save(title, &[("prependtext", text), ("summary", summary)]).await
    }

    async fn save(&self, title: &str, params: Params<'_>) -> Result<u64> {
        let mut all = vec![("action", "edit"), ("title", title)];
        all.extend_from_slice(params);
        let answer = self.write(&all).await?;
        let edit = &answer["edit"];
        if edit["result"] != "Success" {
            bail!("saving {title}: {edit}");
        }
        match edit["newrevid"].as_u64() {
            Some(revid) => Ok(revid),
            None => Ok(self.history(title).await?.last().map_or(0, |newest| newest.revid)),
        }
    }

    /// Deletes a page.
    pub async fn delete(&self, title: &str, reason: &str) -> Result<()> {
        self.write(&[("action", "delete"), ("title", title), ("reason", reason)])
            .await
            .map(drop)
    }

    /// Brings a deleted page back.
    pub async fn undelete(&self, title: &str, reason: &str) -> Result<()> {
        self.write(&[("action", "undelete"), ("title", title), ("reason", reason)])
            .await
            .map(drop)
    }

    /// Moves a page with its talk page, leaving redirects unless `no_redirect`.
    pub async fn move_page(&self, from: &str, to: &str, no_redirect: bool) -> Result<()> {
        let mut params = vec![
            ("action", "move"),
            ("from", from),
            ("to", to),
            ("movetalk", "1"),
            ("reason", "moved"),
        ];
        if no_redirect {
            params.push(("noredirect", "1"));
        }
        self.write(&params).await.map(drop)
    }

    /// Protects against editing and moving: `level` such as `sysop` (or `all`: takes protection away), `expiry` such
    /// as `infinite` or `3 days`.
    pub async fn protect(&self, title: &str, level: &str, expiry: &str, cascade: bool) -> Result<()> {
        let protections = format!("edit={level}|move={level}");
        let mut params = vec![
            ("action", "protect"),
            ("title", title),
            ("protections", &protections),
            ("expiry", expiry),
            ("reason", ""),
        ];
        if cascade {
            params.push(("cascade", "1"));
        }
        self.write(&params).await.map(drop)
    }

    /// Blocks a user sitewide, until unblocked.
    pub async fn block(&self, user: &str) -> Result<()> {
        self.write(&[
            ("action", "block"),
            ("user", user),
            ("expiry", "infinite"),
            ("reason", "test"),
            ("reblock", "1"),
        ])
        .await
        .map(drop)
    }

    /// Blocks a user from one page only.
    pub async fn block_from(&self, user: &str, title: &str) -> Result<()> {
        let params = [
            ("action", "block"),
            ("user", user),
            ("expiry", "infinite"),
            ("partial", "1"),
            ("pagerestrictions", title),
            ("allowusertalk", "1"),
        ];
        self.write(&params).await.map(drop)
    }

    /// Lifts a block.
    pub async fn unblock(&self, user: &str) -> Result<()> {
        self.write(&[("action", "unblock"), ("user", user)]).await.map(drop)
    }

    /// Changes the groups of a user; lists are separated by `|`.
    pub async fn set_groups(&self, user: &str, add: &str, remove: &str) -> Result<()> {
        let tokens = self
            .get(&[("action", "query"), ("meta", "tokens"), ("type", "userrights")])
            .await?;
        let token = tokens["query"]["tokens"]["userrightstoken"]
            .as_str()
            .context("no userrights token")?;
        let params = [
            ("action", "userrights"),
            ("user", user),
            ("add", add),
            ("remove", remove),
            ("token", token),
        ];
        self.post(&params).await.map(drop)
    }

    /// Hides parts of a revision: `hide` of `content`, `comment`, `user`, separated by `|`. Admins of a fresh MediaWiki
    /// may not; the group `suppress` may.
    pub async fn hide_revision(&self, revid: u64, hide: &str) -> Result<()> {
        let id = revid.to_string();
        self.write(&[
            ("action", "revisiondelete"),
            ("type", "revision"),
            ("ids", &id),
            ("hide", hide),
        ])
        .await
        .map(drop)
    }

    /// The same, also from admins. Takes a user of the group `suppress`.
    pub async fn suppress_revision(&self, revid: u64, hide: &str) -> Result<()> {
        let id = revid.to_string();
        self.write(&[
            ("action", "revisiondelete"),
            ("type", "revision"),
            ("ids", &id),
            ("hide", hide),
            ("suppress", "yes"),
        ])
        .await
        .map(drop)
    }

    /// Renames a user, as bureaucrats do it: the API cannot. Pages are not moved.
    pub async fn rename_user(&self, from: &str, to: &str) -> Result<()> {
        let tokens = self.get(&[("action", "query"), ("meta", "tokens")]).await?;
        let token = tokens["query"]["tokens"]["csrftoken"]
            .as_str()
            .context("no csrf token")?;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("title", "Special:RenameUser"),
                ("oldusername", from),
                ("newusername", to),
            ])
            .extend_pairs([
                ("reason", "asked for"),
                ("confirmaction", "1"),
                ("movepages", "0"),
                ("wpEditToken", token),
            ])
            .finish();
        let mut request = Message::request("POST", &self.url.path().replace("api.php", "index.php"));
        request.set_header("Content-Type", "application/x-www-form-urlencoded");
        request.body = form.into_bytes();
        self.with_cookies(&mut request);
        let (host, port) = (
            self.url.host_str().unwrap_or_default(),
            self.url.port_or_known_default(),
        );
        let page = http::send(host, port.unwrap_or(80), request).await?.text()?;
        anyhow::ensure!(page.contains("cdx-message--success"), "{from} was not renamed: {page}");
        Ok(())
    }
}
