//! linkreport-gen's lines of the status page: how many reports there are, what was written, and what waits: requests for
//! their turn, pages for a person.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use shared::core::report::Status;
use shared::core::site::Site;
use shared::core::text::{Wikitext, page_link, plain, user};
use shared::core::types::Timestamp;
use shared::daypage::taken;
use shared::db::report::{self, Report};
use shared::db::report_ask::{self, Waiting};
use shared::db::report_page::{self, State};
use shared::db::{Db, memo};
use shared::messages::Messages;

use crate::naming::Naming;
use crate::{NAME, reduced};

/// Longest text shown, in characters.
const SHOWN: usize = 300;
/// What happened longer ago is not told any more.
const NEWS: TimeDelta = TimeDelta::days(7);
/// Name of the memo that says which wiki is the home of the reports, where it is another one.
pub const HOME: &str = "home";
/// Lines of one kind.
const MANY: u32 = 50;
/// Requests that are looked at for those that are not to be counted.
const LOOKED_AT: u32 = 1_000;

/// For *Done*.
pub async fn done(db: &Db, wiki: &str, messages: &Messages<'_>, now: Timestamp) -> anyhow::Result<Vec<Wikitext>> {
    let mut lines = Vec::new();
    let home = &home(db, wiki).await?;
    // Of a wiki with copies: what was written is told at home.
    let spans: &[(&str, i64)] = if home == wiki {
        &[("span-day", 24), ("span-week", 7 * 24)]
    } else {
        &[]
    };
    for &(key, hours) in spans {
        let since = now - TimeDelta::hours(hours);
        let saved = db.read(async |db| report::saved_since(db, wiki, since).await).await?;
        let count = |is: fn(&Report) -> Option<Timestamp>| {
            let those = saved.iter().filter(|report| is(report).is_some_and(|at| at >= since));
            number(those.count() as u64)
        };
        lines.push(messages.say(
            "done-reports",
            &[
                ("span", &plain(messages.text(key), SHOWN)),
                ("written", &number(saved.len() as u64)),
                ("made", &count(|report| Some(report.opened_at))),
                ("reopened", &count(|report| report.reopened_at)),
                ("stale", &count(|report| report.stale_at)),
            ],
        ));
    }
    let counts = db.read(async |db| report::counts(db, home).await).await?;
    let of = |status: Status| {
        let known = counts.iter().find(|(known, _)| *known == Some(status));
        number(known.map_or(0, |(_, n)| *n))
    };
    lines.push(messages.say(
        "done-counts",
        &[
            ("open", &of(Status::Open)),
            ("closed", &of(Status::Closed)),
            ("ignore", &of(Status::Ignore)),
            ("stale", &of(Status::Stale)),
            ("added", &of(Status::Added)),
        ],
    ));
    Ok(lines)
}

/// For *Waiting for a person*: requests that wait for their turn stand there too.
pub async fn waiting(
    db: &Db,
    wiki: &str,
    site: &Site,
    messages: &Messages<'_>,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let mut lines = Vec::new();
    let home = &home(db, wiki).await?;
    let naming = Naming::read(db, home).await?;
    let reduced = db.read(async |db| reduced::all(db, home, wiki).await).await?;
    let queue = db
        .read(async |db| report_ask::all_waiting(db, home, LOOKED_AT).await)
        .await?;
    let all = queue.first.len();
    let told: Vec<&Waiting> = queue.first.iter().filter(|one| !naming.hides(&one.subject)).collect();
    let subjects = queue.subjects.saturating_sub((all - told.len()) as u64);
    if subjects > 0 {
        let key = if subjects == 1 { "wait-one" } else { "wait-many" };
        lines.push(messages.say(key, &[("count", &number(subjects))]));
        let named = told
            .iter()
            .filter(|one| reduced::page_of(&reduced, &one.subject).is_none());
        let shown: Vec<&Waiting> = named.copied().take(MANY as usize).collect();
        lines.extend(shown.iter().map(|one| request(messages, one, &naming)));
        let more = subjects.saturating_sub(shown.len() as u64);
        if more > 0 {
            lines.push(messages.say("wait-more", &[("count", &number(more))]));
        }
    }
    let states = [(State::Held, "held-line"), (State::Gone, "gone-line")];
    for (state, key) in states {
        let pages = db
            .read(async |db| report_page::of_target(db, home, wiki, &[state], MANY).await)
            .await?;
        for (title, why) in pages
            .iter()
            .filter_map(|one| Some((one.title.as_deref()?, one.why.as_deref()?)))
            .filter(|(title, _)| naming.may_tell(title))
        {
            let told = messages.text(why);
            let why = plain(
                if told.is_empty() {
                    naming.text(why)
                } else {
                    told.to_owned()
                }
                .as_str(),
                SHOWN,
            );
            lines.push(messages.say(key, &[("page", &page(site, title)), ("why", &why)]));
        }
        if state == State::Held && !pages.is_empty() {
            lines.push(messages.say("held-help", &[]));
        }
    }
    let told = reduced.iter().filter(|one| !naming.hides(&one.report.subject));
    for one in told.take(MANY as usize) {
        let page = reduced::link(site, &one.page, messages.text("reduced-page"));
        let why = plain(&naming.text(one.page.why.as_deref().unwrap_or_default()), SHOWN);
        lines.push(messages.say("reduced-line", &[("page", &page), ("why", &why)]));
    }
    lines.extend(not_saved(db, wiki, site, messages, &naming, now).await?);
    Ok(lines)
}

