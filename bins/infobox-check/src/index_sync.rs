//! Reads the index pages when they change: which revision of which page was verified, and whether the line counts. It
//! counts when the page is protected, or when a manager of the box (or the bot itself, by `verify`) added or last
//! changed it. Every line is checked against the wiki: the revision must exist and belong to the page.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::change::Revision;
use shared::core::infobox::index::{Author, Blame, Index, IndexLine, Saved, read};
use shared::core::lists::user_name;
use shared::core::site::Site;
use shared::core::text::terminal;
use shared::core::types::{PageId, RevId};
use shared::db::index_line::{self, State};
use shared::db::index_page::{self, IndexPage};
use shared::db::page_mark;
use shared::job::{Run, ends_run};
use shared::wiki::{Error, PageRef, Phase, history, revisions};

use crate::context::Context;
use crate::index_resolve::{number, resolve};
use crate::pages_list;
use crate::settings::{BoxSettings, Settings};
use crate::surroundings::IndexNow;

/// Every line is checked against the wiki again after this time: a revision may have been deleted since.
const RECHECK: TimeDelta = TimeDelta::hours(24);
/// Numbers from here on are of lines that no longer stand on the page.
pub const TAKEN_AWAY: u32 = 4_000_000_000;
/// Revisions of an index page that are read at once to learn who wrote which line: each may have 2 MB.
const PIECE: usize = 50;
/// So many times per run; a longer history goes on in the next one.
const PIECES: usize = 40;

/// What is remembered of an index page.
#[derive(Default, Serialize, Deserialize)]
struct Remembered {
    is_protected: bool,
    managers: Vec<String>,
    /// Who wrote which line, as far as that was read; kept while the page is protected.
    #[serde(default)]
    blame: Option<Read>,
    /// The history was not read to its end yet: the stored lines are older.
    #[serde(default)]
    is_behind: bool,
    /// This revision had so few lines that it is not used.
    #[serde(default)]
    shrunk: Option<u64>,
}

/// The authors of the lines up to a revision.
#[derive(Clone, Serialize, Deserialize)]
struct Read {
    revid: u64,
    /// Who saved that revision, if that is shown.
    #[serde(default)]
    author: Option<String>,
    blame: Blame,
}

/// Brings the index lines of every box up to date. Says how many rows were written.
pub async fn sync(run: &mut Run<Settings>, context: &mut Context) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let mut rows = 0;
    for one in &context.boxes {
        let name = &one.def.name;
        let shown: Vec<String> = one
            .index
            .iter()
            .map(|title| run.session.site().prefixed(title))
            .collect();
        let titles: Vec<&str> = shown.iter().map(String::as_str).collect();
        let (now, reason) = (context.now, "the index no longer names this page's line");
        rows += run
            .db
            .fenced(&fence, "forgetting index pages", async |tx| {
                let changed = index_line::keep_only(tx, name, &titles).await?;
                page_mark::make_due(tx, name, &changed.pages, now, reason).await?;
                Ok(changed.rows)
            })
            .await?;
    }
    for place in 0..context.boxes.len() {
        for title in context.boxes[place].index.clone() {
            let Some(now) = context.index.get(&title).cloned() else {
                continue;
            };
            let synced = sync_page(run, context, place, &now).await;
            match synced.with_context(|| format!("reading the index page {}", now.shown)) {
                Ok(Synced::Lines(more)) => rows += more,
                // Nothing that depends on the list is written until it has grown again.
                Ok(Synced::Shrunk) => {
                    context.held.insert(place);
                }
                Err(error) if ends_run(&error) => return Err(error),
                // The lines that were in force stay so.
                Err(error) => run.item_error(&now.shown, &error).await,
            }
        }
    }
    Ok(rows)
}

/// What became of an index page.
enum Synced {
    /// Rows written.
    Lines(u64),
    /// It has so few lines that it is not used.
    Shrunk,
}

