//! What the manual subcommands of all jobs share: reading a file or standard input, checking a draft of the settings
//! without a wiki, showing the settings in force, listing the edits for an approval page. They print for people, or
//! JSON with `--json`, and write nothing, neither on the wiki nor in the database.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use crate::boot::Boot;
use crate::core::site::Site;
use crate::core::text::{plain, terminal};
use crate::core::types::Timestamp;
use crate::db::{Db, edit_log};
use crate::job;
use crate::settings::{JobSettings, Parsed, Verdict, parse};
use crate::wiki::Session;

/// The exit code of a manual subcommand: 0 done, 1 it failed, or what it looked at is not in order. An error is told.
pub fn exit(job: &str, result: &anyhow::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{job}: {}", terminal(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// The text of a file, or of standard input for `-`. Errs when it cannot be read, or is not UTF-8.
pub fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("reading standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

/// MediaWiki's own namespaces, for checks without a wiki. Local names of other languages are not known here.
pub fn offline_site() -> anyhow::Result<Site> {
    let names = [
        "",
        "Talk",
        "User",
        "User talk",
        "Project",
        "Project talk",
        "File",
        "File talk",
        "MediaWiki",
        "MediaWiki talk",
        "Template",
        "Template talk",
        "Help",
        "Help talk",
        "Category",
        "Category talk",
    ];
    let namespaces: serde_json::Map<String, serde_json::Value> = names
        .iter()
        .enumerate()
        .map(|(id, name)| {
            let about = json!({"id": id, "case": "first-letter", "name": name, "canonical": name, "subpages": true, "content": id == 0});
            (id.to_string(), about)
        })
        .collect();
    let aliases = json!([{"id": 4, "alias": "Wikipedia"}, {"id": 5, "alias": "Wikipedia talk"}]);
    let general = json!({"sitename": "offline", "server": "", "lang": "en", "wikiid": "offline", "generator": "MediaWiki", "case": "first-letter"});
    let query = json!({
        "general": general, "namespaces": namespaces, "namespacealiases": aliases,
        "extensiontags": ["<syntaxhighlight>"], "extensions": [],
    });
    Site::from_siteinfo(&query).map_err(anyhow::Error::msg)
}

/// Says whether a draft of a settings page would be accepted, with every problem; that is also the result.
/// `not_checked`: what only the job's wiki can tell, as in `whether the categories exist`. Errs when the file cannot
/// be read.
pub fn check_settings<S: JobSettings>(file: &Path, json: bool, not_checked: &str) -> anyhow::Result<bool> {
    let text = read(file)?;
    let result = parse::<S>(&text, "wikitext", "draft", &offline_site()?);
    let (accepted, problems) = match result {
        Ok(parsed) => (true, parsed.warnings),
        Err(problems) => (false, problems),
    };
    if json {
        println!("{}", json!({"accepted": accepted, "problems": problems}));
        return Ok(accepted);
    }
    for problem in &problems {
        println!("{}", terminal(&problem.to_string()));
    }
    println!(
        "{}",
        if accepted {
            "These settings would be accepted."
        } else {
            "These settings would be rejected."
        }
    );
    println!("Not checked offline: protection, and {not_checked}. Namespaces are the English ones.");
    Ok(accepted)
}

/// Shows the settings page as it is now, what is thought of it, and, if it is accepted, the `lines` of the job's own
/// part; `false` if it is not. Errs when the wiki does not answer.
pub async fn show_settings<S: JobSettings>(
    boot: &Boot,
    session: &Session,
    json: bool,
    lines: impl FnOnce(&Parsed<S>, &Site) -> Vec<String>,
) -> anyhow::Result<bool> {
    let loaded = job::settings::<S>(boot, session, None).await?;
    let title = terminal(&loaded.page.title);
    let revision = loaded.page.revid().map_or(0, |revid| revid.0);
    let (state, problems) = match &loaded.verdict {
        Verdict::Accepted(accepted) if accepted.parsed.common.enabled => {
            ("in force".to_owned(), accepted.parsed.warnings.clone())
        }
        Verdict::Accepted(_) => ("off (enabled: false)".to_owned(), Vec::new()),
        Verdict::Rejected(problems) => ("rejected".to_owned(), problems.clone()),
        Verdict::NotTrusted(why) => (format!("not obeyed: {why}"), Vec::new()),
    };
    let parsed: Option<&Parsed<S>> = match &loaded.verdict {
        Verdict::Accepted(accepted) => Some(&accepted.parsed),
        _ => None,
    };
    let stop = loaded.stop.as_ref().map(ToString::to_string);
    if json {
        let yaml = parsed.map(|parsed| parsed.yaml.as_str());
        println!(
            "{}",
            json!({"title": title, "revision": revision, "state": state, "stop": stop, "problems": problems, "yaml": yaml})
        );
        return Ok(parsed.is_some());
    }
    println!("{title}, revision {revision}: {}", terminal(&state));
    if let Some(stop) = stop {
        println!("{}", terminal(&stop));
    }
    for problem in &problems {
        println!("{}", terminal(&problem.to_string()));
    }
    let Some(parsed) = parsed else { return Ok(false) };
    for line in lines(parsed, session.site()) {
        println!("{}", terminal(&line));
    }
    Ok(true)
}

/// Lists the edits of a job, at most 1,000, as wikitext for the page of its approval.
pub async fn trial_report(session: &Session, db: &Db, job: &str) -> anyhow::Result<bool> {
    let since = crate::page::timestamp("2000-01-01T00:00:00Z").context("a constant time")?;
    let edits = db
        .read_if_there(async |db| edit_log::of_job(db, job, &session.wiki_id(), since, 1_000).await)
        .await?;
    for edit in &edits {
        let title = plain(&edit.title, 300);
        match edit.revid {
            Some(revid) => println!(
                "# [[Special:Diff/{revid}|{title}]] ({}, {})",
                edit.kind,
                edit.at.format("%Y-%m-%d %H:%M")
            ),
            None => println!("# {title} (topic, {})", edit.at.format("%Y-%m-%d %H:%M")),
        }
    }
    if edits.is_empty() {
        println!("No edits so far.");
    }
    Ok(true)
}

/// A moment as people write it: `24h`, `7d` (before `now`), a date, or a date with a time, in UTC. Errs on anything else.
pub fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let wrong = || format!("`{text}`: write 24h, 7d, 2026-11-20 or 2026-11-20T12:00:00Z");
    if let Some((number, unit)) = text.split_at_checked(text.len().saturating_sub(1))
        && let Ok(number) = number.parse::<i64>()
    {
        let span = match unit {
            "m" => TimeDelta::try_minutes(number),
            "h" => TimeDelta::try_hours(number),
            "d" => TimeDelta::try_days(number),
            _ => None,
        };
        if let Some(span) = span.filter(|span| *span > TimeDelta::zero()) {
            return now.checked_sub_signed(span).with_context(wrong);
        }
    }
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let date: NaiveDate = text.parse().with_context(wrong)?;
    Ok(date.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// A line without its markup, for a terminal.
pub fn without_markup(wikitext: &str) -> String {
    let mut text = String::new();
    let mut rest = wikitext;
    while let Some(start) = rest.find(['[', '<', '&', '\'']) {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let (shown, used) = piece(rest);
        text.push_str(&shown);
        rest = &rest[used..];
    }
    text.push_str(rest);
    text
}

/// What a reader sees of the markup that begins here, and how many bytes it takes.
fn piece(text: &str) -> (String, usize) {
    if let Some(link) = text.strip_prefix("[[")
        && let Some(end) = link.find("]]")
    {
        let label = link[..end].split_once('|').map_or(&link[..end], |(_, label)| label);
        return (without_markup(label), end + 4);
    }
    if text.starts_with('<')
        && let Some(end) = text.find('>')
    {
        return (String::new(), end + 1);
    }
    if let Some(entity) = text.strip_prefix("&#")
        && let Some(end) = entity.find(';')
        && let Some(c) = entity[..end].parse().ok().and_then(char::from_u32)
    {
        return (c.to_string(), end + 3);
    }
    let quotes = text.len() - text.trim_start_matches('\'').len();
    if quotes > 1 {
        return (String::new(), quotes);
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    (text[..first].to_owned(), first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let now = moment("2026-11-22T12:00:00Z", chrono::DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(
            moment("24h", now).unwrap(),
            moment("2026-11-21T12:00:00Z", now).unwrap()
        );
        assert_eq!(moment("12h", now).unwrap(), moment("2026-11-22", now).unwrap());
        for wrong in [
            "",
            "h",
            "-5h",
            "0d",
            "yesterday",
            "5",
            "999999999999999999d",
            "2026-13-01",
            "5ü",
        ] {
            assert!(moment(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_for_a_terminal() {
        assert_eq!(
            without_markup(
                "TIME ([[Special:Diff/7|diff]]) [[Special:Contributions/A|<bdi>A&#38;B</bdi>]]: “1” → '''it's'''[["
            ),
            "TIME (diff) A&B: “1” → it's[["
        );
    }
}
