//! `import-config`: MatchBot's old `config.json` as a settings page. Login and database parts are left out, because
//! they belong to the operator; what is wrong in the file is told (the sample of the original has five skills for six
//! categories), and the page is printed all the same, so that it can be mended.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use shared::manual::read;

/// Prints the page to stdout and remarks to stderr. `false`: something has to be mended.
pub fn import(file: &Path) -> anyhow::Result<bool> {
    let text = read(file)?;
    let config: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    let (page, remarks) = convert(&config);
    print!("{page}");
    for remark in &remarks.problems {
        eprintln!("to mend: {remark}");
    }
    for remark in &remarks.left_out {
        eprintln!("left out: {remark}");
    }
    Ok(remarks.problems.is_empty())
}

/// What is said beside the page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// To be mended before the page can be accepted.
    pub problems: Vec<String>,
    /// Keys that have no place on a wiki page.
    pub left_out: Vec<String>,
}

const LISTS: [&str; 3] = ["skillslist", "requestcategories", "mentorcategories"];

/// The page and the remarks.
pub fn convert(config: &Value) -> (String, Remarks) {
    let mut remarks = Remarks::default();
    let mut yaml = String::from("enabled: false\n\ncategories:\n");
    let categories = &config["categories"];
    for key in ["general", "optout"] {
        push_text(
            &mut yaml,
            "  ",
            key,
            &categories[key],
            &format!("categories.{key}"),
            &mut remarks,
        );
    }
    let mut lengths = Vec::new();
    for key in LISTS {
        let list = categories[key].as_array().map(Vec::as_slice).unwrap_or_default();
        lengths.push(list.len());
        yaml.push_str(&format!("  {key}:\n"));
        for entry in list {
            yaml.push_str(&format!("    - {}\n", quoted(entry.as_str().unwrap_or_default())));
        }
    }
    if lengths.iter().any(|length| *length != lengths[0]) {
        remarks.problems.push(format!(
            "the three lists must have the same length: skillslist has {}, requestcategories {}, mentorcategories {}",
            lengths[0], lengths[1], lengths[2]
        ));
    }
    yaml.push('\n');
    push_text(
        &mut yaml,
        "",
        "defaultmentorprofile",
        &config["defaultmentorprofile"],
        "defaultmentorprofile",
        &mut remarks,
    );
    yaml.push_str("\npages:\n");
    for key in ["main", "talk"] {
        push_text(
            &mut yaml,
            "  ",
            key,
            &config["pages"][key],
            &format!("pages.{key}"),
            &mut remarks,
        );
    }
    yaml.push_str("\ngreetings:\n");
    for key in [
        "matchtopic",
        "matchgreeting",
        "nomatchtopic",
        "nomatchgreeting",
        "noflowtemplate",
    ] {
        // The old texts were Python format strings, in which literal braces are doubled.
        let value = config["greetings"][key]
            .as_str()
            .map(undouble)
            .map_or(Value::Null, Value::String);
        push_text(&mut yaml, "  ", key, &value, &format!("greetings.{key}"), &mut remarks);
    }
    for (key, instead) in [
        (
            "login",
            "WIKICREW_API_URL, WIKICREW_ACCOUNT, WIKICREW_BOT_LOGIN, WIKICREW_BOT_PASSWORD and WIKICREW_CONTACT in the environment",
        ),
        (
            "dbinfo",
            "WIKICREW_DATABASE_URL, or Toolforge's own TOOL_TOOLSDB_USER and TOOL_TOOLSDB_PASSWORD",
        ),
    ] {
        if config.get(key).is_some() {
            remarks
                .left_out
                .push(format!("{key}: it belongs to the operator; use {instead}"));
        }
    }
    if let Some(keys) = config.as_object() {
        let known = [
            "categories",
            "defaultmentorprofile",
            "pages",
            "greetings",
            "login",
            "dbinfo",
            "help",
        ];
        let unknown = keys.keys().filter(|key| !known.contains(&key.as_str()));
        remarks
            .left_out
            .extend(unknown.map(|key| format!("{key}: this key is not known")));
    }
    (
        format!("Settings of matchbot, imported from config.json.\n<pre>\n{yaml}</pre>\n"),
        remarks,
    )
}

fn push_text(yaml: &mut String, indent: &str, key: &str, value: &Value, path: &str, remarks: &mut Remarks) {
    match value.as_str().filter(|text| !text.is_empty()) {
        Some(text) => yaml.push_str(&format!("{indent}{key}: {}\n", quoted(text))),
        None => remarks.problems.push(format!("{path} is missing")),
    }
}

/// A JSON string is a YAML string too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn undouble(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The original's own sample, as far as it matters: five skills for six categories.
    fn sample() -> Value {
        json!({
            "categories": {
                "general": "Category:Co-op mentors with general editing skills",
                "optout": "Category:Co-op mentor not taking new requests",
                "skillslist": ["best practices", "communication", "writing", "general editing skills", "technical editing"],
                "requestcategories": ["Category:Co-op/Requests/Best practices", "Category:Co-op/Requests/Communication",
                    "Category:Co-op/Requests/Writing", "Category:Co-op/Requests/Other", "Category:Co-op/Requests/Technical editing",
                    "Category:Co-op/Requests/Images and media"],
                "mentorcategories": ["Category:A", "Category:B", "Category:C", "Category:D", "Category:E", "Category:F"],
            },
            "dbinfo": {"dbname": "DATABASENAME", "password": "SECRET1"},
            "defaultmentorprofile": "Wikipedia:Co-op/DEFAULT",
            "greetings": {
                "matchtopic": "Welcome to the Co-op! We have a mentor for you.",
                "matchgreeting": "[[User:{0}|{0}]] has listed \"{1}\". {{{{Welcome}}}}",
                "nomatchtopic": "Welcome to the Co-op!",
                "nomatchgreeting": "[[User:{0}|{0}]] will be in touch.",
                "noflowtemplate": "\n\n=={0}==\nHello, [[User:{1}|{1}]]! {2} ~~~~",
            },
            "login": {"password": "SECRET2"},
            "pages": {"main": "Wikipedia:Co-op", "talk": "Wikipedia talk:Co-op"},
            "help": "see README",
        })
    }

    #[test]
    fn the_samples_unequal_lists_are_found_and_secrets_left_out() {
        let (page, remarks) = convert(&sample());
        assert_eq!(
            remarks.problems,
            ["the three lists must have the same length: skillslist has 5, requestcategories 6, mentorcategories 6"]
        );
        assert_eq!(remarks.left_out.len(), 2);
        assert!(!page.contains("SECRET"));
        assert!(page.contains("{{Welcome}}"), "doubled braces are undone");
    }

    #[test]
    fn a_whole_file_becomes_a_page_that_is_accepted() {
        let mut config = sample();
        config["categories"]["skillslist"]
            .as_array_mut()
            .unwrap()
            .push("images and media".into());
        let (page, remarks) = convert(&config);
        assert_eq!(remarks.problems, Vec::<String>::new());
        let site = shared::manual::offline_site().unwrap();
        let parsed = shared::settings::parse::<crate::settings::Settings>(&page, "wikitext", "x", &site);
        let parsed = parsed.map_err(|p| format!("{p:?}")).unwrap();
        assert_eq!(parsed.settings.skills.len(), 6);
        assert_eq!(
            parsed.settings.greetings.matchgreeting,
            "[[User:{0}|{0}]] has listed \"{1}\". {{Welcome}}"
        );
    }
}