async fn sync_page(run: &mut Run<Settings>, context: &Context, place: usize, now: &IndexNow) -> anyhow::Result<Synced> {
    let Some(fence) = run.fence() else {
        return Ok(Synced::Lines(0));
    };
    let one = &context.boxes[place];
    let name = one.def.name.as_str();
    let stored = run
        .db
        .read(async |db| index_page::get(db, &run.wiki, name, &now.shown).await)
        .await?;
    let remembered: Remembered = stored
        .as_ref()
        .and_then(|stored| serde_json::from_slice(stored.blame.as_deref()?).ok())
        .unwrap_or_default();
    let list = format!("index {}", now.shown);
    let is_protected = is_protected(run, context, place, now);
    let is_due = stored
        .as_ref()
        .is_none_or(|stored| context.now - stored.checked_at > RECHECK);
    let is_same = remembered.is_protected == is_protected && remembered.managers == one.managers;
    let is_read = stored.as_ref().is_some_and(|stored| stored.revid == now.revid) && !remembered.is_behind;
    if is_same && is_read && !is_due {
        return Ok(Synced::Lines(0));
    }
    if is_same && remembered.shrunk == Some(now.revid.0) && !run.args.accept_shrink.contains(&list) {
        return Ok(Synced::Shrunk);
    }
    run.session.count_as(Phase::Learner);
    let before_revid = stored.as_ref().map_or(RevId(0), |stored| stored.revid);
    let mut remembered = Remembered {
        is_protected,
        managers: one.managers.clone(),
        blame: remembered.blame,
        is_behind: false,
        shrunk: None,
    };
    let trusted = trusted(run, one);
    let mut is_by_stranger = false;
    let text = if is_protected {
        newest(run, now).await?.text
    } else {
        let caught_up = catch_up(run, one, now, remembered.blame.take()).await?;
        let author = caught_up.read.author.as_ref();
        is_by_stranger = !author.is_some_and(|author| trusted.contains(author));
        remembered.blame = Some(caught_up.read);
        if !caught_up.is_whole {
            remembered.is_behind = true;
            put(run, context, name, now, before_revid, &remembered).await?;
            tracing::info!("{}: its history is long: the next run reads on", terminal(&now.shown));
            return Ok(Synced::Lines(0));
        }
        match caught_up.text {
            Some(text) => Some(text),
            None => newest(run, now).await?.text,
        }
    };
    // A hidden text is no reason to forget the lines: the next run tries again.
    let text = text.context("its newest text is hidden")?;
    let site = run.session.site().clone();
    let blame = remembered
        .blame
        .as_ref()
        .map(|read| &read.blame)
        .filter(|_| !is_protected);
    let author = |line: &IndexLine| blame?.author(&line.source).cloned();
    let counts = |line: &IndexLine| is_protected || author(line).is_some_and(|author| trusted.contains(&author.user));
    let all = read(&text, &site);
    let authors: HashMap<u32, Author> = all
        .lines
        .iter()
        .filter_map(|line| Some((number(line), author(line)?)))
        .collect();
    let (index, proposed) = all.part(&site, counts);
    let before = run
        .db
        .read(async |db| index_line::of_index(db, &run.wiki, name, &now.shown).await)
        .await?;
    let in_force = before.iter().filter(|line| line.state == State::InForce).count() as u64;
    if pages_list::has_shrunk(run, context, &list, in_force, index.lines.len()).await? {
        remembered.shrunk = Some(now.revid.0);
        put(run, context, name, now, before_revid, &remembered).await?;
        return Ok(Synced::Shrunk);
    }
    let taken = if is_by_stranger {
        taken_away(&before, &index, &site)
    } else {
        Vec::new()
    };
    // Lines that were only kept as taken away, and now are not: a manager has spoken.
    let is_kept = |line: &&index_line::IndexLine| taken.iter().any(|kept| kept.title == line.title);
    let released = before
        .iter()
        .filter(|line| line.line_no >= TAKEN_AWAY && !is_kept(line));
    let released: Vec<PageId> = released.filter_map(|line| line.page_id).collect();
    let known = if is_due { Vec::new() } else { before };
    let mut lines = resolve(run, &index, &proposed, &known).await?;
    for line in &mut lines {
        if let Some(author) = authors.get(&line.line_no) {
            line.author = Some(author.user.clone());
            line.author_id = author.user_id;
        }
    }
    lines.extend(taken);
    let page = IndexPage {
        revid: now.revid,
        checked_at: context.now,
        blame: Some(serde_json::to_vec(&remembered)?),
    };
    let (is_first, at) = (before_revid == RevId(0), context.now);
    let rows = run
        .db
        .fenced(&fence, "storing an index page", async |tx| {
            let changed = index_line::replace_all(tx, name, &now.shown, &lines).await?;
            index_page::put(tx, name, &now.shown, &page).await?;
            // What the index said before the bot looked at it first is mended by `repair` only.
            if !is_first {
                let pages: Vec<PageId> = changed.pages.iter().chain(&released).copied().collect();
                page_mark::make_due(tx, name, &pages, at, "its index line changed").await?;
            }
            Ok(changed.rows)
        })
        .await?;
    let count = |state: State| lines.iter().filter(|line| line.state == state).count();
    tracing::info!(
        index = %now.shown, revid = now.revid.0,
        "{}: {} lines of {name} in force, {} proposed, {} with problems",
        terminal(&now.shown), count(State::InForce), count(State::Proposed), count(State::Problem)
    );
    Ok(Synced::Lines(rows))
}

