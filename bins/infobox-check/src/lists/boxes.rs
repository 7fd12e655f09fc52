//! `fieldlist`, `managers` and `boxlist`: what the settings page says about the boxes.

use std::borrow::Cow;

use anyhow::bail;
use serde_json::json;
use shared::job;
use shared::settings::Verdict;

use super::answer::Answer;
use super::desk::{Source, Wrong};
use crate::overrides::Overrides;
use crate::settings::{BoxSettings, Settings, TEMPLATE};
use crate::surroundings;

/// The settings in force. Errs when they are rejected or may not be obeyed.
pub(super) async fn settings<'a>(source: &Source<'a>) -> anyhow::Result<Cow<'a, Settings>> {
    let (boot, session) = match source {
        Source::Run(_, settings) => return Ok(Cow::Borrowed(settings)),
        Source::Wiki(boot, session) => (boot, session),
        Source::Offline => bail!("without a wiki there are no settings"),
    };
    match job::settings::<Settings>(boot, session, None).await?.verdict {
        Verdict::Accepted(accepted) => {
            let mut settings = accepted.parsed.settings;
            // With the redirects that only the wiki knows: a box goes by those names too.
            settings.boxes = surroundings::look(session, &settings).await?.0.boxes;
            Ok(Cow::Owned(settings))
        }
        Verdict::Rejected(problems) => bail!(
            "the settings are rejected: {}",
            problems.first().map(ToString::to_string).unwrap_or_default()
        ),
        Verdict::NotTrusted(why) => bail!(why),
    }
}

fn find<'a>(settings: &'a Settings, name: &str) -> Result<&'a BoxSettings, Wrong> {
    settings.box_named(name).ok_or_else(|| {
        let all: Vec<&str> = settings.boxes.iter().map(|one| one.def.name.as_str()).collect();
        Wrong(format!(
            "there is no box `{name}` on the settings page; there are: {}",
            all.join(", ")
        ))
    })
}

/// The template's own name of a box to be switched: one of the settings page, or one that is off although it has gone
/// from there. While the settings cannot be used any template will do: an operator must be able to switch off then
/// above all.
pub(super) async fn name(source: &Source<'_>, name: &str, overrides: &Overrides) -> anyhow::Result<String> {
    let site = match source {
        Source::Run(site, _) => site,
        Source::Wiki(_, session) => session.site(),
        Source::Offline => bail!("without a wiki there are no titles"),
    };
    let title = site.title_in(TEMPLATE, name).map_err(Wrong)?;
    match settings(source).await {
        Ok(_) if overrides.off_boxes.contains_key(&title.text) => Ok(title.text),
        Ok(settings) => Ok(find(&settings, name)?.def.name.clone()),
        Err(error) => {
            tracing::warn!("the name of the box is taken as written: {error:#}");
            Ok(title.text)
        }
    }
}

pub(super) fn fields(settings: &Settings, name: &str) -> Result<Answer, Wrong> {
    let def = &find(settings, name)?.def;
    let mut lines = vec![format!(
        "{}: {} watched fields, {} of them verified",
        def.name,
        def.watched.len(),
        def.verified.len()
    )];
    lines.extend(def.watched.iter().map(|field| {
        let verified = if def.verified.contains(field) {
            " (verified)"
        } else {
            ""
        };
        format!("{field}{verified}")
    }));
    Ok(Answer::new(
        lines,
        json!({"box": def.name, "watched": def.watched, "verified": def.verified}),
    ))
}

/// `shown`: a name as the answer shows it.
pub(super) fn managers(settings: &Settings, name: &str, shown: impl Fn(&str) -> String) -> Result<Answer, Wrong> {
    let one = find(settings, name)?;
    let json = json!({"box": one.def.name, "managers": one.managers});
    if one.managers.is_empty() {
        return Ok(Answer::new(vec![format!("{} has no managers.", one.def.name)], json));
    }
    Ok(Answer::new(one.managers.iter().map(|name| shown(name)).collect(), json))
}

pub(super) fn all(settings: &Settings, overrides: &Overrides) -> Answer {
    let (mut lines, mut boxes) = (Vec::new(), Vec::new());
    for one in &settings.boxes {
        let may_edit = settings.edits(one) && overrides.may_edit(&one.def.name);
        let edits = match (settings.edits(one), may_edit) {
            (_, true) => "articles are edited",
            (true, false) => "no article is edited (switched off by hand)",
            (false, false) => "no article is edited",
        };
        let (name, watched, verified) = (&one.def.name, one.def.watched.len(), one.def.verified.len());
        lines.push(format!(
            "{name}: {watched} watched fields, {verified} verified; {edits}"
        ));
        boxes.push(json!({
            "box": name, "redirects": one.redirects, "watched": watched, "verified": verified, "edit": may_edit,
            "report_level": overrides.level().unwrap_or_else(|| settings.report_level_of(one)),
        }));
    }
    Answer::new(lines, json!({"boxes": boxes}))
}
