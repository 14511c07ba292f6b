//! Amounts as people write them: `100M`, `1.5s`, `25%`.

use std::time::Duration;

/// Splits `12.5MiB` into the number, in millionths, and the unit. Exact: no
/// floating point, at most 15 digits before and 6 behind the point.
fn number_and_unit(text: &str) -> Option<(u128, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 15 || fraction.len() > 6 || fraction.contains('.') {
        return None;
    }
    if number.ends_with('.') {
        return None;
    }
    let millionths: u128 = format!("{whole}{fraction:0<6}").parse().ok()?;
    Some((millionths, unit.trim()))
}

fn scaled(millionths: u128, factor: u128) -> Option<u64> {
    u64::try_from(millionths.checked_mul(factor)? / 1_000_000).ok()
}

/// Bytes. `K`, `M`, `G` and `T` count in steps of 1024, with or without `B` or
/// `iB` behind them, as container engines and init systems count them.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor: u128 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "ki" | "kib" => 1 << 10,
        "m" | "mb" | "mi" | "mib" => 1 << 20,
        "g" | "gb" | "gi" | "gib" => 1 << 30,
        "t" | "tb" | "ti" | "tib" => 1 << 40,
        _ => return None,
    };
    scaled(number, factor)
}

/// Wall or processor time; a bare number has the unit of `bare_ms` milliseconds.
pub(crate) fn duration(text: &str, bare_ms: u32) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let milliseconds: u128 = match unit {
        "" => bare_ms.into(),
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(scaled(number, milliseconds)?))
}

/// Percent of one core: `25%`, or a number of cores such as `0.25`.
pub(crate) fn cpu_percent(text: &str) -> Option<u32> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "%" => 1,
        "" => 100,
        _ => return None,
    };
    u32::try_from(scaled(number, factor)?).ok()
}

/// A whole number.
pub(crate) fn count(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Bytes for a reader: `512 MiB`, `1.5 GiB`, `100 bytes`.
pub(crate) fn show_bytes(bytes: u64) -> String {
    for (unit, size) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= size {
            let tenths = u128::from(bytes) * 10 / u128::from(size);
            return if tenths.is_multiple_of(10) {
                format!("{} {unit}", tenths / 10)
            } else {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            };
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_mean_them() {
        assert_eq!(bytes("100M"), Some(100 << 20));
        assert_eq!(bytes("1.5 GiB"), Some(3 << 29));
        assert_eq!(bytes("256Mi"), Some(256 << 20));
        assert_eq!(bytes("4096"), Some(4096));
        assert_eq!(duration("30", 1000), Some(Duration::from_secs(30)));
        assert_eq!(duration("30", 1), Some(Duration::from_millis(30)));
        assert_eq!(duration("1.5s", 1000), Some(Duration::from_millis(1500)));
        assert_eq!(duration("5m", 1000), Some(Duration::from_secs(300)));
        assert_eq!(cpu_percent("0.25"), Some(25));
        assert_eq!(cpu_percent("25%"), Some(25));
        assert_eq!(cpu_percent("2"), Some(200));
        assert_eq!(count("10"), Some(10));
    }

    #[test]
    fn what_is_no_amount_is_not_guessed() {
        for bad in [
            "",
            "-1",
            "M",
            "1e9",
            "1..5",
            "1.",
            ".5",
            "1 X",
            "0x10",
            "99999999999999999999",
            "1_000",
            "NaN",
            "1.0000001",
        ] {
            assert_eq!(bytes(bad), None, "{bad}");
            assert_eq!(count(bad), None, "{bad}");
            assert_eq!(duration(bad, 1), None, "{bad}");
        }
        assert_eq!(bytes("999999999999999T"), None);
    }

    #[test]
    fn shown_sizes_are_short() {
        assert_eq!(show_bytes(512 << 20), "512 MiB");
        assert_eq!(show_bytes(3 << 29), "1.5 GiB");
        assert_eq!(show_bytes(100), "100 bytes");
        assert_eq!(show_bytes(u64::MAX), "17179869183.9 GiB");
    }
}
