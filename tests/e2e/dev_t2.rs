//! Temporary.
#[path = "co_links.rs"]
mod co_links;
#[path = "co_prune.rs"]
mod co_prune;
#[path = "co_test.rs"]
mod co_test;
#[path = "co_wiki.rs"]
mod co_wiki;
