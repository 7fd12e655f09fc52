//! Owners of profiles: from the settings, from what is remembered, else from the page's first revision.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use shared::core::site::Title;
use shared::core::types::{PageId, UserId};
use shared::db::profile_owner::{self, ProfileOwner, Source};
use shared::job::Run;
use shared::wiki::{Error, Phase};

use crate::collect::{self, Users};
use crate::decide::{FirstRevision, UserState, owner_problem};
use crate::settings::Settings;

/// An owner, or why nobody is guessed.
pub type Owner = Result<UserId, String>;

/// Owners, and the profiles for which the wiki would not say who made them.
#[derive(Default)]
pub struct Asked {
    /// What is known.
    pub owners: BTreeMap<PageId, Owner>,
    /// Why it is not known of the others.
    pub failed: BTreeMap<PageId, anyhow::Error>,
}

/// The owners of `profiles` (page id and title). What was once found out is remembered; what was not is asked again.
/// Errs with the first failure.
pub async fn owners(run: &mut Run<Settings>, profiles: &[(PageId, Title)]) -> anyhow::Result<BTreeMap<PageId, Owner>> {
    let asked = ask_owners(run, profiles).await?;
    asked.failed.into_values().next().map_or(Ok(asked.owners), Err)
}

/// The same, but what the wiki answers to the question about one profile is that profile's trouble only.
pub async fn ask_owners(run: &mut Run<Settings>, profiles: &[(PageId, Title)]) -> anyhow::Result<Asked> {
    let ids: Vec<PageId> = profiles.iter().map(|(id, _)| *id).collect();
    let known = run
        .db
        .read_if_there(async |db| profile_owner::get(db, &run.wiki, &ids).await)
        .await?;
    let (mut owners, mut failed) = (BTreeMap::new(), BTreeMap::new());
    let settings = run.accepted.parsed.settings.clone();
    let by_hand = named_owners(run, &settings, profiles).await?;
    let mut asked = Vec::new();
    for (page_id, title) in profiles {
        let remembered = known.get(page_id).filter(|owner| owner.source == Source::FirstRevision);
        if let Some(owner) = by_hand.get(title) {
            owners.insert(*page_id, owner.clone());
        } else if let Some(user) = remembered.and_then(|owner| owner.user) {
            owners.insert(*page_id, Ok(user));
        } else {
            let about = || format!("asking who made {}", run.session.site().prefixed(title));
            match collect::first_revision(&run.session, *page_id).await {
                Ok(first) => asked.push((*page_id, title, first)),
                Err(error @ Error::Api { .. }) => {
                    failed.insert(*page_id, anyhow::Error::new(error).context(about()));
                }
                Err(error) => return Err(error).with_context(about),
            }
        }
    }
    // One more request for all of them: who exists, who is a bot. It is no learner's.
    run.session.count_as(Phase::Mentor);
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (_, title, first) in &asked {
        names.insert(title.last_part().to_owned());
        names.extend(first.iter().filter_map(|first| first.user.clone()));
    }
    let users = collect::users(&run.session, Users::Names(&names), run.clock.now()).await?;
    let mut found = Vec::new();
    for (page_id, title, first) in asked {
        let owner = judge(title, first, &users);
        let remembered = known
            .get(&page_id)
            .filter(|owner| owner.source == Source::FirstRevision);
        if remembered.is_none_or(|known| known.problem.as_ref() != owner.as_ref().err()) {
            found.push(ProfileOwner {
                page_id,
                user: owner.as_ref().ok().copied(),
                source: Source::FirstRevision,
                problem: owner.as_ref().err().cloned(),
                seen_at: run.clock.now(),
            });
        }
        owners.insert(page_id, owner);
    }
    if let (Some(fence), false) = (run.fence(), found.is_empty()) {
        run.db
            .fenced(&fence, "storing owners of profiles", async |tx| {
                profile_owner::put(tx, &found).await
            })
            .await?;
    }
    Ok(Asked { owners, failed })
}

/// Owners that the settings name, looked up by name.
async fn named_owners(
    run: &Run<Settings>,
    settings: &Settings,
    profiles: &[(PageId, Title)],
) -> anyhow::Result<BTreeMap<Title, Owner>> {
    let wanted: Vec<(&Title, &String)> = settings
        .owners
        .iter()
        .filter(|(title, _)| profiles.iter().any(|(_, t)| t == *title))
        .collect();
    let names: BTreeSet<String> = wanted.iter().map(|(_, name)| (*name).clone()).collect();
    let users = collect::users(&run.session, Users::Names(&names), run.clock.now()).await?;
    let owner = |name: &String| {
        let user = users.iter().find(|user| user.name == *name);
        user.map(|user| user.id)
            .ok_or_else(|| format!("owners: names {name}, who has no account here"))
    };
    Ok(wanted
        .into_iter()
        .map(|(title, name)| (title.clone(), owner(name)))
        .collect())
}

/// `users`: those of the names in question that exist.
fn judge(title: &Title, first: Option<FirstRevision>, users: &[UserState]) -> Owner {
    let Some(first) = first else {
        return Err("the profile is gone".to_owned());
    };
    // A name with a slash, or an address, cannot be a user's; the wiki says so by leaving it out.
    let named = |name: &str| {
        users
            .iter()
            .find(|user| user.name == name || user.name == capitalized(name))
    };
    let namesake = named(title.last_part()).map(|user| user.name.as_str());
    if let Some(problem) = owner_problem(&first, namesake) {
        return Err(problem);
    }
    match first.user.as_deref().and_then(named) {
        Some(user) if user.is_bot => Err(format!("the profile was made by a bot, {}", user.name)),
        _ => Ok(first.user_id),
    }
}

/// User names begin with a capital letter, page titles below a root need not.
fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
