//! What is known of a pattern before it is compiled: texts of which each match contains one, and a bound of its size.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Shortest literal that is worth looking for, in bytes.
const MIN_BYTES: usize = 3;
/// Literals are cut to this, in bytes: a part of what must occur must occur.
const MAX_BYTES: usize = 24;
/// Most literals of one pattern.
const MAX_LITERALS: usize = 8;
/// What nearly every address has.
const COMMON: [&str; 10] = [
    "http", "https", "://", "//www.", "www.", ".com", ".com/", ".org", ".net", ".html",
];

/// What is known of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Each match contains one of these when it is folded ([`fold`]); empty: nothing is known.
    pub literals: Vec<String>,
    /// It takes at most so many bytes when it is compiled.
    pub size: usize,
}

/// What is known of a parsed pattern.
pub fn shape(hir: &Hir) -> Shape {
    let needs = needs(hir);
    let mut literals = needs.exact.map_or(needs.any.clone(), |exact| better(exact, needs.any));
    for literal in &mut literals {
        literal.truncate(literal.floor_char_boundary(MAX_BYTES));
    }
    literals.sort_unstable();
    literals.dedup();
    if literals.iter().any(|literal| literal.len() < MIN_BYTES) {
        literals.clear();
    }
    Shape {
        literals,
        size: size(hir),
    }
}

/// The one form of letters that patterns take for the same: two that a pattern does not tell apart may have different
/// forms, then they are not used in literals.
pub fn fold(c: char) -> char {
    match c {
        'ſ' => 's',
        'ς' => 'σ',
        _ if c.is_ascii() => c.to_ascii_lowercase(),
        _ => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        }
    }
}

/// What every match of a part must have.
struct Needs {
    /// Each match is one of these, folded.
    exact: Option<Vec<String>>,
    /// Each match contains one of these, folded; empty: nothing is known.
    any: Vec<String>,
}

impl Needs {
    fn exactly(texts: Vec<String>) -> Needs {
        Needs {
            exact: Some(texts),
            any: Vec::new(),
        }
    }

    fn containing(any: Vec<String>) -> Needs {
        Needs { exact: None, any }
    }
}

/// Recursion is bounded by the parser's limit of nesting.
fn needs(hir: &Hir) -> Needs {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Needs::exactly(vec![String::new()]),
        HirKind::Literal(literal) => match str::from_utf8(&literal.0) {
            Ok(text) => Needs::exactly(vec![text.chars().map(fold).collect()]),
            Err(_) => Needs::containing(Vec::new()),
        },
        HirKind::Class(class) => match members(class) {
            Some(members) => Needs::exactly(members),
            None => Needs::containing(Vec::new()),
        },
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Capture(capture) => needs(&capture.sub),
        HirKind::Concat(parts) => in_a_row(parts),
        HirKind::Alternation(parts) => one_of(parts),
    }
}

/// The characters of a class, when they are few.
fn members(class: &Class) -> Option<Vec<String>> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) if class.is_ascii() => class
            .iter()
            .map(|range| (range.start().into(), range.end().into()))
            .collect(),
        Class::Bytes(_) => return None,
    };
    // Two or three letters are one letter when case does not matter
    let all = || ranges.iter().flat_map(|(first, last)| *first..=*last);
    if ranges.is_empty() || all().nth(3 * MAX_LITERALS).is_some() {
        return None;
    }
    let mut members: Vec<String> = all().map(|c| fold(c).to_string()).collect();
    members.sort_unstable();
    members.dedup();
    (members.len() <= MAX_LITERALS).then_some(members)
}

fn repeated(repetition: &Repetition) -> Needs {
    let inner = needs(&repetition.sub);
    match (repetition.min, repetition.max, inner.exact) {
        (0, Some(1), Some(mut exact)) if exact.len() < MAX_LITERALS => {
            exact.push(String::new());
            Needs::exactly(exact)
        }
        (0, ..) => Needs::containing(Vec::new()),
        (1, Some(1), exact) => Needs { exact, any: inner.any },
        (_, _, Some(exact)) => Needs::containing(exact),
        (_, _, None) => Needs::containing(inner.any),
    }
}

fn in_a_row(parts: &[Hir]) -> Needs {
    let mut row = vec![String::new()];
    let mut best = Vec::new();
    let mut is_whole = true;
    for part in parts {
        let part = needs(part);
        let longer = part.exact.as_ref().and_then(|exact| product(&row, exact));
        match longer {
            Some(longer) => row = longer,
            None => {
                is_whole = false;
                best = better(best, std::mem::replace(&mut row, vec![String::new()]));
                best = better(best, part.any);
                if let Some(exact) = part.exact {
                    row = exact;
                }
            }
        }
    }
    if is_whole {
        return Needs::exactly(row);
    }
    Needs::containing(better(best, row))
}

/// Each of the first followed by each of the second, unless that gets too much.
fn product(first: &[String], second: &[String]) -> Option<Vec<String>> {
    if first.len() * second.len() > MAX_LITERALS {
        return None;
    }
    let both = |a: &String| second.iter().map(|b| format!("{a}{b}")).collect::<Vec<_>>();
    Some(first.iter().flat_map(both).collect())
}

fn one_of(parts: &[Hir]) -> Needs {
    let all: Vec<Needs> = parts.iter().map(needs).collect();
    let few = |texts: Vec<String>| if texts.len() <= MAX_LITERALS { texts } else { Vec::new() };
    if let Some(exact) = all.iter().map(|part| part.exact.clone()).collect::<Option<Vec<_>>>() {
        let exact = few(exact.concat());
        return match exact.is_empty() {
            false => Needs::exactly(exact),
            true => Needs::containing(Vec::new()),
        };
    }
    let any: Vec<Vec<String>> = all.into_iter().map(|part| part.exact.unwrap_or(part.any)).collect();
    match any.iter().any(Vec::is_empty) {
        true => Needs::containing(Vec::new()),
        false => Needs::containing(few(any.concat())),
    }
}

/// Of two sets of which each match contains a member, the one that fewer texts have anything of.
fn better(a: Vec<String>, b: Vec<String>) -> Vec<String> {
    let worth = |texts: &[String]| {
        let each = texts.iter().map(|text| match COMMON.contains(&text.as_str()) {
            true => MIN_BYTES.min(text.len()),
            false => text.len(),
        });
        (each.min().unwrap_or(0), usize::MAX - texts.len())
    };
    if worth(&b) > worth(&a) { b } else { a }
}

/// Above what compiled patterns were seen to take: a class of characters some 70 bytes a range.
fn size(hir: &Hir) -> usize {
    const STATE: usize = 100;
    const RANGE: usize = 90;
    /// A range of characters that are encoded in different lengths.
    const WIDE: usize = 700;
    let sum = |parts: &[Hir]| {
        parts
            .iter()
            .fold(STATE, |sum, part| sum.saturating_add(STATE).saturating_add(size(part)))
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(literal) => literal.0.len() * STATE,
        HirKind::Class(Class::Bytes(class)) => STATE + class.ranges().len() * STATE,
        HirKind::Class(Class::Unicode(class)) => class.iter().fold(STATE, |sum, range| {
            sum + if u32::from(range.end()) - u32::from(range.start()) > 0x400 {
                WIDE
            } else {
                RANGE
            }
        }),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1) as usize;
            size(&repetition.sub).saturating_add(2 * STATE).saturating_mul(times)
        }
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2 * STATE),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}
