use super::super::haystack::Characters;
use super::*;

/// Counts the steps: each asks once how long its pieces are.
struct Counting<'a> {
    inner: Characters<'a>,
    steps: usize,
}

impl Haystack for Counting<'_> {
    type Unit = char;

    fn longest(&mut self, needle: &[char], within: (usize, usize), most: usize) -> usize {
        self.steps += 1;
        self.inner.longest(needle, within, most)
    }

    fn places(&mut self, block: &[char], within: (usize, usize)) -> Option<(usize, Option<usize>)> {
        self.inner.places(block, within)
    }
}

fn steps(needle: &str, haystack: &str) -> usize {
    let haystack: Vec<char> = haystack.chars().collect();
    let mut needle: Vec<char> = needle.chars().collect();
    let mut runs = Vec::new();
    let inner = Characters {
        haystack: &haystack,
        runs: &mut runs,
    };
    let mut cover = Cover {
        haystack: Counting { inner, steps: 0 },
        needle_len: needle.len(),
        haystack_len: haystack.len(),
        deterioration: 0.9,
    };
    cover.share(&mut needle);
    cover.haystack.steps
}

/// Strings of at most `len` characters with many, long, nested or reversed pieces in common.
fn hostile(len: usize) -> Vec<String> {
    let letters = |i: usize| char::from_u32(0x4e00 + i as u32).unwrap();
    let repeated = |piece: &str| piece.chars().cycle().take(len).collect::<String>();
    let separated = |separator: &str, backwards: bool| {
        let mut pieces: Vec<String> = (1..70)
            .map(|size| (0..size).map(|i| letters(size * 70 + i)).collect::<String>() + separator)
            .collect();
        if backwards {
            pieces.reverse();
        }
        pieces.concat().chars().take(len).collect::<String>()
    };
    vec![
        repeated("a"),
        repeated("ab"),
        repeated("ba"),
        repeated("aab"),
        repeated("abb"),
        repeated("abcdefghijklmnopqrstuvwxyz"),
        repeated("zyxwvutsrqponmlkjihgfedcba"),
        separated("", false),
        separated("!", false),
        separated("?", true),
        (0..len).map(letters).collect(),
        (0..len).rev().map(letters).collect(),
    ]
}

/// 255 is about 1 + 2 + … + 22; each size takes a step for its piece and one for what was passed over.
#[test]
fn hostile_strings_take_few_steps_and_little_stack() {
    let all = || {
        let mut most = 0;
        for needle in hostile(255) {
            for haystack in hostile(600) {
                let steps = steps(&needle, &haystack);
                assert!(steps <= 50, "{steps} steps for {needle} in {haystack}");
                most = most.max(steps);
            }
        }
        most
    };
    let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(all).unwrap();
    assert!(thread.join().unwrap() > 40);
}
