//! The keys of registry.npmjs.org, built in.

use super::npm_keys::RegistryKeys;
use crate::error::RegistryError;

/// Whose keys they are, as a person is told.
const NAME: &str = "registry.npmjs.org";
/// `https://registry.npmjs.org/-/npm/v1/keys`, as Node.js carries it in Corepack, which
/// verifies npm's packages by it. Each key's name is the fingerprint of the key. The first one
/// signs nothing since its end; the second one has none.
const DOCUMENT: &str = r#"{"keys":[
{"keyid":"SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA","expires":"2025-01-29T00:00:00.000Z",
"keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256",
"key":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg=="},
{"keyid":"SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U","expires":null,
"keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256",
"key":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g=="}
]}"#;

impl RegistryKeys {
    /// When the keys of registry.npmjs.org were taken that are built in. By one that came
    /// later nothing verifies, until an operator trusts it.
    pub const NPMJS_OF: &'static str = "2026-11-21";

    /// The keys of registry.npmjs.org, as they are built in.
    ///
    /// # Errors
    /// When they cannot be read, which does not happen.
    pub fn npmjs() -> Result<Self, RegistryError> {
        Self::parse(NAME, DOCUMENT.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_npm_are_there_and_each_name_is_the_fingerprint_of_its_key() {
        // Reading them compares name and key.
        let keys = RegistryKeys::npmjs().unwrap();
        let end = |id: &str| keys.find(id).unwrap().expires;
        assert_eq!(end("SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA"), Some(1_738_108_800));
        assert_eq!(end("SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U"), None);
    }
}
