//! Puts the answers under their lines, all of a run in one edit, exactly once. An answer says who gives it and when, in
//! words: it is never signed and links nobody.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use chrono::{SecondsFormat, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::core::command_lines::{Line, lines};
use crate::core::intent::token;
use crate::core::site::Title;
use crate::core::text::{Wikitext, literal, plain, terminal};
use crate::core::types::Timestamp;
use crate::db::FencedTx;
use crate::db::intent::{self, Intent, NewIntent};
use crate::db::suppress::{self, Suppressed};
use crate::editor::{Additive, CONFLICTS, Found, Outcome, Refused};
use crate::job::Run;
use crate::messages::Messages;
use crate::wiki::Phase;

/// Begins the keys of the intents of answers.
pub(super) const KEY: &str = "command-answer:";
/// Begins the keys of the intents of edits.
const EDIT: &str = "command-edit:";
/// Answers of one edit: those of a run, and two notes.
const PER_EDIT: usize = 22;
/// Longest line of an answer, in characters.
const LINE_CHARS: usize = 400;
/// Longest user name, in characters.
const NAME_CHARS: usize = 255;

/// An answer as it is frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// Hash of the line that it stands under.
    pub hash: String,
    /// Its lines, plain text.
    pub lines: Vec<String>,
    /// A message that follows them, with its `{count}`.
    pub note: Option<(String, usize)>,
    /// When it was given.
    pub at: Timestamp,
}

/// What is frozen for an edit: the intents of its answers.
#[derive(Serialize, Deserialize)]
struct Frozen {
    answers: Vec<u64>,
}

/// Saves what waits to be answered. Gives how many answers were.
pub(super) async fn save<S>(run: &mut Run<S>, page: &Title) -> anyhow::Result<u64> {
    if run.fence().is_none() || run.editor.operator_off.is_some() || run.editor.halted().is_some() {
        return Ok(0);
    }
    let pending: Vec<Intent> = run
        .db
        .read(async |db| intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    let mut answers: BTreeMap<u64, &Intent> = pending
        .iter()
        .filter(|intent| intent.key.starts_with(KEY))
        .map(|intent| (intent.id, intent))
        .collect();
    if answers.is_empty() {
        return Ok(0);
    }
    // Read once per run: back to the oldest of what the job may still look for.
    let oldest = pending.iter().map(|intent| intent.created).min().unwrap_or(run.started);
    run.editor.load_tokens(oldest - TimeDelta::days(1)).await?;
    let mut saved = 0;
    for edit in pending.iter().filter(|intent| intent.key.starts_with(EDIT)) {
        let frozen: Frozen = serde_json::from_str(&edit.decision)
            .with_context(|| format!("the stored decision of intent {} cannot be read", edit.id))?;
        let of_edit: Vec<&Intent> = frozen.answers.iter().filter_map(|id| answers.remove(id)).collect();
        saved += one(run, page, edit, &of_edit).await?;
    }
    let left: Vec<&Intent> = answers.into_values().collect();
    for of_edit in left.chunks(PER_EDIT) {
        if run.editor.room().await? == 0 || !run.goes_on().await? {
            break;
        }
        let edit = open(run, page, of_edit).await?;
        saved += one(run, page, &edit, of_edit).await?;
    }
    Ok(saved)
}

async fn open<S>(run: &Run<S>, page: &Title, answers: &[&Intent]) -> anyhow::Result<Intent> {
    let fence = run.fence().context("a dry run opens no intent")?;
    let keys: Vec<&str> = answers.iter().map(|answer| answer.key.as_str()).collect();
    let key = format!("{EDIT}{}", token(run.editor.job, &run.wiki, &keys.join("\n")));
    let decision = serde_json::to_string(&Frozen {
        answers: answers.iter().map(|answer| answer.id).collect(),
    })?;
    let title = run.session.site().prefixed(page);
    let token = token(run.editor.job, &run.wiki, &key);
    let new = NewIntent {
        key: &key,
        token: &token,
        decision: &decision,
        page_id: answers.first().and_then(|answer| answer.page_id),
        title: &title,
    };
    let now = run.clock.now();
    Ok(run
        .db
        .fenced(&fence, "opening an intent", async |tx| {
            intent::open(tx, &new, now).await
        })
        .await?)
}

/// Makes one edit. Gives how many answers it brought.
async fn one<S>(run: &mut Run<S>, page: &Title, edit: &Intent, answers: &[&Intent]) -> anyhow::Result<u64> {
    for _ in 0..CONFLICTS {
        let newest = run
            .db
            .read(async |db| intent::get(db, run.editor.job, &run.wiki, &edit.key).await)
            .await?
            .context("an intent that is gone")?;
        match attempt(run, page, &newest, answers).await {
            Ok(saved) => return Ok(saved),
            Err(error) => match error.downcast::<Refused>() {
                Ok(Refused::Conflict) => {}
                Ok(Refused::Page { code, info }) => {
                    drop_all(run, edit, answers, &format!("{info} ({code})")).await?;
                    return Ok(0);
                }
                Ok(Refused::Unknown(why)) => {
                    tracing::warn!("answers to commands: {}; the next run looks again", terminal(&why));
                    return Ok(0);
                }
                Ok(other) => return Err(other.into()),
                Err(error) => return Err(error),
            },
        }
    }
    tracing::warn!("the commands page was edited by others again and again; the next run answers");
    Ok(0)
}

async fn attempt<S>(run: &mut Run<S>, page: &Title, edit: &Intent, answers: &[&Intent]) -> anyhow::Result<u64> {
    run.editor.wait_for_turn(page).await?;
    run.session.count_as(Phase::Safety);
    let look = run.editor.look(page, &[], &[]).await?;
    let ids: Vec<u64> = answers.iter().map(|answer| answer.id).collect();
    let now = run.clock.now();
    let mut done = async |tx: &mut FencedTx<'_>, found: &Found| {
        for id in &ids {
            intent::mark_done(tx, *id, Some(found.revid), None, now).await?;
        }
        Ok(())
    };
    if let Some(outcome) = run.editor.settle(edit, &look, &mut done).await? {
        return ended(run, edit, answers, outcome).await;
    }
    let mut said = Vec::new();
    for answer in answers {
        let read = serde_json::from_str::<Said>(&answer.decision);
        said.push(read.with_context(|| format!("the stored decision of intent {} cannot be read", answer.id))?);
    }
    let suppressed = run.db.read(async |db| suppress::all(db, &run.wiki).await).await?;
    let signed: Vec<(&str, Vec<Wikitext>)> = said
        .iter()
        .map(|said| (said.hash.as_str(), signed(run, said, &suppressed)))
        .collect();
    let tags = run.session.site().extension_tags().clone();
    let placed = look.target.text().and_then(|text| place(text, &tags, &signed));
    let Some((text, count)) = placed else {
        drop_all(run, edit, answers, "the lines are gone from the page").await?;
        return Ok(0);
    };
    let summary = format!(
        "Answered {count} command{} ({})",
        if count == 1 { "" } else { "s" },
        edit.token
    );
    let additive = Additive {
        intent: edit,
        text: &text,
        summary: &summary,
        marker: None,
    };
    let outcome = run.editor.save_additive(&look, &additive, &mut done).await?;
    ended(run, edit, answers, outcome).await
}

