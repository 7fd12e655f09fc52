//! `backtest`: hits by a draft of the settings beside hits by those in force, on the same edits: new, gone, kept, by
//! rule, with samples. An admin sees what a threshold costs before saving it. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::hit::Rule;
use shared::core::text::{plain, terminal};
use shared::core::types::Timestamp;
use shared::db::hit::NewHit;
use shared::db::{Access, hit_line};
use shared::job::{self, Run};
use shared::manual;
use shared::messages::Messages;
use shared::recent::Position;
use shared::wiki::Stop;

use crate::offline::run_of;
use crate::readers::Readers;
use crate::settings::{Place, Settings, Wikis};
use crate::show::Hides;
use crate::sources::{Seen, recent};
use crate::{judging, replay, show, texts};

/// Changes that are looked at, at most.
const MOST: usize = 50_000;
/// Edits whose texts are held at once.
const SLICE: usize = 500;
/// Hits of each kind that are shown.
const SAMPLES: usize = 10;
/// A pair that people struck within this time is known to be false.
const STRUCK: TimeDelta = TimeDelta::days(90);

/// Flags of `backtest`; `--settings draft` takes the draft page, `--settings FILE` a file.
#[derive(clap::Args, Clone, Debug)]
pub struct BacktestArgs {
    /// From when on: 24h, 7d, 2026-11-20 or 2026-11-20T12:00:00Z
    #[arg(long, value_name = "TIME", default_value = "24h", conflicts_with = "events")]
    since: String,
    /// Recorded events instead of recent changes, as `record` prints them
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Most edits
    #[arg(long, value_name = "N", default_value_t = MOST as u32, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// The flags without a `--settings` that names a draft, and that draft.
pub fn draft_of(args: &CommonArgs) -> (CommonArgs, Option<PathBuf>) {
    let mut args = args.clone();
    let is_draft = |name: &String| name == "draft" || Path::new(name).is_file();
    let draft = args.settings.take_if(|name| is_draft(name)).map(PathBuf::from);
    (args, draft)
}

/// Reads, judges twice, and prints.
pub async fn run(backtest: &BacktestArgs, boot: &Boot, args: &CommonArgs, with: Option<&Path>) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, Access::ReadOnly, seed)?;
    let session = job::login(boot, seed, Stop::new()).await?;
    let (mut run, _) = run_of(boot, &session, &db, args, None).await?;
    let draft = match with {
        Some(with) => Some(run_of(boot, &session, &db, args, Some(with)).await?.0),
        None => None,
    };
    let draft = draft.map(|draft| draft.accepted.parsed.settings);
    let most = backtest.limit as usize;
    let mut tested = match &backtest.events {
        Some(events) => {
            let current = run.accepted.parsed.settings.clone();
            let old = replay::judge_file(&run.db, &current, events, most).await?;
            let new = match &draft {
                Some(draft) => Some(replay::judge_file(&run.db, draft, events, most).await?),
                None => None,
            };
            Tested {
                edits: old.edits,
                until: None,
                is_cut: old.is_cut,
                current: old.hits,
                draft: new.map(|new| new.hits),
            }
        }
        None => {
            let since = manual::moment(&backtest.since, boot.clock.now())?;
            ensure!(since <= boot.clock.now(), "--since lies in the future");
            test(&mut run, draft, since, most).await?
        }
    };
    let struck = struck(&run).await?;
    let all = tested.current.iter().chain(tested.draft.iter().flatten());
    let hides = Hides::of(&run.db, &run.wiki, all.map(|hit| hit.wiki.as_str())).await?;
    let hidden = tested.leave_out(&hides);
    print(&tested, &struck, args.json);
    if hidden > 0 && !args.json {
        println!("{hidden} hits are suppressed and left out.");
    }
    db.close().await;
    Ok(true)
}

/// What came of a test.
struct Tested {
    /// Edits that were read.
    edits: u64,
    /// Up to when.
    until: Option<Timestamp>,
    /// There is more than the limit.
    is_cut: bool,
    /// By the settings in force.
    current: Vec<NewHit>,
    /// By the draft.
    draft: Option<Vec<NewHit>>,
}

impl Tested {
    /// Takes out what is shown nowhere; says how much that was.
    fn leave_out(&mut self, hides: &Hides) -> usize {
        let before = self.current.len() + self.draft.as_ref().map_or(0, Vec::len);
        self.current.retain(|hit| !hides.hit(hit));
        if let Some(draft) = &mut self.draft {
            draft.retain(|hit| !hides.hit(hit));
        }
        before - self.current.len() - self.draft.as_ref().map_or(0, Vec::len)
    }
}

