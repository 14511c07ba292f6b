//! What a person's Ctrl-C does while something is under way.

use crate::failure::Failure;
use ringfence::Interrupt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Raises `interrupt` at every signal that means "end".
pub(crate) fn catch(interrupt: &Interrupt) -> Result<(), Failure> {
    for signal in SIGNALS {
        let writer = interrupt.writer().map_err(Failure::usage)?;
        signal_hook::low_level::pipe::register(signal, writer).map_err(Failure::usage)?;
    }
    Ok(())
}

/// Signals are caught as long as this is here. Afterwards they end the program, as they do
/// when nobody catches them.
pub(crate) struct Caught {
    interrupt: Interrupt,
    over: Arc<AtomicBool>,
}

impl Caught {
    pub(crate) fn begin() -> Result<Self, Failure> {
        let interrupt = Interrupt::new().map_err(Failure::usage)?;
        let over = Arc::new(AtomicBool::new(false));
        for signal in SIGNALS {
            // Before the other one: of several, the first is asked first.
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&over))
                .map_err(Failure::usage)?;
        }
        catch(&interrupt)?;
        Ok(Self { interrupt, over })
    }

    pub(crate) const fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}
