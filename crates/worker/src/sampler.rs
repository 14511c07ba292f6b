//! Where the time of one call goes: what is on the stack whenever the watchdog knocks.
//!
//! The engine has a profiler of its own. It is not used, because it writes the whole
//! file for people inside the jail; here go names and numbers out, and the host
//! writes the file.

use crate::clock::processor_time;
use ringfence_protocol::worker::{
    CallProfile, PROFILE_FUNCTIONS, PROFILE_NAME, PROFILE_SAMPLES, PROFILE_STACKS, ProfiledFunction,
};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use wasmtime::{FrameInfo, WasmBacktrace};

/// The samples of one call.
pub(crate) struct Sampler {
    begin: Instant,
    cpu: Duration,
    profile: CallProfile,
    functions: HashMap<ProfiledFunction, u32>,
    stacks: HashMap<(Option<u32>, u32), u32>,
    left_out: u64,
}

impl Sampler {
    /// The call begins now.
    pub(crate) fn new() -> Self {
        Self {
            begin: Instant::now(),
            cpu: processor_time(),
            profile: CallProfile::default(),
            functions: HashMap::new(),
            stacks: HashMap::new(),
            left_out: 0,
        }
    }

    /// Takes a sample, or counts it when there is no room.
    pub(crate) fn take(&mut self, trace: &WasmBacktrace) {
        if self.sample(trace).is_none() {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// What was found, and how many samples had no room.
    pub(crate) fn finish(self) -> (CallProfile, u64) {
        (self.profile, self.left_out)
    }

    fn sample(&mut self, trace: &WasmBacktrace) -> Option<()> {
        if self.profile.samples.len() >= PROFILE_SAMPLES {
            return None;
        }
        let mut stack = None;
        // Frames come from the innermost on.
        for frame in trace.frames().iter().rev() {
            let function = self.function(frame)?;
            let key = (stack, function);
            let known = self.stacks.get(&key).copied();
            let number = match known {
                Some(number) => number,
                None => add(&mut self.profile.stacks, key, PROFILE_STACKS)?,
            };
            self.stacks.insert(key, number);
            stack = Some(number);
        }
        let cpu = processor_time();
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let used = micros(cpu.saturating_sub(self.cpu));
        self.profile.samples.push((stack?, micros(self.begin.elapsed()), used));
        self.cpu = cpu;
        Some(())
    }

    fn function(&mut self, frame: &FrameInfo) -> Option<u32> {
        let function = ProfiledFunction {
            name: frame.func_name().map(short),
            module: frame.module().name().map(short),
            index: frame.func_index(),
        };
        if let Some(number) = self.functions.get(&function) {
            return Some(*number);
        }
        let number = add(&mut self.profile.functions, function.clone(), PROFILE_FUNCTIONS)?;
        self.functions.insert(function, number);
        Some(number)
    }
}

/// Adds to a list that has room, and gives the place.
fn add<T>(list: &mut Vec<T>, entry: T, most: usize) -> Option<u32> {
    let number = u32::try_from(list.len()).ok()?;
    if list.len() >= most {
        return None;
    }
    list.push(entry);
    Some(number)
}

/// A name of the plugin's choice, which can be as long as the plugin.
fn short(name: &str) -> String {
    name.chars().take(PROFILE_NAME).collect()
}
