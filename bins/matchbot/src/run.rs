//! The scheduled run: who is waiting, who is who, one greeting after the other, and what is left for people.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::TimeDelta;
use shared::core::text::terminal;
use shared::core::types::{Timestamp, UserId};
use shared::db::intent::State;
use shared::db::request::{self, Reason as Why, Request};
use shared::editor::Refused;
use shared::job::{Report, Run, ends_run};
use shared::switch::Halt;
use shared::wiki::Phase;

use crate::act::{Step, greet};
use crate::collect;
use crate::mentors::{self, Known};
use crate::owners::ask_owners;
use crate::pending;
use crate::reason::Reason;
use crate::record::{Case, intent_key};
use crate::requests;
use crate::settings::Settings;

/// Greetings one learner may get in 30 days, over all profiles and categories.
const GREETINGS: u64 = 3;
const GREETINGS_DAYS: i64 = 30;
/// A failing case is tried every run for a day, then daily for a week.
const EVERY_RUN: TimeDelta = TimeDelta::hours(24);
const GIVE_UP: TimeDelta = TimeDelta::days(7);

#[derive(Default)]
struct Counts {
    matched: u64,
    unmatched: u64,
    persons: u64,
    withdrawn: u64,
    later: u64,
    failed: u64,
}

/// A case that is left to a person.
type Left = (Request, Reason, Option<UserId>);

/// Does the work of one run.
pub async fn work(run: &mut Run<Settings>) -> anyhow::Result<Report> {
    let (found, mut waiting) = requests::sync(run).await?;
    if found.before_start > 0 {
        tracing::info!(
            "{} members were in the request categories before the start: recorded, not greeted",
            found.before_start
        );
    }
    let again = requests::look_again(run).await?;
    waiting.extend(requests::waiting(run).await?);
    waiting.retain(|request| request.state == request::State::Waiting);
    let mut counts = Counts::default();
    let oldest = oldest(run, &waiting);
    let mut rows = found.rows + again + pending::settle(run, &waiting, oldest).await?;
    if !waiting.is_empty() && run.editor.halted().is_none() {
        rows += greet_all(run, &waiting, &mut counts).await?;
    }
    crate::mention::mention(run).await?;
    let greeted = counts.matched + counts.unmatched;
    Ok(Report {
        counts: format!(
            "waiting={} greeted={greeted} matched={} unmatched={} persons={} withdrawn={} later={} failed={}",
            waiting.len(),
            counts.matched,
            counts.unmatched,
            counts.persons,
            counts.withdrawn,
            counts.later,
            counts.failed
        ),
        rows: if run.fence().is_some() { rows + greeted } else { 0 },
    })
}

/// Since when the bot's contributions may hold greetings of these requests. Only requests that are on record wait for
/// longer than `max_request_age`; even a restored backup has forgotten no more than some days of them.
fn oldest(run: &Run<Settings>, waiting: &[Request]) -> Timestamp {
    const OF_BACKUPS: TimeDelta = TimeDelta::days(14);
    let first = waiting
        .iter()
        .map(|request| request.cat_ts.unwrap_or(request.first_seen))
        .min();
    let bound = run.started - run.accepted.parsed.settings.max_request_age - OF_BACKUPS;
    first.unwrap_or(run.started).max(bound)
}

