//! The effects there are: what a request names, when it is well-formed, and
//! when a scope holds it.

mod event;
mod file;
mod host;
mod listen;
mod name;
mod network;
mod rules;
mod secret;

pub use event::{EventsPublish, EventsSubscribe, MAX_SUBJECT};
pub(crate) use file::file_root;
pub use file::{FileObject, FilesDelete, FilesRead, FilesWrite, MAX_PATH};
pub use host::{HostObject, HostService};
pub use listen::NetworkListen;
pub use name::{
    ConfigRead, ConfigWrite, EnvironmentRead, MAX_NAME, ProcessExecute, StorageList, StorageRead,
    StorageWrite,
};
pub use network::NetworkRequest;

pub use secret::SecretsUse;

/// One kind of effect. Closed: only this crate implements it, so that every
/// effect has its rules here.
pub trait Effect: rules::Rules {}
