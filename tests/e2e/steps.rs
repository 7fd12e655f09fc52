//! What several tests look at: who was greeted, and what the status page says.

use anyhow::{Context, Result};
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::look::Revision;

/// A day, in seconds.
pub const DAY: i64 = 24 * 3600;
/// The schedule: a run every five minutes.
pub const MINUTES_5: i64 = 300;

/// How many of these learners the bot has greeted.
pub async fn greeted(coop: &Coop, learners: &[Member]) -> Result<usize> {
    let mut count = 0;
    for learner in learners {
        count += coop.greetings_of(learner).await?;
    }
    Ok(count)
}

/// The history of the status page, oldest revision first.
pub async fn statuses(coop: &Coop) -> Result<Vec<Revision>> {
    coop.world.admin.history(&coop.status_title()).await
}

/// The status page as it is now.
pub async fn status(coop: &Coop) -> Result<String> {
    let newest = statuses(coop).await?.pop();
    Ok(newest.context("there is no status page")?.text)
}

/// One part of a status page: `in-force`, `running`, `done`, `waiting` or `stop`.
pub fn part<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("<!-- {name} -->");
    let found = page.split_once(&start).map(|(_, rest)| rest);
    let rest = found.unwrap_or_else(|| panic!("no part {name} in the status page:\n{page}"));
    rest.split("\n==").next().unwrap_or(rest).trim()
}

/// A page as people read it: tags, link brackets and entities taken out.
pub async fn as_read(coop: &Coop, wikitext: &str) -> Result<String> {
    let parsed = coop.world.admin.parse_text("API", wikitext, "text").await?;
    let html = parsed["text"].as_str().context("no text")?;
    let html = html.split("<!--").next().unwrap_or(html);
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, after) = after.split_once(';').unwrap_or((after, ""));
        let code = match entity.strip_prefix("#x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => entity.strip_prefix('#').and_then(|n| n.parse().ok()),
        };
        match (entity, code.and_then(char::from_u32)) {
            (_, Some(c)) => plain.push(c),
            ("amp", _) => plain.push('&'),
            ("lt", _) => plain.push('<'),
            ("gt", _) => plain.push('>'),
            ("quot", _) => plain.push('"'),
            _ => plain.push(' '),
        }
        rest = after;
    }
    plain.push_str(rest);
    Ok(plain)
}
