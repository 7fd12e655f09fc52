//! The database of the Wikicrew jobs: connections, migrations, the lock, and
//! every table with every statement that touches it.
//!
//! This crate alone names `mysql_async` and `refinery`; no SQL stands outside
//! of it. It reads no clock and no environment: moments come in as arguments
//! (but for the pace of edits, which counts by the server's clock because
//! several processes share it). Written for MariaDB 10.4 and later, after the
//! rules of ToolsDB: <https://wikitech.wikimedia.org/wiki/Help:Toolforge/ToolsDB>.

#[macro_use]
mod words;

mod author;
pub mod box_page;
mod bulk;
pub mod cap_hold;
pub mod checkpoint;
pub mod config;
mod connect;
pub mod edit_log;
mod error;
pub mod feed_line;
pub mod feed_state;
pub mod field_change;
mod field_change_questions;
pub mod forget;
pub mod hit;
pub mod hit_line;
pub mod index_line;
pub mod index_page;
pub mod intent;
pub mod lease;
pub mod links;
pub mod list;
pub mod matches;
pub mod memo;
pub mod migrate;
pub mod open_field;
pub mod pace;
pub mod page_mark;
pub mod parked;
pub mod profile_owner;
pub mod report;
pub mod report_ask;
pub mod report_page;
pub mod report_row;
pub mod request;
mod request_sync;
pub mod run;
mod run_questions;
mod session;
pub mod settings_rev;
pub mod source_page;
pub mod suppress;
mod transaction;
pub mod verified_rev;

pub use author::{Author, UserKind};
pub use config::{DbConfig, parse_my_cnf};
pub use connect::{Access, Conn, Db, MAX_CONNECTIONS, Timing, Work};
pub use error::{Error, Result};
pub use lease::{Fence, Lease, Taken};
pub use session::Session;
pub use transaction::{FencedTx, Tx, check_epoch};
