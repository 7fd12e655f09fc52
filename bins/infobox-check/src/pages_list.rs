//! The full list of pages that transclude each box: built once, then kept current by the changes of every run, and
//! compared with the wiki's own list once a week.

use chrono::TimeDelta;
use shared::core::intent::token;
use shared::core::text::terminal;
use shared::db::box_page::{self, BoxPage};
use shared::db::memo;
use shared::job::Run;
use shared::wiki::Phase;
use shared::wiki::embedding;

use crate::context::Context;
use crate::settings::Settings;

/// The whole list is read again after this time.
const AGAIN: TimeDelta = TimeDelta::days(7);
/// Progress is told after so many pages.
const TOLD: usize = 10_000;
/// Lists up to this length may shrink to nothing.
const SMALL: u64 = 10;

/// Name under which it is remembered that a list shrank.
pub const SHRUNK: &str = "shrunk.";

/// Builds or compares the lists that are due. Says how many rows were written.
pub async fn keep(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let mut rows = 0;
    for (place, one) in context.boxes.iter().enumerate() {
        let name = one.def.name.as_str();
        let key = format!("list.{name}");
        let made_of = format!("{:?}", context.namespaces);
        let last = run
            .db
            .read(async |db| memo::get(db, run.editor.job, &run.wiki, &key).await)
            .await?;
        if last.is_some_and(|last| last.value == made_of && context.now - last.updated < AGAIN) {
            continue;
        }
        run.session.count_as(Phase::Mentor);
        let mut pages: Vec<BoxPage> = Vec::new();
        let mut list = embedding(&run.session, &context.templates[place], &context.namespaces);
        let mut told = 0;
        while let Some(members) = list.next().await? {
            pages.extend(members.into_iter().map(|member| BoxPage {
                page_id: member.page_id,
                ns: member.ns,
                title: member.title,
            }));
            if pages.len() >= told + TOLD {
                told = pages.len();
                tracing::info!("{told} pages with {name} so far");
            }
        }
        let before = run
            .db
            .read(async |db| box_page::count(db, &run.wiki, name).await)
            .await?;
        if has_shrunk(run, context, &format!("pages of {name}"), before, pages.len()).await? {
            continue;
        }
        let now = context.now;
        let replaced = box_page::replace_list(&run.db, &fence, name, &pages, now).await?;
        rows += replaced.added + replaced.renamed + replaced.removed;
        tracing::info!("{} pages with {name}, {} of them new", pages.len(), replaced.added);
        run.db
            .fenced(&fence, "noting a list of pages", async |tx| {
                box_page::forget_strangers(tx, name).await?;
                memo::set(tx, &key, &made_of, now).await
            })
            .await?;
    }
    Ok(rows)
}

/// Whether a list that decides about removals came back empty or below half: then the one before stays in use, the
/// status page says so, and `--accept-shrink` lets it pass once.
pub async fn has_shrunk(
    run: &Run<Settings>,
    context: &Context,
    list: &str,
    before: u64,
    now: usize,
) -> anyhow::Result<bool> {
    let accepted = run.args.accept_shrink.iter().any(|accepted| accepted == list);
    let shrank = before > SMALL && (now as u64) * 2 < before && !accepted;
    if shrank {
        let list = terminal(list);
        tracing::warn!("{list} shrank from {before} to {now}: not used; if that is right: --accept-shrink '{list}'");
    }
    let Some(fence) = run.fence() else { return Ok(shrank) };
    let (key, at) = (format!("{SHRUNK}{}", token("infobox-check", "", list)), context.now);
    run.db
        .fenced(&fence, "noting that a list shrank", async |tx| {
            memo::set(tx, &key, if shrank { list } else { "" }, at).await
        })
        .await?;
    Ok(shrank)
}
