//! The sentences of linkreport-gen on wiki pages; `messages:` can override each. They say what was observed and counted,
//! never what somebody may have meant by it.

mod lists;
mod pages;
mod serving;

use shared::core::settings::Message;

/// The whole table.
pub const MESSAGES: &[Message<'static>] =
    &joined::<{ pages::MESSAGES.len() + lists::MESSAGES.len() + serving::MESSAGES.len() }>();

const fn joined<const ALL: usize>() -> [Message<'static>; ALL] {
    let none: &[&str] = &[];
    let mut all = [("", "", none); ALL];
    let parts = [pages::MESSAGES, lists::MESSAGES, serving::MESSAGES];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut n = 0;
        while n < parts[part].len() {
            all[at] = parts[part][n];
            (n, at) = (n + 1, at + 1);
        }
        part += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::core::settings::{unknown_placeholders, uses};
    use std::collections::BTreeSet;

    /// A sentence that a placeholder is missing from could not be written as it stands; a key of all jobs would mean two
    /// things.
    #[test]
    fn each_sentence_stands_once_with_its_placeholders() {
        let mut keys: BTreeSet<&str> = shared::messages::MESSAGES.iter().map(|(key, ..)| *key).collect();
        for (key, text, wanted) in MESSAGES {
            assert!(keys.insert(key), "`{key}` stands twice");
            assert!(!text.is_empty(), "`{key}` says nothing");
            for name in *wanted {
                assert!(uses(text, &[name]), "`{key}` lacks {{{name}}}");
            }
            let odd = unknown_placeholders(text, &[]);
            let is_name = |name: &String| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(odd.iter().all(is_name), "`{key}`: {odd:?}");
        }
    }
}
