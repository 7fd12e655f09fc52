//! Wikitext as MediaWiki's own preprocessor splits it.
//! <https://www.mediawiki.org/wiki/Preprocessor_ABNF>

mod edit;
mod elements;
pub mod links;
mod names;
mod scan;
mod scanner;
mod steps;

pub use edit::{EditError, Edits, Place};
pub(crate) use elements::{Element, elements, line_of};
pub use elements::{ends_open, opaque_spans};
pub use names::{TemplateNames, param_name, template_name, trim};
pub use scan::{MAX_BYTES, MAX_TEMPLATES, Param, Scan, Template, TooBig, scan};
