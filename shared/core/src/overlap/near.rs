//! A second signal: names that were changed at a few places, so that no long piece is left for the score to find.
//!
//! The measure is Damerau and Levenshtein's: how many characters have to be put in, left out, replaced or swapped with
//! their neighbour, as a share of the longer string. Of strsim's measures it is the one that keeps unrelated strings
//! and strings of different length apart: Jaro and Winkler's gives two unrelated words with one beginning 0.7 and
//! more, and pairs of letters (Sørensen and Dice) lose two for every replaced character, which is the case looked for.

use super::norm::normalise;
use super::{Score, Scorer};

/// Longer strings are not compared. MediaWiki's names and titles and the hosts of links have at most 255 bytes.
const MAX_CHARS: usize = 255;

/// When two strings are nearly the same.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NearMiss {
    /// The least similarity, 0 to 1.
    pub threshold: f64,
    /// Both strings must have so many characters at least, without white space, dots and the like. Short names are a
    /// change or two away from too many words.
    pub min_length: usize,
}

impl Default for NearMiss {
    /// 8 characters, and one change for every five of them.
    fn default() -> Self {
        Self {
            threshold: 0.8,
            min_length: 8,
        }
    }
}

/// Which signal a pair gave.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Signal {
    /// The score is over the limit.
    Overlap(Score),
    /// The score isn't, but the strings are nearly the same; how similar they are, 0 to 1.
    Near(f64),
}

/// How similar the strings are, 0 to 1, if that reaches the threshold and both are long enough. Of a link give the
/// registrable domain without its public suffix: `acm3-widgets` is near `acmewidgets`, and `.com` says nothing.
pub fn near(user: &str, text: &str, rule: &NearMiss) -> Option<f64> {
    let [user, text] = [user, text].map(|string| {
        let mut characters = Vec::new();
        normalise(string, &mut characters);
        characters
    });
    let (shorter, longer) = (user.len().min(text.len()), user.len().max(text.len()));
    // The difference in length alone takes that many changes.
    if shorter < rule.min_length.max(1) || longer > MAX_CHARS || shorter as f64 / (longer as f64) < rule.threshold {
        return None;
    }
    let [user, text] = [user, text].map(String::from_iter);
    let similarity = strsim::normalized_damerau_levenshtein(&user, &text);
    (similarity >= rule.threshold).then_some(similarity)
}

impl Scorer {
    /// The pair's signal, if any: the score first, then, unless it is off (`None`), the near miss. `bare` is what the
    /// near miss looks at in place of `text`: see [`near`]; for a page it is the title again.
    pub fn signal(
        &mut self,
        user: &str,
        text: &str,
        bare: &str,
        limit: f64,
        near_miss: Option<&NearMiss>,
    ) -> Option<Signal> {
        if self.is_over(user, text, limit) {
            return Some(Signal::Overlap(self.score(user, text)));
        }
        near(user, bare, near_miss?).map(Signal::Near)
    }
}

#[cfg(test)]
#[path = "near_tests.rs"]
mod tests;
