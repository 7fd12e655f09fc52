//! History of the settings page, its draft and the stop page, revision by
//! revision, with what was thought of each.
//!
//! The last accepted settings serve reading and recording only; whether this run
//! may write is decided from the page as it is now, never from here.

use crate::error::Result;
use crate::session::{Fields, FromFields, OneTime, Session, at, at_opt};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::{RevId, Timestamp, UserId};

/// Which page the revision belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The settings page.
    Settings,
    /// Its `/draft`.
    Draft,
    /// The stop page.
    Stop,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Settings => "settings",
            Kind::Draft => "draft",
            Kind::Stop => "stop",
        }
    }
}

/// What was thought of a revision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It was (or for a draft would be) obeyed.
    Accepted,
    /// Its text has errors.
    Rejected,
    /// The page was not trusted when it was seen: not protected, a redirect,
    /// missing, saved by the bot.
    Untrusted,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Rejected => "rejected",
            Verdict::Untrusted => "untrusted",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Verdict::Accepted, Verdict::Rejected, Verdict::Untrusted]
            .into_iter()
            .find(|verdict| verdict.word() == word)
    }
}

/// What is known of a revision when it is looked at.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// Which page.
    pub kind: Kind,
    /// The revision; 0 when there is no page.
    pub revid: RevId,
    /// Who saved it; `None` when hidden or no page.
    pub user: Option<&'a str>,
    /// Its user id.
    pub user_id: Option<UserId>,
    /// Who wrote the text, when the revision itself is only a protection.
    pub text_user: Option<&'a str>,
    /// When it was saved, as the wiki says.
    pub saved_at: Option<Timestamp>,
    /// What is thought of it now.
    pub verdict: Verdict,
    /// The problems, a JSON list; `[]` for none.
    pub problems: &'a str,
    /// The settings block, when there is one.
    pub yaml: Option<&'a str>,
    /// Hash of the page's text, lower-case hexadecimal, at most 64 characters.
    pub sha: &'a str,
}

/// A revision as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettingsRev {
    /// The revision; 0 when there was no page.
    pub revid: RevId,
    /// Who saved it.
    pub user: Option<String>,
    /// Its user id.
    pub user_id: Option<UserId>,
    /// Who wrote the text, when the revision itself is only a protection.
    pub text_user: Option<String>,
    /// When it was saved.
    pub saved_at: Option<Timestamp>,
    /// When a run saw it first.
    pub first_seen: Timestamp,
    /// What was thought of it last.
    pub verdict: Verdict,
    /// When it was accepted for the first time, if ever.
    pub accepted_at: Option<Timestamp>,
    /// The problems, a JSON list.
    pub problems: String,
    /// The settings block.
    pub yaml: Option<String>,
    /// Hash of the page's text.
    pub sha: String,
    /// When a person was last told by exit code 78.
    pub last_alarm: Option<Timestamp>,
    /// When the status page last spoke of it.
    pub reported: Option<Timestamp>,
}

impl FromFields for SettingsRev {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            revid: RevId(f.get("revid")?),
            user: f.get("user")?,
            user_id: f.id_opt("user_id", UserId)?,
            text_user: f.get("text_user")?,
            saved_at: f.time_opt("saved_at")?,
            first_seen: f.time("first_seen")?,
            verdict: f.word("verdict", Verdict::read)?,
            accepted_at: f.time_opt("accepted_at")?,
            problems: f.get("problems")?,
            yaml: f.get("yaml")?,
            sha: f.get("sha")?,
            last_alarm: f.time_opt("last_alarm")?,
            reported: f.time_opt("reported")?,
        })
    }
}

/// Stores what is thought of a revision now. `first_seen` and `accepted_at` keep
/// their first values; user, yaml and hash those of the first time with a value.
pub async fn record(tx: &mut FencedTx<'_>, seen: &Seen<'_>, now: Timestamp) -> Result<()> {
    const SQL: &str = "INSERT INTO settings_rev (job, wiki, kind, revid, user, user_id, text_user, \
        saved_at, first_seen, verdict, accepted_at, problems, yaml, sha) \
        VALUES (:job, :wiki, :kind, :revid, :user, :user_id, :text_user, \
        :saved_at, :now, :verdict, :accepted_at, :problems, :yaml, :sha) \
        ON DUPLICATE KEY UPDATE verdict = VALUES(verdict), problems = VALUES(problems), \
        accepted_at = COALESCE(accepted_at, VALUES(accepted_at)), \
        user = COALESCE(user, VALUES(user)), user_id = COALESCE(user_id, VALUES(user_id)), \
        text_user = COALESCE(text_user, VALUES(text_user)), \
        saved_at = COALESCE(saved_at, VALUES(saved_at)), \
        yaml = COALESCE(yaml, VALUES(yaml)), sha = IF(sha = '', VALUES(sha), sha)";
    let accepted = (seen.verdict == Verdict::Accepted).then_some(now);
    let (conn, fence) = tx.parts();
    conn.run(
        "storing a settings revision",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "kind" => seen.kind.word(),
            "revid" => seen.revid.0, "user" => seen.user,
            "user_id" => seen.user_id.map(|id| id.0), "text_user" => seen.text_user,
            "saved_at" => at_opt(seen.saved_at), "now" => at(now),
            "verdict" => seen.verdict.word(), "accepted_at" => at_opt(accepted),
            "problems" => seen.problems, "yaml" => seen.yaml, "sha" => seen.sha,
        },
    )
    .await?;
    Ok(())
}

