//! What several modules ask of a run and of the wiki after it: numbers of the summary line, lines of the status page,
//! where a talk page stands.

use anyhow::{Context, Result, ensure};
use regex::Regex;
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::look::Revision;
use wikicrew_tests::run::Run;

/// A number of the summary line, such as `learners`.
pub fn number(run: &Run, key: &str) -> Result<u64> {
    let line = run.summary()?;
    let values = line.split(' ');
    let value = values
        .filter_map(|part| part.strip_prefix(key)?.strip_prefix('='))
        .next();
    value
        .and_then(|value| value.parse().ok())
        .with_context(|| format!("no number {key} in {line}"))
}

/// The bot's edits of a member's talk page, oldest first.
pub async fn edits_of(coop: &Coop, member: &Member) -> Result<Vec<Revision>> {
    let mut history = coop.world.admin.history(&member.talk).await?;
    history.retain(|revision| revision.user == coop.world.bot.name);
    Ok(history)
}

/// A text with every signature's time as `TIME`.
pub fn timeless(text: &str) -> String {
    let time = Regex::new(r"\d\d:\d\d, \d\d?\.? \pL+\.? \d{4} \([A-Z]+\)").expect("a constant that was tried");
    time.replace_all(text, "TIME").into_owned()
}

/// The lines under *Waiting for a person* as a reader sees them (entities decoded), without their bullets.
pub async fn waiting(coop: &Coop) -> Result<Vec<String>> {
    let page = coop
        .world
        .admin
        .text(&coop.status_title())
        .await?
        .context("there is no status page")?;
    let (_, part) = page
        .split_once("<!-- waiting -->\n")
        .context("the status page has no fourth part")?;
    let part = part.split("\n\n==").next().unwrap_or_default();
    let lines = part.lines().filter_map(|line| line.strip_prefix("* "));
    Ok(lines.map(decoded).collect())
}

/// The line under *Waiting for a person* that is about this member.
pub async fn line_about(coop: &Coop, member: &Member) -> Result<Option<String>> {
    let link = format!("[[:{}|", member.profile);
    Ok(waiting(coop).await?.into_iter().find(|line| line.contains(&link)))
}

/// Text with its entities as the characters they stand for, each decoded once.
pub fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        let (c, after) = entity.unwrap_or(('&', after));
        out.push(c);
        rest = after;
    }
    out + rest
}

fn character(entity: &str) -> Option<char> {
    const NAMED: [(&str, char); 5] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("nbsp", '\u{a0}'),
    ];
    match entity.strip_prefix('#') {
        Some(number) => match number.strip_prefix('x') {
            Some(hex) => char::from_u32(u32::from_str_radix(hex, 16).ok()?),
            None => char::from_u32(number.parse().ok()?),
        },
        None => NAMED.iter().find(|(name, _)| *name == entity).map(|(_, c)| *c),
    }
}

/// What a reader sees of parsed HTML: no tags, entities decoded.
pub fn text_of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
    }
    decoded(&(text + rest))
}

/// Errs unless nothing was greeted and nothing written by this run.
pub fn ensure_idle(run: &Run) -> Result<()> {
    for key in ["greeted", "edits"] {
        ensure!(number(run, key)? == 0, "{key} in an idle run\n{run}");
    }
    ensure!(run.summary()?.contains("Edited: False"), "{run}");
    Ok(())
}
