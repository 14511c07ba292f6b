//! The effects that the embedding application lends: its services, settings
//! and variables.
//!
//! Takes: a permit for one service, setting or variable, by value. Gives: what
//! the host answers. Never: reads this process's own environment, calls a
//! service that was not registered, or decides anything itself.
//!
//! No service can be called without a permit:
//!
//! ```compile_fail,E0308
//! fn call(services: &ringfence_gate_host::HostServices) {
//!     let _ = services.call("mail/send", "", &serde_json::Value::Null);
//! }
//! ```
#![forbid(unsafe_code)]

mod services;
mod settings;
mod variables;

pub use services::{
    HostCall, HostService, HostServiceError, HostServices, RegisterError, ServiceCallError,
};
pub use settings::{
    MAX_SETTING_BYTES, MAX_SETTINGS, MemorySettings, Settings, SettingsError, SettingsStore,
};
pub use variables::Variables;
