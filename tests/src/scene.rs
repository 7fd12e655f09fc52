//! A Co-op behind proxies, and what "exactly once" means there: one greeting on the wiki, one row, everything answered.
//! For the tests that try to break it and for the soak.

use crate::calls::Calls;
use crate::coop::{Coop, Member};
use crate::counter::MessageCounter;
use crate::dbproxy::DbProxy;
use crate::proxy::FaultProxy;
use crate::run::Job;
use anyhow::{Context, Result, ensure};

/// Ten minutes: more than the five after which an edit of unknown outcome is looked for again.
pub const LATER: i64 = 600;
/// A day, in seconds.
pub const DAY: i64 = 24 * 3600;

/// A Co-op with one mentor for writing, behind proxies. The job always goes through them: host and port of the API are
/// the wiki's name in its database.
pub struct Scene {
    /// Pages and accounts.
    pub coop: Coop,
    /// The mentor.
    pub mentor: Member,
    /// In front of the wiki.
    pub http: FaultProxy,
    /// In front of the database.
    pub db: DbProxy,
}

impl Scene {
    /// A new one.
    pub async fn new() -> Result<Self> {
        let coop = Coop::new().await?;
        let mentor = coop.add_mentor("Mia", &["writing"]).await?;
        let counter = MessageCounter::new();
        let http = FaultProxy::start_with(&coop.world.wiki.api, 0, counter.clone()).await?;
        let db = DbProxy::start_with(&coop.world.database_url(), 0, counter).await?;
        Ok(Self { coop, mentor, http, db })
    }

    /// The same with somebody who asks for help with writing.
    pub async fn with_learner(name: &str) -> Result<(Self, Member)> {
        let scene = Self::new().await?;
        let learner = scene.coop.add_learner(name, "writing").await?;
        Ok((scene, learner))
    }

    /// matchbot, through both proxies.
    pub fn job(&self) -> Job {
        self.coop.matchbot().through(&self.http).over(&self.db)
    }

    /// Errs unless this learner has exactly one greeting in the history and on the page, and one row that names it.
    pub async fn greeted_once(&self, learner: &Member) -> Result<()> {
        let text = self
            .coop
            .world
            .admin
            .text(&learner.talk)
            .await?
            .context("no talk page")?;
        let count = text.matches(&format!("Hello, [[User:{}", learner.name())).count();
        ensure!(
            count == 1,
            "{count} greetings of {} on the page:\n{text}",
            learner.name()
        );
        self.recorded_once(learner, &learner.talk).await
    }

    /// Errs unless the history of `page` has exactly one edit of the bot and the database one row that names it.
    pub async fn recorded_once(&self, learner: &Member, page: &str) -> Result<()> {
        let world = &self.coop.world;
        let history = world.admin.history(page).await?;
        let ours: Vec<u64> = history
            .iter()
            .filter(|r| r.user == world.bot.name)
            .map(|r| r.revid)
            .collect();
        ensure!(ours.len() == 1, "edits of {page}: {ours:?}");
        let sql = format!(
            "SELECT m.revid, i.revid, i.state, r.state FROM matches m JOIN intent i ON i.wiki = m.wiki AND i.intent_key = m.intent_key \
             JOIN request r ON r.id = m.request_id WHERE m.luid = {}",
            learner.account.id
        );
        let rows = world.table(&sql).await?;
        let right = format!("{0} | {0} | done | answered\n", ours[0]);
        ensure!(
            rows == right,
            "the rows of {} are\n{rows}and not\n{right}",
            learner.name()
        );
        Ok(())
    }

    /// The state of a learner's request with its reason code.
    pub async fn request_of(&self, learner: &Member) -> Result<String> {
        let sql = format!(
            "SELECT CONCAT(state, ' ', reason_code) FROM request WHERE title = '{}'",
            learner.profile.replace('\'', "''")
        );
        Ok(self.coop.world.table(&sql).await?.trim().to_owned())
    }

    /// Ends the connection that holds the lock of the run that took it last.
    pub fn cut_lock(&self) {
        let statements = self.db.statements();
        let mut locks = statements
            .iter()
            .rev()
            .filter(|statement| statement.sql.contains("LEFT(SHA2("));
        if let Some(taken) = locks.find(|statement| statement.sql.starts_with("SELECT GET_LOCK")) {
            self.db.cut(taken.connection);
        }
    }

    /// How often the bot has asked the wiki to save this page, since the calls were last forgotten.
    pub fn sent_to(&self, page: &str) -> usize {
        let calls = self.http.calls();
        calls
            .writes()
            .iter()
            .filter(|call| call.param("title") == Some(page))
            .count()
    }

    /// How often the bot has saved this page.
    pub async fn edits_of(&self, page: &str) -> Result<usize> {
        let history = self.coop.world.admin.history(page).await?;
        Ok(history
            .iter()
            .filter(|revision| revision.user == self.coop.world.bot.name)
            .count())
    }
}
