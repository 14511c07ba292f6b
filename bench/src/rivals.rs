//! Other people's programs, as a careful person would call them.

use crate::contest::{Contender, Entry, Name, Side};
use crate::jobs::Job;
use crate::native::last_line;
use ringfence_sandbox_process::find_program;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command that is timed from its start until it has ended.
pub(crate) struct Timed {
    name: Name,
    command: Command,
    answer: Option<&'static str>,
}

impl Timed {
    pub(crate) fn entry(name: Name, words: &[OsString], answer: Option<&'static str>) -> Entry {
        Self::entry_with(name, words, answer, |command| command)
    }

    /// As [`Timed::entry`], with more to say about the command.
    pub(crate) fn entry_with(
        name: Name,
        words: &[OsString],
        answer: Option<&'static str>,
        more: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Entry {
        let Some((program, arguments)) = words.split_first() else {
            return Entry::Absent { name, reason: "no command".to_owned() };
        };
        let mut command = Command::new(program);
        more(command.args(arguments).stdin(Stdio::null()));
        Entry::Runs(Box::new(Self { name, command, answer }))
    }
}

impl Contender for Timed {
    fn names(&self) -> Vec<Name> {
        vec![self.name.clone()]
    }

    fn try_out(&mut self) -> Result<(), String> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self.command.output().map_err(|error| error.to_string())?;
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        if !output.status.success() {
            return Err(last_line(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        match self.answer {
            Some(answer) if !text.contains(answer) => Err("it gave another answer".to_owned()),
            _ => Ok(()),
        }
    }

    fn once(&mut self) -> Result<Vec<Duration>, String> {
        let begin = Instant::now();
        // Started through posix_spawn, as a shell or a daemon would.
        let status = self.command.status().map_err(|error| error.to_string())?;
        let time = begin.elapsed();
        if status.success() { Ok(vec![time]) } else { Err(status.to_string()) }
    }
}

/// Where a program is, by the search path.
pub(crate) fn find(name: &str) -> Result<PathBuf, String> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    find_program(OsStr::new(name), &search).map_err(|_| format!("`{name}` is not installed"))
}

/// No isolation.
pub(crate) fn bare(job: &Job) -> Entry {
    let words: Vec<OsString> = job.words().collect();
    Timed::entry(Name::new(Side::Bare, "bare (posix_spawn)"), &words, job.answer)
}

/// Everybody who is a plain command.
pub(crate) fn commands(job: &Job) -> Vec<Entry> {
    vec![
        command("bubblewrap", "bwrap", &bubblewrap(job), job),
        command("nsjail", "nsjail", &nsjail(job), job),
        engine("docker", job),
        engine("podman", job),
    ]
}

fn command(name: &str, program: &str, arguments: &[OsString], job: &Job) -> Entry {
    match find(program) {
        Ok(path) => {
            let mut words = vec![path.into_os_string()];
            words.extend(arguments.iter().cloned().chain(job.words()));
            Timed::entry(Name::new(Side::Rival, name), &words, job.answer)
        }
        Err(reason) => Entry::absent(Side::Rival, name, reason),
    }
}

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

/// Every namespace, `/usr` read-only, own `/proc`, `/dev` and `/tmp`. It has
/// neither a system call filter of its own nor limits.
pub(crate) fn bubblewrap(job: &Job) -> Vec<OsString> {
    let mut arguments = words(
        "--unshare-all --new-session --die-with-parent --ro-bind /usr /usr \
         --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp",
    );
    for path in &job.shown {
        arguments.extend(["--ro-bind".into(), path.into(), path.into()]);
    }
    arguments.push("--".into());
    arguments
}

/// Its default namespaces and limits, quiet.
fn nsjail(job: &Job) -> Vec<OsString> {
    let mut arguments = words("-Mo -Q -R /usr -s usr/lib:/lib -s usr/lib64:/lib64 -T /tmp");
    for path in &job.shown {
        arguments.extend(["-R".into(), path.into()]);
    }
    arguments.push("--".into());
    arguments
}

/// Image for docker and podman, made from the host's own programs would be the
/// host's whole `/usr`: only a program that needs no library is measured there.
fn engine(name: &'static str, job: &Job) -> Entry {
    let absent = |reason: String| Entry::absent(Side::Rival, name, reason);
    let program = match find(name) {
        Ok(program) => program,
        Err(reason) => return absent(reason),
    };
    let output = match Command::new(&program).arg("info").stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return absent(error.to_string()),
    };
    // The client prints its own facts and fails when nobody answers.
    if !output.status.success() {
        return absent(last_line(&output.stderr));
    }
    if job.program.starts_with("/usr") {
        return absent("measured with the static program only".to_owned());
    }
    match import(&program, &job.program) {
        Ok(()) => {
            let mut words = vec![program.into_os_string()];
            words.extend(
                ["run", "--rm", "--network", "none", IMAGE, "/program"].map(OsString::from),
            );
            Timed::entry(Name::new(Side::Rival, name), &words, job.answer)
        }
        Err(reason) => absent(reason),
    }
}

const IMAGE: &str = "ringfence-bench:latest";

/// An image that holds this program alone, as `/program`.
fn import(engine: &Path, program: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    let folder = program.parent().ok_or("no folder")?.join("image");
    std::fs::create_dir_all(&folder).map_err(said)?;
    std::fs::copy(program, folder.join("program")).map_err(said)?;
    let archive = folder.with_extension("tar");
    let packed = Command::new("tar")
        .arg("-cf")
        .arg(&archive)
        .arg("-C")
        .arg(&folder)
        .arg("program")
        .output()
        .map_err(said)?;
    if !packed.status.success() {
        return Err(last_line(&packed.stderr));
    }
    let imported =
        Command::new(engine).arg("import").arg(&archive).arg(IMAGE).output().map_err(said)?;
    if imported.status.success() { Ok(()) } else { Err(last_line(&imported.stderr)) }
}
