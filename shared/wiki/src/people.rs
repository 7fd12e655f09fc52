//! What a wiki says of accounts: edits, age, groups. Only asked for people whose hits depend on it.
//!
//! Where CentralAuth is installed the figures of the global account count, since somebody who is new here may be an old
//! hand elsewhere; who is an old hand here is so everywhere, and is not asked for twice. What the wiki hides is as good
//! as missing.
//! <https://www.mediawiki.org/wiki/API:Users>, <https://www.mediawiki.org/wiki/API:Globaluserinfo>

use crate::error::Error;
use crate::read;
use crate::session::Session;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use wikicrew_core::hit::UserFacts;

/// What this wiki itself knows of these accounts, by the names as they were asked for. Names without an account here
/// (addresses, names of other wikis, missing, hidden) are absent.
///
/// One request for [`Session::batch_size`] names. `groups` has those that go by edits and age (`autoconfirmed`), but
/// neither `*` nor `user`. Errs as [`Session::query`] does.
pub async fn local(session: &Session, names: &[&str]) -> Result<HashMap<String, UserFacts>, Error> {
    ask(session, names, "editcount|registration|groups", read_local).await
}

/// An account as a wiki has it now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountNow {
    /// Local figures; groups without those that go by edits and age.
    pub facts: UserFacts,
    /// Whether it is blocked on the whole wiki, not from some of its pages or namespaces only.
    pub is_blocked: bool,
}

/// What this wiki itself knows of these accounts now, with their blocks; otherwise as [`local`].
pub async fn accounts(session: &Session, names: &[&str]) -> Result<HashMap<String, AccountNow>, Error> {
    let props = "editcount|registration|groups|implicitgroups|blockinfo";
    ask(session, names, props, |user| {
        let (name, mut facts) = read_local(user)?;
        let implicit: Vec<String> = groups(&user["implicitgroups"]).collect();
        facts.groups.retain(|group| !implicit.contains(group));
        let is_blocked = !user["blockid"].is_null() && user["blockpartial"] != true;
        Some((name, AccountNow { facts, is_blocked }))
    })
    .await
}

async fn ask<T: Clone>(
    session: &Session,
    names: &[&str],
    props: &str,
    read: impl Fn(&Value) -> Option<(String, T)>,
) -> Result<HashMap<String, T>, Error> {
    let is_account = |name: &&str| name.parse::<IpAddr>().is_err() && !name.is_empty();
    // A name that is asked for in two spellings is answered once.
    let asked: BTreeSet<&str> = names.iter().copied().filter(is_account).collect();
    let asked: Vec<&str> = asked.into_iter().collect();
    let params = [("list", "users"), ("usprop", props)];
    let query = session.in_batches(&params, "ususers", &asked).await?;
    let known: HashMap<String, T> = read::list(&query["users"]).iter().filter_map(read).collect();
    let found = asked.into_iter().filter_map(|name| {
        let facts = known.get(name).or_else(|| known.get(&canonical(name)))?;
        Some((name.to_owned(), facts.clone()))
    });
    Ok(found.collect())
}

/// Whether the wiki itself blocks an address now, alone or in a range, from all of its pages. One request; errs as
/// [`Session::get`] does. <https://www.mediawiki.org/wiki/API:Blocks>
pub async fn is_address_blocked(session: &Session, address: IpAddr) -> Result<bool, Error> {
    let address = address.to_string();
    let params = [
        ("list", "blocks"),
        ("bkip", &address),
        ("bkprop", "flags"),
        ("bklimit", "max"),
    ];
    let answer = session.get(&params).await?;
    let blocks = read::list(&answer["query"]["blocks"]);
    Ok(blocks.iter().any(|block| block["partial"] != true))
}

/// Whether this wiki shares its accounts with others, so that [`global`] can be asked.
pub fn has_global(session: &Session) -> bool {
    session.site().has_extension("CentralAuth")
}

/// What is known of the global account of that name; `None`: there is none. One request for each account, so this is
/// for those on whom something depends that local figures do not settle.
///
/// Errs as [`Session::get`] does.
pub async fn global(session: &Session, name: &str) -> Result<Option<UserFacts>, Error> {
    Ok(global_account(session, name).await?.map(|account| account.facts))
}

/// A global account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GlobalAccount {
    /// Its figures.
    pub facts: UserFacts,
    /// Whether nobody can use it on any wiki.
    pub is_locked: bool,
}

/// As [`global`], with what bars the account everywhere.
pub async fn global_account(session: &Session, name: &str) -> Result<Option<GlobalAccount>, Error> {
    let params = [
        ("meta", "globaluserinfo"),
        ("guiuser", name),
        ("guiprop", "groups|editcount"),
    ];
    let answer = match session.get(&params).await {
        Ok(answer) => answer,
        // A local account whose name no global one can have.
        Err(Error::Api { code, .. }) if matches!(code.as_str(), "baduser" | "invaliduser" | "baduser_guiuser") => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let global = &answer["query"]["globaluserinfo"];
    if global["missing"] == true || global["id"].as_u64().is_none() {
        return Ok(None);
    }
    Ok(Some(GlobalAccount {
        facts: UserFacts {
            edits: global["editcount"].as_u64(),
            registered: read::time(&global["registration"]),
            groups: groups(&global["groups"]).collect(),
            is_global: true,
        },
        is_locked: global["locked"] == true,
    }))
}

/// Local figures with those of the global account in their place, and the groups of both.
pub fn joined(local: &UserFacts, global: &UserFacts) -> UserFacts {
    let mut facts = local.clone();
    if global.edits.is_some() {
        facts.edits = global.edits;
        facts.registered = global.registered.or(facts.registered);
        facts.is_global = true;
    }
    for group in &global.groups {
        if !facts.groups.contains(group) {
            facts.groups.push(group.clone());
        }
    }
    facts
}

/// As the wiki writes names: spaces, and a capital first.
fn canonical(name: &str) -> String {
    let name = name.replace('_', " ");
    let mut chars = name.trim().chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn read_local(user: &Value) -> Option<(String, UserFacts)> {
    let id = user["userid"].as_u64().filter(|id| *id > 0);
    id.filter(|_| user["hidden"] != true)?;
    let facts = UserFacts {
        edits: user["editcount"].as_u64(),
        // `null` for the oldest accounts.
        registered: read::time(&user["registration"]),
        groups: groups(&user["groups"]).collect(),
        is_global: false,
    };
    Some((read::text(user, "name")?, facts))
}

fn groups(value: &Value) -> impl Iterator<Item = String> {
    let names = read::list(value).iter().filter_map(Value::as_str);
    names.filter(|name| !matches!(*name, "*" | "user")).map(str::to_owned)
}
