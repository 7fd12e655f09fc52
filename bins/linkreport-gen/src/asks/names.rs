//! Under which names the wiki has the summary templates: those of the settings, the templates that these lead to, and the
//! redirects to them. Asked for once a day.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::TimeDelta;
use shared::core::site::{Site, Title};
use shared::core::wikitext::TemplateNames;
use shared::db::memo;
use shared::job::Run;
use shared::wiki::{Phase, Session, page_infos};

use super::items::Names;
use crate::settings::{Settings, Templates};

/// Name of the memo.
const NAME: &str = "template names";
/// So long the names are good.
const GOOD: TimeDelta = TimeDelta::hours(24);
/// Number of the namespace of templates.
const TEMPLATE: i32 = 10;

/// Other names by the name in the settings.
type Others = BTreeMap<String, BTreeSet<String>>;

/// The names. Where the wiki does not tell, those that it told last, or those of the settings alone. Errs where the
/// database does.
pub async fn names(run: &Run<Settings>) -> anyhow::Result<Names> {
    let templates = &run.accepted.parsed.settings.templates;
    let asked: BTreeSet<&String> = [&templates.link, &templates.user, &templates.ip]
        .into_iter()
        .flatten()
        .collect();
    let (job, now) = (run.editor.job, run.clock.now());
    let stored = run
        .db
        .read_if_there(async |db| memo::get(db, job, &run.wiki, NAME).await)
        .await?;
    let updated = stored.as_ref().map(|memo| memo.updated);
    let known: Others = stored
        .and_then(|memo| serde_json::from_str(&memo.value).ok())
        .unwrap_or_default();
    let is_good = updated.is_some_and(|at| now - at < GOOD) && asked.iter().all(|name| known.contains_key(*name));
    let others = match is_good {
        true => known,
        false => match others(&run.session, &asked).await {
            Ok(others) => {
                keep(run, &others).await?;
                others
            }
            Err(error) => {
                tracing::warn!("{error:#}; the names that are known count");
                known
            }
        },
    };
    Ok(joined(run.session.site(), templates, &others))
}

async fn keep(run: &Run<Settings>, others: &Others) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (json, now) = (serde_json::to_string(others)?, run.clock.now());
    run.db
        .fenced(&fence, "keeping names of templates", async |tx| {
            memo::set(tx, NAME, &json, now).await
        })
        .await?;
    Ok(())
}

async fn others(session: &Session, asked: &BTreeSet<&String>) -> anyhow::Result<Others> {
    const WHAT: &str = "asking for redirects to summary templates";
    session.count_as(Phase::Mentor);
    let site = session.site();
    let title = |name: &str| site.prefixed(&template(name));
    let titles: Vec<String> = asked.iter().map(|name| title(name)).collect();
    let infos = page_infos(session, &titles).await.context(WHAT)?;
    let targets: Vec<String> = infos.iter().filter_map(|info| info.redirect_to.clone()).collect();
    let of_targets = match targets.is_empty() {
        true => Vec::new(),
        false => page_infos(session, &targets).await.context(WHAT)?,
    };
    let mut found = Others::new();
    for (name, info) in asked.iter().zip(infos) {
        let names = found.entry((*name).clone()).or_default();
        names.extend(info.redirects);
        let target = info.redirect_to.iter();
        names.extend(target.clone().cloned());
        let behind = of_targets
            .iter()
            .filter(|of| Some(&of.asked) == info.redirect_to.as_ref());
        names.extend(behind.flat_map(|of| of.redirects.iter().cloned()));
    }
    Ok(found)
}

fn template(name: &str) -> Title {
    Title {
        ns: TEMPLATE,
        text: name.to_owned(),
    }
}

/// One set of names for each kind.
fn joined(site: &Site, templates: &Templates, others: &Others) -> Names {
    let of = |names: &[String]| {
        let (first, more) = names.split_first()?;
        let others = names.iter().filter_map(|name| others.get(name)).flatten();
        let more = more.iter().chain(others).map(String::as_str);
        Some(TemplateNames::new(site, first, more))
    };
    Names {
        link: of(&templates.link),
        user: of(&templates.user),
        ip: of(&templates.ip),
    }
}
