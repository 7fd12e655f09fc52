//! One login on one MediaWiki, and what may be asked of it.
//!
//! This crate alone names `mediawiki` and `reqwest`. It mends what the
//! `mediawiki` crate lacks: retries are bounded, every answer is looked at for
//! errors, every request carries `maxlag`, `formatversion=2` and `assert`.
//! It decides nothing about wikis or pages, and it saves nothing but by
//! [`raw_edit`], which only the guarded editor may call.
//! <https://www.mediawiki.org/wiki/API:Etiquette>

mod answer;
mod config;
mod crate_client;
mod error;
mod flow;
mod http;
mod pause;
mod query;
pub mod raw_edit;
mod refusals;
mod request;
mod session;
mod stop;

pub use config::{Config, Credentials, Timing};
pub use error::Error;
pub use query::Continued;
pub use request::{Counts, Phase};
pub use session::Session;
pub use stop::Stop;
