//! matchbot's table `matches`: MatchBot's eleven columns, then ours. One row per greeting, for a match as for none.
//!
//! Rows are never changed by a job, only added.

use crate::error::Result;
use crate::session::{Fields, FromFields, One, OneTime, Session, at, at_opt, bounded, list};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::HashMap;
use wikicrew_core::types::{PageId, RevId, Timestamp, UserId};

/// Characters of the column `category`.
const CATEGORY_CHARS: usize = 75;

/// A greeting that was posted; the wiki is the transaction's.
#[derive(Clone, Copy, Debug)]
pub struct NewMatch<'a> {
    /// `luid`: the learner.
    pub learner: UserId,
    /// `lprofileid`: page id of the learner's profile.
    pub profile: PageId,
    /// Request category without its namespace, whole (`category_full`).
    pub category: &'a str,
    /// The same with its namespace; its first 75 characters are `category`.
    pub category_prefixed: &'a str,
    /// `muid`: the mentor; the maintainer when there was no match; `None` when it is not known any more.
    pub mentor: Option<UserId>,
    /// `matchtime`: the wiki's time of the greeting.
    pub matchtime: Timestamp,
    /// `cataddtime`: when the page was put into the category.
    pub cataddtime: Option<Timestamp>,
    /// `revid` of the greeting; `None` for Flow.
    pub revid: Option<RevId>,
    /// `postid` of the greeting on a Flow board, at most 50 characters.
    pub postid: Option<&'a str>,
    /// `matchmade`: a mentor was found; `None` when it is not known any more.
    pub matchmade: Option<bool>,
    /// `run_time`: when the run began.
    pub run_time: Timestamp,
    /// The row in `request`.
    pub request_id: Option<u64>,
    /// The intent's key: the same one again adds no row.
    pub intent_key: &'a str,
    /// Why this mentor, or why none.
    pub reason: &'a str,
}

/// A row as it is stored. Old rows of MatchBot itself lack what was added later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Its number.
    pub id: u64,
    /// `luid`.
    pub learner: Option<UserId>,
    /// `lprofileid`.
    pub profile: Option<PageId>,
    /// The request category's first 75 characters, with namespace.
    pub category: Option<String>,
    /// `muid`.
    pub mentor: Option<UserId>,
    /// `matchtime`.
    pub matchtime: Option<Timestamp>,
    /// `cataddtime`.
    pub cataddtime: Option<Timestamp>,
    /// `revid`.
    pub revid: Option<RevId>,
    /// `postid`.
    pub postid: Option<String>,
    /// `matchmade`; `None` when it is not known.
    pub matchmade: Option<bool>,
    /// `run_time`.
    pub run_time: Option<Timestamp>,
    /// The whole category without namespace.
    pub category_full: Option<String>,
    /// The row in `request`.
    pub request_id: Option<u64>,
    /// Why this mentor, or why none.
    pub reason: Option<String>,
}

impl FromFields for Match {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            learner: f.id_opt("luid", UserId)?,
            profile: f.id_opt("lprofileid", PageId)?,
            category: f.get("category")?,
            mentor: f.id_opt("muid", UserId)?,
            matchtime: f.time_opt("matchtime")?,
            cataddtime: f.time_opt("cataddtime")?,
            revid: f.id_opt("revid", RevId)?,
            postid: f.get("postid")?,
            matchmade: f.get("matchmade")?,
            run_time: f.time_opt("run_time")?,
            category_full: f.get("category_full")?,
            request_id: f.get("request_id")?,
            reason: f.get("reason")?,
        })
    }
}

/// Adds a row; false (and no change) when the intent has its row already. User
/// and page ids over 2,147,483,647 are refused by the server: the columns keep
/// MatchBot's type.
pub async fn add(tx: &mut FencedTx<'_>, new: &NewMatch<'_>) -> Result<bool> {
    const SQL: &str = "INSERT INTO matches (luid, lprofileid, category, muid, matchtime, cataddtime, \
        revid, postid, matchmade, run_time, wiki, category_full, request_id, intent_key, reason) \
        VALUES (:luid, :lprofileid, :category, :muid, :matchtime, :cataddtime, \
        :revid, :postid, :matchmade, :run_time, :wiki, :category_full, :request_id, :intent_key, :reason) \
        ON DUPLICATE KEY UPDATE id = id";
    let category: String = new.category_prefixed.chars().take(CATEGORY_CHARS).collect();
    let values = vec![
        (b"luid".to_vec(), Value::from(new.learner.0)),
        (b"lprofileid".to_vec(), Value::from(new.profile.0)),
        (b"category".to_vec(), Value::from(category)),
        (b"muid".to_vec(), Value::from(new.mentor.map(|id| id.0))),
        (b"matchtime".to_vec(), at(new.matchtime)),
        (b"cataddtime".to_vec(), at_opt(new.cataddtime)),
        (b"revid".to_vec(), Value::from(new.revid.map(|id| id.0))),
        (b"postid".to_vec(), Value::from(new.postid)),
        (b"matchmade".to_vec(), Value::from(new.matchmade)),
        (b"run_time".to_vec(), at(new.run_time)),
        (b"wiki".to_vec(), Value::from(&tx.fence().wiki)),
        (b"category_full".to_vec(), Value::from(new.category)),
        (b"request_id".to_vec(), Value::from(new.request_id)),
        (b"intent_key".to_vec(), Value::from(new.intent_key)),
        (b"reason".to_vec(), Value::from(&*bounded(new.reason, 8_000))),
    ];
    let done = tx.conn().run("storing a match", SQL, values).await?;
    Ok(done.affected > 0)
}

