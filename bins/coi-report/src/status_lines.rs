//! coi-report's lines of the status page: what was read and found, how often a rule was wrong, and what waits for a person:
//! struck pairs that may be whitelisted (never added by the job itself), pages that are left alone, patterns that cannot be
//! run here, changes that no wiki offered any more.

use chrono::TimeDelta;
use shared::core::hit::Subject;
use shared::core::link::{Key, PathHosts};
use shared::core::lists::List;
use shared::core::site::Site;
use shared::core::text::{Wikitext, code, page_link, plain, user};
use shared::core::types::Timestamp;
use shared::daypage::taken;
use shared::db::hit::{self, RuleCounts};
use shared::db::hit_line::{self, Row};
use shared::db::suppress::{self, What};
use shared::db::{Db, list, memo};
use shared::messages::Messages;

use crate::NAME;
use crate::housekeeping::NOT_CHECKED;
use crate::watch::FIRST_RUN;

/// Begins the names under which gaps of the sources are remembered.
const GAP: &str = "gap.";
/// Longest text shown, in characters.
const SHOWN: usize = 300;
/// What happened longer ago is not told any more.
const NEWS: TimeDelta = TimeDelta::days(7);
/// So long after it was struck a pair is proposed, and rules are judged by so much.
const MONTH: TimeDelta = TimeDelta::days(30);
/// Lines of one kind.
const MANY: usize = 50;
/// Wikis whose counts are added up.
const WIKIS: u32 = 2_000;

/// For *Done*.
pub async fn done(db: &Db, wiki: &str, messages: &Messages<'_>, now: Timestamp) -> anyhow::Result<Vec<Wikitext>> {
    let mut lines = Vec::new();
    let day = (now - TimeDelta::hours(24)).date_naive();
    let read = db.read(async |db| hit::edits_read(db, wiki, day, WIKIS).await).await?;
    if !read.is_empty() {
        let sum = |of: fn(&hit::ReadOfWiki) -> u64| number(read.iter().map(of).sum());
        lines.push(messages.say(
            "done-read",
            &[
                ("day", &plain(&day.to_string(), SHOWN)),
                ("edits", &sum(|of| of.edits)),
                ("wikis", &number(read.len() as u64)),
                ("links", &sum(|of| of.additions)),
            ],
        ));
    }
    for (key, hours) in [("span-day", 24), ("span-week", 7 * 24)] {
        let counts = counts(db, wiki, now - TimeDelta::hours(hours)).await?;
        lines.extend(found(messages, &plain(messages.text(key), SHOWN), &counts));
    }
    let month = counts(db, wiki, now - MONTH).await?;
    lines.extend(month.iter().filter_map(|of| precision(messages, of)));
    let first = db.read(async |db| memo::get(db, NAME, wiki, FIRST_RUN).await).await?;
    if let Some(first) = first.filter(|first| now - first.updated < NEWS) {
        lines.push(messages.say("first-run", &[("time", &messages.time(first.updated))]));
    }
    Ok(lines)
}

async fn counts(db: &Db, wiki: &str, since: Timestamp) -> anyhow::Result<Vec<RuleCounts>> {
    Ok(db.read(async |db| hit::counts(db, wiki, since).await).await?)
}

fn found(messages: &Messages<'_>, span: &Wikitext, counts: &[RuleCounts]) -> Vec<Wikitext> {
    let sum = |of: fn(&RuleCounts) -> u64| number(counts.iter().map(of).sum());
    let mut lines = vec![messages.say(
        "done-hits",
        &[
            ("span", span),
            ("hits", &sum(|of| of.hits)),
            ("lines", &sum(|of| of.lines)),
            ("silent", &sum(|of| of.silent)),
        ],
    )];
    let mut reasons = std::collections::BTreeMap::new();
    for (why, count) in counts.iter().flat_map(|of| &of.skipped) {
        *reasons.entry(why.as_str()).or_insert(0) += count;
    }
    if !reasons.is_empty() {
        let reasons: Vec<String> = reasons.iter().map(|(why, count)| format!("{why} {count}")).collect();
        let reasons = plain(&reasons.join(", "), SHOWN);
        lines.push(messages.say("done-skipped", &[("span", span), ("reasons", &reasons)]));
    }
    lines
}

fn precision(messages: &Messages<'_>, of: &RuleCounts) -> Option<Wikitext> {
    let percent = of.precision()?;
    Some(messages.say(
        "done-precision",
        &[
            ("rule", &plain(of.rule.word(), SHOWN)),
            ("hits", &number(of.hits)),
            ("users", &number(of.users)),
            ("lines", &number(of.lines)),
            ("struck", &number(of.struck)),
            ("percent", &number(percent.round() as u64)),
        ],
    ))
}

/// For *Waiting for a person*.
pub async fn waiting(
    db: &Db,
    wiki: &str,
    site: &Site,
    messages: &Messages<'_>,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let mut lines = proposals(db, wiki, site, messages, now).await?;
    for (_, left) in memos(db, wiki, taken::PREFIX, now).await? {
        if let Ok((title, why)) = serde_json::from_str::<(String, String)>(&left) {
            let page = page(site, &title);
            lines.push(messages.say("taken-away", &[("page", &page), ("why", &plain(&why, SHOWN))]));
        }
    }
    let not_checked = db
        .read(async |db| memo::starting_with(db, NAME, wiki, NOT_CHECKED).await)
        .await?;
    lines.extend(unchecked(
        messages,
        not_checked.iter().map(|(_, memo)| memo.value.as_str()),
    ));
    for (_, told) in memos(db, wiki, GAP, now).await? {
        if let Ok((from, to, is_filled)) = serde_json::from_str::<(Timestamp, Timestamp, bool)>(&told) {
            let filled = messages.say(if is_filled { "gap-filled" } else { "gap-open" }, &[]);
            let (from, to) = (messages.time(from), messages.time(to));
            lines.push(messages.say("gap", &[("from", &from), ("to", &to), ("filled", &filled)]));
        }
    }
    Ok(lines)
}

