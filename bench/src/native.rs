//! The small C programs: compiled at run time, then asked once for each run.

use crate::contest::{Contender, Entry, Name, Side};
use crate::jobs::Job;
use crate::scratch::Scratch;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The compiled programs, or why there are none.
pub(crate) struct Native {
    /// Ends at once.
    pub(crate) nothing: Result<PathBuf, String>,
    floor: Result<PathBuf, String>,
    folder: PathBuf,
}

impl Native {
    pub(crate) fn build(scratch: &Scratch) -> crate::Result<Self> {
        let folder = scratch.public("native")?;
        let compile = |name: &str, source: &str, flags: &[&str]| {
            compile(&folder, name, source, flags).map_err(|error| error.to_string())
        };
        Ok(Self {
            nothing: compile(
                "nothing",
                include_str!("../native/true.c"),
                &["-Os", "-static", "-nostdlib", "-s"],
            ),
            floor: compile("floor", include_str!("../native/floor.c"), &["-O2", "-static"]),
            folder,
        })
    }

    /// The floor in one of its modes, for `words`.
    pub(crate) fn entry(&self, name: Name, mode: &'static str, job: &Job) -> Entry {
        let words: Vec<_> = job.words().collect();
        self.entry_with(name, mode, &words)
    }

    /// As [`Native::entry`] with any command.
    pub(crate) fn entry_with(
        &self,
        name: Name,
        mode: &'static str,
        words: &[std::ffi::OsString],
    ) -> Entry {
        match &self.floor {
            Ok(program) => {
                let mut command = Command::new(program);
                command.arg(mode).args(words).current_dir(&self.folder);
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                Entry::Runs(Box::new(Asked { name, command, running: None }))
            }
            Err(reason) => Entry::Absent { name, reason: reason.clone() },
        }
    }
}

/// Compiles one file of C.
pub(crate) fn compile(
    folder: &Path,
    name: &str,
    source: &str,
    flags: &[&str],
) -> crate::Result<PathBuf> {
    let program = folder.join(name);
    let text = folder.join(format!("{name}.c"));
    std::fs::write(&text, source)?;
    let output = Command::new("cc").args(flags).arg("-o").arg(&program).arg(&text).output();
    let output = output.map_err(|error| format!("no C compiler (`cc`): {error}"))?;
    if output.status.success() {
        Ok(program)
    } else {
        Err(format!("`cc` failed: {}", last_line(&output.stderr)).into())
    }
}

/// The last line that says anything.
pub(crate) fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no word why");
    // An error message of a stranger may hold anything.
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// A program that measures by itself, once for every byte it gets.
struct Asked {
    name: Name,
    command: Command,
    running: Option<(Child, ChildStdin, BufReader<ChildStdout>)>,
}

impl Asked {
    fn ask(&mut self) -> Option<Duration> {
        let (_, requests, answers) = self.running.as_mut()?;
        requests.write_all(b"1").ok()?;
        let mut line = String::new();
        answers.read_line(&mut line).ok()?;
        Some(Duration::from_nanos(line.trim().parse().ok()?))
    }
}

impl Contender for Asked {
    fn names(&self) -> Vec<Name> {
        vec![self.name.clone()]
    }

    fn try_out(&mut self) -> Result<(), String> {
        let mut child = self.command.spawn().map_err(|error| error.to_string())?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (requests, answers) = pipes.ok_or("no pipes")?;
        self.running = Some((child, requests, BufReader::new(answers)));
        self.once().map(drop)
    }

    fn once(&mut self) -> Result<Vec<Duration>, String> {
        if let Some(time) = self.ask() {
            return Ok(vec![time]);
        }
        let Some((child, requests, answers)) = self.running.take() else {
            return Err("it is not running".to_owned());
        };
        drop((requests, answers));
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        Err(last_line(&output.stderr))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some((mut child, requests, answers)) = self.running.take() {
            drop((requests, answers));
            let _ = child.wait();
        }
    }
}

/// The kernel's own figures for a job: nothing around the program, namespaces
/// around it, every wall around it.
pub(crate) fn floors(native: &Native, job: &Job) -> Vec<Entry> {
    [
        (Side::Bare, "bare, started by a tiny C program", "spawn"),
        (Side::Floor, "floor: seven namespaces, exec, wait", "namespaces"),
        (Side::Floor, "floor: the same walls as ours, by hand in C", "walls"),
    ]
    .into_iter()
    .map(|(side, text, mode)| native.entry(Name::new(side, text), mode, job))
    .collect()
}
