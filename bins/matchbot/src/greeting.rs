//! The greeting: the one edit that tells learner and mentor of each other. It links both user pages and carries the
//! bot's signature, which is what makes Echo notify both. Texts come from the settings; names are escaped where they
//! enter, so that no user name can be markup.

use shared::core::settings::fill;
use shared::core::text;

use crate::settings::{Greetings, TOPIC_CHARS};

/// Who is named in a greeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names<'a> {
    /// The learner's present user name.
    pub learner: &'a str,
    /// The mentor's present user name, or the maintainer's when there is no match.
    pub mentor: &'a str,
    /// The skill asked for, in the words of `categories.skillslist`.
    pub skill: &'a str,
}

/// Which of the three texts is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A mentor who listed the skill.
    Match,
    /// A mentor with general skills.
    General,
    /// Nobody: the maintainer is named.
    NoMatch,
}

/// A greeting ready to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Heading, Flow topic and edit summary.
    pub topic: String,
    /// The text alone, as a Flow post.
    pub post: String,
    /// The whole section for a wikitext talk page.
    pub section: String,
}

/// Fills the texts. Placeholders: `{0}` `{1}` `{2}` as in the original, and by name.
pub fn compose(greetings: &Greetings, kind: Kind, names: &Names<'_>) -> Greeting {
    let (topic, body) = match kind {
        Kind::Match => (&greetings.matchtopic, &greetings.matchgreeting),
        Kind::General => (
            &greetings.matchtopic,
            greetings.generalgreeting.as_ref().unwrap_or(&greetings.matchgreeting),
        ),
        Kind::NoMatch => (&greetings.nomatchtopic, &greetings.nomatchgreeting),
    };
    let mentor = text::target(names.mentor);
    let learner = text::target(names.learner);
    // A skill is words, not markup, whatever is in them.
    let skill = text::target(names.skill);
    let person = if kind == Kind::NoMatch { "maintainer" } else { "mentor" };
    let post = fill(
        body,
        &[
            (person, Some(0), mentor.as_str()),
            ("skill", Some(1), skill.as_str()),
            ("learner", None, learner.as_str()),
        ],
    );
    let section = fill(
        &greetings.noflowtemplate,
        &[
            ("topic", Some(0), topic),
            ("learner", Some(1), learner.as_str()),
            ("text", Some(2), &post),
        ],
    );
    Greeting {
        topic: topic.clone(),
        post,
        section,
    }
}

/// The edit summary: section link, topic, token. The editor adds the suffix.
pub fn summary(topic: &str, token: &str) -> String {
    // A sentence of `messages:` may be longer than a greeting's topic can be.
    let topic: String = text::summary(topic).chars().take(TOPIC_CHARS).collect();
    format!("/* {topic} */ {topic} ({token})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greetings() -> Greetings {
        Greetings {
            matchtopic: "We have a mentor".to_owned(),
            matchgreeting: "[[User:{0}|{0}]] knows \"{1}\".".to_owned(),
            generalgreeting: None,
            nomatchtopic: "Welcome".to_owned(),
            nomatchgreeting: "[[User:{maintainer}|{maintainer}]] looks for one, {learner}.".to_owned(),
            noflowtemplate: "\n\n=={0}==\nHello, [[User:{1}|{1}]]! {2} ~~~~".to_owned(),
        }
    }

    #[test]
    fn the_texts_of_the_original_are_filled_by_number_and_by_name() {
        let names = Names {
            learner: "Ben",
            mentor: "Ann",
            skill: "writing",
        };
        insta::assert_snapshot!(compose(&greetings(), Kind::General, &names).section.trim(), @r#"
        ==We have a mentor==
        Hello, [[User:Ben|Ben]]! [[User:Ann|Ann]] knows "writing". ~~~~
        "#);
        insta::assert_snapshot!(compose(&greetings(), Kind::NoMatch, &names).section.trim(), @r"
        ==Welcome==
        Hello, [[User:Ben|Ben]]! [[User:Ann|Ann]] looks for one, Ben. ~~~~
        ");
    }

    #[test]
    fn a_name_is_never_markup_and_never_a_placeholder() {
        let names = Names {
            learner: "'''{2}'''",
            mentor: "{1}~~~~",
            skill: "x",
        };
        let greeting = compose(&greetings(), Kind::Match, &names);
        assert_eq!(greeting.section.matches("~~~~").count(), 1);
        assert!(!greeting.section.contains("'''") && !greeting.section.contains("{1}"));
    }

    #[test]
    fn the_token_stands_early_in_the_summary() {
        let summary = summary(&"x".repeat(1_000), "mb-abcdefghij");
        assert!(summary.find("(mb-abcdefghij)").is_some_and(|at| at < 400));
    }
}