/// The lines of an answer as they stand on the page, the last with the bot's name and the time. What is shown nowhere is
/// not named.
fn signed<S>(run: &Run<S>, said: &Said, suppressed: &Suppressed) -> Vec<Wikitext> {
    let messages = Messages::new(Some(&run.accepted.parsed.common), &[]);
    let shown = |line: &String| match suppressed.is_named_in(line) {
        true => messages.say("commands-not-shown", &[]),
        false => plain(line, LINE_CHARS),
    };
    let mut lines: Vec<Wikitext> = said.lines.iter().map(shown).collect();
    if let Some((message, count)) = &said.note {
        lines.push(messages.say(message, &[("count", &plain(&count.to_string(), 20))]));
    }
    let last = lines.pop().unwrap_or_default();
    let at = said.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    lines.push(messages.say(
        "commands-answer",
        &[
            ("answer", &last),
            ("bot", &plain(run.session.account(), NAME_CHARS)),
            ("time", &plain(&at, 40)),
        ],
    ));
    lines
        .iter()
        .map(|line| Wikitext::concat([&literal("*: "), line]))
        .collect()
}

/// The page with the answers under their lines, and how many found their line; `None`: none did.
pub(super) fn place(text: &str, tags: &HashSet<String>, answers: &[(&str, Vec<Wikitext>)]) -> Option<(String, usize)> {
    let mut under: BTreeMap<usize, Vec<&Wikitext>> = BTreeMap::new();
    let mut count = 0;
    // Not where somebody only quotes it.
    let lines: Vec<Line> = lines(text, tags)
        .into_iter()
        .filter(|line| !line.text.is_empty())
        .collect();
    for (hash, answer) in answers {
        if let Some(line) = lines.iter().find(|line| line.hash == *hash) {
            under.entry(line.number).or_default().extend(answer);
            count += 1;
        }
    }
    let mut page = String::with_capacity(text.len() + 200 * count);
    for (n, line) in (1..).zip(text.split('\n')) {
        if n > 1 {
            page.push('\n');
        }
        page.push_str(line);
        for answer in under.remove(&n).into_iter().flatten() {
            page.push('\n');
            page.push_str(answer.as_str());
        }
    }
    (count > 0).then_some((page, count))
}

async fn ended<S>(run: &Run<S>, edit: &Intent, answers: &[&Intent], outcome: Outcome) -> anyhow::Result<u64> {
    match outcome {
        Outcome::Done(_) => Ok(answers.len() as u64),
        Outcome::TooEarly => {
            tracing::info!("answers to commands were sent less than five minutes ago without an answer");
            Ok(0)
        }
        Outcome::Dry => Ok(0),
        Outcome::Gone(what) => {
            drop_all(run, edit, answers, &what).await?;
            Ok(0)
        }
    }
}

/// Answers that will never stand on the page: the commands were carried out all the same.
async fn drop_all<S>(run: &Run<S>, edit: &Intent, answers: &[&Intent], why: &str) -> anyhow::Result<()> {
    tracing::warn!(
        "{} answers to commands are not written: {}",
        answers.len(),
        terminal(why)
    );
    let Some(fence) = run.fence() else { return Ok(()) };
    let now = run.clock.now();
    run.db
        .fenced(&fence, "giving answers to commands up", async |tx| {
            intent::mark_gone(tx, edit.id, why, now).await?;
            for answer in answers {
                intent::mark_gone(tx, answer.id, why, now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}
