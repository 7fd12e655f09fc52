//! `fields`: the templates and parameters of a text as the job sees them, with their byte positions, for people who
//! wonder why, and for tests. A file is read without a wiki, a database or any configuration.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use shared::args::CommonArgs;
use shared::core::site::Site;
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::core::wikitext::{Param, Scan, Template, TemplateNames, param_name, scan, template_name, trim};
use shared::job;
use shared::manual::{offline_site, read};
use shared::wiki::{Session, Stop, page_infos, revisions};

/// Tags of extensions that Wikimedia wikis have: what is taken for a tag where no wiki is asked.
const USUAL_TAGS: &str = "categorytree,ce,charinsert,chem,gallery,graph,hiero,imagemap,indicator,inputbox,langconvert,\
    mapframe,maplink,math,nowiki,phonos,poem,pre,ref,references,score,section,source,syntaxhighlight,templatedata,\
    templatestyles,timeline";

/// What to read and how to show it.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
JSON: [{name, start, end, parent, params: [{name, value, start, end, value_start, value_end, positional}]}], one entry
for every template and parser function that MediaWiki's preprocessor sees, nested ones too, by their opening braces.
  start, end      of a template: from {{ to after }}; of a parameter: from after its | to before the next | or the }}
  parent          place in this list, from 0, of the template around it that is nearest; null: none in the list
  name            as in the source, without comments, trimmed; of a positional parameter its number, as a string
  value           as in the source, comments included; trimmed if the parameter has a name, untrimmed if not
  value_start, value_end    of the value as it is shown here
  positional      whether the parameter has no name
All positions are bytes of the UTF-8 text. Duplicates stay: the last one counts for MediaWiki.")]
pub struct FieldsArgs {
    /// Only the templates of this name (and, with --page, of the redirects to it), and what is inside of them
    #[arg(long = "box", value_name = "NAME")]
    pub only: Option<String>,
    /// Read a file; `-` for standard input
    #[arg(long, value_name = "FILE", default_value = "-", conflicts_with = "page")]
    pub file: PathBuf,
    /// Read a page of the wiki instead; a redirect is not followed
    #[arg(long, value_name = "TITLE")]
    pub page: Option<String>,
    /// This revision of the page [default: the newest]
    #[arg(long, value_name = "REVID", requires = "page")]
    pub revid: Option<u64>,
    /// With --file: names of the extension tags, by commas; those of the wiki decide with --page
    #[arg(long, value_name = "TAGS", value_delimiter = ',', default_value = USUAL_TAGS, conflicts_with = "page")]
    pub tags: Vec<String>,
}

/// Prints the templates, be there none. Errs when the text cannot be had, or is too big to be scanned.
pub async fn run(args: &FieldsArgs, common: &CommonArgs) -> anyhow::Result<bool> {
    let source = match &args.page {
        None => offline(args)?,
        Some(title) => online(title, args, common).await?,
    };
    let scan = scan(&source.text, &source.tags)?;
    let shown = choose(&source.text, &scan, source.only.as_ref());
    let out = match common.json {
        true => format!("{}\n", as_json(&source.text, &scan, &shown)),
        false => for_people(&source.text, &scan, &shown),
    };
    std::io::stdout()
        .write_all(out.as_bytes())
        .context("writing the result")?;
    Ok(true)
}

/// A text and what is needed to read it.
struct Source {
    text: String,
    tags: HashSet<String>,
    only: Option<TemplateNames>,
}

fn offline(args: &FieldsArgs) -> anyhow::Result<Source> {
    let site = offline_site()?;
    Ok(Source {
        text: read(Path::new(&args.file))?,
        tags: args.tags.iter().map(|tag| tag.trim().to_lowercase()).collect(),
        only: args.only.as_deref().map(|name| names(&site, name, &[])).transpose()?,
    })
}

async fn online(title: &str, args: &FieldsArgs, common: &CommonArgs) -> anyhow::Result<Source> {
    let Ok(boot) = job::boot("infobox-check", common) else {
        bail!("the environment is not complete: see the messages above; --file needs none");
    };
    let session = job::login(&boot, job::seed(common), Stop::new()).await?;
    let site = session.site();
    let page = site.title(title).map_err(anyhow::Error::msg)?;
    let infos = page_infos(&session, &[site.prefixed(&page)]).await?;
    let info = infos.first().context("the wiki says nothing about the page")?;
    if let Some(why) = &info.invalid {
        bail!("`{title}` cannot be a page: {why}");
    }
    let (Some(page_id), Some(newest)) = (info.page_id, info.revid) else {
        bail!("there is no page `{}`", info.title);
    };
    let revid = args.revid.map_or(newest, RevId);
    let mut found = revisions(&session, &[revid], true).await?;
    let revision = found
        .remove(&revid)
        .with_context(|| format!("there is no revision {revid}, or it is deleted"))?;
    ensure!(
        revision.page_id == page_id,
        "revision {revid} is one of `{}`, not of `{}`",
        revision.title,
        info.title
    );
    let text = revision.text.with_context(|| match revision.text_hidden {
        true => format!("the text of revision {revid} is hidden"),
        false => format!("the wiki has lost the text of revision {revid}"),
    })?;
    ensure!(
        revision.model == "wikitext",
        "revision {revid} is {}, not wikitext",
        revision.model
    );
    let only = match &args.only {
        None => None,
        Some(name) => Some(names_on_wiki(&session, name).await?),
    };
    let tags = site.extension_tags().clone();
    Ok(Source { text, tags, only })
}

