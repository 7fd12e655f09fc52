//! Tests under development.
mod faults;
mod late;
mod lock;
mod seen;
mod steps;
