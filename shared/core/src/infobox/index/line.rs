//! One line of an index page.

use crate::site::{Site, Title};
use crate::text::terminal;
use crate::types::RevId;

/// Longest line that can say something, in bytes: two titles, all in entities, and a note.
const MAX_LINE_BYTES: usize = 8_000;

/// Most `=` of a line that are looked at.
const MAX_EQUALS: usize = 8;

/// What a line says.
pub(super) enum Read {
    /// Nothing about a revision.
    Nothing,
    /// A verified revision.
    Line {
        title: Title,
        revid: RevId,
        copy: Option<Title>,
    },
    /// It looks as if it should; why it does not.
    Wrong(String),
}

/// Reads a line as MediaWiki shows it, NUL standing for what is no wikitext. `inside`: it lies in a template of
/// several lines.
pub(super) fn read(visible: &str, inside: bool, site: &Site) -> Read {
    let is_code = visible.starts_with([' ', '\t']);
    let whole = visible.trim();
    let body = whole.trim_start_matches(|c: char| matches!(c, '*' | '#' | ':' | ';') || c.is_whitespace());
    let is_heading = body.starts_with('=') && body.len() == whole.len();
    if is_heading || body.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
        return Read::Nothing;
    }
    let is_listed = body.len() < whole.len();
    let body = body.trim_start_matches("''").trim_start_matches('\'');
    let outcome = if names_revision(body) && (is_listed || body.starts_with(['[', '{'])) {
        if body.len() > MAX_LINE_BYTES {
            Err("it is too long".to_owned())
        } else {
            agree(body, references(body, site), site).map(|(title, revid)| (title, revid, None))
        }
    } else if names_revision(body) || body.len() > MAX_LINE_BYTES || inside {
        // Prose; or parameters of a template.
        return Read::Nothing;
    } else {
        match assignment(body, site) {
            Some(outcome) => outcome,
            None if is_listed && is_bare_number(body) => Err("the number is not marked as a revision".to_owned()),
            None => return Read::Nothing,
        }
    };
    match outcome {
        Err(_) if body.contains('\0') => wrong("a comment or tag reaches into it"),
        Err(why) => wrong(&why),
        Ok(_) if inside => wrong("it lies inside a template; a line of the index stands outside"),
        Ok(_) if is_code => wrong("it begins with a space, so the wiki shows it as code; remove the space"),
        Ok((title, _, _)) if title.ns < 0 => wrong("it names a special page"),
        Ok((title, revid, copy)) => Read::Line { title, revid, copy },
    }
}

/// Whether one of the marks of a revision stands in it, readable or not.
fn names_revision(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    ["{{oldid", "permanentlink/", "permalink/", "oldid="]
        .iter()
        .any(|mark| body.contains(mark))
}

fn wrong(why: &str) -> Read {
    Read::Wrong(format!(
        "this looks like a line of the index, but {why}. Right: `* [[Special:PermanentLink/266420980|Acetone]]`"
    ))
}

/// A title and a revision that belong together, or why they cannot be read.
type Reference = Result<(Title, RevId), String>;

/// What stands between brackets or braces and may name a revision, with where it begins.
fn references(body: &str, site: &Site) -> Vec<(usize, Reference)> {
    let mut found = Vec::new();
    // Closings of which none is left: a line of opening braces must not be searched over and over.
    let mut gone = Vec::new();
    let mut at = 0;
    while let Some(start) = body[at..].find(['{', '[']).map(|i| at + i) {
        let rest = &body[start..];
        let (close, width) = if rest.starts_with("{{") {
            ("}}", 2)
        } else if rest.starts_with("[[") {
            ("]]", 2)
        } else if rest.starts_with("[http") || rest.starts_with("[//") {
            ("]", 1)
        } else {
            at = start + 1;
            continue;
        };
        if gone.contains(&close) {
            at = start + width;
            continue;
        }
        let Some(length) = rest[width..].find(close) else {
            gone.push(close);
            continue;
        };
        let inner = &rest[width..width + length];
        at = start + width + length + close.len();
        let reference = match close {
            "}}" => in_template(inner, site),
            "]]" => in_link(inner, site),
            _ => inner
                .contains("oldid=")
                .then(|| Err("it names the revision by a web address".to_owned())),
        };
        if let Some(reference) = reference {
            found.push((start, reference));
        }
    }
    found
}

/// `oldid|Acetone|266420980` or `fullurl:Acetone|oldid=266420980`.
fn in_template(inner: &str, site: &Site) -> Option<Reference> {
    let mut parts = inner.split('|');
    let name = parts.next()?.trim();
    let url = name
        .split_once(':')
        .filter(|(function, _)| ["fullurl", "fullurle", "canonicalurl"].contains(&function.to_lowercase().as_str()));
    if let Some((_, title)) = url {
        let oldid = parts
            .flat_map(|part| part.split('&'))
            .find_map(|part| part.trim().strip_prefix("oldid="))?;
        return Some(both(title, oldid, site));
    }
    if !name.eq_ignore_ascii_case("oldid") {
        return None;
    }
    let (mut title, mut oldid, mut position) = (None, None, 0);
    for part in parts {
        let (key, value) = match part.split_once('=') {
            Some((key, value)) => (key.trim(), value),
            None => {
                position += 1;
                (
                    if position == 1 {
                        "1"
                    } else if position == 2 {
                        "2"
                    } else {
                        ""
                    },
                    part,
                )
            }
        };
        match key {
            "1" => title = Some(value),
            "2" => oldid = Some(value),
            _ => {}
        }
    }
    Some(both(title.unwrap_or_default(), oldid.unwrap_or_default(), site))
}

