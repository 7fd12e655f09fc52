//! The greeting: the one edit that tells learner and mentor of each other. It links both user pages and carries the
//! bot's signature, which is what makes Echo notify both. Texts come from the settings; names are escaped where they
//! enter, so that no user name can be markup.

use shared::core::settings::fill;
use shared::core::text;

use crate::settings::Greetings;

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
    let person = if kind == Kind::NoMatch { "maintainer" } else { "mentor" };
    let post = fill(
        body,
        &[
            (person, Some(0), mentor.as_str()),
            ("skill", Some(1), names.skill),
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
    let topic = text::summary(topic);
    format!("/* {topic} */ {topic} ({token})")
}