async fn greet_all(run: &mut Run<Settings>, waiting: &[Request], counts: &mut Counts) -> anyhow::Result<u64> {
    run.session.count_as(Phase::Safety);
    if !collect::signature_links(&run.session).await? {
        let info = "its signature does not link to its user page, so greetings would notify nobody; mend it in the preferences";
        return Err(run
            .editor
            .halt(Halt::Account {
                code: "signature".to_owned(),
                info: info.to_owned(),
            })
            .into());
    }
    run.editor.load_tokens(oldest(run, waiting)).await?;
    run.session.count_as(Phase::Learner);
    let mut left: Vec<Left> = Vec::new();
    let cases = cases(run, waiting, counts, &mut left).await?;
    let skills: BTreeSet<usize> = cases.iter().map(|case| case.skill).collect();
    let learners: BTreeSet<UserId> = cases.iter().map(|case| case.learner).collect();
    let mut known = if cases.is_empty() {
        Known::default()
    } else {
        mentors::read(run, &skills, &learners).await?
    };
    let mut result = Ok(());
    let mut greeted = 0;
    for case in &cases {
        if greeted >= run.accepted.parsed.settings.max_greetings_per_run {
            tracing::info!("max_greetings_per_run is reached: the rest waits for the next run");
            break;
        }
        if !run.goes_on().await? {
            break;
        }
        match one(run, case, &cases, &mut known, counts, &mut left).await {
            Ok(true) => greeted += 1,
            Ok(false) => {}
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    counts.persons = left.len() as u64;
    for (request, reason, _) in &left {
        tracing::info!(page.title = %request.title, reason = reason.code(), "{}: {}", terminal(&request.title), reason.for_log());
    }
    // What was found out is stored even when the run cannot go on.
    requests::leave_to_person(run, &left).await?;
    match result {
        // A switch that was turned is no failure of the run.
        Err(error) if matches!(error.downcast_ref(), Some(Refused::Halt(_))) => {
            tracing::warn!("{error:#}");
        }
        result => result?,
    }
    Ok(left.len() as u64)
}

/// One learner. Says whether a greeting was made; errs when the run cannot go on.
async fn one(
    run: &mut Run<Settings>,
    case: &Case<'_>,
    cases: &[Case<'_>],
    known: &mut Known,
    counts: &mut Counts,
    left: &mut Vec<Left>,
) -> anyhow::Result<bool> {
    let title = case.request.title.clone();
    if let Some(list) = known.held.get(&case.skill) {
        counts.later += 1;
        tracing::warn!("{}: not greeted, because {} shrank", terminal(&title), terminal(list));
        return Ok(false);
    }
    let step = match too_many(run, case, cases).await? {
        Some(step) => Ok(step),
        None => greet(run, case, known).await,
    };
    match step {
        Ok(Step::Greeted { mentor }) => {
            // Limits and `order: fewest` hold within a run too.
            if let Some(mentor) = mentor {
                *known.recent.entry(mentor).or_default() += 1;
            }
            let matched = mentor.is_some();
            *(if matched {
                &mut counts.matched
            } else {
                &mut counts.unmatched
            }) += 1;
            tracing::info!(page.title = %title, matched, "greeted {}", terminal(&title));
            return Ok(true);
        }
        Ok(Step::Person(Reason::Withdrawn)) => {
            counts.withdrawn += 1;
            tracing::info!("{}: the request was withdrawn", terminal(&title));
        }
        Ok(Step::Person(reason)) => left.push((case.request.clone(), reason, Some(case.learner))),
        Ok(Step::Later(why)) => {
            counts.later += 1;
            tracing::warn!("{}: {}; the next run looks again", terminal(&title), terminal(&why));
        }
        Ok(Step::Dry) => return Ok(true),
        Err(error) if ends_run(&error) => return Err(error),
        Err(error) => {
            counts.failed += 1;
            failed(run, case.request, &error, left).await?;
        }
    }
    Ok(false)
}

/// A failure of one learner: tried every run for a day, then daily for a week, then given up.
async fn failed(
    run: &mut Run<Settings>,
    request: &Request,
    error: &anyhow::Error,
    left: &mut Vec<Left>,
) -> anyhow::Result<()> {
    let now = run.clock.now();
    run.item_error(&request.title, error).await;
    let age = now - request.first_failure.unwrap_or(now);
    let text = format!("{error:#}");
    if age >= GIVE_UP {
        run.ending = shared::outcome::Ending::Item;
        left.push((request.clone(), Reason::GivenUp(text), None));
        return Ok(());
    }
    let next = if age < EVERY_RUN {
        now
    } else {
        now + TimeDelta::hours(24)
    };
    let Some(fence) = run.fence() else { return Ok(()) };
    let why = Why {
        code: "failed",
        text: &text,
    };
    let id = request.id;
    run.db
        .fenced(&fence, "noting a failed request", async |tx| {
            request::fail(tx, id, why, next, now).await
        })
        .await?;
    Ok(())
}

/// Whether the learner had a greeting for this skill on whatever profile, or has had enough greetings, or may have had:
/// one whose answer got lost counts until it is known.
async fn too_many(run: &Run<Settings>, case: &Case<'_>, cases: &[Case<'_>]) -> anyhow::Result<Option<Step>> {
    let (learner, category) = (case.learner, case.request.category.as_str());
    let last = run
        .db
        .read_if_there(async |db| shared::db::matches::last_greeting_of_learner(db, &run.wiki, learner, category).await)
        .await?;
    if let Some(last) = last.filter(|last| run.clock.now() - *last < run.accepted.parsed.settings.rematch_after) {
        return Ok(Some(Step::Person(Reason::GreetedLately(last))));
    }
    let since = run.clock.now() - TimeDelta::days(GREETINGS_DAYS);
    let count = run
        .db
        .read_if_there(async |db| shared::db::matches::greetings_since(db, &run.wiki, case.learner, since).await)
        .await?;
    if count >= GREETINGS {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        return Ok(Some(Step::Person(Reason::TooManyGreetings(count))));
    }
    let others = cases
        .iter()
        .filter(|other| other.learner == learner && other.request.id != case.request.id);
    let others: BTreeSet<String> = others.map(|other| intent_key(other.request)).collect();
    if others.is_empty() {
        return Ok(None);
    }
    let pending = run
        .db
        .read_if_there(async |db| shared::db::intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    let unknown = pending
        .iter()
        .filter(|intent| intent.state == State::Sending && others.contains(&intent.key));
    let enough = count + unknown.count() as u64 >= GREETINGS;
    Ok(enough.then(|| Step::Later("it is not known yet whether the learner's other greetings arrived".to_owned())))
}

/// The requests whose profile, owner and skill are known; the rest is left to people, or failed.
async fn cases<'r>(
    run: &mut Run<Settings>,
    waiting: &'r [Request],
    counts: &mut Counts,
    left: &mut Vec<Left>,
) -> anyhow::Result<Vec<Case<'r>>> {
    let settings = run.accepted.parsed.settings.clone();
    let mut profiles = BTreeMap::new();
    for request in waiting {
        let profile = requests::profile(run, request).filter(|(_, title)| settings.is_profile(title));
        if let (Some((page_id, title)), Some(_)) = (profile, settings.skill_of(&request.category)) {
            profiles.insert(page_id, title);
        }
    }
    let list: Vec<_> = profiles
        .iter()
        .map(|(page_id, title)| (*page_id, title.clone()))
        .collect();
    let asked = ask_owners(run, &list).await.context("asking who owns the profiles")?;
    let mut cases = Vec::new();
    for request in waiting {
        let (Some(profile), Some(skill)) = (profiles.get(&request.page_id), settings.skill_of(&request.category))
        else {
            continue;
        };
        if let Some(error) = asked.failed.get(&request.page_id) {
            counts.failed += 1;
            failed(run, request, error, left).await?;
        }
        match asked.owners.get(&request.page_id) {
            Some(Ok(learner)) => cases.push(Case {
                request,
                profile: profile.clone(),
                learner: *learner,
                skill,
            }),
            Some(Err(why)) => left.push((request.clone(), Reason::Owner(why.clone()), None)),
            None => {}
        }
    }
    Ok(cases)
}
