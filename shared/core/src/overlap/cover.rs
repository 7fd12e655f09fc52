//! How much of a needle is found in a haystack: the longest pieces first, in order.
//!
//! COIBot tries pieces of every length from the whole needle down to one character. A pass that finds nothing changes
//! nothing but the level, so here each step goes straight to the length of the longest common piece and counts the
//! passes between. Sums are made in COIBot's order: the last printed digit depends on it.
//!
//! Bounds, with L and T the lengths: a step that goes on has found a piece, which is used up on both sides, so there are
//! at most min(L, T) of them, and recursion goes no deeper. Each looks at no more than L × T pairs of characters for its
//! length, and at as many for its places. The worst pairs that were found by trying have one piece of each size (1 + 2 +
//! 3 + …): two of 255 characters go 22 deep and take a millisecond, two of 2,048 go 63 deep and take a fifth of a second.

use super::haystack::Haystack;

/// What stays the same for all steps of one direction.
pub(super) struct Cover<H> {
    pub haystack: H,
    /// Length of the whole needle.
    pub needle_len: usize,
    /// Length of the whole haystack.
    pub haystack_len: usize,
    /// Factor for short pieces, 0 to 1.
    pub deterioration: f64,
}

impl<H: Haystack> Cover<H> {
    /// The share of the needle that is found, 0 to 1. The needle's content is lost.
    pub fn share(&mut self, needle: &mut [H::Unit]) -> f64 {
        let (longest, all) = (needle.len(), (0, self.haystack_len));
        self.step(needle, all, longest, 0)
    }

    /// What pieces of at most `longest` characters of `needle` add, looked for in a part of the haystack.
    ///
    /// The needle is worked on in its own place: what was passed over so far lies at its beginning, since it is never
    /// longer than what was read.
    fn step(&mut self, needle: &mut [H::Unit], within: (usize, usize), longest: usize, level: usize) -> f64 {
        let (mut from, mut to) = within;
        let longest = longest.min(to - from);
        let size = self.haystack.longest(needle, within, longest);
        if size == 0 {
            return 0.0;
        }
        // A piece is short when the whole haystack has room for two of them.
        let short = self.haystack_len / 2;
        let level = level + short.min(longest).saturating_sub(size);
        let mut weight = size as f64 / self.needle_len as f64;
        if size <= short {
            for _ in 0..level {
                weight *= self.deterioration;
            }
        }
        let (mut got, mut read, mut passed_over) = (0.0, 0, 0);
        while read + size <= needle.len() && from + size <= to {
            let block = &needle[read..read + size];
            if let Some((first, second)) = self.haystack.places(block, (from, to)) {
                got += weight;
                if first > from {
                    if passed_over > 0 {
                        got += self.step(&mut needle[..passed_over], (from, first), passed_over, level);
                    }
                    passed_over = 0;
                }
                from = first + size;
                to = second.unwrap_or(to);
                read += size;
            } else {
                needle[passed_over] = needle[read];
                passed_over += 1;
                read += 1;
            }
        }
        needle.copy_within(read.., passed_over);
        let rest = passed_over + needle.len() - read;
        let longest = if rest < size { rest } else { size - 1 };
        let level = level + usize::from(size <= short);
        got + self.step(&mut needle[..rest], (from, to), longest, level)
    }
}

#[cfg(test)]
#[path = "cover_tests.rs"]
mod tests;
