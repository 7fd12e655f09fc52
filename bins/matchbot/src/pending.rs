//! Greetings that were sent and never answered, and that no request asks about any more: it was withdrawn, or left to a
//! person, before the next run could look. If such a greeting stands on the wiki it gets its row all the same; nothing is
//! sent here.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use shared::core::text::terminal;
use shared::core::types::{PageId, Timestamp};
use shared::db::FencedTx;
use shared::db::intent::{self, Intent, State};
use shared::db::request::{self, Request};
use shared::editor::Found;
use shared::job::Run;

use crate::owners::owners;
use crate::record::{Case, Decision, Row, intent_key};
use crate::settings::Settings;

/// A request of the network that has not arrived after this time never will.
const LOOK_FOR: TimeDelta = TimeDelta::days(2);

/// Looks among the bot's contributions for greetings whose answer was lost. `waiting`: the requests that this run asks
/// about anyway, and since when to read contributions for them. Says how many rows were written.
pub async fn settle(run: &mut Run<Settings>, waiting: &[Request], oldest: Timestamp) -> anyhow::Result<u64> {
    if run.fence().is_none() {
        return Ok(0);
    }
    let asked: BTreeSet<String> = waiting.iter().map(intent_key).collect();
    let since = run.clock.now() - LOOK_FOR;
    let pending = run
        .db
        .read(async |db| intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    let lost = |intent: &Intent| intent.state == State::Sending && intent.sent_at.is_some_and(|sent| sent >= since);
    let lost: Vec<Intent> = pending
        .into_iter()
        .filter(|intent| lost(intent) && !asked.contains(&intent.key))
        .collect();
    let Some(first) = lost.iter().map(|intent| intent.created - TimeDelta::days(1)).min() else {
        return Ok(0);
    };
    run.editor.load_tokens(oldest.min(first)).await?;
    let mut rows = 0;
    for intent in &lost {
        let (Some(found), Some(decision)) = (
            run.editor.token_on_wiki(&intent.token),
            Decision::from_json(&intent.decision),
        ) else {
            continue;
        };
        let Some(request) = request_of(run, intent).await? else {
            continue;
        };
        rows += u64::from(store(run, intent, &decision, &request, &found).await?);
    }
    Ok(rows)
}

/// The request that this intent was to answer.
async fn request_of(run: &Run<Settings>, intent: &Intent) -> anyhow::Result<Option<Request>> {
    let page_id = intent.key.split_once(':').and_then(|(page_id, _)| page_id.parse().ok());
    let Some(page_id) = page_id.map(PageId) else {
        return Ok(None);
    };
    let requests = run
        .db
        .read(async |db| request::of_page(db, &run.wiki, page_id).await)
        .await?;
    Ok(requests.into_iter().find(|request| intent_key(request) == intent.key))
}

async fn store(
    run: &mut Run<Settings>,
    intent: &Intent,
    decision: &Decision,
    request: &Request,
    found: &Found,
) -> anyhow::Result<bool> {
    let Ok(profile) = run.session.site().title(&request.title) else {
        return Ok(false);
    };
    let learner = match request.learner {
        Some(learner) => learner,
        None => match owners(run, &[(request.page_id, profile.clone())])
            .await?
            .remove(&request.page_id)
        {
            Some(Ok(learner)) => learner,
            _ => return Ok(false),
        },
    };
    let case = Case {
        request,
        profile,
        learner,
        skill: 0,
    };
    let row = Row::new(run, &case, intent, decision);
    let mut done = async |tx: &mut FencedTx<'_>, found: &Found| row.store(tx, found, None).await;
    run.editor.store_done(intent, found, None, &mut done).await?;
    tracing::info!(
        "the greeting for {} had arrived (revision {}): recorded",
        terminal(&request.title),
        found.revid
    );
    Ok(true)
}
