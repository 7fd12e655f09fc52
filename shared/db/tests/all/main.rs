//! Tests of the database layer against the sandbox's MariaDB. Without a sandbox
//! they fail, and say how to start one.

#![expect(clippy::unwrap_used, reason = "a panic in a test's helper is a failed test too")]

mod boxes;
mod changes;
mod connect;
mod edits;
mod feeds;
mod feeds_gate;
mod feeds_state;
mod forget;
mod gate;
mod hits;
mod hits_changes;
mod hits_gate;
mod hits_places;
mod hits_stale;
mod hits_support;
mod indexes;
mod intents;
mod lease;
mod links_also;
mod links_editors_gate;
mod links_faults;
mod links_gate;
mod links_gate_fill;
mod links_months;
mod links_prune;
mod links_prune_addresses;
mod links_prune_slices;
mod links_rename;
mod links_reports_gate;
mod links_store;
mod links_store_gate;
mod links_support;
mod links_touched;
mod lists;
mod matches;
mod migrations;
mod proxy;
mod report_asks;
mod report_asks_floods;
mod report_copies;
mod reports;
mod reports_gate;
mod requests;
mod runs;
mod secrets;
mod settings;
mod stored_at_once;
mod strangers;
mod support;
mod transactions;
mod wikis;
