//! What makes infobox-check a job: its name, scope, checks against the wiki, and status lines.

use std::sync::Mutex;

use chrono::TimeDelta;
use shared::args::CommonArgs;
use shared::core::site::Site;
use shared::core::text::{Wikitext, plain, user};
use shared::core::types::{Problem, Timestamp};
use shared::daypage::taken;
use shared::db::field_change::{self, State as Change};
use shared::db::index_line::{self, IndexRow};
use shared::db::suppress::{self, What};
use shared::db::{Db, box_page, memo, open_field, page_mark};
use shared::editor::Scope;
use shared::feeds::status;
use shared::job::{End, Job, Lines, Report, Run};
use shared::manual;
use shared::messages::Messages;
use shared::wiki::{Error, Session};

use crate::index_sync::TAKEN_AWAY;
use crate::overrides::Overrides;
use crate::pages_list;
use crate::run::{FIRST_RUN, GAP};
use crate::settings::Settings;
use crate::surroundings::{self, Surroundings};

/// Longest text shown on the status page, in characters.
const SHOWN: usize = 300;
/// Edits that a draft is tried on at most: anybody may save a draft.
const DRAFT_EDITS: usize = 2_000;
/// What happened longer ago is not told any more.
const NEWS: TimeDelta = TimeDelta::days(7);
/// Lines of one kind on the status page.
const MANY: u32 = 50;

/// The job, with what [`Job::check`] saw of the wiki.
#[derive(Default)]
pub struct InfoboxCheck {
    surroundings: Mutex<Surroundings>,
}

impl InfoboxCheck {
    /// What the check saw, for the work that follows it.
    pub fn surroundings(&self) -> Surroundings {
        self.surroundings.lock().map(|seen| seen.clone()).unwrap_or_default()
    }
}

/// Where the settings let the job write: its logs, and articles where a box may be edited.
pub fn scope(settings: &Settings, account: &str) -> Scope {
    let mut scope = Scope::own_pages(account);
    for one in &settings.boxes {
        // Elsewhere than below the bot's own pages only where the project agreed; the settings are checked for that too.
        if one.approval.is_some() {
            scope = scope.and_page(one.log.clone()).and_below(one.log.clone());
        }
    }
    if settings.edit && settings.boxes.iter().any(|one| one.edit) {
        scope = scope.and_articles(&settings.namespaces);
    }
    match &settings.commands {
        Some(commands) => commands.widen(scope),
        None => scope,
    }
}

