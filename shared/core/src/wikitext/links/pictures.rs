//! The pass over double brackets: links to pages, categories, and pictures with their captions.
//! <https://www.mediawiki.org/wiki/Help:Links>, <https://www.mediawiki.org/wiki/Help:Images>

use super::super::steps::visit;
use super::super::trim;

use super::clean::percent_decoded;
use super::titles::{Target, is_title_byte, target};
use super::token::{self, END_OF_LINK, NOTHING};
use super::{address, brackets, clean, lines};
use memchr::memmem;
use std::borrow::Cow;

/// How deep pictures that are not closed are looked into again. Wikis do so without end, and quadratically.
const MAX_DEPTH: usize = 6;

/// Formats that put a picture into a box of its own, its caption below. Elsewhere the caption is only a tooltip, where
/// nothing is a link.
const BOXES: [&str; 18] = [
    "thumb",
    "thumbnail",
    "frame",
    "framed",
    "enframed",
    "mini",
    "miniatur",
    "gerahmt",
    "vignette",
    "cadre",
    "miniaturadeimagen",
    "miniatura",
    "marco",
    "мини",
    "миниатюра",
    "мініатюра",
    "サムネイル",
    "缩略图",
];

/// Formats without a box.
const PLAIN: [&str; 3] = ["frameless", "rahmenlos", "sans_cadre"];

/// Places at a side, which make a box of their own too.
const PLACES: [&str; 19] = [
    "left",
    "right",
    "center",
    "centre",
    "none",
    "links",
    "rechts",
    "zentriert",
    "ohne",
    "gauche",
    "droite",
    "centré",
    "néant",
    "izquierda",
    "derecha",
    "centro",
    "слева",
    "справа",
    "центр",
];

/// Other options that are a single word and no caption.
const WORDS: [&str; 12] = [
    "border",
    "baseline",
    "sub",
    "super",
    "sup",
    "top",
    "text-top",
    "middle",
    "bottom",
    "text-bottom",
    "upright",
    "hochkant",
];

/// Options whose value is where the picture leads.
const LINKS: [&str; 5] = ["link", "verweis", "lien", "enlace", "ссылка"];

/// The text with tokens for what is in double brackets. Links in pictures' captions are put behind `urls`.
pub fn internal_links<'t>(text: &'t str, urls: &mut Vec<String>) -> Cow<'t, str> {
    if memmem::find(text.as_bytes(), b"[[").is_none() {
        visit(text.len());
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    read(text, 0, urls, &mut out);
    Cow::Owned(out)
}

fn read(text: &str, depth: usize, urls: &mut Vec<String>, out: &mut String) {
    visit(text.len());
    let mut at = match memmem::find(text.as_bytes(), b"[[") {
        Some(first) => first,
        None => return out.push_str(text),
    };
    let mut dropped = out.len();
    out.push_str(&text[..at]);
    // Each turn reads what stands between one `[[` and the next.
    while at < text.len() {
        let start = at + 2;
        let end = next_piece(text, start);
        let line = &text[start..end];
        at = end;
        match written(line) {
            Some(link) if !address::begins(trim_blanks(link.target)) => match (target(link.target), link.label) {
                (None, _) => raw(line, out),
                (Some(Target::Picture), Label::Open(text_so_far)) => {
                    at = open_picture(text, at, text_so_far, line, depth, urls, out);
                }
                // Its target is shown as it is understood.
                (Some(_), Label::Open(label)) => {
                    raw(&percent_decoded(link.target), out);
                    out.push('|');
                    out.push_str(label);
                }
                (Some(Target::Picture), Label::Closed(label, after)) => {
                    picture(label, depth, urls, out);
                    out.push_str(after);
                }
                (Some(Target::Category), Label::Closed(label, after)) => {
                    dropped = drop_line_end(out, dropped);
                    token::keep(label, out);
                    out.push_str(after);
                }
                (Some(kind), Label::Closed(label, after)) => {
                    token::keep(label, out);
                    let is_known = matches!(kind, Target::Section | Target::Media);
                    out.push_str(if is_known { END_OF_LINK } else { NOTHING });
                    // Letters right behind the brackets belong to the link.
                    out.push_str(match kind {
                        Target::Media => after,
                        _ => after.trim_start_matches(|c: char| c.is_ascii_lowercase()),
                    });
                }
            },
            _ => raw(line, out),
        }
    }
}

