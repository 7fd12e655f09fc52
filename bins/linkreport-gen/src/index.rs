//! The lists of new reports, one per title under which reports stand (`…/LinkReports`), and of link reports those of few
//! wikis (`…/Local`) and of many (`…/XWiki`), by day: what was written in the last week. They are made anew each time and never grow; a list that only ever got longer was COIBot's largest page.

use std::collections::{BTreeMap, BTreeSet};

use chrono::format::{Item, StrftimeItems};
use chrono::{NaiveDate, TimeDelta};
use shared::core::report::{Kind, Subject};
use shared::core::site::Title;
use shared::core::text::{Wikitext, literal, page_link, plain};
use shared::core::types::Timestamp;
use shared::daypage::taken;
use shared::db::report::{self, Report};
use shared::db::suppress::{self, Suppressed, What};
use shared::editor::{Computed, Refused, State};
use shared::job::Run;
use shared::messages::Messages;

use crate::asks::home_key;
use crate::reduced::{self, Reduced};
use crate::serve::{Around, HEAD};
use crate::settings::Settings;
use crate::words::MESSAGES;

/// So far a list goes back.
const SINCE: TimeDelta = TimeDelta::days(7);
/// Reports of a list.
const MOST: u32 = 500;
/// Longest text shown, in characters.
const SHOWN: usize = 300;
/// Name of the list of link reports of few wikis, as COIBot had it.
const LOCAL: &str = "Local";
/// Name of that of reports of many.
const CROSS_WIKI: &str = "XWiki";

/// Kinds of the reports of a list; and whether they are cross-wiki, where that matters.
type List = (Vec<Kind>, Option<bool>);

/// Writes the lists that changed; how many. A list that nobody has a report for is not made. Errs when nothing more may be
/// written, or wiki or database cannot be reached.
pub async fn write(run: &mut Run<Settings>, place: &Around) -> anyhow::Result<u64> {
    let settings = run.accepted.parsed.settings.clone();
    let account = run.session.account().to_owned();
    let mut kinds: BTreeMap<String, BTreeSet<Kind>> = BTreeMap::new();
    for kind in Kind::ALL {
        let title = settings.kind_title(&account, kind);
        kinds
            .entry(run.session.site().prefixed(&title))
            .or_default()
            .insert(kind);
    }
    let base = settings.base(&account);
    let mut lists: Vec<(Title, List)> = Vec::new();
    for (name, is_xwiki) in [(LOCAL, false), (CROSS_WIKI, true)] {
        let text = format!("{}/{name}", base.text);
        let title = Title { ns: base.ns, text };
        if !kinds.contains_key(&run.session.site().prefixed(&title)) {
            lists.push((title, (vec![Kind::Link], Some(is_xwiki))));
        }
    }
    for (title, kinds) in kinds {
        if let Ok(title) = run.session.site().title(&title) {
            lists.push((title, (Vec::from_iter(kinds), None)));
        }
    }
    let mut written = 0;
    for (title, list) in lists {
        // At a cap an administrator would have to let the job go on.
        if run.editor.room().await? == 0 {
            break;
        }
        written += u64::from(one(run, place, &title, &list).await?);
    }
    Ok(written)
}

