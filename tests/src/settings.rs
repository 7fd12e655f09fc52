//! A settings page as a test writes it: values by key path, printed as YAML in a `<pre>` block with prose round it.
//!
//! It knows nothing of what the keys mean and accepts nonsense, because half of the tests want nonsense.

use serde_json::{Map, Value};

/// The values of a settings page.
#[derive(Clone, Debug)]
pub struct Settings(Value);

impl Settings {
    /// Settings with these values; must be an object.
    pub fn of(values: Value) -> Self {
        Self(values)
    }

    /// Sets the value at a path such as `greetings.matchtopic`; what is missing on the way is made.
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        let mut node = &mut self.0;
        for key in path.split('.') {
            if !node.is_object() {
                *node = Value::Object(Map::new());
            }
            node = &mut node[key];
        }
        *node = value.into();
        self
    }

    /// Takes the value at a path away.
    pub fn without(mut self, path: &str) -> Self {
        let (parents, key) = path.rsplit_once('.').unwrap_or(("", path));
        let parents = parents.split('.').filter(|key| !key.is_empty());
        let node = parents.fold(&mut self.0, |node, key| &mut node[key]);
        if let Some(map) = node.as_object_mut() {
            map.remove(key);
        }
        self
    }

    /// The value at a path; null where there is none.
    pub fn get(&self, path: &str) -> &Value {
        path.split('.').fold(&self.0, |node, key| &node[key])
    }

    /// As YAML, keys in alphabetical order, every text in double quotes.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        print(&self.0, 0, &mut out);
        out
    }

    /// As a wiki page: a sentence, the `<pre>` block, a sentence.
    pub fn page(&self) -> String {
        page_around(&self.yaml())
    }
}

/// A settings page whose block holds exactly this.
pub fn page_around(yaml: &str) -> String {
    format!(
        "These are the settings of the bot. Change the block, save, and look at the status page.\n<pre>\n{yaml}</pre>\nThank you.\n"
    )
}

fn print(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&format!("{pad}{key}:"));
                print_child(value, indent, out);
            }
        }
        Value::Array(list) => {
            for value in list {
                out.push_str(&format!("{pad}-"));
                print_child(value, indent, out);
            }
        }
        scalar => out.push_str(&format!("{pad}{scalar}\n")),
    }
}

fn print_child(value: &Value, indent: usize, out: &mut String) {
    let is_block =
        value.as_object().is_some_and(|map| !map.is_empty()) || value.as_array().is_some_and(|list| !list.is_empty());
    if is_block {
        out.push('\n');
        print(value, indent + 2, out);
    } else {
        // A JSON scalar (and an empty JSON list or map) is a YAML one.
        out.push_str(&format!(" {value}\n"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_set_taken_away_and_printed_as_yaml() {
        let settings = Settings::of(json!({ "enabled": true, "pages": { "main": "A", "talk": "B" } }))
            .set("greetings.topic", "a \"b\"\n🙂")
            .set("skills", json!(["x", "y"]))
            .set("exclude", json!([]))
            .without("pages.talk")
            .without("nothing");
        let yaml = "enabled: true\nexclude: []\ngreetings:\n  topic: \"a \\\"b\\\"\\n🙂\"\npages:\n  main: \"A\"\nskills:\n  - \"x\"\n  - \"y\"\n";
        assert_eq!(settings.yaml(), yaml);
        assert_eq!(settings.get("pages.main"), "A");
        assert!(settings.page().contains(&format!("<pre>\n{yaml}</pre>")));
    }
}
