//! The one way from a plugin's call to an effect.
//!
//! Takes: a method and its parameters from a plugin, an instance's grants, the
//! gates, a log and a clock. Gives: a value or a typed error. Never: performs
//! without a permit, performs what could not be recorded, or answers with more
//! than the budget allows.
//!
//! Every call takes the same five steps, in [`Broker::call`] and nowhere else:
//! identify, decide, charge, perform, record. The methods and their parameters
//! are in `docs/broker-methods.md`.
#![forbid(unsafe_code)]

mod answer;
mod ask;
mod broker;
mod charge;
mod clock;
mod content;
mod fetch;
mod fields;
mod identify;
mod network;
mod nodes;
mod operation;
mod perform;
mod process;
mod record;
mod tally;
mod visit;

pub use answer::CallError;
pub use ask::{Asker, Later, Question};
pub use broker::{Broker, BrokerSetup, Gates};
pub use clock::{Clock, SystemClock};
pub use nodes::MAX_NODE_BYTES;
pub use operation::{MAX_ARGUMENT_BYTES, MAX_ARGUMENTS, MAX_LIST, MAX_READ_BYTES};
pub use process::{ProcessError, ProcessOutput, ProcessRequest, ProcessRunner};
pub use tally::{BrokerUsage, CountedDenial, MAX_KEPT_DENIALS};
