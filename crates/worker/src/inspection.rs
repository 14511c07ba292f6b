//! What is found out about one call, for who asks: a profile, and what a trap leaves.

use crate::sampler::Sampler;
use crate::stop::Stop;
use crate::wire::Wire;
use ringfence_protocol::worker::{Inspect, ReportKind, Stopped};
use wasmtime::{Store, WasmCoreDump};

/// Bytes of memory that a core dump holds; what lies behind them is left out. Making
/// one takes several times as much.
const DUMPED_MEMORY: usize = 16 << 20;
/// Memory is looked through in pieces of this size, as the engine's writer does.
const PIECE: usize = 4096;

/// What one call is asked for, and what was found so far.
#[derive(Default)]
pub(crate) struct Inspection {
    pub(crate) sampler: Option<Sampler>,
    wants_core_dump: bool,
    /// The dump, and bytes of memory that it lacks.
    core_dump: Option<(Vec<u8>, u64)>,
}

impl Inspection {
    /// Of a call that begins now.
    pub(crate) fn begin(inspect: Inspect) -> Self {
        Self {
            sampler: inspect.profile.then(Sampler::new),
            wants_core_dump: inspect.core_dump,
            core_dump: None,
        }
    }

    /// The call has ended; memory of the plugin is not looked at any more.
    ///
    /// A call that a limit has stopped leaves no dump but where it was that of memory:
    /// then it is the plugin's own code that gave up.
    pub(crate) fn keep_core_dump<T: 'static>(
        &mut self,
        error: &wasmtime::Error,
        stop: &Stop,
        store: &mut Store<T>,
    ) {
        let trapped = matches!(stop, Stop::Trap(_) | Stop::Limit(Stopped::Memory));
        let dump = error.downcast_ref::<WasmCoreDump>().filter(|_| trapped);
        if let (true, Some(dump)) = (self.wants_core_dump, dump) {
            let left_out = blank(dump, store);
            let bytes = dump.serialize(&mut *store, "plugin");
            let whole = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.core_dump = Some(if bytes.len() > ReportKind::CoreDump.most_bytes() {
                (Vec::new(), left_out.saturating_add(whole))
            } else {
                (bytes, left_out)
            });
        }
    }

    /// Sends what was found, before the answer.
    pub(crate) fn send(self, wire: &mut Wire) -> Result<(), Stop> {
        if let Some(sampler) = self.sampler {
            let (profile, left_out) = sampler.finish();
            let bytes = serde_json::to_vec(&profile).map_err(|_| Stop::Gone)?;
            wire.report(ReportKind::Profile, &bytes, left_out)?;
        }
        if let Some((bytes, left_out)) = self.core_dump {
            wire.report(ReportKind::CoreDump, &bytes, left_out)?;
        }
        Ok(())
    }
}

/// Leaves only so much in the memories of a store that is never used again as a dump
/// holds, and gives how many bytes were taken out.
fn blank<T: 'static>(dump: &WasmCoreDump, store: &mut Store<T>) -> u64 {
    let mut room = DUMPED_MEMORY;
    let mut left_out = 0_u64;
    for memory in dump.memories() {
        for piece in memory.data_mut(&mut *store).chunks_mut(PIECE) {
            if piece.iter().all(|byte| *byte == 0) {
                continue;
            }
            match room.checked_sub(piece.len()) {
                Some(rest) => room = rest,
                None => {
                    piece.fill(0);
                    left_out += u64::try_from(piece.len()).unwrap_or(u64::MAX);
                }
            }
        }
    }
    left_out
}
