//! Login on one wiki, or a visit without one, and reads with everything a read must carry.
//!
//! Requests are built by the `mediawiki` crate and sent by us, so that status,
//! headers and body are seen before anything is lost. A session that is no longer logged in is never logged in
//! again: its job ends.

use crate::config::{Config, Credentials};
use crate::crate_client::crate_client;
use crate::error::{Error, safe};
use crate::http::{Http, Kind, Params, locked};
use crate::request::{Counts, Phase};
use crate::stop::Stop;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use wikicrew_core::site::Site;
use wikicrew_core::types::Secret;

/// The edit token of somebody who is not logged in.
pub(crate) const ANONYMOUS_TOKEN: &str = "+\\";

/// What every session asks first.
const SITEINFO: &str = "general|namespaces|namespacealiases|extensiontags|extensions";

/// One login on one wiki, or one visit. Clones share everything. There is no `Debug`: it
/// holds tokens.
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub http: Http,
    pub state: Mutex<State>,
    /// Held while a write is under way: one at a time.
    pub writing: tokio::sync::Mutex<()>,
    site: Site,
    /// Empty for a visit.
    account: String,
    wiki_id: String,
}

/// What answers have told us on the way.
#[derive(Default)]
pub(crate) struct State {
    pub csrf: Option<Secret>,
    has_high_limits: bool,
}

impl Session {
    /// Logs in. With a bot password exactly three requests when nothing fails:
    /// siteinfo with the login token, the siteinfo that the `mediawiki` crate
    /// insists on, and the login; with an OAuth 2 token the first two, of
    /// which the first also says whose token it is.
    ///
    /// `seed` feeds the jitter of pauses; `stop` ends everything. Errs with
    /// [`Error::LoginRefused`] when the wiki does not take the credentials or
    /// they belong to another account than `config.account`.
    pub async fn login(config: Config, seed: u64, stop: Stop) -> Result<Self, Error> {
        let http = Http::new(&config, seed, stop)?;
        let is_oauth = matches!(config.credentials, Credentials::OAuth2 { .. });
        let mut params = to_params(&[("action", "query"), ("siprop", SITEINFO)]);
        params.extend(if is_oauth {
            to_params(&[("meta", "siteinfo|userinfo")])
        } else {
            to_params(&[("meta", "siteinfo|tokens"), ("type", "login")])
        });
        add_always(&mut params, &http);
        let answer = http
            .repeat(&params, Kind::Read)
            .await
            .map_err(|e| refused_token(e, &config, &http))?;
        let query = &answer["query"];
        let site = Site::from_siteinfo(query).map_err(Error::BadReply)?;
        let mut api = crate_client(&config, &http).await?;
        match &config.credentials {
            Credentials::OAuth2 { token } => {
                api.set_oauth2(token.expose());
                http.use_api(api);
                let name = query["userinfo"]["name"].as_str().unwrap_or_default();
                check_account(name, &config, &http)?;
            }
            Credentials::BotPassword { login, password } => {
                http.use_api(api);
                let token = query["tokens"]["logintoken"]
                    .as_str()
                    .ok_or_else(|| Error::BadReply("no login token".to_owned()))?;
                post_login(&config, &http, login, password, token).await?;
            }
            Credentials::None => {
                let check = "the environment: a bot password or an OAuth 2 token";
                return Err(refused(&config, &http, "there are no credentials", check));
            }
        }
        let wiki_id = config.wiki_id()?;
        tracing::debug!(wiki.host = %http.address.host, account = %config.account, "logged in");
        Ok(Self(Arc::new(Inner {
            http,
            state: Mutex::default(),
            writing: tokio::sync::Mutex::new(()),
            site,
            account: config.account,
            wiki_id,
        })))
    }

    /// Begins to read a wiki without an account, with one request (siteinfo). Nothing of `config.credentials` and
    /// `config.account` is used or sent, reads carry no assertion, and a write is refused with
    /// [`Error::ReadsOnly`] before anything is sent. Slower than a login: one request at a time, 4 a second.
    /// <https://wikitech.wikimedia.org/wiki/Robot_policy>
    ///
    /// Errs as [`Session::get`] does, and with [`Error::BadReply`] where the wiki does not say what it is.
    pub async fn visit(mut config: Config, seed: u64, stop: Stop) -> Result<Self, Error> {
        config.credentials = Credentials::None;
        let http = Http::new(&config, seed, stop)?;
        let mut params = to_params(&[("action", "query"), ("meta", "siteinfo"), ("siprop", SITEINFO)]);
        add_always(&mut params, &http);
        let answer = http.repeat(&params, Kind::Read).await?;
        let site = Site::from_siteinfo(&answer["query"]).map_err(Error::BadReply)?;
        let wiki_id = config.wiki_id()?;
        tracing::debug!(wiki.host = %http.address.host, "visiting");
        Ok(Self(Arc::new(Inner {
            http,
            state: Mutex::default(),
            writing: tokio::sync::Mutex::new(()),
            site,
            account: String::new(),
            wiki_id,
        })))
    }

