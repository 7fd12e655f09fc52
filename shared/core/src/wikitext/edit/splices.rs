//! Pieces of a text that give way to others, and where every position of the old text lies in the new one.

use std::ops::Range;

/// What a piece does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// A value's new text.
    Replace {
        /// Template and parameter.
        at: (usize, usize),
    },
    /// A new parameter.
    Insert {
        /// The template that gets it.
        template: usize,
        /// Where in the new piece the parameter begins, behind its `|`.
        content: usize,
        /// Its name and value.
        name: String,
        value: String,
    },
    /// One or more parameters go.
    Remove,
}

/// One piece.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Splice {
    /// What goes; empty where something is only put in.
    pub old: Range<usize>,
    /// What comes.
    pub text: String,
    pub what: What,
}

impl Splice {
    /// Order at one position: a value belongs to what is before it, a new parameter to what is behind it.
    fn rank(&self) -> (usize, u8) {
        let rank = match self.what {
            Replace { .. } if self.old.is_empty() => 0,
            Insert { .. } => 1,
            _ => 2,
        };
        (self.old.start, rank)
    }
}

use What::{Insert, Remove, Replace};

/// The pieces of one edit, in the order of the text, none over another.
#[derive(Debug)]
pub(super) struct Splices {
    /// Each with its place in the new text.
    pub all: Vec<(Splice, Range<usize>)>,
}

impl Splices {
    /// Puts the pieces in order. Removals may overlap and become one; `None` if others do.
    pub fn new(mut pieces: Vec<Splice>) -> Option<Self> {
        pieces.sort_by_key(Splice::rank);
        let mut merged: Vec<Splice> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match merged.last_mut() {
                Some(last) if piece.old.start < last.old.end => {
                    if last.what != Remove || piece.what != Remove {
                        return None;
                    }
                    last.old.end = last.old.end.max(piece.old.end);
                }
                _ => merged.push(piece),
            }
        }
        let (mut all, mut old_end, mut new_end) = (Vec::with_capacity(merged.len()), 0, 0);
        for piece in merged {
            let start = new_end + (piece.old.start - old_end);
            new_end = start + piece.text.len();
            old_end = piece.old.end;
            all.push((piece, start..new_end));
        }
        Some(Self { all })
    }

    /// The new text.
    pub fn apply(&self, text: &str) -> String {
        let added: usize = self.all.iter().map(|(piece, _)| piece.text.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut at = 0;
        for (piece, _) in &self.all {
            out.push_str(&text[at..piece.old.start]);
            out.push_str(&piece.text);
            at = piece.old.end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// Where something that ends at this position of the old text ends in the new one.
    fn end(&self, position: usize) -> usize {
        let is_before = |(piece, _): &(Splice, Range<usize>)| {
            piece.old.end < position || (piece.old.end == position && piece.old.start < position)
        };
        self.moved(position, self.all.partition_point(is_before))
    }

    /// Where something that starts at this position of the old text starts in the new one.
    fn start(&self, position: usize) -> usize {
        self.moved(
            position,
            self.all.partition_point(|(piece, _)| piece.old.end <= position),
        )
    }

    fn moved(&self, position: usize, before: usize) -> usize {
        match before.checked_sub(1).map(|last| &self.all[last]) {
            Some((piece, new)) => new.end + (position - piece.old.end),
            None => position,
        }
    }

    /// Whether what stood at `old` stands at `new`. Of nothing, only the length is compared.
    pub fn is_moved(&self, old: &Range<usize>, new: &Range<usize>) -> bool {
        if old.is_empty() || new.is_empty() {
            return old.is_empty() && new.is_empty();
        }
        self.start(old.start) == new.start && self.end(old.end) == new.end
    }

    /// Whether a span of the old text is gone, all of it.
    pub fn is_gone(&self, old: &Range<usize>) -> bool {
        let first = self.all.partition_point(|(piece, _)| piece.old.end <= old.start);
        self.all[first..]
            .iter()
            .take_while(|(piece, _)| piece.old.start <= old.start)
            .any(|(piece, _)| piece.old.end >= old.end)
    }

    /// The piece that brought a span of the new text, if one did.
    pub fn brought(&self, new: &Range<usize>) -> Option<usize> {
        let at = self.all.partition_point(|(_, place)| place.end <= new.start);
        let (_, place) = self.all.get(at)?;
        (place.start <= new.start && new.end <= place.end).then_some(at)
    }
}
