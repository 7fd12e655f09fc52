//! The feeds of the settings, their boxes by the templates' own names.

use shared::core::feed::Feed;
use shared::core::settings::MapNode;
use shared::db::field_change::Rule;
use shared::feeds::{Kinds, read};

use super::Settings;

/// Why a feed may be told something: the words of `rules`.
const RULES: [Rule; 4] = [Rule::Field, Rule::Box, Rule::Blacklist, Rule::Monitor];

/// Reads them. `settings`: the rest of the page.
pub(super) fn feeds(root: &MapNode<'_>, settings: &Settings) -> Vec<Feed> {
    let rules = RULES.map(Rule::word);
    let names = settings
        .boxes
        .iter()
        .flat_map(|one| [&one.def.name].into_iter().chain(&one.redirects));
    let names: Vec<String> = names.cloned().collect();
    let channel = |(name, channel): (&String, &Option<String>)| Some((name.clone(), channel.clone()?));
    let channels: Vec<(String, String)> = settings
        .boxes
        .iter()
        .map(|one| (&one.def.name, &one.channel))
        .filter_map(channel)
        .collect();
    let kinds = Kinds {
        rules: &rules,
        boxes: Some(&names),
        channels: &channels,
    };
    let mut feeds = read(root, &kinds);
    for names in feeds.iter_mut().filter_map(|feed| feed.boxes.as_mut()) {
        let own = |name: &String| settings.box_named(name).map(|own| own.def.name.clone());
        *names = names
            .iter()
            .map(|name| own(name).unwrap_or_else(|| name.clone()))
            .collect();
        names.sort();
        names.dedup();
    }
    feeds
}
