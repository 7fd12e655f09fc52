//! One request from decision to greeting. The decision is frozen in the intent before anything is sent, so that a run
//! that dies is taken up where it stopped, with the same mentor and the same words.

use anyhow::Context as _;
use serde_json::{Value, json};
use shared::core::intent::token;
use shared::core::site::Title;
use shared::core::types::{PageId, RevId, UserId};
use shared::db::intent::{self, Intent, NewIntent, State as IntentState};
use shared::db::matches::{self, NewMatch};
use shared::db::request::{self, Request};
use shared::db::FencedTx;
use shared::editor::{Additive, CONFLICTS, Found, Look, Outcome, Refused, Topic};
use shared::job::Run;
use shared::wiki::Phase;

use crate::choose::{Choice, choose};
use crate::decide::{Bot, FlowState, Place, add_section, place};
use crate::greeting::{Names, compose, summary};
use crate::mentors::Known;
use crate::reason::Reason;
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

/// What is frozen in the intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The mentor, or the maintainer; `None` where the decision was lost with the database.
    pub mentor: Option<UserId>,
    /// A mentor was found.
    pub matched: Option<bool>,
    /// Why this one.
    pub why: String,
    /// Heading, Flow topic, summary.
    pub topic: String,
    /// The text as a Flow post.
    pub post: String,
    /// The section for a wikitext page.
    pub section: String,
}

impl Decision {
    fn to_json(&self) -> String {
        json!({
            "mentor": self.mentor.map(|id| id.0), "matched": self.matched, "why": self.why,
            "topic": self.topic, "post": self.post, "section": self.section,
        })
        .to_string()
    }

    pub(crate) fn from_json(text: &str) -> Option<Decision> {
        let value: Value = serde_json::from_str(text).ok()?;
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Decision {
            mentor: value["mentor"].as_u64().map(UserId),
            matched: value["matched"].as_bool(),
            why: text("why")?,
            topic: text("topic")?,
            post: text("post")?,
            section: text("section")?,
        })
    }
}

/// A request with everything that is known of it.
pub struct Case<'a> {
    /// The request.
    pub request: &'a Request,
    /// The profile.
    pub profile: Title,
    /// Its owner.
    pub learner: UserId,
    /// Position of the skill in the settings.
    pub skill: usize,
}

/// Key of the intent: one greeting per profile, category and generation of the request.
pub fn intent_key(request: &Request) -> String {
    let key = format!("{}:{}", request.page_id, request.category);
    if request.generation > 1 { format!("{key}:{}", request.generation) } else { key }
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
    Ok(Step::Later("the talk page was edited by others again and again".to_owned()))
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
        return Ok(Step::Person(Reason::Refused { code: "talk".to_owned(), info: format!("{shown} can have no talk page") }));
    };
    let key = intent_key(case.request);
    let token = token(run.editor.job, &run.wiki, &key);
    let stored = stored_intent(run, &key).await?;
    match &stored {
        Some(Intent { state: IntentState::Gone, last_error, .. }) => {
            return Ok(Step::Person(Reason::Gone(last_error.clone().unwrap_or_default())));
        }
        Some(intent @ Intent { state: IntentState::Done | IntentState::Failed, .. }) => return close(run, case, intent).await,
        Some(_) => {}
        None => {
            if let Some(found) = run.editor.token_on_wiki(&token) {
                return adopt(run, case, &key, &token, &found).await;
            }
        }
    }
    run.editor.wait_for_turn(&talk).await?;
    run.session.count_as(Phase::Learner);
    let category = category_shown(run, case);
    let look = run.editor.look(&talk, &[&case.profile], std::slice::from_ref(&category)).await?;
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
        return Ok(Step::Person(Reason::TakenAway("was deleted or moved since the request".to_owned())));
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
    let bot = Bot { account: run.session.account(), rights: &run.editor.rights, names: &names };
    let profile = look.others.first().context("the wiki did not answer for the profile")?;
    Ok(place(profile, &look.target, category, flow_state(run), &bot, run.session.site()))
}

/// The greeting is recorded already, but the request does not know it (its row was lost and made again): its row in
/// `matches` may be lost as well.
async fn close(run: &Run<Settings>, case: &Case<'_>, intent: &Intent) -> anyhow::Result<Step> {
    if let Some(fence) = run.fence() {
        let decision = Decision::from_json(&intent.decision).filter(|_| intent.state == IntentState::Done);
        run.db
            .fenced(&fence, "closing a request", async |tx| {
                if let Some(decision) = &decision {
                    let found = Found {
                        revid: intent.revid.unwrap_or(RevId(0)),
                        page_id: intent.page_id.unwrap_or(PageId(0)),
                        title: intent.title.clone(),
                        at: intent.updated,
                    };
                    return Row::new(run, case, intent, decision).store(tx, &found, intent.post_id.as_deref()).await;
                }
                request::answer(tx, case.request.id, case.learner, run.clock.now()).await
            })
            .await?;
    }
    Ok(Step::Later("its greeting is on record already".to_owned()))
}

fn flow_state(run: &Run<Settings>) -> FlowState {
    let installed = run.session.site().has_extension("Flow") || run.session.site().has_extension("StructuredDiscussions");
    FlowState {
        installed: installed && run.accepted.parsed.settings.flow,
        may_create: run.editor.rights.iter().any(|right| right == "flow-create-board"),
    }
}

