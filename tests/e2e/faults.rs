//! Every fault of wiki and network at every stage of a run: once it costs at most one more run, for ever it ends the
//! run early and quietly; nothing is doubled, nobody is forgotten, and the number of requests stays bounded. And one
//! learner's failure is nobody else's.

use anyhow::{Context, Result};
use wikicrew_tests::coop::{Coop, Member, profile_text};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Run;

use crate::seen::{line_about, number};
use crate::steps::{DAY, MINUTES_5};

const LATER: i64 = 600;
/// A run with one learner needs about 25 requests; five attempts each are the most.
const BOUND: usize = 45;

fn faults() -> [Fault; 9] {
    [
        Fault::Status(429, Some(0)),
        Fault::Status(503, Some(0)),
        Fault::maxlag(),
        Fault::readonly(),
        Fault::ratelimited(),
        Fault::badtoken(),
        Fault::HtmlError(502),
        Fault::TruncatedJson,
        Fault::Reset,
    ]
}

/// After these nobody knows whether the edit was saved, so it is not sent again in the same run.
fn leaves_doubt(fault: &Fault) -> bool {
    !matches!(fault, Fault::ApiError(..))
}

/// A Co-op in which one learner after the other asks for a mentor, each run ten minutes after the one before.
struct Days {
    coop: Coop,
    proxy: FaultProxy,
    quiet: Vec<Member>,
    asked: Vec<Member>,
    clock: i64,
}

impl Days {
    async fn new() -> Result<Self> {
        let coop = Coop::new().await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        let names: Vec<String> = (0..faults().len()).map(|n| format!("L{n}")).collect();
        let people: Vec<(&str, Vec<&str>)> = names.iter().map(|name| (name.as_str(), Vec::new())).collect();
        let quiet = coop.add_members(&people).await?;
        let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
        let mut days = Self { coop, proxy, quiet, asked: Vec::new(), clock: 0 };
        // The status page stands, and a run has succeeded.
        days.run().await?;
        Ok(days)
    }

    /// The next learner puts the category on the profile.
    async fn next(&mut self) -> Result<Member> {
        let learner = self.quiet.pop().context("all have asked")?;
        let text = profile_text(&[&self.coop.skill("writing")?.request]);
        self.coop.world.admin.edit(&learner.profile, &text, "").await?;
        self.asked.push(learner.clone());
        Ok(learner)
    }

    async fn run(&mut self) -> Result<Run> {
        self.clock += LATER;
        self.proxy.forget();
        let run = self.coop.matchbot().through(&self.proxy).later(self.clock).run_ok().await?;
        let calls = self.proxy.calls().len();
        assert!(calls <= BOUND, "{calls} requests: {run}");
        Ok(run)
    }

    fn sent(&self, learner: &Member) -> usize {
        let calls = self.proxy.calls().into_iter();
        calls.filter(|call| call.action() == "edit" && call.param("title") == Some(&learner.talk)).count()
    }

    /// Everybody who has asked so far has one greeting and one row of it.
    async fn each_is_greeted_once(&self, what: &str) -> Result<()> {
        let newest = self.asked.last().context("somebody has asked")?;
        assert_eq!(self.coop.greetings_of(newest).await?, 1, "{what}");
        let sql = "SELECT COUNT(*), COUNT(DISTINCT m.luid), COUNT(DISTINCT i.revid) FROM matches m JOIN intent i \
            ON i.intent_key = m.intent_key AND i.revid = m.revid AND i.state = 'done'";
        let count = self.asked.len();
        assert_eq!(self.coop.world.table(sql).await?, format!("{count} | {count} | {count}\n"), "{what}");
        assert_eq!(self.coop.world.count("matches").await?, count as u64, "{what}");
        Ok(())
    }
}

/// Each fault once: what one run did not do, the next one does.
async fn once_each(stage: &str, when: impl Fn(&Coop, &Member) -> When) -> Result<()> {
    let mut days = Days::new().await?;
    for fault in faults() {
        let what = format!("{} at {stage}, once", fault.name());
        let learner = days.next().await?;
        let hit = days.proxy.rule(when(&days.coop, &learner).nth(1), fault.clone());
        let first = days.run().await.context(what.clone())?;
        assert_eq!(hit.times(), 1, "{what}: {first}");
        if stage == "edit" && leaves_doubt(&fault) {
            assert_eq!(days.sent(&learner), 1, "{what}: {first}");
        }
        days.proxy.heal();
        let mut told = format!("{what}\n{first}");
        if days.coop.world.count("matches").await? < days.asked.len() as u64 {
            told = format!("{told}{}", days.run().await?);
        }
        days.each_is_greeted_once(&told).await?;
    }
    Ok(())
}

