//! Components that export `wasi:cli/run`: programs with input and output.

use crate::component::Runner;
use crate::stop::Stop;
use wasmtime::component::Component;
use wasmtime_wasi::p2::bindings::Command;

/// Runs a program once and gives its exit status.
pub(crate) fn run(runner: &Runner, component: &Component) -> Result<i32, Stop> {
    let mut store = runner.store(true);
    let linker = runner.linker().map_err(|error| Stop::of(&error, false))?;
    let ended = runner.drive(async {
        let command = Command::instantiate_async(&mut store, component, &linker).await?;
        command.wasi_cli_run().call_run(&mut store).await
    });
    match ended {
        Ok(Ok(())) => Ok(0),
        Ok(Err(())) => Ok(1),
        Err(Stop::Exit(status)) => Ok(status),
        Err(stop) => Err(stop),
    }
}
