//! infobox-check's side of the feeds: which rows go to which feed, what their lines say, and its commands in a channel.
//! How they are sent is [`shared::feeds`]' business. One edit makes one line for each field, as CheMoBot's did.

mod desk;
pub mod queue;
mod teller;
mod words;

pub use desk::InChannel;
pub use teller::Teller;

use shared::core::feed::Feed;
use shared::feeds::{FeedJob, Ground};

use crate::job::InfoboxCheck;
use crate::settings::Settings;

impl FeedJob for InfoboxCheck {
    type Teller = Teller;
    type Desk = InChannel;

    fn feeds(settings: &Settings) -> &[Feed] {
        &settings.feeds
    }

    fn teller(ground: Ground<Settings>) -> Teller {
        Teller::new(ground)
    }

    fn desk(ground: Ground<Settings>) -> InChannel {
        InChannel::new(ground)
    }
}
