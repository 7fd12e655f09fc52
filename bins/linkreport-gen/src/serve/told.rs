//! What a report's row says after the page was read or written: people's status, what was told, and when a name on it is
//! not to be named any longer.

use std::collections::HashMap;

use shared::core::report::{Rule, Status, Subject, is_xwiki};
use shared::core::types::{RevId, Timestamp};
use shared::db::links::questions::lookup::Kind as EditorKind;
use shared::db::report::Report;
use shared::db::suppress::{self, What};

use super::decide::Said;
use super::standing::Standing;
use crate::gather::{self, Context};
use crate::model::{Model, Who};
use crate::settings::Settings;

/// What is known of the subject and may be shown on pages with these titles (on the home first); of a user with another
/// name now nothing, and the subject of that name.
pub async fn gathered(
    cx: &Context<'_>,
    subject: &Subject,
    rules: &[Rule],
    titles: &[&str],
) -> anyhow::Result<(Option<Model>, Option<Subject>)> {
    let hidden = cx
        .db
        .read_if_there(async |db| suppress::all(db, &cx.records).await)
        .await?;
    if titles.iter().any(|title| hidden.hides(What::Report, title)) {
        return Ok((None, None));
    }
    let Some(mut gathered) = gather::recorded(cx, subject, rules).await? else {
        return Ok((None, None));
    };
    gather::complete(cx, &mut gathered).await?;
    Ok(match gathered.refs.subject_now.take() {
        Some(Who::Name(name)) => (None, Some(Subject::User(name))),
        Some(_) => (None, None),
        None => (Some(gathered.model).filter(|model| !is_nameless(model)), None),
    })
}

/// Whether a report about an account or address would have to do without naming it.
fn is_nameless(model: &Model) -> bool {
    let is_one = matches!(model.subject, Subject::User(_) | Subject::Ip(_));
    is_one && !model.users.is_empty() && !model.users.iter().any(|user| matches!(user.who, Who::Name(_)))
}

/// When the first of the temporary accounts and addresses that it names is not to be named any longer.
fn fades_at(model: &Model, settings: &Settings) -> Option<Timestamp> {
    let fades = |kind: EditorKind, who: &Who| kind.is_unnamed() && matches!(who, Who::Name(_));
    let mut last: HashMap<(&Who, usize), Timestamp> = HashMap::new();
    let users = model.users.iter().filter(|user| fades(user.kind, &user.who));
    let rows = model.rows.iter().filter(|row| fades(row.kind, &row.who));
    let active = users
        .map(|user| (&user.who, user.wiki, user.last))
        .chain(rows.map(|row| (&row.who, row.wiki, row.ts)));
    for (who, wiki, at) in active {
        let known = last.entry((who, wiki)).or_insert(at);
        *known = at.max(*known);
    }
    last.into_values().min().map(|at| at + settings.names_for)
}

/// What people did to the page since it was last looked at.
pub fn seen(mut report: Report, standing: &Standing, status: Option<Status>, now: Timestamp) -> Report {
    let since = standing.since.unwrap_or(now);
    if status.is_some() && status != report.status {
        match status {
            Some(Status::Closed) => report.closed_at = Some(since),
            Some(Status::Open) if report.status.is_some() => report.reopened_at = Some(since),
            Some(Status::Stale) => report.stale_at = Some(since),
            _ => {}
        }
    }
    report.status = status.or(report.status);
    report.page_revid = Some(standing.revid).filter(|rev| *rev > RevId(0)).or(report.page_revid);
    report.checked_at = Some(now);
    report
}

/// What it tells now.
pub fn told(
    report: &mut Report,
    model: Option<&Model>,
    settings: &Settings,
    content: [u8; 32],
    said: Said,
    is_saved: bool,
    now: Timestamp,
) {
    let totals = model.map(|model| model.totals.clone()).unwrap_or_default();
    report.is_xwiki = is_xwiki(totals.wikis, &settings.rules);
    report.newest = totals.last;
    report.additions = totals.additions;
    report.fades_at = model.and_then(|model| fades_at(model, settings));
    report.digest = Some(content);
    if is_saved || report.saved_at.is_none() {
        report.saved_at = Some(now);
    }
    match said {
        Said::Reopened => report.reopened_at = Some(now),
        Said::Stale => report.stale_at = Some(now),
        Said::Nothing | Said::Made => {}
    }
}
