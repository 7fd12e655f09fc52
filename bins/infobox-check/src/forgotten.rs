//! Lines that stand on the wiki though the database forgot them, after it was restored from a backup: those that went
//! to a later part of a day's page are not logged on an earlier one again.

use shared::daypage::parts::part_of;
use shared::db::field_change::{self, ChangeRow, Logged};
use shared::job::Run;
use shared::wiki::Phase;

use crate::lines::anchor;
use crate::logpage;
use crate::settings::Settings;

/// Parts of a day that are looked at.
const PARTS: u32 = 50;

/// The rows without those that stand on the parts after `title`. Their place is noted. Only asked when some of the rows
/// stand on `title`: otherwise nothing was forgotten.
pub async fn elsewhere(run: &mut Run<Settings>, title: &str, new: Vec<ChangeRow>) -> anyhow::Result<Vec<ChangeRow>> {
    let Some(fence) = run.fence() else { return Ok(new) };
    let site = run.session.site().clone();
    let (day, number) = part_of(title);
    let mut left = new;
    for part in number + 1..=number + PARTS {
        let next = site.title(&format!("{day}/{part}")).map_err(anyhow::Error::msg)?;
        run.session.count_as(Phase::Safety);
        let look = run.editor.look(&next, &[], &[]).await?;
        let (Some(text), Some(revid)) = (look.target.text(), look.base()) else {
            break;
        };
        let (there, rest): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|row| logpage::has(text, &anchor(&run.wiki, row)));
        left = rest;
        if there.is_empty() {
            continue;
        }
        let ids: Vec<u64> = there.iter().map(|row| row.id).collect();
        let place = Logged {
            title: look.target.title.clone(),
            revid,
            at: look.at,
        };
        run.db
            .fenced(&fence, "noting lines that stand on a later part", async |tx| {
                field_change::mark_logged(tx, &ids, &place).await
            })
            .await?;
    }
    Ok(left)
}
