//! The two pages beside the days of a log: `…/Open`, the articles whose verified fields differ now (a log is no work
//! list), and the log page itself, which shows the last days. Both are computed from the database alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use shared::core::intent::token;
use shared::core::site::Title;
use shared::core::text::{Wikitext, compare_link, diff_link, literal, page_link, plain, terminal};
use shared::core::types::{PageId, RevId};
use shared::daypage::{parts, taken};
use shared::db::field_change;
use shared::db::memo;
use shared::db::open_field::{self, OpenField};
use shared::db::suppress::What;
use shared::editor::{Computed, Look, Refused, State};
use shared::job::Run;
use shared::wiki::Phase;
use shared::wiki::revisions;

use crate::context::Context;
use crate::credit::UNKNOWN;
use crate::lines::Words;
use crate::settings::Settings;

/// What stands on every list of open fields that the job wrote.
pub const OPEN_MARKER: &str = "<!-- infobox-check open -->";
/// What stands on every front page of a log that the job wrote.
pub const FRONT_MARKER: &str = "<!-- infobox-check front -->";
/// Both are written anew after this time.
const AGAIN: TimeDelta = TimeDelta::hours(24);
/// Days that the front page shows.
const DAYS: i64 = 7;
/// Edits that are left for the status page.
const RESERVE: u64 = 2;
/// Fields of one box that are listed; the rest is counted.
const LISTED: u32 = 2_000;

/// Writes what is due. Says how many pages were saved.
pub async fn save(run: &mut Run<Settings>, context: &Context, has_logged: bool) -> anyhow::Result<u64> {
    if !context.overrides.may_write() || run.editor.halted().is_some() {
        return Ok(0);
    }
    let mut logs: BTreeMap<Title, Vec<usize>> = BTreeMap::new();
    for (place, one) in context.boxes.iter().enumerate() {
        logs.entry(one.log.clone()).or_default().push(place);
    }
    let mut saved = 0;
    for (log, places) in logs {
        if !run.goes_on().await? || run.editor.room().await? <= RESERVE {
            break;
        }
        saved += u64::from(open(run, context, &log, &places).await?);
        saved += u64::from(front(run, context, &log, has_logged).await?);
    }
    Ok(saved)
}

/// When a page was written last, and what it said in short.
async fn last(run: &Run<Settings>, key: &str) -> anyhow::Result<Option<memo::Memo>> {
    Ok(run
        .db
        .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, key).await)
        .await?)
}

fn key(kind: &str, log: &str) -> String {
    format!("{kind}.{}", token("infobox-check", "", log))
}

async fn open(run: &mut Run<Settings>, context: &Context, log: &Title, places: &[usize]) -> anyhow::Result<bool> {
    let shown = run.session.site().prefixed(log);
    let mut count = 0;
    for place in places {
        let name = &context.boxes[*place].def.name;
        count += run
            .db
            .read_if_there(async |db| open_field::count(db, &run.wiki, name).await)
            .await?;
    }
    let key = key("open", &shown);
    let last = last(run, &key).await?;
    let emptied = count == 0 && last.as_ref().is_some_and(|last| last.value != "0");
    let is_due = last.as_ref().is_none_or(|last| context.now - last.updated >= AGAIN);
    // The first list is written when there is something on it.
    if !(emptied || (is_due && (count > 0 || last.is_some()))) {
        return Ok(false);
    }
    let words = Words::new(run, context);
    let mut boxes = Vec::new();
    for place in places {
        let name = context.boxes[*place].def.name.clone();
        let all = run
            .db
            .read_if_there(async |db| open_field::count(db, &run.wiki, &name).await)
            .await?;
        let rows = run
            .db
            .read_if_there(async |db| open_field::of_box(db, &run.wiki, &name, None, LISTED).await)
            .await?;
        let more = all.saturating_sub(rows.len() as u64);
        let rows = without_hidden(run, rows).await?;
        boxes.push((name, rows, more));
    }
    let text = open_text(&words, context, &boxes);
    let title = shared::settings::below(log, "Open");
    let summary = format!("Listed {count} fields that differ from their verified revisions");
    write(
        run,
        context,
        &title,
        OPEN_MARKER,
        text,
        summary,
        &key,
        &count.to_string(),
    )
    .await
}

