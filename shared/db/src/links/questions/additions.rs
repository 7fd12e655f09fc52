//! The additions themselves, newest first.

use crate::error::Result;
use crate::links::questions::lookup::Kind;
use crate::session::{Fields, FromFields, Session, at};
use mysql_async::Value;
use wikicrew_core::addition::Flags;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// Whose additions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// Additions of hosts.
    Hosts,
    /// Additions by editors.
    Editors,
}

/// A place in the list, for going on after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Time of the revision.
    pub ts: Timestamp,
    /// The wiki.
    pub wiki_id: u16,
    /// The revision.
    pub rev: RevId,
    /// Number of the link in it.
    pub n: u16,
}

/// One link, or several to one host, that an edit added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addition {
    /// Where it stands in the list.
    pub place: Place,
    /// The wiki's key, as `en.wikipedia.org/w`.
    pub wiki: String,
    /// The page.
    pub page_id: PageId,
    /// Namespace and title as in the newest revision that was stored; `None`: not known (any more).
    pub page: Option<(i32, String)>,
    /// The host.
    pub host_id: u32,
    /// Its key as stored.
    pub stored_key: String,
    /// What followed the host.
    pub path: String,
    /// What else is known of it.
    pub flags: Flags,
    /// How often the edit added it.
    pub times: u16,
    /// Who made the edit.
    pub editor_id: u32,
    /// The name; of an address in its usual form, of a cut range with its prefix (`192.0.2.0/24`).
    pub editor: String,
    /// What kind of name.
    pub kind: Kind,
}

impl FromFields for Addition {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let (ns, title) = (f.get::<Option<i32>>("ns")?, f.get::<Option<String>>("title")?);
        Ok(Self {
            place: place(f)?,
            wiki: f.get("wiki")?,
            page_id: PageId(f.get("page_id")?),
            page: ns.zip(title),
            host_id: f.get("host_id")?,
            stored_key: f.get("rhost")?,
            path: f.get("path")?,
            flags: Flags(f.get("flags")?),
            times: f.get("times")?,
            editor_id: f.get("editor_id")?,
            editor: f.get("editor")?,
            kind: Kind::read(f, "kind")?,
        })
    }
}

fn place(f: &mut Fields) -> Result<Place> {
    Ok(Place {
        ts: f.time("ts")?,
        wiki_id: f.get("wiki_id")?,
        rev: RevId(f.get("rev_id")?),
        n: f.get("n")?,
    })
}

/// The newest addition of a host or editor.
struct Newest {
    id: u32,
    ts: Timestamp,
}

impl FromFields for Newest {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            ts: f.time("ts")?,
        })
    }
}

/// Parts of one statement.
const UNITED: usize = 25;

/// The newest additions of these hosts or editors together (a domain with its sub-domains, a user with former names;
/// at most some 1,000 numbers), older than `before` where it is given, at most `limit`. Newest first; in one second by
/// wiki, revision and number, the largest first.
///
/// With several numbers their newest moments are asked for first, and additions only of those that can be on the list.
pub async fn newest(
    session: &mut impl Session,
    of: Of,
    ids: &[u32],
    before: Option<Place>,
    limit: u32,
) -> Result<Vec<Addition>> {
    newest_within(session, of, ids, Span { after: None, before }, limit).await
}

