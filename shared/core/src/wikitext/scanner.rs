//! The pass over a text that finds its templates, comments and tags.
//!
//! Everything that is open lies on a stack of frames; what is never closed
//! simply stays there and is text. No byte is looked at more than six times,
//! whatever the text is, and nothing is done by recursion.
//! <https://www.mediawiki.org/wiki/Preprocessor_ABNF>

use super::elements::{Kind, Piece, Reader};
use super::scan::{MAX_BYTES, MAX_TEMPLATES, Param, Scan, Template, TooBig};
use super::steps::visit;
use std::ops::Range;

/// What can be open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    /// Two or more `{`.
    Braces,
    /// Two or more `[`.
    Link,
    /// `-{`, the language converter's.
    Convert,
    /// A line that begins with `=`.
    Heading,
}

/// Something open. Positions are `u32`: a hostile page can open a million of them.
#[derive(Clone, Copy, Debug)]
struct Frame {
    open: Open,
    /// Position of the first opening character.
    start: u32,
    /// How many of the opening characters are not matched yet.
    count: u32,
    /// Where its bars begin in `Scanner::parts`.
    parts: u32,
    /// Whether a `-` stands before the braces.
    dash: bool,
}

/// What follows a `|`.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: u32,
    /// Position of its first `=` of its own; 0 for none.
    equals: u32,
}

/// `{{{…}}}`, the place of a parameter, that has a default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// From the first of the three braces to after the last.
    pub span: Range<usize>,
    /// What is shown when there is no such parameter: from the first bar to the next one or the end.
    pub default: Range<usize>,
}

/// Bytes that mean something everywhere, and those that do in some frames.
const ALWAYS: u8 = 1;
const BRACE: u8 = 2;
const BAR: u8 = 4;
const EQUALS: u8 = 8;
const BRACKET: u8 = 16;

const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    class[b'\n' as usize] = ALWAYS;
    class[b'<' as usize] = ALWAYS;
    class[b'[' as usize] = ALWAYS;
    class[b'{' as usize] = ALWAYS;
    class[b'}' as usize] = BRACE;
    class[b'|' as usize] = BAR;
    class[b'=' as usize] = EQUALS;
    class[b']' as usize] = BRACKET;
    class
};

/// The pass over one text.
pub(super) struct Scanner<'t, F> {
    bytes: &'t [u8],
    reader: Reader<'t, F>,
    frames: Vec<Frame>,
    /// The parts of all open frames, without the first of each.
    parts: Vec<Part>,
    /// Up to here a `-` is part of a `}-`.
    dash_used: usize,
    found: Scan,
    places: Vec<Place>,
}

impl<'t, F: Fn(&str) -> bool> Scanner<'t, F> {
    /// For a text of at most [`MAX_BYTES`] bytes. `is_tag`: whether a lower-case name is a tag of an extension.
    pub fn new(text: &'t str, is_tag: F) -> Self {
        Self {
            bytes: text.as_bytes(),
            reader: Reader::new(text, is_tag),
            frames: Vec::new(),
            parts: Vec::new(),
            dash_used: 0,
            found: Scan::default(),
            places: Vec::new(),
        }
    }

    /// What is in the text; templates in the order of their closing braces, and without parents.
    pub fn run(self) -> Result<Scan, TooBig> {
        Ok(self.run_with_places()?.0)
    }

    /// The same, and the places of parameters that have a default, in the order of their closing braces.
    pub fn run_with_places(mut self) -> Result<(Scan, Vec<Place>), TooBig> {
        let mut at = self.line_start(0);
        let mut wanted = self.wanted();
        while let Some(found) = self.next(at, wanted) {
            at = found;
            at = match self.bytes[at] {
                b'\n' => {
                    if self.frames.last().is_some_and(|f| f.open == Open::Heading) {
                        self.frames.pop();
                    }
                    self.line_start(at + 1)
                }
                b'|' => {
                    self.parts.push(Part {
                        start: small(at + 1),
                        equals: 0,
                    });
                    at + 1
                }
                b'=' => {
                    if let Some(part) = self.parts.last_mut() {
                        part.equals = small(at);
                    }
                    at + 1
                }
                b'<' => self.tag(at),
                b'{' => self.open_braces(at),
                b'[' => self.open_link(at),
                b']' => self.close_link(at),
                _ => self.close_braces(at)?,
            };
            wanted = self.wanted();
        }
        Ok((self.found, self.places))
    }

