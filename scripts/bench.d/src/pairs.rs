//! The pairs that are scored: user names with titles and hosts, made here, the same in every run.
//!
//! Names are of the kinds that wikis have: invented words, first and last names, words with a year, firms, three
//! letters, temporary accounts; one pair in ten is in another script. Of the texts half are titles, with spaces,
//! brackets and years, and half the keys of links: hosts, some with a sub-domain, some with the first part of the path.
//! One pair in thirty is a true overlap: the text is made from the name, whole or changed. All others meet by chance.

/// How many pairs there are.
pub const COUNT: usize = 1_000_000;

const STARTS: [&str; 24] = [
    "b", "br", "ch", "d", "dr", "f", "g", "h", "j", "k", "kr", "l", "m", "n", "p", "r", "s", "st", "t", "th", "v", "w",
    "z", "",
];
const VOWELS: [&str; 10] = ["a", "e", "i", "o", "u", "a", "e", "ou", "ai", "y"];
const ENDS: [&str; 10] = ["", "", "", "n", "r", "s", "l", "ck", "nd", "x"];
const FIRST: [&str; 24] = [
    "John", "Maria", "David", "Anna", "Peter", "Laura", "Ahmed", "Sofia", "Michael", "Julia", "Carlos", "Emma", "Ivan",
    "Sarah", "Thomas", "Nina", "Paul", "Elena", "Mark", "Olga", "Daniel", "Eva", "Robert", "Lisa",
];
const LAST: [&str; 24] = [
    "Smith", "Garcia", "Müller", "Johnson", "Rossi", "Kowalski", "Williams", "Hansen", "Brown", "Novak", "Silva",
    "Jones", "Fischer", "Miller", "Ivanov", "Davis", "Meyer", "Wilson", "Lopez", "Anderson", "Moreau", "Taylor",
    "Berg", "Martin",
];
const WORDS: [&str; 48] = [
    "acme",
    "solar",
    "widgets",
    "marketing",
    "river",
    "music",
    "history",
    "castle",
    "studio",
    "garden",
    "football",
    "energy",
    "green",
    "records",
    "digital",
    "hotel",
    "travel",
    "museum",
    "church",
    "battle",
    "station",
    "school",
    "science",
    "film",
    "law",
    "news",
    "health",
    "bank",
    "art",
    "paris",
    "london",
    "berlin",
    "north",
    "south",
    "united",
    "king",
    "queen",
    "league",
    "island",
    "bridge",
    "group",
    "media",
    "global",
    "city",
    "county",
    "world",
    "cup",
    "championship",
];
const ENDINGS: [&str; 10] = [
    "com", "org", "net", "de", "co.uk", "info", "fr", "io", "com.br", "travel",
];
const BRACKETS: [&str; 6] = [
    " (band)",
    " (film)",
    " (2019 film)",
    " (album)",
    " (footballer)",
    " (company)",
];
/// Syllables and characters of other scripts.
const SCRIPTS: [&[&str]; 7] = [
    &[
        "ма", "ри", "на", "ко", "в", "ский", "по", "лит", "ст", "ра", "нь", "его", "Вол", "га", "Пет",
    ],
    &[
        "αθη", "να", "πο", "λις", "κος", "Γε", "ώρ", "γιος", "μα", "ρία", "θεσ", "σα", "λο",
    ],
    &[
        "محمد",
        "ال",
        "عبد",
        "كتاب",
        "مد",
        "ينة",
        "نور",
        "سعيد",
        "بيت",
        "خالد",
        "تاريخ",
    ],
    &["של", "ום", "ירו", "דוד", "כהן", "תל", "אביב", "משה", "הר", "ספר", "בית"],
    &[
        "東", "京", "山", "田", "中", "国", "大", "学", "北", "海", "道", "川", "史", "新", "聞", "社", "鉄", "線",
    ],
    &[
        "서울", "김", "민", "준", "대학", "교", "한", "국", "부산", "역", "사", "이", "박", "지",
    ],
    &[
        "ก",
        "รุ",
        "งเท",
        "พ",
        "มหา",
        "นคร",
        "ไทย",
        "สยาม",
        "วัด",
        "พระ",
        "เชียง",
        "ใหม่",
    ],
];