/// `Special:PermanentLink/266420980|Acetone`.
fn in_link(inner: &str, site: &Site) -> Option<Reference> {
    let (target, label) = inner
        .split_once('|')
        .map_or((inner, None), |(target, label)| (target, Some(label)));
    let (prefix, rest) = target.trim().trim_start_matches(':').split_once(':')?;
    if site.namespace_id(prefix) != Some(-1) {
        return None;
    }
    let (page, number) = rest.split_once('/')?;
    if !["permanentlink", "permalink"].contains(&page.trim().to_lowercase().as_str()) {
        return None;
    }
    Some(match label {
        Some(label) => both(label.trim().trim_matches('\''), number, site),
        None => Err("the link has no label, which names the page".to_owned()),
    })
}

fn both(title: &str, number: &str, site: &Site) -> Reference {
    let revid = revid(number)?;
    Ok((title_of(title, site)?, revid))
}

/// The one thing that all references and the links before them say.
fn agree(body: &str, found: Vec<(usize, Reference)>, site: &Site) -> Result<(Title, RevId), String> {
    let before = found.first().map_or("", |(start, _)| &body[..*start]);
    let mut agreed = None;
    for (_, reference) in found {
        let reference = reference?;
        if agreed.as_ref().is_some_and(|agreed| *agreed != reference) {
            return Err("it names more than one revision".to_owned());
        }
        agreed = Some(reference);
    }
    let (title, revid) = agreed.ok_or("no revision in it can be read; see whether brackets and braces are closed")?;
    for link in before.split("[[").skip(1) {
        let target = link.split(['|', ']']).next().unwrap_or(link);
        if title_of(target, site).as_ref() != Ok(&title) {
            return Err(format!(
                "it names two pages, `{}` and `{}`",
                shown(target),
                shown(&title.text)
            ));
        }
    }
    Ok((title, revid))
}

/// All that a line says, or why it cannot be read.
type Whole = Result<(Title, RevId, Option<Title>), String>;

/// `Acetone = 266420980` or `Acetone = Project:Acetone@12345`; `None` for prose.
fn assignment(body: &str, site: &Site) -> Option<Whole> {
    if body.starts_with(['|', '!', '{', '<', '_']) {
        return None;
    }
    let (_, last) = body.rsplit_once('=')?;
    let last = last.trim();
    let mut readings: Vec<_> = body
        .match_indices('=')
        .take(MAX_EQUALS)
        .map(|(at, _)| (&body[..at], &body[at + 1..]))
        .map(|(left, right)| assigned(left, right, site))
        .collect();
    let good = readings.iter().filter(|reading| reading.is_ok()).count();
    if good == 1 {
        return readings.into_iter().find(Result::is_ok);
    }
    let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    let has_markup = ["{{", "}}", "://", "<", "|"].iter().any(|mark| body.contains(mark));
    let is_brief =
        !last.contains(char::is_whitespace) || last.contains('@') || last.starts_with(|c: char| c.is_ascii_digit());
    if !is_number && (has_markup || !is_brief) {
        return None;
    }
    if good > 1 {
        return Some(Err("it has several `=` and can be read in several ways".to_owned()));
    }
    readings.pop()
}

fn assigned(left: &str, right: &str, site: &Site) -> Whole {
    let title = title_of(unlinked(left), site)?;
    let Some((copy, number)) = right.rsplit_once('@') else {
        return Ok((title, revid(right)?, None));
    };
    let copy = title_of(unlinked(copy), site)?;
    if copy.ns < 0 || site.is_content(copy.ns) {
        return Err(format!(
            "the verified copy `{}` is an article; it must lie outside the article namespace",
            shown(&site.prefixed(&copy))
        ));
    }
    Ok((title, revid(number)?, Some(copy)))
}

/// A link's target; anything else as it stands.
fn unlinked(text: &str) -> &str {
    let text = text.trim().trim_matches('\'');
    text.strip_prefix("[[")
        .and_then(|text| text.strip_suffix("]]"))
        .unwrap_or(text)
}

/// `[[Acetone]] 266420980`, with nothing else.
fn is_bare_number(body: &str) -> bool {
    let Some((_, after)) = body.strip_prefix("[[").and_then(|rest| rest.split_once("]]")) else {
        return false;
    };
    let after = after.trim_matches(|c: char| c.is_whitespace() || "':-–—(),@".contains(c));
    !after.is_empty() && after.bytes().all(|b| b.is_ascii_digit())
}

fn revid(text: &str) -> Result<RevId, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the number of the revision is missing".to_owned());
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("`{}` is no number of a revision", shown(text)));
    }
    match text.parse() {
        Ok(0) => Err("there is no revision 0".to_owned()),
        Ok(number) => Ok(RevId(number)),
        Err(_) => Err(format!("`{}` is too large for a revision", shown(text))),
    }
}

fn title_of(text: &str, site: &Site) -> Result<Title, String> {
    site.title(&decoded(text))
}

/// With the entities that titles are written with, [`super::canonical`] among them.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        // `&#x1F600;` is among the longest.
        let end = rest.bytes().take(10).position(|b| b == b';');
        let entity = end.and_then(|end| Some((entity(&rest[1..end])?, &rest[end + 1..])));
        match entity {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok()?,
        Some(decimal) => decimal.parse().ok()?,
        None => {
            return match name {
                "amp" => Some('&'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                "nbsp" => Some(' '),
                _ => None,
            };
        }
    };
    char::from_u32(number)
}

/// A piece of the line, short enough for a message.
fn shown(text: &str) -> String {
    let short: String = text.trim().chars().take(60).collect();
    let dots = if short.len() < text.trim().len() { "…" } else { "" };
    format!("{}{dots}", terminal(&short))
}