/// Each fault for as long as one run takes: the run ends early with nothing to tell a person, the next one greets.
async fn for_ever(stage: &str, when: impl Fn(&Coop, &Member) -> When) -> Result<()> {
    let mut days = Days::new().await?;
    for fault in faults() {
        let what = format!("{} at {stage}, for ever", fault.name());
        let learner = days.next().await?;
        let hit = days.proxy.rule(when(&days.coop, &learner), fault.clone());
        let first = days.run().await.context(what.clone())?;
        assert!((1..=5).contains(&hit.times()), "{what}: {} times: {first}", hit.times());
        assert_eq!(number(&first, "edits")?, 0, "{what}: {first}");
        if stage == "edit" && leaves_doubt(&fault) {
            assert_eq!(days.sent(&learner), 1, "{what}: {first}");
        }
        days.proxy.heal();
        let second = days.run().await?;
        days.each_is_greeted_once(&format!("{what}\n{first}{second}")).await?;
    }
    Ok(())
}

fn login(_: &Coop, _: &Member) -> When {
    When::action("login").post()
}

fn settings(coop: &Coop, _: &Member) -> When {
    When::module("revisions").containing(&coop.settings_title())
}

fn categories(_: &Coop, _: &Member) -> When {
    When::module("categorymembers")
}

fn look(_: &Coop, learner: &Member) -> When {
    When::module("revisions").containing(&learner.talk)
}

fn edit(_: &Coop, learner: &Member) -> When {
    When::edit_of(&learner.talk)
}

#[tokio::test]
async fn every_fault_once_at_login_and_settings() -> Result<()> {
    once_each("login", login).await?;
    once_each("settings", settings).await
}

#[tokio::test]
async fn every_fault_once_at_the_categories_and_at_the_look() -> Result<()> {
    once_each("categories", categories).await?;
    once_each("look", look).await
}

#[tokio::test]
async fn every_fault_once_at_the_edit() -> Result<()> {
    once_each("edit", edit).await
}

#[tokio::test]
async fn every_fault_for_ever_at_the_categories() -> Result<()> {
    for_ever("categories", categories).await
}

#[tokio::test]
async fn every_fault_for_ever_at_the_look_and_at_the_settings() -> Result<()> {
    for_ever("look", look).await?;
    for_ever("settings", settings).await
}

#[tokio::test]
async fn every_fault_for_ever_at_the_edit() -> Result<()> {
    for_ever("edit", edit).await
}

#[tokio::test]
async fn one_learners_failure_is_nobody_elses_and_is_given_up_after_a_week() -> Result<()> {
    for code in ["nosuchpageid", "internal_api_error_DBQueryError"] {
        let coop = Coop::new().await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        let people = coop.add_learners(&[("Ann", "writing"), ("Bob", "writing"), ("Cid", "writing")]).await?;
        let bob = &people[1];
        let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
        let id = coop.world.admin.page_id(&bob.profile).await?.context("a profile")?.to_string();
        let maker = When::module("revisions").with("pageids", &id);
        let hit = proxy.rule(maker, Fault::ApiError(code.into(), "Out of order.".into()));
        let at = |later: i64| coop.matchbot().through(&proxy).later(later);

        let first = at(0).run_to(1).await.context(code)?;
        assert!(first.says(&bob.profile) && first.says("Out of order."), "{first}");
        for (learner, greetings) in people.iter().zip([1, 0, 1]) {
            assert_eq!(coop.greetings_of(learner).await?, greetings, "{}: {first}", learner.name());
        }
        let times = hit.times();
        // Known today; tried again each run all the same.
        let second = at(MINUTES_5).run_to(0).await?;
        assert!(hit.times() > times && hit.times() <= times + 5, "{second}");
        // After a day only once a day.
        at(DAY + LATER).run_to(1).await?;
        let times = hit.times();
        at(DAY + 2 * LATER).run_to(0).await?;
        assert_eq!(hit.times(), times);

        let last = at(8 * DAY).run_to(1).await?;
        let line = line_about(&coop, bob).await?.with_context(|| format!("it stands nowhere: {last}"))?;
        assert!(line.contains("Out of order.") || line.contains(code), "{line}");
        let times = hit.times();
        at(8 * DAY + LATER).run_to(0).await?;
        assert_eq!((hit.times(), coop.greetings_of(bob).await?), (times, 0), "it is a person's now");
    }
    Ok(())
}
