//! Events: publishing names one subject, subscribing names a set of them.

use crate::effect::rules::{named_effect, set_effect};

/// Longest subject, in bytes.
pub const MAX_SUBJECT: usize = 256;

/// Tokens joined by dots; no token is empty, a wildcard or holds white space.
fn check_subject(subject: &str) -> Result<(), &'static str> {
    check_tokens(subject)?;
    if subject.contains(['*', '>']) {
        return Err("an event is published on one subject, without `*` or `>`");
    }
    Ok(())
}

fn check_tokens(subject: &str) -> Result<(), &'static str> {
    if subject.len() > MAX_SUBJECT {
        return Err("the subject is longer than 256 bytes");
    }
    if subject.split('.').any(str::is_empty) {
        return Err("a subject is tokens joined by `.`");
    }
    if subject.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("the subject holds white space or control characters");
    }
    Ok(())
}

named_effect!(
    /// Send one event. The request is its subject, without wildcards.
    EventsPublish, ringfence_types::Kind::EventsPublish, check_subject
);
set_effect!(
    /// Receive events. The request is a subject pattern; a grant must cover all
    /// of it.
    EventsSubscribe, ringfence_types::Kind::EventsSubscribe, check_tokens
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_publishes_on_a_wildcard_or_a_malformed_subject() {
        for bad in ["", "a..b", ".a", "a.", "a.*", "a.>", ">", "a b", "a.\u{7}"] {
            assert!(check_subject(bad).is_err(), "{bad:?}");
        }
        assert!(check_subject(&"a".repeat(MAX_SUBJECT + 1)).is_err());
        assert!(check_subject("chat.room1.message").is_ok());
    }
}
