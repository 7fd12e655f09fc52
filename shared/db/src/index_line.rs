//! The lines of the index pages: which revision of which article is verified,
//! and whether the line counts.

use crate::bulk;
use crate::error::Result;
use crate::session::{Fields, FromFields, One, Session, bounded, list};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::{BTreeMap, BTreeSet};
use wikicrew_core::types::{PageId, RevId, UserId};

/// Longest stored problem, in bytes.
const MAX_PROBLEM: usize = 8_000;

words! {
    /// Whether a line counts.
    pub enum State {
        /// It counts.
        InForce = "in_force",
        /// Nobody who may has approved it: it is listed and changes nothing.
        Proposed = "proposed",
        /// It cannot be used, `problem` says why.
        Problem = "problem",
    }
}

/// A line of an index page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexLine {
    /// Its number in the page, from 1.
    pub line_no: u32,
    /// The article; `None`: there is none of this title.
    pub page_id: Option<PageId>,
    /// The title it names, with namespace; empty when it could not be read.
    pub title: String,
    /// The revision it names.
    pub revid: Option<RevId>,
    /// Title of a verified copy outside of the article.
    pub copy_title: Option<String>,
    /// Account that added or last changed the line, where that is known.
    pub author_id: Option<UserId>,
    /// Its name; `None`: not known, or hidden.
    pub author: Option<String>,
    /// Whether it counts.
    pub state: State,
    /// Why it cannot be used or does not count yet, for people.
    pub problem: Option<String>,
}

impl FromFields for IndexLine {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            line_no: f.get("line_no")?,
            page_id: f.id_opt("page_id", PageId)?,
            title: f.get("title")?,
            revid: f.id_opt("revid", RevId)?,
            copy_title: f.get("copy_title")?,
            author_id: f.id_opt("author_id", UserId)?,
            author: f.get("author")?,
            state: f.word("state", State::read)?,
            problem: f.get("problem")?,
        })
    }
}

/// A line with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexRow {
    /// The box whose index it is.
    pub box_name: String,
    /// The index page.
    pub index_title: String,
    /// The line.
    pub line: IndexLine,
}

impl FromFields for IndexRow {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            box_name: f.get("box")?,
            index_title: f.get("index_title")?,
            line: IndexLine::from_fields(f)?,
        })
    }
}

/// What [`replace_all`] changed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Changed {
    /// Articles for which this index page has other lines in force than before
    /// (another revision, another copy, one more, none any more), by page id: their
    /// marks are to be looked at.
    pub pages: Vec<PageId>,
    /// Rows written or removed.
    pub rows: u64,
}

/// Makes the stored lines of an index page equal to these, writing only what
/// differs, all in this transaction: at no time are two states mixed. Of two lines
/// with one number the last counts.
pub async fn replace_all(
    tx: &mut FencedTx<'_>,
    box_name: &str,
    index_title: &str,
    lines: &[IndexLine],
) -> Result<Changed> {
    const KNOWN: &str = "SELECT line_no, page_id, title, revid, copy_title, author_id, author, state, problem \
        FROM index_line WHERE wiki = :wiki AND box = :box AND index_title = :index_title";
    const DELETE: &str = "DELETE FROM index_line WHERE wiki = ? AND box = ? AND index_title = ? \
        AND line_no IN (IDS)";
    let wiki = tx.fence().wiki.clone();
    let known: Vec<IndexLine> = tx
        .conn()
        .rows(
            "reading the lines of an index",
            KNOWN,
            params! { "wiki" => &wiki, "box" => box_name, "index_title" => index_title },
        )
        .await?;
    let mut known: BTreeMap<u32, IndexLine> = known.into_iter().map(|line| (line.line_no, line)).collect();
    let lines: BTreeMap<u32, IndexLine> = lines.iter().map(|line| (line.line_no, stored_form(line))).collect();

    let (before, after) = (in_force_by_page(&known), in_force_by_page(&lines));
    let pages: BTreeSet<PageId> = before.keys().chain(after.keys()).copied().collect();
    let pages = pages.into_iter().filter(|id| before.get(id) != after.get(id)).collect();

    let write: Vec<&IndexLine> = lines
        .values()
        .filter(|line| known.get(&line.line_no) != Some(line))
        .collect();
    known.retain(|line_no, _| !lines.contains_key(line_no));
    let gone: Vec<u64> = known.into_keys().map(u64::from).collect();
    insert(tx, box_name, index_title, &write).await?;
    let place = [Value::from(&wiki), Value::from(box_name), Value::from(index_title)];
    bulk::run(tx.conn(), "removing lines of an index", DELETE, &place, &gone, &[]).await?;
    Ok(Changed {
        pages,
        rows: (write.len() + gone.len()) as u64,
    })
}

