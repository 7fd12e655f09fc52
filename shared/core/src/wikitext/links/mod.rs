//! The external links of a text, as MediaWiki registers them when the page is saved.
//!
//! MediaWiki turns wikitext into HTML in passes, each over the whole text: templates, HTML tags, tables, behaviour
//! switches, headings, internal links, apostrophes, links in brackets, and at last what looks like an address. Which
//! address a reader gets, and where it ends, comes out of all of them, so the same passes are made here, but only as
//! far as they touch links. What a template's own wikitext does cannot be known from a page's source: a template is
//! an opaque thing in its text, and each of its arguments is a text of its own.
//! <https://www.mediawiki.org/wiki/Help:Links>, <https://www.mediawiki.org/wiki/Manual:Externallinks_table>
//!
//! Kept differences from a real wiki, with their reasons:
//! - Links to the wiki itself are found; MediaWiki leaves them out (`$wgRegisterInternalExternals`), but the wiki's
//!   own address is not known here.
//! - All arguments of templates and parser functions count, also those that a template ignores or that a later one
//!   of the same name replaces: both branches of `{{#if:…}}`, what `{{#tag:nowiki|…}}` shows as text. Nothing that a
//!   template or a parser function makes counts, so a link in `{{lc:http://…}}` is not found.
//! - The target of a redirect (`#REDIRECT [[http://…]]`) is read like the rest of the page.
//! - The bodies of all `<ref>` count, also those that Cite refuses (bad attributes) or shows nowhere.
//! - Nothing in the label of a link to a section of the page (`[[#a|b]]`) or a file (`[[Media:a|b]]`) is looked at;
//!   equals signs with a comment among them make a heading of more signs than in MediaWiki.
//! - Names of namespaces, options of pictures (`thumb`, `link=`) and behaviour switches are known in English, those of
//!   pictures also in some big languages. A link to the page itself is an internal link like others,
//!   one to a sub-page (`[[../x]]`) is none.
//! - Oddities of pictures: a caption that is a tooltip too counts its apostrophes twice and may lend a `[//x` to a
//!   bracket behind the picture, which can change where an address ends; `link=` may take its address together from
//!   the label of another link in it; in a `<gallery>`, `link=http://a.com/.` gives the address also without its stop.
//! - Protocols are those of a wiki without settings of its own (`$wgUrlProtocols`), their letters ASCII.

mod address;
mod brackets;
mod clean;
mod lines;
mod own;
mod page;
mod pictures;
mod tables;
mod tags;
mod templates;
mod titles;
mod token;

use super::scan::{MAX_BYTES, TooBig};
use page::{Page, Reading};
use std::collections::HashSet;

pub use templates::LinkTemplate;

/// A link in a text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TextLink {
    /// The address as MediaWiki's parser registers it: without the punctuation behind it, character references
    /// decoded, escapes in their shortest form, everything but ASCII percent-encoded, without `/../`. One without a
    /// protocol begins with `//`. The table `externallinks` has it split and in one more form: a `/` behind a mere
    /// host, `https:` before `//`, IPv6 addresses written out, hosts of other scripts decoded.
    pub url: String,
    /// The text has no protocol; a [`LinkTemplate`] makes it a link, and `http://` is put before it.
    pub from_template: bool,
}

/// All external links of `text`, each as often as it is there, in the order of the text: of bare addresses,
/// addresses in brackets, in arguments of templates, and values that one of `templates` makes a link.
/// `extension_tags` are the wiki's (siteinfo, `extensiontags`), as lower-case names without `<>`.
///
/// Errs when the text is longer than [`MAX_BYTES`] or has more templates than [`super::MAX_TEMPLATES`]. The time is
/// linear in the text.
pub fn external_links(
    text: &str,
    extension_tags: &HashSet<String>,
    templates: &[LinkTemplate],
) -> Result<Vec<TextLink>, TooBig> {
    bounded(text)?;
    let reading = Reading {
        tags: extension_tags,
        templates,
    };
    Ok(Page::read(text, reading)?.links())
}

/// The external links of each of two texts without what both have in common, in no order: the links of the one without
/// those of the other, but a few links may be among both. Much faster than [`external_links`] of both where the texts
/// are versions of a page, and errs where one of these does.
pub fn differing_links(
    texts: [&str; 2],
    extension_tags: &HashSet<String>,
    templates: &[LinkTemplate],
) -> Result<[Vec<TextLink>; 2], TooBig> {
    texts.into_iter().try_for_each(bounded)?;
    let reading = Reading {
        tags: extension_tags,
        templates,
    };
    Page::differing(texts, reading)
}

fn bounded(text: &str) -> Result<(), TooBig> {
    if text.len() > MAX_BYTES {
        return Err(TooBig(format!(
            "the text has {} bytes; pages of more than {MAX_BYTES} bytes are not read",
            text.len()
        )));
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
