//! What all parts of a page are written with: sentences, numbers, dates, and links to accounts, pages and reports on the
//! page's own wiki and on others.

use chrono::Datelike;
use shared::core::report::Subject;
use shared::core::site::Title;
use shared::core::text::{
    Wikitext, code, contributions_link, diff_link, from_settings, literal, page_link, plain, target, user,
};
use shared::core::types::{RevId, Timestamp};
use shared::messages::Messages;

use super::{Around, Form};
use crate::model::{Model, Reach, Who};
use crate::words::MESSAGES;

/// Longest title, reason or name of a list that is shown, in characters.
const SHOWN: usize = 255;
/// Namespaces of users and their talk pages.
const USERS: [i32; 2] = [2, 3];

/// A page in the making.
pub struct Pen<'a> {
    /// What is told.
    pub model: &'a Model,
    /// For whom.
    pub around: &'a Around<'a>,
    /// How much of it.
    pub form: Form,
    /// Additions that are shown.
    pub rows: usize,
    base: Option<Title>,
    messages: Messages<'a>,
}

impl<'a> Pen<'a> {
    /// For a page with so many additions.
    pub fn new(model: &'a Model, around: &'a Around<'a>, form: Form, rows: usize) -> Pen<'a> {
        Pen {
            model,
            around,
            form,
            rows: rows.min(model.rows.len()),
            base: around.site.title(&around.base).ok(),
            messages: Messages::new(Some(around.common), MESSAGES),
        }
    }

    /// Whether names and links may be told.
    pub fn is_full(&self) -> bool {
        self.form == Form::Full
    }

    /// A sentence with its placeholders filled.
    pub fn say(&self, key: &str, values: &[(&str, &Wikitext)]) -> Wikitext {
        debug_assert!(MESSAGES.iter().any(|(name, ..)| *name == key), "no message `{key}`");
        self.messages.say(key, values)
    }

    /// A sentence without placeholders.
    pub fn words(&self, key: &str) -> Wikitext {
        self.say(key, &[])
    }

    /// A sentence as a label.
    pub fn label(&self, key: &str) -> &str {
        self.messages.text(key)
    }

    /// A heading on a line of its own.
    pub fn heading(&self, key: &str) -> Wikitext {
        let mut text = literal("== ");
        text.push(&self.words(key)).push_literal(" ==\n");
        text
    }

    /// A number, in groups of three.
    pub fn number(&self, n: u64) -> Wikitext {
        let digits = n.to_string();
        let mut parts = Vec::new();
        let mut rest = digits.as_str();
        while rest.len() > 3 {
            let (left, right) = rest.split_at(rest.len() - 3);
            parts.push(right);
            rest = left;
        }
        parts.push(rest);
        let between = self.words("thousands");
        let mut text = Wikitext::new();
        for (i, part) in parts.iter().rev().enumerate() {
            if i > 0 {
                text.push(&between);
            }
            text.push(&plain(part, 3));
        }
        text
    }

    /// A number that leads to what it counts, where there is something.
    pub fn linked(&self, n: u64, anchor: &str) -> Wikitext {
        match n {
            0 => self.number(0),
            n => self.jump(anchor, &self.number(n)),
        }
    }

    /// Words that lead to a place of this page.
    pub fn jump(&self, anchor: &str, shown: &Wikitext) -> Wikitext {
        if !self.is_full() {
            return shown.clone();
        }
        let mut text = literal("[[#");
        text.push(&target(anchor))
            .push_literal("|")
            .push(shown)
            .push_literal("]]");
        text
    }

    /// `1 wiki`, `7 wikis`: the sentences `{key}-one` and `{key}-many` with `{n}`.
    pub fn counted(&self, key: &str, n: u64, shown: &Wikitext) -> Wikitext {
        let form = if n == 1 { "one" } else { "many" };
        self.say(&format!("{key}-{form}"), &[("n", shown)])
    }

    /// The same with the mere number.
    pub fn count(&self, key: &str, n: u64) -> Wikitext {
        self.counted(key, n, &self.number(n))
    }

    /// Other users of a host. They are counted so far only that it is certain that the host is a common one.
    pub fn other_users(&self, n: u64) -> Wikitext {
        let most = u64::from(self.around.settings.common_host);
        match n >= most {
            true => self.say("or-more", &[("n", &self.number(most))]),
            false => self.number(n),
        }
    }

    /// A share in percent, with one decimal where a whole number would say none or all of it.
    pub fn percent(&self, part: u64, all: u64) -> Wikitext {
        let (part, all) = (u128::from(part), u128::from(all.max(1)));
        let whole = (part * 200 + all) / (all * 2);
        let tenths = part * 1000 / all;
        let shown = match whole {
            0 if part > 0 && tenths == 0 => return self.say("percent-under", &[("n", &self.decimal(0, 1))]),
            0 if part > 0 => self.decimal(0, tenths),
            100 if part < all => self.decimal(tenths / 10, tenths % 10),
            whole => plain(&whole.to_string(), 20),
        };
        self.say("percent", &[("n", &shown)])
    }

    /// A score of hundredths of a percent.
    pub fn score(&self, hundredths: u32) -> Wikitext {
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        let shown = match (rest, rest % 10) {
            (0, _) => plain(&whole.to_string(), 20),
            (_, 0) => self.decimal(whole.into(), (rest / 10).into()),
            _ => self.joined(&whole.to_string(), &format!("{rest:02}")),
        };
        self.say("percent", &[("n", &shown)])
    }

    fn decimal(&self, whole: u128, tenth: u128) -> Wikitext {
        self.joined(&whole.to_string(), &tenth.to_string())
    }

    fn joined(&self, whole: &str, rest: &str) -> Wikitext {
        let mut text = plain(whole, 40);
        text.push(&self.words("decimal-point")).push(&plain(rest, 40));
        text
    }

    /// A day, in the wiki's own form.
    pub fn day(&self, ts: Timestamp) -> Wikitext {
        self.formatted("report-day-format", ts)
    }

    /// A moment, in the wiki's own form.
    pub fn moment(&self, ts: Timestamp) -> Wikitext {
        self.formatted("report-time-format", ts)
    }

    fn formatted(&self, key: &str, ts: Timestamp) -> Wikitext {
        let wanted = self.messages.text(key);
        let is_one =
            !chrono::format::StrftimeItems::new(wanted).any(|item| matches!(item, chrono::format::Item::Error));
        let format = if is_one { wanted } else { "%Y-%m-%d %H:%M" };
        // The format is the admin's, and a date adds nothing but names and digits.
        from_settings(&ts.format(format).to_string(), &[])
    }

    /// A month, as `2026-03`.
    pub fn month(&self, year: i32, month: u32) -> Wikitext {
        let first = chrono::NaiveDate::from_ymd_opt(year, month, 1);
        let first = first.map(|day| format!("{:04}-{:02}", day.year(), day.month()));
        from_settings(&first.unwrap_or_default(), &[])
    }

    /// The name of a wiki.
    pub fn wiki(&self, wiki: usize) -> Wikitext {
        self.model
            .wikis
            .get(wiki)
            .map_or_else(Wikitext::new, |wiki| plain(&wiki.name, SHOWN))
    }

    fn reach(&self, wiki: usize) -> &Reach {
        self.model.wikis.get(wiki).map_or(&Reach::None, |wiki| &wiki.reach)
    }

    /// Whether a wiki is that of the page.
    pub fn is_here(&self, wiki: usize) -> bool {
        *self.reach(wiki) == Reach::Here
    }

    /// Whoever edited, with a link to what the name did on the wiki of the edit, and its wiki where that is another one.
    pub fn who(&self, who: &Who, wiki: usize) -> Wikitext {
        let shown = match who {
            Who::Name(name) => self.contributions(name, wiki, &user(name)),
            Who::Temporary => return self.words("who-temporary"),
            Who::OldRange(range) => user(range),
            Who::Hidden => return self.words("who-hidden"),
        };
        self.at_wiki(shown, wiki)
    }

    /// With the name of the wiki behind it, where that is another one.
    fn at_wiki(&self, shown: Wikitext, wiki: usize) -> Wikitext {
        match self.is_here(wiki) {
            true => shown,
            false => self.say("at-wiki", &[("what", &shown), ("wiki", &self.wiki(wiki))]),
        }
    }

    /// A link to what a name did on a wiki, with this label; the label alone where it cannot be linked.
    pub fn contributions(&self, name: &str, wiki: usize, label: &Wikitext) -> Wikitext {
        match self.reach(wiki) {
            Reach::Here if *label == user(name) => contributions_link(name),
            Reach::Here | Reach::Prefix(_) => self.special(&format!("Special:Contributions/{name}"), wiki, label),
            Reach::None => label.clone(),
        }
    }

    /// A link to a special page of a wiki; the label alone where it cannot be linked.
    pub fn special(&self, page: &str, wiki: usize, label: &Wikitext) -> Wikitext {
        match self.reach(wiki) {
            _ if !can_link(page) => label.clone(),
            Reach::Here => link(None, page, label),
            Reach::Prefix(prefix) => link(Some(prefix), page, label),
            Reach::None => label.clone(),
        }
    }

    /// The same on the wiki of the report.
    pub fn special_here(&self, page: &str, label: &Wikitext) -> Wikitext {
        match can_link(page) {
            true => link(None, page, label),
            false => label.clone(),
        }
    }

    /// A page on a wiki, linked where that can be. Pages of users are named: a link to one might notify that user when
    /// somebody copies the line and signs. <https://www.mediawiki.org/wiki/Help:Notifications>
    pub fn page(&self, page: &str, wiki: usize) -> Wikitext {
        let label = plain(page, SHOWN);
        let shown = match self.reach(wiki) {
            Reach::Here => self.local(page),
            Reach::Prefix(prefix) if can_link(page) => link(Some(prefix), page, &label),
            _ => label,
        };
        self.at_wiki(shown, wiki)
    }

    /// The same of a page on the wiki of the report.
    pub fn local(&self, page: &str) -> Wikitext {
        match self.around.site.title(page) {
            Ok(title) if !is_of_user(&title) => page_link(self.around.site, &title, None),
            _ => plain(page, SHOWN),
        }
    }

    /// What a revision changed.
    pub fn diff(&self, rev: RevId, wiki: usize) -> Wikitext {
        let label = self.words("label-diff");
        match self.reach(wiki) {
            Reach::Here => diff_link(rev, self.label("label-diff")),
            Reach::Prefix(_) => self.special(&format!("Special:Diff/{rev}"), wiki, &label),
            Reach::None => {
                let mut text = label;
                text.push_literal(" ").push(&plain(&rev.to_string(), 20));
                text
            }
        }
    }

    /// The report on a subject, linked under this label.
    pub fn report(&self, subject: &Subject, label: &str) -> Wikitext {
        match self.title_of(subject) {
            Some(title) => page_link(self.around.site, &title, Some(label)),
            None => plain(label, SHOWN),
        }
    }

    /// The title of the report on a subject; `None` where the base is no title.
    pub fn title_of(&self, subject: &Subject) -> Option<Title> {
        let base = self.base.as_ref()?;
        Some(self.around.settings.titles.title(base, subject))
    }

    /// Text of somebody, such as a reason.
    pub fn quoted(&self, text: &str) -> Wikitext {
        plain(text, SHOWN)
    }

    /// A host, URL, pattern or regex, so that it is no link.
    pub fn code(&self, text: &str) -> Wikitext {
        code(text, SHOWN)
    }

    /// What the report is about.
    pub fn subject(&self) -> Wikitext {
        match (&self.model.subject, self.form) {
            (_, Form::Reduced) => self.words("subject-reduced"),
            (Subject::User(name), _) => user(name),
            (subject, _) => plain(&subject.to_string(), SHOWN),
        }
    }

    /// Items of a list, each on a line of its own.
    pub fn list(items: &[Wikitext]) -> Wikitext {
        let mut text = Wikitext::new();
        for item in items.iter().filter(|item| !item.is_empty()) {
            text.push_literal("* ").push(item).push_literal("\n");
        }
        text
    }

    /// Lines with words of somebody, which are broken wherever they are too long for a narrow screen.
    pub fn wrapped(text: &Wikitext) -> Wikitext {
        let mut wrapped = literal("<div style=\"overflow-wrap:anywhere\">\n");
        wrapped.push(text).push_literal("</div>\n");
        wrapped
    }

    /// A part that can be folded, under an anchor that is always there.
    pub fn folded(anchor: &'static str, label: &Wikitext, inside: &Wikitext) -> Wikitext {
        let mut text = literal("<div id=\"");
        text.push_literal(anchor)
            .push_literal("\" class=\"mw-collapsible mw-collapsed\">")
            .push(label);
        text.push_literal("<div class=\"mw-collapsible-content\">\n")
            .push(inside);
        text.push_literal("\n</div></div>\n");
        text
    }
}

/// A link as the builders of [`shared::core::text`] make them, for pages of other wikis and for labels of their own.
pub fn link(prefix: Option<&str>, title: &str, label: &Wikitext) -> Wikitext {
    let mut text = literal("[[:");
    if let Some(prefix) = prefix {
        text.push(&target(prefix)).push_literal(":");
    }
    text.push(&target(&title.replace('_', " ")));
    text.push_literal("|").push(label).push_literal("]]");
    text
}

fn is_of_user(title: &Title) -> bool {
    USERS.contains(&title.ns) && !title.text.contains('/')
}

/// Whether a name can be the target of a link: an imported one may hold what no title can.
fn can_link(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 512
        && !name.contains(['#', '<', '>', '[', ']', '|', '{', '}', '\n'])
        && !name.contains("~~~")
}
