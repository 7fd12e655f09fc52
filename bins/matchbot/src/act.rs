//! One request from decision to greeting. The decision is frozen in the intent before anything is sent, so that a run
//! that dies is taken up where it stopped, with the same mentor and the same words.

use anyhow::Context as _;
use shared::core::intent::token;
use shared::core::types::UserId;
use shared::db::FencedTx;
use shared::db::intent::{self, Intent, State as IntentState};
use shared::editor::{Additive, CONFLICTS, Found, Look, Outcome, Refused, Topic};
use shared::job::Run;
use shared::wiki::Phase;

use crate::choose::{Choice, choose};
use crate::decide::{Bot, FlowState, Place, add_section, place};
use crate::greeting::{Names, compose, summary};
use crate::mentors::Known;
use crate::reason::Reason;
use crate::record::{Case, Decision, Row, adopt, category_shown, close, intent_key, open_intent, stored_intent};
use crate::settings::Settings;

/// What became of a request in this run.
#[derive(Debug)]
pub enum Step {
    /// Greeted (or found to have been greeted).
    Greeted {
        /// The mentor, if one was found.
        mentor: Option<UserId>,
    },
    /// Waits for a person.
    Person(Reason),
    /// Not now: the next run looks again.
    Later(String),
    /// A dry run: shown.
    Dry,
}

/// Greets one learner, or says why not. Errs when the run cannot go on.
pub async fn greet(run: &mut Run<Settings>, case: &Case<'_>, known: &Known) -> anyhow::Result<Step> {
    for _ in 0..CONFLICTS {
        match attempt(run, case, known).await {
            Err(error) if matches!(error.downcast_ref(), Some(Refused::Conflict)) => {}
            Err(error) => return refused(error),
            step => return step,
        }
    }
    Ok(Step::Later(
        "the talk page was edited by others again and again".to_owned(),
    ))
}

/// Refusals that concern this page only are cases for a person; the rest ends the run.
fn refused(error: anyhow::Error) -> anyhow::Result<Step> {
    match error.downcast::<Refused>() {
        Ok(Refused::Page { code, info }) if code == "taken-away" => Ok(Step::Person(Reason::TakenAway(info))),
        Ok(Refused::Page { code, info }) => Ok(Step::Person(Reason::Refused { code, info })),
        Ok(Refused::Unknown(why)) => Ok(Step::Later(why)),
        Ok(other) => Err(other.into()),
        Err(error) => Err(error),
    }
}

async fn attempt(run: &mut Run<Settings>, case: &Case<'_>, known: &Known) -> anyhow::Result<Step> {
    let site = run.session.site().clone();
    let shown = site.prefixed(&case.profile);
    let Some(talk) = site.talk_of(&case.profile) else {
        return Ok(Step::Person(Reason::Refused {
            code: "talk".to_owned(),
            info: format!("{shown} can have no talk page"),
        }));
    };
    let key = intent_key(case.request);
    let token = token(run.editor.job, &run.wiki, &key);
    let stored = stored_intent(run, &key).await?;
    match &stored {
        Some(Intent {
            state: IntentState::Gone,
            last_error,
            ..
        }) => {
            return Ok(Step::Person(Reason::Gone(last_error.clone().unwrap_or_default())));
        }
        Some(
            intent @ Intent {
                state: IntentState::Done | IntentState::Failed,
                ..
            },
        ) => {
            close(run, case, intent).await?;
            return Ok(Step::Later("its greeting is on record already".to_owned()));
        }
        Some(_) => {}
        None => {
            if let Some(found) = run.editor.token_on_wiki(&token) {
                adopt(run, case, &key, &token, &found).await?;
                return Ok(if run.editor.is_dry() {
                    Step::Dry
                } else {
                    Step::Greeted { mentor: None }
                });
            }
        }
    }
    run.editor.wait_for_turn(&talk).await?;
    run.session.count_as(Phase::Learner);
    let category = category_shown(run, case);
    let look = run
        .editor
        .look(&talk, &[&case.profile], std::slice::from_ref(&category))
        .await?;
    let frozen = stored.as_ref().and_then(|intent| Decision::from_json(&intent.decision));
    // What was sent before may have been saved, whatever the pages look like now: that is found out first.
    if let (Some(intent), Some(decision)) = (&stored, &frozen) {
        let row = Row::new(run, case, intent, decision);
        let mut done = async |tx: &mut FencedTx<'_>, found: &Found| row.store(tx, found, None).await;
        if let Some(outcome) = run.editor.settle(intent, &look, &mut done).await? {
            return ended(run, intent, decision, outcome).await;
        }
    }
    let place = match where_to(run, &look, &category).await? {
        Ok(place) => place,
        Err(reason) => return Ok(Step::Person(reason)),
    };
    let since = case.request.cat_ts.unwrap_or(case.request.first_seen);
    if look.target.page_id.is_none() && run.editor.deleted_since(&look.target.title, since).await? {
        return Ok(Step::Person(Reason::TakenAway(
            "was deleted or moved since the request".to_owned(),
        )));
    }
    let decision = match frozen {
        Some(decision) => decision,
        None => match decide(run, case, known).await? {
            Ok(decision) => decision,
            Err(reason) => return Ok(Step::Person(reason)),
        },
    };
    let intent = match stored {
        Some(intent) => intent,
        None => open_intent(run, &key, &token, &decision, &look).await?,
    };
    post(run, case, &intent, &decision, &look, place).await
}