impl Job for InfoboxCheck {
    type Settings = Settings;
    const NAME: &'static str = "infobox-check";
    const PHASES: [&'static str; 4] = ["fixed", "reads", "lists", "safety"];

    fn scope(settings: &Settings, account: &str) -> Scope {
        scope(settings, account)
    }

    async fn warnings(&self, _session: &Session, _settings: &Settings) -> Result<Vec<Problem>, Error> {
        Ok(Vec::new())
    }

    async fn check(&self, session: &Session, settings: &Settings) -> Result<Vec<Problem>, Error> {
        let (seen, mut problems) = surroundings::look(session, settings).await?;
        if let Some(commands) = &settings.commands {
            problems.extend(commands.check(session.account(), Self::NAME, session.site()));
        }
        // Settings that are rejected say nothing about the boxes that are watched.
        let is_rejected = problems.iter().any(Problem::is_error);
        if let Ok(mut place) = self.surroundings.lock()
            && !is_rejected
        {
            *place = seen;
        }
        Ok(problems)
    }

    async fn try_draft(&self, run: &mut Run<Settings>, messages: &Messages<'_>) -> anyhow::Result<Option<String>> {
        let since = run.clock.now() - TimeDelta::hours(24);
        let found = crate::backtest::test(run, since, DRAFT_EDITS).await?;
        let number = |n: usize| plain(&n.to_string(), 20);
        let told = messages.say(
            "backtest",
            &[
                ("from", &messages.time(since)),
                ("to", &messages.time(found.until)),
                ("lines", &number(found.logged())),
                ("pages", &number(found.pages())),
                ("marks", &number(found.marked().len())),
            ],
        );
        Ok(Some(manual::without_markup(told.as_str())))
    }

    async fn work(&self, run: &mut Run<Settings>) -> anyhow::Result<Report> {
        let surroundings = self.surroundings();
        crate::run::work(run, surroundings).await
    }

    async fn lines(
        &self,
        db: &Db,
        wiki: &str,
        site: &Site,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Lines> {
        let mut lines = Lines {
            done: done(db, wiki, messages, now, &self.surroundings()).await?,
            waiting: waiting(db, wiki, site, messages, now).await?,
        };
        lines
            .done
            .extend(status::done(db, Self::NAME, wiki, messages, now).await?);
        lines
            .waiting
            .extend(status::waiting(db, Self::NAME, wiki, messages, now).await?);
        Ok(lines)
    }

    fn log(&self, _args: &CommonArgs, _end: &End<'_>) {}
}

async fn done(
    db: &Db,
    wiki: &str,
    messages: &Messages<'_>,
    now: Timestamp,
    seen: &Surroundings,
) -> anyhow::Result<Vec<Wikitext>> {
    let mut lines = Vec::new();
    let number = |n: u64| plain(&n.to_string(), 20);
    for (key, hours) in [("span-day", 24), ("span-week", 7 * 24)] {
        let counts = db
            .read(async |db| field_change::counts_since(db, wiki, now - TimeDelta::hours(hours)).await)
            .await?;
        let sum = |wanted: Option<Change>| {
            let of = counts
                .iter()
                .filter(|count| wanted.is_none_or(|state| count.state == state));
            number(of.map(|count| count.n).sum())
        };
        lines.push(messages.say(
            "done-changes",
            &[
                ("span", &plain(messages.text(key), SHOWN)),
                ("changes", &sum(None)),
                ("away", &sum(Some(Change::CorrectChanged))),
                ("back", &sum(Some(Change::ChangedCorrect))),
            ],
        ));
    }
    let first = db
        .read(async |db| memo::get(db, InfoboxCheck::NAME, wiki, FIRST_RUN).await)
        .await?;
    if let Some(first) = first.filter(|first| now - first.updated < TimeDelta::days(7)) {
        lines.push(messages.say("first-run", &[("time", &messages.time(first.updated))]));
    }
    if seen.boxes.is_empty() {
        // Off or rejected: the boxes were not looked at, and nothing is not their number.
        return Ok(lines);
    }
    let (mut pages, mut open) = (0, 0);
    for one in &seen.boxes {
        let name = &one.def.name;
        pages += db.read(async |db| box_page::count(db, wiki, name).await).await?;
        open += db.read(async |db| open_field::count(db, wiki, name).await).await?;
    }
    let due = db
        .read(async |db| page_mark::due(db, wiki, now + TimeDelta::days(365), 10_000).await)
        .await?;
    lines.push(messages.say(
        "done-marks",
        &[
            ("pages", &number(pages)),
            ("open", &number(open)),
            ("due", &number(due.len() as u64)),
        ],
    ));
    Ok(lines)
}

async fn waiting(
    db: &Db,
    wiki: &str,
    site: &Site,
    messages: &Messages<'_>,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let mut lines = Vec::new();
    let is_news = |memo: &memo::Memo| now - memo.updated < NEWS;
    for said in Overrides::load(db, wiki).await?.said() {
        let why = said.reason.as_deref().unwrap_or(said.means);
        lines.push(messages.say(
            "override",
            &[
                ("what", &plain(&format!("{} ({why})", said.what), SHOWN)),
                ("user", &user(&said.by)),
                ("time", &messages.time(said.since)),
            ],
        ));
    }
    let job = InfoboxCheck::NAME;
    for (_, memo) in db
        .read(async |db| memo::starting_with(db, job, wiki, pages_list::SHRUNK).await)
        .await?
    {
        if !memo.value.is_empty() {
            lines.push(messages.say("shrunk", &[("list", &plain(&memo.value, SHOWN))]));
        }
    }
    for (_, memo) in db
        .read(async |db| memo::starting_with(db, job, wiki, taken::PREFIX).await)
        .await?
    {
        if let Ok((title, why)) = serde_json::from_str::<(String, String)>(&memo.value)
            && is_news(&memo)
        {
            let page = page(site, &title);
            lines.push(messages.say("taken-away", &[("page", &page), ("why", &plain(&why, SHOWN))]));
        }
    }
    let last = db.read(async |db| memo::get(db, job, wiki, GAP).await).await?;
    if let Some(memo) = last.filter(is_news) {
        lines.extend(gap(messages, &memo.value));
    }
    let suppressed = db.read(async |db| suppress::all(db, wiki).await).await?;
    let names = |row: &IndexRow| {
        let author = row.line.author.as_deref();
        suppressed.hides(What::Page, &row.line.title)
            || author.is_some_and(|name| suppressed.hides_user(row.line.author_id, name))
    };
    for row in db.read(async |db| index_line::proposed(db, wiki, MANY).await).await? {
        if !names(&row) {
            lines.push(proposed(site, messages, &row));
        }
    }
    for row in db.read(async |db| index_line::problems(db, wiki, MANY).await).await? {
        let stands = row.line.line_no < TAKEN_AWAY;
        lines.push(messages.say(
            if stands { "problem-line" } else { "taken-line" },
            &[
                ("index", &page(site, &row.index_title)),
                ("line", &plain(&row.line.line_no.to_string(), 20)),
                ("why", &plain(row.line.problem.as_deref().unwrap_or(""), SHOWN)),
            ],
        ));
    }
    let stale = db.read(async |db| page_mark::stale(db, wiki, MANY).await).await?;
    let more = db.read(async |db| page_mark::count_stale(db, wiki).await).await?;
    let more = more.saturating_sub(stale.len() as u64);
    for mark in stale.iter().filter(|mark| !suppressed.hides(What::Page, &mark.title)) {
        let of = [
            ("page", &page(site, &mark.title)),
            ("box", &plain(&mark.box_name, SHOWN)),
        ];
        lines.push(match &mark.reason {
            Some(why) => messages.say("refused-line", &[of[0], of[1], ("why", &plain(why, SHOWN))]),
            None => {
                let due = plain(mark.stale.as_deref().unwrap_or(""), SHOWN);
                messages.say("stale-line", &[of[0], of[1], ("due", &due)])
            }
        });
    }
    if more > 0 {
        lines.push(messages.say("stale-more", &[("count", &plain(&more.to_string(), 20))]));
    }
    Ok(lines)
}

fn gap(messages: &Messages<'_>, value: &str) -> Option<Wikitext> {
    let (from, to, filled): (Timestamp, Timestamp, bool) = serde_json::from_str(value).ok()?;
    let filled = messages.say(if filled { "gap-filled" } else { "gap-open" }, &[]);
    Some(messages.say(
        "gap",
        &[
            ("from", &messages.time(from)),
            ("to", &messages.time(to)),
            ("filled", &filled),
        ],
    ))
}

fn proposed(site: &Site, messages: &Messages<'_>, row: &IndexRow) -> Wikitext {
    let author = match &row.line.author {
        Some(name) => user(name),
        None => messages.say("hidden-user", &[]),
    };
    let revision = row.line.revid.map_or_else(String::new, |revid| revid.to_string());
    messages.say(
        "proposed-line",
        &[
            ("index", &page(site, &row.index_title)),
            ("page", &page(site, &row.line.title)),
            ("revision", &plain(&revision, 20)),
            ("user", &author),
            ("box", &plain(&row.box_name, SHOWN)),
        ],
    )
}

/// A page by its title with namespace, as a link.
fn page(site: &Site, title: &str) -> Wikitext {
    match site.title(title) {
        Ok(title) => shared::core::text::page_link(site, &title, None),
        Err(_) => plain(title, SHOWN),
    }
}
