//! Many regular expressions at once, within bounds: monitor lists, spam blacklists.
//!
//! Of each expression a literal is known that every match must contain; one automaton looks for all literals at once,
//! and only expressions whose literal occurs are compiled and run. Whoever writes a list can so make a run neither
//! slow nor big. What this engine cannot run (look-around, back-references) is told as [`NotChecked`]: on the wiki, where
//! PCRE runs it, it works. <https://www.mediawiki.org/wiki/Extension:SpamBlacklist>

mod domains;
mod literal;

pub use domains::Domains;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use literal::{Shape, fold, shape};
use lru::LruCache;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;

/// Most patterns of one set.
pub const MAX_PATTERNS: usize = 10_000;
/// Longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 500;
/// Most patterns of which no literal is known, so that they run on every text.
pub const MAX_UNANCHORED: usize = 200;
/// More of a text than this is not looked at, in bytes: browsers' longest addresses.
pub const MAX_TEXT_BYTES: usize = 2_083;

/// Largest compiled pattern, in bytes.
const SIZE_LIMIT: usize = 256_000;
/// How deep a pattern's groups may lie in each other.
const NEST_LIMIT: u32 = 20;
/// Working memory of a compiled pattern, in bytes; an engine that needs none takes over when it is not enough.
const WORK_LIMIT: usize = 128_000;
/// Most patterns that stay compiled.
const COMPILED: NonZeroUsize = NonZeroUsize::new(500).expect("is not zero");
/// Most memory of those that stay compiled, in bytes by [`Patterns::weight`].
const COMPILED_BYTES: usize = 40_000_000;

/// A pattern that is not run here, for people: *not checked here*, never *broken*.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotChecked {
    /// What [`Patterns::new`] was given with it.
    pub id: usize,
    /// The pattern as it was given, cut at [`MAX_PATTERN_BYTES`]. Is text from users.
    pub pattern: String,
    /// Why; part of a sentence, such as `look-around, which is not known here`.
    pub why: String,
}

/// A set of regular expressions. Letter case never matters.
pub struct Patterns {
    /// By id.
    patterns: Vec<Pattern>,
    /// What stands before and behind each pattern.
    around: (&'static str, &'static str),
    literals: AhoCorasick,
    /// Of each literal the places in `patterns`.
    of_literal: Vec<Vec<u32>>,
    /// Places of those without a literal.
    unanchored: Vec<u32>,
    compiled: LruCache<u32, Option<Regex>>,
    /// What `compiled` takes, in bytes.
    compiled_bytes: usize,
}

struct Pattern {
    id: usize,
    text: Box<str>,
    /// See [`Shape`].
    size: usize,
}

