//! dev
mod outcomes;
mod seen;
