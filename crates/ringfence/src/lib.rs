//! Run plugins that nobody trusts yet.
//!
//! Takes: a plugin and what it may do. Gives: a running sandbox, its answers,
//! its usage, typed errors. Never: anything that the program `ringfence` could
//! not do; this is the same code.
#![forbid(unsafe_code)]

pub use ringfence_lifecycle::{
    Answer, Asked, BrokerUsage, Card, CountedDenial, Ended, Engine, EngineError, EngineOptions,
    HOME_VARIABLE, HostService, HostServiceError, HostServices, Instance, Interrupt,
    MemorySettings, Observer, Phase, Pool, ProxyUsage, Review, ReviewError, RunError, Settings,
    SettingsStore, Silent, Statistics, Terms, home_folder,
};
pub use ringfence_limits::{Budget, Preset, Resource, Timeouts};
pub use ringfence_package::{ManifestError, Package, PackageError, Protocol};
pub use ringfence_permission::Policy;
pub use ringfence_protocol::mcp::Tool;
pub use ringfence_sandbox::{End, Level, Live, StartError, Usage, Wall};
pub use ringfence_sandbox_process::Limits;
pub use ringfence_types::{Capability, Denial, ExitCode, Kind, UntrustedText};
