//! What a plugin may do, decided once at admission and once per effect.
//!
//! Takes: what the package declares, what the operator's policy allows, what a
//! person consented to, and a time that the caller read. Gives: [`Admitted`]
//! with its [`Grants`], and one [`Permit`] or one denial per effect. Never:
//! input or output, a clock, a thread, a default that allows.
//!
//! This crate is the only mint of [`Permit`]. A gate takes the permit by value
//! and reads from it what to touch, so what is performed cannot differ from
//! what was decided. A permit cannot be made anywhere else:
//!
//! ```compile_fail,E0451
//! use ringfence_permission::{Permit, FilesRead};
//! fn forge<'a>(real: Permit<'a, FilesRead>) -> Permit<'a, FilesRead> {
//!     Permit { kind: real.kind(), ..real }
//! }
//! ```
//!
//! nor be used twice:
//!
//! ```compile_fail,E0599
//! use ringfence_permission::{Permit, FilesRead};
//! fn twice<'a>(permit: Permit<'a, FilesRead>) -> (Permit<'a, FilesRead>, Permit<'a, FilesRead>) {
//!     (permit.clone(), permit)
//! }
//! ```
//!
//! ```compile_fail,E0382
//! use ringfence_permission::{Permit, FilesRead};
//! fn perform(_permit: Permit<'_, FilesRead>) {}
//! fn twice(permit: Permit<'_, FilesRead>) {
//!     perform(permit);
//!     perform(permit);
//! }
//! ```
//!
//! nor stand in for another effect:
//!
//! ```compile_fail,E0308
//! use ringfence_permission::{Permit, FilesRead, FilesWrite};
//! fn write(_permit: Permit<'_, FilesWrite>) {}
//! fn confuse(permit: Permit<'_, FilesRead>) {
//!     write(permit);
//! }
//! ```
//!
//! nor may anybody add an effect with rules of their own:
//!
//! ```compile_fail
//! use ringfence_permission::Effect;
//! struct Everything;
//! impl Effect for Everything {}
//! ```
#![forbid(unsafe_code)]

mod admit;
mod available;
mod consent;
mod decide;
mod effect;
mod explain;
mod grants;
mod meet;
mod permit;
mod policy;

pub use admit::{AdmitError, AdmitRequest, Admitted, MAX_ENTRIES, admit};
pub use available::{Available, NotServable, is_host_kind};
pub use consent::{Consent, Consented};
pub use decide::decide;
pub use effect::{
    ConfigRead, ConfigWrite, Effect, EnvironmentRead, EventsPublish, EventsSubscribe, FileObject,
    FilesDelete, FilesRead, FilesWrite, HostObject, HostService, MAX_NAME, MAX_PATH, MAX_SUBJECT,
    NetworkListen, NetworkRequest, ProcessExecute, SecretsUse, StorageList, StorageRead,
    StorageWrite,
};
pub use grants::{Grant, Grants, Lease};
pub use permit::{Permit, Spent};
pub use policy::Policy;
