//! What a call asks for, once it is understood.

use crate::fetch::Fetch;
use ringfence_gate_events::Subscription;
use ringfence_gate_storage::StoredValue;
use ringfence_permission::{
    ConfigRead, ConfigWrite, EnvironmentRead, EventsPublish, EventsSubscribe, FilesDelete,
    FilesRead, FilesWrite, Grants, HostObject, HostService, NetworkRequest, Permit, ProcessExecute,
    StorageList, StorageRead, StorageWrite, decide,
};
use ringfence_types::{Denial, Kind, Pattern};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Most bytes of a file that one call reads.
pub const MAX_READ_BYTES: usize = 1024 * 1024;

/// Most entries, keys or events of one answer.
pub const MAX_LIST: usize = 1000;

/// Most arguments of a program.
pub const MAX_ARGUMENTS: usize = 256;

/// Most bytes of all arguments of a program together. Source: the limit of
/// Linux for one argument (`MAX_ARG_STRLEN`, 128 KiB).
pub const MAX_ARGUMENT_BYTES: usize = 128 * 1024;

/// One understood call. Nothing is decided yet.
pub(crate) enum Operation<'a> {
    FileRead {
        path: &'a str,
        offset: u64,
        max: usize,
        binary: bool,
    },
    FileList {
        path: &'a str,
        after: Option<&'a str>,
        max: usize,
    },
    FileStat {
        path: &'a str,
    },
    FileReplace {
        path: &'a str,
        content: Cow<'a, [u8]>,
    },
    FileAppend {
        path: &'a str,
        content: Cow<'a, [u8]>,
    },
    FolderMake {
        path: &'a str,
    },
    FileDelete {
        path: &'a str,
    },
    StorageGet {
        key: &'a str,
    },
    StorageSet {
        key: &'a str,
        value: StoredValue,
    },
    StorageDelete {
        key: &'a str,
    },
    StorageList {
        pattern: Pattern,
        after: Option<&'a str>,
        max: usize,
    },
    Publish {
        subject: &'a str,
        payload: &'a Value,
    },
    Subscribe {
        pattern: Pattern,
    },
    Poll {
        subscription: Arc<Subscription>,
        max: usize,
    },
    /// Giving up a subscription has no effect outside and needs no permit.
    Unsubscribe {
        id: u64,
    },
    Variable {
        name: &'a str,
    },
    SettingGet {
        key: &'a str,
    },
    SettingSet {
        key: &'a str,
        value: &'a Value,
    },
    Execute {
        program: &'a str,
        arguments: Vec<String>,
        stdin: Cow<'a, [u8]>,
    },
    Fetch(Box<Fetch<'a>>),
    Host {
        kind: Kind,
        object: Cow<'a, str>,
        params: &'a Value,
    },
}

