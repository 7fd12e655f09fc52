//! Bootstrap: what a job needs before it can read its settings page, taken from flags and the environment only.
//! All of it belongs to the operator and is the ceiling for what a settings page may ask. Everything wrong is told at
//! once, each with the variable to set.

use chrono::TimeDelta;

use crate::args::CommonArgs;
use crate::clock::Clock;
use crate::core::types::Secret;
use crate::db::DbConfig;
use crate::wiki::Credentials;

/// ToolsDB's host, used where only credentials are given (Toolforge sets `TOOL_TOOLSDB_USER` by itself).
const TOOLSDB_HOST: &str = "tools.db.svc.wikimedia.cloud";
/// The part of ToolsDB's database name after `<user>__`.
const DATABASE_NAME: &str = "wikicrew";

/// Where values come from: the environment in production, a closure in tests.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The bootstrap of a run. Has no `Debug`: it holds passwords.
pub struct Boot {
    /// Name of the job: `matchbot`.
    pub job: &'static str,
    /// The wiki's `api.php`; https, or http on loopback.
    pub api_url: String,
    /// Hosts that may be spoken to; by default the API's own.
    pub api_hosts: Vec<String>,
    /// Hosts that get the credentials; by default the API's own alone.
    pub login_hosts: Vec<String>,
    /// User name of the bot's account.
    pub account: String,
    /// How the bot logs in.
    pub credentials: Credentials,
    /// The whole User-Agent, with account and contact.
    pub user_agent: String,
    /// Where the job's tables live.
    pub database: DbConfig,
    /// Title of the settings page as given; the status, draft and stop pages follow from it and from the account.
    pub settings_title: String,
    /// Protection levels of which one must stand on the settings page (default `sysop`).
    pub levels: Vec<String>,
    /// Accounts whose `.json` user pages count as protected: the bot, and operators named in the environment.
    pub json_accounts: Vec<String>,
    /// `WIKICREW_<JOB>_EDIT=off`: no edits, whatever the settings say.
    pub edits_off: bool,
    /// How long nothing may succeed before exit code 75.
    pub alarm_after: TimeDelta,
    /// What the wiki is called in the database, if not after its address.
    pub wiki_key: Option<String>,
    /// User name of the operator on the wiki, shown on the status page.
    pub operator: Option<String>,
    /// Whether the HTTP client may take a proxy from the environment.
    pub use_proxy: bool,
    /// The run's clock.
    pub clock: Clock,
}

/// The environment variable of `job` that ends in `suffix`, as in `WIKICREW_MATCHBOT_SETTINGS`.
pub fn job_variable(job: &str, suffix: &str) -> String {
    format!("WIKICREW_{}_{suffix}", job.to_uppercase().replace('-', "_"))
}

