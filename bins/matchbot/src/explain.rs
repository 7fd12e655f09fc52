//! `explain PAGE`: why a profile was matched with whom, with whom it could be matched now, or why it is skipped. Uses
//! the same functions as a run and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use rand::SeedableRng as _;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::site::Title;
use shared::core::text::terminal;
use shared::core::types::{PageId, Timestamp, UserId};
use shared::db::request::{self, State};
use shared::db::{Db, matches};
use shared::job::{self, Run};
use shared::page::PageState;
use shared::settings::Verdict;
use shared::wiki::Session;

use crate::decide::{Bot, FlowState, pool};
use crate::reason::Reason;
use crate::settings::{CATEGORY, Settings};
use crate::{decide, mentors, owners};

/// What is told, line by line.
struct Told {
    lines: Vec<String>,
}

impl Told {
    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(terminal(&line.into()));
    }
}

/// Explains one profile.
pub async fn explain(boot: &Boot, session: &Session, db: &Db, args: &CommonArgs, page: &str) -> anyhow::Result<bool> {
    let loaded = job::settings::<Settings>(boot, session, None).await?;
    let accepted = match loaded.verdict {
        Verdict::Accepted(accepted) => *accepted,
        Verdict::Rejected(problems) => bail!(
            "the settings are rejected: {}",
            problems.first().map(ToString::to_string).unwrap_or_default()
        ),
        Verdict::NotTrusted(why) => bail!(why),
    };
    let mut told = Told { lines: Vec::new() };
    let site = session.site().clone();
    let title = site.title(page).map_err(anyhow::Error::msg)?;
    let shown = site.prefixed(&title);
    let settings = accepted.parsed.settings.clone();
    if !settings.is_profile(&title) {
        bail!(
            "`{shown}` is no profile: profiles are sub-pages of `{}` that are not excluded",
            site.prefixed(&settings.main)
        );
    }
    let categories: Vec<String> = settings
        .skills
        .iter()
        .map(|skill| site.prefixed(&skill.request))
        .collect();
    let talk = site.talk_of(&title).context("the profile can have no talk page")?;
    let answer = session
        .query(&[
            ("titles", &format!("{shown}|{}", site.prefixed(&talk))),
            ("prop", "info|revisions|categories"),
            ("inprop", "protection"),
            ("rvprop", "ids|user|userid|timestamp|sha1|comment|content"),
            ("rvslots", "main"),
            ("clcategories", &categories.join("|")),
            ("cllimit", "max"),
        ])
        .await?;
    let pages = PageState::all(&json!({"query": answer})).map_err(anyhow::Error::msg)?;
    let find = |wanted: &str| {
        pages
            .iter()
            .find(|page| page.title == wanted)
            .context("the wiki did not answer for the page")
    };
    let (profile, talk) = (find(&shown)?, find(&site.prefixed(&talk))?);
    let Some(page_id) = profile.page_id else {
        bail!("`{shown}` does not exist")
    };
    past(session, db, page_id, boot.clock.now(), &mut told).await?;
    let mut run =
        job::read_only::<crate::job::MatchBot>(boot, session, db, args, accepted, loaded.switch, loaded.rights);
    let owner = owners::owners(&mut run, &[(page_id, title.clone())]).await?;
    let learner = match owner.get(&page_id) {
        Some(Ok(learner)) => *learner,
        Some(Err(why)) => {
            told.say(format!("Nobody is guessed as its owner: {why}."));
            return finish(args, &told);
        }
        None => bail!("the wiki did not say who made `{shown}`"),
    };
    if profile.categories.is_empty() {
        told.say("It is in no request category now.");
    }
    for name in &profile.categories {
        told.say(format!("It is in {name}."));
        now(&mut run, profile, talk, name, learner, &mut told).await?;
    }
    finish(args, &told)
}

fn finish(args: &CommonArgs, told: &Told) -> anyhow::Result<bool> {
    if args.json {
        println!("{}", json!({"lines": told.lines}));
    } else {
        for line in &told.lines {
            println!("{line}");
        }
    }
    Ok(true)
}

