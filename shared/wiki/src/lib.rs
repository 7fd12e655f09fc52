//! One login on one MediaWiki, and what may be asked of it.
//!
//! This crate alone names `mediawiki` and `reqwest`. It mends what the
//! `mediawiki` crate lacks: retries are bounded, every answer is looked at for
//! errors, every request carries `maxlag`, `formatversion=2` and `assert`.
//! It decides nothing about wikis or pages, and it saves nothing but by
//! [`raw_edit`], which only the guarded editor may call.
//! <https://www.mediawiki.org/wiki/API:Etiquette>

mod answer;
pub mod blocked;
mod changes;
mod config;
mod crate_client;
mod error;
mod flow;
mod http;
pub mod matrix;
mod pages;
mod pause;
pub mod people;
mod query;
pub mod raw_edit;
mod read;
mod refusals;
mod request;
mod revisions;
mod session;
mod stop;
pub mod stream;
pub mod uses;

pub use changes::{Ask, Changes, Gap, Kind, changes};
pub use config::{Config, Credentials, Timing, wiki_id_of};
pub use error::Error;
pub use pages::{Embedding, Member, PageInfo, PageNow, Protection, embedding, page_infos, transclusions};
pub use query::Continued;
pub use request::{Counts, Phase};
pub use revisions::{PageRef, Revisions, history, read_revisions, revisions};
pub use session::Session;
pub use stop::Stop;