    /// Whether nobody is logged in: [`Session::visit`].
    pub fn is_visit(&self) -> bool {
        self.0.account.is_empty()
    }

    /// What the wiki said about itself at login.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// User name of the bot; empty for a visit.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// Host of the API, with its port where one is given.
    pub fn host(&self) -> &str {
        &self.0.http.address.host
    }

    /// Host (with a port that is not the usual one) and script path, such as
    /// `en.wikipedia.org/w`: the same for every run on this wiki.
    pub fn wiki_id(&self) -> String {
        self.0.wiki_id.clone()
    }

    /// The signal that ends this session; clones give the same one.
    pub fn stop_signal(&self) -> &Stop {
        &self.0.http.stop
    }

    /// After this moment no request begins: [`Error::Deadline`].
    pub fn set_deadline(&self, deadline: impl Into<tokio::time::Instant>) {
        self.0.http.set_deadline(deadline.into());
    }

    /// Requests that begin from now on count for this phase.
    pub fn count_as(&self, phase: Phase) {
        self.0.http.set_phase(phase);
    }

    /// What has been sent so far, login included.
    pub fn counts(&self) -> Counts {
        self.0.http.counts()
    }

    /// Titles or ids that one request may name: 50, or 500 once an answer with
    /// `meta=userinfo&uiprop=rights` showed the right `apihighlimits`.
    pub fn batch_size(&self) -> usize {
        if locked(&self.0.state).has_high_limits { 500 } else { 50 }
    }

    /// Takes notice of a `userinfo` part with `rights`. Answers that come
    /// through this session are looked at anyway.
    pub fn set_userinfo(&self, userinfo: &Value) {
        if let Some(rights) = userinfo.get("rights").and_then(Value::as_array) {
            locked(&self.0.state).has_high_limits = rights.iter().any(|right| right == "apihighlimits");
        }
    }

    /// One read. `action` defaults to `query`; `format`, `formatversion=2`,
    /// `maxlag`, `curtimestamp` and (not for a visit) `assert=user` and `assertuser`
    /// are added. Long parameters go by POST. Retried as [`Error::is_temporary`] says, at most
    /// `Timing::max_attempts` times.
    ///
    /// An edit token (`meta=tokens`) and user rights in the answer are
    /// remembered; the token of an anonymous user is [`Error::LoggedOut`].
    pub async fn get(&self, params: &[(&str, &str)]) -> Result<Value, Error> {
        self.read(to_params(params)).await
    }

    pub(crate) async fn read(&self, mut params: Params) -> Result<Value, Error> {
        if !has(&params, "action") {
            params.insert(0, ("action".to_owned(), "query".to_owned()));
        }
        add_always(&mut params, &self.0.http);
        self.add_assert(&mut params, "user");
        let answer = self.0.http.repeat(&params, Kind::Read).await?;
        log_warnings(&answer, &self.0.http.address.host);
        self.take_notice(&answer)?;
        Ok(answer)
    }

    /// Adds `assert` and `assertuser`, so that a lost session is an error and
    /// not an edit by an IP address. A visit asserts nothing.
    pub(crate) fn add_assert(&self, params: &mut Params, assert: &str) {
        if self.is_visit() {
            return;
        }
        add(params, "assert", assert);
        add(params, "assertuser", &self.0.account);
    }

    fn take_notice(&self, answer: &Value) -> Result<(), Error> {
        let query = &answer["query"];
        self.set_userinfo(&query["userinfo"]);
        if let Some(token) = query["tokens"]["csrftoken"].as_str() {
            if token == ANONYMOUS_TOKEN {
                return Err(Error::LoggedOut {
                    code: "anonymous-token".to_owned(),
                    info: "the wiki gave the edit token of an anonymous user".to_owned(),
                });
            }
            locked(&self.0.state).csrf = Some(Secret::new(token));
        }
        Ok(())
    }

