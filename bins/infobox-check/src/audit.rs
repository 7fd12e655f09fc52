//! `audit`: the plausibility checks of a box over every page of the wiki that has it, and with `--all` every field that
//! differs from its verified revision. Reads only; what it prints may be pasted anywhere, nothing in it acts.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::infobox::{differing, find, normalise};
use shared::core::site::Site;
use shared::core::text::{Wikitext, csv, literal, page_link, plain, terminal};
use shared::core::types::{PageId, RevId};
use shared::core::wikitext::scan;
use shared::db::suppress::What;
use shared::db::{Db, box_page};
use shared::job::Run;
use shared::wiki::{Session, embedding, transclusions};
use tokio::time::Instant;

use crate::context::Context;
use crate::marked::{Watched, boxes};
use crate::page::{begin, cut};
use crate::settings::Settings;
use crate::verified;

/// Longest value in a wikitable, in characters.
const SHOWN: usize = 80;
/// Pages whose texts are held at once.
const AT_ONCE: usize = 200;
/// Rows read from the database at once.
const LIST: u32 = 5_000;
/// A whole wiki takes longer than a run may.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// How the result is printed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal
    Text,
    /// Comma-separated, with a head
    Csv,
    /// A list of objects
    Json,
    /// A table to be put on a page of the wiki
    Wikitable,
}

/// What is audited.
#[derive(clap::Args, Clone, Debug)]
pub struct AuditArgs {
    /// The box
    #[arg(value_name = "BOX")]
    pub of: String,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Also every field that differs from its verified revision
    #[arg(long)]
    pub all: bool,
}

/// Something to be looked at by people.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    page: String,
    /// Which box of this name on the page, from 0.
    ordinal: u32,
    /// Empty: the boxes of the page as a whole.
    field: String,
    value: String,
    why: String,
}

/// Prints what is found. Errs when the box is unknown, or the wiki does not answer.
pub async fn audit(
    boot: &Boot,
    session: &Session,
    db: &Db,
    args: &CommonArgs,
    audit: &AuditArgs,
) -> anyhow::Result<bool> {
    session.set_deadline(Instant::now() + LONGEST);
    let (run, context, _) = begin(boot, session, db, args).await?;
    let place = context.boxes.iter().position(|one| one.def.names.is(&audit.of));
    let place = place.with_context(|| {
        let all: Vec<&str> = context.boxes.iter().map(|one| one.def.name.as_str()).collect();
        format!(
            "there is no box `{}` on the settings page; there are: {}",
            audit.of,
            all.join(", ")
        )
    })?;
    let one = &context.boxes[place];
    if one.def.checks.is_empty() && !audit.all {
        tracing::warn!(
            "the settings have no `checks` for {}: nothing to find without --all",
            one.def.name
        );
    }
    let pages = pages(&run, &context, place).await?;
    let bar = bar(pages.len());
    let mut rows: Vec<Row> = Vec::new();
    for some in pages.chunks(AT_ONCE.min(session.batch_size())) {
        look(&run, &context, place, some, audit.all, &mut rows).await?;
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    rows.retain(|row| !context.suppressed.hides(What::Page, &row.page));
    rows.sort_by(|a, b| (&a.page, a.ordinal, &a.field).cmp(&(&b.page, b.ordinal, &b.field)));
    tracing::info!("{} pages with {}, {} findings", pages.len(), one.def.name, rows.len());
    let format = if args.json { Format::Json } else { audit.format };
    let out = match format {
        Format::Text => as_text(&one.def.name, &rows, pages.len()),
        Format::Csv => as_csv(&one.def.name, &rows),
        Format::Json => as_json(&one.def.name, &rows),
        Format::Wikitable => as_wikitable(session.site(), &one.def.name, &rows, one.show_values).into_string(),
    };
    std::io::stdout()
        .write_all(out.as_bytes())
        .context("writing the result")?;
    Ok(true)
}

/// On a terminal only, and never on standard output.
fn bar(pages: usize) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} pages, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(pages as u64), target);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The pages that have the box: those of the database, or of the wiki while no run has listed them.
async fn pages(run: &Run<Settings>, context: &Context, place: usize) -> anyhow::Result<Vec<PageId>> {
    let name = &context.boxes[place].def.name;
    let mut all: Vec<PageId> = Vec::new();
    loop {
        let after = all.last().copied().unwrap_or(PageId(0));
        let some = run
            .db
            .read_if_there(async |db| box_page::after(db, &run.wiki, name, after, LIST).await)
            .await?;
        if some.is_empty() {
            break;
        }
        all.extend(some.into_iter().map(|page| page.page_id));
    }
    if all.is_empty() {
        let mut list = embedding(&run.session, &context.templates[place], &context.namespaces);
        while let Some(members) = list.next().await? {
            all.extend(members.into_iter().map(|member| member.page_id));
        }
    }
    Ok(all)
}

