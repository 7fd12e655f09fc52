//! Where edits come from: the recent changes of a wiki, or the event streams of many. Each source gives chunks of edits
//! with the position behind them; a chunk and its position are stored together.

pub mod recent;
pub mod stream;

use shared::core::addition::LinksChange;
use shared::core::change::Change;
use shared::core::hit::UserFacts;
use shared::wiki::Gap;

/// An edit as a source tells of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The edit; of a page that was moved into a watched namespace, what that is for the readers there: a new page of
    /// its creator.
    pub change: Change,
    /// What the stream of link changes said of it; `None` where there is no such stream, or it said nothing.
    pub links: Option<LinksChange>,
    /// What the source said of the author.
    pub who: Option<UserFacts>,
    /// Whether the texts have to be read: not, where a stream of link changes would have told of links.
    pub wants_texts: bool,
}

/// Edits of one wiki that are looked at and stored together.
#[derive(Debug)]
pub struct Chunk {
    /// The edits, oldest first.
    pub edits: Vec<Seen>,
    /// Edits of the watched namespaces, also such as are passed over.
    pub seen: u64,
    /// What could not be read.
    pub gap: Option<Gap>,
}
