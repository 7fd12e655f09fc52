//! Wikitext as MediaWiki's own preprocessor splits it.
//! <https://www.mediawiki.org/wiki/Preprocessor_ABNF>

mod edit;
mod elements;
mod names;
mod scan;

pub use edit::{EditError, Edits};
pub use elements::{ends_open, opaque_spans};
pub(crate) use elements::{Element, line_of, scan as elements};
pub use names::TemplateNames;
pub use scan::{Kind, Param, Scan, Template, TooBig, scan};