/// When this learner was last greeted for this category (without namespace), on
/// whatever profile.
pub async fn last_greeting_of_learner(
    session: &mut impl Session,
    wiki: &str,
    learner: UserId,
    category: &str,
) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MAX(matchtime) AS value FROM matches \
        WHERE wiki = :wiki AND luid = :luid AND category_full = :category";
    let OneTime(time) = session
        .conn()
        .one(
            "asking when a learner was greeted",
            SQL,
            params! { "wiki" => wiki, "luid" => learner.0, "category" => category },
        )
        .await?;
    Ok(time)
}

/// When this profile was last greeted for this category (without namespace).
pub async fn last_greeting_of_profile(
    session: &mut impl Session,
    wiki: &str,
    profile: PageId,
    category: &str,
) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MAX(matchtime) AS value FROM matches \
        WHERE wiki = :wiki AND lprofileid = :profile AND category_full = :category";
    let OneTime(time) = session
        .conn()
        .one(
            "asking when a profile was greeted",
            SQL,
            params! { "wiki" => wiki, "profile" => profile.0, "category" => category },
        )
        .await?;
    Ok(time)
}

/// Greetings a learner got since then, over all profiles and categories.
pub async fn greetings_since(session: &mut impl Session, wiki: &str, learner: UserId, since: Timestamp) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM matches \
        WHERE wiki = :wiki AND luid = :luid AND matchtime >= :since";
    let One(n) = session
        .conn()
        .one(
            "counting a learner's greetings",
            SQL,
            params! { "wiki" => wiki, "luid" => learner.0, "since" => at(since) },
        )
        .await?;
    Ok(n)
}

/// The greetings of one profile, oldest first.
pub async fn of_profile(session: &mut impl Session, wiki: &str, profile: PageId) -> Result<Vec<Match>> {
    const SQL: &str = "SELECT id, luid, lprofileid, category, muid, matchtime, cataddtime, revid, postid, \
        matchmade, run_time, category_full, request_id, reason FROM matches \
        WHERE wiki = :wiki AND lprofileid = :profile ORDER BY matchtime, id";
    session
        .conn()
        .rows(
            "reading the greetings of a profile",
            SQL,
            params! { "wiki" => wiki, "profile" => profile.0 },
        )
        .await
}

/// Greetings since then: with a mentor, and without.
pub async fn counts_since(session: &mut impl Session, wiki: &str, since: Timestamp) -> Result<[u64; 2]> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM matches \
        WHERE wiki = :wiki AND matchmade = :made AND matchtime >= :since";
    let mut counts = [0; 2];
    for (count, made) in counts.iter_mut().zip([true, false]) {
        let One(n) = session
            .conn()
            .one(
                "counting greetings",
                SQL,
                params! { "wiki" => wiki, "made" => made, "since" => at(since) },
            )
            .await?;
        *count = n;
    }
    Ok(counts)
}

/// Matches (`matchmade = 1`) that each of these mentors got since then; mentors
/// without one are not in the map.
pub async fn counts_of_mentors(
    session: &mut impl Session,
    wiki: &str,
    mentors: &[UserId],
    since: Timestamp,
) -> Result<HashMap<UserId, u64>> {
    let mut counts = HashMap::new();
    for some in mentors.chunks(500) {
        // Handler reads: the matches of these mentors in the span, by by_mentor.
        let sql = format!(
            "SELECT muid, COUNT(*) AS n FROM matches \
             WHERE wiki = ? AND matchmade = 1 AND matchtime >= ? AND muid IN ({}) GROUP BY muid",
            list("?", some.len())
        );
        let mut values = vec![Value::from(wiki), at(since)];
        values.extend(some.iter().map(|id| Value::from(id.0)));
        let rows: Vec<MentorCount> = session
            .conn()
            .rows("counting the mentors' matches", &sql, values)
            .await?;
        counts.extend(rows.into_iter().map(|row| (row.mentor, row.n)));
    }
    Ok(counts)
}

struct MentorCount {
    mentor: UserId,
    n: u64,
}

impl FromFields for MentorCount {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            mentor: UserId(f.get("muid")?),
            n: f.get("n")?,
        })
    }
}

/// The newest rows, at most `limit`; of one learner, of one mentor, of both, or
/// all of the wiki.
pub async fn history(
    session: &mut impl Session,
    wiki: &str,
    learner: Option<UserId>,
    mentor: Option<UserId>,
    limit: u32,
) -> Result<Vec<Match>> {
    let mut sql = String::from(
        "SELECT id, luid, lprofileid, category, muid, matchtime, cataddtime, revid, postid, \
         matchmade, run_time, category_full, request_id, reason FROM matches WHERE wiki = ?",
    );
    let mut values = vec![Value::from(wiki)];
    for (column, id) in [("luid", learner), ("muid", mentor)] {
        if let Some(id) = id {
            sql += &format!(" AND {column} = ?");
            values.push(Value::from(id.0));
        }
    }
    // By id: rows are added as greetings are made, and the key is always there.
    sql += " ORDER BY id DESC LIMIT ?";
    values.push(Value::from(limit));
    session.conn().rows("reading the matches", &sql, values).await
}