async fn stored_intent(run: &Run<Settings>, key: &str) -> anyhow::Result<Option<Intent>> {
    Ok(run.db.read_if_there(async |db| intent::get(db, run.editor.job, &run.wiki, key).await).await?)
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

async fn open_intent(
    run: &Run<Settings>,
    key: &str,
    token: &str,
    decision: &Decision,
    look: &Look,
) -> anyhow::Result<Intent> {
    let decision = decision.to_json();
    let new = NewIntent {
        key,
        token,
        decision: &decision,
        page_id: look.target.page_id,
        title: &look.target.title,
    };
    let now = run.clock.now();
    match run.fence() {
        Some(fence) => Ok(run.db.fenced(&fence, "storing a decision", async |tx| intent::open(tx, &new, now).await).await?),
        None => Ok(Intent {
            id: 0,
            key: key.to_owned(),
            token: token.to_owned(),
            state: IntentState::Open,
            decision: decision.clone(),
            page_id: look.target.page_id,
            title: look.target.title.clone(),
            base_revid: None,
            sent_at: None,
            attempt: 0,
            revid: None,
            post_id: None,
            created: now,
            updated: now,
            last_error: None,
        }),
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
            let topic = Topic { intent, topic: &decision.topic, post: &decision.post };
            let done = async |tx: &mut FencedTx<'_>, found: &Found, post_id: &str| row.store(tx, found, Some(post_id)).await;
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
        Outcome::Done(_) => Ok(Step::Greeted { mentor: decision.mentor.filter(|_| decision.matched == Some(true)) }),
        Outcome::TooEarly => Ok(Step::Later("sent less than five minutes ago without an answer".to_owned())),
        Outcome::Dry => Ok(Step::Dry),
        Outcome::Gone(what) => {
            if let Some(fence) = run.fence() {
                let (id, now) = (intent.id, run.clock.now());
                run.db.fenced(&fence, "giving an edit up as gone", async |tx| intent::mark_gone(tx, id, &what, now).await).await?;
            }
            Ok(Step::Person(Reason::Gone(what)))
        }
    }
}

async fn on_page(run: &mut Run<Settings>, row: &Row<'_>, look: &Look) -> Result<Outcome, Refused> {
    let text = add_section(look.target.text().unwrap_or(""), &row.decision.section);
    let summary = summary(&row.decision.topic, &row.intent.token);
    let additive = Additive { intent: row.intent, text: &text, summary: &summary };
    run.editor
        .save_additive(look, &additive, async |tx: &mut FencedTx<'_>, found: &Found| row.store(tx, found, None).await)
        .await
}

fn category_shown(run: &Run<Settings>, case: &Case<'_>) -> String {
    let title = Title { ns: crate::settings::CATEGORY, text: case.request.category.clone() };
    run.session.site().prefixed(&title)
}

/// The row in `matches` of one greeting.
pub(crate) struct Row<'a> {
    run_time: shared::core::types::Timestamp,
    now: shared::core::types::Timestamp,
    case: &'a Case<'a>,
    intent: &'a Intent,
    decision: &'a Decision,
    category: String,
}

impl<'a> Row<'a> {
    pub(crate) fn new(run: &Run<Settings>, case: &'a Case<'a>, intent: &'a Intent, decision: &'a Decision) -> Row<'a> {
        Row { run_time: run.started, now: run.clock.now(), case, intent, decision, category: category_shown(run, case) }
    }

    pub(crate) async fn store(&self, tx: &mut FencedTx<'_>, found: &Found, post_id: Option<&str>) -> shared::db::Result<()> {
        let request = self.case.request;
        let new = NewMatch {
            learner: self.case.learner,
            profile: PageId(request.page_id.0),
            category: &request.category,
            category_prefixed: &self.category,
            mentor: self.decision.mentor,
            matchtime: found.at,
            cataddtime: request.cat_ts,
            revid: post_id.is_none().then_some(found.revid),
            postid: post_id,
            matchmade: self.decision.matched,
            run_time: self.run_time,
            request_id: Some(request.id),
            intent_key: &self.intent.key,
            reason: &self.decision.why,
        };
        matches::add(tx, &new).await?;
        request::answer(tx, request.id, self.case.learner, self.now).await
    }
}

/// The greeting stands on the wiki, but the database knows nothing of it (it was lost, or restored from a backup): the
/// row is written again from what can still be known.
async fn adopt(run: &mut Run<Settings>, case: &Case<'_>, key: &str, token: &str, found: &Found) -> anyhow::Result<Step> {
    let Some(fence) = run.fence() else { return Ok(Step::Dry) };
    let decision = Decision {
        mentor: None,
        matched: None,
        why: "found on the wiki by its token; the decision itself was lost".to_owned(),
        topic: String::new(),
        post: String::new(),
        section: String::new(),
    };
    let text = decision.to_json();
    let new = NewIntent { key, token, decision: &text, page_id: Some(found.page_id), title: &found.title };
    let now = run.clock.now();
    // In one transaction: an intent without words must never be left to be sent.
    run.db
        .fenced(&fence, "adopting a greeting", async |tx| {
            let intent = intent::open(tx, &new, now).await?;
            intent::mark_done(tx, intent.id, Some(found.revid), None, now).await?;
            Row::new(run, case, &intent, &decision).store(tx, found, None).await
        })
        .await?;
    tracing::warn!("the greeting for {} stands on the wiki already (revision {}): recorded", case.request.title, found.revid);
    Ok(Step::Greeted { mentor: None })
}
