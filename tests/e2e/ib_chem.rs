//! Small articles with a flat chembox, before and after the bot has marked them, and edits at a given time, for the
//! modules that need many of them.

use anyhow::{Context, Result, ensure};
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::NewPage;

use crate::seen::number;

/// An article that nobody has marked yet.
pub fn plain(name: &str, cas: &str) -> String {
    format!("{{{{chembox\n| Name = {name}\n| CASNo = {cas}\n}}}}\n{name} is a substance.")
}

/// The same as the bot leaves it: `verified` is the revision that the index names, `is_true` whether the value is that
/// of it.
pub fn marked(name: &str, cas: &str, verified: u64, is_true: bool) -> String {
    let (flag, state) = if is_true {
        ("", "correct")
    } else {
        ("| Verifiedfields = changed\n", "changed")
    };
    format!(
        "{{{{chembox\n{flag}| verifiedrevid = {verified}\n| Name = {name}\n| CASNo_Ref = {{{{cascite|{state}|??}}}}\n\
         | CASNo = {cas}\n}}}}\n{name} is a substance."
    )
}

/// The verified value of all of them.
pub const TRUE: &str = "67-64-1";
/// Another value.
pub const OTHER: &str = "67-64-7";

/// A project with these articles, all with [`TRUE`], verified, and a first run behind it; and the verified revisions.
pub async fn articles(names: &[&str]) -> Result<(Boxes, Vec<u64>)> {
    let texts: Vec<String> = names.iter().map(|name| plain(name, TRUE)).collect();
    let all: Vec<(&str, &str, &str)> = names
        .iter()
        .zip(&texts)
        .map(|(name, text)| (*name, text.as_str(), "Ann"))
        .collect();
    let scene = Boxes::new().await?;
    let mut lines = Vec::new();
    for (name, text, user) in all {
        lines.push((name, scene.article(name, text, user).await?));
    }
    scene.index_lines(&scene.chem, &lines).await?;
    scene.run().await?;
    Ok((scene, lines.into_iter().map(|(_, revid)| revid).collect()))
}

/// Ben changes the verified value of these articles.
pub async fn change(scene: &Boxes, names: &[&str]) -> Result<()> {
    for name in names {
        scene
            .replace(name, "Ben", &format!("= {TRUE}"), &format!("= {OTHER}"), "")
            .await?;
    }
    Ok(())
}

/// Replaces the only occurrence of `old` as this user, so many seconds after now: what a job that believes to be later
/// finds as a fresh edit. Recent changes do not tell of it yet.
pub async fn replace_later(scene: &Boxes, name: &str, user: &str, old: &str, new: &str, seconds: i64) -> Result<u64> {
    let text = latest(scene, name).await?;
    ensure!(text.matches(old).count() == 1, "{old:?} in {text}");
    let now: i64 = scene.world.rows("SELECT UNIX_TIMESTAMP()").await?[0][0].parse()?;
    let at = scene
        .world
        .rows(&format!(
            "SELECT DATE_FORMAT(CONVERT_TZ(FROM_UNIXTIME({}), @@session.time_zone, '+00:00'), '%Y-%m-%dT%H:%i:%sZ')",
            now + seconds
        ))
        .await?;
    let page = NewPage::new(&scene.title(name), &scene.own(&text.replacen(old, new, 1)))
        .by(&scene.user(user))
        .at(&at[0][0]);
    let saved = scene.world.wiki.load(&[page]).await?.pop();
    Ok(saved.context("nothing was saved")?.revid)
}

/// The text of the revision that was saved last, with bare names, whatever the times of the others say.
pub async fn latest(scene: &Boxes, name: &str) -> Result<String> {
    let params = [
        ("action", "query"),
        ("prop", "revisions"),
        ("rvprop", "content"),
        ("rvslots", "main"),
        ("titles", &scene.title(name)),
    ];
    let answer = scene.world.admin.get(&params).await?;
    let text = answer["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"].as_str();
    Ok(scene.bare(text.with_context(|| format!("there is no article {name}"))?))
}

/// How many pages this run marked.
pub fn marks(run: &Run) -> Result<u64> {
    number(run, "marks")
}

/// Why marks of an article could not be set, as the job noted it; empty without a reason.
pub async fn reason(scene: &Boxes, name: &str) -> Result<String> {
    let sql = format!(
        "SELECT COALESCE(reason, '') FROM page_mark WHERE title = '{}'",
        scene.title(name)
    );
    let rows = scene.world.rows(&sql).await?;
    Ok(rows.first().with_context(|| format!("nothing is known of {name}"))?[0].clone())
}
