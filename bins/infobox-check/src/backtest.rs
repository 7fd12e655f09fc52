//! `backtest`: what settings would have logged and marked since a moment. It reads as a run does and writes nothing,
//! neither on the wiki nor in the database; the checkpoint stays where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::text::terminal;
use shared::core::types::{PageId, Timestamp};
use shared::db::Db;
use shared::job::{self, Run};
use shared::manual;
use shared::recent::Position;
use shared::settings::{Verdict, below, parse};
use shared::wiki::{Ask, Session, changes};

use crate::batch::{self, Batch};
use crate::collect;
use crate::context::Context;
use crate::job::InfoboxCheck;
use crate::lines::Words;
use crate::settings::Settings;
use crate::surroundings;

/// Changes that are held at once.
const MOST: usize = 50_000;

/// What to test: the settings in force; with `--settings draft` those of the draft page, with `--settings FILE` those of
/// a file.
#[derive(clap::Args, Clone, Debug)]
pub struct BacktestArgs {
    /// From when on: `24h`, `7d`, `2026-11-20` or `2026-11-20T12:00:00Z`
    #[arg(long, default_value = "24h", value_name = "TIME")]
    pub since: String,
}

/// The flags without a `--settings` that names a draft, and that draft.
pub fn draft(args: &CommonArgs) -> (CommonArgs, Option<PathBuf>) {
    let mut args = args.clone();
    let is_draft = |name: &String| name == "draft" || Path::new(name).is_file();
    let draft = args.settings.take_if(|name| is_draft(name)).map(PathBuf::from);
    (args, draft)
}

/// Reads and prints.
pub async fn run(
    boot: &Boot,
    session: &Session,
    db: &Db,
    args: &CommonArgs,
    backtest: &BacktestArgs,
    with: Option<&Path>,
) -> anyhow::Result<bool> {
    let since = manual::moment(&backtest.since, boot.clock.now())?;
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
    if let Some(with) = with {
        let title = below(&loaded.switch.settings, "draft");
        let text = if with.as_os_str() == "draft" {
            let draft = loaded
                .draft
                .text()
                .with_context(|| format!("there is no draft page {}", session.site().prefixed(&title)))?;
            draft.to_owned()
        } else {
            manual::read(with)?
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
    let mut run = job::read_only::<InfoboxCheck>(boot, session, db, args, accepted, loaded.switch, loaded.rights);
    let found = test(&mut run, since, MOST).await?;
    print(&run, &found, since, args.json)
}

/// What a test found.
pub struct Found {
    /// Everything of the run, read with these settings.
    pub context: Context,
    /// Its lines.
    pub batch: Batch,
    /// Edits in the watched namespaces.
    pub edits: usize,
    /// Up to when it was read.
    pub until: Timestamp,
    /// Not all could be read.
    pub is_cut: bool,
}

impl Found {
    /// Lines that would go to a log.
    pub fn logged(&self) -> usize {
        self.batch.rows.iter().filter(|row| row.to_log).count()
    }

    /// Pages they are about.
    pub fn pages(&self) -> usize {
        let logged = self.batch.rows.iter().filter(|row| row.to_log);
        logged.map(|row| row.page_id).collect::<BTreeSet<PageId>>().len()
    }

    /// Pages whose marks would be changed, with what.
    pub fn marked(&self) -> BTreeMap<&str, &str> {
        let due = self.batch.marks.iter().filter(|mark| mark.due_at.is_some());
        due.map(|mark| (mark.title.as_str(), mark.box_name.as_str())).collect()
    }
}

/// Looks at everything since a moment, at most so many changes, with the settings of the run.
pub async fn test(run: &mut Run<Settings>, since: Timestamp, most: usize) -> anyhow::Result<Found> {
    let (surroundings, problems) = surroundings::look(&run.session, &run.accepted.parsed.settings).await?;
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        bail!("these settings would be rejected: {problem}");
    }
    let context = Context::new(run, surroundings).await?;
    let mut ask = Ask::new(since, &context.namespaces);
    ask.overlap = TimeDelta::zero();
    ask.max = most;
    ask.fill_gap = true;
    ask.margin = TimeDelta::zero();
    let read = changes(&run.session, &ask).await?;
    let position = Position {
        until: since,
        start: since,
        handled: BTreeMap::new(),
    };
    // Without a database of its own the page is asked what it transcludes now; what it did then is not known.
    let collected = collect::sort(run, &context, read.items, &position, |_| false).await?;
    let edits = collected.edits;
    let batch = batch::look_at(run, &context, collected.pages).await?;
    Ok(Found {
        context,
        batch,
        edits,
        until: read.until,
        is_cut: read.has_more,
    })
}

fn print(run: &Run<Settings>, found: &Found, since: Timestamp, as_json: bool) -> anyhow::Result<bool> {
    let words = Words::new(run, &found.context);
    if as_json {
        let rows: Vec<_> = found
            .batch
            .rows
            .iter()
            .map(|row| {
                json!({
                    "page": row.title, "revid": row.revid, "box": row.box_name, "field": row.field,
                    "kind": row.kind.word(), "state": row.state.word(), "old": row.old, "new": row.new,
                    "verified": row.verified, "check": row.check, "log": row.to_log,
                })
            })
            .collect();
        let told = json!({
            "since": since, "until": found.until, "complete": !found.is_cut, "edits": found.edits,
            "compared": found.batch.compared, "changes": rows, "marked": found.marked(),
        });
        println!("{told}");
        return Ok(true);
    }
    for (title, rows) in batch::by_page(&found.batch.rows) {
        println!("{}", terminal(title));
        for row in rows {
            let how = if row.to_log { "log" } else { "record only" };
            println!(
                "  {how}: {}",
                terminal(&manual::without_markup(words.line(row).as_str()))
            );
        }
    }
    for (title, name) in found.marked() {
        println!("{}: the marks of {name} would be changed", terminal(title));
    }
    println!(
        "{} to {}: {} edits, {} compared; {} lines on {} pages would be logged, {} pages marked.{}",
        since.format("%Y-%m-%dT%H:%M:%SZ"),
        found.until.format("%Y-%m-%dT%H:%M:%SZ"),
        found.edits,
        found.batch.compared,
        found.logged(),
        found.pages(),
        found.marked().len(),
        if found.is_cut {
            " There is more after that: read it with a later --since."
        } else {
            ""
        }
    );
    Ok(true)
}
