//! Reads what is new on the commands page, oldest revision first, and opens an intent for every line that is to be
//! carried out, in the transaction that moves the position on: whenever a run dies, each line is taken up once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::answers::{self, Said};
use super::found::{Around, Found, Whose, take};
use super::position::{MOST_LINES, Position};
use super::{Person, Request};
use crate::core::intent::token;
use crate::core::site::Title;
use crate::core::text::terminal;
use crate::core::types::{PageId, RevId};
use crate::db::intent::{self, NewIntent};
use crate::job::Run;
use crate::newly::{Now, Standing, is_restored, look, made_since};
use crate::wiki::{Error, PageRef, Phase, history};

/// Begins the keys of the intents of commands.
pub(super) const KEY: &str = "command:";
/// Revisions that are read at once, with their texts.
const AT_ONCE: usize = 20;
/// Revisions of one run; what is left waits for the next one.
const PER_RUN: usize = 200;
/// Commands of one edit.
const PER_EDIT: usize = 25;
/// With more lines of strangers in one run nobody is answered.
const STRANGERS: usize = 20;

/// What is frozen when a command is taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Frozen {
    /// The page on which it stands.
    pub page_id: PageId,
    /// Hash of its line.
    pub hash: String,
    /// The command.
    pub request: Request,
}

/// What was found, sorted.
#[derive(Default)]
struct Sorted {
    commands: Vec<Frozen>,
    notes: Vec<Said>,
}

/// Reads the page. Gives the position, and what a dry run would take up; else that is stored.
pub(super) async fn read<S>(
    run: &Run<S>,
    page: &Title,
    words: &[&str],
    standing: &mut Standing<'_>,
) -> anyhow::Result<(Position, Vec<Frozen>)> {
    let stored = Position::load(run).await?;
    let now = look(&run.session, page).await?;
    let Some(mut position) = begin(run, stored.clone(), page, &now).await? else {
        return Ok((stored.unwrap_or_default(), Vec::new()));
    };
    let mut found = Vec::new();
    if position.page_id.is_some() && position.revid != Some(now.revid) {
        if is_restored(&run.session, page, position.at).await? {
            // Which revisions came that way cannot be told: all that stands there is remembered, nothing carried out.
            tracing::warn!("revisions of the commands page were imported or restored: it is looked at anew");
            look_anew(&mut position, &now);
        }
        position.at = Some(now.at);
        found = new_lines(run, &mut position, words, &now).await?;
    }
    let people: BTreeSet<u64> = found
        .iter()
        .filter_map(|line| match &line.whose {
            Whose::Person(person) => Some(person.id),
            _ => None,
        })
        .collect();
    standing.ask(&run.session, people, &mut position.accounts).await?;
    let sorted = sort(run, found, &mut position, standing);
    store(run, page, stored.as_ref(), &position, &sorted).await?;
    Ok((position, sorted.commands))
}

/// The position to read on from; `None`: there is nothing to be read now.
async fn begin<S>(run: &Run<S>, stored: Option<Position>, page: &Title, now: &Now) -> anyhow::Result<Option<Position>> {
    let shown = terminal(&run.session.site().prefixed(page));
    let Some(page_id) = now.page_id else {
        // Remembered, so that what somebody writes on a new page counts.
        return Ok(stored.is_none().then(|| Position {
            at: Some(now.at),
            ..Position::default()
        }));
    };
    if now.is_redirect {
        tracing::warn!("the commands page {shown} is a redirect: nothing is read there");
        return Ok(None);
    }
    let Some(mut position) = stored else {
        tracing::info!("first look at the commands page {shown}: what stands there is remembered and not carried out");
        return Ok(Some(Position {
            page_id: Some(page_id),
            old_until: Some(now.revid),
            ..Position::default()
        }));
    };
    if position.known.len() > MOST_LINES {
        tracing::warn!(
            "the commands page {shown} has had more than {MOST_LINES} lines: no more is read there; name another page in \
             the settings (commands.page)"
        );
        return Ok(None);
    }
    if position.page_id == Some(page_id) {
        return Ok((position.revid != Some(now.revid)).then_some(position));
    }
    let is_made_here = position.page_id.is_none() && made_since(&run.session, page_id, position.at).await?;
    if !is_made_here {
        tracing::info!("another page stands at {shown} now: what stands there is remembered and not carried out");
        position.old_until = Some(now.revid);
    }
    position.page_id = Some(page_id);
    position.revid = None;
    position.after_hidden = false;
    Ok(Some(position))
}

/// Everything that the page has now was there before.
fn look_anew(position: &mut Position, now: &Now) {
    position.revid = None;
    position.old_until = Some(now.revid);
}

