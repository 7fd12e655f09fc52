//! What a wiki refuses is an answer: each refusal ends the page or the run as the table says, and nothing is sent again.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::process::Command;
use wikicrew_tests::api::Api;
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::{NewPage, root};

use crate::steps::{MINUTES_5, as_read, part, status};

/// A Co-op in which Nell is refused and Otto, who comes after her, is not.
struct Two {
    coop: Coop,
    nell: Member,
    otto: Member,
    proxy: FaultProxy,
}

impl Two {
    async fn new() -> Result<Self> {
        let coop = Coop::new().await?;
        coop.add_mentor("Mia", &["general"]).await?;
        let nell = coop.add_learner("Nell", "writing").await?;
        let otto = coop.add_learner("Otto", "writing").await?;
        let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
        Ok(Self {
            coop,
            nell,
            otto,
            proxy,
        })
    }

    async fn run_to(&self, code: i32) -> Result<Run> {
        self.coop.matchbot().through(&self.proxy).run_to(code).await
    }

    /// How often a greeting for Nell was sent.
    fn sent(&self) -> usize {
        let calls = self.proxy.calls();
        calls
            .writes()
            .iter()
            .filter(|call| call.param("title") == Some(&self.nell.talk))
            .count()
    }

    /// Nell's page alone is refused: the next one is greeted, hers waits for a person and is not sent again.
    async fn page_is_refused(&self, what: &str, says: &str) -> Result<()> {
        let run = self.run_to(0).await.with_context(|| what.to_owned())?;
        assert_eq!(self.coop.greetings_of(&self.nell).await?, 0, "{what}: {run}");
        assert_eq!(
            self.coop.greetings_of(&self.otto).await?,
            1,
            "{what}: the next one is greeted: {run}"
        );
        let page = as_read(&self.coop, part(&status(&self.coop).await?, "waiting")).await?;
        assert!(
            page.contains(&self.nell.profile) && page.contains(says),
            "{what}, {says:?}: {page}\n{run}"
        );
        assert!(page.contains("What to do: "), "{what}: {page}");
        assert!(!page.contains(&self.otto.profile), "{what}: {page}");
        let sent = self.sent();
        assert!(sent <= 1, "{what}: sent {sent} times");
        self.coop
            .matchbot()
            .through(&self.proxy)
            .later(MINUTES_5)
            .run_ok()
            .await?;
        assert_eq!(
            self.sent(),
            sent,
            "{what}: not sent again\n{}",
            self.proxy.calls().told()
        );
        assert_eq!(self.coop.world.count("matches").await?, 1, "{what}");
        Ok(())
    }

    /// The run ends: nobody is greeted, the operator is told.
    async fn run_is_ended(&self, what: &str, says: &str) -> Result<()> {
        let run = self.run_to(78).await.with_context(|| what.to_owned())?;
        assert!(run.says(says), "{what}: {run}");
        let greeted = [
            self.coop.greetings_of(&self.nell).await?,
            self.coop.greetings_of(&self.otto).await?,
        ];
        assert_eq!(greeted, [0, 0], "{what}: {run}");
        let calls = self.proxy.calls();
        let greetings = calls
            .writes()
            .into_iter()
            .filter(|call| !call.param("title").unwrap_or_default().ends_with("/Status"));
        assert!(greetings.count() <= 1, "{what}: one attempt at most\n{}", calls.told());
        let again = self
            .coop
            .matchbot()
            .through(&self.proxy)
            .later(MINUTES_5)
            .run_ok()
            .await?;
        assert!(again.says(says), "{what}: {again}");
        Ok(())
    }

    /// The edit of Nell's talk page meets something that happened a moment before it arrives.
    fn before_the_edit<F>(&self, act: impl Fn(Arc<Api>, String) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (admin, title, act) = (self.coop.world.admin.clone(), self.nell.talk.clone(), Arc::new(act));
        let hook = Fault::before(move |_: Call| {
            let (admin, title, act) = (admin.clone(), title.clone(), act.clone());
            async move { act(admin, title).await.expect("what comes in between works") }
        });
        self.proxy.rule(When::edit_of(&self.nell.talk).nth(1), hook);
    }
}

