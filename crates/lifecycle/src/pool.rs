//! Instances that are started ahead of time, so that a call waits for nothing.
//!
//! What a pool hands out is a jail of its own with the plugin loaded and ready;
//! it belongs to whoever took it and never comes back: a used jail holds what
//! its last user left in it.

use crate::engine::Engine;
use crate::error::RunError;
use crate::instance::Instance;
use crate::observer::Observer;
use crate::review::{Review, ReviewError};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Makes one instance, from review to ready.
type Make = dyn Fn() -> Result<Instance, RunError> + Send + Sync;

/// Keeps a number of instances of one plugin ready.
pub struct Pool {
    shared: Arc<Shared>,
    make: Arc<Make>,
    worker: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Somebody took an instance, one became ready, or the pool ends.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Instance>,
    wanted: usize,
    /// Why the last instance could not be made; nothing more is tried until
    /// somebody asks for one.
    failed: bool,
    closed: bool,
}

impl Pool {
    /// Begins to fill a pool of `size` instances in a thread of its own.
    ///
    /// `review` is asked for every instance, so that a changed package or a
    /// withdrawn grant is seen by the next one.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new(
        engine: Arc<Engine>,
        size: usize,
        review: impl Fn() -> Result<Review, ReviewError> + Send + Sync + 'static,
        observer: impl Fn() -> Box<dyn Observer> + Send + Sync + 'static,
    ) -> Result<Self, RunError> {
        let make: Arc<Make> = Arc::new(move || {
            let review =
                review().map_err(|error| RunError::Internal { what: error.to_string() })?;
            let mut instance = engine.start(review, None, observer())?;
            instance.initialise()?;
            Ok(instance)
        });
        let shared = Arc::new(Shared {
            state: Mutex::new(State { wanted: size, ..State::default() }),
            changed: Condvar::new(),
        });
        let worker = std::thread::Builder::new()
            .name("ringfence-pool".to_owned())
            .spawn({
                let (shared, make) = (Arc::clone(&shared), Arc::clone(&make));
                move || fill(&shared, &*make)
            })
            .map_err(|error| RunError::Internal { what: error.to_string() })?;
        Ok(Self { shared, make, worker: Some(worker) })
    }

    /// A ready instance: at once when there is one, else made now.
    ///
    /// # Errors
    /// When none is ready and none can be made.
    pub fn take(&self) -> Result<Instance, RunError> {
        loop {
            let mut state = self.shared.lock();
            let instance = state.ready.pop_front();
            state.failed = false;
            drop(state);
            self.shared.changed.notify_all();
            match instance {
                // One that died while it waited is nobody's.
                Some(mut instance) => {
                    if !instance.has_ended() {
                        return Ok(instance);
                    }
                }
                None => return (self.make)(),
            }
        }
    }

    /// How many are ready now.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.shared.lock().ready.len()
    }

    /// Waits until the pool is full, or filling it has failed.
    pub fn wait_full(&self) {
        let mut state = self.shared.lock();
        while state.ready.len() < state.wanted && !state.failed && !state.closed {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fill(shared: &Shared, make: &Make) {
    loop {
        {
            let mut state = shared.lock();
            while !state.closed && (state.failed || state.ready.len() >= state.wanted) {
                state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return;
            }
        }
        let made = make();
        let mut state = shared.lock();
        match made {
            Ok(instance) => state.ready.push_back(instance),
            Err(_) => state.failed = true,
        }
        drop(state);
        shared.changed.notify_all();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
        // Outside the lock: ending an instance takes a while.
        let rest = std::mem::take(&mut self.shared.lock().ready);
        drop(rest);
    }
}
