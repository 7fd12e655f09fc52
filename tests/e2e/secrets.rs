//! Secrets stay secret: at the highest verbosity, on every way a run can go, nothing that leaves the process but the
//! login itself holds a password, a token or a cookie.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::Account;

/// A password of our choice, so that it can be looked for.
const PASSWORD: &str = "b07b07mark0123456789abcdefmark99";
const WRONG: &str = "wr0n9mark0123456789abcdefmark000";

struct Marked {
    coop: Coop,
    proxy: FaultProxy,
    marks: Vec<String>,
}

impl Marked {
    async fn new() -> Result<Self> {
        let mut coop = Coop::new().await?;
        let how = json!({ "groups": ["bot"], "bot_password": PASSWORD });
        let bot: Account = coop.world.account("Bot", how).await?;
        assert_eq!(bot.bot.as_ref().map(|(_, secret)| secret.as_str()), Some(PASSWORD));
        coop.world.bot = bot;
        coop.add_mentor("Mia", &["writing"]).await?;
        coop.add_learners(&[("A", "writing"), ("B", "communication")]).await?;
        let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
        let url = coop.world.database_url();
        let password = url.split_once("//").and_then(|(_, rest)| rest.split_once('@'));
        let password = password
            .and_then(|(user, _)| user.split_once(':'))
            .map(|(_, password)| password.to_owned());
        let marks = vec![PASSWORD.to_owned(), WRONG.to_owned(), password.unwrap_or_default()];
        assert!(
            marks.iter().all(|mark| mark.len() >= 8),
            "the database has a password too"
        );
        Ok(Self { coop, proxy, marks })
    }

    /// As talkative as can be.
    fn job(&self, args: &[&str]) -> Job {
        let job = self.coop.matchbot().through(&self.proxy).args(&["-vv"]).args(args);
        job.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full")
    }

    /// Tokens and cookies that went over the line, with the marks.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = self.marks.clone();
        for call in self.proxy.calls() {
            let params = ["token", "lgtoken", "lgpassword"]
                .iter()
                .filter_map(|name| call.param(name));
            secrets.extend(params.filter(|value| value.len() > 8).map(str::to_owned));
            let cookies = call.header("cookie").unwrap_or_default().split("; ");
            let named = cookies.filter_map(|cookie| cookie.split_once('='));
            let secret =
                named.filter(|(name, value)| (name.contains("ession") || name.contains("Token")) && value.len() > 8);
            secrets.extend(secret.map(|(_, value)| value.to_owned()));
        }
        secrets.sort();
        secrets.dedup();
        secrets
    }

    fn says_none(&self, what: &str, run: &Run) {
        assert!(run.stderr.len() + run.stdout.len() > 20, "{what} says something");
        for secret in self.secrets() {
            assert!(!run.says(&secret), "{what} shows {secret}:\n{run}");
        }
    }
}

#[tokio::test]
async fn no_log_line_page_or_row_holds_a_secret() -> Result<()> {
    let marked = Marked::new().await?;
    let (coop, world) = (&marked.coop, &marked.coop.world);
    let logs = std::env::temp_dir().join(format!("wikicrew-secrets-{}", world.prefix));
    let folder = logs.to_string_lossy().into_owned();

    let wrong = marked.job(&["--log-dir", &folder]).env("WIKICREW_BOT_PASSWORD", WRONG);
    marked.says_none("a refused login", &wrong.run_to(78).await?);
    let token = marked.job(&[]).env("WIKICREW_OAUTH2_TOKEN", WRONG).later(2 * 86_400);
    marked.says_none("a refused OAuth token", &token.run().await?);
    let url = world.database_url();
    let refused = url.replacen(&marked.marks[2], WRONG, 1);
    marked.says_none(
        "a refused database",
        &marked
            .job(&[])
            .env("WIKICREW_DATABASE_URL", &refused)
            .run_to(78)
            .await?,
    );
    for nonsense in [
        format!("mysql:/{WRONG}@x"),
        format!("mysql://u:{WRONG}@127.0.0.1:99999/x"),
        format!("mysql://u:{WRONG}@127.0.0.1:1/x"),
    ] {
        let run = marked.job(&[]).env("WIKICREW_DATABASE_URL", &nonsense).run().await?;
        marked.says_none("a database that is no database", &run);
    }
    let in_url = marked.proxy.url().replacen("http://", &format!("http://u:{WRONG}@"), 1);
    marked.says_none(
        "credentials in the address",
        &marked.job(&[]).env("WIKICREW_API_URL", &in_url).run_to(78).await?,
    );

    coop.save_settings(&coop.settings.clone().set("skillz", 1)).await?;
    marked.says_none("a settings error", &marked.job(&[]).run_to(78).await?);
    coop.save_settings(&coop.settings).await?;
    let fault = marked.proxy.rule(When::edit().nth(1), Fault::HtmlError(502));
    marked.says_none(
        "an edit without an answer",
        &marked.job(&["--log-dir", &folder]).run().await?,
    );
    let token = marked.proxy.rule(When::edit().nth(1), Fault::badtoken());
    marked.says_none(
        "a bad token",
        &marked.job(&["--log-dir", &folder]).later(600).run().await?,
    );
    assert_eq!((fault.times(), token.times()), (1, 1));
    marked.says_none("a dry run", &marked.job(&["--dry-run"]).run_ok().await?);
    marked.proxy.heal();
    let success = marked
        .job(&["--log-dir", &folder, "--json"])
        .later(1200)
        .run_ok()
        .await?;
    marked.says_none("a success", &success);
    for args in [
        ["history", "--limit", "5"].as_slice(),
        &["show-settings"],
        &["trial-report"],
        &["explain", &format!("{}/{} A", coop.main, world.prefix)],
    ] {
        marked.says_none(args[0], &marked.job(args).run_ok().await?);
    }

    // What stays behind: the files, the rows, the pages.
    let mut left = String::new();
    for file in ["matchbot.log", "matchbot_errors.log"] {
        left.push_str(&std::fs::read_to_string(logs.join(file))?);
    }
    std::fs::remove_dir_all(&logs)?;
    for table in world.rows("SHOW TABLES").await? {
        left.push_str(&world.table(&format!("SELECT * FROM `{}`", table[0])).await?);
    }
    for (title, summary) in world.admin.contributions(&world.bot.name).await? {
        left.push_str(&format!("{title} {summary} {:?}", world.admin.text(&title).await?));
    }
    assert!(left.contains("Edited: True") && left.contains("refused"), "{left}");
    for secret in marked.secrets() {
        assert!(!left.contains(&secret), "{secret} is in\n{left}");
    }
    Ok(())
}

#[tokio::test]
async fn secrets_go_to_the_wiki_alone_and_by_post_only() -> Result<()> {
    let marked = Marked::new().await?;
    marked.job(&[]).run_ok().await?;
    let calls = marked.proxy.calls();
    assert!(!calls.is_empty());
    for call in &calls {
        let holds = call.params.iter().any(|(_, value)| value.contains(PASSWORD));
        assert!(!holds || (call.action() == "login" && call.method == "POST"), "{call}");
        let agent = call.header("user-agent").unwrap_or_default();
        assert!(
            agent.contains(&format!("User:{}", marked.coop.world.bot.name)) && agent.contains("operator@example.org"),
            "{agent}"
        );
    }
    Ok(())
}
