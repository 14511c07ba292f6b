//! Where a run's by-products go while it runs.

/// Hears what a plugin says beside its answer. All bytes are the plugin's own:
/// whoever shows them neutralises them.
pub trait Observer: Send {
    /// A plain program's standard output, as it comes.
    fn output(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }

    /// Called now and then while a run waits, with the time since it was started.
    fn waiting(&mut self, elapsed: std::time::Duration) {
        let _ = elapsed;
    }

    /// Called now and then while its code is compiled, before it runs, with the time
    /// since that began.
    fn compiling(&mut self, elapsed: std::time::Duration) {
        let _ = elapsed;
    }

    /// A line of ours about the run, safe to show.
    fn tell(&mut self, line: &str) {
        let _ = line;
    }

    /// A line of ours that somebody has to do something about, safe to show.
    fn warn(&mut self, line: &str) {
        let _ = line;
    }

    /// Log lines, standard error, noise on a protocol stream.
    fn log(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
