//! Looking before editing: one request shows the page, the settings page, the stop page and what the decision needs,
//! so that nothing can have been switched off between looking and deciding.

use tokio::time::Instant;

use super::{Editor, Refused};
use crate::core::bots::BotsNames;
use crate::core::site::Title;
use crate::core::types::{RevId, Timestamp};
use crate::db::edit_log;
use crate::page::{PageState, timestamp};
use crate::wiki::{Error, Phase};

/// What one request showed: the page to be edited, the pages that the decision needs, and when.
#[derive(Clone, Debug)]
pub struct Look {
    /// The page to be edited.
    pub target: PageState,
    /// The other pages asked for, in the order of asking.
    pub others: Vec<PageState>,
    /// The wiki's time.
    pub at: Timestamp,
    pub(super) read: Instant,
}

impl Look {
    /// The revision that an edit is based on; `None`: the page does not exist.
    pub fn base(&self) -> Option<RevId> {
        self.target.revid()
    }
}

impl Editor {
    /// Reads `target` together with the switch and `others`, in one request, after all gates that need no request.
    /// `categories`: which categories to report per page. Errs with [`Refused::Halt`] when the job must stop.
    pub async fn look(&mut self, target: &Title, others: &[&Title], categories: &[String]) -> Result<Look, Refused> {
        self.gates(target).await?;
        self.look_now(target, others, categories, true).await
    }

    /// Reads the status page, which is written even while the job is off, stopped or capped, but only while the
    /// settings page is trusted.
    pub(super) async fn look_at_status(&mut self, target: &Title) -> Result<Look, Refused> {
        self.session.count_as(Phase::Safety);
        self.look_now(target, &[], &[], false).await
    }

    async fn look_now(
        &mut self,
        target: &Title,
        others: &[&Title],
        categories: &[String],
        obey_stop: bool,
    ) -> Result<Look, Refused> {
        let site = self.session.site();
        let mut titles = vec![site.prefixed(target)];
        titles.extend(others.iter().map(|title| site.prefixed(title)));
        let wanted = titles.len();
        titles.extend(self.switch.titles.iter().cloned());
        let joined = titles.join("|");
        let clcategories = categories.join("|");
        let mut params = vec![
            ("action", "query"),
            ("titles", joined.as_str()),
            (
                "prop",
                if categories.is_empty() {
                    "info|revisions"
                } else {
                    "info|revisions|categories"
                },
            ),
            ("inprop", "protection"),
            ("rvprop", "ids|user|userid|timestamp|sha1|comment|content"),
            ("rvslots", "main"),
        ];
        if !categories.is_empty() {
            params.push(("clcategories", &clcategories));
            params.push(("cllimit", "max"));
        }
        let read = Instant::now();
        let answer = self.session.get(&params).await?;
        // With four pages and filtered categories nothing is left to continue, unless the texts are larger than one
        // answer may be; then the missing texts are fetched by the same query, continued.
        let answer = if answer.get("continue").is_some() {
            let query = self.session.query(&params).await?;
            serde_json::json!({"query": query, "curtimestamp": answer["curtimestamp"]})
        } else {
            answer
        };
        let bad = |what: String| Refused::Wiki(Error::BadReply(what));
        let at = answer["curtimestamp"]
            .as_str()
            .and_then(timestamp)
            .ok_or_else(|| bad("no curtimestamp".to_owned()))?;
        let mut pages = PageState::all(&answer).map_err(bad)?;
        let take = |title: &str| {
            let place = pages.iter().position(|page| page.title == title);
            place
                .map(|place| pages[place].clone())
                .ok_or_else(|| bad(format!("no answer for `{title}`")))
        };
        let mut found = Vec::new();
        for title in &titles {
            found.push(take(title)?);
        }
        pages.clear();
        let stop = found.pop().ok_or_else(|| bad("no stop page".to_owned()))?;
        let settings = found.pop().ok_or_else(|| bad("no settings page".to_owned()))?;
        self.check_switch(&settings, obey_stop.then_some(&stop)).await?;
        debug_assert_eq!(found.len(), wanted);
        let target = found.remove(0);
        Ok(Look {
            target,
            others: found,
            at,
            read,
        })
    }