/// Where the next `[[` is, or the end.
fn next_piece(text: &str, start: usize) -> usize {
    let end = memmem::find(&text.as_bytes()[start..], b"[[").map_or(text.len(), |i| start + i);
    visit(end - start);
    end
}

fn raw(line: &str, out: &mut String) {
    out.push_str("[[");
    out.push_str(line);
}

/// A category takes with it the end of the line before it, and the blanks around that. What stands before `done` has
/// been looked at by the category before. Gives the new length.
fn drop_line_end(out: &mut String, done: usize) -> usize {
    let done = done.min(out.len());
    let blanks = out.as_bytes()[done..]
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t'..=b'\r'))
        .count();
    visit(blanks);
    let blanks = out.len() - blanks;
    if let Some(end) = out[blanks..].find('\n') {
        out.truncate(blanks + end);
    }
    out.len()
}

struct Written<'t> {
    target: &'t str,
    label: Label<'t>,
}

enum Label<'t> {
    /// With what follows the closing brackets.
    Closed(&'t str, &'t str),
    /// Everything behind the bar: the brackets are not closed here.
    Open(&'t str),
}

/// What stands behind a `[[`, up to the next one.
fn written(line: &str) -> Option<Written<'_>> {
    let length = line.bytes().take_while(|b| is_title_byte(*b)).count();
    let (target, rest) = line.split_at(length);
    if target.is_empty() {
        return None;
    }
    if let Some(after) = rest.strip_prefix("]]") {
        let label = Label::Closed("", after);
        return Some(Written { target, label });
    }
    let text = rest.strip_prefix('|')?;
    // The label is not empty: the brackets are looked for behind its first character.
    let first = text.chars().next().map_or(0, char::len_utf8);
    let label = match text[first..].find("]]").map(|i| first + i) {
        Some(end) => {
            // `[[a|[http://x]]]`: the first bracket closes the link within.
            let longer = text[..end].contains('[') && text[end + 2..].starts_with(']');
            let end = end + usize::from(longer);
            Label::Closed(&text[..end], &text[end + 2..])
        }
        None => Label::Open(text),
    };
    Some(Written { target, label })
}

/// A picture that is not closed before the next `[[`: its caption has links to pages in it. Gives where to go on.
fn open_picture(
    text: &str,
    at: usize,
    so_far: &str,
    line: &str,
    depth: usize,
    urls: &mut Vec<String>,
    out: &mut String,
) -> usize {
    let begin = text.len() - (text.len() - at) - so_far.len();
    let mut at = at;
    while at < text.len() {
        let start = at + 2;
        let end = next_piece(text, start);
        let piece = &text[start..end];
        at = end;
        let mut closings = memmem::find_iter(piece.as_bytes(), b"]]");
        match (closings.next(), closings.next()) {
            // The first closes the link in the caption, the second the picture.
            (Some(_), Some(second)) => {
                picture(&text[begin..start + second], depth, urls, out);
                out.push_str(&piece[second + 2..]);
                return at;
            }
            (Some(_), None) => {}
            (None, _) => break,
        }
    }
    // It has no end: no picture, but what was looked at may have links.
    raw(&line[..line.len() - so_far.len()], out);
    if depth < MAX_DEPTH {
        read(&text[begin..at], depth + 1, urls, out);
    } else {
        out.push_str(&text[begin..at]);
    }
    at
}

/// What stands behind the bar of a picture.
fn picture(options: &str, depth: usize, urls: &mut Vec<String>, out: &mut String) {
    if options.is_empty() {
        return out.push_str(END_OF_LINK);
    }
    let options = brackets::external_links(options, urls);
    let mut inner = String::with_capacity(options.len());
    if depth < MAX_DEPTH {
        read(&options, depth + 1, urls, &mut inner);
    } else {
        inner = options.into_owned();
    }
    let mut caption = None;
    let mut is_boxed = false;
    let mut has_format = false;
    for option in split(&inner) {
        let option = trim(option);
        match kind(option) {
            // Only the first format is one.
            Kind::Format { boxed } if !has_format => {
                has_format = true;
                is_boxed |= boxed;
            }
            Kind::Place => is_boxed = true,
            Kind::Word => {}
            Kind::Link(url) => {
                token::push_link(out, urls.len());
                out.push_str(END_OF_LINK);
                urls.push(clean::normalized(&url));
            }
            Kind::Format { .. } | Kind::Caption => {
                if let Some(replaced) = caption.replace(option) {
                    token::keep(replaced, out);
                }
                continue;
            }
        }
        token::keep(option, out);
    }
    // The picture itself is a link.
    out.push_str(END_OF_LINK);
    let caption = caption.unwrap_or_default();
    if is_boxed {
        out.push_str(NOTHING);
        push_read(caption, out);
        out.push_str(NOTHING);
    } else {
        token::keep(caption, out);
    }
}

