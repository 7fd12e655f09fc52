//! Whether a value can be right at all, without a verified revision.
//!
//! A check looks at one value only; it knows nothing of the article. A value
//! that passes may still be wrong. Rules: CAS registry numbers
//! <https://www.cas.org/support/documentation/chemical-substances/checkdig>,
//! InChIKey <https://www.inchi-trust.org/technical-faq-2/>, UNII
//! <https://www.fda.gov/industry/fda-data-standards-advisory-board/fdas-global-substance-registration-system>.

use super::normal::normalise;
use regex::{Regex, RegexBuilder};

/// Largest compiled regular expression, in bytes.
const REGEX_BYTES: usize = 256 * 1024;

/// A rule about the values of one field.
#[derive(Clone, Debug)]
pub enum Check {
    /// CAS registry number with its check digit.
    Cas,
    /// InChIKey of 27 characters.
    InchiKey,
    /// UNII: 10 characters, the last one a check character.
    Unii,
    /// The whole value matches. Made by [`Check::regex`].
    Regex(Regex),
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Check::Regex(a), Check::Regex(b)) => a.as_str() == b.as_str(),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl Eq for Check {}

impl Check {
    /// Reads `cas`, `inchikey`, `unii` or `regex: PATTERN`. Errs with what is
    /// wrong, in words for who wrote it.
    pub fn parse(text: &str) -> Result<Check, String> {
        match text.trim() {
            "cas" => Ok(Check::Cas),
            "inchikey" => Ok(Check::InchiKey),
            "unii" => Ok(Check::Unii),
            other => match other.strip_prefix("regex:") {
                Some(pattern) => Check::regex(pattern.trim()),
                None => Err("a check is cas, inchikey, unii or regex: followed by a regular expression".to_owned()),
            },
        }
    }

    /// A regular expression that the whole value must match. Errs when it
    /// cannot be read, or is larger than 256 kB once compiled.
    pub fn regex(pattern: &str) -> Result<Check, String> {
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(REGEX_BYTES)
                .dfa_size_limit(REGEX_BYTES)
                .build()
                .map_err(|error| error.to_string())
        };
        // On its own first: `a)|(b` is wrong, though it would fit into the group.
        compile(pattern)?;
        compile(&format!(r"\A(?:{pattern})\z")).map(Check::Regex)
    }

    /// Judges a value as it stands in the page; references and comments are
    /// left out. Errs with the reason, in words for people and without any
    /// text of the value but single letters and digits. An empty value is
    /// not plausible: ask only about one that is there.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let value = normalise(value, true);
        match self {
            Check::Cas => cas(&value),
            Check::InchiKey => inchikey(&value),
            Check::Unii => unii(&value),
            Check::Regex(regex) if regex.is_match(&value) => Ok(()),
            Check::Regex(_) => Err("not in the form that the settings ask for".to_owned()),
        }
    }
}

/// Two to seven digits, two digits, the check digit: the sum of the others,
/// each times its place from the right, modulo 10.
fn cas(value: &str) -> Result<(), String> {
    let form = || "not in the form of a CAS number, such as 67-64-1".to_owned();
    let parts: Vec<&str> = value.split('-').collect();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let &[first, second, last] = parts.as_slice() else {
        return Err(form());
    };
    let is_form = (2..=7).contains(&first.len())
        && second.len() == 2
        && last.len() == 1
        && !first.starts_with('0')
        && digits(first)
        && digits(second)
        && digits(last);
    if !is_form {
        return Err(form());
    }
    let sum: u32 = second
        .bytes()
        .rev()
        .chain(first.bytes().rev())
        .zip(1..)
        .map(|(digit, place)| u32::from(digit - b'0') * place)
        .sum();
    let due = sum % 10;
    if last == due.to_string() {
        Ok(())
    } else {
        Err(format!("the check digit should be {due}, not {last}"))
    }
}

/// 14 letters, 8 letters with a flag and a version, 1 letter.
fn inchikey(value: &str) -> Result<(), String> {
    let upper = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase());
    let parts: Vec<&str> = value.split('-').collect();
    let fits = match parts.as_slice() {
        [skeleton, rest, protonation] => {
            // S standard, N not standard, B beta.
            upper(skeleton, 14)
                && upper(rest, 10)
                && matches!(rest.as_bytes()[8], b'S' | b'N' | b'B')
                && upper(protonation, 1)
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err("not in the form of an InChIKey, such as CSCPPACGZOOCGX-UHFFFAOYSA-N".to_owned())
    }
}

/// Ten letters and digits; the last is the sum of the others, read as digits
/// of base 36, modulo 36.
fn unii(value: &str) -> Result<(), String> {
    let is_form = value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let digits: Option<Vec<u32>> = value.chars().map(|c| c.to_digit(36)).collect();
    let (true, Some(digits)) = (is_form, digits) else {
        return Err("not in the form of a UNII, such as 362O9ITL9D".to_owned());
    };
    let due = digits[..9].iter().sum::<u32>() % 36;
    if digits[9] == due {
        return Ok(());
    }
    let due = char::from_digit(due, 36).map_or('?', |c| c.to_ascii_uppercase());
    Err(format!(
        "the check character should be {due}, not {}",
        char::from(value.as_bytes()[9])
    ))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
