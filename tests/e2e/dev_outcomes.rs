//! dev
mod mentors;
mod notified;
mod outcomes;
mod seen;
