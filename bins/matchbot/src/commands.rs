//! Manual subcommands: they print for people (or JSON with `--json`) and write nothing, neither on the wiki nor in the
//! database.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::site::Site;
use shared::core::text::{plain, terminal};
use shared::core::types::UserId;
use shared::db::{Access, Db, edit_log, matches};
use shared::job;
use shared::settings::{Parsed, Verdict, parse};
use shared::wiki::{Session, Stop};

use crate::Command;
use crate::collect::{self, Users};
use crate::settings::Settings;

/// Runs a subcommand. 0: done; 1: it failed, or the draft has errors; 78: configuration.
pub async fn run(command: &Command, args: &CommonArgs) -> ExitCode {
    let result = match command {
        Command::CheckSettings { file } => check_settings(file, args),
        Command::ImportConfig { file } => crate::import::import(file),
        command => {
            let boot = match job::boot("matchbot", args) {
                Ok(boot) => boot,
                Err(code) => return code,
            };
            with_boot(command, args, &boot).await
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("matchbot: {}", terminal(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
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
        Command::ShowSettings => show_settings(boot, &session, args).await,
        Command::TrialReport => trial_report(&session, &db).await,
        Command::CheckSettings { .. } | Command::ImportConfig { .. } => Ok(true),
    };
    db.close().await;
    done
}

/// The text of a file, or of standard input for `-`.
pub fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("reading standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

fn check_settings(file: &Path, args: &CommonArgs) -> anyhow::Result<bool> {
    let text = read(file)?;
    let result = parse::<Settings>(&text, "wikitext", "draft", &offline_site()?);
    let (accepted, problems) = match result {
        Ok(parsed) => (true, parsed.warnings),
        Err(problems) => (false, problems),
    };
    if args.json {
        println!("{}", json!({"accepted": accepted, "problems": problems}));
        return Ok(accepted);
    }
    for problem in &problems {
        println!("{}", terminal(&problem.to_string()));
    }
    println!(
        "{}",
        if accepted {
            "These settings would be accepted."
        } else {
            "These settings would be rejected."
        }
    );
    println!("Not checked offline: protection, and whether the categories exist. Namespaces are the English ones.");
    Ok(accepted)
}

/// MediaWiki's own namespaces, for checks without a wiki. Local names of other languages are not known here.
pub fn offline_site() -> anyhow::Result<Site> {
    let names = [
        "",
        "Talk",
        "User",
        "User talk",
        "Project",
        "Project talk",
        "File",
        "File talk",
        "MediaWiki",
        "MediaWiki talk",
        "Template",
        "Template talk",
        "Help",
        "Help talk",
        "Category",
        "Category talk",
    ];
    let namespaces: serde_json::Map<String, serde_json::Value> = names
        .iter()
        .enumerate()
        .map(|(id, name)| {
            let about = json!({"id": id, "case": "first-letter", "name": name, "canonical": name, "subpages": true, "content": id == 0});
            (id.to_string(), about)
        })
        .collect();
    let aliases = json!([{"id": 4, "alias": "Wikipedia"}, {"id": 5, "alias": "Wikipedia talk"}]);
    let general = json!({"sitename": "offline", "server": "", "lang": "en", "wikiid": "offline", "generator": "MediaWiki", "case": "first-letter"});
    let query = json!({
        "general": general, "namespaces": namespaces, "namespacealiases": aliases,
        "extensiontags": ["<syntaxhighlight>"], "extensions": [],
    });
    Site::from_siteinfo(&query).map_err(anyhow::Error::msg)
}

async fn show_settings(boot: &Boot, session: &Session, args: &CommonArgs) -> anyhow::Result<bool> {
    let loaded = job::settings::<Settings>(boot, session, None).await?;
    let title = terminal(&loaded.page.title);
    let revision = loaded.page.revid().map_or(0, |revid| revid.0);
    let (state, problems) = match &loaded.verdict {
        Verdict::Accepted(accepted) if accepted.parsed.common.enabled => {
            ("in force".to_owned(), accepted.parsed.warnings.clone())
        }
        Verdict::Accepted(_) => ("off (enabled: false)".to_owned(), Vec::new()),
        Verdict::Rejected(problems) => ("rejected".to_owned(), problems.clone()),
        Verdict::NotTrusted(why) => (format!("not obeyed: {why}"), Vec::new()),
    };
    let parsed: Option<&Parsed<Settings>> = match &loaded.verdict {
        Verdict::Accepted(accepted) => Some(&accepted.parsed),
        _ => None,
    };
    let stop = loaded.stop.as_ref().map(ToString::to_string);
    if args.json {
        let yaml = parsed.map(|parsed| parsed.yaml.as_str());
        println!(
            "{}",
            json!({"title": title, "revision": revision, "state": state, "stop": stop, "problems": problems, "yaml": yaml})
        );
        return Ok(parsed.is_some());
    }
    println!("{title}, revision {revision}: {}", terminal(&state));
    if let Some(stop) = stop {
        println!("{}", terminal(&stop));
    }
    for problem in &problems {
        println!("{}", terminal(&problem.to_string()));
    }
    let Some(parsed) = parsed else { return Ok(false) };
    print_settings(parsed, session.site());
    Ok(true)
}

fn print_settings(parsed: &Parsed<Settings>, site: &Site) {
    let s = &parsed.settings;
    let show = |title| terminal(&site.prefixed(title));
    println!("profiles     {}/…, greetings on {}/…", show(&s.main), show(&s.talk));
    println!("maintainer   {}", show(&s.maintainer));
    println!("general      {}", show(&s.general));
    println!("opt-out      {}", show(&s.optout));
    for skill in &s.skills {
        println!(
            "skill        {}: {} -> {}",
            terminal(&skill.name),
            show(&skill.request),
            show(&skill.mentor)
        );
    }
    println!(
        "rematch      after {} days; requests older than {} days wait for a person",
        s.rematch_after.num_days(),
        s.max_request_age.num_days()
    );
    println!(
        "limits       {} greetings per run, {} edits per run, {} per day",
        s.max_greetings_per_run, parsed.common.max_edits_per_run, parsed.common.max_edits_per_day
    );
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

async fn trial_report(session: &Session, db: &Db) -> anyhow::Result<bool> {
    let since = shared::page::timestamp("2000-01-01T00:00:00Z").context("a constant time")?;
    let edits = db
        .read_if_there(async |db| edit_log::of_job(db, "matchbot", &session.wiki_id(), since, 1_000).await)
        .await?;
    for edit in &edits {
        let title = plain(&edit.title, 300);
        match edit.revid {
            Some(revid) => println!(
                "# [[Special:Diff/{revid}|{title}]] ({}, {})",
                edit.kind,
                edit.at.format("%Y-%m-%d %H:%M")
            ),
            None => println!("# {title} (topic, {})", edit.at.format("%Y-%m-%d %H:%M")),
        }
    }
    if edits.is_empty() {
        println!("No edits so far.");
    }
    Ok(true)
}
