//! Since which edit a field differs, and whose edit that was: the one that changed this field last, not the newest one of
//! the page. Where the recorded change led to another value than the present one, nobody is named.

use shared::core::types::Timestamp;
use shared::db::field_change::{self, Kind, NewChange};
use shared::db::open_field::OpenField;
use shared::job::Run;

use crate::settings::Settings;

/// Stands for "before the bot looked": nobody is named then.
pub const UNKNOWN: Timestamp = Timestamp::UNIX_EPOCH;

/// Puts the right edit on each row of one box (by name) of one page. `made`: what the edits at hand changed, before that
/// is stored.
pub async fn credit(
    run: &Run<Settings>,
    box_name: &str,
    open: &mut [OpenField],
    made: &[NewChange],
) -> anyhow::Result<()> {
    for field in open {
        let is_it = |change: &&NewChange| {
            change.page_id == field.page_id
                && (change.box_name.as_str(), change.ordinal, change.field.as_str())
                    == (box_name, field.ordinal, field.field.as_str())
                && change.kind != Kind::Formatting
        };
        let stored;
        let change = match made.iter().filter(is_it).max_by_key(|change| change.revid) {
            Some(change) => Some(change),
            None => {
                let (page, ordinal, name) = (field.page_id, field.ordinal, field.field.as_str());
                stored = run
                    .db
                    .read_if_there(async |db| {
                        field_change::last_change_of_field(db, &run.wiki, page, box_name, ordinal, name).await
                    })
                    .await?;
                stored.as_ref().map(|row| &row.change)
            }
        };
        let value = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
        match change.filter(|change| value(&change.new) == value(&field.value)) {
            Some(change) => {
                field.since = change.ts;
                field.revid = change.revid;
                field.user = change.user.clone();
            }
            // The newest revision stays, to be compared with.
            None => (field.since, field.user) = (UNKNOWN, None),
        }
    }
    Ok(())
}