/// A revision by its id.
pub async fn get(
    session: &mut impl Session,
    job: &str,
    wiki: &str,
    kind: Kind,
    revid: RevId,
) -> Result<Option<SettingsRev>> {
    const SQL: &str = "SELECT revid, user, user_id, text_user, saved_at, first_seen, verdict, \
        accepted_at, problems, yaml, sha, last_alarm, reported FROM settings_rev \
        WHERE job = :job AND wiki = :wiki AND kind = :kind AND revid = :revid";
    session
        .conn()
        .first(
            "reading a settings revision",
            SQL,
            params! { "job" => job, "wiki" => wiki, "kind" => kind.word(), "revid" => revid.0 },
        )
        .await
}

/// The newest revision that was ever accepted (and is not thought of otherwise
/// since).
pub async fn last_accepted(
    session: &mut impl Session,
    job: &str,
    wiki: &str,
    kind: Kind,
) -> Result<Option<SettingsRev>> {
    const SQL: &str = "SELECT revid, user, user_id, text_user, saved_at, first_seen, verdict, \
        accepted_at, problems, yaml, sha, last_alarm, reported FROM settings_rev \
        WHERE job = :job AND wiki = :wiki AND kind = :kind AND verdict = 'accepted' \
        ORDER BY revid DESC LIMIT 1";
    session
        .conn()
        .first(
            "reading the last accepted settings",
            SQL,
            params! { "job" => job, "wiki" => wiki, "kind" => kind.word() },
        )
        .await
}

/// The newest revision that was seen, whatever was thought of it.
pub async fn newest(session: &mut impl Session, job: &str, wiki: &str, kind: Kind) -> Result<Option<SettingsRev>> {
    const SQL: &str = "SELECT revid, user, user_id, text_user, saved_at, first_seen, verdict, \
        accepted_at, problems, yaml, sha, last_alarm, reported FROM settings_rev \
        WHERE job = :job AND wiki = :wiki AND kind = :kind ORDER BY revid DESC LIMIT 1";
    session
        .conn()
        .first(
            "reading the newest settings revision",
            SQL,
            params! { "job" => job, "wiki" => wiki, "kind" => kind.word() },
        )
        .await
}

/// When the first settings revision that was ever accepted was saved on the wiki
/// (matchbot's default `start_from`).
pub async fn first_accepted_saved_at(session: &mut impl Session, job: &str, wiki: &str) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MIN(saved_at) AS value FROM settings_rev \
        WHERE job = :job AND wiki = :wiki AND kind = 'settings' AND accepted_at IS NOT NULL";
    let OneTime(time) = session
        .conn()
        .one(
            "asking when settings were first accepted",
            SQL,
            params! { "job" => job, "wiki" => wiki },
        )
        .await?;
    Ok(time)
}

/// Whether a person is to be told of this revision by exit code 78: the first
/// time, and again when `again_before` (24 hours ago) has passed since. Says yes
/// once, since it notes the time in the same statement. The revision must have
/// been recorded.
pub async fn take_alarm(
    tx: &mut FencedTx<'_>,
    kind: Kind,
    revid: RevId,
    again_before: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str = "UPDATE settings_rev SET last_alarm = :now \
        WHERE job = :job AND wiki = :wiki AND kind = :kind AND revid = :revid \
        AND (last_alarm IS NULL OR last_alarm <= :again_before)";
    let (conn, fence) = tx.parts();
    let done = conn
        .run(
            "noting the alarm about a settings revision",
            SQL,
            params! {
                "job" => &fence.job, "wiki" => &fence.wiki, "kind" => kind.word(),
                "revid" => revid.0, "again_before" => at(again_before), "now" => at(now),
            },
        )
        .await?;
    Ok(done.affected > 0)
}

/// Notes that the status page has spoken of this revision.
pub async fn mark_reported(tx: &mut FencedTx<'_>, kind: Kind, revid: RevId, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE settings_rev SET reported = :now \
        WHERE job = :job AND wiki = :wiki AND kind = :kind AND revid = :revid";
    let (conn, fence) = tx.parts();
    conn.run(
        "noting that a settings revision was reported",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "kind" => kind.word(),
            "revid" => revid.0, "now" => at(now),
        },
    )
    .await?;
    Ok(())
}
