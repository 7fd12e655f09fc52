//! Where a piece of the needle stands in the haystack: for haystacks of up to 64 characters on bits, else by looking.

/// The longest haystack for [`Places`].
pub(super) const BITS: usize = 64;

/// Finds pieces of a needle. Parts of the haystack are given as `(from, to)`, in characters, `to` not included.
pub(super) trait Haystack {
    /// A character of the needle, in the form in which it is looked up.
    type Unit: Copy;

    /// Length of the longest piece of the needle that stands in the part; looks no further once `most` is reached.
    fn longest(&mut self, needle: &[Self::Unit], within: (usize, usize), most: usize) -> usize;

    /// Where the block first begins in the part, and where it begins again after the end of that.
    fn places(&mut self, block: &[Self::Unit], within: (usize, usize)) -> Option<(usize, Option<usize>)>;
}

/// A haystack of at most [`BITS`] characters. Each character of the needle is the set of its places in the haystack,
/// so the haystack itself isn't needed any more.
pub(super) struct Places;

/// The places of a part.
fn bits((from, to): (usize, usize)) -> u64 {
    if from >= to {
        return 0;
    }
    (u64::MAX >> (BITS - (to - from))) << from
}

impl Haystack for Places {
    type Unit = u64;

    fn longest(&mut self, needle: &[u64], within: (usize, usize), most: usize) -> usize {
        let part = bits(within);
        let mut best = 0;
        for start in 0..needle.len() {
            let rest = &needle[start..];
            if best >= most.min(rest.len()) {
                break;
            }
            let mut places = rest[0] & part;
            let mut size = 0;
            while places != 0 {
                size += 1;
                if size == most || size == rest.len() {
                    break;
                }
                places &= (rest[size] & part) >> size;
            }
            best = best.max(size);
        }
        best
    }

    fn places(&mut self, block: &[u64], within: (usize, usize)) -> Option<(usize, Option<usize>)> {
        let part = bits(within);
        let mut places = part;
        for (i, unit) in block.iter().enumerate() {
            places &= (unit & part) >> i;
            if places == 0 {
                return None;
            }
        }
        let first = places.trailing_zeros() as usize;
        let later = places & bits((first + block.len(), BITS));
        Some((first, (later != 0).then(|| later.trailing_zeros() as usize)))
    }
}

/// A haystack of any length.
pub(super) struct Characters<'a> {
    pub haystack: &'a [char],
    /// Memory that is kept between calls.
    pub runs: &'a mut Vec<u32>,
}

impl Haystack for Characters<'_> {
    type Unit = char;

    fn longest(&mut self, needle: &[char], (from, to): (usize, usize), most: usize) -> usize {
        let part = &self.haystack[from..to];
        self.runs.clear();
        self.runs.resize(2 * (part.len() + 1), 0);
        // How many characters up to each place of the part are equal to the needle's up to here; the first is always 0.
        let (mut before, mut here) = self.runs.split_at_mut(part.len() + 1);
        let mut best = 0;
        for c in needle {
            for ((run, shorter), other) in here[1..].iter_mut().zip(&*before).zip(part) {
                *run = if c == other { shorter + 1 } else { 0 };
                best = best.max(*run);
            }
            if best as usize >= most {
                return most;
            }
            std::mem::swap(&mut before, &mut here);
        }
        best as usize
    }

    fn places(&mut self, block: &[char], (from, to): (usize, usize)) -> Option<(usize, Option<usize>)> {
        let find = |from: usize| {
            let mut starts = self.haystack[from..to].windows(block.len());
            // Most places differ in the first character already; a call that compares slices costs more than that.
            let at = starts.position(|piece| piece[0] == block[0] && piece == block);
            at.map(|at| from + at)
        };
        let first = find(from)?;
        Some((first, find(first + block.len())))
    }
}
