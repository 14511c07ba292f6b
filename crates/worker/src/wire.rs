//! Frames on the control descriptor, one line of JSON-RPC each.
//!
//! The other end is the host, which is trusted; what is checked here is only what
//! would otherwise confuse this side.

use crate::stop::Stop;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_protocol::frames::{self, FrameLimits};
use ringfence_protocol::worker::{REPORT, REPORT_PART_BYTES, ReportKind, ReportPart, Stopped};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::time::Instant;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// What came from the host.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    pub(crate) id: Option<i64>,
    pub(crate) method: Option<String>,
    pub(crate) params: Option<Box<RawValue>>,
    result: Option<Box<RawValue>>,
    error: Option<Failure>,
}

/// Why the host did not do what was asked.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Failure {
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) data: Option<FailureData>,
}

/// Its details.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FailureData {
    pub(crate) code: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) object: Option<String>,
    pub(crate) withheld_by: Option<String>,
    pub(crate) repair: Option<String>,
}

#[derive(Serialize)]
struct Request<'a, P: Serialize> {
    jsonrpc: &'static str,
    id: i64,
    method: &'a str,
    params: P,
}

#[derive(Serialize)]
struct Notification<P: Serialize> {
    jsonrpc: &'static str,
    method: &'static str,
    params: P,
}

#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<AnswerError<'a>>,
}

/// How a call failed.
#[derive(Debug, Serialize)]
pub(crate) struct AnswerError<'a> {
    pub(crate) code: i64,
    pub(crate) message: &'a str,
    pub(crate) data: AnswerData<'a>,
}

/// Its details, as the session protocol knows them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct AnswerData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stack: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'a str>,
}

/// The control descriptor.
pub(crate) struct Wire {
    stream: File,
    /// What the host takes; beyond it, it ends the instance.
    limits: FrameLimits,
    /// Read and not yet taken; `start` begins the next frame, and no end of one
    /// is before `searched`.
    buffer: Vec<u8>,
    start: usize,
    searched: usize,
    next: i64,
    /// Frames that came while an answer was waited for.
    later: VecDeque<Frame>,
}

impl Wire {
    pub(crate) fn new(descriptor: OwnedFd, limits: FrameLimits) -> Self {
        Self {
            stream: File::from(descriptor),
            limits,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            next: 1,
            later: VecDeque::new(),
        }
    }

