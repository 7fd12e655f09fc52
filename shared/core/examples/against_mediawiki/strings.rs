//! Fresh hostile strings, the same for the same seed.

/// What wikitext is made of where it hurts.
pub const ATOMS: [&str; 94] = [
    "{",
    "{{",
    "{{{",
    "{{{{",
    "{{{{{",
    "}",
    "}}",
    "}}}",
    "}}}}",
    "}}}}}",
    "[",
    "[[",
    "[[[",
    "]",
    "]]",
    "]]]",
    "-{",
    "}-",
    "-",
    "-{{",
    "-{{{",
    "}}-",
    "|",
    "|",
    "|",
    "=",
    "=",
    "==",
    "===",
    "=======",
    "\n",
    "\n",
    "\n",
    "\n=",
    "\n==",
    "==\n",
    "\n= ",
    " ",
    "\t",
    "\r\n",
    "\r",
    "a",
    "b",
    "x=y",
    "|c=",
    "{{d|",
    "{{{e|",
    "[[f|",
    "{{!}}",
    "{{#if:",
    ":",
    "''",
    "'''",
    "{|",
    "|}",
    "|-",
    "<",
    ">",
    "/>",
    "</",
    "<!--",
    "-->",
    "<!-- c -->",
    "\n<!-- c -->",
    "<!--c-->\n",
    "--",
    "<ref>",
    "</ref>",
    "<ref name=a />",
    "<ref ",
    "</ref\n >",
    "<REF>",
    "<nowiki>",
    "</nowiki>",
    "<nowiki/>",
    "<pre a='>'>",
    "</pre>",
    "<includeonly>",
    "</includeonly>",
    "<noinclude>",
    "</noinclude>",
    "<onlyinclude>",
    "</onlyinclude>",
    "<b>",
    "é",
    "日本",
    "\u{1f600}",
    "\0",
    "<IncludeOnly>",
    "\u{b}",
    "\u{c}",
    "-->\n",
    "{{g|h=i}}",
    "|\n=",
];

/// Longest piece of a golden text that is changed.
const MAX_PIECE: usize = 300;

/// A generator of numbers that needs no crate (SplitMix64), and what it makes strings of.
pub struct Random {
    state: u64,
    atoms: &'static [&'static str],
}

impl Random {
    /// Strings of `atoms`, the same for the same seed.
    pub fn new(seed: u64, atoms: &'static [&'static str]) -> Self {
        Self { state: seed, atoms }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.state;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn atom(&mut self) -> &'static str {
        self.atoms[self.below(self.atoms.len())]
    }

    /// A string of atoms, or a changed one of `texts`, evenly.
    pub fn string(&mut self, texts: &[&str]) -> String {
        if self.below(2) == 0 {
            let count = 3 + self.below(38);
            return (0..count).map(|_| self.atom()).collect();
        }
        let text = texts[self.below(texts.len())].as_bytes();
        let start = text.len().saturating_sub(MAX_PIECE);
        let start = if start > 0 { self.below(start + 1) } else { 0 };
        let mut bytes = text[start..text.len().min(start + MAX_PIECE)].to_vec();
        for _ in 0..1 + self.below(6) {
            self.change(&mut bytes);
        }
        // A character cut in two becomes U+FFFD.
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Cuts out, doubles, swaps or puts in some bytes.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = bytes.len().min(at + 1 + self.below(8));
        match self.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            2 if !bytes.is_empty() => {
                let other = self.below(bytes.len());
                let one = at.min(bytes.len() - 1);
                bytes.swap(one, other);
            }
            _ => drop(bytes.splice(at..at, self.atom().bytes())),
        }
    }
}
