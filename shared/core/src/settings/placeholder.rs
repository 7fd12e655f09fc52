//! Placeholders in texts that admins write: `{0}` and `{mentor}`.
//!
//! The texts are wikitext, so `{{Template}}` and `{{{parameter}}}` must stay
//! as they are: a placeholder opens with exactly one brace. What is put in
//! is never looked at again.

/// One `{…}` in a text.
struct Token<'a> {
    /// What stands between the braces.
    name: &'a str,
    /// Byte positions of the whole token, braces included.
    start: usize,
    end: usize,
}

/// Longest name of a placeholder in bytes.
const MAX_NAME_BYTES: usize = 40;

/// Puts values in: `(name, position, value)` replaces `{name}` and, where
/// there is a position, `{position}` as in the old configuration files.
///
/// Only these exact tokens are replaced. A token begins with one single
/// brace, so `{{0}}` and `{{{mentor}}}` stay; it may stand directly before
/// the end of a template: `{{Welcome|{mentor}}}` becomes `{{Welcome|Anna}}`.
/// Values are put in as they are and not searched for tokens. Unlike in the
/// old (Python) texts, doubled braces are not undone.
pub fn fill(text: &str, values: &[(&str, Option<usize>, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for token in tokens(text) {
        let value = values
            .iter()
            .find(|(name, position, _)| *name == token.name || position.is_some_and(|p| p.to_string() == token.name));
        if let Some((_, _, value)) = value {
            out.push_str(&text[at..token.start]);
            out.push_str(value);
            at = token.end;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Whether the text has at least one of these tokens, given without braces:
/// `uses(text, &["mentor", "0"])`.
pub fn uses(text: &str, names: &[&str]) -> bool {
    tokens(text).any(|token| names.contains(&token.name))
}

/// What looks like a placeholder and is none of the known names (given
/// without braces): each once, without braces, in the order of the text.
/// `-{…}-` is language conversion and not meant.
pub fn unknown_placeholders(text: &str, known: &[&str]) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    for token in tokens(text) {
        let converts = text[..token.start].ends_with('-') && text[token.end..].starts_with('-');
        if !converts && !known.contains(&token.name) && !unknown.iter().any(|name| name == token.name) {
            unknown.push(token.name.to_owned());
        }
    }
    unknown
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    text.match_indices('{').filter_map(|(start, _)| {
        let rest = &text[start + 1..];
        if text[..start].ends_with('{') || rest.starts_with('{') {
            return None;
        }
        let length = rest
            .bytes()
            .take(MAX_NAME_BYTES + 1)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        if length == 0 || length > MAX_NAME_BYTES || !rest[length..].starts_with('}') {
            return None;
        }
        Some(Token {
            name: &rest[..length],
            start,
            end: start + length + 2,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALUES: [(&str, Option<usize>, &str); 3] = [
        ("mentor", Some(0), "Anna"),
        ("skill", Some(1), "{mentor}"),
        ("topic", None, "T"),
    ];

    #[test]
    fn fills_only_whole_tokens() {
        for (text, expected) in [
            ("", ""),
            ("{0} {mentor}", "Anna Anna"),
            ("{1}{skill}", "{mentor}{mentor}"),
            ("[[User:{0}|{0}]] ~~~~", "[[User:Anna|Anna]] ~~~~"),
            ("{{Welcome}}", "{{Welcome}}"),
            ("{{Welcome|{mentor}}}", "{{Welcome|Anna}}"),
            ("{{Welcome|{mentor}}} {topic}", "{{Welcome|Anna}} T"),
            ("{{a|{{b|{mentor}}}}}", "{{a|{{b|Anna}}}}"),
            ("{{a|x={topic}|{0}}}", "{{a|x=T|Anna}}"),
            ("{{0}}", "{{0}}"),
            ("{{{0}}}", "{{{0}}}"),
            ("{{{mentor|}}}", "{{{mentor|}}}"),
            ("{{{1|{mentor}}}}", "{{{1|Anna}}}"),
            ("{mentor}}", "Anna}"),
            ("{mentor", "{mentor"),
            ("mentor}", "mentor}"),
            ("{ mentor }", "{ mentor }"),
            ("{Mentor}{00}{}{-1}", "{Mentor}{00}{}{-1}"),
            ("{|\n| {mentor}\n|}", "{|\n| Anna\n|}"),
            ("{2}{unknown}", "{2}{unknown}"),
            ("é{0}é", "éAnnaé"),
            ("}{0}{", "}Anna{"),
            ("{0}{1", "Anna{1"),
            ("{mentor}{mentor}", "AnnaAnna"),
            ("\\{0}", "\\Anna"),
        ] {
            assert_eq!(fill(text, &VALUES), expected, "{text}");
        }
    }

    #[test]
    fn finds_what_is_missing_or_unknown() {
        assert!(uses("x {0}", &["mentor", "0"]));
        assert!(uses("{{a|{mentor}}}", &["mentor", "0"]));
        assert!(!uses("{{0}} {{{mentor}}} 0 mentor", &["mentor", "0"]));
        assert!(!uses("{0}", &[]));
        assert_eq!(
            unknown_placeholders(
                "{mentr} {0} {{x}} {{{y}}} {mentr} {9} -{zh}- { z } {|",
                &["0", "mentor"]
            ),
            ["mentr", "9"]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn what_is_no_token_stays(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "{{", "}}", "{0}", "{mentor}", "0", "mentor", "|", "é", "{x}",
            ]), 0..20)
        ) {
            let text = parts.concat();
            // Filling a token with itself changes nothing.
            let same = [("mentor", None, "{mentor}"), ("0", None, "{0}")];
            prop_assert_eq!(fill(&text, &same), text.clone());
            prop_assert_eq!(fill(&text, &[]), text.clone());
            // All tokens are found, and all are filled.
            let left = fill(&text, &[("mentor", None, ""), ("0", None, ""), ("x", None, "")]);
            let used = uses(&text, &["mentor", "0", "x"]);
            prop_assert_eq!(left != text, used);
        }
    }
}
