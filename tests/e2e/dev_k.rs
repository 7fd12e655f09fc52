#[path = "cmd_infobox.rs"]
mod cmd_infobox;