/// Looks at some pages as they are now.
async fn look(
    run: &Run<Settings>,
    context: &Context,
    place: usize,
    pages: &[PageId],
    all: bool,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let none: [&str; 0] = [];
    let present = transclusions(&run.session, pages, &none).await?;
    let revids: Vec<RevId> = present.values().flatten().map(|page| page.revid).collect();
    let known = verified::load(run, context, if all { pages } else { &[] }, &revids).await?;
    for (page_id, now) in &present {
        let Some(now) = now else { continue };
        let revision = known
            .revisions
            .get(&now.revid)
            .filter(|revision| revision.model == "wikitext");
        let Some(text) = revision.and_then(|revision| revision.text.as_deref()) else {
            rows.push(whole(&now.title, "its text cannot be read"));
            continue;
        };
        let watched = context.watched(place, known.verified.get(&(place, *page_id)));
        judge(&now.title, text, context, &watched, all, rows);
        if let Some(why) = known.unusable.get(&(place, *page_id)).filter(|_| all) {
            rows.push(whole(&now.title, why));
        }
    }
    Ok(())
}

fn whole(page: &str, why: &str) -> Row {
    Row {
        page: page.to_owned(),
        ordinal: 0,
        field: String::new(),
        value: String::new(),
        why: why.to_owned(),
    }
}

/// What is to be looked at in a text.
fn judge(page: &str, text: &str, context: &Context, watched: &Watched<'_>, all: bool, rows: &mut Vec<Row>) {
    let def = &watched.settings.def;
    let scan = match scan(text, &context.tags) {
        Ok(scan) => scan,
        Err(why) => return rows.push(whole(page, &why.to_string())),
    };
    let row = |ordinal: u32, field: &str, value: Option<&str>, why: String| Row {
        page: page.to_owned(),
        ordinal,
        field: field.to_owned(),
        value: value.unwrap_or("").to_owned(),
        why,
    };
    for (ordinal, infobox) in (0..).zip(&find(text, &scan, def)) {
        for field in def.fields() {
            let value = infobox
                .value(field)
                .filter(|value| !normalise(value, def.is_verified(field)).is_empty());
            let judged = def
                .check_of(field)
                .zip(value)
                .and_then(|(check, value)| check.check(value).err());
            if let Some(why) = judged {
                rows.push(row(ordinal, field, value, why));
            }
        }
    }
    let Some(revid) = watched.verified.map(|verified| verified.revid).filter(|_| all) else {
        return;
    };
    match boxes(text, &scan, watched) {
        Err(why) => rows.push(whole(page, &why)),
        Ok(found) => {
            for (ordinal, (infobox, verified)) in (0..).zip(&found) {
                let Some(verified) = verified else { continue };
                for one in differing(def, infobox, verified) {
                    let said = one
                        .verified
                        .as_deref()
                        .map_or_else(|| "nothing".to_owned(), |v| format!("“{v}”"));
                    let why = format!("differs from verified revision {revid}: {said}");
                    rows.push(row(ordinal, &one.field, one.value.as_deref(), why));
                }
            }
        }
    }
}

fn as_text(name: &str, rows: &[Row], pages: usize) -> String {
    let mut out = String::new();
    for row in rows {
        let field = if row.field.is_empty() {
            String::new()
        } else {
            let place = if row.ordinal > 0 {
                format!("box {}, ", row.ordinal + 1)
            } else {
                String::new()
            };
            format!("{place}{}: “{}”: ", terminal(&row.field), cut(&row.value))
        };
        let _ = writeln!(out, "{}: {field}{}", terminal(&row.page), terminal(&row.why));
    }
    let _ = writeln!(out, "{} findings on {pages} pages with {}.", rows.len(), terminal(name));
    out
}

fn as_csv(name: &str, rows: &[Row]) -> String {
    let mut out = "page,box,ordinal,field,value,why\n".to_owned();
    let clean = |text: &str| csv(&terminal(text));
    for row in rows {
        let (page, name, field) = (clean(&row.page), clean(name), clean(&row.field));
        let (value, why) = (clean(&row.value), clean(&row.why));
        let _ = writeln!(out, "{page},{name},{},{field},{value},{why}", row.ordinal);
    }
    out
}

fn as_json(name: &str, rows: &[Row]) -> String {
    let row = |row: &Row| {
        json!({
            "page": row.page, "box": name, "ordinal": row.ordinal, "field": row.field, "value": row.value,
            "why": row.why,
        })
    };
    format!("{}\n", json!(rows.iter().map(row).collect::<Vec<_>>()))
}

/// For a page of the wiki: everything escaped, cut, and no value where the settings show none.
fn as_wikitable(site: &Site, name: &str, rows: &[Row], show_values: bool) -> Wikitext {
    let mut out = literal("{| class=\"wikitable sortable\"\n! Page !! Box !! No. !! Field !! Value !! Why\n");
    for row in rows {
        let page = match site.title(&row.page) {
            Ok(title) => page_link(site, &title, None),
            Err(_) => plain(&row.page, SHOWN),
        };
        let hidden = |text: &str| {
            if show_values {
                plain(text, SHOWN)
            } else {
                literal("(not shown)")
            }
        };
        let why = match row.why.split_once(": ") {
            // The verified value stands behind the colon.
            Some((why, _)) if !show_values && !row.field.is_empty() => why,
            _ => &row.why,
        };
        let place = plain(&(row.ordinal + 1).to_string(), 20);
        let cells = [
            page,
            plain(name, SHOWN),
            place,
            plain(&row.field, SHOWN),
            hidden(&row.value),
            plain(why, 200),
        ];
        out.push_literal("|-\n| ");
        out.push(&Wikitext::join(&cells, " || "));
        out.push_literal("\n");
    }
    out.push_literal("|}\n");
    out
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
