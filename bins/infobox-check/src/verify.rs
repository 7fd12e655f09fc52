//! `verify`: writes the line of an index page that says which revision of a page is the verified one. It is a state edit
//! of exactly that index page; where the wiki refuses it (the bot is no admin), the line is printed to be pasted.

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use shared::core::infobox::index::{canonical, with_line};
use shared::core::infobox::{find, normalise};
use shared::core::site::Title;
use shared::core::text::{summary, terminal};
use shared::core::types::{PageId, RevId};
use shared::core::wikitext::scan;
use shared::db::index_line::{self, IndexRow};
use shared::editor::{Computed, Look, Refused, Scope, State};
use shared::job::Run;
use shared::wiki::{Phase, revisions};

use crate::context::Context;
use crate::errand::Done;
use crate::page::{cut, find_page};
use crate::settings::{BoxSettings, Settings};

/// Which revision of which page is verified.
#[derive(clap::Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The page
    #[arg(value_name = "TITLE")]
    pub title: String,
    /// The revision whose values were checked: one of the page, or of the copy
    #[arg(value_name = "REVID")]
    pub revid: u64,
    /// The box whose index gets the line
    #[arg(long = "box", value_name = "NAME")]
    pub of: String,
    /// The revision is one of this verified copy of the page
    #[arg(long, value_name = "TITLE")]
    pub copy: Option<String>,
}

/// A line that may be written.
struct Line {
    title: Title,
    copy: Option<Title>,
    revid: RevId,
    index: Title,
    /// Values that it vouches for: place of the box, field, value, why it is not plausible.
    values: Vec<(usize, String, String, Option<String>)>,
}

/// Writes the line. Errs when there is no such box, page or revision.
pub async fn work(run: &mut Run<Settings>, context: &Context, args: &VerifyArgs) -> anyhow::Result<Done> {
    let site = run.session.site().clone();
    let (one, line) = line(run, context, args).await?;
    let name = one.def.name.clone();
    let (shown, index) = (site.prefixed(&line.title), site.prefixed(&line.index));
    let source = canonical(&site, &line.title, line.revid, line.copy.as_ref()).into_string();
    if !run.args.json {
        println!(
            "Revision {} of {} says, for {}:",
            line.revid,
            terminal(&shown),
            terminal(&name)
        );
        for (place, field, value, check) in &line.values {
            let check = check
                .as_ref()
                .map_or_else(String::new, |why| format!(" (check: {why})"));
            println!(
                "  box {}, {}: “{}”{}",
                place + 1,
                terminal(field),
                cut(value),
                terminal(&check)
            );
        }
    }
    let saved = save(run, context, &line, &name).await;
    let (ok, edited, said) = match saved {
        Ok(Some(revid)) => (
            true,
            Some(revid),
            format!("{index}, revision {revid}: {source}; the next run reads it"),
        ),
        Ok(None) if run.fence().is_none() => (true, None, format!("dry run: nothing is written on {index}")),
        Ok(None) => (
            true,
            None,
            format!("{index} says so already{}", standing(run, &line, &name, &index).await?),
        ),
        Err(Refused::Page { code, info }) => (
            false,
            None,
            format!("not written: {info} ({code}). Paste this line into {index}:\n{source}"),
        ),
        Err(Refused::Halt(halt)) => (false, None, format!("not written: {halt}")),
        Err(other) => return Err(other.into()),
    };
    if run.args.json {
        println!(
            "{}",
            json!({"title": shown, "revid": line.revid.0, "box": name, "index": index, "line": source, "ok": ok,
                "edited": edited.map(|revid| revid.0), "said": said,
                "values": line.values.iter().map(|(n, field, value, check)|
                    json!({"ordinal": n, "field": field, "value": value, "check": check})).collect::<Vec<_>>()})
        );
    } else {
        said.lines().for_each(|line| println!("{}", terminal(line)));
    }
    Ok(Done { ok, rows: 0 })
}