/// Names that the wiki hides since are not shown.
async fn without_hidden(run: &Run<Settings>, mut rows: Vec<OpenField>) -> anyhow::Result<Vec<OpenField>> {
    let revids: BTreeSet<RevId> = rows
        .iter()
        .filter(|row| row.user.is_some())
        .map(|row| row.revid)
        .collect();
    let revids: Vec<RevId> = revids.into_iter().collect();
    run.session.count_as(Phase::Safety);
    let found = revisions(&run.session, &revids, false).await?;
    let is_hidden = |revid: &RevId| found.get(revid).is_none_or(|revision| revision.user_hidden());
    let hidden: Vec<RevId> = revids.into_iter().filter(is_hidden).collect();
    for row in rows.iter_mut().filter(|row| hidden.contains(&row.revid)) {
        row.user = None;
    }
    if let Some(fence) = run.fence().filter(|_| !hidden.is_empty()) {
        run.db
            .fenced(&fence, "erasing hidden names", async |tx| {
                open_field::erase_users(tx, &hidden).await
            })
            .await?;
    }
    Ok(rows)
}

fn open_text(words: &Words, context: &Context, boxes: &[(String, Vec<OpenField>, u64)]) -> String {
    let messages = words.messages();
    let time = messages.time(context.now);
    let mut text = format!(
        "__NOINDEX__{OPEN_MARKER}\n{}\n",
        messages.say("open-intro", &[("time", &time), ("status", &words.status_link())])
    );
    let is_shown = |row: &&OpenField| {
        !context.suppressed.hides(What::Page, &row.title)
            && !row
                .user
                .as_ref()
                .is_some_and(|user| context.suppressed.hides_user(Some(user.id), &user.name))
    };
    let mut any = false;
    for (name, rows, more) in boxes {
        let rows: Vec<&OpenField> = rows.iter().filter(is_shown).collect();
        if rows.is_empty() {
            continue;
        }
        any = true;
        let pages: BTreeSet<PageId> = rows.iter().map(|row| row.page_id).collect();
        let heading = messages.say(
            "open-box",
            &[
                ("box", &plain(name, 200)),
                ("count", &plain(&rows.len().to_string(), 20)),
                ("pages", &plain(&pages.len().to_string(), 20)),
            ],
        );
        text.push_str(&format!("\n== {heading} ==\n"));
        let mut page = None;
        for row in rows {
            if page != Some(row.page_id) {
                page = Some(row.page_id);
                text.push_str(&format!("* {}\n", words.page_link(&row.title)));
            }
            text.push_str(&format!("** {}\n", open_line(words, name, row)));
        }
        if *more > 0 {
            let count = plain(&more.to_string(), 20);
            text.push_str(&format!("* {}\n", messages.say("more", &[("count", &count)])));
        }
    }
    if !any {
        text.push_str(&format!("\n{}\n", messages.say("open-nothing", &[])));
    }
    text
}

fn open_line(words: &Words, name: &str, row: &OpenField) -> Wikitext {
    let messages = words.messages();
    let mut field = plain(&row.field, 200);
    if row.ordinal > 0 {
        field
            .push(&literal(" ("))
            .push(&plain(&(row.ordinal + 1).to_string(), 20))
            .push(&literal(")"));
    }
    let compare = messages.text("open-compare").to_owned();
    let key = match (words.shows_values(name), row.since == UNKNOWN) {
        (true, false) => "open-line",
        (false, false) => "open-line-no-values",
        (true, true) => "open-line-before",
        (false, true) => "open-line-before-no-values",
    };
    messages.say(
        key,
        &[
            ("field", &field),
            ("value", &words.value(row.value.as_deref())),
            ("verified", &words.value(row.verified_value.as_deref())),
            ("since", &messages.time(row.since)),
            ("diff", &diff_link(row.revid, "diff")),
            ("user", &words.user(row.user.as_ref().map(|user| user.name.as_str()))),
            ("compare", &compare_link(row.verified_revid, row.revid, &compare)),
        ],
    )
}

