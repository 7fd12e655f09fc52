//! Tests under work.
mod kill;
mod moved;
mod once;
mod restored;