/// The template's names on the wiki, whichever of them was given.
async fn names_on_wiki(session: &Session, name: &str) -> anyhow::Result<TemplateNames> {
    let site = session.site();
    let given = template_title(site, name)?;
    let mut infos = page_infos(session, std::slice::from_ref(&given)).await?;
    let target = infos.first().and_then(|info| info.redirect_to.clone());
    let real = target.unwrap_or(given);
    if infos.first().is_some_and(|info| info.redirect_to.is_some()) {
        infos = page_infos(session, std::slice::from_ref(&real)).await?;
    }
    let redirects: Vec<String> = infos.into_iter().flat_map(|info| info.redirects).collect();
    names(site, &real, &redirects)
}

fn template_title(site: &Site, name: &str) -> anyhow::Result<String> {
    let title = site.title_in(10, name).map_err(anyhow::Error::msg)?;
    Ok(site.prefixed(&title))
}

fn names(site: &Site, name: &str, redirects: &[String]) -> anyhow::Result<TemplateNames> {
    let names = TemplateNames::new(site, name, redirects.iter().map(String::as_str));
    ensure!(
        names.all().next().is_some(),
        "`{name}` cannot be the name of a template: give it as it stands in {{{{…}}}}"
    );
    Ok(names)
}

/// Places of the templates to show, in their order.
fn choose(text: &str, scan: &Scan, only: Option<&TemplateNames>) -> Vec<usize> {
    let mut is_shown: Vec<bool> = Vec::with_capacity(scan.templates.len());
    for template in &scan.templates {
        let inside = template.parent.is_some_and(|parent| is_shown[parent]);
        is_shown.push(inside || only.is_none_or(|names| names.is(&text[template.name.clone()])));
    }
    (0..is_shown.len()).filter(|i| is_shown[*i]).collect()
}

/// A value as it is shown, with its place.
fn value<'t>(text: &'t str, param: &Param) -> (&'t str, usize) {
    let raw = &text[param.value.clone()];
    if param.name.is_none() {
        return (raw, param.value.start);
    }
    let start = trim(raw).as_ptr().addr() - text.as_ptr().addr();
    (trim(raw), start)
}

fn as_json(text: &str, scan: &Scan, shown: &[usize]) -> Value {
    let param = |param: &Param| {
        let (value, start) = value(text, param);
        json!({
            "name": param_name(text, scan, param),
            "value": value,
            "start": param.span.start,
            "end": param.span.end,
            "value_start": start,
            "value_end": start + value.len(),
            "positional": param.name.is_none(),
        })
    };
    let template = |i: &usize| {
        let template = &scan.templates[*i];
        json!({
            "name": template_name(text, scan, template),
            "start": template.span.start,
            "end": template.span.end,
            "parent": template.parent.and_then(|parent| shown.binary_search(&parent).ok()),
            "params": template.params.iter().map(param).collect::<Vec<_>>(),
        })
    };
    shown.iter().map(template).collect()
}

fn for_people(text: &str, scan: &Scan, shown: &[usize]) -> String {
    if shown.is_empty() {
        return "No templates.\n".to_owned();
    }
    let mut out = String::new();
    let (mut line, mut line_start, mut at) = (1, 0, 0);
    for (n, template) in shown.iter().map(|i| &scan.templates[*i]).enumerate() {
        let between = &text[at..template.span.start];
        line += between.matches('\n').count();
        line_start = between.rfind('\n').map_or(line_start, |end| at + end + 1);
        at = template.span.start;
        let column = 1 + text[line_start..at].chars().count();
        let gap = if n == 0 { "" } else { "\n" };
        let name = terminal(&template_name(text, scan, template));
        let _ = writeln!(
            out,
            "{gap}{line}:{column} {{{{{name}}}}}{}",
            around(text, scan, template)
        );
        for param in &template.params {
            let name = terminal(&param_name(text, scan, param));
            let equals = if param.name.is_some() { "=" } else { ":" };
            let value = terminal(value(text, param).0);
            let _ = writeln!(out, "{}", format!("  {name} {equals} {value}").trim_end());
        }
    }
    out
}

fn around(text: &str, scan: &Scan, template: &Template) -> String {
    let Some(parent) = template.parent else {
        return String::new();
    };
    let name = template_name(text, scan, &scan.templates[parent]);
    format!(" in {{{{{}}}}}", terminal(&name))
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
