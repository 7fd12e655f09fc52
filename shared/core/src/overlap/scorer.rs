//! Scores pairs, and tells whether they are over a limit, in memory that is kept from pair to pair.

use super::cover::Cover;
use super::haystack::{BITS, Characters, Haystack, Places};
use super::norm::normalise;
use super::{DETERIORATION, Score};

/// Room for rounding in a bound: far more than the sums of a score can be off, far less than a printed digit.
const SLACK: f64 = 1.0 + 1e-9;

/// Scores pairs of a user name and a text. Once it has seen the longest strings it allocates nothing.
#[derive(Clone, Debug)]
pub struct Scorer {
    user: Vec<char>,
    text: Vec<char>,
    work: Work,
}

/// What both directions use.
#[derive(Clone, Debug)]
struct Work {
    deterioration: f64,
    table: Table,
    /// The needle as sets of places.
    units: Vec<u64>,
    /// The needle as characters, when the haystack is long.
    characters: Vec<char>,
    runs: Vec<u32>,
}

/// The places of each character of a haystack of at most 64. Empty between calls.
#[derive(Clone, Debug)]
struct Table {
    ascii: [u64; 128],
    /// Few as a rule, so that looking through them is quicker than hashing.
    other: Vec<(char, u64)>,
}

impl Default for Scorer {
    /// With COIBot's [`DETERIORATION`].
    fn default() -> Self {
        Self::new(DETERIORATION)
    }
}

impl Scorer {
    /// Short pieces count `deterioration` times as much from one pass to the next; taken as 0 or 1 when outside.
    pub fn new(deterioration: f64) -> Self {
        Self {
            user: Vec::new(),
            text: Vec::new(),
            work: Work {
                deterioration: deterioration.clamp(0.0, 1.0),
                table: Table {
                    ascii: [0; 128],
                    other: Vec::new(),
                },
                units: Vec::new(),
                characters: Vec::new(),
                runs: Vec::new(),
            },
        }
    }

    /// The exact score. An empty string (after leaving out white space, dots and the like) scores 0.
    pub fn score(&mut self, user: &str, text: &str) -> Score {
        normalise(user, &mut self.user);
        normalise(text, &mut self.text);
        Score {
            ut: self.work.percent(&self.user, &self.text),
            tu: self.work.percent(&self.text, &self.user),
        }
    }

    /// Whether [`Score::report_ratio`] is greater than `limit` (in percent). Always the same answer as with the exact
    /// score, but most pairs are settled by their lengths, the letters they share and their longest common piece.
    pub fn is_over(&mut self, user: &str, text: &str, limit: f64) -> bool {
        normalise(user, &mut self.user);
        normalise(text, &mut self.text);
        let Self { user, text, work } = self;
        if user.is_empty() || text.is_empty() {
            return 0.0 > limit;
        }
        // The bounds are the same for both orders.
        let (needle, haystack) = if text.len() > BITS { (text, user) } else { (user, text) };
        let (n, h) = (needle.len(), haystack.len());
        let shortest = n.min(h);
        let is_under = |there: f64, back: f64| 100.0 * there * back * SLACK <= limit;
        let share = |shared: usize, of: usize| shared as f64 / of as f64;
        if is_under(share(shortest, n), share(shortest, h)) {
            return false;
        }
        let mut back = share(shortest, h);
        if h <= BITS {
            let shared = work.look_up(needle, haystack);
            if is_under(share(shared, n), share(shared, h)) {
                return false;
            }
            let longest = Places.longest(&work.units, (0, h), shortest);
            let there = share(shared, n) * work.factor(longest, shortest, h);
            back = share(shared, h) * work.factor(longest, shortest, n);
            if is_under(there, back) {
                return false;
            }
        }
        let there = if h <= BITS {
            work.percent_of_units(n, h)
        } else {
            work.percent(needle, haystack)
        };
        if is_under(there / 100.0, back) {
            return false;
        }
        // The order of the two doesn't matter for their product.
        let score = Score {
            ut: there,
            tu: work.percent(haystack, needle),
        };
        score.report_ratio() > limit
    }
}

impl Work {
    fn percent(&mut self, needle: &[char], haystack: &[char]) -> f64 {
        if needle.is_empty() || haystack.is_empty() {
            return 0.0;
        }
        if haystack.len() <= BITS {
            self.look_up(needle, haystack);
            return self.percent_of_units(needle.len(), haystack.len());
        }
        self.characters.clear();
        self.characters.extend_from_slice(needle);
        let mut cover = Cover {
            haystack: Characters {
                haystack,
                runs: &mut self.runs,
            },
            needle_len: needle.len(),
            haystack_len: haystack.len(),
            deterioration: self.deterioration,
        };
        percent(cover.share(&mut self.characters))
    }

    /// The same for the needle that was looked up last; `self.units` is lost.
    fn percent_of_units(&mut self, needle_len: usize, haystack_len: usize) -> f64 {
        let mut cover = Cover {
            haystack: Places,
            needle_len,
            haystack_len,
            deterioration: self.deterioration,
        };
        percent(cover.share(&mut self.units))
    }

    /// Sets `self.units` to the places of the needle's characters in a haystack of at most 64 characters. Returns how
    /// many letters both share, each as often as in the one that has fewer of it. No score can use more of them: a
    /// piece that was found is used up on both sides.
    fn look_up(&mut self, needle: &[char], haystack: &[char]) -> usize {
        self.table.fill(haystack);
        self.units.clear();
        let mut shared = 0_u64;
        self.units.extend(needle.iter().map(|&c| {
            let places = self.table.places(c);
            let unused = places & !shared;
            shared |= unused & unused.wrapping_neg();
            places
        }));
        self.table.clear(haystack);
        shared.count_ones() as usize
    }

    /// What the shared letters count for at most, when one string is looked for in the other of `haystack_len`
    /// characters: `longest` is the length of their longest common piece, with which the scan begins to find anything,
    /// `shortest` the length it began at.
    ///
    /// All pieces are found on the level of the first or on a higher one. If the first is short all are: later passes
    /// look for shorter ones, and a piece of what a pass went over consists of runs, each shorter than the pieces that
    /// the pass found, of which one lies between any two runs and one behind the last; so there is room for it twice.
    fn factor(&self, longest: usize, shortest: usize, haystack_len: usize) -> f64 {
        let passes = shortest.min(haystack_len / 2).saturating_sub(longest);
        self.deterioration.powi(passes as i32)
    }
}

impl Table {
    fn fill(&mut self, haystack: &[char]) {
        for (i, &c) in haystack.iter().enumerate() {
            let place = 1 << i;
            if let Some(places) = self.ascii.get_mut(c as usize) {
                *places |= place;
            } else if let Some((_, places)) = self.other.iter_mut().find(|(other, _)| *other == c) {
                *places |= place;
            } else {
                self.other.push((c, place));
            }
        }
    }

    fn places(&self, c: char) -> u64 {
        if let Some(places) = self.ascii.get(c as usize) {
            return *places;
        }
        let found = self.other.iter().find(|(other, _)| *other == c);
        found.map_or(0, |(_, places)| *places)
    }

    fn clear(&mut self, haystack: &[char]) {
        for &c in haystack {
            if let Some(places) = self.ascii.get_mut(c as usize) {
                *places = 0;
            }
        }
        self.other.clear();
    }
}

fn percent(share: f64) -> f64 {
    (share * 10_000.0).floor() / 100.0
}

#[cfg(test)]
#[path = "scorer_tests.rs"]
mod tests;
