//! Dividing work among processes: by wiki, so that two of them never meet on a row of the counters.

use std::fmt;
use std::str::FromStr;

/// One of some equal parts of the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which, from 1.
    part: u64,
    /// Of how many.
    parts: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let (part, parts) = text.split_once('/').ok_or("write it as 2/4: the second of four")?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is not a number"));
        let shard = Shard {
            part: number(part)?,
            parts: number(parts)?,
        };
        if shard.parts > 64 || shard.part == 0 || shard.part > shard.parts {
            return Err("the first number is from 1 to the second, the second at most 64".to_owned());
        }
        Ok(shard)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.parts)
    }
}

impl Shard {
    /// Whether it is the first part.
    pub fn is_first(self) -> bool {
        self.part == 1
    }

    /// Whether this part has to do with a wiki, by its host and path: every source knows those, and what two sources tell
    /// of one revision has to come to the same part. What the database is called only some of them say.
    pub fn has(&self, wiki: &str) -> bool {
        fnv1a(wiki) % self.parts == self.part - 1
    }
}

/// FNV-1a, 64 bits: a hash that stays the same in every version and process.
/// <https://www.rfc-editor.org/rfc/rfc9923>
fn fnv1a(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published values of FNV-1a.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn each_wiki_is_in_exactly_one_part() {
        for parts in 1..=5 {
            let shards: Vec<Shard> = (1..=parts)
                .map(|part| format!("{part}/{parts}").parse().unwrap())
                .collect();
            for wiki in ["en.wikipedia.org/w", "de.wikipedia.org/w", "wiki.example.org/w"] {
                assert_eq!(shards.iter().filter(|shard| shard.has(wiki)).count(), 1);
            }
        }
        for wrong in ["0/2", "3/2", "1", "1/65", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
