//! Settings pages: from the text of a wiki page to typed values.
//!
//! [`extract()`] finds the one block of YAML in the page, [`Reader`] parses it
//! strictly and collects *all* problems, each with its place in the page and
//! in words for the admin who saved it; [`common()`] reads the keys that every
//! job has. Nothing is fetched here, and whether a page may be trusted at all
//! (protection, who saved it) is decided elsewhere.

mod common;
mod extract;
mod group;
mod items;
mod namespaces;
mod node;
mod placeholder;
mod read;
mod shapes;
mod syntax;
mod values;
mod words;

pub use common::{COMMON_KEYS, Common, Message, Trial, common};
pub use extract::{Block, MAX_PAGE_BYTES, extract};
pub use group::{MAX_LIST, MAX_TEXT_BYTES, MapNode};
pub use items::Item;
pub use placeholder::{fill, unknown_placeholders, uses};
pub use read::Reader;
pub use shapes::NameOrNumber;
pub use words::nearest;
pub(crate) use words::parse_duration;
