//! Opens the doors of a plugin that the operator wants to reach.

use crate::engine::now_ms;
use crate::error::RunError;
use crate::record::Recorder;
use crate::review::Review;
use ringfence_gate_network::Door;
use ringfence_permission::{NetworkListen, decide};
use ringfence_sandbox::StartError;
use ringfence_types::{Place, Publish};
use std::io;

/// A listener for every port that is to be published. Nothing runs yet: what
/// cannot be published is refused, and not found out by the first visitor.
pub(crate) fn open_doors(review: &Review, recorder: &Recorder) -> Result<Vec<Door>, RunError> {
    let open = |publish: &Publish| -> Result<Door, RunError> {
        // What a manifest does not declare, or a policy denies, no option gives.
        let permit = decide::<NetworkListen>(review.admitted.grants(), publish.port, now_ms())
            .map_err(RunError::Denied)?;
        // Decided again for each visitor; this is only whether there can be one.
        let _ = permit.spend();
        Door::open(publish).map_err(|error| refused(publish, &error).into())
    };
    review
        .terms
        .publish
        .iter()
        .map(|publish| open(publish).inspect_err(|error| recorder.refused(&error.to_string())))
        .collect()
}

fn refused(publish: &Publish, error: &io::Error) -> StartError {
    let why = match (&publish.at, error.kind()) {
        (Place::Unix(_), io::ErrorKind::AddrInUse) => {
            "something is there already, and nothing is overwritten; remove it first".to_owned()
        }
        (Place::Loopback(_), io::ErrorKind::AddrInUse) => {
            "that port is in use; port 0 is any free one".to_owned()
        }
        _ => error.to_string(),
    };
    StartError::Plan(format!("port {} cannot be published at {}: {why}", publish.port, publish.at))
}
