//! Names with and without a world's prefix: `{{chembox` is `{{abcdef Chembox`, `{{Chembox Identifiers` is
//! `{{Abcdef Chembox Identifiers`. The case of the first letter goes along, as it does for MediaWiki.

use regex::{Captures, Regex};

/// The templates that every world has, by their names with a capital.
const TEMPLATES: [&str; 7] = [
    "Chembox",
    "Chemical infobox",
    "Drugbox",
    "Infobox drug",
    "Cascite",
    "Keggcite",
    "Fdacite",
];

/// The names of one world.
pub struct Names {
    prefix: String,
    bare: Regex,
    owned: Regex,
}

impl Names {
    /// Those of the world with this prefix, which begins with a capital letter.
    pub fn new(prefix: &str) -> Self {
        let words: Vec<String> = TEMPLATES
            .iter()
            .map(|name| format!("(?i:{}){}", &name[..1], &name[1..]))
            .collect();
        let bare = format!(r"\{{\{{(\s*)({})\b", words.join("|"));
        let owned = format!(r"(?i:({})){} (\w?)", &prefix[..1], &prefix[1..]);
        let regex = |pattern: &str| Regex::new(pattern).expect("made of constants and letters");
        Self {
            prefix: prefix.to_owned(),
            bare: regex(&bare),
            owned: regex(&owned),
        }
    }

    /// The name of a template with the prefix; the case of its first letter becomes that of the prefix.
    pub fn template(&self, name: &str) -> String {
        let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
        let name = first.to_uppercase() + rest;
        if first.chars().all(char::is_lowercase) {
            format!("{}{} {name}", self.prefix[..1].to_lowercase(), &self.prefix[1..])
        } else {
            format!("{} {name}", self.prefix)
        }
    }

    /// A text in which every call of one of the world's templates has the prefix.
    pub fn own(&self, text: &str) -> String {
        let own = |found: &Captures<'_>| format!("{{{{{}{}", &found[1], self.template(&found[2]));
        self.bare.replace_all(text, own).into_owned()
    }

    /// A text without the prefix, wherever it stands.
    pub fn bare(&self, text: &str) -> String {
        let bare = |found: &Captures<'_>| {
            let is_capital = found[1].chars().all(char::is_uppercase);
            if is_capital {
                found[2].to_owned()
            } else {
                found[2].to_lowercase()
            }
        };
        self.owned.replace_all(text, bare).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_there_and_back() {
        let names = Names::new("Abcdef");
        let text = "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo_Ref = {{cascite|correct|??}}\n}}\n}} \
            {{ Chemical infobox}} {{Chemboxes}} chembox";
        let own = "{{abcdef Chembox\n| Name = Acetone\n| Section1={{Abcdef Chembox Identifiers\n| CASNo_Ref = {{abcdef Cascite|correct|??}}\n}}\n}} \
            {{ Abcdef Chemical infobox}} {{Chemboxes}} chembox";
        assert_eq!(names.own(text), own);
        assert_eq!(names.bare(own), text);
        assert_eq!(
            names.bare("[[Abcdef Acetone|Abcdef Acetone]] of User:Abcdef Ann"),
            "[[Acetone|Acetone]] of User:Ann"
        );
        assert_eq!(names.template("cascite"), "abcdef Cascite");
    }
}
