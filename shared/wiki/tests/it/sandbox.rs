//! The sandbox wiki: accounts, pages and what an admin does there.

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use wikicrew_core::types::Secret;
use wikicrew_wiki::{Config, Credentials, Session, Stop, Timing};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Connection data of one wiki, `en` or `de`.
pub fn wiki(name: &str) -> Value {
    let path = root().join(".sandbox/sandbox.json");
    let text = fs::read_to_string(path).expect("the sandbox must run: scripts/sandbox up");
    let all: Value = serde_json::from_str(&text).unwrap();
    all["wikis"][name].clone()
}

/// A word that no other test uses.
pub fn unique() -> String {
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
    let digits: String = uuid.chars().filter(char::is_ascii_hexdigit).collect();
    // Titles begin with a capital letter.
    format!("W{}", &digits[..12])
}

fn sandbox(args: &[&str], input: &str) -> String {
    let mut child = Command::new(root().join("scripts/sandbox"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "scripts/sandbox {args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Saves pages (`title`, `text`, `user`, `protect` …); one answer each.
pub fn load(pages: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = pages.iter().map(Value::to_string).collect();
    let answers = sandbox(&["load", "en", "-"], &lines.join("\n"));
    answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A page in the main namespace with this text; its revision.
pub fn page(title: &str, text: &str) -> u64 {
    load(&[json!({"title": title, "text": text})])[0]["revid"]
        .as_u64()
        .unwrap()
}

/// An API request of the admin.
pub fn admin(params: &[&str]) -> Value {
    let mut args = vec!["api", "en"];
    args.extend(params);
    serde_json::from_str(&sandbox(&args, "")).unwrap()
}

/// A new account with a bot password; as a `Config` that logs it in.
pub fn account(groups: &[&str]) -> Config {
    let name = format!("Wikitest {}", unique());
    let mut args = vec!["user", "en", &name, "--bot-password"];
    for group in groups {
        args.extend(["--group", group]);
    }
    let made: Value = serde_json::from_str(&sandbox(&args, "")).unwrap();
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    Config {
        api_url: wiki("en")["api"].as_str().unwrap().to_owned(),
        user_agent: "WikicrewTest/1 (https://example.org)".to_owned(),
        account: text("name"),
        credentials: Credentials::BotPassword {
            login: text("bot_login"),
            password: Secret::new(text("bot_secret")),
        },
        allowed_hosts: Vec::new(),
        timing: Timing {
            read_rate_per_second: 1000,
            ..Timing::default()
        },
        proxy_from_env: false,
        wiki_key: None,
    }
}

/// Ends all sessions of an account: a new bot password does that.
pub fn end_sessions(name: &str) {
    sandbox(&["user", "en", name, "--bot-password"], "");
}

/// A session of a new account with the bot flag.
pub async fn bot() -> Session {
    login(account(&["bot"])).await
}

pub async fn login(config: Config) -> Session {
    Session::login(config, 1, Stop::new()).await.unwrap()
}

/// The text of a page.
pub async fn text(session: &Session, title: &str) -> String {
    let params = [
        ("prop", "revisions"),
        ("rvprop", "content"),
        ("rvslots", "main"),
        ("titles", title),
    ];
    let answer = session.get(&params).await.unwrap();
    answer["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

/// A statement as the database's root.
pub fn sql(statement: &str) {
    sandbox(&["sql", "-e", statement], "");
}

/// Hides text, comment and author of a revision, as `action=revisiondelete` would.
pub fn hide(revid: u64) {
    sql(&format!(
        "UPDATE enwiki.revision SET rev_deleted = 7 WHERE rev_id = {revid};
        UPDATE enwiki.recentchanges SET rc_deleted = 7 WHERE rc_this_oldid = {revid}"
    ));
}
