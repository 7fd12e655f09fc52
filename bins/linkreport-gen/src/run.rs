//! The scheduled run: what people asked for, what they wrote on reports, what the statistics say, then the pages, copies
//! and lists. Requests are taken and rules evaluated where writing is switched off, so that nothing is lost.

use std::time::Duration;

use shared::core::report::Subject;
use shared::core::text::terminal;
use shared::db::memo;
use shared::editor::Refused;
use shared::job::{self, Report, Run, ends_run};
use tokio::time::Instant;

use crate::asks::{Watched, home_key};
use crate::gather::Context;
use crate::naming::Naming;
use crate::serve::{self, Served};
use crate::settings::{Publish, Settings};
use crate::status_lines::HOME;
use crate::{NAME, asks, housekeeping, index, readback};

/// After this time no other report is begun: the lists and the status page are still to be written, and requests end a
/// run three minutes later.
const LONGEST: Duration = Duration::from_secs(9 * 60);

/// What a run did.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    watched: Watched,
    rules: asks::Tally,
    read_back: u64,
    served: Served,
    copies: Served,
    lists: u64,
}

impl Tally {
    fn line(&self) -> String {
        let Tally { served, copies, .. } = self;
        format!(
            "asked={} refused={} strangers={} hosts={} by_rules={} reopened={} read_back={} reports={} unchanged={} held={} \
             later={} copies={} lists={}",
            self.watched.asked,
            self.watched.refused + self.watched.wrong,
            self.watched.strangers,
            self.rules.hosts,
            self.rules.rules,
            self.rules.reopened,
            self.read_back,
            served.pages,
            served.unchanged,
            served.held + copies.held,
            served.later + copies.later,
            copies.pages,
            self.lists,
        )
    }
}

/// Does the work of one run; with `only`, of this report.
pub async fn work(run: &mut Run<Settings>, only: Option<&Subject>) -> anyhow::Result<Report> {
    let mut tally = Tally::default();
    run.until.get_or_insert(Instant::now() + LONGEST);
    let is_home = run.accepted.parsed.settings.home_is_here();
    if let Some(subject) = only {
        by_hand(run, subject).await?;
    } else {
        let watched = asks::watched(run).await;
        tally.watched = or_told(run, "requests", watched).await?;
    }
    // The editor needs the run for itself while a report is gathered.
    let (db, here, others) = (run.db.clone(), run.session.clone(), run.others.clone());
    let settings = run.accepted.parsed.settings.clone();
    note_home(run, &settings).await?;
    let cx = Context::new(&db, &settings, &here, &others, run.fence(), run.clock.now()).await?;
    let place = serve::Around::new(run).await?;
    if only.is_none() && is_home {
        let read = readback::read_back(run, &place).await;
        tally.read_back = or_told(run, "status of reports", read).await?;
        let rules = asks::statistics(run).await;
        tally.rules = or_told(run, "statistics", rules).await?;
        let kept = housekeeping::ask(run, &cx).await;
        or_told(run, "housekeeping", kept).await?;
    }
    if settings.publish == Publish::Pages {
        if is_home {
            let served = serve::serve(run, &cx, &place, only).await;
            tally.served = or_told(run, "reports", served).await?;
        }
        if only.is_none() {
            if !is_home {
                let copies = serve::copies(run, &cx, &place).await;
                tally.copies = or_told(run, "copies", copies).await?;
            }
            let lists = index::write(run, &place).await;
            tally.lists = or_told(run, "lists", lists).await?;
        }
    }
    Ok(Report {
        rows: match run.fence() {
            Some(_) => {
                let asked = tally.watched.asked + tally.rules.rules + tally.rules.additions + tally.rules.reopened;
                asked + tally.served.pages + tally.copies.pages
            }
            None => 0,
        },
        counts: tally.line(),
    })
}

/// The status page is also written when no settings can be read, so where the home is has to be known.
async fn note_home(run: &Run<Settings>, settings: &Settings) -> anyhow::Result<()> {
    let (home, wiki, now) = (home_key(settings, &run.wiki), run.wiki.as_str(), run.clock.now());
    let noted = run
        .db
        .read_if_there(async |db| memo::get(db, NAME, wiki, HOME).await)
        .await?;
    let is_known = noted.map_or(home == wiki, |noted| noted.value == home);
    if let Some(fence) = run.fence().filter(|_| !is_known) {
        run.db
            .fenced(&fence, "noting the home of the reports", async |tx| {
                memo::set(tx, HOME, &home, now).await
            })
            .await?;
    }
    Ok(())
}

/// The operator asks for a report, each time anew.
async fn by_hand(run: &Run<Settings>, subject: &Subject) -> anyhow::Result<()> {
    anyhow::ensure!(
        run.accepted.parsed.settings.home_is_here(),
        "the home of the reports is another wiki: ask there"
    );
    let Some(fence) = run.fence() else { return Ok(()) };
    let who = job::environment("USER").unwrap_or_else(|| "operator".to_owned());
    asks::by_hand(&run.db, &fence, &run.wiki, subject, &who, run.clock.now()).await?;
    Ok(())
}

/// A part that failed is noted; a switch that was turned is no failure.
async fn or_told<T: Default>(run: &mut Run<Settings>, part: &str, result: anyhow::Result<T>) -> anyhow::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) if matches!(error.downcast_ref(), Some(Refused::Halt(_))) => {
            tracing::warn!("{}", terminal(&format!("{error:#}")));
            Ok(T::default())
        }
        Err(error) if ends_run(&error) => Err(error),
        Err(error) => {
            let home = home_key(&run.accepted.parsed.settings, &run.wiki);
            let naming = Naming::read(&run.db, &home).await?;
            run.item_error(part, &naming.error(&error)).await;
            Ok(T::default())
        }
    }
}
