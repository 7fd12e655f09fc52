//! The clock and the pauses of a run, handed to everything that needs them. The real clock is read here and
//! nowhere else. Tests on a loopback wiki may shift it and take the pauses out (`WIKICREW_TEST_CLOCK`).

use std::time::Duration;

use chrono::TimeDelta;

use crate::core::types::Timestamp;

/// The time source of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset: TimeDelta,
    pauses: bool,
}

impl Clock {
    /// The machine's clock, with every pause kept.
    pub fn real() -> Clock {
        Clock {
            offset: TimeDelta::zero(),
            pauses: true,
        }
    }

    /// Parses `offset=SECONDS,pauses=0` (both parts optional). Errs, in words for the operator, on anything else.
    pub fn for_tests(text: &str) -> Result<Clock, String> {
        let mut clock = Clock::real();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("offset", seconds)) => {
                    let seconds: i64 = seconds
                        .parse()
                        .map_err(|_| format!("`offset={seconds}` is not a number of seconds"))?;
                    clock.offset = TimeDelta::seconds(seconds);
                }
                Some(("pauses", "0")) => clock.pauses = false,
                Some(("pauses", "1")) => clock.pauses = true,
                _ => return Err(format!("`{part}`: known parts are offset=SECONDS and pauses=0|1")),
            }
        }
        Ok(clock)
    }

    /// The present time (UTC), shifted by the test offset.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    pub fn now(&self) -> Timestamp {
        chrono::Utc::now() + self.offset
    }

    /// Whether this is the machine's time (always, outside tests).
    pub fn is_real(&self) -> bool {
        self.offset == TimeDelta::zero()
    }

    /// `pause` as it is, or nothing when a test took the pauses out.
    pub fn pause(&self, pause: Duration) -> Duration {
        if self.pauses { pause } else { Duration::ZERO }
    }

    /// Whether pauses are kept (always, outside tests).
    pub fn keeps_pauses(&self) -> bool {
        self.pauses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_is_parsed_strictly() {
        let clock = Clock::for_tests("offset=600,pauses=0").unwrap();
        assert_eq!(clock.pause(Duration::from_secs(9)), Duration::ZERO);
        assert!((clock.now() - Clock::real().now()).num_seconds() >= 599);
        assert!(Clock::for_tests("speed=3").is_err());
        assert!(Clock::for_tests("offset=soon").is_err());
    }
}
