//! What goes wrong with an IRC server, in words for people. What the server itself says is shown as one harmless line.

use wikicrew_core::text::terminal;

use super::message::{Message, Unsayable};

/// Longest text of a server that is shown, in characters.
const SHOWN: usize = 200;
/// "Illegal channel name", what IRC calls a channel that cannot be one.
pub(super) const BAD_CHANNEL: u16 = 479;
/// "You're not on that channel".
pub(super) const NOT_ON_CHANNEL: u16 = 442;
/// "No text to send".
pub(super) const NO_TEXT: u16 = 412;
/// "Please wait a while and try again".
pub(super) const TRY_AGAIN: u16 = 263;
/// An error without a number of its own.
pub(super) const UNKNOWN: u16 = 400;

/// Why there is no connection to a server. [`Error::Banned`], [`Error::Login`] and [`Error::Nick`] are for people to
/// mend, so that whoever tries again may take its time; the rest passes by itself, or is [`Error::Setting`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Something that is sent to every server cannot be sent: a nick with a space, a password with a line end.
    #[error("{0}; correct the setting")]
    Setting(#[from] Unsayable),
    /// There is no such host, nothing listens there, or it hung up.
    #[error("no connection to the IRC server {server}: {why}")]
    Connection {
        /// The server, with its port.
        server: String,
        /// What happened.
        why: String,
    },
    /// It did not answer in time.
    #[error("the IRC server {0} did not answer in time")]
    Silent(String),
    /// User and password were refused, or cannot be given safely; or the network's services are away, which passes.
    #[error(
        "no login to the IRC server: {0}; unless it passes, correct the user, the password or the server of the login"
    )]
    Login(String),
    /// No nick was to be had.
    #[error("the IRC server takes none of our nicks: {0}; set another nick")]
    Nick(String),
    /// We are banned from the server.
    #[error("the IRC server has banned us: {0}; ask its operators")]
    Banned(String),
}

/// Why a line is not, or perhaps not, in a channel; or why a channel is not joined.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotSent {
    /// The server refused it: certainly not shown.
    #[error("refused with {code}: {text}")]
    Refused {
        /// The server's numeric, such as 404 or 474; 263 where it did not answer.
        code: u16,
        /// Its words.
        text: String,
    },
    /// The connection was gone before anything of it was written.
    #[error("nothing written: {0}")]
    NotWritten(String),
    /// It was written, and the connection was gone before the server took it.
    #[error("written, but perhaps not taken: {0}")]
    InDoubt(String),
}

impl NotSent {
    /// A refusal in the server's words.
    pub(super) fn refused(code: u16, text: &str) -> NotSent {
        NotSent::Refused {
            code,
            text: words(text),
        }
    }

    /// Of an error message of the server.
    pub(super) fn by(message: &Message) -> NotSent {
        NotSent::refused(message.numeric().unwrap_or(UNKNOWN), message.last())
    }
}

/// What a server or a person says, as one harmless line that is not too long.
pub(super) fn words(text: &str) -> String {
    terminal(text).trim().chars().take(SHOWN).collect()
}