/// As it comes back from the table.
fn stored_form(line: &IndexLine) -> IndexLine {
    let problem = line
        .problem
        .as_deref()
        .map(|text| bounded(text, MAX_PROBLEM).into_owned());
    IndexLine {
        problem,
        ..line.clone()
    }
}

type Named<'a> = BTreeSet<(Option<RevId>, Option<&'a str>)>;

fn in_force_by_page(lines: &BTreeMap<u32, IndexLine>) -> BTreeMap<PageId, Named<'_>> {
    let mut by_page: BTreeMap<PageId, Named<'_>> = BTreeMap::new();
    for line in lines.values().filter(|line| line.state == State::InForce) {
        if let Some(page_id) = line.page_id {
            let named = (line.revid, line.copy_title.as_deref());
            by_page.entry(page_id).or_default().insert(named);
        }
    }
    by_page
}

async fn insert(tx: &mut FencedTx<'_>, box_name: &str, index_title: &str, lines: &[&IndexLine]) -> Result<()> {
    const HEAD: &str = "INSERT INTO index_line (wiki, box, index_title, line_no, page_id, title, revid, \
        copy_title, author_id, author, state, problem)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE page_id = VALUES(page_id), title = VALUES(title), \
        revid = VALUES(revid), copy_title = VALUES(copy_title), author_id = VALUES(author_id), \
        author = VALUES(author), state = VALUES(state), problem = VALUES(problem)";
    let wiki = tx.fence().wiki.clone();
    let rows = lines.iter().map(|line| {
        vec![
            Value::from(&wiki),
            Value::from(box_name),
            Value::from(index_title),
            Value::from(line.line_no),
            Value::from(line.page_id.map(|id| id.0)),
            Value::from(&line.title),
            Value::from(line.revid.map(|id| id.0)),
            Value::from(line.copy_title.as_deref()),
            Value::from(line.author_id.map(|id| id.0)),
            Value::from(line.author.as_deref()),
            Value::from(line.state.word()),
            Value::from(line.problem.as_deref()),
        ]
    });
    bulk::insert(tx.conn(), "storing the lines of an index", HEAD, TAIL, rows).await?;
    Ok(())
}

/// Removes the lines of index pages that the settings no longer name for a box,
/// and how far they were read. What changed by that.
pub async fn keep_only(tx: &mut FencedTx<'_>, box_name: &str, index_titles: &[&str]) -> Result<Changed> {
    let mut all = Changed::default();
    let mut last = String::new();
    while let Some(title) = next_index(tx, box_name, &last).await? {
        if !index_titles.contains(&title.as_str()) {
            let one = replace_all(tx, box_name, &title, &[]).await?;
            all.pages.extend(one.pages);
            all.rows += one.rows;
        }
        last = title;
    }
    all.pages.sort_unstable();
    all.pages.dedup();

    let mut sql = String::from("DELETE FROM index_page WHERE wiki = ? AND box = ?");
    let mut values = vec![Value::from(&tx.fence().wiki), Value::from(box_name)];
    if !index_titles.is_empty() {
        sql += &format!(" AND index_title NOT IN ({})", list("?", index_titles.len()));
        values.extend(index_titles.iter().map(|&title| Value::from(title)));
    }
    tx.conn().run("forgetting indexes", &sql, values).await?;
    Ok(all)
}

