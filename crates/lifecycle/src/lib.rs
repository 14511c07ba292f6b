//! The journey as one place: package, review, consent, plan, jail, calls, end.
//!
//! Takes: a package and the operator's terms. Gives: a card to read, a running
//! instance, answers, typed errors, usage, records. Never: prints, parses a
//! command line, speaks HTTP, or lets anything run that the log could not take.
#![forbid(unsafe_code)]

mod actions;
mod aside;
mod asking;
mod built_in;
mod channel;
mod doors;
mod effects;
mod engine;
mod error;
mod feeds;
mod hash_seed;
mod home;
mod input;
mod inspected;
mod installed;
mod instance;
mod interrupt;
mod jailed;
mod located;
mod mcp_call;
mod mcp_proxy;
mod network;
mod observer;
mod packed;
mod pins;
mod plain;
mod plan;
mod pool;
mod profile;
mod recall;
mod record;
mod recorded;
mod review;
mod trust;

pub use asking::{Approvals, Ask, Person, Reply};
pub use engine::{Engine, EngineError, EngineOptions, Statistics};
pub use error::{Phase, RunError};
pub use feeds::{Feeds, FeedsError, Updated};
pub use home::{HOME_VARIABLE, home_folder, prepare_home};
pub use input::check_input;
pub use inspected::{Inspected, Report, check_inspect};
pub use installed::{
    Allowed, Arrival, Changes, Collected, Incoming, Info, InstalledAs, InstalledError, Kept, Order,
    Plugins, Proposal, Ready, Reputation, ReputationLevel, ReputationPart, find_installed,
    who_signed,
};
pub use instance::{Answer, Ended, Instance};
pub use interrupt::Interrupt;
pub use located::located;
pub use mcp_proxy::ProxyUsage;
pub use observer::{Observer, Silent};
pub use packed::{Beside, Packed, PackedError, Vouching};
pub use pins::{PinDigest, ToolPins, definition_lines, definition_notes, pin_digest};
pub use pool::Pool;
pub use recall::{Cause, Recall};
pub use recorded::{Changed, RecordError, recorded};
pub use review::{Asked, Card, Review, ReviewError, Terms};
pub use ringfence_broker::{BrokerUsage, CountedDenial};
pub use ringfence_gate_host::{
    HostCall, HostService, HostServiceError, HostServices, MemorySettings, Settings, SettingsStore,
};
pub use ringfence_gate_secrets::{
    CommandSource, FileSource, FixedSource, KEY_FILE_VARIABLE, KEY_VARIABLE, KEYRING_VARIABLE,
    KeyPlace, NEW_KEY_FILE_VARIABLE, NEW_KEY_VARIABLE, Secret, SecretError, SecretSource,
    SecretStore, Secrets, SourceError, StoreError, StoreKey, StoreSource, StoredSecret, ValueError,
    VaultError, VaultPath, VaultPathError, VaultServer, VaultSource, VaultToken,
};
pub use ringfence_protocol::worker::Inspect;
pub use ringfence_signing::{
    KeyError, KeyId, KeyKind, PublicKey, Publisher, PublisherError, Publishers, Revocation,
    Rotation, RotationError, Scheme, Scope, SignatureState, SigningKey, Standing, Statement,
    TrustedKey, Vouched,
};
pub use ringfence_store::{
    AcceptedRow, Applied, ApprovalRow, FactRow, FeedPolicy, FeedRow, GrantRow, HeldRow, Incident,
    PinRow, Pinned, PluginRow, Said, ScanRow, SignatureRow, State, StateError, SubjectRow,
    UsageRow, VersionRow,
};
pub use trust::{TrustError, TrustStore};
