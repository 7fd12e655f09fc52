//! The scheduled run: commands from the wiki, then what happened on the watched wikis, then the name server, then the
//! pages. Reading and recording go on where writing is switched off.

use shared::commands;
use shared::core::text::terminal;
use shared::dns::{self, Resolver};
use shared::editor::Refused;
use shared::feeds;
use shared::job::{Report, Run, ends_run};

use crate::desk::OnWiki;
use crate::job::CoiReport;
use crate::pages::{self, PageContext};
use crate::readers::Readers;
use crate::settings::{Publish, Settings};
use crate::tally::Tally;
use crate::watch::Watch;
use crate::{Watching, housekeeping};

/// Does the work of one run.
pub async fn work(run: &mut Run<Settings>, flags: &Watching) -> anyhow::Result<Report> {
    let mut tally = Tally::default();
    if flags.is_first_part() {
        let served = serve(run).await;
        tally.commands = or_told(run, "commands", served).await?;
    }
    let mut readers = Readers::new(run).await?;
    let mut watch = Watch::new(run, &mut readers, flags, &mut tally).await?;
    let unread = watch.all().await?;
    let asked = name_server(watch.run, flags, watch.tally).await;
    watch.tally.dns = or_told(watch.run, "name server", asked).await?;
    let near = watch.near().await;
    let near = or_told(watch.run, "links near their servers", near).await?;
    tally.hits += near;
    tally.rows += near;
    let noted = housekeeping::note(run, &readers).await;
    or_told(run, "housekeeping", noted).await?;
    if flags.is_first_part() {
        let cleaned = housekeeping::clean(run).await;
        or_told(run, "housekeeping", cleaned).await?;
        let written = write(run, &readers, &mut tally).await;
        or_told(run, "pages", written).await?;
    }
    for (feed, hits) in &tally.feeds {
        tracing::info!("{hits} hits would be told to the feed {feed}");
    }
    if flags.is_first_part() {
        feeds::after_run::<CoiReport>(run).await;
    }
    if let Some(error) = unread {
        return Err(error);
    }
    Ok(Report {
        rows: if run.fence().is_some() { tally.rows } else { 0 },
        counts: tally.line(),
    })
}

/// What admins ask for on the commands page.
async fn serve(run: &mut Run<Settings>) -> anyhow::Result<(u64, u64)> {
    let Some(commands) = run.accepted.parsed.settings.commands.clone() else {
        return Ok((0, 0));
    };
    let mut desk = OnWiki::new(run);
    let served = commands::serve(run, &commands, &mut desk).await?;
    Ok((served.carried_out, served.answered))
}

/// Asks a name server for the hosts of new links.
async fn name_server(run: &Run<Settings>, flags: &Watching, tally: &Tally) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let Some(server) = flags.name_server() else {
        return Ok(0);
    };
    let resolver = Resolver::new(server)?;
    let keys: Vec<String> = tally.keys.iter().rev().cloned().collect();
    let asked = dns::pass(&run.db, &fence, &resolver, &keys, run.clock, &run.stop).await?;
    if asked.failed > 0 && asked.failed == asked.asked {
        tracing::warn!(
            "the name server answered none of {} questions; they are asked again in an hour",
            asked.failed
        );
    }
    Ok(asked.asked)
}

/// Day pages: what people struck is read back first, so that it counts for what is written.
async fn write(run: &mut Run<Settings>, readers: &Readers, tally: &mut Tally) -> anyhow::Result<()> {
    let context = PageContext::new(run, readers.sessions()).await?;
    tally.struck = pages::read_back(run, &context).await?;
    if run.accepted.parsed.settings.publish == Publish::Off {
        return pages::note_off(run).await;
    }
    let saved = pages::save(run, &context).await?;
    tally.lines = (saved.lines, saved.pages);
    pages::clean(run, &context).await
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
            run.item_error(part, &error).await;
            Ok(T::default())
        }
    }
}