impl Patterns {
    /// From patterns, each with an id; ids may repeat. The second value tells which are not run, and why: a form that
    /// is not known here, too long, too big, too many. A pattern that also matches nothing at all (`x*`) would match
    /// every text and is not run either.
    pub fn new<'a>(patterns: impl IntoIterator<Item = (usize, &'a str)>) -> (Patterns, Vec<NotChecked>) {
        Patterns::within("(?:", patterns, ")")
    }

    /// The same, where each pattern is part of a bigger one: `before` and `after` it. Together they must keep it one
    /// group.
    pub(crate) fn within<'a>(
        before: &'static str,
        patterns: impl IntoIterator<Item = (usize, &'a str)>,
        after: &'static str,
    ) -> (Patterns, Vec<NotChecked>) {
        let mut kept: Vec<(usize, &str, Shape)> = Vec::new();
        let mut not_checked = Vec::new();
        let mut unanchored = 0;
        for (id, pattern) in patterns {
            let checked = if kept.len() == MAX_PATTERNS {
                Err(format!("more than {MAX_PATTERNS} patterns"))
            } else {
                check(before, pattern, after)
            };
            let checked = checked.and_then(|shape| {
                unanchored += usize::from(shape.literals.is_empty());
                if shape.literals.is_empty() && unanchored > MAX_UNANCHORED {
                    return Err(format!(
                        "more than {MAX_UNANCHORED} patterns without three characters in a row that must occur"
                    ));
                }
                Ok(shape)
            });
            match checked {
                Ok(shape) => kept.push((id, pattern, shape)),
                Err(why) => not_checked.push(NotChecked {
                    id,
                    pattern: pattern[..pattern.floor_char_boundary(MAX_PATTERN_BYTES)].to_owned(),
                    why,
                }),
            }
        }
        kept.sort_by_key(|(id, ..)| *id);
        (Patterns::made(&kept, (before, after)), not_checked)
    }

    fn made(kept: &[(usize, &str, Shape)], around: (&'static str, &'static str)) -> Patterns {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut of_literal: Vec<Vec<u32>> = Vec::new();
        let mut literals: Vec<&str> = Vec::new();
        let mut unanchored = Vec::new();
        for (place, (_, _, shape)) in (0u32..).zip(kept) {
            if shape.literals.is_empty() {
                unanchored.push(place);
            }
            for literal in &shape.literals {
                let at = *places.entry(literal).or_insert_with(|| {
                    literals.push(literal);
                    of_literal.push(Vec::new());
                    literals.len() - 1
                });
                of_literal[at].push(place);
            }
        }
        let literals = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&literals)
            .expect("the bounds keep the literals far below what the automaton can number");
        Patterns {
            patterns: kept
                .iter()
                .map(|(id, text, shape)| Pattern {
                    id: *id,
                    text: Box::from(*text),
                    size: shape.size,
                })
                .collect(),
            around,
            literals,
            of_literal,
            unanchored,
            compiled: LruCache::new(COMPILED),
            compiled_bytes: 0,
        }
    }

    /// How many patterns are run.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether nothing can match.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Ids of the patterns that match somewhere in the text; sorted, each once. Takes time in proportion to the text
    /// and to the patterns whose literal occurs in it. What follows the first [`MAX_TEXT_BYTES`] is not looked at.
    pub fn matches(&mut self, text: &str) -> Vec<usize> {
        self.found(text, usize::MAX)
    }

    /// The lowest id of [`Patterns::matches`]; those behind it are not run.
    pub fn first(&mut self, text: &str) -> Option<usize> {
        self.found(text, 1).pop()
    }

    fn found(&mut self, text: &str, most: usize) -> Vec<usize> {
        let text = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
        let mut ids = Vec::new();
        for place in self.candidates(text) {
            let id = self.patterns[place as usize].id;
            if ids.last() != Some(&id) && self.is_match(place, text) {
                ids.push(id);
                if ids.len() == most {
                    break;
                }
            }
        }
        ids
    }

    /// Places of the patterns that may match, in their order.
    fn candidates(&self, text: &str) -> Vec<u32> {
        let folded: String = text.chars().map(fold).collect();
        let mut places = self.unanchored.clone();
        for found in self.literals.find_overlapping_iter(&folded) {
            places.extend(&self.of_literal[found.pattern().as_usize()]);
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    fn is_match(&mut self, place: u32, text: &str) -> bool {
        if !self.compiled.contains(&place) {
            // `check` has seen that it parses and is small enough
            let regex = compile(self.around.0, &self.patterns[place as usize].text, self.around.1).ok();
            self.compiled_bytes += self.weight(place);
            if let Some((old, _)) = self.compiled.push(place, regex) {
                self.compiled_bytes -= self.weight(old);
            }
            while self.compiled_bytes > COMPILED_BYTES
                && let Some((old, _)) = self.compiled.pop_lru()
            {
                self.compiled_bytes -= self.weight(old);
            }
        }
        let regex = self.compiled.get(&place).and_then(Option::as_ref);
        regex.is_some_and(|regex| regex.is_match(text))
    }

    /// What a compiled pattern takes, in bytes: it is there forwards and backwards, and has working memory.
    fn weight(&self, place: u32) -> usize {
        2 * self.patterns[place as usize].size + 32_000
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patterns")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Whether the pattern is of a form that can be run within the bounds, and what is known of it; else why not.
fn check(before: &str, pattern: &str, after: &str) -> Result<Shape, String> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(format!("{} bytes, {MAX_PATTERN_BYTES} are allowed", pattern.len()));
    }
    // By itself: `a)(b` would be well-formed within a group
    let own = parse(pattern)?;
    if own.properties().minimum_len() == Some(0) {
        return Err("it matches everything".to_owned());
    }
    if pattern.contains("(?") && pattern.contains('#') {
        // With `(?x)` the end of the group may be part of a comment
        parse(&format!("{before}{pattern}{after}"))?;
    }
    let mut shape = shape(&own);
    if shape.size > SIZE_LIMIT {
        compile(before, pattern, after).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "too big: its repetitions or classes take too much memory".to_owned(),
            _ => "its form is not known here".to_owned(),
        })?;
        shape.size = SIZE_LIMIT;
    }
    Ok(shape)
}

fn parse(pattern: &str) -> Result<regex_syntax::hir::Hir, String> {
    use regex_syntax::Error;
    use regex_syntax::ast::ErrorKind;
    let parsed = ParserBuilder::new()
        .nest_limit(NEST_LIMIT)
        .case_insensitive(true)
        .build()
        .parse(pattern);
    parsed.map_err(|error| match error {
        Error::Parse(error) => match error.kind() {
            ErrorKind::UnsupportedLookAround => "look-around, which is not known here".to_owned(),
            ErrorKind::UnsupportedBackreference => "a back-reference, which is not known here".to_owned(),
            ErrorKind::NestLimitExceeded(_) => format!("groups more than {NEST_LIMIT} deep in each other"),
            other => {
                let at = pattern[..error.span().start.offset].chars().count() + 1;
                format!("its form is not known here: {other}, at character {at}")
            }
        },
        Error::Translate(error) => format!("its form is not known here: {}", error.kind()),
        _ => "its form is not known here".to_owned(),
    })
}

fn compile(before: &str, pattern: &str, after: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!("{before}{pattern}{after}"))
        .case_insensitive(true)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(WORK_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
}

#[cfg(test)]
#[path = "patterns_tests.rs"]
mod tests;
