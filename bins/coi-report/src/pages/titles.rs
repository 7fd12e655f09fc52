//! Titles of days: in the wiki's own form, as long as each day has one of its own.

use chrono::format::{Item, StrftimeItems};
use chrono::{Days, Months, NaiveDate};

/// A date format of the settings, when it is one.
pub fn format<'a>(wanted: &'a str, standard: &'a str) -> &'a str {
    let is_one = !StrftimeItems::new(wanted).any(|item| matches!(item, Item::Error));
    if is_one && !wanted.is_empty() { wanted } else { standard }
}

/// Whether a date format gives this day a name that no other day has, and that is not the number of a part.
pub fn names_each_day(wanted: &str, day: NaiveDate) -> bool {
    if format(wanted, "") != wanted || wanted.contains(['/', '#', '[', ']', '{', '}', '|', '<', '>', '\n']) {
        return false;
    }
    let name = |day: NaiveDate| day.format(wanted).to_string();
    let others = [
        day.checked_add_days(Days::new(1)),
        day.checked_add_months(Months::new(1)),
        day.checked_add_months(Months::new(12)),
    ];
    let own = name(day);
    own.len() >= 5 && others.into_iter().flatten().all(|other| name(other) != own)
}

#[cfg(test)]
mod tests {
    use super::names_each_day;

    #[test]
    fn a_day_has_a_name_of_its_own() {
        let day = "2026-11-22".parse().unwrap();
        for (wanted, fits) in [
            ("%Y, %b %-d", true),
            ("%Y-%m-%d", true),
            ("%d.%m.%Y", true),
            ("%d", false),
            ("%Y, %b", false),
            ("%m-%d", false),
            ("%Y/%m/%d", false),
            ("%Q", false),
            ("", false),
        ] {
            assert_eq!(names_each_day(wanted, day), fits, "{wanted}");
        }
    }
}
