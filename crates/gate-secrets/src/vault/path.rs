//! Which value of a vault: `MOUNT/data/PATH[?version=N]#FIELD`, as its HTTP interface
//! spells it.

use ringfence_types::escaped_url_path;
use std::fmt;
use std::str::FromStr;

/// Longest of it, in bytes.
const MAX: usize = 1024;

/// One field of one secret of a key-value store, version 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultPath {
    /// Where the store is mounted: segments between slashes.
    mount: String,
    /// The secret in it.
    path: String,
    /// A version that was pinned; else the newest.
    version: Option<u32>,
    field: String,
}

/// Why a text names no field of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultPathError {
    /// Not of that form.
    #[error("want MOUNT/data/PATH#FIELD, as in secret/data/app#api_key")]
    Form,
    /// A segment that is empty, `.` or `..`, or holds what no path needs.
    #[error("a path in a vault has plain segments between single slashes")]
    Segment,
    /// No version.
    #[error("a version is `?version=` and a number from 1, in front of the `#`")]
    Version,
}

impl VaultPath {
    /// The path and query of a request for it, behind the server's address.
    pub(crate) fn request(&self) -> String {
        let mut request =
            format!("/v1/{}/data/{}", escaped_url_path(&self.mount), escaped_url_path(&self.path));
        if let Some(version) = self.version {
            request.push_str(&format!("?version={version}"));
        }
        request
    }

    pub(crate) fn field(&self) -> &str {
        &self.field
    }
}

impl FromStr for VaultPath {
    type Err = VaultPathError;

    fn from_str(text: &str) -> Result<Self, VaultPathError> {
        let (place, field) = text.split_once('#').ok_or(VaultPathError::Form)?;
        let (place, version) = match place.split_once('?') {
            None => (place, None),
            Some((place, query)) => (place, Some(version(query).ok_or(VaultPathError::Version)?)),
        };
        let (mount, path) = place.split_once("/data/").ok_or(VaultPathError::Form)?;
        if text.len() > MAX || field.is_empty() || field.chars().any(char::is_control) {
            return Err(VaultPathError::Form);
        }
        let plain = |c: char| !c.is_control() && !matches!(c, '\\' | '%' | '#' | '?' | ';');
        let sound =
            |segment: &str| !matches!(segment, "" | "." | "..") && segment.chars().all(plain);
        if !mount.split('/').all(sound) || !path.split('/').all(sound) {
            return Err(VaultPathError::Segment);
        }
        Ok(Self {
            mount: mount.to_owned(),
            path: path.to_owned(),
            version,
            field: field.to_owned(),
        })
    }
}

fn version(query: &str) -> Option<u32> {
    let digits = query.strip_prefix("version=")?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    // To the server, 0 is the newest: who pins a version does not mean that.
    digits.parse().ok().filter(|number| is_number && *number > 0)
}

/// For a person.
impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/data/{}", self.mount, self.path)?;
        if let Some(version) = self.version {
            write!(f, "?version={version}")?;
        }
        write!(f, "#{}", self.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_of_a_secret_is_asked_for_as_the_interface_says() {
        for (text, request, field) in [
            ("secret/data/app#key", "/v1/secret/data/app", "key"),
            ("kv/team-a/data/prod/my app#API KEY", "/v1/kv/team-a/data/prod/my%20app", "API KEY"),
            ("secret/data/app?version=3#key", "/v1/secret/data/app?version=3", "key"),
            ("secret/data/a/data/b#a#b", "/v1/secret/data/a/data/b", "a#b"),
        ] {
            let path: VaultPath = text.parse().unwrap();
            assert_eq!((path.request().as_str(), path.field()), (request, field));
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn what_could_be_another_secret_is_none() {
        for text in [
            "",
            "#",
            "secret/app#key",
            "secret/data/app",
            "secret/data/app#",
            "secret/data/#key",
            "/data/app#key",
            "secret/data/../sys#key",
            "secret/./data/app#key",
            "secret//data/app#k",
            "secret/data/a%2fb#key",
            "secret/data/a\\b#key",
            "secret/data/a\r\nX: y#key",
            "secret/data/app?version=#key",
            "secret/data/app?version=0#key",
            "secret/data/app?#key",
            "secret/data/app?version=+1#key",
            "secret/data/app?version=1&x=2#key",
        ] {
            assert!(text.parse::<VaultPath>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_asks_for_one_secret(text in "(secret|[a-z./%?]{0,4})/data/\\PC{0,12}(#\\PC{0,4})?") {
            if let Ok(path) = text.parse::<VaultPath>() {
                let request = path.request();
                prop_assert!(request.is_ascii() && !request.contains([' ', '#', '\\']), "{request}");
                let place = request.split('?').next().unwrap();
                prop_assert!(place.split('/').skip(1).all(|part| !matches!(part, "" | "." | "..")));
                prop_assert_eq!(path.to_string().parse(), Ok(path));
            }
        }
    }
}
