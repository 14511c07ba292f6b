//! The jailer program: serves the socket on descriptor 0 until it closes. Its first
//! argument is `one` if it will be asked for one jail, its second the folder for
//! cgroups, if the host was told one.
//!
//! As it is carried in the library it has no standard library and no C library,
//! see `start.rs`; built as the other programs are, it is an ordinary program.
#![cfg_attr(panic = "abort", no_std, no_main)]

#[cfg(panic = "abort")]
mod start;

#[cfg(not(panic = "abort"))]
fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (how, cgroup) = (arguments.next(), arguments.next());
    match ringfence_jailer::serve(cgroup.as_deref(), how.as_deref() == Some("one")) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(_) => std::process::ExitCode::FAILURE,
    }
}
