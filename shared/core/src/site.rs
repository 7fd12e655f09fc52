//! What a wiki says about itself, and titles read by its rules.
//!
//! Nothing is known here about any one wiki or language: namespaces, their
//! names and aliases, letter case and extension tags come from
//! `action=query&meta=siteinfo`. Interwiki prefixes are not known here; such
//! a title is one of the main namespace.
//! <https://www.mediawiki.org/wiki/Manual:Page_title>

mod title;

use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
pub use title::Title;
use title::{MAX_TITLE_BYTES, clean_spaces, has_escape, is_forbidden, is_relative, shown, title_case};

#[derive(Clone, Debug)]
struct Namespace {
    name: String,
    canonical: String,
    case_sensitive: bool,
    content: bool,
}

/// One wiki as its siteinfo describes it.
#[derive(Clone, Debug)]
pub struct Site {
    name: String,
    server: String,
    lang: String,
    dbname: String,
    generator: String,
    max_article_size: u64,
    namespaces: BTreeMap<i32, Namespace>,
    /// Every name and alias, lower case, with spaces.
    by_name: HashMap<String, i32>,
    extension_tags: HashSet<String>,
    extensions: HashSet<String>,
}

impl Site {
    /// Reads the `query` object of an answer to `meta=siteinfo`,
    /// `formatversion=2`, `siprop=general|namespaces|namespacealiases|
    /// extensiontags|extensions`. The last two may be absent. Errs when a
    /// part that titles depend on is missing.
    pub fn from_siteinfo(query: &Value) -> Result<Site, String> {
        let general = query.get("general").ok_or("siteinfo has no part `general`")?;
        let text = |key: &str| {
            general
                .get(key)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("siteinfo: `general.{key}` is missing"))
        };
        let mut site = Site {
            name: text("sitename")?,
            server: text("server")?,
            lang: text("lang")?,
            dbname: text("wikiid")?,
            generator: text("generator")?,
            // MediaWiki's own default, for wikis too old to say it.
            max_article_size: general
                .get("maxarticlesize")
                .and_then(Value::as_u64)
                .unwrap_or(2 * 1024 * 1024),
            namespaces: BTreeMap::new(),
            by_name: HashMap::new(),
            extension_tags: HashSet::new(),
            extensions: HashSet::new(),
        };
        let namespaces = query
            .get("namespaces")
            .and_then(Value::as_object)
            .ok_or("siteinfo has no part `namespaces`")?;
        for value in namespaces.values() {
            site.add_namespace(value)?;
        }
        site.add_names();
        if !site.namespaces.contains_key(&0) {
            return Err("siteinfo: the main namespace is missing".to_owned());
        }
        for alias in list(query, "namespacealiases") {
            if let (Some(ns), Some(alias)) = (namespace_id(alias), alias.get("alias")) {
                site.add_name(alias.as_str().unwrap_or_default(), ns);
            }
        }
        for tag in list(query, "extensiontags").filter_map(Value::as_str) {
            let name = tag.trim_matches(|c| c == '<' || c == '>');
            site.extension_tags.insert(name.to_lowercase());
        }
        for extension in list(query, "extensions") {
            if let Some(name) = extension.get("name").and_then(Value::as_str) {
                site.extensions.insert(name.to_owned());
            }
        }
        Ok(site)
    }

    fn add_namespace(&mut self, value: &Value) -> Result<(), String> {
        let id = namespace_id(value).ok_or("siteinfo: a namespace has no `id`")?;
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let name = text("name").ok_or_else(|| format!("siteinfo: namespace {id} has no `name` (formatversion=2?)"))?;
        let canonical = text("canonical").unwrap_or(name);
        self.namespaces.insert(
            id,
            Namespace {
                name: name.to_owned(),
                canonical: canonical.to_owned(),
                case_sensitive: text("case") == Some("case-sensitive"),
                content: value.get("content").and_then(Value::as_bool) == Some(true),
            },
        );
        Ok(())
    }

    /// Where two namespaces claim one name, MediaWiki's order decides:
    /// canonical names, then local ones, then (added later) aliases.
    fn add_names(&mut self) {
        let namespaces = self.namespaces.clone();
        for (id, namespace) in &namespaces {
            self.add_name(&namespace.canonical, *id);
        }
        for (id, namespace) in &namespaces {
            self.add_name(&namespace.name, *id);
        }
    }

    fn add_name(&mut self, name: &str, ns: i32) {
        if !name.is_empty() {
            self.by_name.entry(name_key(name)).or_insert(ns);
        }
    }

    /// The wiki's name for people (`sitename`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Scheme and host, such as `https://test.wikipedia.org`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Code of the content language.
    pub fn lang(&self) -> &str {
        &self.lang
    }

    /// Database name (`wikiid`): how the jobs name the wiki everywhere.
    pub fn dbname(&self) -> &str {
        &self.dbname
    }

    /// Software and version, such as `MediaWiki 1.43.0`.
    pub fn generator(&self) -> &str {
        &self.generator
    }

    /// Largest page in bytes.
    pub fn max_article_size(&self) -> u64 {
        self.max_article_size
    }

    /// Names of the extension tags, lower case, without `<` and `>`.
    pub fn extension_tags(&self) -> &HashSet<String> {
        &self.extension_tags
    }

    /// Names of the extensions, as they spell themselves.
    pub fn extensions(&self) -> &HashSet<String> {
        &self.extensions
    }

    /// Whether the wiki has an extension of this name.
    pub fn has_extension(&self, name: &str) -> bool {
        self.extensions.contains(name)
    }

    /// Whether the wiki knows this tag, such as `syntaxhighlight`.
    pub fn has_extension_tag(&self, name: &str) -> bool {
        self.extension_tags.contains(&name.to_lowercase())
    }

    /// Local name of a namespace, with spaces; the main one's is empty.
    pub fn namespace_name(&self, ns: i32) -> Option<&str> {
        self.namespaces.get(&ns).map(|n| n.name.as_str())
    }

    /// Number of a namespace by any of its names, whatever their case.
    pub fn namespace_id(&self, name: &str) -> Option<i32> {
        self.by_name.get(&name_key(name)).copied()
    }

    /// Every name and alias of a namespace, lower case, sorted.
    pub fn namespace_names(&self, ns: i32) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .by_name
            .iter()
            .filter(|(_, id)| **id == ns)
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    /// Whether the wiki counts the namespace as content.
    pub fn is_content(&self, ns: i32) -> bool {
        self.namespaces.get(&ns).is_some_and(|n| n.content)
    }

    /// Numbers of the namespaces that the wiki counts as content, ascending; the main one where it says nothing.
    pub fn content_namespaces(&self) -> Vec<i32> {
        let content = self.namespaces.iter().filter(|(_, namespace)| namespace.content);
        let mut found: Vec<i32> = content.map(|(ns, _)| *ns).collect();
        if found.is_empty() {
            found.push(0);
        }
        found
    }

    /// Reads a title that somebody wrote: any name or alias of a namespace,
    /// `_` for space, a leading colon, any case of the first letter where the
    /// wiki does not mind. Errs, in words for the writer, on what MediaWiki
    /// refuses, and on section links (`#`).
    pub fn title(&self, text: &str) -> Result<Title, String> {
        self.title_in(0, text)
    }

    /// The same, where a title without a namespace lies in `default_ns`: with
    /// 14, `Foo` is `Category:Foo`. Another namespace that is named stays: the
    /// caller looks at `ns`. A leading colon means the main namespace.
    pub fn title_in(&self, default_ns: i32, text: &str) -> Result<Title, String> {
        let wrong = |why: &str| Err(format!("`{}` is no page title: {why}", shown(text)));
        let clean = clean_spaces(text);
        if let Some(bad) = clean.chars().find(|&c| is_forbidden(c)) {
            return wrong(&match bad {
                '#' => "it names a section (`#`)".to_owned(),
                c if c.is_control() || c == '\u{FFFD}' => {
                    format!("it has the character U+{:04X}", u32::from(c))
                }
                c => format!("`{c}` is not allowed in it"),
            });
        }
        if clean.contains("~~~") {
            return wrong("it has three tildes");
        }
        if has_escape(&clean) {
            return wrong("it has a percent code or an HTML entity");
        }
        let (mut ns, mut rest) = match clean.strip_prefix(':') {
            Some(rest) => (0, rest.trim_start()),
            None => (default_ns, clean.as_str()),
        };
        if let Some((prefix, after)) = rest.split_once(':')
            && let Some(id) = self.namespace_id(prefix.trim())
        {
            (ns, rest) = (id, after.trim_start());
            let second = rest.split_once(':').map(|(p, _)| p.trim());
            if ns == 1 && second.is_some_and(|p| self.namespace_id(p).is_some()) {
                return wrong("it has two namespaces");
            }
        }
        let Some(namespace) = self.namespaces.get(&ns) else {
            return wrong(&format!("the wiki has no namespace {ns}"));
        };
        if rest.is_empty() {
            return wrong("it is empty");
        }
        if rest.starts_with(':') {
            return wrong("it starts with a colon");
        }
        if is_relative(rest) {
            return wrong("it has a relative path (`.` or `..`)");
        }
        let text = if namespace.case_sensitive {
            rest.to_owned()
        } else {
            self.upper_first(rest)
        };
        if text.len() > MAX_TITLE_BYTES {
            return wrong(&format!(
                "it is {} bytes long, {MAX_TITLE_BYTES} are allowed",
                text.len()
            ));
        }
        Ok(Title { ns, text })
    }

    /// The first letter as MediaWiki wants it. Letters that would become two
    /// (`ß`) stay, as `$wgOverrideUcfirstCharacters` keeps them on Wikimedia
    /// wikis; siteinfo does not say whether a wiki does so.
    fn upper_first(&self, text: &str) -> String {
        let mut chars = text.chars();
        match chars.next() {
            Some('i') if ["tr", "az", "kaa", "kk"].contains(&self.lang.as_str()) => {
                format!("İ{}", chars.as_str())
            }
            Some(first) => format!("{}{}", title_case(first), chars.as_str()),
            None => String::new(),
        }
    }

    /// The title with its namespace's local name.
    pub fn prefixed(&self, title: &Title) -> String {
        join(self.namespaces.get(&title.ns).map(|n| &n.name), title)
    }

    /// The title with its namespace's English name, the same on every wiki.
    pub fn canonical(&self, title: &Title) -> String {
        join(self.namespaces.get(&title.ns).map(|n| &n.canonical), title)
    }

    /// The talk page of a page; of a talk page, itself. `None` where the
    /// namespace has no talk pages.
    pub fn talk_of(&self, title: &Title) -> Option<Title> {
        self.sibling(title, title.ns | 1)
    }

    /// The page that a talk page talks about; of any other page, itself.
    /// `None` for special and media pages.
    pub fn subject_of(&self, title: &Title) -> Option<Title> {
        self.sibling(title, title.ns & !1)
    }

    fn sibling(&self, title: &Title, ns: i32) -> Option<Title> {
        (title.ns >= 0 && self.namespaces.contains_key(&ns)).then(|| Title {
            ns,
            text: title.text.clone(),
        })
    }
}

fn list<'a>(query: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    query.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn namespace_id(value: &Value) -> Option<i32> {
    i32::try_from(value.get("id")?.as_i64()?).ok()
}

fn name_key(name: &str) -> String {
    clean_spaces(name).to_lowercase()
}

fn join(namespace: Option<&String>, title: &Title) -> String {
    match namespace {
        Some(name) if !name.is_empty() => format!("{name}:{}", title.text),
        _ => title.text.clone(),
    }
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
