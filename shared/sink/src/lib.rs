//! Where the feeds go: channels of IRC, signed webhooks, standard output. Knows nothing of wikis, databases or hits: it
//! gets lines and objects, and says whether they arrived. This crate alone speaks IRC; no text that comes in can make
//! another IRC command.

pub mod irc;
pub mod stdout;
pub mod tls;
pub mod webhook;