#[tokio::test]
async fn a_blocked_bot_ends_its_run() -> Result<()> {
    let two = Two::new().await?;
    let (admin, bot) = (&two.coop.world.admin, &two.coop.world.bot.name);
    admin.block(bot).await?;
    two.run_is_ended("blocked from the start", "blocked").await?;
    assert_eq!(two.sent(), 0);
    admin.unblock(bot).await?;
    two.run_to(0).await?;
    assert_eq!(two.coop.greetings_of(&two.otto).await?, 1);

    let two = Two::new().await?;
    let name = two.coop.world.bot.name.clone();
    two.before_the_edit(move |admin, _| {
        let name = name.clone();
        async move { admin.block(&name).await }
    });
    two.run_is_ended("blocked in mid-run", "blocked").await?;

    // Blocked from one page only: a block of any kind.
    let two = Two::new().await?;
    two.coop.world.load(&[NewPage::new(&two.nell.talk, "Hello.")]).await?;
    two.coop
        .world
        .admin
        .block_from(&two.coop.world.bot.name, &two.nell.talk)
        .await?;
    two.run_is_ended("blocked from the page", "blocked").await
}

#[tokio::test]
async fn a_bot_without_its_flag_ends_its_run() -> Result<()> {
    let two = Two::new().await?;
    let bot = two.coop.world.bot.name.clone();
    two.coop.world.admin.set_groups(&bot, "", "bot").await?;
    two.run_is_ended("no flag from the start", "assertbotfailed").await?;
    assert!(two.proxy.calls().writes().is_empty(), "{}", two.proxy.calls().told());

    let two = Two::new().await?;
    let bot = two.coop.world.bot.name.clone();
    two.before_the_edit(move |admin, _| {
        let bot = bot.clone();
        async move { admin.set_groups(&bot, "", "bot").await }
    });
    two.run_is_ended("lost in mid-run", "assertbotfailed").await
}

#[tokio::test]
async fn protections_deletions_and_creations_of_the_last_moment_end_the_page() -> Result<()> {
    let two = Two::new().await?;
    two.before_the_edit(|admin, title| async move { admin.protect(&title, "sysop", "infinite", false).await });
    two.coop.world.load(&[NewPage::new(&two.nell.talk, "Hello.")]).await?;
    two.page_is_refused("protected", "protected").await?;

    let two = Two::new().await?;
    two.before_the_edit(|admin, title| async move {
        let create = [
            ("action", "protect"),
            ("title", title.as_str()),
            ("protections", "create=sysop"),
            ("expiry", "infinite"),
        ];
        admin.write(&create).await.map(drop)
    });
    two.page_is_refused("protected against creation", "protected").await?;

    let two = Two::new().await?;
    two.coop.world.load(&[NewPage::new(&two.nell.talk, "Hello.")]).await?;
    two.before_the_edit(|admin, title| async move { admin.delete(&title, "not wanted").await });
    two.page_is_refused("deleted", "does not exist any more").await?;
    assert_eq!(two.coop.world.admin.text(&two.nell.talk).await?, None, "not made anew");

    // Somebody makes the page: the wiki refuses a second creation, and the greeting goes below what stands there.
    let two = Two::new().await?;
    two.before_the_edit(|admin, title| async move { admin.edit(&title, "Hello!", "").await.map(drop) });
    two.run_to(0).await?;
    let text = two.coop.world.admin.text(&two.nell.talk).await?.unwrap_or_default();
    assert!(text.starts_with("Hello!\n\n=="), "what stood there stays: {text}");
    assert_eq!(two.coop.greetings_of(&two.nell).await?, 1);
    Ok(())
}

#[tokio::test]
async fn what_is_too_big_or_wants_a_captcha_ends_the_page() -> Result<()> {
    let two = Two::new().await?;
    let full = "x".repeat(2048 * 1024 - 50);
    two.coop.world.load(&[NewPage::new(&two.nell.talk, &full)]).await?;
    two.page_is_refused("too big", "contenttoobig").await?;

    let two = Two::new().await?;
    let captcha = json!({ "edit": { "result": "Failure", "captcha": { "type": "image", "mime": "image/png", "id": "7", "url": "/captcha" } } });
    let asked = two.proxy.rule(When::edit_of(&two.nell.talk), Fault::Answer(captcha));
    two.page_is_refused("captcha", "captcha").await?;
    assert_eq!(asked.times(), 1);
    Ok(())
}

