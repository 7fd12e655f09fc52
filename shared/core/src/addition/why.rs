//! Why a revision adds no links, or why not all that it holds was read.

/// Why nothing is stored of a revision or event; as a note beside stored links, why only a part was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// It adds no external link.
    NoLinks,
    /// The text is the parent's: a move, a protection, an edit of another slot.
    NullEdit,
    /// Only the stream tells of links, and the text changed no template and no link: a template that the page uses
    /// was edited.
    OwnTextUnchanged,
    /// The stream tells of links that somebody else brought onto the page, by editing a template.
    OtherPerformer,
    /// The wiki hides the author or the text.
    Hidden,
    /// The event names nobody: the wiki's own maintenance.
    NoPerformer,
    /// Imported from another wiki, or from before there were accounts: the author is nobody here.
    Import,
    /// The page is in a namespace that is not asked for.
    Namespace,
    /// The page is no wikitext.
    Model,
    /// The text of the revision or of its parent is not there, so they cannot be compared.
    Incomplete,
    /// The text is over the bounds of what is read.
    TooBig,
    /// An event of a stream that tells nothing of links.
    OtherStream,
}

impl Why {
    /// All of them, in the order of a summary.
    pub const ALL: [Self; 12] = [
        Self::NoLinks,
        Self::NullEdit,
        Self::OwnTextUnchanged,
        Self::OtherPerformer,
        Self::Hidden,
        Self::NoPerformer,
        Self::Import,
        Self::Namespace,
        Self::Model,
        Self::Incomplete,
        Self::TooBig,
        Self::OtherStream,
    ];

    /// One word for a summary line, such as `no-links`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoLinks => "no-links",
            Self::NullEdit => "null-edit",
            Self::OwnTextUnchanged => "own-text-unchanged",
            Self::OtherPerformer => "other-performer",
            Self::Hidden => "hidden",
            Self::NoPerformer => "no-performer",
            Self::Import => "import",
            Self::Namespace => "namespace",
            Self::Model => "model",
            Self::Incomplete => "incomplete",
            Self::TooBig => "too-big",
            Self::OtherStream => "other-stream",
        }
    }

    /// Whether a person should be told: links may be missing that the source could have given. The others are as it
    /// should be, and are only counted.
    pub fn is_told(self) -> bool {
        matches!(self, Self::Incomplete | Self::TooBig | Self::OtherStream)
    }
}
