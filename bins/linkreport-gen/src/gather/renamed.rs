//! Users who were renamed since they were recorded: accounts are asked for by number, in batches, and the model shows the
//! present names only. Whose account the wiki no longer shows is not named.
//! <https://www.mediawiki.org/wiki/API:Users>

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use shared::core::report::Subject;
use shared::core::types::UserId;
use shared::wiki::{Error, Phase, Session};

use super::Gathered;
use super::context::Context;
use super::rows::is_named;
use crate::housekeeping::renames;
use crate::model::Who;

/// Somebody with another name than the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Renamed {
    /// Place of the wiki in the model.
    wiki: usize,
    /// The account there.
    account: UserId,
    /// The number in the database.
    editor_id: u32,
    /// The name that is recorded.
    old: String,
    /// The name now; `None`: the wiki shows none.
    name: Option<String>,
}

/// Asks for the accounts of the users table. Errs where the report's own wiki or the database does.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let mut by_wiki: BTreeMap<usize, Vec<(UserId, u32, String)>> = BTreeMap::new();
    for (user, behind) in gathered.model.users.iter().zip(&gathered.refs.users) {
        if let Some(account) = behind.account {
            let one = (account, behind.editor_id, behind.name.clone());
            by_wiki.entry(user.wiki).or_default().push(one);
        }
    }
    for (wiki, accounts) in by_wiki {
        let Some(key) = gathered.model.wikis.get(wiki).map(|wiki| wiki.key.clone()) else {
            continue;
        };
        let Some(session) = cx.session(&key).await else {
            gathered.refs.unreached.insert(wiki);
            continue;
        };
        session.count_as(Phase::Safety);
        let ids: Vec<String> = accounts.iter().map(|(account, ..)| account.to_string()).collect();
        let names = match names(&session, &ids).await {
            Ok(names) => names,
            Err(error) if key == cx.home || error.stops_run() => return Err(error.into()),
            Err(error) => {
                cx.give_up(&key, &error).await;
                gathered.refs.unreached.insert(wiki);
                continue;
            }
        };
        let renamed = accounts.into_iter().filter_map(|(account, editor_id, known)| {
            let name = names.get(&account).cloned();
            let renamed = Renamed {
                wiki,
                account,
                editor_id,
                old: known,
                name,
            };
            (renamed.name.as_ref() != Some(&renamed.old)).then_some(renamed)
        });
        let renamed: Vec<Renamed> = renamed.collect();
        apply(gathered, &renamed);
        if let Some(id) = gathered.refs.wikis.get(wiki).copied().filter(|id| *id > 0) {
            record(cx, id, &renamed).await?;
        }
    }
    Ok(())
}

/// The names of accounts that the wiki shows.
async fn names(session: &Session, ids: &[String]) -> Result<HashMap<UserId, String>, Error> {
    let query = session.in_batches(&[("list", "users")], "ususerids", ids).await?;
    Ok(read(&query))
}

fn read(query: &Value) -> HashMap<UserId, String> {
    let users = query["users"].as_array().into_iter().flatten();
    users
        .filter(|user| user["missing"] != true && user["hidden"] != true)
        .filter_map(|user| Some((UserId(user["userid"].as_u64()?), user["name"].as_str()?.to_owned())))
        .collect()
}

/// Names them as they are named now, everywhere in the model.
fn apply(gathered: &mut Gathered, renamed: &[Renamed]) {
    for one in renamed {
        let now = one.name.clone().map_or(Who::Hidden, Who::Name);
        let put = |who: &mut Who| {
            if is_named(who) {
                *who = now.clone();
            }
        };
        let (model, refs) = (&mut gathered.model, &mut gathered.refs);
        for (user, behind) in model.users.iter_mut().zip(&mut refs.users) {
            if behind.editor_id == one.editor_id {
                put(&mut user.who);
                behind.name = one.name.clone().unwrap_or_else(|| behind.name.clone());
            }
        }
        for (row, behind) in model.rows.iter_mut().zip(&mut refs.rows) {
            if behind.editor_id == one.editor_id {
                put(&mut row.who);
                behind.name = one.name.clone().unwrap_or_else(|| behind.name.clone());
            }
        }
        let is_subject = matches!(model.subject, Subject::User(_)) && refs.editors.first() == Some(&one.editor_id);
        if is_subject {
            gathered.refs.subject_now = Some(now);
        }
    }
}

/// Has other reports and the database name them so too, where the run may write. Of one whose account the wiki does not
/// show, nothing says what becomes of the name.
async fn record(cx: &Context<'_>, wiki: u16, renamed: &[Renamed]) -> anyhow::Result<()> {
    let named = renamed.iter().filter_map(|one| {
        Some(renames::Renamed {
            editor_id: one.editor_id,
            wiki_id: wiki,
            account: one.account,
            old: one.old.clone(),
            new: one.name.clone()?,
        })
    });
    renames::follow(cx, &named.collect::<Vec<_>>()).await
}

#[cfg(test)]
#[path = "renamed_tests.rs"]
mod tests;
