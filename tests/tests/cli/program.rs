//! Runs the program `ringfence` as a user would, for a bounded time.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here may take longer; what does is killed and fails.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);
/// Compiling is stopped after 120 s; on a busy machine it comes near that.
const LONGEST_COMPILING: Duration = Duration::from_secs(180);

/// The program under test, beside the tests' own folder.
pub(crate) fn ringfence() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("ringfence");
    assert!(program.is_file(), "build it: cargo build -p ringfence-cli");
    program
}

/// Environment variable with a copy of the repository that another user can read.
pub(crate) const COPY: &str = "RINGFENCE_TESTS_REPOSITORY";

/// A file or folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    match std::env::var_os(COPY) {
        Some(copy) => PathBuf::from(copy),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap(),
    }
    .join(path)
}

/// One user: a home of their own, and a folder for what they make.
pub(crate) struct User {
    folder: TempDir,
}

impl User {
    pub(crate) fn new() -> Self {
        // Not below /tmp: there no grant keeps changing and deleting apart.
        let place = std::env::var_os("TMPDIR").unwrap_or_else(|| "/var/tmp".into());
        let folder = tempfile::Builder::new().prefix("user-").tempdir_in(place).unwrap();
        let user = Self { folder };
        fs::create_dir(user.home()).unwrap();
        fs::set_permissions(user.home(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::create_dir(user.folder.path().join("work")).unwrap();
        user
    }

    /// `RINGFENCE_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path in the user's working folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// Writes a file in the working folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A python plugin with this code and these further lines of manifest.
    pub(crate) fn python_plugin(&self, code: &str, manifest: &str) -> PathBuf {
        self.write("plugin/plugin.py", code);
        let head = "name: example\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n";
        self.write("plugin/plugin.yaml", format!("{head}{manifest}"));
        self.path("plugin")
    }

    /// `ringfence` with arguments, nobody at a terminal.
    pub(crate) fn ringfence<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Invocation {
        let mut command = Command::new(ringfence());
        command.args(arguments);
        self.invocation(command)
    }

    /// `ringfence` as the last words of another command line.
    pub(crate) fn ringfence_under(&self, outer: &[&str], arguments: &[&str]) -> Invocation {
        let mut command = Command::new(outer[0]);
        command.args(&outer[1..]).arg(ringfence()).args(arguments);
        self.invocation(command)
    }

    fn invocation(&self, mut command: Command) -> Invocation {
        command.env("RINGFENCE_HOME", self.home()).current_dir(self.path("."));
        Invocation { command, input: None, stays: false, longest: LONGEST }
    }

    /// Whether the kernel counts here for the whole jail; else we watch it, and
    /// each process meets the limit by itself.
    pub(crate) fn has_cgroup(&self) -> bool {
        let card = self.ringfence(["run", "--json", "--", "true"]).run().json();
        let walls = card["card"]["level"]["walls"].as_array().unwrap().clone();
        walls.iter().any(|wall| wall["name"] == "cgroup" && wall["stands"] == true)
    }

    /// All records, oldest first.
    pub(crate) fn records(&self) -> Vec<Value> {
        let done = self.ringfence(["audit", "list", "--json"]).run();
        assert_eq!(done.code, Some(0), "{done:?}");
        done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Kinds of all records that are events.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let records = self.records();
        records.iter().filter_map(|r| Some(r["event"]["kind"].as_str()?.to_owned())).collect()
    }
}

/// A command line before it is run.
pub(crate) struct Invocation {
    pub(crate) command: Command,
    input: Option<Vec<u8>>,
    stays: bool,
    longest: Duration,
}

impl Invocation {
    /// It may have to compile a large component first, which has a limit of its own.
    pub(crate) fn compiles(mut self) -> Self {
        self.longest = LONGEST_COMPILING;
        self
    }

    /// Leaves standard input open after what was written: somebody still waits.
    pub(crate) fn stays(mut self) -> Self {
        self.stays = true;
        self
    }

    /// What comes through the pipe on standard input; without it, the pipe stays
    /// open and empty: whoever waits for it, waits for ever.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Done {
        self.start().finish()
    }

    /// Starts it in a process group of its own.
    pub(crate) fn start(mut self) -> Started {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.process_group(0);
        let mut child = self.command.spawn().unwrap();
        let stdin = std::os::fd::OwnedFd::from(child.stdin.take().unwrap());
        let hold = (self.stays || self.input.is_none()).then(|| stdin.try_clone().unwrap());
        let writer = self.input.map(|bytes| write_all(fs::File::from(stdin), bytes));
        let stdout = Collected::start(child.stdout.take().unwrap());
        let stderr = Collected::start(child.stderr.take().unwrap());
        let (begin, longest) = (Instant::now(), self.longest);
        Started { child, begin, longest, hold, writer, stdout, stderr }
    }
}

fn write_all(mut pipe: impl Write + Send + 'static, bytes: Vec<u8>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        // Who stops reading early has its reasons.
        let _ = pipe.write_all(&bytes);
    })
}

