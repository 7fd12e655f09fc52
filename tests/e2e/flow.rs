//! Structured Discussions ("Flow"). The sandbox has none, so the fault proxy plays it, with the answers of a real one
//! (recorded in `shared/wiki/tests/flow`). What these answers lead to is seen on the real wiki and in the table.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::proxy::{Applied, FaultProxy};
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::NewPage;

use crate::seen::{ensure_idle, line_about, number, waiting};

fn recorded(text: &str) -> Value {
    serde_json::from_str(text).expect("a recorded answer is JSON")
}

fn success() -> Value {
    recorded(include_str!("../../shared/wiki/tests/flow/new-topic.success.json"))
}

fn read_only() -> Value {
    recorded(include_str!(
        "../../shared/wiki/tests/flow/new-topic.flow-readonly.json"
    ))
}

fn read_only_new_board() -> Value {
    recorded(include_str!(
        "../../shared/wiki/tests/flow/new-topic.flow-readonly-new-board.json"
    ))
}

fn no_create_right() -> Value {
    recorded(include_str!(
        "../../shared/wiki/tests/flow/new-topic.no-create-right.json"
    ))
}

fn on_wikitext_page() -> Value {
    recorded(include_str!(
        "../../shared/wiki/tests/flow/new-topic.on-wikitext-page.json"
    ))
}

fn bad_token() -> Value {
    recorded(include_str!("../../shared/wiki/tests/flow/new-topic.badtoken.json"))
}

/// A Co-op with one mentor and one learner on a wiki that has Flow.
struct Stage {
    coop: Coop,
    learner: Member,
    proxy: FaultProxy,
}

impl Stage {
    /// `may_create`: the bot has the right `flow-create-board`.
    async fn new(may_create: bool) -> Result<Self> {
        let coop = Coop::new().await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        let learner = coop.add_learner("Lea", "writing").await?;
        let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
        let installed = Fault::rewrite(|answer| {
            if let Some(list) = answer["query"]["extensions"].as_array_mut() {
                list.push(json!({ "type": "other", "name": "Flow" }));
            }
        });
        proxy.rule(When::module("siteinfo"), installed);
        if may_create {
            let right = Fault::rewrite(|answer| {
                if let Some(rights) = answer["query"]["userinfo"]["rights"].as_array_mut() {
                    rights.push("flow-create-board".into());
                }
            });
            proxy.rule(When::module("userinfo"), right);
        }
        Ok(Self { coop, learner, proxy })
    }

    /// The learner's talk page is a board, as `prop=info` of a real board shows it.
    async fn with_board(self) -> Result<Self> {
        let board: Value = recorded(include_str!("../../shared/wiki/tests/flow/info.flow-board.json"));
        let model = board["query"]["pages"][0]["contentmodel"].clone();
        self.coop
            .world
            .load(&[NewPage::new(&self.learner.talk, "{\"flow-workflow\":\"x\"}")])
            .await?;
        let talk = self.learner.talk.clone();
        let is_board = Fault::rewrite(move |answer| {
            for page in answer["query"]["pages"].as_array_mut().into_iter().flatten() {
                if page["title"] == talk.as_str() {
                    page["contentmodel"] = model.clone();
                    page["revisions"][0]["slots"]["main"]["contentmodel"] = model.clone();
                }
            }
        });
        self.proxy
            .rule(When::module("categories").containing(&self.learner.talk), is_board);
        Ok(self)
    }

    fn answers(&self, answer: Value) -> Applied {
        self.proxy.rule(When::action("flow"), Fault::Answer(answer))
    }

    async fn run(&self) -> Result<Run> {
        self.coop.matchbot().through(&self.proxy).run_ok().await
    }

    /// Every attempt to begin a topic.
    fn topics(&self) -> Vec<Call> {
        self.proxy
            .calls()
            .iter()
            .filter(|call| call.action() == "flow")
            .cloned()
            .collect()
    }

    /// The rows: `revid`, `postid`, `matchmade`.
    async fn rows(&self) -> Result<Vec<Vec<String>>> {
        self.coop
            .world
            .rows("SELECT revid, postid, matchmade FROM matches")
            .await
    }

    /// Greeted on an ordinary page, with a row that says so.
    async fn assert_on_page(&self, run: &Run) -> Result<()> {
        let history = self.coop.world.admin.history(&self.learner.talk).await?;
        assert_eq!(history.len(), 1, "{run}");
        assert!(
            history[0]
                .text
                .starts_with("==Welcome to the Co-op! We have a mentor for you.==\n"),
            "{}",
            history[0].text
        );
        assert_eq!(
            self.rows().await?,
            [[history[0].revid.to_string().as_str(), "NULL", "1"]]
        );
        Ok(())
    }
}

