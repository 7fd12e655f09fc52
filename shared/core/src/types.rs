//! Small types that every crate of the project uses.
//!
//! Ids that get mixed up are types of their own; a [`Problem`] is one thing
//! that is wrong with a settings page, and a [`Secret`] cannot be printed.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment in UTC. It always comes in as an argument: see `clippy.toml`.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A revision id (`revid`) of one wiki. Larger than 32 bits on big wikis.
    RevId
}
id! {
    /// A page id of one wiki. It survives a move, not a deletion.
    PageId
}
id! {
    /// A local user id of one wiki. It survives a rename; 0 is no account.
    UserId
}

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The settings cannot be accepted.
    Error,
    /// The settings are accepted; somebody should look at this.
    Warning,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Error => "error",
            Level::Warning => "warning",
        })
    }
}

/// A place in the wiki page as it is saved; both count from 1, columns in
/// characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Line of the page.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

/// One thing that is wrong with a settings page, in words for a wiki admin.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// Whether it stops the job.
    pub level: Level,
    /// Path of the key, such as `categories.general` or
    /// `categories.skillslist[2]`; empty when the page as a whole is meant.
    pub path: String,
    /// Where it stands in the page, if that is known.
    pub place: Option<Place>,
    /// What was found, what is allowed, what to do.
    pub text: String,
}

impl Problem {
    /// Something that makes the settings unacceptable.
    pub fn error(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            path: path.into(),
            place: None,
            text: text.into(),
        }
    }

    /// Something to look at that stops nothing.
    pub fn warning(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(path, text)
        }
    }

    /// The same problem with its place in the page.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Whether it stops the job.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

impl fmt::Display for Problem {
    /// `line 12, column 5: categories.general: text`, without the parts that
    /// are not known; a warning says so before its text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        if self.level == Level::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.text)
    }
}

/// A password or token. It has no `Debug`, `Display` or `Serialize`, so that
/// it cannot reach a log line, a page or a panic message by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret over.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_and_what() {
        let place = Place { line: 12, column: 5 };
        let error = Problem::error("categories.general", "a text is missing").at(place);
        assert_eq!(
            error.to_string(),
            "line 12, column 5: categories.general: a text is missing"
        );
        assert!(error.is_error());
        assert_eq!(Problem::warning("", "no tag").to_string(), "warning: no tag");
    }

    #[test]
    fn ids_are_plain_numbers_outside() {
        assert_eq!(RevId(3_000_000_000).to_string(), "3000000000");
        assert_eq!(serde_json::to_string(&PageId(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<UserId>("9").unwrap(), UserId(9));
    }

    #[test]
    fn a_secret_is_given_only_when_asked_for() {
        assert_eq!(Secret::new("hush").clone().expose(), "hush");
    }
}