    /// The edit token, asked for if no answer has brought one yet.
    pub(crate) async fn csrf(&self) -> Result<Secret, Error> {
        let known = locked(&self.0.state).csrf.clone();
        if let Some(token) = known {
            return Ok(token);
        }
        self.get(&[("meta", "tokens"), ("type", "csrf")]).await?;
        let token = locked(&self.0.state).csrf.clone();
        token.ok_or_else(|| Error::BadReply("no edit token".to_owned()))
    }

    /// Forgets an edit token that the wiki did not take.
    pub(crate) fn forget_csrf(&self) {
        locked(&self.0.state).csrf = None;
    }
}

/// <https://www.mediawiki.org/wiki/API:Login#Method_1._login>
async fn post_login(config: &Config, http: &Http, login: &str, password: &Secret, token: &str) -> Result<(), Error> {
    let attempt = async |token: &str| {
        let mut params = to_params(&[("action", "login"), ("lgname", login)]);
        add(&mut params, "lgpassword", password.expose());
        add_always(&mut params, http);
        add(&mut params, "lgtoken", token);
        http.repeat(&params, Kind::Login).await
    };
    let retries = http.counts().retries;
    let mut answer = attempt(token).await?;
    if http.counts().retries > retries && answer["login"]["result"] != "Success" {
        // The answer to an earlier attempt got lost. Either it had logged us in, which a second login refuses, or the
        // token has gone with the session that it was for.
        let (name, token) = who_am_i(http).await?;
        if name == config.account {
            return Ok(());
        }
        answer = attempt(&token).await?;
    }
    let result = &answer["login"];
    if result["result"] == "Success" {
        return check_account(result["lgusername"].as_str().unwrap_or_default(), config, http);
    }
    let code = result["result"].as_str().unwrap_or("no result");
    let why = result["reason"].as_str().unwrap_or_default();
    if code == "Throttled" {
        return Err(Error::RateLimited { retry_after: None });
    }
    Err(refused(
        config,
        http,
        &format!("{code}: {why}"),
        "user name, name of the bot password (`Account@Name`), the password itself, its allowed \
         IP ranges, and whether it was withdrawn (Special:BotPasswords)",
    ))
}

/// Whose session this is by now, and a token for another login.
async fn who_am_i(http: &Http) -> Result<(String, String), Error> {
    let mut params = to_params(&[("action", "query"), ("meta", "userinfo|tokens"), ("type", "login")]);
    add_always(&mut params, http);
    let query = &http.repeat(&params, Kind::Read).await?["query"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok((text(&query["userinfo"]["name"]), text(&query["tokens"]["logintoken"])))
}

fn check_account(name: &str, config: &Config, http: &Http) -> Result<(), Error> {
    if name.replace('_', " ") == config.account.replace('_', " ") {
        return Ok(());
    }
    Err(refused(
        config,
        http,
        &format!("these credentials belong to `{name}`"),
        "that account name and credentials belong together, in the wiki's own spelling",
    ))
}

/// A withdrawn or foreign OAuth token shows in the first answer already.
fn refused_token(error: Error, config: &Config, http: &Http) -> Error {
    match error {
        Error::LoggedOut { code, info } => refused(
            config,
            http,
            &format!("{code}: {info}"),
            "whether the OAuth 2 token is complete, approved for this wiki and not withdrawn",
        ),
        other => other,
    }
}

fn refused(config: &Config, http: &Http, reason: &str, check: &'static str) -> Error {
    Error::LoginRefused {
        account: safe(&config.account, 100),
        wiki: http.address.host.clone(),
        reason: safe(reason, 300),
        check,
    }
}

pub(crate) fn to_params(params: &[(&str, &str)]) -> Params {
    params
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub(crate) fn has(params: &Params, name: &str) -> bool {
    params.iter().any(|(known, _)| known == name)
}

/// Adds a parameter that is not there yet.
pub(crate) fn add(params: &mut Params, name: &str, value: &str) {
    if !has(params, name) {
        params.push((name.to_owned(), value.to_owned()));
    }
}

/// What every request carries.
/// <https://www.mediawiki.org/wiki/API:Data_formats>
pub(crate) fn add_always(params: &mut Params, http: &Http) {
    add(params, "format", "json");
    add(params, "formatversion", "2");
    add(params, "curtimestamp", "1");
    add(params, "maxlag", &http.timing.maxlag.to_string());
}

pub(crate) fn log_warnings(answer: &Value, host: &str) {
    for (module, warning) in answer["warnings"].as_object().into_iter().flatten() {
        let text = warning["warnings"].as_str().unwrap_or_default();
        tracing::debug!(
            wiki.host = %host,
            api.module = %safe(module, 40),
            "the wiki warns: {}",
            safe(text, 300)
        );
    }
}
