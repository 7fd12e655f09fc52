//! The key `commands` of a settings page: where commands are written, and whose count.

use crate::core::lists::user_name;
use crate::core::settings::MapNode;
use crate::core::site::{Site, Title};
use crate::core::types::Problem;
use crate::editor::Scope;

/// Most users and most groups.
const MANY: usize = 50;
/// Longest approval, in characters.
const APPROVAL_CHARS: usize = 500;
/// Groups that anybody is in, or is after some days.
const EVERYBODY: [&str; 5] = ["*", "user", "autoconfirmed", "named", "temp"];
const USER: i32 = 2;

/// Where commands are written, and whose count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// The page; `None`: the default one, see [`Commands::page`].
    pub page: Option<Title>,
    /// Users who are trusted by name.
    pub users: Vec<String>,
    /// Groups whose members are trusted; `sysop` unless the settings say otherwise.
    pub groups: Vec<String>,
    /// Link to where the project agreed to a page outside the bot's own pages.
    pub approval: Option<String>,
}

/// Reads the key `commands`; `None` when it is not there: then no page is read for commands.
pub fn read(root: &MapNode<'_>, site: &Site) -> Option<Commands> {
    if !root.has("commands") {
        return None;
    }
    let group = root.section("commands");
    group.known(&["page", "users", "groups", "approval"]);
    let approval = group.text("approval").map(|text| text.trim().to_owned());
    if let Some(text) = &approval
        && (text.contains('\n') || text.chars().count() > APPROVAL_CHARS)
    {
        let text = format!("this must be one line of at most {APPROVAL_CHARS} characters");
        group.problem("approval", &text);
    }
    let page = page(&group, site, approval.is_some());
    let mut users = Vec::new();
    for (n, text) in group.texts("users", MANY).unwrap_or_default().iter().enumerate() {
        match user_name(site, text) {
            Ok(name) => users.push(name),
            Err(why) => group.problem_at("users", n, &why),
        }
    }
    let groups = match group.has("groups") {
        true => group.texts("groups", MANY).unwrap_or_default(),
        false => vec!["sysop".to_owned()],
    };
    for (n, name) in groups.iter().enumerate() {
        if EVERYBODY.contains(&name.as_str()) {
            let text = format!("`{name}` is a group that everybody is in sooner or later; name another one");
            group.problem_at("groups", n, &text);
        }
    }
    if users.is_empty() && groups.is_empty() {
        group.warning(
            "groups",
            "without users and groups nobody is trusted: every command is refused",
        );
    }
    Some(Commands {
        page,
        users,
        groups,
        approval,
    })
}

fn page(group: &MapNode<'_>, site: &Site, approved: bool) -> Option<Title> {
    let title = match site.title(&group.text("page")?) {
        Ok(title) => title,
        Err(why) => {
            group.problem("page", &why);
            return None;
        }
    };
    let shown = site.prefixed(&title);
    let wrong = if title.ns < 0 || site.is_content(title.ns) || title.ns == 8 || title.ns == 3 {
        Some(format!(
            "`{shown}` cannot hold commands; they belong below the bot's user page or into the project's namespace"
        ))
    } else if title.ns != USER && !approved {
        Some(format!(
            "`{shown}` lies outside the bot's own pages: that needs `approval`, a link to where the project agreed"
        ))
    } else {
        None
    };
    if let Some(wrong) = wrong {
        group.problem("page", &wrong);
    }
    Some(title)
}

impl Commands {
    /// The page: that of the settings, else `User:<bot>/<job>/Commands`.
    pub fn page(&self, account: &str, job: &str) -> Title {
        self.page.clone().unwrap_or_else(|| Title {
            ns: USER,
            text: format!("{account}/{job}/Commands"),
        })
    }

    /// The scope with the commands page in it, where the project approved of a page outside the bot's own ones.
    #[must_use]
    pub fn widen(&self, scope: Scope) -> Scope {
        match &self.page {
            Some(page) if self.approval.is_some() => scope.and_page(page.clone()),
            _ => scope,
        }
    }

    /// What only the bot's name can tell to be wrong with the page: it is another user's, or has another use already.
    /// For [`Job::check`](crate::job::Job::check).
    pub fn check(&self, account: &str, job: &str, site: &Site) -> Option<Problem> {
        let page = self.page.as_ref()?;
        let own = |name: &str| Title {
            ns: USER,
            text: format!("{account}/{job}/{name}"),
        };
        let shown = site.prefixed(page);
        if page.ns == USER && page.root_part() != account {
            let text = format!(
                "`{shown}` is a page of another user; write `{}`, or a page of the project",
                site.prefixed(&own("Commands"))
            );
            return Some(Problem::error("commands.page", text));
        }
        let is_taken = ["Settings", "Stop"]
            .iter()
            .any(|name| *page == own(name) || page.is_subpage_of(&own(name)));
        is_taken.then(|| Problem::error("commands.page", format!("`{shown}` has another use; take another page")))
    }
}
