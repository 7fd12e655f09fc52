//! What the manual subcommands of all jobs share: reading a file or standard input, checking a draft of the settings
//! without a wiki, showing the settings in force, listing the edits for an approval page. They print for people, or
//! JSON with `--json`, and write nothing, neither on the wiki nor in the database.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use crate::boot::Boot;
use crate::core::site::Site;
use crate::core::text::{plain, terminal};
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
