//! Who is trusted now: asked of the wiki by account id when something is carried out, never taken from the name beside
//! an edit. <https://www.mediawiki.org/wiki/API:Users>

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::wiki::{Error, Phase, Session};

/// The answers of the wiki in this run.
pub struct Standing<'a> {
    users: &'a [String],
    groups: &'a [String],
    known: HashMap<u64, bool>,
}

impl<'a> Standing<'a> {
    /// Trusted are these users, and the members of these groups. Nobody was asked for yet.
    pub fn new(users: &'a [String], groups: &'a [String]) -> Standing<'a> {
        Standing {
            users,
            groups,
            known: HashMap::new(),
        }
    }

    /// Asks for those of these accounts that were not asked for in this run. `accounts`: the ids behind the names of the
    /// settings, kept between runs: a name that another account takes over is not trusted. Errs as [`Session::get`] does.
    pub async fn ask(
        &mut self,
        session: &Session,
        ids: impl IntoIterator<Item = u64>,
        accounts: &mut BTreeMap<String, u64>,
    ) -> Result<(), Error> {
        accounts.retain(|name, _| self.users.contains(name));
        let mut wanted: Vec<u64> = ids.into_iter().filter(|id| !self.known.contains_key(id)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        session.count_as(Phase::Safety);
        for batch in wanted.chunks(session.batch_size()) {
            let ids: Vec<String> = batch.iter().map(ToString::to_string).collect();
            let answer = session
                .get(&[
                    ("list", "users"),
                    ("ususerids", &ids.join("|")),
                    ("usprop", "groups|blockinfo"),
                ])
                .await?;
            let users = answer["query"]["users"].as_array().cloned().unwrap_or_default();
            for user in &users {
                let Some(id) = user["userid"].as_u64() else { continue };
                let is_trusted = self.may(user, id, accounts) && !is_locked(session, user).await?;
                self.known.insert(id, is_trusted);
            }
        }
        Ok(())
    }

    /// Whether the account is trusted, as [`Standing::ask`] found.
    pub fn is_trusted(&self, id: u64) -> bool {
        self.known.get(&id).copied().unwrap_or(false)
    }

    fn may(&self, user: &Value, id: u64, accounts: &mut BTreeMap<String, u64>) -> bool {
        let is_blocked = user.get("blockid").is_some() && user["blockpartial"] != true;
        let Some(name) = user["name"].as_str().filter(|_| !is_blocked) else {
            return false;
        };
        let groups = user["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
        let in_group = |group: &Value| {
            group
                .as_str()
                .is_some_and(|group| self.groups.iter().any(|g| g == group))
        };
        if groups.iter().any(in_group) {
            return true;
        }
        if !self.users.iter().any(|trusted| trusted == name) {
            return false;
        }
        let is_same = *accounts.entry(name.to_owned()).or_insert(id) == id;
        if !is_same {
            tracing::warn!("a user whom the settings trust has a new account under the old name: not trusted");
        }
        is_same
    }
}

/// Whether the account is locked on all wikis of its farm.
/// <https://www.mediawiki.org/wiki/Extension:CentralAuth/API>
async fn is_locked(session: &Session, user: &Value) -> Result<bool, Error> {
    if !session.site().has_extension("CentralAuth") {
        return Ok(false);
    }
    let name = user["name"].as_str().unwrap_or_default();
    let answer = session.get(&[("meta", "globaluserinfo"), ("guiuser", name)]).await?;
    Ok(answer["query"]["globaluserinfo"]["locked"] == true)
}
