//! What is taken back reaches instances of an application that embeds the library.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "support for tests: a failure here is a failure of the test"
)]

use ringfence::{Cause, Engine, ExitCode, Plugins, Ringfence, RunError, Terms};
use rustix::event::{Timespec, poll};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const TWO_SECONDS: Duration = Duration::from_secs(2);

const CODE: &str = "
def keep(input, ringfence):
    ringfence.storage.set('kept', input)
    return 'kept'
";

struct Host {
    _folder: TempDir,
    ringfence: Ringfence,
    plugins: Plugins,
    tool: std::path::PathBuf,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let home = folder.path().canonicalize().unwrap().join("home");
        let ringfence = Ringfence::open_at(&home).unwrap();
        let plugins = Plugins::open(&home).unwrap();
        let tool = folder.path().join("tool");
        fs::create_dir(&tool).unwrap();
        fs::write(tool.join("plugin.py"), CODE).unwrap();
        let manifest = "name: tool\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n\
                        permissions:\n  - storage.write\n";
        fs::write(tool.join("plugin.yaml"), manifest).unwrap();
        let host = Self { _folder: folder, ringfence, plugins, tool };
        host.install();
        host
    }

    fn engine(&self) -> &Engine {
        self.ringfence.engine()
    }

    fn install(&self) {
        let incoming = self.plugins.from_path(self.engine(), &self.tool).unwrap();
        let terms = Terms { accept_declared: true, by: "host".into(), ..Terms::default() };
        let proposal = self.plugins.propose(self.engine(), &incoming, &terms).unwrap();
        let allowed = ringfence::Allowed::default();
        self.plugins.install(self.engine(), &incoming, proposal, allowed).unwrap();
    }

    fn started(&self) -> (ringfence::Instance, ringfence::Kept) {
        let name = "tool".parse().unwrap();
        let ready = self.plugins.ready(self.engine(), &name, Vec::new(), false).unwrap();
        let mut terms = Terms { by: "host".into(), ..Terms::default() };
        ready.kept.add_to(&mut terms);
        let review = self.engine().review(ready.package, terms).unwrap();
        let silent = Box::new(ringfence::Silent);
        let mut instance = self.engine().start(review, None, silent).unwrap();
        instance.initialise().unwrap();
        (instance, ready.kept)
    }
}

fn pause(time: Duration) {
    let _ = poll(&mut [], Some(&Timespec::try_from(time).unwrap()));
}

fn ends_soon(instance: &mut ringfence::Instance) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < TWO_SECONDS {
        if instance.has_ended() {
            return true;
        }
        pause(Duration::from_millis(20));
    }
    false
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[test]
fn an_instance_that_nobody_calls_just_now_is_ended_and_says_why_when_it_is_called() {
    let host = Host::new();
    let name = "tool".parse().unwrap();
    let (mut instance, _kept) = host.started();
    assert!(instance.execute("keep", &Value::from(1)).is_ok());
    let pid = instance.host_pid();
    host.plugins.quarantine(&name, "it phoned home").unwrap();
    assert!(ends_soon(&mut instance), "it runs on");
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    let error = instance.execute("keep", &Value::from(2)).unwrap_err();
    let RunError::Recalled(recall) = &error else { panic!("{error:?}") };
    assert_eq!(recall.cause, Cause::Quarantined);
    assert_eq!(error.exit_code(), ExitCode::Recalled);
    // And nothing of its bytes starts, from wherever they come.
    let refused = host.ringfence.plugin(&host.tool).grant_declared().start().err().unwrap();
    assert!(refused.to_string().contains("it phoned home"), "{refused}");
    assert_eq!(refused.exit_code(), ExitCode::Refused);
}

#[test]
fn a_grant_ends_at_its_time_and_when_it_is_taken_back_while_the_instance_lives() {
    let host = Host::new();
    let name = "tool".parse().unwrap();
    let write = "storage.write".parse().unwrap();
    let until = now_ms() + 1_500;
    host.plugins.grant(&name, &write, Some(until)).unwrap();
    let (mut instance, _kept) = host.started();
    assert!(instance.execute("keep", &Value::from(1)).is_ok());
    pause(TWO_SECONDS);
    let error = instance.execute("keep", &Value::from(2)).unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::Denied, "{error}");
    drop(instance);
    // Granted for longer while it runs, it is not had for longer: it never gains anything.
    host.plugins.grant(&name, &write, None).unwrap();
    let (mut instance, _kept) = host.started();
    assert!(instance.execute("keep", &Value::from(3)).is_ok());
    // For less: then it ends sooner.
    host.plugins.grant(&name, &write, Some(now_ms() + 500)).unwrap();
    pause(TWO_SECONDS);
    assert!(instance.execute("keep", &Value::from(4)).is_err());
    assert!(!instance.has_ended(), "the instance lives");
}

#[test]
fn an_instance_that_outlives_its_engine_is_watched_as_before() {
    let host = Host::new();
    let name = "tool".parse().unwrap();
    let (mut instance, _kept) = host.started();
    let Host { ringfence, plugins, _folder, .. } = host;
    drop(ringfence);
    plugins.quarantine(&name, "gone").unwrap();
    assert!(ends_soon(&mut instance), "it runs on");
}
