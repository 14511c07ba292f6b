//! Starting other programs, always without a standard input, so that nothing
//! can wait for a person.

use crate::Result;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The user's cache folder.
pub(crate) fn cache() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        return Ok(folder.into());
    }
    let home = std::env::var_os("HOME").filter(|value| !value.is_empty());
    Ok(PathBuf::from(home.ok_or("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache"))
}

/// The folder that Cargo builds in. On a build machine (`CI` is set) it is outside
/// the clone, so that the next clone finds it.
pub(crate) fn target() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
        Some(folder) => Ok(root().join(folder)),
        None if std::env::var_os("CI").is_some() => Ok(cache()?.join("ringfence-target")),
        None => Ok(root().join("target")),
    }
}

/// A command in the workspace's folder.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Cargo, the one that built this program.
pub(crate) fn cargo() -> Result<Command> {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // These were set for this program, not for what it starts.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TARGET_DIR", target()?);
    Ok(command)
}

/// The command line as a person would type it.
fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    if let Some(name) = Path::new(command.get_program()).file_name() {
        words = vec![name.to_string_lossy().into_owned()];
    }
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Says what it runs, runs it, and fails when it fails.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    println!("+ {}", line(command));
    let status = command.status().map_err(|error| format!("{}: {error}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}`: {status}", line(command)).into()) }
}

/// As [`must`], and hands every line of one output to `see` while it also
/// passes it on.
pub(crate) fn watch(
    command: &mut Command,
    output: Output,
    mut see: impl FnMut(&str),
) -> Result<()> {
    println!("+ {}", line(command));
    match output {
        Output::Standard => command.stdout(Stdio::piped()),
        Output::Error => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", line(command)))?;
    let stream: Box<dyn std::io::Read> = match output {
        Output::Standard => Box::new(child.stdout.take().ok_or("no output")?),
        Output::Error => Box::new(child.stderr.take().ok_or("no output")?),
    };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        eprint!("{text}");
        see(text.trim_end());
        bytes.clear();
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("`{}`: {status}", line(command)).into()) }
}

/// Which output [`watch`] reads.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    Standard,
    Error,
}

/// What the program prints on its standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", line(command)))?;
    if !output.status.success() {
        return Err(format!("`{}`: {}", line(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether the program starts and ends well; its output is dropped.
pub(crate) fn works(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