/// Profile and talk page as they are now, and where the greeting goes.
async fn where_to(run: &mut Run<Settings>, look: &Look, category: &str) -> anyhow::Result<Result<Place, Reason>> {
    let names = run.editor.bots_names().await?;
    let bot = Bot {
        account: run.session.account(),
        rights: &run.editor.rights,
        names: &names,
    };
    let profile = look.others.first().context("the wiki did not answer for the profile")?;
    Ok(place(
        profile,
        &look.target,
        category,
        flow_state(run),
        &bot,
        run.session.site(),
    ))
}

fn flow_state(run: &Run<Settings>) -> FlowState {
    let installed =
        run.session.site().has_extension("Flow") || run.session.site().has_extension("StructuredDiscussions");
    FlowState {
        installed: installed && run.accepted.parsed.settings.flow,
        may_create: run.editor.rights.iter().any(|right| right == "flow-create-board"),
    }
}

async fn decide(run: &mut Run<Settings>, case: &Case<'_>, known: &Known) -> anyhow::Result<Result<Decision, Reason>> {
    let choice = match choose(run, case, known).await? {
        Ok(choice) => choice,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(Ok(words(run, case, &choice)))
}

fn words(run: &Run<Settings>, case: &Case<'_>, choice: &Choice) -> Decision {
    let settings = &run.accepted.parsed.settings;
    let names = Names {
        learner: &choice.learner,
        mentor: &choice.name,
        skill: &settings.skills[case.skill].name,
    };
    let greeting = compose(&settings.greetings, choice.kind, &names);
    Decision {
        mentor: Some(choice.mentor),
        matched: Some(choice.matched()),
        why: choice.why.clone(),
        topic: greeting.topic,
        post: greeting.post,
        section: greeting.section,
    }
}

async fn post(
    run: &mut Run<Settings>,
    case: &Case<'_>,
    intent: &Intent,
    decision: &Decision,
    look: &Look,
    place: Place,
) -> anyhow::Result<Step> {
    let row = Row::new(run, case, intent, decision);
    let outcome = match place {
        Place::FlowTopic | Place::NewFlowBoard => {
            let topic = Topic {
                intent,
                topic: &decision.topic,
                post: &decision.post,
            };
            let done =
                async |tx: &mut FencedTx<'_>, found: &Found, post_id: &str| row.store(tx, found, Some(post_id)).await;
            match run.editor.post_topic(look, &topic, done).await {
                // Flow refused to make a board where there is no page: then an ordinary page it is.
                Err(Refused::Page { .. }) if place == Place::NewFlowBoard => on_page(run, &row, look).await?,
                Err(Refused::Page { info, .. }) => return Ok(Step::Person(Reason::FlowRefused(info))),
                outcome => outcome?,
            }
        }
        Place::Section | Place::NewPage => on_page(run, &row, look).await?,
    };
    ended(run, intent, decision, outcome).await
}

/// What the outcome of an edit means for the request.
async fn ended(run: &Run<Settings>, intent: &Intent, decision: &Decision, outcome: Outcome) -> anyhow::Result<Step> {
    match outcome {
        Outcome::Done(_) => Ok(Step::Greeted {
            mentor: decision.mentor.filter(|_| decision.matched == Some(true)),
        }),
        Outcome::TooEarly => Ok(Step::Later(
            "sent less than five minutes ago without an answer".to_owned(),
        )),
        Outcome::Dry => Ok(Step::Dry),
        Outcome::Gone(what) => {
            if let Some(fence) = run.fence() {
                let (id, now) = (intent.id, run.clock.now());
                run.db
                    .fenced(&fence, "giving an edit up as gone", async |tx| {
                        intent::mark_gone(tx, id, &what, now).await
                    })
                    .await?;
            }
            Ok(Step::Person(Reason::Gone(what)))
        }
    }
}

async fn on_page(run: &mut Run<Settings>, row: &Row<'_>, look: &Look) -> Result<Outcome, Refused> {
    let text = add_section(look.target.text().unwrap_or(""), &row.decision.section);
    let summary = summary(&row.decision.topic, &row.intent.token);
    let additive = Additive {
        intent: row.intent,
        text: &text,
        summary: &summary,
        marker: None,
    };
    run.editor
        .save_additive(look, &additive, async |tx: &mut FencedTx<'_>, found: &Found| {
            row.store(tx, found, None).await
        })
        .await
}
