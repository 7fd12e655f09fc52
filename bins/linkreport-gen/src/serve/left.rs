//! What is noted of a report whose page is left as it is: what people did to the page, also where the database knew
//! nothing of the report any more.

use shared::core::report::Status;
use shared::core::types::{RevId, Timestamp};
use shared::db::report::{self, Report};
use shared::db::report_page::{self, Page as PageRow, State};
use shared::db::report_row;
use shared::job::Run;
use shared::page::PageState;

use super::one::{Kept, Turn};
use super::seen;
use super::standing::Standing;
use crate::model::Model;
use crate::page::{self, Form};
use crate::settings::Settings;

/// The report as it is known, or as it begins anew where its page is the bot's and nobody knows of it.
pub(super) fn known(run: &Run<Settings>, turn: &Turn, kept: &Kept, page: &PageState, now: Timestamp) -> Report {
    let mut report = kept.report.clone().unwrap_or_else(|| opened(run, turn, now));
    report.title.get_or_insert_with(|| page.title.clone());
    report
}

/// Notes it. Errs when the database cannot be reached.
pub(super) async fn left(
    run: &Run<Settings>,
    turn: &Turn,
    kept: &Kept,
    page: &PageState,
    standing: &Standing,
    status: Option<Status>,
) -> anyhow::Result<()> {
    let now = run.clock.now();
    if kept.report.is_none() && standing.ours.is_none() {
        return Ok(());
    }
    let report = seen(known(run, turn, kept, page, now), standing, status, now);
    let row = match &kept.page {
        Some(row) if !standing.is_there && row.saved_at.is_some() => Some(PageRow {
            state: State::Gone,
            why: Some(how(page).to_owned()),
            ..row.clone()
        }),
        None if standing.is_there => Some(PageRow {
            title: Some(page.title.clone()),
            digest: standing.ours,
            content: standing.ours,
            status_shown: status,
            ..PageRow::new(0, &run.wiki)
        }),
        _ => None,
    };
    note(run, report, row, None).await
}

/// Whether a page is not written because it is people's, by the code of the refusal: they took it away, or it was there
/// before. That goes on until they do something about it.
pub(super) fn is_of_people(code: &str) -> bool {
    ["taken-away", "not-ours"].contains(&code)
}

/// How people took a page away, as it is told behind *it*.
fn how(page: &PageState) -> &'static str {
    match page.page_id {
        None => "was deleted or moved away",
        Some(_) if page.is_redirect => "was moved away",
        Some(_) => "was blanked",
    }
}

/// A report that begins now.
pub(super) fn opened(run: &Run<Settings>, turn: &Turn, now: Timestamp) -> Report {
    let rule = turn.rules.first().map(|rule| rule.word());
    Report::new(
        &run.wiki,
        turn.subject.clone(),
        rule.unwrap_or(report::BY_PERSON),
        &turn.rules,
        now,
    )
}

/// Stores it; with the page and the revisions that it shows, where they are given.
pub(super) async fn note(
    run: &Run<Settings>,
    report: Report,
    page: Option<PageRow>,
    model: Option<(&Model, Form)>,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let settings = &run.accepted.parsed.settings;
    let shown: Vec<(String, RevId)> = model.map_or_else(Vec::new, |(model, form)| {
        let revisions = page::revisions(model, settings, form).into_iter();
        revisions
            .filter_map(|(wiki, rev)| Some((model.wikis.get(wiki)?.key.clone(), rev)))
            .collect()
    });
    run.db
        .fenced(&fence, "noting a report", async |tx| {
            let id = report::put(tx, &report).await?;
            if let Some(page) = &page {
                let page = PageRow {
                    report_id: id,
                    ..page.clone()
                };
                report_page::put(tx, &page).await?;
                if page.state == State::Ok {
                    report_row::replace(tx, id, &shown).await?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(())
}
