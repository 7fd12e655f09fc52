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

fn faults() -> [Fault; 10] {
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
        Fault::ForwardAndLose,
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
        let mut days = Self {
            coop,
            proxy,
            quiet,
            asked: Vec::new(),
            clock: 0,
        };
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
        let run = self
            .coop
            .matchbot()
            .through(&self.proxy)
            .later(self.clock)
            .run_ok()
            .await?;
        let calls = self.proxy.calls().len();
        assert!(calls <= BOUND, "{calls} requests: {run}");
        Ok(run)
    }

    fn sent(&self, learner: &Member) -> usize {
        let calls = self.proxy.calls().into_iter();
        calls
            .filter(|call| call.action() == "edit" && call.param("title") == Some(&learner.talk))
            .count()
    }

    /// Everybody who has asked so far has one greeting and one row of it.
    async fn each_is_greeted_once(&self, what: &str) -> Result<()> {
        let newest = self.asked.last().context("somebody has asked")?;
        assert_eq!(self.coop.greetings_of(newest).await?, 1, "{what}");
        let sql = "SELECT COUNT(*), COUNT(DISTINCT m.luid), COUNT(DISTINCT i.revid) FROM matches m JOIN intent i \
            ON i.intent_key = m.intent_key AND i.revid = m.revid AND i.state = 'done'";
        let count = self.asked.len();
        assert_eq!(
            self.coop.world.table(sql).await?,
            format!("{count} | {count} | {count}\n"),
            "{what}"
        );
        assert_eq!(self.coop.world.count("matches").await?, count as u64, "{what}");
        Ok(())
    }
}

/// The reads of a run, in their order.
fn reads(coop: &Coop, learner: &Member) -> [When; 4] {
    [
        When::action("login").post(),
        When::module("revisions").containing(&coop.settings_title()),
        When::module("categorymembers"),
        When::module("revisions").containing(&learner.talk),
    ]
}

#[tokio::test]
async fn each_fault_once_at_every_stage_of_reading() -> Result<()> {
    let mut days = Days::new().await?;
    for fault in faults() {
        let what = format!("{} once at each stage of reading", fault.name());
        let learner = days.next().await?;
        let rules = reads(&days.coop, &learner).map(|when| days.proxy.rule(when.nth(1), fault.clone()));
        let mut told = what.clone();
        // Each fault costs one run at most.
        for _ in 0..=rules.len() {
            let run = days.run().await.context(what.clone())?;
            told = format!("{told}\n{run}");
            if number(&run, "edits")? > 0 {
                break;
            }
        }
        days.each_is_greeted_once(&told).await?;
        assert!(rules.iter().all(|rule| rule.times() == 1), "{told}");
        days.proxy.heal();
    }
    Ok(())
}

#[tokio::test]
async fn each_fault_for_ever_at_some_stage_of_reading_ends_the_run_quietly() -> Result<()> {
    let mut days = Days::new().await?;
    for (n, fault) in faults().into_iter().enumerate() {
        let stage = n % 4;
        let what = format!("{} for ever at stage {stage}", fault.name());
        let learner = days.next().await?;
        let when = reads(&days.coop, &learner)[stage].clone();
        let hit = days.proxy.rule(when, fault);
        let first = days.run().await.context(what.clone())?;
        assert!((1..=5).contains(&hit.times()), "{what}: {} times: {first}", hit.times());
        assert_eq!(number(&first, "edits")?, 0, "{what}: {first}");
        days.proxy.heal();
        let second = days.run().await?;
        days.each_is_greeted_once(&format!("{what}\n{first}{second}")).await?;
    }
    Ok(())
}

async fn at_the_edit(how_often: u64) -> Result<()> {
    let mut days = Days::new().await?;
    for fault in faults() {
        let what = format!("{} at the edit, {how_often} times", fault.name());
        let learner = days.next().await?;
        let hit = days
            .proxy
            .rule(When::edit_of(&learner.talk).first(how_often), fault.clone());
        let first = days.run().await.context(what.clone())?;
        assert!((1..=5).contains(&hit.times()), "{what}: {} times: {first}", hit.times());
        if leaves_doubt(&fault) {
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

#[tokio::test]
async fn each_fault_once_at_the_edit_costs_one_run_at_most() -> Result<()> {
    at_the_edit(1).await
}

#[tokio::test]
async fn each_fault_at_every_edit_of_a_run_costs_one_run_at_most() -> Result<()> {
    at_the_edit(u64::MAX).await
}

#[tokio::test]
async fn one_learners_failure_is_nobody_elses_and_is_given_up_after_a_week() -> Result<()> {
    for code in ["nosuchpageid", "internal_api_error_DBQueryError"] {
        let coop = Coop::new().await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        let people = coop
            .add_learners(&[("Ann", "writing"), ("Bob", "writing"), ("Cid", "writing")])
            .await?;
        let bob = &people[1];
        let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
        let id = coop
            .world
            .admin
            .page_id(&bob.profile)
            .await?
            .context("a profile")?
            .to_string();
        let maker = When::module("revisions").with("pageids", &id);
        let hit = proxy.rule(maker, Fault::ApiError(code.into(), "Out of order.".into()));
        let at = |later: i64| coop.matchbot().through(&proxy).later(later);

        let first = at(0).run_to(1).await.context(code)?;
        assert!(first.says(&bob.profile) && first.says("Out of order."), "{first}");
        for (learner, greetings) in people.iter().zip([1, 0, 1]) {
            assert_eq!(
                coop.greetings_of(learner).await?,
                greetings,
                "{}: {first}",
                learner.name()
            );
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
        let line = line_about(&coop, bob)
            .await?
            .with_context(|| format!("it stands nowhere: {last}"))?;
        assert!(line.contains("Out of order.") || line.contains(code), "{line}");
        let times = hit.times();
        at(8 * DAY + LATER).run_to(0).await?;
        assert_eq!(
            (hit.times(), coop.greetings_of(bob).await?),
            (times, 0),
            "it is a person's now"
        );
    }
    Ok(())
}
