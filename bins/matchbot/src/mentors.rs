//! The mentors of a run: read only when somebody is waiting, once per run, with the shrink guard over every list that
//! decides who may be drawn (a list that came back empty or cut must not match anybody wrongly).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use shared::core::site::Title;
use shared::core::types::{PageId, UserId};
use shared::db::{matches, memo};
use shared::job::Run;
use shared::wiki::Phase;

use crate::collect::{self, Users};
use crate::decide::{Mentors, Profile, UserState};
use crate::owners::owners;
use crate::settings::Settings;

/// Lists shorter than this never count as shrunk.
const SMALL: usize = 10;
/// Days over which matches are counted for `order: fewest`, where no limit names another span.
const FEWEST_DAYS: u32 = 90;
/// Memo that names the lists that shrank, for the status page.
pub const SHRUNK: &str = "shrunk lists";

/// Everything about mentors that decisions need.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Who offers what.
    pub mentors: Mentors,
    /// Mentors and learners as they are now.
    pub users: BTreeMap<UserId, UserState>,
    /// Matches per mentor.
    pub recent: BTreeMap<UserId, u32>,
    /// Skills (positions) whose lists shrank: nobody is greeted for them.
    pub held: BTreeMap<usize, String>,
}

/// Reads the mentor categories of the skills asked for, and the state of all users in question.
pub async fn read(
    run: &mut Run<Settings>,
    skills: &BTreeSet<usize>,
    learners: &BTreeSet<UserId>,
) -> anyhow::Result<Known> {
    run.session.count_as(Phase::Mentor);
    let settings = run.accepted.parsed.settings.clone();
    let mut wanted: BTreeSet<Title> = skills
        .iter()
        .map(|skill| settings.skills[*skill].mentor.clone())
        .collect();
    wanted.insert(settings.general.clone());
    wanted.insert(settings.optout.clone());
    let mut lists = BTreeMap::new();
    let mut shrunk = BTreeSet::new();
    for category in wanted {
        let shown = run.session.site().prefixed(&category);
        let members = collect::members(&run.session, &category)
            .await
            .with_context(|| format!("reading {shown}"))?;
        if is_shrunk(run, &shown, members.len()).await? {
            tracing::warn!(
                "{shown} has only {} pages, less than half of before: nobody is greeted by it (--accept-shrink \"{shown}\" lets it pass once)",
                members.len()
            );
            shrunk.insert(category.clone());
        }
        let profiles: Vec<(PageId, Title)> = members
            .into_iter()
            .filter(|m| settings.is_profile(&m.title))
            .map(|m| (m.page_id, m.title))
            .collect();
        lists.insert(category, profiles);
    }
    note_shrunk(run, &shrunk).await?;
    let mut all: Vec<(PageId, Title)> = lists.values().flatten().cloned().collect();
    all.sort();
    all.dedup();
    let owners = owners(run, &all).await?;
    let profiles = |category: &Title| -> Vec<Profile> {
        let list = lists.get(category).map(Vec::as_slice).unwrap_or_default();
        let profile = |(page_id, title): &(PageId, Title)| {
            let owner = owners.get(page_id)?.as_ref().ok()?;
            Some(Profile {
                page_id: *page_id,
                title: title.clone(),
                owner: *owner,
            })
        };
        list.iter().filter_map(profile).collect()
    };
    let mentors = Mentors {
        by_skill: skills
            .iter()
            .map(|skill| (*skill, profiles(&settings.skills[*skill].mentor)))
            .collect(),
        general: profiles(&settings.general),
        opted_out: profiles(&settings.optout)
            .into_iter()
            .map(|profile| profile.owner)
            .collect(),
    };
    let mut ids: BTreeSet<UserId> = mentors
        .by_skill
        .values()
        .flatten()
        .chain(&mentors.general)
        .map(|p| p.owner)
        .collect();
    let recent = recent(run, &settings, &ids).await?;
    ids.extend(learners);
    let users = collect::users(&run.session, Users::Ids(&ids), run.clock.now())
        .await
        .context("asking how users are doing")?;
    run.session.count_as(Phase::Learner);
    let everywhere = [&settings.general, &settings.optout]
        .into_iter()
        .find(|category| shrunk.contains(*category));
    let held = skills.iter().filter_map(|skill| {
        let category = everywhere.or_else(|| shrunk.get(&settings.skills[*skill].mentor))?;
        Some((*skill, run.session.site().prefixed(category)))
    });
    Ok(Known {
        held: held.collect(),
        mentors,
        users: users.into_iter().map(|user| (user.id, user)).collect(),
        recent,
    })
}

async fn recent(
    run: &Run<Settings>,
    settings: &Settings,
    mentors: &BTreeSet<UserId>,
) -> anyhow::Result<BTreeMap<UserId, u32>> {
    let days = settings.max_matches_per_mentor.map_or(FEWEST_DAYS, |limit| limit.days);
    let since = run.clock.now() - chrono::TimeDelta::days(i64::from(days));
    let mentors: Vec<UserId> = mentors.iter().copied().collect();
    let counts = run
        .db
        .read_if_there(async |db| matches::counts_of_mentors(db, &run.wiki, &mentors, since).await)
        .await?;
    Ok(counts
        .into_iter()
        .map(|(id, n)| (id, u32::try_from(n).unwrap_or(u32::MAX)))
        .collect())
}

/// Whether a list is empty or below half of when it was last good, and had more than ten entries then. A good length
/// is remembered.
async fn is_shrunk(run: &Run<Settings>, name: &str, length: usize) -> anyhow::Result<bool> {
    let Some(fence) = run.fence() else { return Ok(false) };
    let key = format!("length of {name}");
    let key: String = key.chars().take(250).collect();
    let known = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, &key).await)
        .await?;
    let before: usize = known.as_ref().and_then(|memo| memo.value.parse().ok()).unwrap_or(0);
    if before > SMALL && length * 2 < before && !run.args.accept_shrink.iter().any(|accepted| accepted == name) {
        return Ok(true);
    }
    if before != length {
        let (value, now) = (length.to_string(), run.clock.now());
        run.db
            .fenced(&fence, "remembering the length of a list", async |tx| {
                memo::set(tx, &key, &value, now).await
            })
            .await?;
    }
    Ok(false)
}

async fn note_shrunk(run: &Run<Settings>, shrunk: &BTreeSet<Title>) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let names: Vec<String> = shrunk
        .iter()
        .map(|category| run.session.site().prefixed(category))
        .collect();
    let value = names.join("\n");
    let known = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, SHRUNK).await)
        .await?;
    if known.map(|memo| memo.value).unwrap_or_default() != value {
        let now = run.clock.now();
        run.db
            .fenced(&fence, "remembering shrunk lists", async |tx| {
                memo::set(tx, SHRUNK, &value, now).await
            })
            .await?;
    }
    Ok(())
}