/// The first index page of a box behind this one that has lines. One after the
/// other, since a DISTINCT reads every line.
async fn next_index(tx: &mut FencedTx<'_>, box_name: &str, last: &str) -> Result<Option<String>> {
    const SQL: &str = "SELECT MIN(index_title) AS value FROM index_line \
        WHERE wiki = :wiki AND box = :box AND index_title > :last";
    let (conn, fence) = tx.parts();
    let One(title) = conn
        .one(
            "reading which indexes are stored",
            SQL,
            params! { "wiki" => &fence.wiki, "box" => box_name, "last" => last },
        )
        .await?;
    Ok(title)
}

/// The lines in force for these articles, of all boxes, by article.
pub async fn in_force(session: &mut impl Session, wiki: &str, pages: &[PageId]) -> Result<Vec<IndexRow>> {
    of_pages(session, wiki, pages, State::InForce).await
}

/// The lines for these articles that wait for somebody who may approve them, of all boxes, by article.
pub async fn proposed_for(session: &mut impl Session, wiki: &str, pages: &[PageId]) -> Result<Vec<IndexRow>> {
    of_pages(session, wiki, pages, State::Proposed).await
}

async fn of_pages(session: &mut impl Session, wiki: &str, pages: &[PageId], state: State) -> Result<Vec<IndexRow>> {
    const SQL: &str = "SELECT box, index_title, line_no, page_id, title, revid, copy_title, author_id, author, \
        state, problem FROM index_line WHERE wiki = ? AND page_id IN (IDS) AND state = ? \
        ORDER BY page_id, box, index_title, line_no";
    let ids: Vec<u64> = pages.iter().map(|id| id.0).collect();
    bulk::select(
        session.conn(),
        "reading the index lines of articles",
        SQL,
        &[Value::from(wiki)],
        &ids,
        &[Value::from(state.word())],
    )
    .await
}

/// Boxes with a line that cannot be used on one of their index pages.
pub async fn boxes_with_problems(session: &mut impl Session, wiki: &str) -> Result<Vec<String>> {
    const SQL: &str = "SELECT DISTINCT box AS value FROM index_line WHERE wiki = :wiki AND state = 'problem'";
    let rows: Vec<One<String>> = session
        .conn()
        .rows("reading which indexes have problems", SQL, params! { "wiki" => wiki })
        .await?;
    Ok(rows.into_iter().map(|One(name)| name).collect())
}

/// All lines of one index page, as they were found last.
pub async fn of_index(
    session: &mut impl Session,
    wiki: &str,
    box_name: &str,
    index_title: &str,
) -> Result<Vec<IndexLine>> {
    const SQL: &str = "SELECT line_no, page_id, title, revid, copy_title, author_id, author, state, problem \
        FROM index_line WHERE wiki = :wiki AND box = :box AND index_title = :index_title ORDER BY line_no";
    session
        .conn()
        .rows(
            "reading the lines of an index page",
            SQL,
            params! { "wiki" => wiki, "box" => box_name, "index_title" => index_title },
        )
        .await
}

/// Lines that wait for somebody who may approve them, in the order of the pages, at most `limit`.
pub async fn proposed(session: &mut impl Session, wiki: &str, limit: u32) -> Result<Vec<IndexRow>> {
    in_state(session, wiki, State::Proposed, limit).await
}

/// Lines that cannot be used, in the order of the pages, at most `limit`.
pub async fn problems(session: &mut impl Session, wiki: &str, limit: u32) -> Result<Vec<IndexRow>> {
    in_state(session, wiki, State::Problem, limit).await
}

async fn in_state(session: &mut impl Session, wiki: &str, state: State, limit: u32) -> Result<Vec<IndexRow>> {
    const SQL: &str = "SELECT box, index_title, line_no, page_id, title, revid, copy_title, author_id, author, \
        state, problem FROM index_line WHERE wiki = :wiki AND state = :state \
        ORDER BY box, index_title, line_no LIMIT :limit";
    session
        .conn()
        .rows(
            "reading index lines by their state",
            SQL,
            params! { "wiki" => wiki, "state" => state.word(), "limit" => limit },
        )
        .await
}

/// How many lines are in a state.
pub async fn count(session: &mut impl Session, wiki: &str, state: State) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM index_line WHERE wiki = :wiki AND state = :state";
    let One(n) = session
        .conn()
        .one(
            "counting index lines",
            SQL,
            params! { "wiki" => wiki, "state" => state.word() },
        )
        .await?;
    Ok(n)
}
