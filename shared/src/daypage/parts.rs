//! The parts of a day: a page that has grown too long goes on at `/2`, then at `/3`.

use crate::core::intent::token;
use crate::core::types::Timestamp;
use crate::db::memo;
use crate::job::Run;

/// The part of a day's page (title with namespace) that is written to now.
pub async fn current<S>(run: &Run<S>, day: &str) -> anyhow::Result<String> {
    Ok(match count(run, day).await? {
        1 => day.to_owned(),
        number => format!("{day}/{number}"),
    })
}

/// How many parts a day's page has. The last one may not be written yet.
pub async fn count<S>(run: &Run<S>, day: &str) -> anyhow::Result<u32> {
    let key = key(run.editor.job, day);
    let part = run
        .db
        .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, &key).await)
        .await?;
    Ok(part
        .and_then(|part| part.value.parse().ok())
        .unwrap_or(1)
        .clamp(1, 9_999))
}

/// After a page has grown too long, the next lines go to the next part.
pub async fn grown<S>(run: &Run<S>, title: &str, now: Timestamp) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (day, number) = part_of(title);
    let (key, next) = (key(run.editor.job, day), (number + 1).to_string());
    run.db
        .fenced(&fence, "noting the next part of a log", async |tx| {
            memo::set(tx, &key, &next, now).await
        })
        .await?;
    Ok(())
}

/// The day's page and the number of this part of it.
pub fn part_of(title: &str) -> (&str, u32) {
    match title.rsplit_once('/') {
        Some((day, number)) if number.len() < 5 && !number.contains('-') => (day, number.parse().unwrap_or(1)),
        _ => (title, 1),
    }
}

fn key(job: &str, day: &str) -> String {
    // Names of memos are short; titles are not.
    format!("part.{}", token(job, "", day))
}

#[cfg(test)]
mod tests {
    use super::part_of;

    #[test]
    fn a_number_behind_the_day_is_a_part() {
        for (title, part) in [
            ("User:B/Log/2026-11-22", ("User:B/Log/2026-11-22", 1)),
            ("User:B/Log/2026-11-22/2", ("User:B/Log/2026-11-22", 2)),
            ("User:B/COIReports/2026, Nov 2", ("User:B/COIReports/2026, Nov 2", 1)),
            (
                "User:B/COIReports/2026, Nov 2/12",
                ("User:B/COIReports/2026, Nov 2", 12),
            ),
        ] {
            assert_eq!(part_of(title), part);
        }
    }
}
