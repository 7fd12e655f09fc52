//! Tests under development.
mod faults;
mod lock;
mod once;
mod seen;
mod steps;
