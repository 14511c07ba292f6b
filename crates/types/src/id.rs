//! Names that cannot be confused with each other.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an identifier.
#[derive(Debug, thiserror::Error)]
pub enum IdError {
    /// Empty or too long.
    #[error("a {what} has 1 to {max} characters")]
    Length {
        /// Which identifier.
        what: &'static str,
        /// Most characters it may have.
        max: usize,
    },
    /// A character outside the allowed set.
    #[error("a {what} may hold {allowed}")]
    Character {
        /// Which identifier.
        what: &'static str,
        /// The allowed characters in words.
        allowed: &'static str,
    },
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $allowed:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The identifier as text; safe to show.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.is_empty() || text.len() > $max {
                    return Err(IdError::Length { what: $what, max: $max });
                }
                let check: fn(&str) -> bool = $check;
                if !check(text) {
                    return Err(IdError::Character { what: $what, allowed: $allowed });
                }
                Ok(Self(text.into()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

fn simple(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// npm allows `@scope/name`; PyPI and the seeds have plain names.
fn plugin_name(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(scoped) => {
            scoped.split_once('/').is_some_and(|(scope, name)| simple(scope) && simple(name))
        }
        None => simple(text),
    }
}

id!(
    /// The name of a plugin over its versions, as its author wrote it.
    PluginName, "plugin name", 214, "letters, digits, `-`, `_`, `.` and one npm scope `@scope/`", plugin_name
);
id!(
    /// One installed plugin in one group.
    InstanceId, "instance id", 128, "letters, digits, `-`, `_` and `.`", simple
);
id!(
    /// A tenant.
    GroupId, "group id", 128, "letters, digits, `-`, `_` and `.`", simple
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_npm_and_pypi_parse_and_path_tricks_do_not() {
        for good in ["left-pad", "@modelcontextprotocol/server-everything", "mcp_server.time"] {
            assert!(good.parse::<PluginName>().is_ok(), "{good}");
        }
        for bad in ["", "../x", "a/b", "@a/b/c", "@/x", "a b", "-x", ".x", "a\u{202e}b", "@a/.."] {
            assert!(bad.parse::<PluginName>().is_err(), "{bad}");
        }
    }
}