#[tokio::test]
async fn blacklists_of_links_and_titles_end_the_page() -> Result<()> {
    let two = Two::new().await?;
    let (coop, admin) = (&two.coop, &two.coop.world.admin);
    let host = format!("{}.example", coop.world.prefix.to_lowercase());
    let with_link = coop.settings.clone().set(
        "greetings.matchgreeting",
        format!("[[User:{{0}}|{{0}}]] knows {{1}}: see https://{host}/help"),
    );
    coop.save_settings(&with_link).await?;
    admin
        .append(
            "MediaWiki:Spam-blacklist",
            &format!("\n\\b{}\\b\n", host.replace('.', "\\.")),
            "",
        )
        .await?;
    let run = two.run_to(0).await?;
    let page = as_read(coop, part(&status(coop).await?, "waiting")).await?;
    for learner in [&two.nell, &two.otto] {
        assert_eq!(coop.greetings_of(learner).await?, 0, "{run}");
        assert!(page.contains(&learner.profile), "{page}");
    }
    assert!(
        page.contains("spamblacklist") && page.contains(&host),
        "which link: {page}"
    );
    let links = admin.parse_page(&coop.status_title(), "externallinks").await?;
    assert_eq!(links["externallinks"], json!([]), "and no link is made of it");

    let two = Two::new().await?;
    let line = format!(
        "\n.*{} Nell <noedit|errmsg=titleblacklist-forbidden-edit>\n",
        two.coop.world.prefix
    );
    two.coop
        .world
        .admin
        .append("MediaWiki:Titleblacklist", &line, "")
        .await?;
    two.page_is_refused("title blacklist", "titleblacklist").await
}

/// Runs SQL as root on the English wiki's database and gives what it prints.
async fn sql(statement: &str) -> Result<String> {
    let script = root().join("scripts/sandbox");
    let mut command = Command::new(script);
    command
        .args(["sql", "enwiki", "-N", "-e", statement])
        .stdin(Stdio::null());
    let done = command.output().await.context("running scripts/sandbox sql")?;
    ensure!(
        done.status.success(),
        "{statement}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}

#[tokio::test]
async fn abuse_filters_end_the_page_and_a_warning_is_not_brushed_aside() -> Result<()> {
    for (consequence, says) in [("disallow", "abusefilter-disallowed"), ("warn", "abusefilter-warning")] {
        let two = Two::new().await?;
        let pattern = format!("page_prefixedtitle == \"{}\"", two.nell.talk);
        // The API cannot make filters.
        let id = sql(&format!(
            "INSERT INTO abuse_filter (af_pattern, af_actor, af_timestamp, af_comments, af_public_comments, af_actions) \
             VALUES ('{pattern}', 1, '20260101000000', '', 'No greetings for Nell', '{consequence}'); SELECT LAST_INSERT_ID()"
        ))
        .await?;
        sql(&format!(
            "INSERT INTO abuse_filter_action VALUES ({id}, '{consequence}', 'abusefilter-{consequence}')"
        ))
        .await?;
        let outcome = two.page_is_refused(consequence, says).await;
        sql(&format!("UPDATE abuse_filter SET af_enabled = 0 WHERE af_id = {id}")).await?;
        outcome?;
        let page = as_read(&two.coop, part(&status(&two.coop).await?, "waiting")).await?;
        assert!(page.contains("No greetings for Nell"), "which filter: {page}");
        assert_eq!(two.sent(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn whatever_else_a_wiki_says_no_with_ends_the_page() -> Result<()> {
    for code in ["hookaborted", "invented-tomorrow"] {
        let two = Two::new().await?;
        let error = Fault::ApiError(code.into(), "This is not [[wanted]] {{here}}.".into());
        two.proxy.rule(When::edit_of(&two.nell.talk), error);
        two.page_is_refused(code, "This is not [[wanted]] {{here}}.").await?;
    }
    for code in ["permissiondenied", "noedit-anon", "globalblocking-blockedtext-user"] {
        let two = Two::new().await?;
        two.proxy.rule(When::edit(), Fault::ApiError(code.into(), "No.".into()));
        let run = two.run_to(78).await?;
        assert!(run.says(code), "{run}");
        assert_eq!(
            two.proxy.calls().of_module("edit").len(),
            1,
            "one attempt, not even the status page:\n{}",
            two.proxy.calls().told()
        );
    }
    Ok(())
}
