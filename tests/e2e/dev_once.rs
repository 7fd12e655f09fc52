//! Tests under work.
mod doubt;
mod kill;
mod moved;
mod once;
mod restored;