/// Splits at bars, but not within `-{ }-`.
fn split(options: &str) -> impl Iterator<Item = &str> {
    let bytes = options.as_bytes();
    let mut depth = 0_i64;
    let mut ends = Vec::new();
    for at in 0..bytes.len() {
        match &bytes[at..] {
            [b'-', b'{', ..] => depth += 1,
            [b'}', b'-', ..] => depth -= 1,
            [b'|', ..] if depth == 0 => ends.push(at),
            _ => {}
        }
    }
    visit(bytes.len());
    ends.push(bytes.len());
    let mut start = 0;
    ends.into_iter().map(move |end| {
        let option = &options[start..end];
        start = end + 1;
        option
    })
}

/// Puts a caption behind `out` whose brackets have been read, so that none of them begins a link again.
fn push_read(caption: &str, out: &mut String) {
    visit(caption.len());
    let mut rest = caption;
    while let Some(bracket) = memchr::memchr(b'[', rest.as_bytes()) {
        let (before, after) = rest.split_at(bracket + 1);
        out.push_str(before);
        if address::begins(after) {
            out.push_str(NOTHING);
        }
        rest = after;
    }
    out.push_str(rest);
}

enum Kind {
    /// With a box around it, or plain.
    Format {
        boxed: bool,
    },
    /// At a side, which makes a box too.
    Place,
    Word,
    Link(String),
    Caption,
}

/// What one option is. With a value that cannot be, it is a caption.
fn kind(option: &str) -> Kind {
    visit(option.len());
    if BOXES.contains(&option) {
        return Kind::Format { boxed: true };
    }
    if PLAIN.contains(&option) {
        return Kind::Format { boxed: false };
    }
    if PLACES.contains(&option) {
        return Kind::Place;
    }
    if WORDS.contains(&option) || is_size(option) {
        return Kind::Word;
    }
    let Some((name, value)) = option.split_once('=') else {
        return match option.strip_prefix("upright ") {
            Some(number) if is_number(trim(number)) => Kind::Word,
            _ => Kind::Caption,
        };
    };
    let when = |is_right: bool| if is_right { Kind::Word } else { Kind::Caption };
    match name {
        "thumb" | "thumbnail" => Kind::Format { boxed: true },
        "alt" | "alternativtext" | "class" | "klasse" => Kind::Word,
        "page" | "seite" => when(value.bytes().all(|b| b.is_ascii_digit())),
        "upright" | "hochkant" => when(is_number(value)),
        "lang" => when(!value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')),
        _ if LINKS.contains(&name) => link(value),
        _ => Kind::Caption,
    }
}

fn is_number(value: &str) -> bool {
    value.parse::<f64>().is_ok_and(|number| number > 0.0)
}

/// `100px`, `x100px`, `100x50px`.
fn is_size(option: &str) -> bool {
    let Some(size) = option.strip_suffix("px").map(trim) else {
        return false;
    };
    let size = size.strip_suffix("px").map_or(size, trim);
    let (width, height) = size.split_once('x').unwrap_or((size, ""));
    let is_number = |n: &str| n.bytes().all(|b| b.is_ascii_digit());
    is_number(width) && is_number(height) && size.contains(|c| matches!(c, '1'..='9'))
}

/// Where a picture leads: an address, a page, nowhere. Only the text of the value counts.
fn link(value: &str) -> Kind {
    let plain = lines::without_quotes(value);
    let plain = clean::decoded(&token::without(&plain)).into_owned();
    let plain = trim(&plain);
    match address::begins(plain) {
        true if address::is_whole(plain) => Kind::Link(plain.to_owned()),
        true => Kind::Caption,
        false if plain.is_empty() || target(plain).is_some() => Kind::Word,
        false => Kind::Caption,
    }
}

fn trim_blanks(text: &str) -> &str {
    text.trim_matches(' ')
}
