//! How links are read out of texts: which templates make links of their arguments, on which hosts an owner is a part of
//! the path, and who is new.

use chrono::TimeDelta;
use shared::core::addition::NewUser;
use shared::core::link::PathHosts;
use shared::core::settings::MapNode;
use shared::core::site::Site;

use super::LinkTemplateSetting;

/// Number of the namespace of templates.
const TEMPLATE: i32 = 10;
/// Most link templates.
const TEMPLATES: usize = 100;
/// Most redirects to one of them.
const REDIRECTS: usize = 100;
/// Most hosts whose paths tell owners apart.
const PATH_HOSTS: usize = 500;
/// Longest name of a parameter, in characters.
const PARAMETER_CHARS: usize = 100;

/// Those of English Wikipedia and of the wikis that copied them.
pub(super) fn default_templates() -> Vec<LinkTemplateSetting> {
    ["URL", "Official website"]
        .map(|name| LinkTemplateSetting {
            name: name.to_owned(),
            parameter: "1".to_owned(),
            redirects: Vec::new(),
        })
        .to_vec()
}

pub(super) fn link_templates(root: &MapNode<'_>, site: &Site) -> Vec<LinkTemplateSetting> {
    if !root.has("link_templates") {
        return default_templates();
    }
    let Some(group) = root.map("link_templates") else {
        return Vec::new();
    };
    let names = group.keys();
    if names.len() > TEMPLATES {
        let text = format!("{} templates; at most {TEMPLATES} are allowed", names.len());
        root.problem("link_templates", &text);
        return Vec::new();
    }
    let read = |key: &String| {
        let name = template(key, site).map_err(|why| group.problem(key, &why)).ok()?;
        let (parameter, redirects) = match group.is_group(key) {
            true => {
                let one = group.section(key);
                one.known(&["parameter", "redirects"]);
                one.require(&["parameter"]);
                (parameter(&one, "parameter")?, redirects(&one, site))
            }
            false => (parameter(&group, key)?, Vec::new()),
        };
        Some(LinkTemplateSetting {
            name,
            parameter,
            redirects,
        })
    };
    let mut found: Vec<LinkTemplateSetting> = Vec::new();
    for (key, one) in names.iter().filter_map(|key| Some((key, read(key)?))) {
        if found.iter().any(|known| known.name == one.name) {
            group.problem(key, "this template stands here twice");
        } else {
            found.push(one);
        }
    }
    found
}

fn redirects(one: &MapNode<'_>, site: &Site) -> Vec<String> {
    let names = one.texts("redirects", REDIRECTS).unwrap_or_default();
    (0..)
        .zip(&names)
        .filter_map(|(n, name)| {
            template(name, site)
                .map_err(|why| one.problem_at("redirects", n, &why))
                .ok()
        })
        .collect()
}

/// A number or a name: `1`, `url`.
fn parameter(group: &MapNode<'_>, key: &str) -> Option<String> {
    let given = group.names_or_numbers(key, 1)?.into_iter().next()?.to_string();
    let name = given.trim();
    let is_name = !name.is_empty() && name != "0" && !name.contains(['=', '|', '{', '}', '\n']);
    if !is_name || name.chars().count() > PARAMETER_CHARS {
        group.problem(key, "write the name or the number of the parameter, as in `1` or `url`");
        return None;
    }
    Some(name.to_owned())
}

/// The name of a template without its namespace, or why it is none.
pub(super) fn template(text: &str, site: &Site) -> Result<String, String> {
    let title = site.title_in(TEMPLATE, text)?;
    if title.ns == TEMPLATE {
        return Ok(title.text);
    }
    let namespace = site.namespace_name(title.ns).unwrap_or_default();
    Err(format!("`{text}` is in namespace {namespace}; a template is wanted"))
}

pub(super) fn path_hosts(root: &MapNode<'_>) -> PathHosts {
    if !root.has("path_hosts") {
        return PathHosts::default();
    }
    let mut entries = root.texts("path_hosts", PATH_HOSTS).unwrap_or_default();
    let mut n = 0;
    entries.retain(|entry| {
        let told = |why: String| root.problem_at("path_hosts", n, why.trim_start_matches("path_hosts: "));
        let outcome = PathHosts::new([entry]).map_err(told);
        n += 1;
        outcome.is_ok()
    });
    PathHosts::new(entries).unwrap_or_default()
}

pub(super) fn new_user(root: &MapNode<'_>) -> NewUser {
    let default = NewUser::default();
    let group = root.section("new_user");
    group.known(&["edits", "age"]);
    let age = group.duration("age", TimeDelta::zero()..=TimeDelta::days(3_650));
    if let Some(age) = age
        && age != TimeDelta::days(age.num_days())
    {
        group.problem("age", "write whole days, as in `7d`");
    }
    let edits = group.int("edits", 0..=1_000_000).and_then(|n| u64::try_from(n).ok());
    NewUser {
        edits: edits.unwrap_or(default.edits),
        days: age.map_or(default.days, |age| age.num_days()),
    }
}
