//! Builds one jail and starts one program in it.
//!
//! Takes: a [`JailSpec`] and an [`ExecSpec`] over a socket, from the program
//! that started it. Gives: a started process in namespaces of its own, and
//! reports about it. Never: decides what a plugin may do, reads configuration,
//! speaks to a network, links any other crate of ours.
//!
//! Three roles, one program:
//!
//! ```text
//! host process --spec--> spawner --clone3--> init (PID 1 of the jail) --exec--> plugin
//!      ^------------------- reports ---------------'
//! ```
//!
//! The spawner is small, so that cloning from it is cheap whatever the size of
//! the host; init builds the jail from inside, gives up every privilege, starts
//! the plugin and reaps.
//!
//! It goes without the standard library and without that of C, which asks the
//! processor what it can do before `main`; in a virtual machine every such
//! question is a trap, and together they took longer than building a wall. And
//! what is written into a memory file for every start is a tenth as long.
#![cfg_attr(not(test), no_std)]
#![expect(unsafe_code, reason = "namespaces, mounts, seccomp and clone3 have no safe interface")]

extern crate alloc;

pub mod cgroup;
mod heap;
mod identity;
mod init;
mod landlock;
mod mounts;
mod network;
mod reap;
pub mod seccomp;
mod shut;
mod spawner;
mod spec;
mod sys;
mod wire;

pub use heap::Heap;
pub use landlock::abi as landlock_abi;
pub use shut::shut_in;
pub use spawner::serve;
pub use spec::{
    CgroupLimits, DatagramPlace, ExecSpec, JailSpec, LandlockRule, MountStep, Rlimit,
    SeccompProfile, access, bind,
};
pub use sys::{Errno, exit_now};
pub use wire::{DecodeError, MAX_MESSAGE, Report, Stage, Usage};
