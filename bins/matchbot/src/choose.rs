//! Who is named in a greeting: a mentor of the skill, else a general mentor, else the maintainer. The draw itself is
//! in `decide`; this asks the wiki the two things that are asked of the mentor drawn only.

use anyhow::Context as _;
use shared::core::types::UserId;
use shared::job::Run;
use shared::wiki::Phase;

use crate::collect;
use crate::decide::{Profile, draw, pool};
use crate::greeting::Kind;
use crate::mentors::Known;
use crate::owners::owners;
use crate::reason::Reason;
use crate::record::Case;
use crate::settings::Settings;

/// Who is named, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which text.
    pub kind: Kind,
    /// User id of the mentor or maintainer.
    pub mentor: UserId,
    /// Present name.
    pub name: String,
    /// The learner's present name.
    pub learner: String,
    /// Why this one, for the database and `explain`.
    pub why: String,
}

impl Choice {
    /// Whether a mentor was found.
    pub fn matched(&self) -> bool {
        self.kind != Kind::NoMatch
    }
}

/// Draws a mentor for the case. `Err`: why the learner is not greeted.
pub async fn choose(run: &mut Run<Settings>, case: &Case<'_>, known: &Known) -> anyhow::Result<Result<Choice, Reason>> {
    let Some(learner) = known.users.get(&case.learner) else {
        return Ok(Err(Reason::LearnerUnavailable(
            "has no account on this wiki any more".to_owned(),
        )));
    };
    if let Some(why) = learner.unavailable() {
        return Ok(Err(Reason::LearnerUnavailable(why.to_owned())));
    }
    run.session.count_as(Phase::Safety);
    if collect::is_locked(&run.session, &learner.name).await? {
        return Ok(Err(Reason::LearnerUnavailable("is globally locked".to_owned())));
    }
    let settings = run.accepted.parsed.settings.clone();
    let specialists = known
        .mentors
        .by_skill
        .get(&case.skill)
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (kind, profiles) in [
        (Kind::Match, specialists),
        (Kind::General, known.mentors.general.as_slice()),
    ] {
        let pool = pool(
            profiles,
            case.learner,
            &known.mentors,
            &known.users,
            &known.recent,
            &settings,
        );
        let mut available = pool.available;
        let number = available.len();
        let drawn = loop {
            let Some(profile) = draw(&available, settings.order, &known.recent, &mut run.rng).cloned() else {
                break None;
            };
            if is_still_there(run, &profile, known, &settings).await? {
                break Some(profile);
            }
            available.retain(|other| other.owner != profile.owner);
        };
        if let Some(profile) = drawn
            && let Some(user) = known.users.get(&profile.owner)
        {
            let what = if kind == Kind::Match {
                "the skill"
            } else {
                "general skills"
            };
            return Ok(Ok(Choice {
                kind,
                mentor: profile.owner,
                name: user.name.clone(),
                learner: learner.name.clone(),
                why: format!("drawn from {number} available mentors with {what}"),
            }));
        }
    }
    maintainer(run, learner.name.clone(), &settings).await
}

/// Asked of the mentor drawn only: not globally locked, and active within `inactive_days`.
async fn is_still_there(
    run: &Run<Settings>,
    profile: &Profile,
    known: &Known,
    settings: &Settings,
) -> anyhow::Result<bool> {
    run.session.count_as(Phase::Mentor);
    let Some(user) = known.users.get(&profile.owner) else {
        return Ok(false);
    };
    if collect::is_locked(&run.session, &user.name).await? {
        return Ok(false);
    }
    let Some(days) = settings.inactive_days else {
        return Ok(true);
    };
    let last = collect::last_edit(&run.session, profile.owner).await?;
    let since = run.clock.now() - chrono::TimeDelta::days(i64::from(days));
    Ok(last.is_some_and(|last| last >= since))
}

async fn maintainer(
    run: &mut Run<Settings>,
    learner: String,
    settings: &Settings,
) -> anyhow::Result<Result<Choice, Reason>> {
    let title = settings.maintainer.clone();
    let shown = run.session.site().prefixed(&title);
    let reason = |why: String| Ok(Err(Reason::NoMaintainer(why)));
    let Some(user) = maintainer_user(run)
        .await
        .with_context(|| format!("asking who owns {shown}"))?
    else {
        return reason(format!("the owner of {shown} is not known"));
    };
    Ok(Ok(Choice {
        kind: Kind::NoMatch,
        mentor: user.0,
        name: user.1,
        learner,
        why: "no mentor was available: the maintainer is named".to_owned(),
    }))
}

/// Id and present name of the maintainer, if the owner of `defaultmentorprofile` is known and has an account.
pub async fn maintainer_user(run: &mut Run<Settings>) -> anyhow::Result<Option<(UserId, String)>> {
    run.session.count_as(Phase::Mentor);
    let title = run.accepted.parsed.settings.maintainer.clone();
    let shown = run.session.site().prefixed(&title);
    let answer = run
        .session
        .get(&[("action", "query"), ("titles", &shown), ("prop", "info")])
        .await?;
    let Some(page_id) = answer["query"]["pages"][0]["pageid"].as_u64() else {
        return Ok(None);
    };
    let page_id = shared::core::types::PageId(page_id);
    let owners = owners(run, &[(page_id, title)]).await?;
    let Some(Ok(owner)) = owners.get(&page_id) else {
        return Ok(None);
    };
    let users = collect::users(&run.session, collect::Users::Ids(&[*owner].into()), run.clock.now()).await?;
    Ok(users.into_iter().next().map(|user| (user.id, user.name)))
}