    /// Obeys settings and stop page as they are now.
    async fn check_switch(&mut self, settings: &PageState, stop: Option<&PageState>) -> Result<(), Refused> {
        if let Err(halt) = self.switch.settings_hold(settings, self.obeyed, self.clock.now()) {
            return Err(self.halt(halt));
        }
        let Some((stop, revid)) = stop.and_then(|stop| Some((stop, stop.revid()?))) else {
            return Ok(());
        };
        let order = match self.seen_stop.take() {
            Some((seen, order)) if seen == revid => order,
            _ => {
                self.session.count_as(Phase::Safety);
                let order = self.switch.stop_order(&self.session, stop).await?;
                self.session.count_as(Phase::Learner);
                order
            }
        };
        self.seen_stop = Some((revid, order.clone()));
        match order {
            Some(halt) => Err(self.halt(halt)),
            None => Ok(()),
        }
    }

    /// Checks on the page as it was read: `{{bots}}`, and whether people took it away since our last edit.
    pub(super) async fn page_gates(&mut self, look: &Look, marker: Option<&str>) -> Result<(), Refused> {
        self.bots_gate(look).await?;
        let text = look.target.text().unwrap_or("");
        let how = match (look.target.page_id, marker) {
            (None, _) => "was deleted or moved away",
            (Some(_), _) if text.trim().is_empty() => "was blanked",
            (Some(_), Some(marker)) if !text.contains(marker) => "no longer carries the bot's marks",
            _ => return Ok(()),
        };
        let (wiki, title) = (self.session.wiki_id(), &look.target.title);
        let ours = self
            .db
            .read_if_there(async |db| edit_log::last_on_title(db, &wiki, title).await)
            .await?;
        // A page that was there before us, without our marks, is not ours to overwrite either.
        if ours.is_none() && (marker.is_none() || look.target.page_id.is_none()) {
            return Ok(());
        }
        let (code, info) = match ours {
            Some(_) => ("taken-away", how),
            None => ("not-ours", "was made by others: the bot's marks are not on it"),
        };
        Err(Refused::Page {
            code: code.to_owned(),
            info: info.to_owned(),
        })
    }

    /// Whether the page as it was read asks bots to stay away.
    pub(super) async fn bots_gate(&mut self, look: &Look) -> Result<(), Refused> {
        use crate::core::bots::{Verdict, allows};
        let text = look.target.text().unwrap_or("");
        let names = self.bots_names().await?;
        match allows(text, self.session.account(), self.job, &names) {
            Verdict::Denied(template) => Err(Refused::Page {
                code: "nobots".to_owned(),
                info: format!("`{}` asks bots to stay away: {template}", look.target.title),
            }),
            _ => Ok(()),
        }
    }

    /// What `{{bots}}` and `{{nobots}}` are called on this wiki, redirects included; asked once per run.
    pub async fn bots_names(&mut self) -> Result<BotsNames, Error> {
        if let Some(names) = &self.bots {
            return Ok(names.clone());
        }
        let asked = [
            ("action", "query"),
            ("titles", "Template:Bots|Template:Nobots"),
            ("prop", "redirects"),
            ("rdlimit", "max"),
        ];
        self.session.count_as(Phase::Safety);
        let answer = self.session.get(&asked).await?;
        self.session.count_as(Phase::Learner);
        let redirects = |page: &serde_json::Value| crate::page::strings(&page["redirects"], "title");
        let [mut bots, mut nobots] = [Vec::new(), Vec::new()];
        for page in answer["query"]["pages"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            let title = page["title"].as_str().unwrap_or("").to_lowercase();
            let list = if title.ends_with("nobots") {
                &mut nobots
            } else {
                &mut bots
            };
            list.extend(redirects(page));
        }
        let names = BotsNames::new(
            bots.iter().map(String::as_str),
            nobots.iter().map(String::as_str),
            self.session.site().namespace_names(10),
        );
        self.bots = Some(names.clone());
        Ok(names)
    }
}
