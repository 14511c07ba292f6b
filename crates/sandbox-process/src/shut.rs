//! A jail for the calling process itself, for the time after it has read all it needs.

use ringfence_sandbox::StartError;

/// Gives up everything but memory, own threads, clocks and writing to the standard
/// streams, for ever; every other descriptor is closed, so hold none. Landlock is a
/// second wall, where the kernel has it.
///
/// # Errors
/// When this process has a second thread, which would keep what this one gives up, or
/// when the kernel refuses a step. The process must then not go on: it may have lost a
/// part of what it had, and is not shut in.
pub fn shut_in() -> Result<(), StartError> {
    let refused = |reason: String| StartError::Unavailable {
        step: "shutting the own process in".to_owned(),
        reason,
        help: None,
    };
    let threads = std::fs::read_dir("/proc/self/task").map_err(|error| {
        refused(format!("its threads cannot be counted in /proc/self/task: {error}"))
    })?;
    match threads.count() {
        1 => {}
        count => return Err(refused(format!("it has {count} threads"))),
    }
    ringfence_jailer::shut_in()
        .map(drop)
        .map_err(|(stage, errno)| crate::jail::failure(stage, errno.0, &[]))
}
