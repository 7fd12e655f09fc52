//! `stats`: how much is recorded, since when, and how big it is; of the wiki that is asked for, what was read and found.
//! Whole tables are never counted: rows are the server's own estimates.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::json;
use shared::args::CommonArgs;
use shared::core::text::terminal;
use shared::core::types::Timestamp;
use shared::db::links::questions::stats::{self, About, Flood, NewestRev};
use shared::db::links::since;
use shared::db::links::size::{self, Sizes};
use shared::db::{Access, Db, Timing, Work};
use shared::{job, manual};

use crate::desk::home;
use crate::ended;
use crate::figures::Figures;
use crate::hidden::{By, Hidden};
use crate::keep::{Keep, gb};

/// Floods that are shown.
const FLOODS: u32 = 10;

/// Flags of `stats`.
#[derive(clap::Args, Clone, Debug)]
pub struct StatsArgs {
    /// What was read and found since then: 24h, 7d, 2026-11-20 or a time. Of the wiki that --api-url names
    #[arg(long, value_name = "TIME", default_value = "7d")]
    since: String,
    /// Also hosts that are shown nowhere else (`suppress`)
    #[arg(long)]
    private: bool,
    #[command(flatten)]
    keep: Keep,
}

struct Stats {
    since: since::Shown,
    months: Vec<About>,
    wikis: Vec<NewestRev>,
    floods: Vec<Flood>,
    sizes: Sizes,
}

/// Prints the figures. 1: there are no tables of links; 75: the database does not answer; 78:
/// configuration.
pub async fn run(given: &StatsArgs, args: &CommonArgs) -> ExitCode {
    let boot = match job::boot_local(args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    let result = async {
        let db = Db::new(boot.database, Access::ReadOnly, Timing::default(), job::seed(args))?;
        let now = boot.clock.now();
        let span = (manual::moment(&given.since, now).context("--since")?, now);
        let found = db.read_if_there(async |db| read(db).await.map(Some)).await;
        let figures = match home(args)? {
            // A database that no scheduled run worked with yet has no such tables.
            Some(home) => {
                db.read_if_there(async |db| Figures::read(db, &home, span, given.private).await.map(Some))
                    .await
            }
            None => Ok(None),
        };
        db.close().await;
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => bail!("no links are recorded in this database yet"),
            Err(error) => return Err(error.into()),
        };
        let (figures, limit) = (figures?, given.keep.size_limit_gb);
        let left = figures
            .as_ref()
            .and_then(|figures| figures.days_left(&found.sizes, &found.months, limit));
        match args.json {
            true => {
                let mut value = as_json(&found);
                value["days_left"] = json!(left);
                value["home"] = json!(figures.as_ref().map(Figures::json));
                println!("{value}");
            }
            false => {
                print!("{}", text(&found, limit));
                if let Some(left) = left {
                    let days = if left < 36_500.0 {
                        format!("{left:.0}")
                    } else {
                        "more than 36,500".to_owned()
                    };
                    println!("\nRoom for {days} more days as the last, if nothing were removed");
                }
                for line in figures.iter().flat_map(|figures| figures.lines()) {
                    println!("{}", terminal(&line));
                }
            }
        }
        Ok(true)
    };
    ended(&result.await)
}

async fn read(db: &mut Work) -> shared::db::Result<Stats> {
    let mut floods = stats::floods(db, FLOODS).await?;
    let edits: Vec<By<'_>> = floods.iter().map(by).collect();
    let hidden = Hidden::of(db, &edits).await?;
    floods.retain(|flood| !hidden.hides_user(by(flood)));
    Ok(Stats {
        since: since::shown(db).await?,
        months: stats::months(db).await?,
        wikis: stats::newest_revs(db).await?,
        floods,
        sizes: size::measure(db).await?,
    })
}

fn by(flood: &Flood) -> By<'_> {
    By {
        wiki: &flood.wiki,
        wiki_id: flood.wiki_id,
        editor_id: flood.editor_id,
        editor: &flood.editor,
    }
}

fn text(found: &Stats, limit_gb: f64) -> String {
    let day = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.format("%Y-%m-%d").to_string());
    let mut out = format!(
        "Rows since {}, counts since {}\nDatabase: {} GB, {:.1} % of {limit_gb} GB\n\n",
        day(found.since.rows),
        day(found.since.pairs),
        gb(found.sizes.total()),
        found.sizes.share(limit_gb) * 100.0
    );
    out.push_str("Table                      about rows          MB\n");
    for table in found.sizes.tables.iter().filter(|table| table.rows > 0) {
        out.push_str(&sized(&table.table, table.rows, table.bytes));
    }
    out.push_str("\nMonth\n");
    for month in found.months.iter().filter(|month| month.rows > 0) {
        out.push_str(&sized(&month.name, month.rows, month.bytes));
    }
    out.push_str("\nWiki and its newest revision with links\n");
    for wiki in &found.wikis {
        let newest = wiki.rev.map_or("none".to_owned(), |(rev, ts)| {
            format!("{rev} of {}", ts.format("%Y-%m-%d %H:%M"))
        });
        out.push_str(&format!("{}: {newest}\n", terminal(&wiki.wiki)));
    }
    if !found.floods.is_empty() {
        out.push_str("\nRevisions with more links than are stored one by one\n");
    }
    for flood in &found.floods {
        out.push_str(&format!(
            "{}  {}  revision {}  {} links to {} hosts, added by {}\n",
            flood.ts.format("%Y-%m-%d %H:%M"),
            terminal(&flood.wiki),
            flood.rev,
            flood.links,
            flood.hosts,
            terminal(&flood.editor)
        ));
    }
    out
}

fn sized(name: &str, rows: u64, bytes: u64) -> String {
    format!("{name:<26} {rows:>10} {:>11.1}\n", bytes as f64 / 1e6)
}

fn as_json(found: &Stats) -> serde_json::Value {
    let sized = |name: &str, rows: u64, bytes: u64| json!({"name": name, "about_rows": rows, "bytes": bytes});
    let tables = found
        .sizes
        .tables
        .iter()
        .map(|one| sized(&one.table, one.rows, one.bytes));
    let months = found.months.iter().map(|one| sized(&one.name, one.rows, one.bytes));
    let wikis: Vec<serde_json::Value> = found
        .wikis
        .iter()
        .map(|one| {
            let (rev, ts) = (one.rev.map(|(rev, _)| rev.0), one.rev.map(|(_, ts)| ts));
            json!({"wiki": one.wiki, "newest_rev": rev, "ts": ts})
        })
        .collect();
    let floods: Vec<serde_json::Value> = found
        .floods
        .iter()
        .map(|one| {
            json!({
                "ts": one.ts, "wiki": one.wiki, "rev_id": one.rev.0, "page_id": one.page_id.0, "links": one.links,
                "hosts": one.hosts, "editor": one.editor,
            })
        })
        .collect();
    json!({
        "rows_since": found.since.rows, "counts_since": found.since.pairs, "bytes": found.sizes.total(),
        "tables": tables.collect::<Vec<_>>(), "months": months.collect::<Vec<_>>(), "wikis": wikis, "floods": floods,
    })
}
