//! The maintainer is told of new cases that wait for a person: one signed section a day at most, on the talk page of
//! the maintainer's own profile (never on a user talk page). Besides the greetings it is the only edit that notifies
//! anybody.

use serde_json::{Value, json};
use shared::core::intent::token;
use shared::core::settings::fill;
use shared::core::text;
use shared::db::FencedTx;
use shared::db::intent::{self, NewIntent, State as IntentState};
use shared::db::request::{self, Request, State};
use shared::editor::{Additive, Found, Outcome, Refused};
use shared::job::Run;
use shared::messages::Messages;
use shared::settings::{JobSettings, below};

use crate::choose::maintainer_user;
use crate::decide::add_section;
use crate::settings::Settings;

/// What the keys of mentions begin with; the day follows.
const KEY: &str = "mention:";
/// Before this time the fate of a mention whose answer was lost is open.
const LOOK_AGAIN: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// Mentions the maintainer if there are cases that no earlier mention counted.
pub async fn mention(run: &mut Run<Settings>) -> anyhow::Result<()> {
    if run.fence().is_none() || run.editor.halted().is_some() || run.stop.is_stopped() {
        return Ok(());
    }
    if !settle(run).await? {
        return Ok(());
    }
    let states = [State::Person, State::GivenUp];
    let open = run
        .db
        .read(async |db| request::in_states(db, &run.wiki, &states, 2_000).await)
        .await?;
    let new: Vec<&Request> = open.iter().filter(|case| case.mentioned_at.is_none()).collect();
    if new.is_empty() {
        return Ok(());
    }
    match try_mention(run, &new).await {
        Ok(()) => Ok(()),
        // The cases stand on the status page all the same; tomorrow it is tried again.
        Err(error) if error.downcast_ref::<Refused>().is_some_and(Refused::is_page_related) => {
            tracing::warn!("the maintainer was not told of {} new cases: {error:#}", new.len());
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Looks for mentions of earlier runs whose answer never came, also of yesterday's: the cases they named are not named
/// again. Says whether there is none left whose fate is still open.
async fn settle(run: &mut Run<Settings>) -> anyhow::Result<bool> {
    let pending = run
        .db
        .read(async |db| intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    let lost = pending
        .into_iter()
        .filter(|intent| intent.state == IntentState::Sending && intent.key.starts_with(KEY));
    let (mut is_settled, today) = (true, key(run));
    for intent in lost {
        run.editor
            .load_tokens(intent.created - chrono::TimeDelta::days(1))
            .await?;
        let (now, ids) = (run.clock.now(), named(&intent.decision));
        if let Some(found) = run.editor.token_on_wiki(&intent.token) {
            let mut done = async |tx: &mut FencedTx<'_>, _: &Found| request::mark_mentioned(tx, &ids, now).await;
            run.editor.store_done(&intent, &found, None, &mut done).await?;
        } else if intent.sent_at.is_some_and(|sent| now - sent < LOOK_AGAIN) {
            is_settled = false;
        } else if intent.key != today
            && let Some(fence) = run.fence()
        {
            let why = "it never arrived, and its day is over";
            run.db
                .fenced(&fence, "giving a mention up", async |tx| {
                    intent::mark_failed(tx, intent.id, why, now).await
                })
                .await?;
        }
    }
    Ok(is_settled)
}

/// One mention a day.
fn key(run: &Run<Settings>) -> String {
    format!("{KEY}{}", run.started.format("%Y-%m-%d"))
}

/// The requests that a stored mention names.
fn named(decision: &str) -> Vec<u64> {
    let decision: Value = serde_json::from_str(decision).unwrap_or_default();
    let ids = decision["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    ids.iter().filter_map(Value::as_u64).collect()
}

async fn try_mention(run: &mut Run<Settings>, new: &[&Request]) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let key = key(run);
    let token = token(run.editor.job, &run.wiki, &key);
    let known = run
        .db
        .read(async |db| intent::get(db, run.editor.job, &run.wiki, &key).await)
        .await?;
    if known
        .as_ref()
        .is_some_and(|known| known.state == IntentState::Done || known.state == IntentState::Gone)
    {
        return Ok(());
    }
    let Some((_, maintainer)) = maintainer_user(run).await? else {
        return Ok(());
    };
    let profile = run.accepted.parsed.settings.maintainer.clone();
    let site = run.session.site().clone();
    let Some(talk) = site.talk_of(&profile) else {
        return Ok(());
    };
    run.editor.load_tokens(run.started - chrono::TimeDelta::days(1)).await?;
    run.editor.wait_for_turn(&talk).await?;
    let look = run.editor.look(&talk, &[], &[]).await?;
    let text = look.target.text().unwrap_or("");
    if look.target.model != "wikitext"
        || look.target.is_redirect
        || shared::core::wikitext::ends_open(text, site.extension_tags()).is_some()
    {
        tracing::warn!("the talk page of the maintainer's profile cannot take a section: nobody was told");
        return Ok(());
    }
    let now = run.clock.now();
    let ids: Vec<u64> = new.iter().map(|case| case.id).collect();
    let decision = json!({ "requests": ids }).to_string();
    let new_intent = NewIntent {
        key: &key,
        token: &token,
        decision: &decision,
        page_id: look.target.page_id,
        title: &look.target.title,
    };
    let stored = run
        .db
        .fenced(&fence, "storing a mention", async |tx| {
            intent::open(tx, &new_intent, now).await
        })
        .await?;
    // Decided earlier today and not sent: what came since waits for tomorrow.
    let ids = named(&stored.decision);
    let (topic, section) = words(run, &maintainer, ids.len());
    let text = add_section(text, &section);
    let summary = crate::greeting::summary(&topic, &token);
    let additive = Additive {
        intent: &stored,
        text: &text,
        summary: &summary,
        marker: None,
    };
    let done = async |tx: &mut FencedTx<'_>, _: &Found| request::mark_mentioned(tx, &ids, now).await;
    if let Outcome::Gone(what) = run.editor.save_additive(&look, &additive, done).await? {
        run.db
            .fenced(&fence, "giving a mention up", async |tx| {
                intent::mark_gone(tx, stored.id, &what, now).await
            })
            .await?;
    }
    Ok(())
}

fn words(run: &Run<Settings>, maintainer: &str, count: usize) -> (String, String) {
    let messages = Messages::new(Some(&run.accepted.parsed.common), Settings::MESSAGES);
    let status = run
        .session
        .site()
        .prefixed(&below(&run.editor.switch.settings, "Status"));
    let topic = messages.text("mention-topic").to_owned();
    let maintainer = text::target(maintainer);
    let text = fill(
        messages.text("mention-text"),
        &[
            ("maintainer", None, maintainer.as_str()),
            ("count", None, &count.to_string()),
            ("status", None, &status),
        ],
    );
    // The text may come from the settings; unsigned it would tell nobody.
    let signature = if text.contains("~~~~") { "" } else { " ~~~~" };
    let section = format!("== {topic} ==\n{text}{signature}");
    (topic, section)
}
