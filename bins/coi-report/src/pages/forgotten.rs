//! Lines that stand on the wiki though the database forgot them: those that went to a later part of a day's page are not
//! written on an earlier one again.

use std::collections::BTreeSet;

use shared::daypage::parts;
use shared::job::Run;
use shared::wiki::Phase;

use super::facts::Told;
use super::text;
use crate::settings::Settings;
use shared::db::hit_line;

/// Parts of a day that are looked at.
const PARTS: u32 = 50;

/// The lines without those that stand on the parts after `title` (with namespace). Their place is noted. Only asked when
/// some of the lines stand on `title`: otherwise nothing was forgotten.
pub async fn elsewhere(run: &mut Run<Settings>, title: &str, new: Vec<Told>) -> anyhow::Result<Vec<Told>> {
    let Some(fence) = run.fence() else { return Ok(new) };
    let site = run.session.site().clone();
    let (day, number) = parts::part_of(title);
    let mut left = new;
    for part in number + 1..=number + PARTS {
        let next = site.title(&format!("{day}/{part}")).map_err(anyhow::Error::msg)?;
        run.session.count_as(Phase::Safety);
        let look = run.editor.look(&next, &[], &[]).await?;
        let (Some(page), Some(revid)) = (look.target.text(), look.base()) else {
            break;
        };
        let standing: BTreeSet<&str> = text::anchors(page);
        let (there, rest): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|told| standing.contains(told.line.anchor.as_str()));
        left = rest;
        if there.is_empty() {
            continue;
        }
        let shown: Vec<_> = there.iter().map(Told::shown).collect();
        let title = &look.target.title;
        run.db
            .fenced(&fence, "noting lines that stand on a later part", async |tx| {
                hit_line::mark_shown(tx, &shown, title, revid, look.at).await
            })
            .await?;
    }
    Ok(left)
}
