//! The locks of the commit queue, in one place so that a model test can put
//! its own instead (`tests/commit_queue_model.rs`).

pub(crate) use std::sync::{Arc, Condvar, Mutex};