/// A stream that is read as it comes.
pub(crate) struct Collected {
    bytes: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reader: JoinHandle<()>,
}

impl Collected {
    pub(crate) fn start(mut stream: impl Read + Send + 'static) -> Self {
        let bytes: Arc<(Mutex<Vec<u8>>, Condvar)> = Arc::default();
        let shared = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(length) = stream.read(&mut buffer) {
                if length == 0 {
                    break;
                }
                shared.0.lock().unwrap().extend_from_slice(&buffer[..length]);
                shared.1.notify_all();
            }
        });
        Self { bytes, reader }
    }

    /// Waits until the stream holds this text; everything that came by then.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let begin = Instant::now();
        let mut bytes = self.bytes.0.lock().unwrap();
        loop {
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            if shown.contains(text) {
                return shown;
            }
            assert!(begin.elapsed() < LONGEST, "`{text}` never came, only: {shown}");
            bytes = self.bytes.1.wait_timeout(bytes, Duration::from_millis(200)).unwrap().0;
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.reader.join().unwrap();
        std::mem::take(&mut self.bytes.0.lock().unwrap())
    }
}

/// A command line that runs.
pub(crate) struct Started {
    pub(crate) child: Child,
    begin: Instant,
    longest: Duration,
    hold: Option<std::os::fd::OwnedFd>,
    writer: Option<JoinHandle<()>>,
    pub(crate) stdout: Collected,
    pub(crate) stderr: Collected,
}

impl Started {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// As a terminal does with Ctrl-C: the whole process group.
    pub(crate) fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).unwrap();
    }

    pub(crate) fn finish(mut self) -> Done {
        assert!(
            wait_at_most(self.pid(), self.longest.saturating_sub(self.begin.elapsed())),
            "it still runs after {:?}",
            self.longest
        );
        let status = self.child.wait().unwrap();
        drop(self.hold.take());
        if let Some(writer) = self.writer.take() {
            writer.join().unwrap();
        }
        Done {
            code: status.code(),
            signal: status.signal(),
            bytes: Vec::new(),
            stdout: String::new(),
            stderr: String::from_utf8_lossy(&self.stderr.finish()).into_owned(),
            took: self.begin.elapsed(),
        }
        .with_stdout(self.stdout.finish())
    }
}

/// Waits for the end of a process; kills its group when it is late.
pub(crate) fn wait_at_most(pid: Pid, limit: Duration) -> bool {
    let fd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    let timeout = Timespec::try_from(limit).unwrap();
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let in_time = poll(&mut fds, Some(&timeout)).unwrap() == 1;
    if !in_time {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    in_time
}

/// Waits a moment without keeping a core busy.
pub(crate) fn pause(time: Duration) {
    let _ = poll(&mut [], Some(&Timespec::try_from(time).unwrap()));
}

/// Whether it holds soon.
pub(crate) fn soon(mut holds: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(5) {
        if holds() {
            return true;
        }
        pause(Duration::from_millis(20));
    }
    holds()
}

/// How a command line ended.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    /// Standard output.
    pub(crate) bytes: Vec<u8>,
    /// Standard output as text.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Done {
    fn with_stdout(mut self, bytes: Vec<u8>) -> Self {
        self.stdout = String::from_utf8_lossy(&bytes).into_owned();
        self.bytes = bytes;
        self
    }

    /// Standard output as the one JSON object that `--json` promises.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "not one line: {self:?}");
        let value: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        value
    }
}

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |text: &str| text.chars().take(4000).collect::<String>();
        write!(
            f,
            "exit {:?}, signal {:?}, after {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.signal,
            self.took,
            short(&self.stdout),
            short(&self.stderr)
        )
    }
}
