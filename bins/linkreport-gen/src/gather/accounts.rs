//! What the wikis say of the users of the table: each is looked up on the wiki beside the name, many in one request, and
//! where that wiki shares its accounts, the global account, one request each, once in a run. Who is not named is not
//! looked up.
//! <https://www.mediawiki.org/wiki/API:Users>, <https://www.mediawiki.org/wiki/API:Globaluserinfo>

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use shared::core::addition::realm_of;
use shared::db::links::questions::lookup::Kind;
use shared::wiki::people::{self, AccountNow, GlobalAccount};
use shared::wiki::{Error, Phase, Session};
use tokio::sync::Mutex;

use super::fates::tolerate;
use super::{Context, Gathered};
use crate::model::{Account, Who};

/// Addresses of a report that are looked up: one request each.
const ADDRESSES: usize = 20;
/// Global accounts that are remembered in a run; then it begins anew.
const REMEMBERED: usize = 5_000;

/// Global accounts that were asked for in this run, by family of wikis and name; `None`: there is none.
#[derive(Default)]
pub struct Kept(Mutex<HashMap<(String, String), Option<GlobalAccount>>>);

/// Sets the accounts of the first users of the table, as many as the settings show. Of an address only whether it is
/// blocked is told. Errs as [`super::fates::look`] does; users of another wiki that fails have none.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let mut by_wiki: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let users = gathered.model.users.iter().take(cx.settings.show.users as usize);
    for (i, user) in users.enumerate().filter(|(_, user)| matches!(user.who, Who::Name(_))) {
        by_wiki.entry(user.wiki).or_default().push(i);
    }
    let mut addresses = 0;
    for (wiki, users) in by_wiki {
        let key = gathered.model.wikis[wiki].key.clone();
        let Some(session) = cx.session(&key).await else {
            continue;
        };
        session.count_as(Phase::Mentor);
        let of = |kinds: &[Kind]| {
            let of_kind = users.iter().filter(|i| kinds.contains(&gathered.model.users[**i].kind));
            let named = of_kind.map(|i| (*i, gathered.refs.users[*i].name.clone()));
            named.collect::<Vec<(usize, String)>>()
        };
        let (named, mut single) = (of(&[Kind::Named, Kind::Temporary]), of(&[Kind::Address]));
        single.truncate(ADDRESSES - addresses);
        addresses += single.len();
        match ask(cx, &session, &named, &single).await {
            Ok(found) => {
                for (i, account) in found {
                    gathered.model.users[i].account = Some(account);
                }
            }
            Err(error) => tolerate(cx, &key, error).await?,
        }
    }
    Ok(())
}

async fn ask(
    cx: &Context<'_>,
    session: &Session,
    named: &[(usize, String)],
    addresses: &[(usize, String)],
) -> Result<Vec<(usize, Account)>, Error> {
    let mut found = Vec::new();
    let names: Vec<&str> = named.iter().map(|(_, name)| name.as_str()).collect();
    let local = people::accounts(session, &names).await?;
    for (i, name) in named {
        let Some(local) = local.get(name) else {
            continue;
        };
        let global = match people::has_global(session) {
            true => global(cx, session, name).await?,
            false => None,
        };
        found.push((*i, account(local, global.as_ref())));
    }
    for (i, name) in addresses {
        if let Ok(address) = name.parse::<IpAddr>() {
            let account = Account {
                is_blocked: people::is_address_blocked(session, address).await?,
                ..Account::default()
            };
            found.push((*i, account));
        }
    }
    Ok(found)
}

async fn global(cx: &Context<'_>, session: &Session, name: &str) -> Result<Option<GlobalAccount>, Error> {
    let mut kept = cx.accounts.0.lock().await;
    let key = (realm_of(&session.wiki_id()), name.to_owned());
    if let Some(known) = kept.get(&key) {
        return Ok(known.clone());
    }
    let found = people::global_account(session, name).await?;
    if kept.len() >= REMEMBERED {
        kept.clear();
    }
    kept.insert(key, found.clone());
    Ok(found)
}

/// Age and edits are those of the global account where there is one; groups and block are the wiki's.
fn account(local: &AccountNow, global: Option<&GlobalAccount>) -> Account {
    let facts = match global {
        Some(global) => people::joined(&local.facts, &global.facts),
        None => local.facts.clone(),
    };
    Account {
        registered: facts.registered,
        edits: facts.edits,
        is_global: facts.is_global,
        groups: local.facts.groups.clone(),
        is_blocked: local.is_blocked,
        is_locked: global.is_some_and(|global| global.is_locked),
    }
}

#[cfg(test)]
#[path = "accounts_tests.rs"]
mod tests;