/// A decided call: the permit, and what does not touch the decision.
pub(crate) enum Permitted<'o> {
    FileRead { permit: Permit<'o, FilesRead>, offset: u64, max: usize, binary: bool },
    FileList { permit: Permit<'o, FilesRead>, after: Option<&'o str>, max: usize },
    FileStat { permit: Permit<'o, FilesRead> },
    FileReplace { permit: Permit<'o, FilesWrite>, content: &'o [u8] },
    FileAppend { permit: Permit<'o, FilesWrite>, content: &'o [u8] },
    FolderMake { permit: Permit<'o, FilesWrite> },
    FileDelete { permit: Permit<'o, FilesDelete> },
    StorageGet { permit: Permit<'o, StorageRead> },
    StorageSet { permit: Permit<'o, StorageWrite>, value: &'o StoredValue },
    StorageDelete { permit: Permit<'o, StorageWrite> },
    StorageList { permit: Permit<'o, StorageList>, after: Option<&'o str>, max: usize },
    Publish { permit: Permit<'o, EventsPublish>, payload: &'o Value },
    Subscribe { permit: Permit<'o, EventsSubscribe> },
    Poll { permit: Permit<'o, EventsSubscribe>, subscription: &'o Subscription, max: usize },
    Unsubscribe { id: u64 },
    Variable { permit: Permit<'o, EnvironmentRead> },
    SettingGet { permit: Permit<'o, ConfigRead> },
    SettingSet { permit: Permit<'o, ConfigWrite>, value: &'o Value },
    Execute { permit: Permit<'o, ProcessExecute>, arguments: &'o [String], stdin: &'o [u8] },
    Fetch { permit: Permit<'o, NetworkRequest>, fetch: &'o Fetch<'o> },
    Host { permit: Permit<'o, HostService>, params: &'o Value },
}

impl Operation<'_> {
    /// The capability it needs.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::FileRead { .. } | Self::FileList { .. } | Self::FileStat { .. } => {
                Kind::FilesRead
            }
            Self::FileReplace { .. } | Self::FileAppend { .. } | Self::FolderMake { .. } => {
                Kind::FilesWrite
            }
            Self::FileDelete { .. } => Kind::FilesDelete,
            Self::StorageGet { .. } | Self::StorageList { .. } => Kind::StorageRead,
            Self::StorageSet { .. } | Self::StorageDelete { .. } => Kind::StorageWrite,
            Self::Publish { .. } => Kind::EventsPublish,
            Self::Subscribe { .. } | Self::Poll { .. } | Self::Unsubscribe { .. } => {
                Kind::EventsSubscribe
            }
            Self::Variable { .. } => Kind::EnvironmentRead,
            Self::SettingGet { .. } => Kind::ConfigRead,
            Self::SettingSet { .. } => Kind::ConfigWrite,
            Self::Execute { .. } => Kind::ProcessExecute,
            Self::Fetch(_) => Kind::NetworkRequest,
            Self::Host { kind, .. } => *kind,
        }
    }

    /// On what; from the plugin.
    pub(crate) fn object(&self) -> &str {
        match self {
            Self::FileRead { path, .. }
            | Self::FileList { path, .. }
            | Self::FileStat { path }
            | Self::FileReplace { path, .. }
            | Self::FileAppend { path, .. }
            | Self::FolderMake { path }
            | Self::FileDelete { path } => path,
            Self::StorageGet { key }
            | Self::StorageSet { key, .. }
            | Self::StorageDelete { key }
            | Self::SettingGet { key }
            | Self::SettingSet { key, .. } => key,
            Self::StorageList { pattern, .. } | Self::Subscribe { pattern } => pattern.as_str(),
            Self::Publish { subject, .. } => subject,
            Self::Poll { subscription, .. } => subscription.pattern().as_str(),
            Self::Unsubscribe { .. } => "",
            Self::Variable { name } => name,
            Self::Execute { program, .. } => program,
            Self::Fetch(fetch) => &fetch.object,
            Self::Host { object, .. } => object,
        }
    }

    /// Whether something is different afterwards, so that the outcome is
    /// recorded too. What a host service does is not known, so it counts.
    pub(crate) const fn has_consequences(&self) -> bool {
        match self {
            Self::FileReplace { .. }
            | Self::FileAppend { .. }
            | Self::FolderMake { .. }
            | Self::FileDelete { .. }
            | Self::StorageSet { .. }
            | Self::StorageDelete { .. }
            | Self::Publish { .. }
            | Self::SettingSet { .. }
            | Self::Execute { .. }
            | Self::Fetch(_)
            | Self::Host { .. } => true,
            Self::FileRead { .. }
            | Self::FileList { .. }
            | Self::FileStat { .. }
            | Self::StorageGet { .. }
            | Self::StorageList { .. }
            | Self::Subscribe { .. }
            | Self::Poll { .. }
            | Self::Unsubscribe { .. }
            | Self::Variable { .. }
            | Self::SettingGet { .. } => false,
        }
    }

    /// Decides it. The only place where the broker asks.
    pub(crate) fn decide<'o>(
        &'o self,
        grants: &'o Grants,
        now_ms: u64,
    ) -> Result<Permitted<'o>, Denial> {
        Ok(match self {
            Self::FileRead { path, offset, max, binary } => Permitted::FileRead {
                permit: decide::<FilesRead>(grants, path, now_ms)?,
                offset: *offset,
                max: *max,
                binary: *binary,
            },
            Self::FileList { path, after, max } => Permitted::FileList {
                permit: decide::<FilesRead>(grants, path, now_ms)?,
                after: *after,
                max: *max,
            },
            Self::FileStat { path } => {
                Permitted::FileStat { permit: decide::<FilesRead>(grants, path, now_ms)? }
            }
            Self::FileReplace { path, content } => Permitted::FileReplace {
                permit: decide::<FilesWrite>(grants, path, now_ms)?,
                content,
            },
            Self::FileAppend { path, content } => Permitted::FileAppend {
                permit: decide::<FilesWrite>(grants, path, now_ms)?,
                content,
            },
            Self::FolderMake { path } => {
                Permitted::FolderMake { permit: decide::<FilesWrite>(grants, path, now_ms)? }
            }
            Self::FileDelete { path } => {
                Permitted::FileDelete { permit: decide::<FilesDelete>(grants, path, now_ms)? }
            }
            Self::StorageGet { key } => {
                Permitted::StorageGet { permit: decide::<StorageRead>(grants, key, now_ms)? }
            }
            Self::StorageSet { key, value } => Permitted::StorageSet {
                permit: decide::<StorageWrite>(grants, key, now_ms)?,
                value,
            },
            Self::StorageDelete { key } => {
                Permitted::StorageDelete { permit: decide::<StorageWrite>(grants, key, now_ms)? }
            }
            Self::StorageList { pattern, after, max } => Permitted::StorageList {
                permit: decide::<StorageList>(grants, pattern, now_ms)?,
                after: *after,
                max: *max,
            },
            Self::Publish { subject, payload } => Permitted::Publish {
                permit: decide::<EventsPublish>(grants, subject, now_ms)?,
                payload,
            },
            Self::Subscribe { pattern } => {
                Permitted::Subscribe { permit: decide::<EventsSubscribe>(grants, pattern, now_ms)? }
            }
            Self::Poll { subscription, max } => Permitted::Poll {
                permit: decide::<EventsSubscribe>(grants, subscription.pattern(), now_ms)?,
                subscription,
                max: *max,
            },
            Self::Unsubscribe { id } => Permitted::Unsubscribe { id: *id },
            Self::Variable { name } => {
                Permitted::Variable { permit: decide::<EnvironmentRead>(grants, name, now_ms)? }
            }
            Self::SettingGet { key } => {
                Permitted::SettingGet { permit: decide::<ConfigRead>(grants, key, now_ms)? }
            }
            Self::SettingSet { key, value } => {
                Permitted::SettingSet { permit: decide::<ConfigWrite>(grants, key, now_ms)?, value }
            }
            Self::Execute { program, arguments, stdin } => Permitted::Execute {
                permit: decide::<ProcessExecute>(grants, program, now_ms)?,
                arguments,
                stdin,
            },
            Self::Fetch(fetch) => Permitted::Fetch {
                permit: decide::<NetworkRequest>(grants, fetch.target(), now_ms)?,
                fetch,
            },
            Self::Host { kind, object, params } => Permitted::Host {
                permit: decide::<HostService>(grants, HostObject { kind: *kind, object }, now_ms)?,
                params,
            },
        })
    }
}
