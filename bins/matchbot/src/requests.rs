//! Who is waiting: the complete member lists of the request categories, compared with the table `request`. No time
//! window is involved, so that neither a lagging replica nor a lost run can hide anybody.

use std::collections::BTreeMap;

use anyhow::Context as _;
use shared::core::site::Title;
use shared::core::types::{PageId, Timestamp, UserId};
use shared::db::request::{self, Member as Row, Reason as Why, Request, State};
use shared::db::settings_rev;
use shared::job::Run;
use shared::wiki::Phase;

use crate::collect::{self, Member, Users};
use crate::reason::Reason;
use crate::settings::Settings;

/// Bytes of the column `request.fingerprint`.
const FINGERPRINT: usize = 255;
/// Most open cases looked at per run.
const MANY: u32 = 2_000;

/// What the comparison found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Rows written.
    pub rows: u64,
    /// Members seen for the first time that were there before the job's start.
    pub before_start: u64,
    /// Members that are no profiles.
    pub no_profiles: u64,
}

/// Reads the request categories and brings the table up to date. In a dry run nothing is stored, and the requests that
/// would have been added come back as the second value.
pub async fn sync(run: &mut Run<Settings>) -> anyhow::Result<(Found, Vec<Request>)> {
    let settings = run.accepted.parsed.settings.clone();
    let start = start_from(run, &settings).await?;
    let mut found = Found::default();
    let mut dry = Vec::new();
    let mut categories: Vec<Title> = settings.skills.iter().map(|skill| skill.request.clone()).collect();
    categories.sort();
    categories.dedup();
    for category in &categories {
        let shown = run.session.site().prefixed(category);
        let members = collect::members(&run.session, category)
            .await
            .with_context(|| format!("reading {shown}"))?;
        let all = members.len();
        let members: Vec<Member> = members
            .into_iter()
            .filter(|member| settings.is_profile(&member.title))
            .collect();
        found.no_profiles += (all - members.len()) as u64;
        let firsts: Vec<First> = members
            .iter()
            .map(|member| first_state(member, start, &settings, run.started))
            .collect();
        match run.fence() {
            Some(fence) => {
                let site = run.session.site();
                let titles: Vec<String> = members.iter().map(|member| site.prefixed(&member.title)).collect();
                let rows: Vec<Row<'_>> = members
                    .iter()
                    .zip(&titles)
                    .zip(&firsts)
                    .map(|((member, title), first)| first.row(member, title))
                    .collect();
                let (now, rematch_before) = (run.clock.now(), run.clock.now() - settings.rematch_after);
                let synced = run
                    .db
                    .fenced(&fence, "storing who is in a request category", async |tx| {
                        request::sync_category(tx, &category.text, &rows, rematch_before, now).await
                    })
                    .await?;
                found.rows += synced.rows();
                if synced.added > 0 {
                    found.before_start +=
                        firsts.iter().filter(|first| first.state == State::BeforeStart).count() as u64;
                }
            }
            None => {
                let known = known(run).await?;
                let new = members.iter().zip(&firsts).filter(|(member, _)| {
                    !known
                        .iter()
                        .any(|k| k.page_id == member.page_id && k.category == category.text)
                });
                dry.extend(new.map(|(member, first)| first.request(member, category, run)));
            }
        }
    }
    if let Some(fence) = run.fence() {
        let names: Vec<&str> = categories.iter().map(|category| category.text.as_str()).collect();
        let now = run.clock.now();
        found.rows += run
            .db
            .fenced(&fence, "forgetting request categories", async |tx| {
                request::leave_unlisted(tx, &names, now).await
            })
            .await?;
    }
    Ok((found, dry))
}

/// Requests to be greeted now.
pub async fn waiting(run: &Run<Settings>) -> anyhow::Result<Vec<Request>> {
    let now = run.clock.now();
    Ok(run
        .db
        .read_if_there(async |db| request::waiting(db, &run.wiki, now, MANY).await)
        .await?)
}

async fn known(run: &Run<Settings>) -> anyhow::Result<Vec<Request>> {
    let states = [
        State::Waiting,
        State::Answered,
        State::Person,
        State::BeforeStart,
        State::GivenUp,
    ];
    in_states(run, &states).await
}

async fn in_states(run: &Run<Settings>, states: &[State]) -> anyhow::Result<Vec<Request>> {
    Ok(run
        .db
        .read_if_there(async |db| request::in_states(db, &run.wiki, states, MANY).await)
        .await?)
}