/// What was noted lately under names that begin so.
async fn memos(db: &Db, wiki: &str, prefix: &str, now: Timestamp) -> anyhow::Result<Vec<(String, String)>> {
    let all = db
        .read(async |db| memo::starting_with(db, NAME, wiki, prefix).await)
        .await?;
    let news = all.into_iter().filter(|(_, memo)| now - memo.updated < NEWS);
    Ok(news.map(|(name, memo)| (name, memo.value)).take(MANY).collect())
}

/// Pairs that people struck, until they are whitelisted or the month is over.
async fn proposals(
    db: &Db,
    wiki: &str,
    site: &Site,
    messages: &Messages<'_>,
    now: Timestamp,
) -> anyhow::Result<Vec<Wikitext>> {
    let struck = db
        .read(async |db| hit_line::proposals(db, wiki, now - MONTH, 500).await)
        .await?;
    let mut lines = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let own = db.read(async |db| suppress::all(db, wiki).await).await?;
    for row in struck {
        let (Some(author), Some(string)) = (&row.user, &row.string) else {
            continue;
        };
        let away = db.read(async |db| suppress::all(db, &row.wiki).await).await?;
        let is_suppressed = [&own, &away].iter().any(|list| {
            list.hides_user(Some(author.id), &author.name)
                || list.hides(What::Page, string)
                || domains(string).iter().any(|host| list.hides(What::Host, host))
        });
        let is_new = seen.insert((row.wiki.clone(), author.name.clone(), string.clone()));
        if is_suppressed || !is_new || is_whitelisted(db, &row, &author.name, string, now).await? {
            continue;
        }
        if lines.len() == MANY {
            break;
        }
        lines.push(proposed(site, messages, &row, &author.name, string));
    }
    Ok(lines)
}

/// What a link may be called on a list; nothing for a title.
fn domains(string: &str) -> Vec<String> {
    let Ok(key) = Key::from_name(string, &PathHosts::default()) else {
        return vec![string.to_owned()];
    };
    let all = [
        Some(string.to_owned()),
        Some(key.host()),
        Some(key.ascii()),
        key.registrable(),
    ];
    all.into_iter().flatten().collect()
}

async fn is_whitelisted(db: &Db, row: &Row, name: &str, string: &str, now: Timestamp) -> anyhow::Result<bool> {
    let entries = db.read(async |db| list::all_for(db, NAME, &row.wiki).await).await?;
    let names = match row.subject {
        Subject::Page => vec![string.to_owned()],
        Subject::Link => domains(string),
    };
    Ok(entries.iter().any(|entry| {
        let is_over = entry.expires.is_some_and(|expires| expires <= now);
        List::of_command(&entry.list) == Some(List::White)
            && !is_over
            && entry.user.as_deref().is_none_or(|user| user == name)
            && entry.page.as_ref().is_none_or(|page| names.contains(page))
    }))
}

fn proposed(site: &Site, messages: &Messages<'_>, row: &Row, name: &str, string: &str) -> Wikitext {
    // Quotes that the grammar of commands reads; what it cannot read is for the person to spell.
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "_"));
    // An entry without more counts on the wiki of the commands page.
    let place = if row.wiki == row.target { "" } else { " everywhere" };
    let command = format!("wl add {} {}{place}", quoted(name), quoted(string));
    let by = row.struck_by.as_deref().map(user);
    let key = if by.is_some() {
        "proposed-line"
    } else {
        "proposed-line-unknown"
    };
    messages.say(
        key,
        &[
            ("user", &user(name)),
            ("string", &plain(string, SHOWN)),
            ("page", &page(site, row.title.as_deref().unwrap_or(""))),
            ("by", &by.unwrap_or_default()),
            ("command", &code(&command, SHOWN)),
        ],
    )
}

/// From what was noted of each wiki, and of the lists.
fn unchecked<'a>(messages: &Messages<'_>, values: impl Iterator<Item = &'a str>) -> Vec<Wikitext> {
    let told: Vec<serde_json::Value> = values.filter_map(|value| serde_json::from_str(value).ok()).collect();
    let entries = told.iter().filter_map(|told| told["entries"].as_array()).flatten();
    let all: u64 = told.iter().filter_map(|told| told["all"].as_u64()).sum();
    let text = |entry: &serde_json::Value, n: usize| entry[n].as_str().unwrap_or("").to_owned();
    let mut lines: Vec<Wikitext> = entries
        .take(MANY)
        .map(|entry| {
            let (what, why) = (code(&text(entry, 0), SHOWN), plain(&text(entry, 1), SHOWN));
            messages.say("not-checked", &[("what", &what), ("why", &why)])
        })
        .collect();
    let more = all.saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(messages.say("more", &[("count", &number(more))]));
    }
    lines
}

fn page(site: &Site, title: &str) -> Wikitext {
    match site.title(title) {
        Ok(title) => page_link(site, &title, None),
        Err(_) => plain(title, SHOWN),
    }
}

fn number(n: u64) -> Wikitext {
    plain(&n.to_string(), 20)
}
