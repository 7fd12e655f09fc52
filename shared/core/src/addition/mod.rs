//! Added links: which links an edit added to a page, as rows for the database. Pure: texts and what the wiki or its
//! event stream said come in, plain values go out.

mod changed;
mod decide;
mod fields;
#[cfg(test)]
mod fixtures;
mod record;
mod row;
mod rows;
mod stream;
mod tally;
mod why;

pub use decide::{Decision, NewUser, Rules, decide};
pub use record::{BadLine, LinksChange, Performer, Record, RecordedEdit, RevisionFacts, read_line, realm_of, wiki_key};
pub use row::{EditorName, Flags, Links, MAX_PER_HOST, MAX_ROWS, RevisionLinks, Row};
pub use why::Why;
