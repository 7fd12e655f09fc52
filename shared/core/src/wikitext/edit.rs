//! Edits of template parameters that leave every other byte alone.

/// Edits of one text, applied together.
#[derive(Clone, Debug)]
pub struct Edits {}

/// Why a text was not edited.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditError {
    /// Something other than the intended parameters would change.
    #[error("{0}")]
    Unsafe(String),
}