    /// The first byte from `at` on that is of a wanted class.
    fn next(&self, at: usize, wanted: u8) -> Option<usize> {
        let plain = self.bytes[at..]
            .iter()
            .position(|b| CLASS[usize::from(*b)] & wanted != 0);
        visit(plain.map_or(self.bytes.len() - at, |plain| plain + 1));
        Some(at + plain?)
    }

    /// The classes of bytes that mean something in the innermost frame.
    fn wanted(&self) -> u8 {
        match self.frames.last() {
            None => ALWAYS,
            Some(frame) => match frame.open {
                Open::Heading => ALWAYS,
                Open::Link => ALWAYS | BRACKET,
                Open::Braces | Open::Convert if self.wants_equals(frame) => ALWAYS | BRACE | BAR | EQUALS,
                Open::Braces | Open::Convert => ALWAYS | BRACE | BAR,
            },
        }
    }

    /// Only the first `=` after a bar parts a name from a value.
    fn wants_equals(&self, frame: &Frame) -> bool {
        self.parts.len() > frame.parts as usize && self.parts.last().is_some_and(|part| part.equals == 0)
    }

    fn push(&mut self, open: Open, start: usize, count: usize, dash: bool) {
        self.frames.push(Frame {
            open,
            start: small(start),
            count: small(count),
            parts: small(self.parts.len()),
            dash,
        });
    }

    /// How many bytes like the one at `at` follow each other from there, up to `most`.
    fn run_length(&self, at: usize, most: usize) -> usize {
        let byte = self.bytes[at];
        let length = self.bytes[at..].iter().take(most).take_while(|b| **b == byte).count();
        visit(length + 1);
        length
    }

    /// A line that begins with `=` is a heading up to its end, and nothing in
    /// it closes what was open before. One single `=` parts a name from its
    /// value where one is waited for.
    fn line_start(&mut self, at: usize) -> usize {
        if self.bytes.get(at) != Some(&b'=') {
            return at;
        }
        if self.run_length(at, 2) == 1 && self.wanted() & EQUALS != 0 {
            return at;
        }
        self.push(Open::Heading, at, 1, false);
        at + 1
    }

    /// Three braces can be two with one before them, so the run is one frame;
    /// a `-` before counts when one brace is left over in the end.
    fn open_braces(&mut self, at: usize) -> usize {
        let count = self.run_length(at, usize::MAX);
        let dash = at > self.dash_used && self.bytes[at - 1] == b'-';
        if count > 1 {
            self.push(Open::Braces, at, count, dash);
        } else if dash {
            self.push(Open::Convert, at - 1, 2, false);
        }
        at + count
    }

    fn open_link(&mut self, at: usize) -> usize {
        let count = self.run_length(at, usize::MAX);
        if count > 1 {
            self.push(Open::Link, at, count, false);
        }
        at + count
    }

    fn close_link(&mut self, at: usize) -> usize {
        if self.run_length(at, 2) < 2 {
            return at + 1;
        }
        self.match_opening(2);
        at + 2
    }

    /// The innermost frame is `{{` or `-{`.
    fn close_braces(&mut self, at: usize) -> Result<usize, TooBig> {
        let Some(frame) = self.frames.last().copied() else {
            return Ok(at + 1);
        };
        if frame.open == Open::Convert {
            if self.bytes.get(at + 1) != Some(&b'-') {
                return Ok(at + 1);
            }
            self.match_opening(2);
            self.dash_used = at + 2;
            return Ok(at + 2);
        }
        let count = self.run_length(at, 3.min(frame.count as usize));
        match count {
            1 => {}
            2 => self.template(&frame, at)?,
            // `{{{…}}}` is the place of a parameter, no template.
            _ => {
                self.place(&frame, at);
                self.match_opening(count);
            }
        }
        Ok(at + count)
    }

