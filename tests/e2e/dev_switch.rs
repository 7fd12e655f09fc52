//! Tests under development.
mod settings_page;
mod status_page;
mod steps;
mod switch;
mod trust;
