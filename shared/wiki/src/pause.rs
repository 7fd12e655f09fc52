//! How long to wait before an idempotent request is tried again.
//!
//! Full jitter between a floor and a doubling bound; a longer `Retry-After` is
//! obeyed; lag is waited for at least five floors. `maxlag` itself is never
//! raised. <https://www.mediawiki.org/wiki/API:Etiquette>

use crate::config::Timing;
use crate::error::Error;
use chrono::DateTime;
use rand::{Rng, RngExt};
use std::time::Duration;

/// The pause before attempt `attempt + 1` (attempts count from 1), or `None`
/// when the server asks for more patience than a run has.
pub(crate) fn before_next(timing: &Timing, error: &Error, attempt: u32, rng: &mut impl Rng) -> Option<Duration> {
    let floor = timing.retry_floor;
    let bound = floor
        .saturating_mul(2_u32.saturating_pow(attempt))
        .min(timing.retry_cap)
        .max(floor);
    let mut pause = rng.random_range(floor..=bound);
    if matches!(
        error,
        Error::Maxlag { .. } | Error::ReadOnly { .. } | Error::RateLimited { .. }
    ) {
        pause = pause.max(floor * 5);
    }
    match error.retry_after() {
        Some(asked) if asked > timing.retry_cap * 2 => None,
        Some(asked) => Some(pause.max(asked)),
        None => Some(pause),
    }
}

/// `Retry-After`: seconds, or a date. A date is compared with the answer's own
/// `Date`, so that our clock does not matter; without one it is not used.
pub(crate) fn retry_after(header: &str, date: Option<&str>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(header).ok()?;
    let now = DateTime::parse_from_rfc2822(date?.trim()).ok()?;
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn status(retry_after: Option<u64>) -> Error {
        Error::Status {
            host: "h".to_owned(),
            status: 429,
            retry_after: retry_after.map(Duration::from_secs),
            start: String::new(),
        }
    }

    #[test]
    fn pauses_grow_with_jitter_within_floor_and_cap() {
        let timing = Timing::default();
        let mut rng = StdRng::seed_from_u64(7);
        for attempt in 1..=40 {
            let bound = (1_u64 << attempt.min(10)).min(60);
            let drawn: Vec<_> = (0..50)
                .map(|_| before_next(&timing, &status(None), attempt, &mut rng).unwrap())
                .collect();
            assert!(drawn.iter().all(|p| *p >= Duration::from_secs(1)));
            assert!(drawn.iter().all(|p| *p <= Duration::from_secs(bound)));
            assert!(drawn.iter().any(|p| p != &drawn[0]), "no jitter");
        }
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_ever() {
        let timing = Timing::default();
        let mut rng = StdRng::seed_from_u64(7);
        let mut pause = |error: &Error| before_next(&timing, error, 1, &mut rng);
        assert_eq!(pause(&status(Some(90))), Some(Duration::from_secs(90)));
        assert_eq!(pause(&status(Some(121))), None);
        // `Retry-After: 0` does not lower our own floor.
        assert!(pause(&status(Some(0))).unwrap() >= Duration::from_secs(1));
        let lag = Error::Maxlag {
            info: String::new(),
            retry_after: None,
        };
        assert!(pause(&lag).unwrap() >= Duration::from_secs(5));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(retry_after(" 7 ", None), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Wed, 21 Oct 2026 07:28:30 GMT", date),
            Some(Duration::from_secs(30))
        );
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:27:30 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:30 GMT", None), None);
        assert_eq!(retry_after("soon", date), None);
        assert_eq!(retry_after("-3", date), None);
    }
}