/// Moves the position over the new revisions; gives the lines that are new in them.
async fn new_lines<S>(run: &Run<S>, position: &mut Position, words: &[&str], now: &Now) -> anyhow::Result<Vec<Found>> {
    let Some(page_id) = position.page_id else {
        return Ok(Vec::new());
    };
    let session = &run.session;
    let around = Around {
        account: session.account(),
        tags: session.site().extension_tags(),
        words,
    };
    session.count_as(Phase::Fixed);
    let mut found = Vec::new();
    let mut read = 0;
    while read < PER_RUN && position.known.len() <= MOST_LINES {
        let revisions = match history(session, PageRef::Id(page_id), position.revid, AT_ONCE).await {
            Err(Error::Api { code, .. }) if code.contains("rvstartid") || code == "nosuchrevid" => {
                tracing::warn!("the last revision that was read of the commands page is gone: it is looked at anew");
                look_anew(position, now);
                return Ok(found);
            }
            revisions => revisions?,
        };
        read += revisions.len();
        for revision in &revisions {
            found.extend(take(position, revision, &around));
        }
        if revisions.len() < AT_ONCE {
            break;
        }
    }
    Ok(found)
}

/// Whose lines are taken up, and who is told that his are not.
fn sort<S>(run: &Run<S>, found: Vec<Found>, position: &mut Position, standing: &Standing<'_>) -> Sorted {
    let Some(page_id) = position.page_id else {
        return Sorted::default();
    };
    let now = run.clock.now();
    let mut sorted = Sorted::default();
    let (mut of_edit, mut edit) = (0, RevId(0));
    let (mut strangers, mut too_many): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    for line in found {
        if line.revid != edit {
            (of_edit, edit) = (0, line.revid);
        }
        let person: Person = match line.whose.clone() {
            Whose::Person(person) if standing.is_trusted(person.id) => person,
            Whose::Person(person) => {
                strangers.push((person.id.to_string(), line.hash));
                continue;
            }
            Whose::Guest(name) => {
                strangers.push((name, line.hash));
                continue;
            }
            Whose::Nobody(why) => {
                if !position.is_old(line.revid) {
                    tracing::info!("a command of revision {} is not carried out: {why}", line.revid);
                }
                continue;
            }
        };
        of_edit += 1;
        if of_edit > PER_EDIT || !position.may_ask(person.id, line.at) {
            too_many.push(line.hash);
            continue;
        }
        sorted.commands.push(Frozen {
            page_id,
            hash: line.hash.clone(),
            request: line.request(person),
        });
    }
    let mut note = |message: &str, hash: &String, count: usize| {
        sorted.notes.push(Said {
            hash: hash.clone(),
            lines: Vec::new(),
            note: Some((message.to_owned(), count)),
            at: now,
        });
    };
    if !strangers.is_empty() {
        tracing::info!(
            "{} lines on the commands page are not from trusted users",
            strangers.len()
        );
    }
    if strangers.len() <= STRANGERS {
        let to_tell: Vec<&(String, String)> = strangers
            .iter()
            .filter(|(name, _)| position.may_tell(name, now))
            .collect();
        if let Some((_, hash)) = to_tell.last() {
            note("commands-stranger", hash, strangers.len());
        }
    }
    if let Some(hash) = too_many.last() {
        note("commands-too-many", hash, too_many.len());
    }
    sorted
}

async fn store<S>(
    run: &Run<S>,
    page: &Title,
    before: Option<&Position>,
    position: &Position,
    sorted: &Sorted,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else {
        for (message, count) in sorted.notes.iter().filter_map(|said| said.note.as_ref()) {
            println!("{message}: {count}");
        }
        return Ok(());
    };
    if before == Some(position) {
        return Ok(());
    }
    let (json, now, title) = (position.to_json()?, run.clock.now(), run.session.site().prefixed(page));
    let mut rows = Vec::new();
    for command in &sorted.commands {
        let key = format!("{KEY}{}:{}:{}", command.page_id, command.hash, command.request.revid);
        rows.push((
            token(run.editor.job, &run.wiki, &key),
            key,
            serde_json::to_string(command)?,
        ));
    }
    for note in &sorted.notes {
        let key = format!(
            "{}note:{}:{}",
            answers::KEY,
            position.revid.unwrap_or(RevId(0)),
            note.hash
        );
        rows.push((
            token(run.editor.job, &run.wiki, &key),
            key,
            serde_json::to_string(note)?,
        ));
    }
    run.db
        .fenced(&fence, "taking up commands", async |tx| {
            Position::store(tx, &json, now).await?;
            for (token, key, decision) in &rows {
                let new = NewIntent {
                    key,
                    token,
                    decision,
                    page_id: position.page_id,
                    title: &title,
                };
                intent::open(tx, &new, now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}