/// What the database knows.
async fn past(session: &Session, db: &Db, page_id: PageId, now: Timestamp, told: &mut Told) -> anyhow::Result<()> {
    let wiki = session.wiki_id();
    let requests = db
        .read_if_there(async |db| request::of_page(db, &wiki, page_id).await)
        .await?;
    if requests.is_empty() {
        told.say("No run has seen it in a request category yet.");
    }
    for request in requests {
        let state = match request.state {
            State::Waiting => "waits to be greeted",
            State::Answered => "was answered",
            State::Person => "waits for a person",
            State::BeforeStart => "is from before the start and is not greeted",
            State::GivenUp => "was given up",
        };
        let left = if request.in_category {
            ""
        } else {
            " (the page has left the category since)"
        };
        let reason = request.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        told.say(format!(
            "The request in {} of {} {state}{reason}{left}.",
            request.category,
            request.first_seen.format("%Y-%m-%d %H:%M")
        ));
    }
    for row in db
        .read_if_there(async |db| matches::of_profile(db, &wiki, page_id).await)
        .await?
    {
        let users = crate::collect::users(
            session,
            crate::collect::Users::Ids(&row.mentor.into_iter().collect::<BTreeSet<_>>()),
            now,
        )
        .await?;
        let mentor = users.first().map_or_else(
            || "somebody who has no account any more".to_owned(),
            |user| user.name.clone(),
        );
        let when = row
            .matchtime
            .map_or_else(String::new, |time| time.format(" on %Y-%m-%d %H:%M").to_string());
        let what = match row.matchmade {
            Some(true) => format!("matched with {mentor}"),
            Some(false) => format!("greeted without a match; {mentor} was named"),
            None => "greeted".to_owned(),
        };
        told.say(format!("It was {what}{when} ({}).", row.reason.unwrap_or_default()));
    }
    Ok(())
}

/// What a run would do now.
async fn now(
    run: &mut Run<Settings>,
    profile: &PageState,
    talk: &PageState,
    category: &str,
    learner: UserId,
    told: &mut Told,
) -> anyhow::Result<()> {
    let site = run.session.site().clone();
    let settings = run.accepted.parsed.settings.clone();
    let Some(skill) = site
        .title_in(CATEGORY, category)
        .ok()
        .and_then(|title: Title| settings.skill_of(&title.text))
    else {
        return Ok(());
    };
    let names = run.editor.bots_names().await?;
    let bot = Bot {
        account: run.session.account(),
        rights: &run.editor.rights,
        names: &names,
    };
    let flow = FlowState {
        installed: false,
        may_create: false,
    };
    if let Err(reason) = decide::place(profile, talk, category, flow, &bot, &site) {
        told.say(format!(
            "It is skipped: {}. What to do: {}.",
            reason.text(),
            Reason::advice(reason.code())
        ));
    }
    let known = mentors::read(run, &[skill].into(), &[learner].into()).await?;
    let specialists = known
        .mentors
        .by_skill
        .get(&skill)
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (what, profiles) in [
        ("the skill", specialists),
        ("general skills", known.mentors.general.as_slice()),
    ] {
        let pool = pool(
            profiles,
            learner,
            &known.mentors,
            &known.users,
            &known.recent,
            &settings,
        );
        let name = |id: UserId| {
            known
                .users
                .get(&id)
                .map_or_else(|| format!("user {id}"), |user| user.name.clone())
        };
        let available: Vec<String> = pool.available.iter().map(|profile| name(profile.owner)).collect();
        let list = if available.is_empty() {
            "nobody".to_owned()
        } else {
            available.join(", ")
        };
        told.say(format!("Available mentors with {what}: {list}."));
        let reasons: BTreeMap<String, String> = pool
            .unavailable
            .into_iter()
            .map(|u| (name(u.profile.owner), u.why))
            .collect();
        for (name, why) in reasons {
            told.say(format!("  not {name}: {why}"));
        }
    }
    run.rng = rand::rngs::StdRng::seed_from_u64(0);
    Ok(())
}