/// The additions of these hosts together whose revisions are later than `since`, at most `limit` (1,000 say enough of
/// what came after a report was closed), in the order of [`newest`]. Of the editor's address see [`Addition::editor`].
pub async fn since(
    session: &mut impl Session,
    host_ids: &[u32],
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Addition>> {
    let span = Span {
        after: Some(since),
        before: None,
    };
    newest_within(session, Of::Hosts, host_ids, span, limit).await
}

/// From when to when.
#[derive(Clone, Copy)]
struct Span {
    /// Later than this.
    after: Option<Timestamp>,
    before: Option<Place>,
}

impl Span {
    /// The conditions, behind others.
    fn put(self, sql: &str) -> String {
        let after = if self.after.is_some() { "AND ts > ? " } else { "" };
        let before = if self.before.is_some() { BEFORE } else { "" };
        sql.replace("SPAN", &format!("{after}{before}"))
    }

    /// Their values.
    fn values(self) -> impl Iterator<Item = Value> {
        self.after.map(at).into_iter().chain(before_values(self.before))
    }
}

async fn newest_within(
    session: &mut impl Session,
    of: Of,
    ids: &[u32],
    span: Span,
    limit: u32,
) -> Result<Vec<Addition>> {
    let mut open: Vec<u32> = ids.to_vec();
    open.sort_unstable();
    open.dedup();
    let mut moments = Vec::new();
    if open.len() > UNITED {
        moments = newest_moments(session, of, &open, span).await?;
        moments.sort_by_key(|newest| (std::cmp::Reverse(newest.ts), newest.id));
        open = moments.iter().map(|newest| newest.id).collect();
    }
    let mut found: Vec<Addition> = Vec::new();
    for (i, some) in open.chunks(UNITED).enumerate() {
        let last = found.get((limit as usize).saturating_sub(1));
        // Those that are left have nothing as new as what is already there.
        if let (Some(last), Some(next)) = (last, moments.get(i * UNITED))
            && last.place.ts > next.ts
        {
            break;
        }
        found.extend(newest_of_some(session, of, some, span, limit).await?);
        found.sort_by_key(|addition| std::cmp::Reverse(addition.place));
        found.truncate(limit as usize);
    }
    Ok(found)
}

/// By the moment alone: more columns in that ORDER BY, and the server sorts all rows of the host. Within a second the
/// index goes by wiki, revision and number anyway, and one second is in one partition.
///
/// Handler reads: limit × (3 per number, and 5), and one per partition and number; rows of the second of `before` come
/// on top.
async fn newest_of_some(
    session: &mut impl Session,
    of: Of,
    ids: &[u32],
    span: Span,
    limit: u32,
) -> Result<Vec<Addition>> {
    const HOST: &str = "(SELECT * FROM link_addition FORCE INDEX (by_host) WHERE host_id = ? SPAN \
        ORDER BY ts DESC LIMIT ?)";
    const EDITOR: &str = "(SELECT * FROM link_addition FORCE INDEX (by_editor) WHERE editor_id = ? SPAN \
        ORDER BY ts DESC LIMIT ?)";
    const SQL: &str = "SELECT STRAIGHT_JOIN l.wiki_id, l.rev_id, l.n, l.ts, l.host_id, l.editor_id, l.page_id, \
        l.flags, l.times, l.path, w.name AS wiki, p.ns, p.title, h.rhost, e.name AS editor, e.kind FROM \
        (SELECT * FROM (UNITED) u ORDER BY ts DESC, wiki_id DESC, rev_id DESC, n DESC LIMIT ?) l \
        JOIN wiki w ON w.wiki_id = l.wiki_id JOIN host h ON h.host_id = l.host_id \
        JOIN editor e ON e.editor_id = l.editor_id \
        LEFT JOIN page p ON p.wiki_id = l.wiki_id AND p.page_id = l.page_id";
    let one = match of {
        Of::Hosts => HOST,
        Of::Editors => EDITOR,
    };
    let one = span.put(one);
    let sql = SQL.replace("UNITED", &vec![one; ids.len()].join(" UNION ALL "));
    let mut values = Vec::new();
    for &id in ids {
        values.push(Value::from(id));
        values.extend(span.values());
        values.push(Value::from(limit));
    }
    values.push(Value::from(limit));
    session.conn().rows("reading the newest additions", &sql, values).await
}

/// Handler reads: one per number and partition.
async fn newest_moments(session: &mut impl Session, of: Of, ids: &[u32], span: Span) -> Result<Vec<Newest>> {
    const HOST: &str = "(SELECT host_id AS id, ts FROM link_addition FORCE INDEX (by_host) WHERE host_id = ? SPAN \
        ORDER BY ts DESC LIMIT 1)";
    const EDITOR: &str = "(SELECT editor_id AS id, ts FROM link_addition FORCE INDEX (by_editor) WHERE editor_id = ? \
        SPAN ORDER BY ts DESC LIMIT 1)";
    let one = match of {
        Of::Hosts => HOST,
        Of::Editors => EDITOR,
    };
    let one = span.put(one);
    let mut found = Vec::new();
    for some in ids.chunks(UNITED) {
        let sql = vec![one.as_str(); some.len()].join(" UNION ALL ");
        let mut values = Vec::new();
        for &id in some {
            values.push(Value::from(id));
            values.extend(span.values());
        }
        found.extend(
            session
                .conn()
                .rows::<Newest>("asking for the newest additions", &sql, values)
                .await?,
        );
    }
    Ok(found)
}

/// What comes after a place in the list. The first half is what the index is searched by.
const BEFORE: &str = "AND ts <= ? AND (ts < ? OR (ts = ? AND (wiki_id, rev_id, n) < (?, ?, ?)))";

fn before_values(before: Option<Place>) -> Vec<Value> {
    before.map_or_else(Vec::new, |place| {
        vec![
            at(place.ts),
            at(place.ts),
            at(place.ts),
            Value::from(place.wiki_id),
            Value::from(place.rev.0),
            Value::from(place.n),
        ]
    })
}
