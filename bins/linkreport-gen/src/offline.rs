//! What only looks: `show-settings`, `trial-report`, `requests`.

use anyhow::ensure;
use chrono::TimeDelta;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::report::{Kind, Status};
use shared::core::site::{Site, Title};
use shared::core::text::terminal;
use shared::core::types::Timestamp;
use shared::db::{Access, Db, Work, report, report_ask};
use shared::job;
use shared::manual;
use shared::settings::Parsed;
use shared::wiki::Stop;

use crate::naming::Naming;
use crate::settings::{Place, Publish, Settings};
use crate::{Command, NAME};

/// Reports of those that were written last that are printed.
const WRITTEN: u32 = 20;
/// Most requests that are printed.
const MOST: u32 = 200;

/// Does what the command says. Errs when wiki or database cannot be reached.
pub async fn about(command: &Command, boot: &Boot, args: &CommonArgs) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let done = async {
        if matches!(command, Command::Requests) {
            let home = job::wiki_config(boot).wiki_id()?;
            return requests(&db, &home, args.json).await;
        }
        let session = job::login(boot, seed, Stop::new()).await?;
        match command {
            Command::TrialReport => manual::trial_report(&session, &db, NAME).await,
            _ => manual::show_settings(boot, &session, args.json, lines).await,
        }
    };
    let done = done.await;
    db.close().await;
    done
}

/// Prints what waits, one line or JSON object for each subject.
async fn requests(db: &Db, home: &str, as_json: bool) -> anyhow::Result<bool> {
    let queue = db
        .read_if_there(async |db| report_ask::all_waiting(db, home, MOST).await)
        .await?;
    let naming = Naming::read(db, home).await?;
    ensure!(
        queue.subjects >= queue.first.len() as u64,
        "the queue was counted wrongly"
    );
    let mut hidden = 0;
    for one in &queue.first {
        if naming.hides(&one.subject) {
            hidden += 1;
            continue;
        }
        let name = one.subject.to_string();
        let mut reasons: Vec<&str> = one.asks.iter().map(|ask| ask.reason.word()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let since = one.asks[0].asked_at;
        let tries = one.asks.iter().map(|ask| ask.tries).max().unwrap_or(0);
        let error = one.asks.iter().find_map(|ask| ask.error.as_deref());
        let error = error.map(|error| naming.text(error));
        match as_json {
            true => println!(
                "{}",
                json!({"kind": one.subject.kind().word(), "subject": name, "reasons": reasons,
                    "since": since.to_rfc3339(), "requests": one.asks.len(), "tries": tries, "error": error})
            ),
            false => println!(
                "{} {}: {}; since {}{}",
                one.subject.kind().word(),
                terminal(&name),
                reasons.join(", "),
                since.format("%Y-%m-%d %H:%M:%S"),
                error.map_or_else(String::new, |error| format!("; failed {tries} times: {error}"))
            ),
        }
    }
    if !as_json {
        let subjects = queue.subjects.saturating_sub(hidden);
        println!("{subjects} subjects wait, by {} requests", queue.asks);
    }
    written(db, home, &naming, as_json).await?;
    Ok(true)
}

/// Prints the reports that were written last, the newest first.
async fn written(db: &Db, home: &str, naming: &Naming, as_json: bool) -> anyhow::Result<()> {
    let newest =
        async |db: &mut Work| report::newest_saved(db, home, &Kind::ALL, None, Timestamp::UNIX_EPOCH, WRITTEN).await;
    for report in db.read_if_there(newest).await? {
        let Some(saved) = report.saved_at.filter(|_| !naming.hides(&report.subject)) else {
            continue;
        };
        let (name, status) = (report.subject.to_string(), report.status.map_or("-", Status::word));
        match as_json {
            true => println!(
                "{}",
                json!({"kind": report.subject.kind().word(), "subject": name, "written": saved.to_rfc3339(),
                    "status": status, "additions": report.additions})
            ),
            false => println!(
                "written {}: {}; {status}, {} additions",
                saved.format("%Y-%m-%d %H:%M:%S"),
                naming.subject(&report.subject),
                report.additions
            ),
        }
    }
    Ok(())
}

/// The job's own part of `show-settings`.
fn lines(parsed: &Parsed<Settings>, site: &Site) -> Vec<String> {
    let s = &parsed.settings;
    let pages = |titles: &[Title]| {
        let titles: Vec<String> = titles.iter().map(|title| site.prefixed(title)).collect();
        if titles.is_empty() {
            "none".to_owned()
        } else {
            titles.join(", ")
        }
    };
    let (rules, limits) = (&s.rules, &s.limits);
    let mut lines = vec![
        format!(
            "publish      {}",
            if s.publish == Publish::Pages { "yes" } else { "no" }
        ),
        format!("watched      {}", pages(&s.watched_pages)),
        format!(
            "templates    {}",
            [&s.templates.link, &s.templates.user, &s.templates.ip]
                .map(|names| names.join(", "))
                .join("; ")
        ),
        format!(
            "rules        {} % by one from {} additions on {} pages, cross-wiki from {} wikis, {} domains of a server, /{}",
            rules.dominance, rules.min_additions, rules.min_pages, rules.xwiki_from, rules.same_server, rules.cidr
        ),
        format!(
            "limits       {} pages per run, {} a day by rules, {} requests of one person a day, rewritten every {}, reopened \
             every {}",
            limits.per_run,
            limits.per_day,
            limits.per_requester,
            span(limits.regenerate_every),
            span(limits.reopen_every)
        ),
        format!("stale        after {} days", s.stale_after.num_days()),
        format!("noticeboards {}", pages(&s.noticeboards)),
        format!("blacklists   {}", pages(&s.blacklists)),
    ];
    lines.extend(s.targets.iter().map(|target| {
        let place = match &target.place {
            Place::Here => "this wiki",
            Place::Api(url) => url,
        };
        let home = if target.is_home { ", home" } else { "" };
        format!("target       {place}{home}")
    }));
    lines
}

/// A span of time in the largest unit that tells it whole, as settings write it.
fn span(span: TimeDelta) -> String {
    let minutes = span.num_minutes();
    match (minutes % 1_440, minutes % 60) {
        (0, _) => format!("{}d", minutes / 1_440),
        (_, 0) => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}