    /// The next frame that is no answer; `None` when the host has closed its end.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        if let Some(frame) = self.later.pop_front() {
            return Some(frame);
        }
        self.read(None).ok()
    }

    /// Asks the host and waits for its answer, at most until the deadline.
    pub(crate) fn request(
        &mut self,
        method: &str,
        params: impl Serialize,
        until: Instant,
    ) -> Result<Result<Box<RawValue>, Failure>, Stop> {
        let id = self.next;
        self.next += 1;
        self.send(&Request { jsonrpc: "2.0", id, method, params })?;
        loop {
            let frame = self.read(Some(until))?;
            if frame.method.is_some() {
                self.later.push_back(frame);
                continue;
            }
            if frame.id != Some(id) {
                // The answer to a request whose call was stopped.
                continue;
            }
            return Ok(match frame.error {
                Some(failure) => Err(failure),
                None => Ok(frame.result.unwrap_or_else(|| RawValue::NULL.to_owned())),
            });
        }
    }

    /// A line for the operator.
    pub(crate) fn log(&mut self, level: &str, message: &str) -> Result<(), Stop> {
        #[derive(Serialize)]
        struct Line<'a> {
            level: &'a str,
            message: &'a str,
        }
        self.send(&Notification { jsonrpc: "2.0", method: "log", params: Line { level, message } })
    }

    /// Part after part of a report, the last with what had no room.
    pub(crate) fn report(
        &mut self,
        kind: ReportKind,
        bytes: &[u8],
        left_out: u64,
    ) -> Result<(), Stop> {
        let mut parts = bytes.chunks(REPORT_PART_BYTES).peekable();
        loop {
            let data = STANDARD.encode(parts.next().unwrap_or_default());
            let is_last = parts.peek().is_none();
            let part = ReportPart { kind, data, left_out: if is_last { left_out } else { 0 } };
            self.send(&Notification { jsonrpc: "2.0", method: REPORT, params: part })?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Answers a request of the host.
    pub(crate) fn answer(
        &mut self,
        id: i64,
        outcome: Result<&RawValue, AnswerError<'_>>,
    ) -> Result<(), Stop> {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        self.send(&Answer { jsonrpc: "2.0", id, result, error })
    }

    /// Waits until this time, or until the host has closed its end.
    pub(crate) fn pause(&self, until: Instant) -> Result<(), Stop> {
        pause(&self.stream, until)
    }

    fn send(&mut self, message: &impl Serialize) -> Result<(), Stop> {
        let line = serde_json::to_string(message).map_err(|_| Stop::Gone)?;
        // What the host would not take costs this call and not the instance.
        if line.len() > self.limits.bytes {
            return Err(Stop::Limit(Stopped::Output));
        }
        frames::check(&line, &self.limits).map_err(|error| Stop::Trap(error.to_string()))?;
        self.stream.write_all(&frames::encode(line)).map_err(|_| Stop::Gone)
    }

    fn read(&mut self, until: Option<Instant>) -> Result<Frame, Stop> {
        loop {
            let unread = self.buffer.get(self.searched..).unwrap_or(&[]);
            if let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                let end = self.searched + end;
                let line = self.buffer.get(self.start..end).unwrap_or(&[]);
                let frame = serde_json::from_slice(line).map_err(|_| Stop::Gone);
                self.start = end + 1;
                self.searched = self.start;
                if self.start == self.buffer.len() {
                    self.buffer.clear();
                    (self.start, self.searched) = (0, 0);
                    // One large frame must not stay for the rest of our life.
                    self.buffer.shrink_to(4 * CHUNK);
                }
                return frame;
            }
            self.searched = self.buffer.len();
            if let Some(until) = until {
                wait(&self.stream, until)?;
            }
            self.buffer.reserve(CHUNK);
            match rustix::io::read(&self.stream, spare_capacity(&mut self.buffer)) {
                Ok(0) => return Err(Stop::Gone),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Err(Stop::Gone),
            }
        }
    }
}

/// Waits until this time, whatever can be read by then.
fn pause(stream: &File, until: Instant) -> Result<(), Stop> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let limit = Timespec::try_from(left).ok();
        // Without asking for anything, the end of the other side is still told.
        let mut fds = [PollFd::new(stream, PollFlags::empty())];
        if poll(&mut fds, limit.as_ref()).is_ok_and(|ready| ready > 0) {
            return Err(Stop::Gone);
        }
    }
}

/// Waits until something can be read.
fn wait(stream: &File, until: Instant) -> Result<(), Stop> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Stop::Limit(Stopped::Time));
        }
        let limit = Timespec::try_from(left).ok();
        let mut fds = [PollFd::new(stream, PollFlags::IN)];
        if poll(&mut fds, limit.as_ref()).is_ok_and(|ready| ready > 0) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn answered(result: &str) -> Result<String, Stop> {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut wire = Wire::new(ours.into(), FrameLimits::with_bytes(1000));
        let result = RawValue::from_string(result.to_owned()).unwrap();
        wire.answer(1, Ok(&result))?;
        drop(wire);
        Ok(std::io::read_to_string(theirs).unwrap())
    }

    #[test]
    fn json_of_several_lines_is_one_frame_and_no_frame_of_its_own() {
        let forged = "[\n{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"storage.get\"}\n, \"a\\nb\"]";
        let sent = answered(forged).unwrap();
        assert_eq!(sent.matches('\n').count(), 1, "{sent}");
        let frame: serde_json::Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(frame["result"][0]["id"], 7);
        assert_eq!(frame["result"][1], "a\nb");
    }

    #[test]
    fn what_the_host_would_refuse_is_not_sent() {
        assert!(answered(&format!("\"{}\"", "x".repeat(900))).is_ok());
        let long = answered(&format!("\"{}\"", "x".repeat(1000)));
        assert_eq!(long, Err(Stop::Limit(Stopped::Output)));
        let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert!(matches!(answered(&deep), Err(Stop::Trap(_))));
    }
}
