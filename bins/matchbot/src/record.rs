//! What is kept of a greeting: the decision, frozen in its intent before anything is sent, and the row in `matches`,
//! stored together with the intent's end.

use serde_json::{Value, json};
use shared::core::site::Title;
use shared::core::types::{PageId, RevId, Timestamp, UserId};
use shared::db::FencedTx;
use shared::db::intent::{self, Intent, NewIntent, State as IntentState};
use shared::db::matches::{self, NewMatch};
use shared::db::request::{self, Request};
use shared::editor::{Found, Look};
use shared::job::Run;

use crate::settings::{CATEGORY, Settings};

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

    /// Reads a stored decision.
    pub fn from_json(text: &str) -> Option<Decision> {
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
    if request.generation > 1 {
        format!("{key}:{}", request.generation)
    } else {
        key
    }
}

/// Title of the request category, with its namespace.
pub fn category_shown(run: &Run<Settings>, case: &Case<'_>) -> String {
    let title = Title {
        ns: CATEGORY,
        text: case.request.category.clone(),
    };
    run.session.site().prefixed(&title)
}

/// The row in `matches` of one greeting.
pub struct Row<'a> {
    run_time: Timestamp,
    now: Timestamp,
    case: &'a Case<'a>,
    /// Its intent.
    pub intent: &'a Intent,
    /// What was decided.
    pub decision: &'a Decision,
    category: String,
}

impl<'a> Row<'a> {
    /// The row of `case` as it will be stored.
    pub fn new(run: &Run<Settings>, case: &'a Case<'a>, intent: &'a Intent, decision: &'a Decision) -> Row<'a> {
        Row {
            run_time: run.started,
            now: run.clock.now(),
            case,
            intent,
            decision,
            category: category_shown(run, case),
        }
    }

    /// Stores the row and closes the request.
    pub async fn store(&self, tx: &mut FencedTx<'_>, found: &Found, post_id: Option<&str>) -> shared::db::Result<()> {
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
pub async fn adopt(
    run: &mut Run<Settings>,
    case: &Case<'_>,
    key: &str,
    token: &str,
    found: &Found,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let decision = Decision {
        mentor: None,
        matched: None,
        why: "found on the wiki by its token; the decision itself was lost".to_owned(),
        topic: String::new(),
        post: String::new(),
        section: String::new(),
    };
    let text = decision.to_json();
    let new = NewIntent {
        key,
        token,
        decision: &text,
        page_id: Some(found.page_id),
        title: &found.title,
    };
    let now = run.clock.now();
    // In one transaction: an intent without words must never be left to be sent.
    run.db
        .fenced(&fence, "adopting a greeting", async |tx| {
            let intent = intent::open(tx, &new, now).await?;
            intent::mark_done(tx, intent.id, Some(found.revid), None, now).await?;
            Row::new(run, case, &intent, &decision).store(tx, found, None).await
        })
        .await?;
    tracing::warn!(
        "the greeting for {} stands on the wiki already (revision {}): recorded",
        case.request.title,
        found.revid
    );
    Ok(())
}
/// The greeting is recorded already, but the request does not know it (its row was lost and made again): its row in
/// `matches` may be lost as well.
pub async fn close(run: &Run<Settings>, case: &Case<'_>, intent: &Intent) -> anyhow::Result<()> {
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
                    return Row::new(run, case, intent, decision)
                        .store(tx, &found, intent.post_id.as_deref())
                        .await;
                }
                request::answer(tx, case.request.id, case.learner, run.clock.now()).await
            })
            .await?;
    }
    Ok(())
}

/// The intent with this key, if there is one.
pub async fn stored_intent(run: &Run<Settings>, key: &str) -> anyhow::Result<Option<Intent>> {
    Ok(run
        .db
        .read_if_there(async |db| intent::get(db, run.editor.job, &run.wiki, key).await)
        .await?)
}

/// Stores the decision before anything is sent; in a dry run nothing is stored.
pub async fn open_intent(
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
        Some(fence) => Ok(run
            .db
            .fenced(&fence, "storing a decision", async |tx| {
                intent::open(tx, &new, now).await
            })
            .await?),
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