/// Lines that were in force and that nobody whose word counts took away: told, until a manager saves the page, and no
/// reason to take marks away.
fn taken_away(before: &[index_line::IndexLine], index: &Index, site: &Site) -> Vec<index_line::IndexLine> {
    let is_there = |title: &str| index.lines.iter().any(|line| site.prefixed(&line.title) == title);
    let was_taken = |line: &&index_line::IndexLine| line.line_no >= TAKEN_AWAY || line.state == State::InForce;
    let gone = before.iter().filter(was_taken).filter(|line| !is_there(&line.title));
    (TAKEN_AWAY..)
        .zip(gone)
        .map(|(line_no, line)| {
            let revision = line.revid.map_or_else(String::new, |revid| revid.to_string());
            index_line::IndexLine {
                line_no,
                state: State::Problem,
                problem: Some(format!(
                    "the line of {} (revision {revision}) was changed or taken away by somebody whose lines do not count; its marks stay as they are",
                    line.title
                )),
                ..line.clone()
            }
        })
        .collect()
}

/// Stores how far a page was read while its lines stay as they are.
async fn put(
    run: &Run<Settings>,
    context: &Context,
    name: &str,
    now: &IndexNow,
    revid: RevId,
    remembered: &Remembered,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let page = IndexPage {
        revid,
        checked_at: context.now,
        blame: Some(serde_json::to_vec(remembered)?),
    };
    run.db
        .fenced(&fence, "storing how far an index page was read", async |tx| {
            index_page::put(tx, name, &now.shown, &page).await
        })
        .await?;
    Ok(())
}

/// Whether every line of an index page counts: by the level of the box, else of the settings, else by one of those
/// that the operator accepts for settings pages.
fn is_protected(run: &Run<Settings>, context: &Context, place: usize, now: &IndexNow) -> bool {
    let wanted =
        context.boxes[place]
            .index_protection
            .as_ref()
            .or(run.accepted.parsed.settings.index_protection.as_ref());
    let accepted = |level: &String| match wanted {
        Some(wanted) => level == wanted || level == "sysop",
        None => run.editor.switch.levels.contains(level),
    };
    now.levels
        .iter()
        .any(|(level, ends)| accepted(level) && ends.is_none_or(|ends| ends > context.now))
}

/// Whose lines count on a page that is not protected: the managers', and the bot's own, which `verify` wrote.
fn trusted(run: &Run<Settings>, one: &BoxSettings) -> Vec<String> {
    let names = one.managers.iter().map(String::as_str).chain([run.session.account()]);
    names
        .filter_map(|name| user_name(run.session.site(), name).ok())
        .collect()
}

async fn newest(run: &Run<Settings>, now: &IndexNow) -> anyhow::Result<Revision> {
    let found = revisions(&run.session, &[now.revid], true).await?;
    found.into_values().next().context("its newest revision cannot be read")
}

/// How far the history of an index page was read.
struct CaughtUp {
    read: Read,
    /// The newest text, if a revision was read.
    text: Option<String>,
    is_whole: bool,
}

/// Reads on in the history, so that it is known who wrote which line.
async fn catch_up(
    run: &Run<Settings>,
    one: &BoxSettings,
    now: &IndexNow,
    since: Option<Read>,
) -> anyhow::Result<CaughtUp> {
    let site = run.session.site();
    let trusted = trusted(run, one);
    let anew = || Blame::new(site, trusted.iter().map(String::as_str));
    let (mut from, mut author, mut blame) = match since {
        Some(mut read) => {
            read.blame.approve(site, trusted.iter().map(String::as_str));
            (Some(RevId(read.revid)), read.author, read.blame)
        }
        None => (None, None, anew()),
    };
    let mut text = None;
    let mut is_whole = false;
    for _ in 0..PIECES {
        let piece = match history(&run.session, PageRef::Id(now.page_id), from, PIECE).await {
            Ok(piece) => piece,
            // The revision up to which it was read is gone for good.
            Err(Error::Api { .. }) if from.is_some() => {
                (from, blame) = (None, anew());
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        is_whole = piece.len() < PIECE;
        for revision in piece {
            blame.add(site, &saved(&revision));
            from = Some(revision.revid);
            (text, author) = (Some(revision.text), revision.user);
        }
        if is_whole {
            break;
        }
    }
    let text = match text {
        Some(text) => Some(text.context("its newest text is hidden")?),
        None => None,
    };
    let revid = from.map_or(0, |revid| revid.0);
    Ok(CaughtUp {
        read: Read { revid, author, blame },
        text,
        is_whole,
    })
}

fn saved(revision: &Revision) -> Saved<'_> {
    Saved {
        revision: revision.revid,
        user: revision.user.as_deref().filter(|user| !user.contains('>')),
        user_id: Some(revision.user_id).filter(|id| id.0 != 0),
        sha1: revision.sha1.as_deref().unwrap_or(""),
        text: revision.text.as_deref(),
        is_first_known: false,
    }
}