impl Boot {
    /// Builds the bootstrap of `job`. `my_cnf` is the text of `replica.my.cnf` where there is one. Errs with every
    /// missing or wrong value at once.
    pub fn new(
        job: &'static str,
        args: &CommonArgs,
        env: Lookup<'_>,
        my_cnf: Option<&str>,
    ) -> Result<Boot, Vec<String>> {
        let mut problems = Vec::new();
        let set = |name: &str| env(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let mut need = |value: Option<String>, name: &str, what: &str| {
            value.filter(|v| !v.trim().is_empty()).unwrap_or_else(|| {
                problems.push(format!("{name} is not set: {what}"));
                String::new()
            })
        };

        let api_url = need(
            args.api_url.clone(),
            "WIKICREW_API_URL",
            "the wiki's api.php, as in https://en.wikipedia.org/w/api.php",
        );
        let account = need(
            args.account.clone(),
            "WIKICREW_ACCOUNT",
            "the user name of the bot's account",
        );
        let contact = need(
            args.contact.clone(),
            "WIKICREW_CONTACT",
            "a URL or mail address of the operator, for the User-Agent",
        );
        let credentials = credentials(&set, &mut problems);
        let database = database(&set, my_cnf, &mut problems);

        let host = host_of(&api_url);
        let loopback = host.as_deref().is_some_and(is_loopback);
        if !api_url.is_empty() {
            match (&host, api_url.starts_with("https://"), loopback) {
                // Credentials in it are not repeated.
                (None, ..) if api_url.contains('@') => {
                    problems.push("WIKICREW_API_URL: user and password do not belong into the address".to_owned());
                }
                (None, ..) => problems.push(format!("WIKICREW_API_URL: `{api_url}` is not a URL")),
                (Some(host), false, false) => problems.push(format!(
                    "WIKICREW_API_URL: `{host}` must be spoken to by https (http is for loopback only)"
                )),
                _ => {}
            }
        }
        let clock = clock(&set, loopback, &mut problems);
        let edit = set(&job_variable(job, "EDIT"));
        if let Some(value) = edit.as_deref().filter(|value| !["on", "off"].contains(value)) {
            problems.push(format!(
                "{}: `{value}` is neither `on` nor `off`",
                job_variable(job, "EDIT")
            ));
        }
        let alarm_after = alarm_after(&set, &mut problems);

        let (Some(credentials), Some(database)) = (credentials, database) else {
            return Err(problems);
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut json_accounts = vec![account.clone()];
        json_accounts.extend(list(set("WIKICREW_JSON_ACCOUNTS"), '|'));
        Ok(Boot {
            job,
            user_agent: user_agent(job, &account, &contact),
            api_hosts: match list(set("WIKICREW_API_HOSTS"), ',') {
                hosts if hosts.is_empty() => host.clone().into_iter().collect(),
                hosts => hosts,
            },
            login_hosts: match list(set("WIKICREW_LOGIN_HOSTS"), ',') {
                hosts if hosts.is_empty() => host.into_iter().collect(),
                hosts => hosts,
            },
            settings_title: args
                .settings
                .clone()
                .or_else(|| set(&job_variable(job, "SETTINGS")))
                .unwrap_or_else(|| format!("User:{account}/{job}/Settings")),
            levels: match list(set("WIKICREW_REQUIRED_PROTECTION"), ',') {
                levels if levels.is_empty() => vec!["sysop".to_owned()],
                levels => levels,
            },
            edits_off: edit.as_deref() == Some("off"),
            alarm_after,
            wiki_key: set("WIKICREW_WIKI"),
            operator: set("WIKICREW_OPERATOR"),
            use_proxy: set("WIKICREW_USE_PROXY").as_deref() == Some("true"),
            api_url,
            account,
            credentials,
            database,
            json_accounts,
            clock,
        })
    }

    /// `User:<bot>/<job>/Stop`: where any autoconfirmed user stops the job.
    pub fn stop_title(&self) -> String {
        format!("User:{}/{}/Stop", self.account, self.job)
    }
}

/// The bootstrap of what needs a database and no wiki. Has no `Debug`: it holds a password.
pub struct LocalBoot {
    /// Where the tables live.
    pub database: DbConfig,
    /// How long nothing may succeed before exit code 75.
    pub alarm_after: TimeDelta,
    /// The run's clock.
    pub clock: Clock,
}

impl LocalBoot {
    /// From the environment and the text of `replica.my.cnf`. Errs with every missing or wrong value at once.
    pub fn new(env: Lookup<'_>, my_cnf: Option<&str>) -> Result<LocalBoot, Vec<String>> {
        let mut problems = Vec::new();
        let set = |name: &str| env(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let database = database(&set, my_cnf, &mut problems);
        let loopback = database.as_ref().is_some_and(|database| is_loopback(&database.host));
        let clock = clock(&set, loopback, &mut problems);
        let alarm_after = alarm_after(&set, &mut problems);
        match database {
            Some(database) if problems.is_empty() => Ok(LocalBoot {
                database,
                alarm_after,
                clock,
            }),
            _ => Err(problems),
        }
    }
}

/// `loopback`: whether what is worked on (the wiki, or where there is none the database) is on this machine.
fn clock(set: &dyn Fn(&str) -> Option<String>, loopback: bool, problems: &mut Vec<String>) -> Clock {
    match set("WIKICREW_TEST_CLOCK") {
        None => Clock::real(),
        Some(_) if !loopback => {
            problems.push("WIKICREW_TEST_CLOCK is for tests on loopback only: unset it".to_owned());
            Clock::real()
        }
        Some(text) => Clock::for_tests(&text).unwrap_or_else(|why| {
            problems.push(format!("WIKICREW_TEST_CLOCK: {why}"));
            Clock::real()
        }),
    }
}

fn alarm_after(set: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> TimeDelta {
    let minutes = set("WIKICREW_ALARM_AFTER").map_or(Ok(60), |v| v.parse::<i64>());
    match minutes {
        Ok(minutes @ 1..=10_080) => TimeDelta::minutes(minutes),
        _ => {
            problems.push("WIKICREW_ALARM_AFTER: write a number of minutes from 1 to 10080".to_owned());
            TimeDelta::minutes(60)
        }
    }
}

fn credentials(set: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> Option<Credentials> {
    if let Some(token) = set("WIKICREW_OAUTH2_TOKEN") {
        return Some(Credentials::OAuth2 {
            token: Secret::new(token),
        });
    }
    match (set("WIKICREW_BOT_LOGIN"), set("WIKICREW_BOT_PASSWORD")) {
        (Some(login), Some(password)) => Some(Credentials::BotPassword {
            login,
            password: Secret::new(password),
        }),
        _ => {
            problems.push(
                "no credentials: set WIKICREW_OAUTH2_TOKEN (an owner-only OAuth 2 token), or WIKICREW_BOT_LOGIN \
                 (`Bot@name`) and WIKICREW_BOT_PASSWORD (made on Special:BotPasswords)"
                    .to_owned(),
            );
            None
        }
    }
}

fn database(
    set: &dyn Fn(&str) -> Option<String>,
    my_cnf: Option<&str>,
    problems: &mut Vec<String>,
) -> Option<DbConfig> {
    if let Some(url) = set("WIKICREW_DATABASE_URL") {
        return DbConfig::from_url(&url)
            .map_err(|why| problems.push(format!("WIKICREW_DATABASE_URL: {why}")))
            .ok();
    }
    let user = match (set("TOOL_TOOLSDB_USER"), set("TOOL_TOOLSDB_PASSWORD")) {
        (Some(user), Some(password)) => Some((user, Secret::new(password))),
        _ => my_cnf.and_then(crate::db::parse_my_cnf),
    };
    let Some((user, password)) = user else {
        problems.push(
            "no database: set TOOL_TOOLSDB_USER and TOOL_TOOLSDB_PASSWORD (Toolforge does), provide replica.my.cnf, \
             or set WIKICREW_DATABASE_URL (mysql://user:password@host:port/name)"
                .to_owned(),
        );
        return None;
    };
    let name = set("WIKICREW_DATABASE").unwrap_or_else(|| format!("{user}__{DATABASE_NAME}"));
    let host = set("WIKICREW_DATABASE_HOST").unwrap_or_else(|| TOOLSDB_HOST.to_owned());
    let config = DbConfig {
        host,
        port: 3306,
        socket: None,
        user,
        password,
        database: name,
    };
    config
        .check()
        .map_err(|why| problems.push(format!("WIKICREW_DATABASE: {why}")))
        .ok()?;
    Some(config)
}

/// A User-Agent after the Wikimedia policy: client/version, where to find the bot, how to reach its operator.
fn user_agent(job: &str, account: &str, contact: &str) -> String {
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let version = env!("CARGO_PKG_VERSION");
    format!("Wikicrew-{job}/{version} (User:{}; {})", clean(account), clean(contact))
}

fn list(value: Option<String>, separator: char) -> Vec<String> {
    value
        .iter()
        .flat_map(|value| value.split(separator))
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// Host (with port, if one is written) of an http(s) URL.
fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    (!authority.is_empty() && !authority.contains('@')).then(|| authority.to_lowercase())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(api: &str) -> CommonArgs {
        CommonArgs {
            api_url: Some(api.to_owned()),
            account: Some("CoopBot".to_owned()),
            contact: Some("ops@example.org".to_owned()),
            ..CommonArgs::default()
        }
    }

    fn env(name: &str) -> Option<String> {
        let value = match name {
            "WIKICREW_BOT_LOGIN" => "CoopBot@wikicrew",
            "WIKICREW_BOT_PASSWORD" => "hunter2",
            "TOOL_TOOLSDB_USER" => "s1",
            "TOOL_TOOLSDB_PASSWORD" => "secret",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn toolforge_needs_no_more_than_wiki_account_contact_and_credentials() {
        let boot = Boot::new("matchbot", &args("https://en.wikipedia.org/w/api.php"), &env, None)
            .ok()
            .unwrap();
        assert_eq!(boot.api_hosts, ["en.wikipedia.org"]);
        assert_eq!(boot.settings_title, "User:CoopBot/matchbot/Settings");
        assert_eq!(boot.stop_title(), "User:CoopBot/matchbot/Stop");
        assert_eq!(boot.levels, ["sysop"]);
        assert!(boot.user_agent.contains("User:CoopBot; ops@example.org"));
    }

    #[test]
    fn everything_missing_is_told_at_once() {
        let problems = Boot::new("matchbot", &CommonArgs::default(), &|_| None, None)
            .err()
            .unwrap();
        for name in [
            "WIKICREW_API_URL",
            "WIKICREW_ACCOUNT",
            "WIKICREW_CONTACT",
            "WIKICREW_BOT_LOGIN",
            "TOOL_TOOLSDB_USER",
        ] {
            assert!(problems.iter().any(|p| p.contains(name)), "{name} in {problems:?}");
        }
    }

    #[test]
    fn plain_http_and_the_test_clock_are_for_loopback_only() {
        let problems = Boot::new("matchbot", &args("http://en.wikipedia.org/w/api.php"), &env, None)
            .err()
            .unwrap();
        assert!(problems[0].contains("https"), "{problems:?}");
        let shifted = |name: &str| match name {
            "WIKICREW_TEST_CLOCK" => Some("offset=600".to_owned()),
            name => env(name),
        };
        assert!(Boot::new("matchbot", &args("http://127.0.0.1:8080/api.php"), &shifted, None).is_ok());
        assert!(Boot::new("matchbot", &args("https://en.wikipedia.org/w/api.php"), &shifted, None).is_err());
        // A host that only looks like loopback.
        assert!(Boot::new("matchbot", &args("http://127.0.0.1.example.org/api.php"), &env, None).is_err());
        assert!(Boot::new("matchbot", &args("http://127.0.0.1@example.org/api.php"), &env, None).is_err());
    }
}
