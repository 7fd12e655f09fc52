//! How logs, what a run remembers of its failures and the terminal name reports and quote texts: not at all where a list
//! says that something is named nowhere. Lists of suppressed names must be read with [`Naming::read`] before anything is
//! told.

use shared::core::report::Subject;
use shared::core::text::terminal;
use shared::db::suppress::{self, Suppressed, What};
use shared::db::{self, Db};

/// Stands for a name that is shown nowhere, and for a text that has one.
const NOT_SHOWN: &str = "(not shown)";

/// The names of the home's reports that are shown nowhere.
#[derive(Clone, Debug, Default)]
pub struct Naming(Suppressed);

impl Naming {
    /// Reads the list; of a database that is not there yet there is none. Errs as the database does.
    pub async fn read(db: &Db, home: &str) -> db::Result<Naming> {
        db.read_if_there(async |db| suppress::all(db, home).await)
            .await
            .map(Naming)
    }

    /// From a list.
    #[cfg(test)]
    pub fn new(hidden: Suppressed) -> Naming {
        Naming(hidden)
    }

    /// Whether reports about it are told of nowhere.
    pub fn hides(&self, subject: &Subject) -> bool {
        let name = subject.to_string();
        let is_named = match subject {
            Subject::Link(key) => self.0.hides_link(key),
            _ => self.0.hides_user(None, &name),
        };
        is_named || self.0.private_entries().iter().any(|entry| is_title_of(entry, &name))
    }

    /// Whether a title, with namespace, has nothing in it that is named nowhere.
    pub fn may_tell(&self, title: &str) -> bool {
        !self.0.is_named_in(title)
    }

    /// Whether a user is named nowhere.
    pub fn hides_user(&self, name: &str) -> bool {
        self.0.hides_user(None, name)
    }

    /// `link example.com`, fit for a terminal.
    pub fn subject(&self, subject: &Subject) -> String {
        let kind = subject.kind().word();
        match self.hides(subject) {
            true => format!("{kind} {NOT_SHOWN}"),
            false => format!("{kind} {}", self.text(&subject.to_string())),
        }
    }

    /// A text, fit for a terminal; one that has a name that is shown nowhere is not shown as a whole.
    pub fn text(&self, text: &str) -> String {
        match self.0.is_named_in(text) {
            true => NOT_SHOWN.to_owned(),
            false => terminal(text),
        }
    }

    /// An error with its causes, as a text.
    pub fn error(&self, error: &anyhow::Error) -> anyhow::Error {
        anyhow::Error::msg(self.text(&format!("{error:#}")))
    }
}

/// Titles of reports end with the name that they are about.
fn is_title_of(entry: &suppress::Entry, name: &str) -> bool {
    let above = entry.name.strip_suffix(name);
    entry.what == What::Report && above.is_some_and(|above| above.ends_with('/'))
}

#[cfg(test)]
#[path = "naming_tests.rs"]
mod tests;
