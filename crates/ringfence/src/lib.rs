//! Run plugins that nobody trusts yet.
//!
//! Takes: a plugin and what it may do. Gives: a running sandbox, its answers,
//! its usage, typed errors. Never: anything that the program `ringfence` could
//! not do; this is the same code.
//!
//! Nothing is granted that is not named: no file, no variable, no network.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let home = folder.path().join("home");
//! # let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/examples/hello-python");
//! use ringfence::Ringfence;
//! use serde_json::json;
//!
//! // `Ringfence::open()` keeps its log and keys in the user's usual place.
//! let ringfence = Ringfence::open_at(home)?;
//!
//! // One jail that stays: several calls, one process, its state kept.
//! let mut hello = ringfence.plugin(example).start()?;
//! let answer = hello.execute("greet", &json!({ "name": "Ada" }))?;
//! assert_eq!(answer.value().unwrap()["greeting"], "Hello, Ada!");
//!
//! // Kills it and waits until nothing of it is left.
//! let ended = hello.terminate();
//! println!("{:?} of processor time", ended.usage.cpu);
//! # Ok(())
//! # }
//! ```
//!
//! Any program is a plugin. What it may see is granted by name, what it may use
//! is a budget, and how it failed is a type:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let ringfence = ringfence::Ringfence::open_at(folder.path().join("home"))?;
//! # let data = folder.path().canonicalize()?.join("data");
//! # std::fs::create_dir(&data)?;
//! # std::fs::write(data.join("list.txt"), "milk\nbread\n")?;
//! use ringfence::{Preset, Resource, RunError};
//! use serde_json::Value;
//! use std::time::Duration;
//!
//! let mut count = ringfence
//!     .command(["wc".into(), "-l".into(), data.join("list.txt")])
//!     .grant(format!("files.read={}/**", data.display()))
//!     .start()?;
//! let answer = count.execute("run", &Value::Null)?;
//! assert!(answer.bytes().unwrap().starts_with(b"2 "));
//!
//! let mut budget = Preset::Untrusted.budget();
//! budget.timeouts.call = Duration::from_millis(200);
//! let mut slow = ringfence.command(["sleep", "100"]).budget(budget).start()?;
//! match slow.execute("run", &Value::Null) {
//!     Err(RunError::Timeout { limit, .. }) => assert_eq!(limit.as_millis(), 200),
//!     Err(RunError::Resource { resource: Resource::Memory, limit, .. }) => {
//!         println!("wants more than {limit} bytes");
//!     }
//!     other => panic!("{other:?}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A plugin that needs what nobody granted does not start:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let ringfence = ringfence::Ringfence::open_at(folder.path().join("home"))?;
//! # let notes = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/examples/notes-python");
//! let refused = ringfence.plugin(notes).start().err().unwrap();
//! let denial = refused.denial().unwrap();
//! assert_eq!(denial.kind.word(), "storage.read");
//!
//! // What a person should read before they say yes.
//! let card = ringfence.plugin(notes).review()?.card;
//! assert_eq!(card.asks.len(), 3);
//! let granted = ringfence.plugin(notes).grant_declared().start()?;
//! # drop(granted);
//! # Ok(())
//! # }
//! ```
//!
//! A plugin uses a secret that it never has: what it gets stands for it, and the
//! value is put into requests to the named host on their way out. The store keeps
//! it encrypted in the home:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let home = folder.path().join("home");
//! use ringfence::{KeyPlace, Ringfence, Secret, SecretStore, StoreSource};
//! use serde_json::Value;
//!
//! let ringfence = Ringfence::open_at(&home)?;
//! // Or `SecretStore::open(home)?`, with the key that the environment names.
//! let store = SecretStore::new(home, KeyPlace::Home);
//! store.set("API_KEY", &Secret::new("sk-live-12345678".to_owned().into())?)?;
//!
//! let mut plugin = ringfence
//!     .command(["printenv", "API_KEY"])
//!     .grant("network.request=api.example.com")
//!     .secret("API_KEY", "api.example.com", StoreSource::new(store, "API_KEY".into()))
//!     .start()?;
//! let answer = plugin.execute("run", &Value::Null)?;
//! assert!(answer.bytes().unwrap().starts_with(b"rfsecret_"));
//! # Ok(())
//! # }
//! ```
//!
//! From another thread, [`Instance::interrupt`] gives a handle that kills one
//! instance and [`Ringfence::terminate_all`] kills all of them, whether or not
//! they are in a call. [`Engine`] is what is beneath: reviews, services that the
//! host offers to plugins, settings, a [`Pool`] of instances started ahead.
#![forbid(unsafe_code)]

mod error;
mod front;

pub use error::Error;
pub use front::{Ringfence, Start};
pub use ringfence_lifecycle::{
    AcceptedRow, Applied, FactRow, FeedPolicy, FeedRow, Feeds, FeedsError, Updated,
};
pub use ringfence_lifecycle::{
    Allowed, Arrival, Cause, Changes, Collected, GrantRow, Incident, Incoming, Info, InstalledAs,
    InstalledError, Kept, Order, PluginRow, Plugins, Proposal, Ready, Recall, Reputation,
    ReputationLevel, ReputationPart, ScanRow, SignatureRow, State, StateError, UsageRow,
    VersionRow, find_installed, who_signed,
};
pub use ringfence_lifecycle::{
    Answer, Asked, BrokerUsage, Card, CommandSource, CountedDenial, Ended, Engine, EngineError,
    EngineOptions, FileSource, FixedSource, HOME_VARIABLE, HostCall, HostService, HostServiceError,
    HostServices, Inspect, Inspected, Instance, Interrupt, KEY_FILE_VARIABLE, KEY_VARIABLE,
    KEYRING_VARIABLE, KeyPlace, MemorySettings, NEW_KEY_FILE_VARIABLE, NEW_KEY_VARIABLE, Observer,
    Phase, Pool, ProxyUsage, Report, Review, ReviewError, RunError, Secret, SecretError,
    SecretSource, SecretStore, Secrets, Settings, SettingsStore, Silent, SourceError, Statistics,
    StoreError, StoreKey, StoreSource, StoredSecret, Terms, ValueError, VaultError, VaultPath,
    VaultPathError, VaultServer, VaultSource, VaultToken, check_input, check_inspect, home_folder,
    located, prepare_home,
};
pub use ringfence_lifecycle::{
    ApprovalRow, Approvals, Ask, HeldRow, Person, PinDigest, PinRow, Pinned, Reply, Said,
    SubjectRow, ToolPins, definition_lines, definition_notes, pin_digest,
};
pub use ringfence_lifecycle::{
    Changed, KeyError, KeyId, KeyKind, Packed, PackedError, PublicKey, Publisher, PublisherError,
    Publishers, RecordError, Revocation, Rotation, RotationError, Scheme, Scope, SignatureState,
    SigningKey, Standing, Statement, TrustError, TrustStore, TrustedKey, Vouched, recorded,
};
pub use ringfence_limits::{Budget, Preset, Resource, Timeouts};
pub use ringfence_package::{
    InputFault, InputSchema, ManifestError, Package, PackageError, Protocol,
};
pub use ringfence_permission::Policy;
pub use ringfence_protocol::mcp::Tool;
pub use ringfence_sandbox::{End, Level, Live, StartError, Usage, Wall};
pub use ringfence_sandbox_process::Limits;
pub use ringfence_types::{
    Capability, Denial, Digest, ExitCode, Kind, Place, Publish, PublishError, UntrustedText,
};
