//! Tests under development.
mod faults;
mod lock;
mod seen;
mod steps;
