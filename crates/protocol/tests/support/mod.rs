//! A real runner in a real interpreter, its descriptor 3 one end of a real pair
//! of sockets.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use ringfence_protocol::{
    CallId, Event, Initialize, PluginError, ReplyError, Session, SessionLimits,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Language {
    Node,
    Python,
}

pub(crate) struct Runner {
    pub(crate) session: Session,
    pub(crate) child: Child,
    pub(crate) folder: TempDir,
    socket: UnixStream,
    events: Vec<Event>,
}

fn sdk(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sdk").join(file)
}

impl Runner {
    /// Starts a runner on a plugin of one file.
    pub(crate) fn start(language: Language, file: &str, source: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join(file), source).unwrap();
        Self::start_in(language, folder, file, None, SessionLimits::default())
    }

    pub(crate) fn start_in(
        language: Language,
        folder: TempDir,
        entry: &str,
        class: Option<&str>,
        limits: SessionLimits,
    ) -> Self {
        Self::start_module(language, folder, entry, None, class, limits)
    }

    pub(crate) fn start_module(
        language: Language,
        folder: TempDir,
        entry: &str,
        module: Option<&str>,
        class: Option<&str>,
        limits: SessionLimits,
    ) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (program, runner) = match language {
            Language::Node => ("node", sdk("node/runner.cjs")),
            Language::Python => ("python3", sdk("python/runner.py")),
        };
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$@" 3<&0 </dev/null"#, "sh", program]);
        if language == Language::Python {
            command.args(["-I", "-S", "-B"]);
        }
        let child = command
            .arg(runner)
            .current_dir(folder.path())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        ours.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut session = Session::new(limits);
        session
            .initialize(&Initialize {
                entry: folder.path().join(entry).to_str().unwrap().to_owned(),
                module: module.map(str::to_owned),
                class: class.map(str::to_owned),
                plugin: "example".to_owned(),
                actions: Vec::new(),
                search_paths: vec![folder.path().to_str().unwrap().to_owned()],
                config: json!({ "greeting": "hello" }),
            })
            .unwrap();
        Self { session, child, folder, socket: ours, events: Vec::new() }
    }

    /// Sends what there is to send and waits for one event; `None` at the end
    /// of the stream.
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            // A runner that is gone does not take what is sent; the read below
            // tells.
            let _ = self.socket.write_all(&self.session.take_output());
            if !self.events.is_empty() {
                return Some(self.events.remove(0));
            }
            let mut buffer = [0; 65536];
            match self.socket.read(&mut buffer) {
                Ok(0) => return None,
                Ok(read) => self.events = self.session.receive(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came from the runner: {error}"),
            }
        }
    }

    pub(crate) fn ready(&mut self) -> Vec<String> {
        match self.next() {
            Some(Event::Ready { actions }) => actions,
            other => panic!("not ready: {other:?} {}", self.stderr()),
        }
    }

    pub(crate) fn call(&mut self, action: &str, input: &Value) -> CallId {
        self.session.call(action, input).unwrap()
    }

    /// Calls an action and waits for its end, in which no broker request is
    /// expected.
    pub(crate) fn answer(&mut self, action: &str, input: &Value) -> Result<Value, PluginError> {
        self.answer_with(action, input, |method, _| panic!("unexpected request {method}"))
    }

    /// Calls an action and answers its requests to the broker.
    pub(crate) fn answer_with(
        &mut self,
        action: &str,
        input: &Value,
        mut broker: impl FnMut(&str, &Value) -> Result<Value, ReplyError>,
    ) -> Result<Value, PluginError> {
        let call = self.call(action, input);
        loop {
            match self.next() {
                Some(Event::CallEnded { call: ended, outcome }) if ended == call => return outcome,
                Some(Event::Request { id, method, params }) => {
                    let outcome = broker(&method, &params);
                    self.session.reply(&id, outcome).unwrap();
                }
                other => panic!("no answer: {other:?} {}", self.stderr()),
            }
        }
    }

    /// Closes the session and waits for the process.
    pub(crate) fn close(mut self) -> (Option<i32>, String, String) {
        self.socket.shutdown(std::net::Shutdown::Write).unwrap();
        let status = self.child.wait().unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        (status.code(), stdout, self.stderr())
    }

    pub(crate) fn stderr(&mut self) -> String {
        let _ = self.child.kill();
        let mut text = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut text).unwrap();
        }
        text
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
