//! Events of Wikimedia's streams, as far as they tell of external links.
//!
//! `mediawiki.page-links-change` comes after every links update of a page: also after an edit to a template that the
//! page uses, with whoever edited the template or with nobody, and always with the page's newest revision.
//! <https://schema.wikimedia.org/repositories/primary/jsonschema/mediawiki/page/links-change/>

use super::fields::Fields;
use super::record::{BadLine, LinksChange, Record, facts, wiki_key};
use super::why::Why;
use percent_encoding::percent_decode_str;

const STREAM: &str = "mediawiki.page-links-change";
const SCHEMA: &str = "/mediawiki/page/links-change/";

/// Reads an event. `None` for the test events that keep a stream alive, whose domain is `canary`.
pub(super) fn event(mut fields: Fields) -> Result<Option<Record>, BadLine> {
    let schema = fields.text("$schema")?;
    let Some(mut meta) = fields.object("meta")? else {
        let problem = "the line is neither a recorded edit (`\"type\":\"recorded-edit\"`) nor an event (`meta`)";
        return Err(BadLine::new("", problem));
    };
    let domain = meta.text("domain")?;
    if domain.as_deref() == Some("canary") {
        return Ok(None);
    }
    let is_links = match meta.text("stream")? {
        Some(stream) => stream == STREAM,
        None => schema.is_some_and(|schema| schema.starts_with(SCHEMA)),
    };
    if !is_links {
        return Ok(Some(Record::Other(Why::OtherStream)));
    }
    let domain = domain.ok_or_else(|| meta.bad("domain", "is missing"))?;
    let wiki = wiki_key(&format!("{domain}/w")).ok_or_else(|| meta.bad("domain", "is no host"))?;
    let ts = meta.need("dt", Fields::time)?;
    Ok(Some(Record::Links(Box::new(LinksChange {
        of: facts(&mut fields, wiki, ts)?,
        added: links(&mut fields, "added_links")?,
    }))))
}

/// The external ones of a list of links. The stream encodes every address once more on top of what it is, so that
/// `?` and `%` are `%3F` and `%25`; internal ones are paths of pages.
pub(super) fn links(fields: &mut Fields, key: &str) -> Result<Vec<String>, BadLine> {
    let mut added = Vec::new();
    for mut link in fields.objects(key)? {
        let address = link.need("link", Fields::text)?;
        if link.need("external", Fields::flag)? {
            added.push(percent_decode_str(&address).decode_utf8_lossy().into_owned());
        }
    }
    Ok(added)
}