async fn one(run: &mut Run<Settings>, place: &Around, title: &Title, (kinds, is_xwiki): &List) -> anyhow::Result<bool> {
    let (home, now) = (home_key(&run.accepted.parsed.settings, &run.wiki), run.clock.now());
    let settings = run.accepted.parsed.settings.clone();
    let reports = run
        .db
        .read_if_there(async |db| report::newest_saved(db, &home, kinds, *is_xwiki, now - SINCE, MOST).await)
        .await?;
    let hidden = run.db.read_if_there(async |db| suppress::all(db, &home).await).await?;
    let shown = run.session.site().prefixed(title);
    if taken::is_left_alone(run, now, &shown).await? {
        return Ok(false);
    }
    let titles: Vec<Title> = reports
        .iter()
        .map(|report| place.title(&settings, &report.subject, false))
        .collect();
    let wiki = run.wiki.clone();
    let reduced = run
        .db
        .read_if_there(async |db| reduced::all(db, &home, &wiki).await)
        .await?;
    let text = text(run, place, &reports, &titles, &hidden, &reduced);
    let state = State {
        title,
        marker: Some(HEAD),
        is_status_page: false,
        asked_again: false,
    };
    let count = reports.len();
    let saved = run
        .editor
        .save_state(&state, |look| {
            // Nothing to be listed, and no list that says otherwise.
            if count == 0 && look.target.text().is_none() {
                return Ok(None);
            }
            Ok(Some(Computed {
                text: text.as_str().to_owned(),
                summary: format!("{count} reports of the last week"),
            }))
        })
        .await;
    match saved {
        Ok(saved) => Ok(saved.is_some()),
        Err(Refused::Page { code, info }) => {
            taken::note(run, now, &shown, &format!("{info} ({code})")).await?;
            Ok(false)
        }
        Err(Refused::Unknown(why)) => {
            tracing::warn!("{why}");
            Ok(false)
        }
        Err(refused) => Err(refused.into()),
    }
}

fn text(
    run: &Run<Settings>,
    place: &Around,
    reports: &[Report],
    titles: &[Title],
    hidden: &Suppressed,
    reduced: &[Reduced],
) -> Wikitext {
    let messages = Messages::new(Some(&run.accepted.parsed.common), MESSAGES);
    let site = run.session.site();
    let (bot, base) = (plain(run.session.account(), SHOWN), plain(place.base(), SHOWN));
    let mut lines: Vec<Wikitext> = vec![
        literal(HEAD),
        literal("__NOINDEX__"),
        messages.say("index-intro", &[("bot", &bot), ("base", &base)]),
    ];
    let mut day: Option<NaiveDate> = None;
    for (report, title) in reports.iter().zip(titles) {
        let Some(saved) = report.saved_at else { continue };
        if is_hidden(report, site.prefixed(title).as_str(), hidden) {
            continue;
        }
        if day != Some(saved.date_naive()) {
            day = Some(saved.date_naive());
            let mut heading = literal("== ");
            heading.push(&date(&messages, saved)).push_literal(" ==");
            lines.push(heading);
        }
        let name = match reduced::page_of(reduced, &report.subject) {
            Some(page) => reduced::link(site, page, messages.text("index-reduced")),
            None => page_link(site, title, Some(&report.subject.to_string())),
        };
        let status = report.status.map_or("open", |status| status.word());
        let values = [
            ("report", &name),
            ("status", &plain(messages.text(&format!("status-{status}")), SHOWN)),
            ("additions", &plain(&report.additions.to_string(), SHOWN)),
            ("time", &plain(&saved.format("%H:%M").to_string(), SHOWN)),
        ];
        let mut line = literal("* ");
        line.push(&messages.say(
            if report.is_xwiki {
                "index-line-xwiki"
            } else {
                "index-line"
            },
            &values,
        ));
        lines.push(line);
    }
    if day.is_none() {
        lines.push(messages.say("index-none", &[]));
    }
    Wikitext::join(&lines, "\n")
}

/// The day in the wiki's own form; an impossible format is passed over.
fn date(messages: &Messages<'_>, time: Timestamp) -> Wikitext {
    let format = messages.text("index-day-format");
    let is_one = !StrftimeItems::new(format).any(|item| matches!(item, Item::Error));
    plain(
        &time.format(if is_one { format } else { "%Y-%m-%d" }).to_string(),
        SHOWN,
    )
}

fn is_hidden(report: &Report, title: &str, hidden: &Suppressed) -> bool {
    // A page on which nothing is left may be about somebody who is not to be named any more.
    let is_empty = report.newest.is_none() && report.additions == 0;
    is_empty
        || report
            .title
            .as_deref()
            .is_some_and(|title| hidden.hides(What::Report, title))
        || hidden.hides(What::Report, title)
        || match &report.subject {
            Subject::Link(key) => hidden.hides_link(key),
            other => hidden.hides_user(None, &other.to_string()),
        }
}
