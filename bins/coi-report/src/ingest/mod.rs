//! `ingest`: recorded edits into the database. Reading a file again adds nothing, in whatever batches, order or shards,
//! and after a kill in the middle; so there is no place to remember: whoever is not sure runs it once more.

pub mod about;
pub mod file;
pub mod shard;
mod sink;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use shared::args::CommonArgs;
use shared::core::addition::{Decision, Why, decide};
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::db::links::store::Stored;
use shared::dns::{self, Resolver};
use shared::job::Report;
use shared::job::local::{self, Local, NO_WIKI, Name};
use tokio::time::Instant;

use crate::judging::{By, is_judged};
use crate::keep::Keep;
use crate::replay::Offline;
use crate::settings;
use crate::watching::NameServer;
use file::{Events, Next, Told};
use shard::Shard;
use sink::Sink;

/// Name in lock and run record.
const JOB: &str = "coi-report ingest";
/// How often progress is told.
const TELL: Duration = Duration::from_secs(15);
/// Bad lines that are told one by one.
const TOLD: usize = 20;

/// Flags of `ingest`.
#[derive(clap::Args, Clone, Debug)]
pub struct IngestArgs {
    /// Events, one JSON object per line: recorded edits, or events of `mediawiki.page-links-change` as EventStreams sends
    /// them. It is read twice
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// Only the wikis of this part, as in 2/4; all parts may run at the same time
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Rows per transaction
    #[arg(long, value_name = "ROWS", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    batch: u32,
    /// Also judges the edits by the lists and the settings, and stores the hits for the reports of this wiki's run: its
    /// key, as in en.wikipedia.org/w
    #[arg(long, value_name = "WIKI")]
    judge_for: Option<String>,
    /// Afterwards, asks a name server for the addresses of hosts that have no fresh answer, 500 at most
    #[arg(long)]
    dns: bool,
    /// The name server to ask [default: this machine's]
    #[arg(long, env = "WIKICREW_DNS", value_name = "ADDRESS[:PORT]", value_parser = NameServer::read)]
    dns_server: Option<NameServer>,
    #[command(flatten)]
    keep: Keep,
}

/// Reads the file and stores what is new. 0: done, or stopped by a signal; 1: lines that cannot be read, or no room; 75:
/// another run is at work, or the database does not answer.
pub async fn run(ingest: &IngestArgs, args: &CommonArgs) -> ExitCode {
    let shard = ingest.shard.map(|shard| shard.to_string()).unwrap_or_default();
    let name = Name {
        job: JOB,
        wiki: ingest.judge_for.as_deref().unwrap_or(NO_WIKI),
        shard: &shard,
        by_hand: true,
    };
    local::run(name, args, async |local| Box::pin(work(ingest, args, local)).await).await
}

