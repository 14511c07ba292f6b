//! Calls that the host application's own services answer, on a thread beside the
//! loop that watches the jail.
//!
//! A service takes as long as it takes, and nothing can end it from outside. The
//! plugin's call ends in its time all the same: what the service says later has
//! nobody to hear it. One such call at a time, so that a plugin that gives up on
//! many does not leave many threads behind.

use crate::effects::Caller;
use crate::error::RunError;
use ringfence_permission::is_host_kind;
use ringfence_protocol::{ReplyError, RequestId};
use ringfence_types::Kind;
use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::Value;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

/// What the broker says.
type Answer = Result<Value, ReplyError>;

/// Whether the host application itself performs what this method asks for.
pub(crate) fn is_lent(method: &str) -> bool {
    Kind::from_word(method).is_some_and(is_host_kind)
}

/// The thread, once there has been a call for it.
#[derive(Default)]
pub(crate) struct Aside {
    helper: Option<Helper>,
    /// The request that is being answered.
    asked: Option<RequestId>,
}

struct Helper {
    calls: Sender<(String, Value)>,
    answers: Receiver<Answer>,
}

impl Aside {
    /// Begins to answer a request, when no other is being answered. A descriptor is
    /// given when a thread was started: it is readable when something was answered.
    pub(crate) fn begin(
        &mut self,
        caller: &Caller,
        (id, method, params): (RequestId, String, Value),
    ) -> Result<Option<OwnedFd>, RunError> {
        let mut signal = None;
        let helper = match self.helper.take() {
            Some(helper) => helper,
            None => {
                let (helper, readable) = Helper::start(caller.clone())?;
                signal = Some(readable);
                helper
            }
        };
        // A thread that is gone is noticed when its answer is asked for.
        let _ = helper.calls.send((method, params));
        self.helper = Some(helper);
        self.asked = Some(id);
        Ok(signal)
    }

    /// Whether a request is being answered.
    pub(crate) const fn is_busy(&self) -> bool {
        self.asked.is_some()
    }

    /// The answer, once it is there.
    pub(crate) fn answered(&mut self) -> Option<(RequestId, Answer)> {
        let answer = match self.helper.as_ref()?.answers.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            // The service has panicked, and its thread with it.
            Err(TryRecvError::Disconnected) => {
                self.helper = None;
                Err(ReplyError::new(-32603, "the host's service failed", &Value::Null))
            }
        };
        Some((self.asked.take()?, answer))
    }
}

impl Helper {
    fn start(caller: Caller) -> Result<(Self, OwnedFd), RunError> {
        let failed = |error: std::io::Error| RunError::Internal {
            what: format!("starting a thread for the host's services: {error}"),
        };
        let (readable, signal) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)
            .map_err(|error| failed(error.into()))?;
        let (calls, asked) = channel::<(String, Value)>();
        let (said, answers) = channel();
        let desk = Desk { asked, said, signal };
        let thread = thread::Builder::new().name("services".to_owned());
        thread.spawn(move || desk.serve(&caller)).map_err(failed)?;
        Ok((Self { calls, answers }, readable))
    }
}

/// The thread's own ends. When a service panics they are dropped in this order: who
/// is woken by the last finds that no answer comes.
struct Desk {
    asked: Receiver<(String, Value)>,
    said: Sender<Answer>,
    signal: OwnedFd,
}

impl Desk {
    /// Ends with the instance: nobody asks any more, or nobody listens.
    fn serve(self, caller: &Caller) {
        while let Ok((method, params)) = self.asked.recv() {
            if self.said.send(caller.call(&method, &params)).is_err() {
                return;
            }
            // A full pipe says it already.
            let _ = rustix::io::write(&self.signal, b"!");
        }
    }
}
