//! Finds the page of each index line: the revision must exist and belong to the page that the line names, or to the page
//! that it became by a move, or to the copy.

use std::collections::{BTreeSet, HashMap};

use shared::core::change::Revision;
use shared::core::infobox::index::{Index, IndexLine};
use shared::core::types::{PageId, RevId};
use shared::db::index_line::{self, State};
use shared::job::Run;
use shared::wiki::{page_infos, revisions};

use crate::settings::Settings;

/// The number of a line as it is stored.
pub fn number(line: &IndexLine) -> u32 {
    u32::try_from(line.line).unwrap_or(u32::MAX)
}

/// Finds the page of each line, and what is wrong with it. What `known` tells is not asked again.
pub async fn resolve(
    run: &Run<Settings>,
    index: &Index,
    proposed: &[IndexLine],
    known: &[index_line::IndexLine],
) -> anyhow::Result<Vec<index_line::IndexLine>> {
    let site = run.session.site();
    let key =
        |title: &str, revid: Option<RevId>, copy: Option<&str>| (title.to_owned(), revid, copy.map(str::to_owned));
    let known: HashMap<_, _> = known
        .iter()
        .filter(|line| line.state != State::Problem)
        .map(|line| (key(&line.title, line.revid, line.copy_title.as_deref()), line.page_id))
        .collect();
    let mut lines: Vec<index_line::IndexLine> = Vec::new();
    for (line, state) in index
        .lines
        .iter()
        .map(|line| (line, State::InForce))
        .chain(proposed.iter().map(|line| (line, State::Proposed)))
    {
        lines.push(index_line::IndexLine {
            line_no: number(line),
            page_id: None,
            title: site.prefixed(&line.title),
            revid: Some(line.revid),
            copy_title: line.copy.as_ref().map(|copy| site.prefixed(copy)),
            author_id: None,
            author: None,
            state,
            problem: None,
        });
    }
    let mut open: Vec<usize> = Vec::new();
    for (n, line) in lines.iter_mut().enumerate() {
        match known.get(&key(&line.title, line.revid, line.copy_title.as_deref())) {
            Some(page_id) => line.page_id = *page_id,
            None => open.push(n),
        }
    }
    ask(run, &mut lines, &open).await?;
    for problem in &index.problems {
        lines.push(index_line::IndexLine {
            line_no: problem
                .place
                .map_or(0, |place| u32::try_from(place.line).unwrap_or(u32::MAX)),
            page_id: None,
            title: String::new(),
            revid: None,
            copy_title: None,
            author_id: None,
            author: None,
            state: State::Problem,
            problem: Some(problem.text.clone()),
        });
    }
    Ok(lines)
}

/// Asks the wiki about these lines: does the revision exist, and of which page is it?
async fn ask(run: &Run<Settings>, lines: &mut [index_line::IndexLine], open: &[usize]) -> anyhow::Result<()> {
    let revids: Vec<RevId> = open.iter().filter_map(|n| lines[*n].revid).collect();
    let found = revisions(&run.session, &revids, false).await?;
    // The title's own page is asked for only where the revision's page has another title: after a move, or for a copy.
    let elsewhere = |line: &index_line::IndexLine| {
        let revision = line.revid.and_then(|revid| found.get(&revid));
        line.copy_title.is_some() || revision.is_some_and(|revision| revision.title != line.title)
    };
    let titles: BTreeSet<String> = open
        .iter()
        .map(|n| &lines[*n])
        .filter(|line| elsewhere(line))
        .map(|line| line.title.clone())
        .collect();
    let titles: Vec<String> = titles.into_iter().collect();
    let infos = if titles.is_empty() {
        Vec::new()
    } else {
        page_infos(&run.session, &titles).await?
    };
    let own: HashMap<&str, (Option<PageId>, bool)> = infos
        .iter()
        .map(|info| (info.asked.as_str(), (info.page_id, info.is_redirect)))
        .collect();
    for n in open {
        let line = &mut lines[*n];
        let (page_id, problem) = judge(line, &found, &own);
        line.page_id = page_id;
        if let Some(problem) = problem {
            line.state = State::Problem;
            line.problem = Some(problem);
        }
    }
    Ok(())
}

/// The page of a line, or what is wrong with it.
fn judge(
    line: &index_line::IndexLine,
    found: &HashMap<RevId, Revision>,
    own: &HashMap<&str, (Option<PageId>, bool)>,
) -> (Option<PageId>, Option<String>) {
    let title = &line.title;
    let Some(revid) = line.revid else { return (None, None) };
    let Some(revision) = found.get(&revid) else {
        return (
            None,
            Some(format!("revision {revid} of {title} does not exist, or was deleted")),
        );
    };
    let page = own.get(title.as_str()).copied();
    match &line.copy_title {
        Some(copy) if revision.title != *copy => (
            None,
            Some(format!(
                "revision {revid} belongs to {}, not to the copy {copy}",
                revision.title
            )),
        ),
        Some(_) => match page {
            Some((Some(page_id), _)) => (Some(page_id), None),
            _ => (None, Some(format!("there is no page {title}"))),
        },
        None if revision.title == *title => (Some(revision.page_id), None),
        // The page was moved: a redirect, or nothing, stands under the old title.
        None if page.is_none_or(|(page_id, is_redirect)| page_id.is_none() || is_redirect) => {
            (Some(revision.page_id), None)
        }
        None => (
            None,
            Some(format!(
                "revision {revid} belongs to {}, not to {title}",
                revision.title
            )),
        ),
    }
}