#[tokio::test]
async fn a_board_gets_a_topic_and_the_row_its_post() -> Result<()> {
    let stage = Stage::new(false).await?.with_board().await?;
    let refused = stage
        .proxy
        .rule(When::action("flow").nth(1), Fault::Answer(bad_token()));
    let answered = stage.answers(success());
    let run = stage.run().await?;
    assert_eq!(
        (refused.times(), answered.times()),
        (1, 1),
        "a stale token is fetched anew\n{run}"
    );
    let topics = stage.topics();
    assert_ne!(topics[0].param("token"), None);
    let topic = &topics[1];
    let said = |key: &str| topic.param(key).unwrap_or_default().to_owned();
    assert_eq!(
        (said("submodule").as_str(), said("ntformat").as_str(), &said("page")),
        ("new-topic", "wikitext", &stage.learner.talk)
    );
    assert_eq!(said("nttopic"), "Welcome to the Co-op! We have a mentor for you.");
    let mentor = stage.coop.world.own("Mia");
    let content = said("ntcontent");
    assert!(
        content.starts_with(&format!(
            "Thank you for your interest in the Co-op. [[User:{mentor}|{mentor}]] has listed"
        )),
        "{content}"
    );
    assert!(!content.contains("~~~~"), "Flow signs by itself: {content}");
    assert_eq!((topic.method.as_str(), said("assert").as_str()), ("POST", "bot"));
    assert_eq!(
        stage.rows().await?,
        [["NULL", "zprat6ca9za8m399", "1"]],
        "the post's revision"
    );
    assert_eq!(
        stage.coop.world.admin.history(&stage.learner.talk).await?.len(),
        1,
        "nothing was edited directly"
    );

    stage.proxy.forget();
    ensure_idle(&stage.run().await?)?;
    assert!(
        stage.proxy.calls().writes().is_empty(),
        "{}",
        stage.proxy.calls().told()
    );
    Ok(())
}

#[tokio::test]
async fn a_missing_page_becomes_a_board_where_the_bot_may_and_a_page_where_not() -> Result<()> {
    let board = Stage::new(true).await?;
    board.answers(success());
    board.run().await?;
    assert_eq!(board.topics().len(), 1);
    assert_eq!(board.rows().await?, [["NULL", "zprat6ca9za8m399", "1"]]);
    assert_eq!(
        board.coop.world.admin.text(&board.learner.talk).await?,
        None,
        "no page beside the board"
    );

    for refusal in [no_create_right(), read_only_new_board(), read_only()] {
        let refused = Stage::new(true).await?;
        let asked = refused.answers(refusal.clone());
        let run = refused.run().await?;
        assert_eq!(asked.times(), 1, "{refusal}\n{run}");
        refused.assert_on_page(&run).await?;
        ensure_idle(&refused.run().await?)?;
        assert_eq!(asked.times(), 1, "asked once");
    }

    let without = Stage::new(false).await?;
    let asked = without.answers(success());
    without.assert_on_page(&without.run().await?).await?;
    assert_eq!(asked.times(), 0, "without the right Flow is not asked");

    let never = Stage::new(true).await?;
    never
        .coop
        .save_settings(&never.coop.settings.clone().set("flow", "never"))
        .await?;
    let asked = never.answers(success());
    never.assert_on_page(&never.run().await?).await?;
    assert_eq!(asked.times(), 0, "the settings said never");
    Ok(())
}

#[tokio::test]
async fn a_board_that_refuses_waits_for_a_person() -> Result<()> {
    for (answer, why) in [
        (read_only(), "has been disabled on this wiki"),
        (on_wikitext_page(), "Page already exists at destination"),
    ] {
        let stage = Stage::new(true).await?.with_board().await?;
        let asked = stage.answers(answer);
        let run = stage.run().await?;
        assert_eq!((number(&run, "persons")?, number(&run, "greeted")?), (1, 0), "{run}");
        let line = line_about(&stage.coop, &stage.learner)
            .await?
            .context("it stands on the status page")?;
        assert!(
            line.contains("Structured Discussions refused the topic: ") && line.contains(why),
            "{line}"
        );
        assert_eq!(stage.coop.world.admin.history(&stage.learner.talk).await?.len(), 1);
        assert_eq!(stage.rows().await?.len(), 0);
        ensure_idle(&stage.run().await?)?;
        assert_eq!(asked.times(), 1, "and is not asked again and again");
    }
    Ok(())
}

#[tokio::test]
async fn a_topic_whose_answer_was_lost_is_never_sent_again() -> Result<()> {
    for lost in [
        Fault::Reset,
        Fault::HtmlError(502),
        Fault::Answer(json!({ "flow": { "new-topic": {} } })),
    ] {
        let stage = Stage::new(false).await?.with_board().await?;
        stage.proxy.rule(When::action("flow").nth(1), lost.clone());
        let again = stage.answers(success());
        let run = stage.run().await?;
        assert_eq!(
            (number(&run, "later")?, number(&run, "greeted")?),
            (1, 0),
            "{}\n{run}",
            lost.name()
        );
        let job = || stage.coop.matchbot().through(&stage.proxy);
        job().run_ok().await?;
        job().later(600).run_ok().await?;
        job().later(90_000).run_ok().await?;
        assert_eq!(
            again.times(),
            0,
            "{}: Flow cannot say whether it was saved, so it is not sent again",
            lost.name()
        );
        let lines = waiting(&stage.coop).await?;
        let [line] = &lines[..] else {
            panic!("{}: people are told: {lines:?}", lost.name())
        };
        assert!(
            line.contains("Structured Discussions cannot say whether the topic was saved"),
            "{line}"
        );
        let states = stage
            .coop
            .world
            .rows("SELECT state FROM intent WHERE intent_key NOT LIKE 'mention%'")
            .await?;
        assert_eq!(states, [["gone"]]);
        assert_eq!(stage.rows().await?.len(), 0);
    }
    Ok(())
}
