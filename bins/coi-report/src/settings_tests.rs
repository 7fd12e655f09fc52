use super::*;
use shared::core::types::Problem;

fn read(yaml: &str) -> Result<Settings, Vec<Problem>> {
    let text = format!("<pre>\nenabled: true\n{yaml}\n</pre>");
    parse::<Settings>(&text, "wikitext", "draft", &manual::offline_site().unwrap()).map(|parsed| parsed.settings)
}

#[test]
fn the_example_is_accepted_and_says_what_is_the_default() {
    let text = include_str!("../settings.example.wiki");
    let site = manual::offline_site().unwrap();
    let example = parse::<Settings>(text, "wikitext", "draft", &site).unwrap().settings;
    let default = Settings::default();
    assert_eq!(example.namespaces, default.namespaces);
    assert_eq!(example.link_templates, default.link_templates);
    assert_eq!(example.new_user, default.new_user);
    assert_eq!(example.path_hosts, default.path_hosts);
}

#[test]
fn templates_are_read_with_parameter_and_redirects() {
    let settings = read("link_templates: {Template:url: 1, Homepage: {parameter: address, redirects: [home page]}}");
    let settings = settings.unwrap();
    let [url, homepage] = settings.link_templates.as_slice() else {
        panic!("{:?}", settings.link_templates);
    };
    assert_eq!((url.name.as_str(), url.parameter.as_str()), ("Url", "1"));
    assert_eq!(
        (homepage.name.as_str(), homepage.parameter.as_str()),
        ("Homepage", "address")
    );
    assert_eq!(homepage.redirects, ["Home page"]);
}

#[test]
fn every_mistake_is_told_where_it_stands() {
    for (yaml, wanted) in [
        ("link_templates: {'User:X': 1}", "a template is wanted"),
        ("link_templates: {URL: ''}", "parameter"),
        ("link_templates: {URL: 0}", "parameter"),
        ("link_templates: {URL: 1, 'Template:URL': 3}", "twice"),
        ("new_user: {age: 36h}", "whole days"),
        ("link_templates: {URL: {redirects: [Url]}}", "parameter"),
        ("path_hosts: [not a host]", "path_hosts"),
        ("namespaces: [99]", "no namespace 99"),
        ("new_user: {edits: -1}", "new_user"),
        ("pathhosts: []", "path_hosts"),
    ] {
        let problems = read(yaml).err().unwrap_or_default();
        assert!(
            problems.iter().any(|problem| problem.to_string().contains(wanted)),
            "{yaml}: {problems:?}"
        );
    }
}