/// Judges the recent changes of all watched wikis since a moment. Texts are read once where both settings read alike.
async fn test(
    run: &mut Run<Settings>,
    draft: Option<Settings>,
    since: Timestamp,
    most: usize,
) -> anyhow::Result<Tested> {
    let mut tested = Tested {
        edits: 0,
        until: None,
        is_cut: false,
        current: Vec::new(),
        draft: draft.as_ref().map(|_| Vec::new()),
    };
    let current = run.accepted.parsed.settings.clone();
    let mut readers = Readers::with(run, current.clone()).await?;
    let mut drafted = match &draft {
        Some(draft) => Some(Readers::with(run, draft.clone()).await?),
        None => None,
    };
    let reads_alike = draft.as_ref().is_none_or(|draft| read_alike(draft, &current));
    let places = |settings: &Settings| match &settings.wikis {
        Wikis::List(list) => list
            .iter()
            .map(|watched| (watched.place.clone(), watched.namespaces.clone()))
            .collect(),
        Wikis::All => vec![(Place::Here, None)],
    };
    let all: Vec<_> = match &draft {
        Some(draft) if !reads_alike => places(draft),
        _ => places(&current),
    };
    for (place, namespaces) in all {
        let session = match &place {
            Place::Here => run.session.clone(),
            Place::Api(url) => run.others.open(url).await?,
        };
        let left = most.saturating_sub(usize::try_from(tested.edits).unwrap_or(most));
        if left == 0 || !run.goes_on().await? {
            tested.is_cut = true;
            break;
        }
        let watched = readers.of(&session, namespaces.as_deref()).await?.namespaces.clone();
        let ask = shared::wiki::Ask {
            overlap: TimeDelta::zero(),
            max: left.max(1),
            ..recent::ask(run.clock, &watched, since)
        };
        let position = Position {
            until: since,
            start: since,
            handled: BTreeMap::new(),
        };
        let read = recent::read(&session, &ask, &position).await?;
        let mut edits: Vec<Seen> = read.chunks.into_iter().flat_map(|(chunk, _)| chunk.edits).collect();
        tested.is_cut |= read.has_more || edits.len() > left;
        edits.truncate(left);
        tested.edits += edits.len() as u64;
        while !edits.is_empty() {
            if !run.goes_on().await? {
                tested.is_cut = true;
                break;
            }
            let some: Vec<Seen> = edits.drain(..edits.len().min(SLICE)).collect();
            let by = readers.by();
            let reader = readers.of(&session, namespaces.as_deref()).await?;
            let looked = texts::look(reader, some.clone()).await?.edits;
            let mut asked = judging::ask(reader, &run.db, &looked).await?;
            let found = judging::judge(reader, &looked, &mut asked, by.as_ref()).await?;
            tested.until = looked.last().map(|edit| edit.of.ts).max(tested.until);
            tested.current.extend(found.hits);
            if let (Some(drafted), Some(hits)) = (&mut drafted, &mut tested.draft) {
                let by = drafted.by();
                let reader = drafted.of(&session, namespaces.as_deref()).await?;
                let looked = match reads_alike {
                    true => looked,
                    false => texts::look(reader, some).await?.edits,
                };
                if !reads_alike {
                    asked = judging::ask(reader, &run.db, &looked).await?;
                }
                hits.extend(judging::judge(reader, &looked, &mut asked, by.as_ref()).await?.hits);
            }
        }
    }
    Ok(tested)
}

/// Whether edits read by one of them are the same when read by the other.
fn read_alike(one: &Settings, other: &Settings) -> bool {
    one.wikis == other.wikis
        && one.namespaces == other.namespaces
        && one.link_templates == other.link_templates
        && one.path_hosts == other.path_hosts
        && one.new_user == other.new_user
        && one.blacklists == other.blacklists
}

/// Users and strings that people struck lately.
async fn struck(run: &Run<Settings>) -> anyhow::Result<BTreeSet<(String, String)>> {
    let (home, since) = (run.wiki.clone(), run.clock.now() - STRUCK);
    let lines = run
        .db
        .read_if_there(async |db| hit_line::proposals(db, &home, since, 5_000).await)
        .await?;
    let pair = |line: hit_line::Row| Some((line.user?.name, line.string?));
    Ok(lines.into_iter().filter_map(pair).collect())
}

/// What makes two hits the same one.
type Same<'a> = (&'a str, u64, Rule, &'a str);

fn same(hit: &NewHit) -> Same<'_> {
    (&hit.wiki, hit.rev.0, hit.hit.rule, &hit.hit.string)
}

/// Reported hits, each once.
fn reported(hits: &[NewHit]) -> BTreeMap<Same<'_>, &NewHit> {
    let reported = hits.iter().filter(|hit| hit.hit.skip.is_none() && hit.hit.is_shown);
    reported.map(|hit| (same(hit), hit)).collect()
}

/// Hits of one rule.
#[derive(Default)]
struct Counts<'a> {
    new: Vec<&'a NewHit>,
    gone: Vec<&'a NewHit>,
    kept: Vec<&'a NewHit>,
    /// Recorded only, by the settings in force and by the draft.
    skipped: (u64, u64),
    /// Of the reported ones, those that people struck.
    is_false: (u64, u64),
}

