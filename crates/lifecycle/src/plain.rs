//! A plain program: input on its standard input, answer on its standard output.

use crate::actions::wait_for_end;
use crate::error::{Phase, RunError};
use crate::jailed::{Deadline, Happening, Jailed, Source};
use crate::observer::Observer;
use ringfence_limits::Resource;
use ringfence_sandbox::End;

/// Runs the program to its end and gives what it printed.
pub(crate) fn run(
    jailed: &mut Jailed,
    input: &[u8],
    observer: &mut dyn Observer,
) -> Result<Vec<u8>, RunError> {
    let limit = jailed.budget().output_bytes;
    let deadline = Deadline::after(jailed.budget().timeouts.call, Phase::Call);
    jailed.program.send(input);
    jailed.program.close_output();
    let mut output = Vec::new();
    let (mut ended, mut closed) = (None, false);
    while ended.is_none() || !closed {
        if closed && ended.is_none() {
            // It closed its output and goes on: it may do so until the deadline.
            if let Some(end) = wait_for_end(jailed, observer) {
                ended = Some(end);
                continue;
            }
        }
        for happening in jailed.wait(deadline, observer)? {
            match happening {
                Happening::Bytes(Source::Output, bytes) => {
                    closed = bytes.is_empty();
                    let total = output.len().saturating_add(bytes.len());
                    if u64::try_from(total).unwrap_or(u64::MAX) > limit {
                        return Err(RunError::Resource {
                            resource: Resource::Output,
                            limit,
                            used: None,
                        });
                    }
                    observer.output(&bytes);
                    output.extend_from_slice(&bytes);
                }
                Happening::Log(bytes) => observer.log(&bytes),
                Happening::Ended(end) => ended = Some(end),
                Happening::Bytes(..) | Happening::Room => {}
            }
        }
    }
    observer.log(&jailed.drain_errors());
    match ended {
        Some(End::Exited(0)) => Ok(output),
        Some(End::Exited(status)) => {
            let (_, usage) = jailed.finish();
            if usage.out_of_memory > 0 {
                return Err(jailed.death(End::Exited(status)));
            }
            Err(RunError::Status { status, output, stderr: jailed.stderr_text() })
        }
        Some(end) => Err(jailed.death(end)),
        None => Err(RunError::Internal { what: "the program's end was lost".to_owned() }),
    }
}