/// Looks again at cases that wait for a person and whose page, talk page or user has changed since. What was too old
/// when it was first seen stays so, whatever changes.
pub async fn look_again(run: &mut Run<Settings>) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let mut cases = in_states(run, &[State::Person, State::GivenUp]).await?;
    cases.retain(|case| case.reason_code != "too-old");
    if cases.is_empty() {
        return Ok(0);
    }
    let fingerprints = fingerprints(run, &cases).await?;
    let changed: Vec<u64> = cases
        .iter()
        .filter(|case| {
            fingerprints
                .get(&case.id)
                .is_some_and(|fingerprint| *fingerprint != case.fingerprint)
        })
        .map(|case| case.id)
        .collect();
    let now = run.clock.now();
    if !changed.is_empty() {
        run.db
            .fenced(&fence, "looking at requests again", async |tx| {
                for id in &changed {
                    request::look_again(tx, *id, now).await?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(changed.len() as u64)
}

/// Stores that these cases wait for a person, with how page, talk page and user look now.
pub async fn leave_to_person(
    run: &mut Run<Settings>,
    cases: &[(Request, Reason, Option<UserId>)],
) -> anyhow::Result<()> {
    let (Some(fence), false) = (run.fence(), cases.is_empty()) else {
        return Ok(());
    };
    let requests: Vec<Request> = cases
        .iter()
        .map(|(request, reason, learner)| Request {
            learner: learner.or(request.learner),
            reason_code: reason.code().to_owned(),
            ..request.clone()
        })
        .collect();
    let fingerprints = fingerprints(run, &requests).await?;
    let now = run.clock.now();
    run.db
        .fenced(&fence, "leaving requests to a person", async |tx| {
            for (request, reason, learner) in cases {
                let fingerprint = fingerprints.get(&request.id).map_or("", String::as_str);
                let text = reason.text();
                let why = Why {
                    code: reason.code(),
                    text: &text,
                };
                match reason {
                    Reason::GivenUp(_) => request::give_up(tx, request.id, why, fingerprint, now).await?,
                    _ => request::leave_to_person(tx, request.id, why, fingerprint, *learner, now).await?,
                }
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// How each case looks: newest revisions and protection of profile and talk page, the learner's state, where time alone
/// may mend it the day, and the owner that the settings name.
async fn fingerprints(run: &Run<Settings>, cases: &[Request]) -> anyhow::Result<BTreeMap<u64, String>> {
    let site = run.session.site();
    let settings = &run.accepted.parsed.settings;
    let talk = |case: &Request| {
        let title = site.title(&case.title).ok()?;
        Some(site.prefixed(&site.talk_of(&title)?))
    };
    let mut titles: Vec<String> = cases.iter().map(|case| case.title.clone()).collect();
    titles.extend(cases.iter().filter_map(talk));
    titles.sort();
    titles.dedup();
    let looks = collect::looks(&run.session, &titles).await?;
    let learners = cases.iter().filter_map(|case| case.learner).collect();
    let users = collect::users(&run.session, Users::Ids(&learners), run.clock.now()).await?;
    run.session.count_as(Phase::Fixed);
    let look = |title: Option<String>| title.and_then(|title| looks.get(&title).cloned()).unwrap_or_default();
    let fingerprint = |case: &Request| {
        let user = case.learner.and_then(|id| users.iter().find(|user| user.id == id));
        let user = user.map_or("-", |user| user.unavailable().unwrap_or("+"));
        let owner = site
            .title(&case.title)
            .ok()
            .and_then(|title| settings.owners.get(&title).cloned());
        let day = if Reason::is_about_time(&case.reason_code) {
            run.clock.now().format("%j").to_string()
        } else {
            String::new()
        };
        let mut text = format!(
            "{} {} {user} {day} {}",
            look(Some(case.title.clone())),
            look(talk(case)),
            owner.unwrap_or_default()
        );
        text.truncate(text.floor_char_boundary(FINGERPRINT));
        text
    };
    Ok(cases.iter().map(|case| (case.id, fingerprint(case))).collect())
}

/// Members from before this moment are not greeted: `start_from`, else the first accepted settings revision.
async fn start_from(run: &Run<Settings>, settings: &Settings) -> anyhow::Result<Timestamp> {
    if let Some(start) = settings.start_from {
        return Ok(start);
    }
    let first = run
        .db
        .read_if_there(async |db| settings_rev::first_accepted_saved_at(db, run.editor.job, &run.wiki).await)
        .await?;
    Ok(first.unwrap_or(run.accepted.saved_at))
}

/// What a member becomes when it is seen for the first time.
struct First {
    state: State,
    reason: Option<Reason>,
    text: String,
}

fn first_state(member: &Member, start: Timestamp, settings: &Settings, now: Timestamp) -> First {
    let Some(since) = member.since else {
        return First {
            state: State::Waiting,
            reason: None,
            text: String::new(),
        };
    };
    if since < start {
        return First {
            state: State::BeforeStart,
            reason: None,
            text: String::new(),
        };
    }
    if now - since > settings.max_request_age {
        let reason = Reason::TooOld {
            days: (now - since).num_days(),
        };
        return First {
            state: State::Person,
            text: reason.text(),
            reason: Some(reason),
        };
    }
    First {
        state: State::Waiting,
        reason: None,
        text: String::new(),
    }
}

impl First {
    fn row<'a>(&'a self, member: &'a Member, title: &'a str) -> Row<'a> {
        Row {
            page_id: member.page_id,
            ns: member.title.ns,
            title,
            cat_ts: member.since,
            first: self.state,
            reason: self.reason.as_ref().map(|reason| Why {
                code: reason.code(),
                text: &self.text,
            }),
        }
    }

    /// The row that a real run would have added.
    fn request(&self, member: &Member, category: &Title, run: &Run<Settings>) -> Request {
        Request {
            id: 0,
            page_id: member.page_id,
            category: category.text.clone(),
            ns: member.title.ns,
            title: run.session.site().prefixed(&member.title),
            cat_ts: member.since,
            generation: 1,
            first_seen: run.started,
            state: self.state,
            in_category: true,
            reason_code: self.reason.as_ref().map_or("", Reason::code).to_owned(),
            reason: None,
            fingerprint: String::new(),
            failures: 0,
            first_failure: None,
            next_try: None,
            learner: None,
            mentioned_at: None,
            updated: run.started,
        }
    }
}

/// The profile of a request, by page id and present title.
pub fn profile(run: &Run<Settings>, request: &Request) -> Option<(PageId, Title)> {
    let title = run.session.site().title(&request.title).ok()?;
    Some((request.page_id, title))
}
