//! How old a package has to be.

use std::str::FromStr;

/// The longest that makes sense, in seconds: ten years.
const MOST: u64 = 3650 * DAY;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// How long ago something has to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MinAge(u64);

impl MinAge {
    /// In seconds; none for any age.
    pub(crate) fn seconds(self) -> Option<i64> {
        i64::try_from(self.0).ok().filter(|seconds| *seconds > 0)
    }
}

impl FromStr for MinAge {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = match text.strip_suffix('h') {
            Some(number) => (number, HOUR),
            None => (text.strip_suffix('d').unwrap_or(text), DAY),
        };
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = number.parse::<u64>().ok().filter(|_| is_number);
        let seconds = seconds.and_then(|number| number.checked_mul(unit));
        let seconds = seconds.filter(|seconds| *seconds <= MOST);
        seconds.map(Self).ok_or("want days or hours, such as 7d or 12h, at most 3650d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_days_or_hours_and_nothing_else() {
        let seconds = |text: &str| text.parse::<MinAge>().map(MinAge::seconds);
        assert_eq!(seconds("7d"), Ok(Some(604_800)));
        assert_eq!(seconds("7"), Ok(Some(604_800)));
        assert_eq!(seconds("12h"), Ok(Some(43_200)));
        assert_eq!(seconds("0"), Ok(None));
        for text in ["", "d", "-1d", "+1d", "7w", "1.5d", "7dh", "3651d", "99999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
