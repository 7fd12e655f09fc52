//! Pages for tests, and what a reader sees of them.

use shared::core::report::Status;
use shared::core::settings::Common;
use shared::core::site::Site;

use super::fixtures::site;
use super::{Around, Form, render};
use crate::model::Model;
use crate::settings::Settings;

/// What a page is made for.
pub fn around<'a>(site: &'a Site, common: &'a Common, settings: &'a Settings) -> Around<'a> {
    Around {
        site,
        common,
        settings,
        base: "User:Bot".to_owned(),
        status_page: "User:Bot/linkreport-gen/Settings/Status".to_owned(),
        copy_of: None,
        status: Status::Open,
        blocked_domains: false,
    }
}

/// The page of a model.
pub fn rendered(model: &Model, form: Form, change: impl FnOnce(&mut Around<'_>)) -> String {
    let (site, common, settings) = (site(), Common::default(), Settings::default());
    let mut around = around(&site, &common, &settings);
    change(&mut around);
    render(model, &around, form).into_string()
}

/// The same with nothing special around it.
pub fn full(model: &Model) -> String {
    rendered(model, Form::Full, |_| ())
}

/// What a reader sees of a line: links by their labels, entities decoded, no tags.
pub fn seen(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[[") {
        let (link, after) = after.split_once("]]").unwrap();
        out += before;
        out += link.rsplit_once('|').map_or(link, |(_, label)| label);
        rest = after;
    }
    out += rest;
    let mut text = String::new();
    let mut rest = out.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        text += before;
        rest = after.split_once('>').unwrap().1;
    }
    text += rest;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("&#") {
        let (number, after) = after.split_once(';').unwrap();
        out += before;
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = after;
    }
    out + rest
}
