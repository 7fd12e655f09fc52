//! Writing a line of an index page: one form, at its place, every other byte as it was.

use super::{IndexLine, Page, read};
use crate::site::{Site, Title};
use crate::text::{Wikitext, literal, plain, target};
use crate::types::RevId;

/// The one form of a line that is written: `* [[Special:PermanentLink/266420980|Acetone]]`, or
/// `* Acetone = Project:Chemicals/Verified/Acetone@12345` with a copy. Without an end of line.
pub fn canonical(site: &Site, title: &Title, revid: RevId, copy: Option<&Title>) -> Wikitext {
    let name = target(&site.prefixed(title));
    let number = plain(&revid.to_string(), 20);
    match copy {
        None => Wikitext::concat([
            &literal("* [[Special:PermanentLink/"),
            &number,
            &literal("|"),
            &name,
            &literal("]]"),
        ]),
        Some(copy) => {
            let copy = target(&site.prefixed(copy));
            Wikitext::concat([&literal("* "), &name, &literal(" = "), &copy, &literal("@"), &number])
        }
    }
}

/// The page with the line: in place of what it says about the title so far, else between its neighbours in the
/// alphabet, else at the end. `None` when it says so already, in whatever form. Errs, in words for the operator,
/// where that cannot be done without touching something else.
pub fn with_line(
    text: &str,
    site: &Site,
    title: &Title,
    revid: RevId,
    copy: Option<&Title>,
) -> Result<Option<String>, String> {
    let page = Page::new(text, site)?;
    let old = read(text, site).lines;
    let about: Vec<&IndexLine> = old.iter().filter(|line| line.title == *title).collect();
    let says = |line: &IndexLine| line.revid == revid && line.copy.as_ref() == copy;
    if !about.is_empty() && about.iter().all(|line| says(line)) {
        return Ok(None);
    }
    let new = canonical(site, title, revid, copy).into_string();
    let mut out = String::with_capacity(text.len() + new.len() + 1);
    if let Some((first, more)) = about.split_first() {
        if let Some(line) = about.iter().find(|line| !page.is_apart(line.line - 1)) {
            return Err(by_hand(line.line, &new));
        }
        let span = page.lines[first.line - 1].clone();
        out.push_str(&text[..span.start]);
        out.push_str(&new);
        let mut at = span.end;
        for line in more {
            let span = page.lines[line.line - 1].clone();
            // The line goes with the line's end before it: the first line is never among these.
            out.push_str(text[at..span.start].strip_suffix('\n').unwrap_or(&text[at..span.start]));
            at = span.end;
        }
        out.push_str(&text[at..]);
    } else {
        let before =
            place(&old, site, title).map_or(text.len(), |i| page.lines.get(i).map_or(text.len(), |line| line.start));
        let (head, tail) = text.split_at(before);
        out.push_str(head);
        if !head.is_empty() && !head.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&new);
        if !tail.is_empty() {
            out.push('\n');
        }
        out.push_str(tail);
    }
    check(&out, site, &old, title, revid, copy).ok_or_else(|| by_hand(1 + out_line(&out, &new), &new))?;
    Ok(Some(out))
}

/// Number, from 0, of the line before which the new one goes; `None` for the end of the page.
fn place(old: &[IndexLine], site: &Site, title: &Title) -> Option<usize> {
    let key = |title: &Title| (site.prefixed(title).to_lowercase(), title.clone());
    let own = key(title);
    let before = old
        .iter()
        .filter(|line| key(&line.title) < own)
        .max_by_key(|line| key(&line.title));
    let after = old
        .iter()
        .filter(|line| key(&line.title) > own)
        .min_by_key(|line| key(&line.title));
    let shares = |line: &IndexLine| key(&line.title).0.chars().next() == own.0.chars().next();
    match (before, after) {
        (Some(before), Some(after)) if shares(after) && !shares(before) => Some(after.line - 1),
        (Some(before), _) => Some(before.line),
        (None, Some(after)) => Some(after.line - 1),
        (None, None) => None,
    }
}

/// Whether the page now says what it should, and the same as before about every other title.
fn check(out: &str, site: &Site, old: &[IndexLine], title: &Title, revid: RevId, copy: Option<&Title>) -> Option<()> {
    let new = read(out, site).lines;
    let (about, others): (Vec<_>, Vec<_>) = new.iter().partition(|line| line.title == *title);
    let is_set = matches!(about[..], [line] if line.revid == revid && line.copy.as_ref() == copy);
    let before = old.iter().filter(|line| line.title != *title).map(|line| &line.source);
    (is_set && before.eq(others.iter().map(|line| &line.source))).then_some(())
}

fn out_line(out: &str, new: &str) -> usize {
    out.find(new).map_or(0, |at| out[..at].matches('\n').count())
}

fn by_hand(line: usize, new: &str) -> String {
    format!(
        "line {line} of the index page cannot be written safely: a comment, a tag or a template reaches over it. \
         Write there by hand: {new}"
    )
}
