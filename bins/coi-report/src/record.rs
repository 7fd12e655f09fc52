//! `record`: the edits of a wiki with their texts, as a file that `ingest` reads: for trying things out, for back-tests,
//! and for a wiki that is not in the event stream.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::change::{Change, EditorKind};
use shared::core::types::RevId;
use shared::job;
use shared::page::timestamp;
use shared::wiki::{Ask, Kind, Session, Stop, changes, page_infos, revisions};

use crate::settings::Settings;

/// Edits whose texts are held at once.
const SLICE: usize = 20;
/// Edits younger than this may not all be visible yet.
const MARGIN: Duration = Duration::from_secs(30);

/// Flags of `record`.
#[derive(clap::Args, Clone, Debug)]
pub struct RecordArgs {
    /// From when on, as in 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Most edits
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    limit: u32,
}

/// Prints the edits of the wiki, a line each. Errs when the wiki does not answer; warns when it no longer offers all
/// of that time.
pub async fn run(record: &RecordArgs, boot: &Boot, args: &CommonArgs) -> anyhow::Result<bool> {
    let since = timestamp(&record.since).context("--since: write a time as in 2027-01-31T12:00:00Z")?;
    ensure!(since <= boot.clock.now(), "--since lies in the future");
    let session = job::login(boot, job::seed(args), Stop::new()).await?;
    let settings = crate::settings::from_file(args)?;
    line(&about(&session, &settings).await?)?;
    let namespaces = settings.namespaces.clone();
    let namespaces = namespaces.unwrap_or_else(|| session.site().content_namespaces());
    let ask = Ask {
        kinds: &[Kind::Edits],
        overlap: TimeDelta::zero(),
        margin: TimeDelta::from_std(boot.clock.pause(MARGIN))?,
        max: record.limit as usize,
        ..Ask::new(since, &namespaces)
    };
    let found = edits(&session, &ask).await?;
    for some in found.chunks(SLICE) {
        let ids: Vec<RevId> = some.iter().flat_map(|edit| [edit.revid, edit.parent]).collect();
        let texts = revisions(&session, &ids, true).await.context("reading texts")?;
        let people = people(&session, some).await?;
        for edit in some {
            let Some(revision) = texts.get(&edit.revid) else {
                tracing::warn!("revision {} is gone", edit.revid);
                continue;
            };
            let parent = texts.get(&edit.parent).and_then(|parent| parent.text.as_deref());
            let performer = edit.user.as_deref().map(|name| {
                let mut one = json!({
                    "user_text": name, "user_id": edit.user_id.0, "user_is_bot": edit.bot,
                    "user_is_temp": edit.editor == EditorKind::Temporary,
                });
                if let Some(about) = people.get(name) {
                    one["user_edit_count"] = about["editcount"].clone();
                    one["user_registration_dt"] = about["registration"].clone();
                }
                one
            });
            let edit = json!({
                "type": "recorded-edit", "wiki": session.wiki_id(), "database": session.site().dbname(),
                "rev_id": edit.revid.0, "parent_id": edit.parent.0, "page_id": edit.page_id.0,
                "page_namespace": edit.ns, "page_title": edit.title, "dt": edit.timestamp.to_rfc3339(),
                "performer": performer, "tags": edit.tags, "sha1": revision.sha1, "content_model": revision.model,
                "text": revision.text, "text_hidden": revision.text_hidden, "parent_text": parent,
            });
            if !line(&edit)? {
                return Ok(true);
            }
        }
    }
    tracing::info!("recorded {} edits, {} requests", found.len(), session.counts().total);
    Ok(true)
}

/// Edits in the namespaces that matter, oldest first.
async fn edits(session: &Session, ask: &Ask<'_>) -> anyhow::Result<Vec<Change>> {
    let limit = ask.max;
    let read = changes(session, ask).await.context("reading the recent changes")?;
    if let Some(gap) = read.gap {
        tracing::warn!("the wiki no longer offers the changes from {} to {}", gap.from, gap.to);
    }
    let mut found = read.items;
    found.retain(|change| change.log.is_none() && change.revid.0 != 0);
    if read.has_more || found.len() > limit {
        found.truncate(limit);
        let last = found.last().map_or(ask.since, |change| change.timestamp);
        tracing::warn!(
            "there are more edits than {limit}: record the rest with --since {}",
            last.to_rfc3339()
        );
    }
    Ok(found)
}

/// The line about the wiki itself.
async fn about(session: &Session, settings: &Settings) -> anyhow::Result<Value> {
    let asked = [
        ("action", "query"),
        ("meta", "siteinfo"),
        ("siprop", "general|namespaces|namespacealiases|extensiontags|extensions"),
    ];
    let answer = session.get(&asked).await.context("asking what wiki this is")?;
    let titles: Vec<String> = settings
        .link_templates
        .iter()
        .map(|one| format!("Template:{}", one.name))
        .collect();
    let infos = page_infos(session, &titles).await.context("asking for redirects")?;
    let redirects: HashMap<&str, Vec<String>> = settings
        .link_templates
        .iter()
        .zip(infos)
        .map(|(one, info)| (one.name.as_str(), info.redirects))
        .collect();
    Ok(json!({
        "type": "wiki", "wiki": session.wiki_id(), "siteinfo": answer["query"], "redirects": redirects,
    }))
}

/// Edit counts and registrations of the accounts, as they are now.
async fn people(session: &Session, edits: &[Change]) -> anyhow::Result<HashMap<String, Value>> {
    let mut names: Vec<&str> = edits
        .iter()
        .filter(|edit| edit.editor == EditorKind::Named)
        .filter_map(|edit| edit.user.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let asked = [("list", "users"), ("usprop", "editcount|registration")];
    let query = session
        .in_batches(&asked, "ususers", &names)
        .await
        .context("asking for accounts")?;
    let users = query["users"].as_array().cloned().unwrap_or_default();
    let named = users
        .into_iter()
        .filter_map(|user| Some((user["name"].as_str()?.to_owned(), user)));
    Ok(named.collect())
}

/// `false`: whoever reads has seen enough.
fn line(value: &Value) -> anyhow::Result<bool> {
    match writeln!(std::io::stdout().lock(), "{value}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        done => done.context("writing").map(|()| true),
    }
}