/// SplitMix64: a few lines, and the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    /// A word that isn't in any dictionary.
    fn invented(&mut self) -> String {
        let syllables = 2 + self.roll(3);
        let parts = (0..syllables).flat_map(|_| [self.pick(&STARTS), self.pick(&VOWELS), self.pick(&ENDS)]);
        parts.collect()
    }

    fn script(&mut self, script: usize, parts: usize) -> String {
        (0..parts).map(|_| self.pick(SCRIPTS[script])).collect()
    }

    fn name(&mut self) -> String {
        match self.roll(20) {
            0..=5 => capital(&self.invented()),
            6 => format!("{}{}", capital(&self.invented()), self.roll(1000)),
            7..=8 => format!("{} {}", self.pick(&FIRST), self.pick(&LAST)),
            9..=10 => format!("{}{}{}", self.pick(&FIRST), self.pick(&LAST), self.roll(100)),
            11 => format!("{}.{}", self.pick(&FIRST), self.pick(&LAST)),
            12 => format!("{}{}", capital(self.pick(&WORDS)), 1950 + self.roll(70)),
            13..=14 => format!("{} {}", capital(self.pick(&WORDS)), capital(self.pick(&WORDS))),
            15 => format!("The {} {}", self.pick(&WORDS), capital(&self.invented())),
            16 => format!(
                "{} {} {} International Ltd",
                capital(&self.invented()),
                capital(self.pick(&WORDS)),
                capital(self.pick(&WORDS))
            ),
            17 => format!("{}-{}", self.invented(), self.pick(&WORDS)),
            18 => (0..3).map(|_| char::from(b'A' + self.roll(26) as u8)).collect(),
            _ => format!("~2026-{}-{:02}", 10_000 + self.roll(80_000), self.roll(100)),
        }
    }

    fn title(&mut self) -> String {
        match self.roll(10) {
            0..=1 => format!("{} {}", self.pick(&FIRST), self.pick(&LAST)),
            2 => format!("{} {}", self.pick(&FIRST), capital(&self.invented())),
            3 => format!("{}{}", capital(&self.invented()), self.pick(&BRACKETS)),
            4 => format!("{} {}", capital(&self.invented()), self.pick(&WORDS)),
            5 => format!("List of {} {}s", self.pick(&WORDS), self.pick(&WORDS)),
            6 => format!(
                "{} {} {} {}",
                1900 + self.roll(127),
                capital(self.pick(&WORDS)),
                self.pick(&WORDS),
                self.pick(&WORDS)
            ),
            7 => capital(&self.invented()),
            8 => format!(
                "{} of {}, {}",
                capital(self.pick(&WORDS)),
                capital(&self.invented()),
                capital(&self.invented())
            ),
            _ => format!(
                "{} at the {} {} {} – {} {}",
                capital(&self.invented()),
                1900 + self.roll(127),
                capital(self.pick(&WORDS)),
                self.pick(&WORDS),
                self.pick(&FIRST),
                self.pick(&WORDS)
            ),
        }
    }

    fn host(&mut self) -> String {
        let ending = self.pick(&ENDINGS);
        match self.roll(10) {
            0..=2 => format!("{}.{ending}", self.invented()),
            3..=4 => format!("{}{}.{ending}", self.pick(&WORDS), self.pick(&WORDS)),
            5 => format!("{}-{}.{ending}", self.pick(&WORDS), self.invented()),
            6 => format!("{}.{}.{ending}", self.pick(&WORDS), self.invented()),
            7 => format!("{}{}-online.{ending}", self.pick(&WORDS), self.invented()),
            8 => format!("facebook.com/{}.{}", self.invented(), self.pick(&WORDS)),
            _ => format!("{}.{}.{}.gov.uk", self.pick(&WORDS), self.pick(&WORDS), self.invented()),
        }
    }

    /// A text that was made from the name.
    fn made_from(&mut self, name: &str) -> String {
        let plain = name
            .to_lowercase()
            .replace([' ', '.'], if self.roll(2) == 0 { "" } else { "-" });
        let ending = self.pick(&ENDINGS);
        match self.roll(6) {
            0 | 1 => format!("{plain}.{ending}"),
            2 => format!("{}{plain}.{ending}", self.pick(&WORDS)),
            3 => format!("{name}{}", self.pick(&BRACKETS)),
            4 => format!("{name} {}", self.pick(&WORDS)),
            _ => {
                let keep = plain.chars().count() * 2 / 3;
                let start: String = plain.chars().take(keep).collect();
                format!("{start}{}.{ending}", self.pick(&WORDS))
            }
        }
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The user name and the text of each pair.
pub fn pairs() -> Vec<(String, String)> {
    let mut dice = Dice(20);
    let one = |_| {
        let script = (dice.roll(10) == 0).then(|| dice.roll(SCRIPTS.len()));
        let parts = 2 + dice.roll(4);
        let name = match script {
            Some(script) => dice.script(script, parts),
            None => dice.name(),
        };
        let text = if dice.roll(30) == 0 {
            dice.made_from(&name)
        } else if let Some(script) = script.filter(|_| dice.roll(4) > 0) {
            let parts = 2 + dice.roll(7);
            dice.script(script, parts)
        } else if dice.roll(2) == 0 {
            dice.title()
        } else {
            dice.host()
        };
        (name, text)
    };
    (0..COUNT).map(one).collect()
}
