//! The addresses of linked hosts, as a name server says: a pass of its own, after additions are stored and never within
//! their transaction. COIBot's server reports are made of them. Nothing here ever connects to a linked site; only a name
//! server is spoken to, and what it answers is kept only where the whole internet could reach it.

mod pass;
mod plan;
mod public;
mod resolver;

pub use pass::{Asked, LONGEST, pass};
pub use plan::{PER_DOMAIN, PER_RUN};
pub use public::is_public;
pub use resolver::{AT_ONCE, MOST, NoServer, PATIENCE, Resolver, server};
