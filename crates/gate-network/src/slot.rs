//! How many connections all gates of this process may hold together.
//!
//! Each takes two descriptors of the host, which needs some for its log, its files
//! and the next jail, whatever plugins do.

use rustix::process::{Resource, getrlimit};
use std::sync::atomic::{AtomicU64, Ordering};

/// Of four descriptors of this process, two are left to everything else.
const DESCRIPTORS_PER_SLOT: u64 = 4;

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The right to hold one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot(());

impl Slot {
    /// One more, unless too many are taken.
    pub(crate) fn take() -> Option<Self> {
        let most = getrlimit(Resource::Nofile).current.map(|all| all / DESCRIPTORS_PER_SLOT);
        let more =
            |taken: u64| most.is_none_or(|most| taken < most).then(|| taken.saturating_add(1));
        TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self(()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}
