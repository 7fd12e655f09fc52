//! Temporary.
mod ib_chem;
mod ib_marks;
mod ib_pages;
mod ib_seen;
mod seen;
mod steps;
