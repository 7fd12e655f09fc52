//! What reports are about and what may be decided of them, without any wiki or database: subjects and their names, the
//! part of a report page that belongs to people and the status word in it, the statistics rules of LiWa3, and whose turn
//! it is when many reports are asked for. Heir of COIBot's link and user reports.

mod fair;
mod human;
mod rules;
mod subject;

pub use fair::{Asked, Bounds, choose};
pub use human::{Human, Page, Status, Words};
pub use rules::{Added, Facts, Limits, Rule, is_xwiki, percent, tripped};
pub use subject::{Kind, Subject};