fn compare<'a>(tested: &'a Tested, struck: &BTreeSet<(String, String)>) -> BTreeMap<Rule, Counts<'a>> {
    let current = reported(&tested.current);
    let draft = tested.draft.as_deref().map_or_else(|| current.clone(), reported);
    let mut rules: BTreeMap<Rule, Counts<'a>> = BTreeMap::new();
    let is_false = |hit: &NewHit| {
        let user = hit.user.as_ref().map(|user| user.name.clone()).unwrap_or_default();
        u64::from(struck.contains(&(user, hit.hit.string.clone())))
    };
    for (key, &hit) in &current {
        let counts = rules.entry(hit.hit.rule).or_default();
        counts.is_false.0 += is_false(hit);
        match draft.contains_key(key) {
            true => counts.kept.push(hit),
            false => counts.gone.push(hit),
        }
    }
    for (key, &hit) in &draft {
        let counts = rules.entry(hit.hit.rule).or_default();
        counts.is_false.1 += is_false(hit);
        if !current.contains_key(key) {
            counts.new.push(hit);
        }
    }
    for hit in tested.current.iter().filter(|hit| hit.hit.skip.is_some()) {
        rules.entry(hit.hit.rule).or_default().skipped.0 += 1;
    }
    for hit in tested.draft.iter().flatten().filter(|hit| hit.hit.skip.is_some()) {
        rules.entry(hit.hit.rule).or_default().skipped.1 += 1;
    }
    rules
}

fn print(tested: &Tested, struck: &BTreeSet<(String, String)>, as_json: bool) {
    let rules = compare(tested, struck);
    let has_draft = tested.draft.is_some();
    if as_json {
        for counts in rules.values() {
            for (change, hits) in [("new", &counts.new), ("gone", &counts.gone), ("kept", &counts.kept)] {
                for hit in hits {
                    let mut value = show::value(hit);
                    value["type"] = json!("backtest-hit");
                    value["change"] = json!(if has_draft { change } else { "current" });
                    println!("{value}");
                }
            }
        }
        let rules: BTreeMap<&str, _> = rules
            .iter()
            .map(|(rule, counts)| {
                let told = json!({
                    "new": counts.new.len(), "gone": counts.gone.len(), "kept": counts.kept.len(),
                    "skipped": {"current": counts.skipped.0, "draft": counts.skipped.1},
                    "struck": {"current": counts.is_false.0, "draft": counts.is_false.1},
                });
                (rule.word(), told)
            })
            .collect();
        let told = json!({
            "type": "backtest", "edits": tested.edits, "until": tested.until, "complete": !tested.is_cut,
            "draft": has_draft, "rules": rules,
        });
        println!("{told}");
        return;
    }
    for (rule, counts) in &rules {
        println!("{}", head(*rule, counts, has_draft));
        for (sign, hits) in [("+", &counts.new), ("-", &counts.gone), (" ", &counts.kept)] {
            for hit in hits.iter().take(SAMPLES) {
                println!("  {sign} {}", show::line(hit));
            }
            if hits.len() > SAMPLES {
                println!("  {sign} … and {} more", hits.len() - SAMPLES);
            }
        }
    }
    let until = tested
        .until
        .map(|until| format!(" up to {}", until.format("%Y-%m-%dT%H:%M:%SZ")))
        .unwrap_or_default();
    println!("{} edits{until}; {} rules with hits.", tested.edits, rules.len());
    if tested.is_cut {
        println!("There is more: take a later --since, or a higher --limit.");
    }
}

fn head(rule: Rule, counts: &Counts<'_>, has_draft: bool) -> String {
    let current = counts.kept.len() + counts.gone.len();
    if !has_draft {
        return format!(
            "{}: {current} hits ({} of them were struck by people), {} recorded only",
            rule.word(),
            counts.is_false.0,
            counts.skipped.0
        );
    }
    format!(
        "{}: {current} hits now ({} of them struck by people), {} by the draft ({}): {} new, {} gone, {} kept; recorded \
         only {} now, {} by the draft",
        rule.word(),
        counts.is_false.0,
        counts.kept.len() + counts.new.len(),
        counts.is_false.1,
        counts.new.len(),
        counts.gone.len(),
        counts.kept.len(),
        counts.skipped.0,
        counts.skipped.1
    )
}

/// What a draft of the settings page would have found in the last day, in one line for the status page.
pub async fn draft(run: &mut Run<Settings>, messages: &Messages<'_>, most: usize) -> anyhow::Result<String> {
    let since = run.clock.now() - TimeDelta::hours(24);
    let tested = test(run, None, since, most).await.context("trying the draft")?;
    let struck = struck(run).await?;
    let rules = compare(&tested, &struck);
    let number = |n: usize| plain(&n.to_string(), 20);
    let hits = reported(&tested.current);
    let by_rule: Vec<String> = rules
        .iter()
        .map(|(rule, counts)| format!("{} {}", rule.word(), counts.kept.len()))
        .collect();
    let told = messages.say(
        "backtest",
        &[
            ("from", &messages.time(since)),
            ("to", &messages.time(tested.until.unwrap_or(since))),
            ("edits", &number(usize::try_from(tested.edits).unwrap_or(usize::MAX))),
            ("hits", &number(hits.len())),
            ("rules", &plain(&by_rule.join(", "), 500)),
        ],
    );
    Ok(terminal(&manual::without_markup(told.as_str())))
}