    /// The last `count` opening characters of the innermost frame have found
    /// their end. What is left of them stays open, with nothing but text
    /// behind it so far.
    fn match_opening(&mut self, count: usize) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        self.parts.truncate(frame.parts as usize);
        frame.count -= small(count);
        if frame.count == 1 && frame.dash {
            frame.open = Open::Convert;
            frame.dash = false;
            frame.count = 2;
        } else if frame.count < 2 {
            self.frames.pop();
        }
    }

    fn place(&mut self, frame: &Frame, end: usize) {
        let mut parts = self.parts[frame.parts as usize..].iter();
        if let Some(default) = parts.next() {
            let start = (frame.start + frame.count) as usize - 3;
            self.places.push(Place {
                span: start..end + 3,
                default: default.start as usize..parts.next().map_or(end, |next| next.start as usize - 1),
            });
        }
    }

    fn template(&mut self, frame: &Frame, end: usize) -> Result<(), TooBig> {
        if self.found.templates.len() == MAX_TEMPLATES {
            return Err(TooBig(format!(
                "the text has more than {MAX_TEMPLATES} templates; such pages are not read"
            )));
        }
        let start = (frame.start + frame.count) as usize - 2;
        let parts = &self.parts[frame.parts as usize..];
        visit(parts.len());
        let ends = parts.iter().skip(1).map(|next| next.start as usize - 1).chain([end]);
        let mut positional = 0;
        let params = parts.iter().zip(ends).map(|(part, end)| {
            let span = part.start as usize..end;
            if part.equals == 0 {
                positional += 1;
                return Param {
                    value: span.clone(),
                    span,
                    name: None,
                    index: Some(positional),
                };
            }
            let equals = part.equals as usize;
            Param {
                name: Some(span.start..equals),
                value: equals + 1..end,
                span,
                index: None,
            }
        });
        let template = Template {
            span: start..end + 2,
            name: start + 2..parts.first().map_or(end, |part| part.start as usize - 1),
            params: params.collect(),
            parent: None,
        };
        self.found.templates.push(template);
        self.match_opening(2);
        Ok(())
    }

    /// Goes over a comment or tag.
    fn tag(&mut self, at: usize) -> usize {
        let piece = self.reader.read(at);
        match piece.kind {
            Kind::Text { .. } => {}
            Kind::Comment { is_closed: true, .. } => return self.comments(at, piece.end),
            Kind::Comment { .. } | Kind::Mark { .. } | Kind::Element { .. } => self.found.opaque.push(at..piece.end),
        }
        piece.end
    }

    /// Goes over a comment and those that follow it with only blanks between.
    /// If there is nothing else in the line they go with it, and the next
    /// line begins behind them.
    fn comments(&mut self, start: usize, end: usize) -> usize {
        let before = blanks(self.bytes[..start].iter().rev());
        if !self.bytes[..start - before].ends_with(b"\n") {
            self.found.opaque.push(start..end);
            return end;
        }
        let first = self.found.opaque.len();
        self.found.opaque.push(start..end);
        let mut end = end;
        let mut after = end + blanks(self.bytes[end..].iter());
        while self.bytes[after..].starts_with(b"<!--") {
            let Piece {
                end: next,
                kind: Kind::Comment { is_closed: true, .. },
            } = self.reader.read(after)
            else {
                break;
            };
            self.found.opaque.push(after..next);
            end = next;
            after = end + blanks(self.bytes[end..].iter());
        }
        if self.bytes.get(after) != Some(&b'\n') {
            return end;
        }
        let comments = &mut self.found.opaque[first..];
        comments[0].start -= before;
        for i in 1..comments.len() {
            comments[i - 1].end = comments[i].start;
        }
        comments[comments.len() - 1].end = after + 1;
        self.line_start(after + 1)
    }
}

/// How many spaces and tabs come first.
fn blanks<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    let blanks = bytes.take_while(|b| matches!(b, b' ' | b'\t')).count();
    visit(blanks + 1);
    blanks
}

/// A position or number of a text that is not longer than [`MAX_BYTES`].
fn small(n: usize) -> u32 {
    const { assert!(MAX_BYTES < u32::MAX as usize) };
    n as u32
}
