//! What is stored of a revision that added links.

use crate::change::EditorKind;
use crate::types::{PageId, RevId, Timestamp, UserId};

/// More links than this to one host in one revision become one row: one edit with 8,000 links must not fill a database.
pub const MAX_PER_HOST: u32 = 200;
/// A revision with more rows than this is only noted, see [`Links::TooMany`].
pub const MAX_ROWS: usize = 1_000;

/// Who made an edit. Never hidden, never imported: nobody is guessed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EditorName {
    /// Name as the wiki shows it, spaces not underscores; an address in its usual form. At most 255 bytes.
    pub name: String,
    /// [`EditorKind::Named`], [`EditorKind::Temporary`] or [`EditorKind::Ip`].
    pub kind: EditorKind,
    /// The account on that wiki; 0 for an address, or when the source did not say.
    pub user_id: UserId,
}

/// What is known of a row besides host and path: bits of one byte, as they stand in the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// Brought back by a revert, but counted as an addition.
    pub const READDED: Self = Self(1);
    /// The page an archive's link shows; the link to the archive has a row of its own.
    pub const UNWRAPPED: Self = Self(2);
    /// Written without a scheme, in a template that makes a link of it.
    pub const TEMPLATE: Self = Self(4);
    /// Not in the revision's own text: told by the event stream alone.
    pub const STREAM: Self = Self(8);
    /// `https`.
    pub const HTTPS: Self = Self(16);
    /// Neither http nor https: `ftp`, or protocol-relative together with [`Flags::HTTPS`].
    pub const OTHER_SCHEME: Self = Self(32);
    /// The editor is a bot.
    pub const BOT: Self = Self(64);
    /// The address was broken and is stored as mended (`http://http://…`).
    pub const MENDED: Self = Self(128);

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One row: a link, or several to one host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Row {
    /// The link key in its stored form, [`crate::link::Key::stored`]: labels reversed, `com.example.shop.`. At most 255 bytes.
    pub host: String,
    /// What follows the host, as in `/a?b#c` or `:8080/a`. At most 2,000 bytes.
    pub path: String,
    /// See [`Flags`].
    pub flags: Flags,
    /// How often the edit added it.
    pub times: u16,
}

/// The links that a revision added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Links {
    /// Sorted, each (host, path, flags) once, at most [`MAX_ROWS`], never empty.
    Rows(Vec<Row>),
    /// Too many rows: only their numbers are stored.
    TooMany {
        /// All links, each as often as it was added.
        links: u32,
        /// Different hosts.
        hosts: u32,
    },
}

/// A revision that added links, ready to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevisionLinks {
    /// Key of the wiki in every table: host and script path, as `en.wikipedia.org/w`.
    pub wiki: String,
    /// What the wiki's database is called, as `enwiki`; empty when the source does not say.
    pub dbname: String,
    /// The family of wikis that share accounts; the wiki's own key when there is none.
    pub realm: String,
    /// The revision.
    pub rev: RevId,
    /// The revision's time as the wiki says, never ours.
    pub ts: Timestamp,
    /// The page.
    pub page: PageId,
    /// Namespace of the page.
    pub ns: i32,
    /// Title with its namespace, spaces not underscores.
    pub title: String,
    /// Who made the edit.
    pub editor: EditorName,
    /// A revert by somebody who is neither an address, nor a temporary account, nor new: its links are additions only
    /// where this editor had added the same host on this wiki before.
    pub is_revert: bool,
    /// What it added.
    pub links: Links,
}