async fn work(ingest: &IngestArgs, args: &CommonArgs, local: &mut Local) -> anyhow::Result<Report> {
    let settings = settings::from_file(args)?;
    let shard = ingest.shard;
    let wanted = |wiki: &str| shard.is_none_or(|shard| shard.has(wiki));
    let mut events = Events::open(&ingest.events, wanted, &local.stop).await?;
    let mut sink = Sink::open(ingest, args.dry_run, local).await?;
    let mut rules: HashMap<String, Offline> = HashMap::new();
    let by = By {
        skip: &settings.config.skip,
        new_user: settings.new_user,
        settings: RevId(0),
    };
    let mut counts = Counts::default();
    let mut told_at = Instant::now();
    let mut is_done = true;
    while let Some(next) = events.next(wanted).await? {
        let told = match next {
            Next::Told(told) => told,
            Next::Stopped => {
                is_done = false;
                break;
            }
            Next::Other(why) => {
                counts.nothing.entry(why).or_default().0 += 1;
                continue;
            }
            Next::Bad(bad) => {
                counts.bad += 1;
                if counts.bad <= TOLD {
                    tracing::warn!("line {}: {}", bad.line, terminal(&bad.why));
                }
                continue;
            }
        };
        let Some(wiki) = wiki_of(&told) else { continue };
        if !rules.contains_key(wiki) {
            let about = events.wikis.get(wiki);
            let made = Offline::new(&local.db, &settings, wiki, about, local.clock.now()).await?;
            rules.insert(wiki.to_owned(), made);
        }
        let Some(wiki) = rules.get_mut(wiki) else { continue };
        counts.revisions += 1;
        let decision = decide(told.edit.as_ref(), told.stream.as_ref(), &wiki.rules.rules());
        if ingest.judge_for.is_some()
            && let Some(looked) = wiki.look(&told, &decision).filter(is_judged)
        {
            sink.hits.extend(wiki.hits(&looked, by));
        }
        match decision {
            Decision::Links(links, beside) => {
                sink.add(*links);
                if let Some(why) = beside {
                    counts.note(why, &told);
                }
            }
            Decision::Nothing(why) => counts.note(why, &told),
        }
        if sink.is_full() {
            is_done = sink.flush(local).await?;
            if !is_done {
                break;
            }
            if told_at.elapsed() > TELL {
                told_at = Instant::now();
                tracing::info!("{}", summary(&counts, &sink.stored));
            }
        }
    }
    if is_done {
        is_done = sink.flush(local).await?;
    }
    if !is_done {
        tracing::info!("stopped before the end of the file; run it again: what is stored is recognised");
    }
    let mut line = summary(&counts, &sink.stored);
    if ingest.judge_for.is_some() {
        let _ = write!(line, " hits={}", sink.new_hits);
    }
    if let Some(fence) = local.fence().filter(|_| is_done && ingest.dns) {
        let resolver = Resolver::new(ingest.dns_server.and_then(NameServer::address))?;
        let asked = dns::pass(&local.db, &fence, &resolver, &sink.keys(), local.clock, &local.stop).await?;
        if asked.failed > 0 && asked.failed == asked.asked {
            tracing::warn!(
                "the name server answered none of {} questions; they are asked again in an hour",
                asked.failed
            );
        }
        let _ = write!(
            line,
            " dns_asked={} addresses={} dns_none={} dns_failed={} dns_left={}",
            asked.asked, asked.addresses, asked.none, asked.failed, asked.left
        );
    }
    for (why, (n, first)) in counts.nothing.iter().filter(|(why, _)| why.is_told()) {
        let why = why.word();
        tracing::warn!("{n} times links may be missing that the source could have given: {why}{first}");
    }
    if counts.bad > 0 {
        local.errors.push(format!(
            "{} lines of {} cannot be read",
            counts.bad,
            ingest.events.display()
        ));
        let more = counts.bad.saturating_sub(TOLD);
        tracing::error!(
            "{} lines cannot be read ({more} of them are not named above); the others are stored",
            counts.bad
        );
    }
    let refused = sink.stored.refused.len();
    if refused > 0 {
        local.errors.push(format!("{refused} revisions do not fit the tables"));
        tracing::error!("{refused} revisions do not fit the tables; the others are stored");
    }
    Ok(Report {
        counts: line,
        rows: sink.stored.rows,
    })
}

fn wiki_of(told: &Told) -> Option<&str> {
    let edit = told.edit.as_ref().map(|edit| edit.of.wiki.as_str());
    edit.or(told.stream.as_ref().map(|change| change.of.wiki.as_str()))
}

/// What was read.
#[derive(Default)]
struct Counts {
    revisions: u64,
    bad: usize,
    /// How often, and the first revision where one is known.
    nothing: BTreeMap<Why, (u64, String)>,
}

impl Counts {
    fn note(&mut self, why: Why, told: &Told) {
        let (n, first) = self.nothing.entry(why).or_default();
        *n += 1;
        if *n == 1 && why.is_told() {
            let edit = told.edit.as_ref().map(|edit| &edit.of);
            let of = edit.or(told.stream.as_ref().map(|change| &change.of));
            *first = of.map_or(String::new(), |of| {
                format!(", first at revision {} of {}", of.rev, terminal(&of.wiki))
            });
        }
    }
}

fn summary(counts: &Counts, stored: &Stored) -> String {
    let mut line = format!(
        "revisions={} stored={} known={} rows={} additions={} restored={} raised={} floods={} too_old={} refused={} bad={}",
        counts.revisions,
        stored.revisions,
        stored.known,
        stored.rows,
        stored.additions,
        stored.restored,
        stored.raised,
        stored.floods,
        stored.too_old,
        stored.refused.len(),
        counts.bad,
    );
    for (why, (n, _)) in &counts.nothing {
        let _ = write!(line, " {}={n}", why.word());
    }
    line
}
