//! A run that can write nothing, for `explain` and `backtest`: the settings in force, or a draft's.

use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::site::{Site, Title};
use shared::core::text::terminal;
use shared::core::types::Problem;
use shared::db::{Access, Db};
use shared::job::{self, Run};
use shared::manual;
use shared::settings::{Parsed, Verdict, below, parse};
use shared::wiki::{Session, Stop};

use crate::job::CoiReport;
use crate::settings::{Place, Publish, Settings, Source, WatchedWiki, Wikis};
use crate::{Command, NAME};

/// `show-settings` and `trial-report`.
pub async fn about(command: &Command, boot: &Boot, args: &CommonArgs) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let session = job::login(boot, seed, Stop::new()).await?;
    let done = match command {
        Command::TrialReport => manual::trial_report(&session, &db, NAME).await,
        _ => manual::show_settings(boot, &session, args.json, lines).await,
    };
    db.close().await;
    done
}

/// The job's own part of `show-settings`.
fn lines(parsed: &Parsed<Settings>, site: &Site) -> Vec<String> {
    let s = &parsed.settings;
    let yes = |is: bool| if is { "yes" } else { "no" };
    let pages = |titles: &[Title]| {
        let titles: Vec<String> = titles.iter().map(|title| site.prefixed(title)).collect();
        if titles.is_empty() {
            "none".to_owned()
        } else {
            titles.join(", ")
        }
    };
    let wikis: Vec<String> = match &s.wikis {
        Wikis::All => vec!["all of the sitematrix, from the event streams".to_owned()],
        Wikis::List(list) if list.is_empty() => vec!["none: only pages are written".to_owned()],
        Wikis::List(list) => list.iter().map(watched).collect(),
    };
    let skip = &s.config.skip;
    let age = |age: TimeDelta| format!("{} days", age.num_days());
    let mut lines = vec![
        format!("publish      {}", yes(s.publish == Publish::Pages)),
        format!(
            "score        above {} %, deterioration {}, near misses {}, names of {} characters or more",
            s.config.limit,
            s.config.deterioration,
            yes(s.config.near.is_some()),
            s.config.min_name
        ),
        format!(
            "skip         bots {}, groups {}, more than {} edits and {}, tags {}",
            yes(skip.bots),
            skip.groups.join(", "),
            skip.edits_over.map_or("any number of".to_owned(), |n| n.to_string()),
            skip.age_over.map_or("any age".to_owned(), age),
            skip.tags.join(", ")
        ),
        format!("proximity    /{} and /{}", s.config.proximity.0, s.config.proximity.1),
        match s.config.auto_ratio {
            Some(ratio) => format!(
                "auto monitor from {ratio} % on, until {} without a hit",
                age(s.auto_expires)
            ),
            None => "auto monitor no".to_owned(),
        },
        format!("noticeboards {}", pages(&s.noticeboards)),
        format!("blacklists   {}", pages(&s.blacklists)),
        format!(
            "keep         additions {}, hits {}",
            age(s.keep.additions),
            age(s.keep.hits)
        ),
        format!(
            "limits       {} lines a day, {} edits per run, {} per day",
            s.report.max_lines, parsed.common.max_edits_per_run, parsed.common.max_edits_per_day
        ),
    ];
    lines.extend(wikis.into_iter().map(|wiki| format!("wiki         {wiki}")));
    lines
}

fn watched(one: &WatchedWiki) -> String {
    let place = match &one.place {
        Place::Here => "this one",
        Place::Api(url) => url,
    };
    let source = match one.source {
        Source::RecentChanges => "recent changes",
        Source::EventStreams => "event streams",
    };
    let namespaces = match &one.namespaces {
        Some(namespaces) => format!("namespaces {namespaces:?}"),
        None => "content".to_owned(),
    };
    format!("{place}: {source}, {namespaces}")
}

/// The run, and warnings about its settings. `draft`: a file, or the word `draft` for the page. Errs when the settings
/// are not accepted.
pub async fn run_of(
    boot: &Boot,
    session: &Session,
    db: &Db,
    args: &CommonArgs,
    draft: Option<&Path>,
) -> anyhow::Result<(Run<Settings>, Vec<Problem>)> {
    let loaded = job::settings::<Settings>(boot, session, None).await?;
    let mut accepted = match loaded.verdict {
        Verdict::Accepted(accepted) => *accepted,
        Verdict::Rejected(problems) => {
            for problem in &problems {
                eprintln!("{}", terminal(&problem.to_string()));
            }
            bail!("the settings page is rejected");
        }
        Verdict::NotTrusted(why) => return Err(why.into()),
    };
    if let Some(draft) = draft {
        let title = below(&loaded.switch.settings, "draft");
        let text = match draft.as_os_str() == "draft" {
            true => loaded
                .draft
                .text()
                .with_context(|| format!("there is no draft page {}", session.site().prefixed(&title)))?
                .to_owned(),
            false => manual::read(draft)?,
        };
        match parse::<Settings>(&text, "wikitext", "draft", session.site()) {
            Ok(parsed) => accepted.parsed = parsed,
            Err(problems) => {
                for problem in &problems {
                    eprintln!("{}", terminal(&problem.to_string()));
                }
                bail!("these settings would be rejected");
            }
        }
    }
    let warnings = accepted.parsed.warnings.clone();
    let run = job::read_only::<CoiReport>(boot, session, db, args, accepted, loaded.switch, loaded.rights);
    Ok((run, warnings))
}
