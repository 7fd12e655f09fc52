//! Manual subcommands: they print for people (or JSON with `--json`) and write nothing, neither on the wiki nor in the
//! database.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::site::{Site, Title};
use shared::core::text::terminal;
use shared::core::types::UserId;
use shared::db::{Access, Db, matches};
use shared::job;
use shared::manual;
use shared::settings::Parsed;
use shared::wiki::{Session, Stop};

use crate::Command;
use crate::collect::{self, Users};
use crate::settings::{Settings, Skill};

/// Runs a subcommand. 0: done; 1: it failed, or the draft has errors; 78: configuration.
pub async fn run(command: &Command, args: &CommonArgs) -> ExitCode {
    let result = match command {
        Command::CheckSettings { file } => {
            manual::check_settings::<Settings>(file, args.json, "whether the categories exist")
        }
        Command::ImportConfig { file } => crate::import::import(file),
        command => {
            let boot = match job::boot("matchbot", args) {
                Ok(boot) => boot,
                Err(code) => return code,
            };
            with_boot(command, args, &boot).await
        }
    };
    manual::exit("matchbot", &result)
}

async fn with_boot(command: &Command, args: &CommonArgs, boot: &Boot) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let session = job::login(boot, seed, Stop::new()).await?;
    let done = match command {
        Command::History { learner, mentor, limit } => {
            history(
                boot,
                &session,
                &db,
                args,
                [learner.as_deref(), mentor.as_deref()],
                *limit,
            )
            .await
        }
        Command::Explain { page } => crate::explain::explain(boot, &session, &db, args, page).await,
        Command::ShowSettings => manual::show_settings(boot, &session, args.json, lines).await,
        Command::TrialReport => manual::trial_report(&session, &db, "matchbot").await,
        Command::CheckSettings { .. } | Command::ImportConfig { .. } => Ok(true),
    };
    db.close().await;
    done
}

/// The job's own part of `show-settings`.
fn lines(parsed: &Parsed<Settings>, site: &Site) -> Vec<String> {
    let s = &parsed.settings;
    let show = |title: &Title| site.prefixed(title);
    let mut lines = vec![
        format!("profiles     {}/…, greetings on {}/…", show(&s.main), show(&s.talk)),
        format!("maintainer   {}", show(&s.maintainer)),
        format!("general      {}", show(&s.general)),
        format!("opt-out      {}", show(&s.optout)),
    ];
    let skill = |skill: &Skill| {
        let (request, mentor) = (show(&skill.request), show(&skill.mentor));
        format!("skill        {}: {request} -> {mentor}", skill.name)
    };
    lines.extend(s.skills.iter().map(skill));
    lines.push(format!(
        "rematch      after {} days; requests older than {} days wait for a person",
        s.rematch_after.num_days(),
        s.max_request_age.num_days()
    ));
    lines.push(format!(
        "limits       {} greetings per run, {} edits per run, {} per day",
        s.max_greetings_per_run, parsed.common.max_edits_per_run, parsed.common.max_edits_per_day
    ));
    lines
}

async fn history(
    boot: &Boot,
    session: &Session,
    db: &Db,
    args: &CommonArgs,
    [learner, mentor]: [Option<&str>; 2],
    limit: u32,
) -> anyhow::Result<bool> {
    let now = boot.clock.now();
    let names: BTreeSet<String> = [learner, mentor].into_iter().flatten().map(str::to_owned).collect();
    let known = collect::users(session, Users::Names(&names), now).await?;
    let id = |name: Option<&str>| -> anyhow::Result<Option<UserId>> {
        let Some(name) = name else { return Ok(None) };
        let user = known.iter().find(|user| user.name == name.replace('_', " "));
        Ok(Some(
            user.with_context(|| format!("there is no user `{name}` on this wiki"))?
                .id,
        ))
    };
    let (learner, mentor) = (id(learner)?, id(mentor)?);
    let rows = db
        .read_if_there(async |db| matches::history(db, &session.wiki_id(), learner, mentor, limit).await)
        .await?;
    let ids: BTreeSet<UserId> = rows
        .iter()
        .flat_map(|row| [row.learner, row.mentor])
        .flatten()
        .collect();
    let users = collect::users(session, Users::Ids(&ids), now).await?;
    let name = |id: Option<UserId>| {
        let user = users.iter().find(|user| Some(user.id) == id);
        user.map_or_else(
            || id.map_or_else(|| "-".to_owned(), |id| format!("#{id}")),
            |user| terminal(&user.name),
        )
    };
    for row in &rows {
        let time = row
            .matchtime
            .map_or_else(|| "-".to_owned(), |time| time.format("%Y-%m-%d %H:%M:%S").to_string());
        let category = terminal(row.category_full.as_deref().or(row.category.as_deref()).unwrap_or("-"));
        let (learner, mentor) = (name(row.learner), name(row.mentor));
        let revid = row.revid.map_or(0, |revid| revid.0);
        if args.json {
            println!(
                "{}",
                json!({"time": time, "learner": learner, "mentor": mentor, "category": category, "matchmade": row.matchmade, "revid": revid, "reason": row.reason})
            );
        } else {
            let made = match row.matchmade {
                Some(true) => format!("matched with {mentor}"),
                Some(false) => format!("no match, named {mentor}"),
                None => "greeted, with whom is not known any more".to_owned(),
            };
            println!("{time}  {learner} {made}  {category}  revision {revid}");
        }
    }
    if rows.is_empty() && !args.json {
        println!("No greetings.");
    }
    Ok(true)
}
