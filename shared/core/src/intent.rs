//! The token that marks an additive edit in its summary.
//!
//! The wiki itself is the journal: an edit whose answer was lost is found
//! again by the token in the page history, so it is never made twice. The
//! token depends on nothing but the intent's key; it is no secret.

use sha2::{Digest, Sha256};

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Characters of the hash in a token: 50 bits.
const TOKEN_CHARS: usize = 10;

/// The token of an intent, such as `mb-7k2q9d4xfa` without its parentheses:
/// the job's two letters, `-` and the first ten characters (lower-case
/// base32 after RFC 4648) of SHA-256 over job, wiki and key, parted by zero
/// bytes. `wiki` is the wiki's database name.
pub fn token(job: &str, wiki: &str, intent_key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(job.as_bytes());
    hash.update([0]);
    hash.update(wiki.as_bytes());
    hash.update([0]);
    hash.update(intent_key.as_bytes());
    let mut token = format!("{}-", prefix(job));
    token.push_str(&base32(&hash.finalize()));
    token
}

/// Whether an edit summary carries the token, that is `(token)` as a whole.
pub fn find_token(summary: &str, token: &str) -> bool {
    summary.contains(&format!("({token})"))
}

/// Two letters for each job, so that a reader of a history sees whose edit
/// it was; another job's are the first two letters of its name.
fn prefix(job: &str) -> String {
    match job {
        "matchbot" => "mb".to_owned(),
        "coi-report" => "co".to_owned(),
        "linkreport-gen" => "lr".to_owned(),
        "infobox-check" => "ib".to_owned(),
        other => other.chars().filter(char::is_ascii_alphanumeric).take(2).collect(),
    }
}

fn base32(bytes: &[u8]) -> String {
    (0..TOKEN_CHARS)
        .map(|i| {
            let first = i * 5;
            let at = |byte: usize| u16::from(bytes.get(byte).copied().unwrap_or(0));
            let two_bytes = (at(first / 8) << 8) | at(first / 8 + 1);
            char::from(BASE32[usize::from(two_bytes >> (11 - first % 8)) & 31])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_follows_the_rfc() {
        assert_eq!(base32(b"foobar!"), "mzxw6ytboi");
        assert_eq!(base32(&[0xFF; 32]), "7777777777");
    }

    #[test]
    fn tokens_are_stable_and_differ() {
        // Written down so that a change of the rule, which would orphan
        // every edit already made, does not pass unnoticed.
        assert_eq!(token("matchbot", "testwiki", "12:Category:X"), "mb-63hosjvzzc");
        let all = [
            token("matchbot", "testwiki", "12"),
            token("matchbot", "testwik", "i12"),
            token("matchbot", "dewiki", "12"),
            token("coi-report", "testwiki", "12"),
            token("linkreport-gen", "testwiki", "12"),
            token("infobox-check", "testwiki", "12"),
        ];
        for (i, a) in all.iter().enumerate() {
            assert_eq!(a.len(), 13);
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
        assert!(all[3].starts_with("co-") && all[4].starts_with("lr-"));
        assert!(all[5].starts_with("ib-"));
    }

    #[test]
    fn a_token_is_found_only_as_a_whole() {
        let t = "mb-7k2q9d4xfa";
        assert!(find_token("/* Hi */ Hi (mb-7k2q9d4xfa) | status", t));
        assert!(!find_token("mb-7k2q9d4xfa", t));
        assert!(!find_token("(mb-7k2q9d4xfab)", t));
        assert!(!find_token("", t));
    }
}
