//! The probes, one file per topic.
//!
//! Order matters: what may get the jail killed comes last.

mod calls;
mod devices;
mod entry;
mod execution;
mod families;
mod files;
mod host_files;
mod identity;
mod inherited;
mod ipc;
mod keyrings;
mod memory;
mod modules;
mod mounts;
mod namespaces;
mod network;
mod observation;
mod other_processes;
mod proc_and_sys;
mod resources;
mod scheduling;
mod scratch;
mod supervisor;
mod terminal;
mod time_and_names;

use crate::outcome::Probe;

/// Every probe by topic, in running order.
pub(crate) const TOPICS: &[&[Probe]] = &[
    inherited::PROBES,
    identity::PROBES,
    host_files::PROBES,
    files::PROBES,
    proc_and_sys::PROBES,
    observation::PROBES,
    devices::PROBES,
    ipc::PROBES,
    network::PROBES,
    families::PROBES,
    supervisor::PROBES,
    other_processes::PROBES,
    terminal::PROBES,
    scheduling::PROBES,
    time_and_names::PROBES,
    namespaces::MAKING,
    namespaces::PROBES,
    mounts::PROBES,
    modules::PROBES,
    keyrings::PROBES,
    calls::PROBES,
    memory::PROBES,
    execution::PROBES,
    entry::PROBES,
    resources::PROBES,
];
