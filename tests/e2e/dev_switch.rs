//! Tests under development.
mod commands;
mod dry;
mod exit;
mod limits;
mod refusals;
mod secrets;
mod settings_page;
mod status_page;
mod steps;
mod switch;
mod trust;