/// The log page itself: the last days, transcluded.
async fn front(run: &mut Run<Settings>, context: &Context, log: &Title, has_logged: bool) -> anyhow::Result<bool> {
    let site = run.session.site().clone();
    let shown = site.prefixed(log);
    let key = key("front", &shown);
    let today = context.now.format("%Y-%m-%d").to_string();
    let last = last(run, &key).await?;
    // Once a day, and when the day's page goes on on another one. Where nothing was ever logged there is no page.
    let mut days = Vec::new();
    for back in 0..DAYS {
        let day = (context.now - TimeDelta::days(back)).format("%Y-%m-%d").to_string();
        let day = shared::settings::below(log, &day);
        let mut parts = parts::count(run, &site.prefixed(&day)).await?;
        // The last part is noted when the one before is full: it is there when there is a line on it.
        let newest = format!("{}/{parts}", site.prefixed(&day));
        if parts > 1 && !has_lines(run, &newest).await? {
            parts -= 1;
        }
        days.extend(
            (2..=parts)
                .rev()
                .map(|part| shared::settings::below(&day, &part.to_string())),
        );
        days.push(day);
    }
    let value = format!("{today} {}", days.len());
    if last.as_ref().is_some_and(|last| last.value == value) || (last.is_none() && !has_logged) {
        return Ok(false);
    }
    run.session.count_as(Phase::Safety);
    let titles: Vec<String> = days.iter().map(|day| site.prefixed(day)).collect();
    let there = shared::settings::missing_pages(&run.session, &titles).await?;
    let days: Vec<&Title> = days.iter().filter(|day| !there.contains(&site.prefixed(day))).collect();
    if days.is_empty() {
        return Ok(false);
    }
    // A page that is there is written anew with the day's first line, not before.
    let is_today = days.iter().any(|day| site.prefixed(day).contains(&today));
    if last.is_some() && !is_today {
        return Ok(false);
    }
    let words = Words::new(run, context);
    let messages = words.messages();
    let all = all_pages_link(&site, log, messages.text("front-all"));
    let intro = messages.say(
        "front-intro",
        &[
            ("open", &page_link(&site, &shared::settings::below(log, "Open"), None)),
            ("all", &all),
            ("status", &words.status_link()),
        ],
    );
    let mut text = format!("__NOINDEX__{FRONT_MARKER}\n{intro}\n");
    for day in days {
        let name = day.subpage_part(log).unwrap_or_default().to_owned();
        text.push_str(&format!(
            "\n== {} ==\n{{{{:{}}}}}\n",
            page_link(&site, day, Some(&name)),
            shared::core::text::target(&site.prefixed(day))
        ));
    }
    let summary = "Showing the last days of the log".to_owned();
    write(run, context, log, FRONT_MARKER, text, summary, &key, &value).await
}

/// Whether lines stand on a page of the log, by its title with namespace.
async fn has_lines(run: &Run<Settings>, title: &str) -> anyhow::Result<bool> {
    let rows = run
        .db
        .read_if_there(async |db| field_change::of_log_title(db, &run.wiki, title).await)
        .await?;
    Ok(!rows.is_empty())
}

fn all_pages_link(site: &shared::core::site::Site, log: &Title, label: &str) -> Wikitext {
    let prefix = Title {
        ns: -1,
        text: format!("PrefixIndex/{}/", site.prefixed(log)),
    };
    page_link(site, &prefix, Some(label))
}

#[expect(
    clippy::too_many_arguments,
    reason = "a page, what stands on it, and what is remembered of it"
)]
async fn write(
    run: &mut Run<Settings>,
    context: &Context,
    title: &Title,
    marker: &str,
    text: String,
    summary: String,
    key: &str,
    value: &str,
) -> anyhow::Result<bool> {
    let state = State {
        title,
        marker: Some(marker),
        is_status_page: false,
        asked_again: false,
    };
    let computed = Computed { text, summary };
    run.session.count_as(Phase::Safety);
    let saved = match run
        .editor
        .save_state(&state, |_: &Look| Ok(Some(computed.clone())))
        .await
    {
        Ok(saved) => saved.is_some(),
        Err(Refused::Page { code, info }) => {
            let shown = run.session.site().prefixed(title);
            taken::note(run, context.now, &shown, &format!("{info} ({code})")).await?;
            false
        }
        Err(Refused::Halt(halt)) => {
            tracing::warn!("{}", terminal(&halt.to_string()));
            return Ok(false);
        }
        Err(Refused::Unknown(why)) => {
            tracing::warn!("{}", terminal(&why));
            return Ok(false);
        }
        Err(other) => return Err(other.into()),
    };
    let Some(fence) = run.fence() else { return Ok(false) };
    let now = context.now;
    run.db
        .fenced(&fence, "noting when a page was written", async |tx| {
            memo::set(tx, key, value, now).await
        })
        .await?;
    Ok(saved)
}