/// Key of the wiki on which people decide about the reports, as the last run noted it.
async fn home(db: &Db, wiki: &str) -> anyhow::Result<String> {
    let noted = db.read(async |db| memo::get(db, NAME, wiki, HOME).await).await?;
    Ok(noted.map_or_else(|| wiki.to_owned(), |noted| noted.value))
}

/// Pages that refused an edit lately, and were not saved since.
async fn not_saved(
    db: &Db,
    wiki: &str,
    site: &Site,
    messages: &Messages<'_>,
    naming: &Naming,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let left = db
        .read(async |db| memo::starting_with(db, NAME, wiki, taken::PREFIX).await)
        .await?;
    let left = left.into_iter().filter(|(_, memo)| now - memo.updated < NEWS);
    let left = left.take(MANY as usize).filter_map(|(_, memo)| {
        let (title, why) = serde_json::from_str::<(String, String)>(&memo.value).ok()?;
        naming.may_tell(&title).then_some((title, why, memo.updated))
    });
    let left: Vec<(String, String, Timestamp)> = left.collect();
    let titles: Vec<String> = left.iter().map(|(title, ..)| title.clone()).collect();
    let pages = db.read(async |db| report_page::titled(db, wiki, &titles).await).await?;
    let is_saved = |title: &str, since: Timestamp| {
        let mut known = pages.iter().filter(|page| page.title.as_deref() == Some(title));
        known.any(|page| page.saved_at.is_some_and(|at| at > since))
    };
    let left = left.iter().filter(|(title, _, at)| !is_saved(title, *at));
    Ok(left
        .map(|(title, why, _)| {
            let values = [("page", &page(site, title)), ("why", &plain(&naming.text(why), SHOWN))];
            messages.say("not-saved-line", &values)
        })
        .collect())
}

fn request(messages: &Messages<'_>, one: &Waiting, naming: &Naming) -> Wikitext {
    let reasons: BTreeSet<&str> = one.asks.iter().map(|ask| ask.reason.word()).collect();
    let reasons: Vec<&str> = reasons
        .into_iter()
        .map(|word| messages.text(&format!("reason-{word}")))
        .collect();
    let who: BTreeSet<Option<&str>> = one
        .asks
        .iter()
        .map(|ask| ask.requester_name.as_deref())
        .filter(|name| !name.is_some_and(|name| naming.hides_user(name)))
        .collect();
    let who: Vec<Wikitext> = who
        .into_iter()
        .map(|name| name.map_or_else(|| plain(messages.text("wait-by-rule"), SHOWN), user))
        .collect();
    let tries = one.asks.iter().map(|ask| ask.tries).max().unwrap_or(0);
    let next = one.asks.iter().map(|ask| ask.next_try).min();
    let since = one.asks.iter().map(|ask| ask.asked_at).min();
    let time = |time: Option<Timestamp>| time.map_or_else(Wikitext::new, |time| messages.time(time));
    let values = [
        ("subject", &user(&one.subject.to_string())),
        ("reasons", &plain(&reasons.join(", "), SHOWN)),
        ("who", &Wikitext::join(&who, ", ")),
        ("time", &time(since)),
        ("tries", &number(u64::from(tries))),
        ("next", &time(next)),
    ];
    messages.say(if tries == 0 { "wait-line" } else { "wait-line-again" }, &values)
}

fn page(site: &Site, title: &str) -> Wikitext {
    match site.title(title) {
        Ok(title) => page_link(site, &title, None),
        Err(_) => plain(title, SHOWN),
    }
}

fn number(n: u64) -> Wikitext {
    plain(&n.to_string(), SHOWN)
}