/// The line, once it is sure that it can be used.
async fn line<'c>(
    run: &Run<Settings>,
    context: &'c Context,
    args: &VerifyArgs,
) -> anyhow::Result<(&'c BoxSettings, Line)> {
    let site = run.session.site();
    let one = context.boxes.iter().find(|one| one.def.names.is(&args.of));
    let one = one.with_context(|| {
        let all: Vec<&str> = context.boxes.iter().map(|one| one.def.name.as_str()).collect();
        format!(
            "there is no box `{}` on the settings page; there are: {}",
            args.of,
            all.join(", ")
        )
    })?;
    let name = &one.def.name;
    let index = one
        .index
        .first()
        .with_context(|| format!("{name} has no index page: set `index` for it"))?;
    let (page_id, shown) = find_page(&run.session, &args.title).await?;
    let title = site.title(&shown).map_err(anyhow::Error::msg)?;
    ensure!(
        context.namespaces.contains(&title.ns),
        "`{shown}` is in a namespace that is not watched: set `namespaces` on the settings page"
    );
    let copy = match &args.copy {
        None => None,
        Some(copy) => Some(find_page(&run.session, copy).await?),
    };
    elsewhere(run, page_id, one).await?;
    let revid = RevId(args.revid);
    let (wanted, whose) = copy
        .as_ref()
        .map_or((page_id, &shown), |(page_id, title)| (*page_id, title));
    let mut found = revisions(&run.session, &[revid], true).await?;
    let revision = found.remove(&revid);
    let revision = revision.with_context(|| format!("there is no revision {revid}, or it was deleted"))?;
    ensure!(
        revision.page_id == wanted,
        "revision {revid} is one of `{}`, not of `{whose}`",
        revision.title
    );
    ensure!(
        revision.model == "wikitext",
        "revision {revid} is {}, not wikitext",
        revision.model
    );
    let text = revision
        .text
        .with_context(|| format!("the text of revision {revid} is hidden"))?;
    let scan = scan(&text, &context.tags)?;
    let boxes = find(&text, &scan, &one.def);
    if boxes.is_empty() {
        bail!("{name} is not in the text of revision {revid}");
    }
    let mut values = Vec::new();
    for (place, infobox) in boxes.iter().enumerate() {
        for field in &one.def.verified {
            let value = infobox.value(field).unwrap_or("");
            if !normalise(value, true).is_empty() {
                let check = one.def.check_of(field).and_then(|check| check.check(value).err());
                values.push((place, field.clone(), value.to_owned(), check));
            }
        }
    }
    let copy = copy
        .map(|(_, title)| site.title(&title))
        .transpose()
        .map_err(anyhow::Error::msg)?;
    Ok((
        one,
        Line {
            title,
            copy,
            revid,
            index: index.clone(),
            values,
        },
    ))
}

/// Errs when another index page of the box has a line in force about the page: two of them would make both useless.
async fn elsewhere(run: &Run<Settings>, page_id: PageId, one: &BoxSettings) -> anyhow::Result<()> {
    let site = run.session.site();
    let others: Vec<String> = one.index.iter().skip(1).map(|title| site.prefixed(title)).collect();
    let rows = run
        .db
        .read_if_there(async |db| index_line::in_force(db, &run.wiki, &[page_id]).await)
        .await?;
    let is_other = |row: &IndexRow| row.box_name == one.def.name && others.contains(&row.index_title);
    match rows.into_iter().find(is_other) {
        None => Ok(()),
        Some(row) => bail!(
            "line {} of {} is about this page: change it there",
            row.line.line_no,
            row.index_title
        ),
    }
}

async fn save(run: &mut Run<Settings>, context: &Context, line: &Line, name: &str) -> Result<Option<RevId>, Refused> {
    let site = run.session.site().clone();
    if !context.overrides.may_write() {
        return Err(Refused::Page {
            code: "quit".to_owned(),
            info: "nothing is written on the wiki since `quit`, until `report`".to_owned(),
        });
    }
    // This page, and not one article or log page beside it.
    run.editor.scope = Scope::own_pages(run.session.account()).and_page(line.index.clone());
    let words = summary(&format!(
        "Verified revision of {} for {name}: {}",
        site.prefixed(&line.title),
        line.revid
    ));
    let compute = |look: &Look| -> Result<Option<Computed>, String> {
        if look.target.model != "wikitext" || look.target.is_redirect {
            return Err("the index page is no wikitext page of its own".to_owned());
        }
        let Some(revision) = &look.target.revision else {
            return Err("there is no such index page".to_owned());
        };
        let text = revision.text.as_deref().ok_or("its text is hidden")?;
        let text = with_line(text, &site, &line.title, line.revid, line.copy.as_ref())?;
        Ok(text.map(|text| Computed {
            text,
            summary: words.clone(),
        }))
    };
    let state = State {
        title: &line.index,
        marker: None,
        is_status_page: false,
        asked_again: false,
    };
    run.session.count_as(Phase::Safety);
    run.editor.save_state(&state, compute).await
}

/// What the last run thought of the line that stands there.
async fn standing(run: &Run<Settings>, line: &Line, name: &str, index: &str) -> anyhow::Result<String> {
    let lines = run
        .db
        .read(async |db| index_line::of_index(db, &run.wiki, name, index).await)
        .await?;
    let title = run.session.site().prefixed(&line.title);
    let known = lines
        .into_iter()
        .find(|known| known.title == title && known.revid == Some(line.revid));
    Ok(match known.map(|known| (known.state, known.author, known.problem)) {
        Some((index_line::State::InForce, ..)) => ", and the line is in force".to_owned(),
        Some((index_line::State::Proposed, author, _)) => format!(
            ", but the line is not in force: it is by {}, who is no manager of the box, and the page is not protected",
            author.as_deref().unwrap_or("somebody")
        ),
        Some((index_line::State::Problem, _, problem)) => format!(", but: {}", problem.unwrap_or_default()),
        None => ", and no run has read it yet".to_owned(),
    })
}
