//! User names, and how much of a name there is to compare.

use crate::change::EditorKind;
use crate::site::Title;
use std::borrow::Cow;
use std::net::IpAddr;

/// Who edited, as the rules need it.
#[derive(Clone, Debug)]
pub(super) struct Who<'a> {
    /// Name as the wiki shows it.
    pub name: &'a str,
    /// [`EditorKind::Named`], [`EditorKind::Temporary`] or [`EditorKind::Ip`].
    pub kind: EditorKind,
    /// Name as lists have it, see [`folded`].
    pub folded: Cow<'a, str>,
    /// The wiki's key.
    pub wiki: &'a str,
}

impl Who<'_> {
    /// The address, where a real one is visible.
    pub fn address(&self) -> Option<IpAddr> {
        let address = self
            .name
            .parse::<IpAddr>()
            .ok()
            .filter(|_| self.kind == EditorKind::Ip)?;
        Some(address.to_canonical())
    }

    /// Whether somebody chose the name: an address and the name of a temporary account say nothing.
    pub fn has_chosen_name(&self) -> bool {
        self.kind == EditorKind::Named
    }
}

/// A user name in the one form in which two spellings of it are equal: upper first letter, single spaces for `_`, an
/// address in its usual form. Names that differ in the case of other letters are different users.
/// What `lists::user_name` gives is made equal to what edits show; neither is changed as a rule, and nothing allocated.
pub(super) fn folded(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if let Ok(address) = name.parse::<IpAddr>() {
        return Cow::Owned(address.to_canonical().to_string());
    }
    let is_tidy = !name.contains('_') && !name.contains("  ") && !name.starts_with(char::is_lowercase);
    if is_tidy {
        return Cow::Borrowed(name);
    }
    let spaced = name.replace('_', " ");
    let spaced = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = spaced.chars();
    let first = letters.next().map(|first| {
        let mut upper = first.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) => one,
            _ => first,
        }
    });
    Cow::Owned(first.into_iter().chain(letters).collect())
}

/// What scores do not look at, see [`crate::overlap`].
fn is_left_out(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '_' | '<' | '>' | '[' | ']' | '*' | '(' | ')')
}

/// How many characters of a string scores look at.
pub(super) fn significant(text: &str) -> usize {
    text.chars().filter(|&c| !is_left_out(c)).count()
}

/// Whether the title has the name only inside of longer words: `Bob` in `Bobsleigh`, not in `Bob's house`.
pub(super) fn is_merely_inside(name: &str, title: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|&c| !is_left_out(c))
        .collect::<String>()
        .to_lowercase();
    if name.is_empty() {
        return false;
    }
    let title = title.to_lowercase();
    let mut inside = false;
    for word in title.split(is_left_out) {
        for (at, found) in word.match_indices(&name) {
            let before = word[..at].chars().next_back();
            let after = word[at + found.len()..].chars().next();
            if [before, after].into_iter().flatten().any(char::is_alphanumeric) {
                inside = true;
            } else {
                return false;
            }
        }
    }
    inside
}

/// Whether the page is the user's own: theirs in user space, its talk page, or a page below these.
pub(super) fn is_own_page(who: &Who<'_>, title: &Title) -> bool {
    matches!(title.ns, 2 | 3) && folded(title.root_part()) == who.folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_equal() {
        for (one, other) in [
            ("Acme widgets", "acme_widgets"),
            ("Éclair", "éclair"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("192.0.2.1", "::ffff:192.0.2.1"),
            (" A  b", "A b"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [
            ("Bob", "BOB"),
            ("Acme Widgets", "Acme widgets"),
            ("ßa", "SSa"),
            ("", "A"),
        ] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
        assert!(matches!(folded("Acme Widgets"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_name_inside_of_a_word_is_told_from_the_word() {
        for (name, title, inside) in [
            ("Bob", "Bobsleigh", true),
            ("Bob", "List of bobsleigh championships", true),
            ("Bob", "Bob", false),
            ("Bob", "Bob's house", false),
            ("Bob", "Bob (bobsleigh)", false),
            ("Bob", "Robert", false),
            ("Al Bo", "Albotown", true),
            ("Al Bo", "Al Bo", false),
            ("Émile", "Émiles", true),
            ("Acme.", "Acme.com", false),
            ("...", "Acme", false),
        ] {
            assert_eq!(is_merely_inside(name, title), inside, "{name} {title}");
        }
        assert_eq!(significant("[a. b_c]* (é)"), 4);
    }
}
