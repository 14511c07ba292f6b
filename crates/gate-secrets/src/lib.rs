//! Effect: a secret is put into a request that goes out. The plugin that sent
//! the request has never had it.
//!
//! Takes: where secrets come from, and a permit for one use. Gives: the value,
//! to whoever puts it into the request. Never: shows a value to a plugin, a log
//! or an error.
#![forbid(unsafe_code)]

mod kept;
mod secrets;
mod source;
mod store;
mod value;
mod vault;

pub use secrets::{SecretError, Secrets};
pub use source::{CommandSource, FileSource, FixedSource, SecretSource, SourceError};
pub use store::{
    KEY_FILE_VARIABLE, KEY_VARIABLE, KEYRING_VARIABLE, KeyPlace, NEW_KEY_FILE_VARIABLE,
    NEW_KEY_VARIABLE, SecretStore, StoreError, StoreFile, StoreKey, StoreSource, StoredSecret,
};
pub use value::{MAX_SECRET, MIN_SECRET, Secret, ValueError};
pub use vault::{
    VaultError, VaultPath, VaultPathError, VaultServer, VaultSource, VaultToken, vault_field,
};
