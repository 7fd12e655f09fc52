//! What a template is called on a wiki.

/// A template's name and those of the redirects to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateNames {
    pub(crate) names: Vec<String>,
}
