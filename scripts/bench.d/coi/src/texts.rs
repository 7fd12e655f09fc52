//! The pages that are edited: 1 to 30 kB of prose with an infobox, headings, lists, a table now and then, and citations,
//! half of which have an archived copy: what most pages of a big wiki look like.

use std::fmt::Write as _;

/// Smallest page, in bytes; the biggest one has so many times as much.
const SMALLEST: f64 = 1_000.0;
const TIMES: f64 = 30.0;

const WORDS: [&str; 32] = [
    "the", "river", "was", "in", "of", "and", "town", "built", "by", "a", "company", "which", "opened", "its", "first",
    "station", "after", "long", "delay", "caused", "when", "council", "had", "refused", "to", "pay", "for", "bridge",
    "that", "would", "have", "crossed",
];

/// Numbers that look random and are the same in each run: SplitMix64.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `below` - 1.
    pub fn below(&mut self, below: u64) -> u64 {
        self.next() % below
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.next() as f64 / u64::MAX as f64
    }
}

/// The text of a page.
pub fn page(number: u64) -> String {
    let mut dice = Dice::new(number);
    let size = (SMALLEST * TIMES.powf(dice.share())) as usize;
    let mut out = String::with_capacity(size + 1_000);
    let _ = write!(
        out,
        "{{{{Short description|Page {number}}}}}\n{{{{Infobox settlement\n| name = Page {number}\n| population = {}\n| \
         website = {{{{URL|www.page{number}.example}}}}\n}}}}\n",
        dice.below(100_000)
    );
    let mut paragraph = 0;
    while out.len() < size {
        paragraph += 1;
        match paragraph % 8 {
            3 => {
                let _ = write!(out, "\n== Section {paragraph} ==\n");
            }
            6 => {
                for _ in 0..3 {
                    out.push_str("\n* [[");
                    words(&mut out, &mut dice, 2);
                    out.push_str("]], ");
                    words(&mut out, &mut dice, 6);
                }
                out.push('\n');
            }
            _ => {}
        }
        for _ in 0..3 {
            sentence(&mut out, &mut dice);
        }
        out.push_str(&citation(&mut dice));
        out.push_str("\n\n");
    }
    let _ = write!(
        out,
        "== External links ==\n* [http://www.page{number}.example/about Official site]\n\n== References ==\n<references />\n\
         {{{{Authority control}}}}\n[[Category:Pages {}]]\n",
        number % 50
    );
    out
}

/// A sentence of plain words with a link to a page.
pub fn sentence(out: &mut String, dice: &mut Dice) {
    let before = 6 + dice.below(8);
    words(out, dice, before);
    out.push_str(" [[");
    words(out, dice, 2);
    out.push_str("]] ");
    words(out, dice, 7);
    out.push_str(". ");
}

fn words(out: &mut String, dice: &mut Dice, count: u64) {
    for i in 0..count {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(WORDS[dice.below(WORDS.len() as u64) as usize]);
    }
}

/// A citation of a page of one of 100,000 hosts, of which some are everywhere.
pub fn citation(dice: &mut Dice) -> String {
    let host = (dice.share().powi(3) * 100_000.0) as u64;
    let (path, day) = (dice.below(1_000_000), 1 + dice.below(28));
    let url = format!("https://www.host{host}.example/news/2019/{path}/some-words-of-the-title");
    let archive = match dice.below(2) {
        0 => format!(
            " |archive-url=https://web.archive.org/web/201903{day:02}040506/{url} |archive-date={day} March 2019 |url-status=live"
        ),
        _ => String::new(),
    };
    format!(
        "<ref name=\"n{path}\">{{{{cite web |last=Miller |first=Anna |date={day} February 2019 |title=What was written of \
         {path} |url={url} |access-date={day} March 2019 |publisher=Host {host}{archive}}}}}</ref>"
    )
}
