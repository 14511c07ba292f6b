//! One attack: how it is started, and what would show that it worked.

use ringfence_sandbox::{Exposed, Plan, Runtime};
use ringfence_sandbox_process::ProcessBackend;
use ringfence_tests::{
    Effect, Outcome, Scene, compile, drive, hostile_folder, is_ordinary_user, patience, run,
    system_program,
};
use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) file: &'static str,
    pub(crate) control: Control,
    /// What the control shows.
    pub(crate) effect: Effect,
    pub(crate) ends: Ends,
    pub(crate) deadline: Duration,
    /// How long after the end the host is watched.
    pub(crate) linger: Duration,
    /// A further change of the plan.
    pub(crate) plan: Option<fn(&mut Plan)>,
    /// Why it is not run as an ordinary user.
    pub(crate) root_only: Option<&'static str>,
}

/// How it is shown that the test could fail.
#[derive(Clone, Copy)]
pub(crate) enum Control {
    /// The same program on the host, without a jail.
    Bare,
    /// The same, started by these words.
    By(&'static [&'static str]),
    /// In the jail with one wall taken away.
    Without(fn(&mut Plan)),
    /// Not at all, and why.
    None(&'static str),
}

/// How the program ends in the jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// By itself, after it has tried everything.
    Tried,
    /// With this status, after it has tried everything.
    Status(i32),
    /// In any way, but soon.
    Somehow,
    /// Only when it is ended from outside.
    Stopped,
}

impl Attack {
    pub(crate) const fn new(file: &'static str, effect: Effect, control: Control) -> Self {
        Self {
            file,
            control,
            effect,
            ends: Ends::Tried,
            deadline: Duration::from_secs(8),
            linger: Duration::ZERO,
            plan: None,
            root_only: None,
        }
    }

    pub(crate) const fn ends(self, ends: Ends, milliseconds: u64) -> Self {
        Self { ends, deadline: Duration::from_millis(milliseconds), ..self }
    }

    pub(crate) const fn linger(self, milliseconds: u64) -> Self {
        Self { linger: Duration::from_millis(milliseconds), ..self }
    }

    pub(crate) const fn plan(self, change: fn(&mut Plan)) -> Self {
        Self { plan: Some(change), ..self }
    }

    pub(crate) const fn root_only(self, why: &'static str) -> Self {
        Self { root_only: Some(why), ..self }
    }

    /// Runs it in a jail; gives what went wrong.
    pub(crate) fn in_jail(&self, backend: &ProcessBackend) -> Vec<String> {
        let mut scene = Scene::set(FILE_LIMIT);
        let mut plan = self.plan_in(&scene);
        if let Some(change) = self.plan {
            change(&mut plan);
        }
        let outcome = match backend_run(backend, &plan, self.deadline) {
            Ok(outcome) => outcome,
            Err(error) => return vec![format!("{}: not started: {error}", self.file)],
        };
        std::thread::sleep(patience(self.linger));
        let effects = scene.effects(&outcome.printed);
        let mut wrong = self.ended_wrongly(&outcome);
        if !effects.is_empty() {
            wrong.push(format!("the host shows {effects:?}"));
        }
        if wrong.is_empty() {
            return wrong;
        }
        let tail: Vec<&str> = outcome
            .printed
            .lines()
            .filter(|line| line.starts_with("GOT") || !effects.contains(&Effect::Said))
            .take(40)
            .collect();
        vec![format!(
            "{}: {}; {:?}; it printed:\n{}",
            self.file,
            wrong.join("; "),
            outcome.end,
            tail.join("\n")
        )]
    }

    fn ended_wrongly(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        if !outcome.printed.contains("TRIED") {
            wrong.push("it did not get to its end, so it proves nothing".to_owned());
        }
        if outcome.stopped != (self.ends == Ends::Stopped) {
            wrong
                .push(format!("stopped from outside: {}, meant: {:?}", outcome.stopped, self.ends));
        }
        if let Ends::Status(status) = self.ends
            && outcome.end != ringfence_sandbox::End::Exited(status)
        {
            wrong.push(format!("ended with {:?}", outcome.end));
        }
        if outcome.ending > patience(Duration::from_secs(2)) {
            wrong.push(format!("ending it took {:?}", outcome.ending));
        }
        wrong
    }

    /// Runs it where it can succeed; gives what went wrong.
    pub(crate) fn control(&self, backend: &ProcessBackend) -> Vec<String> {
        let mut scene = Scene::set(FILE_LIMIT);
        let printed = match self.control {
            Control::None(_) => return Vec::new(),
            Control::Bare => self.on_host(&scene, &[]),
            Control::By(words) => self.on_host(&scene, words),
            Control::Without(change) => {
                let mut plan = self.plan_in(&scene);
                if let Some(change) = self.plan {
                    change(&mut plan);
                }
                change(&mut plan);
                match run(backend, &plan, self.deadline) {
                    Ok(outcome) => outcome.printed,
                    Err(error) => {
                        return vec![format!("{}: control not started: {error}", self.file)];
                    }
                }
            }
        };
        std::thread::sleep(patience(self.linger));
        let effects: BTreeSet<Effect> = scene.effects(&printed);
        if effects.contains(&self.effect) {
            return Vec::new();
        }
        vec![format!(
            "{}: the control shows {effects:?} instead of {:?}; it printed:\n{printed}",
            self.file, self.effect
        )]
    }

    fn plan_in(&self, scene: &Scene) -> Plan {
        let source = hostile_folder().join(self.file);
        let path = source.to_str().unwrap();
        let mut plan = match source.extension().and_then(|extension| extension.to_str()) {
            Some("py") => {
                Plan { runtime: Runtime::Python, ..system_program("/usr/bin/python3", &[path]) }
            }
            Some("mjs") => {
                let mut plan =
                    Plan { runtime: Runtime::Node, ..system_program("/usr/bin/node", &[path]) };
                // Node.js alone holds more than the smallest budget.
                plan.budget.memory_bytes = 512 << 20;
                plan
            }
            Some("c") => {
                let program: PathBuf = compile(&source, &scene.at("tools"));
                system_program(program.to_str().unwrap(), &[])
            }
            _ => system_program("/bin/sh", &[path]),
        };
        plan.environment = scene.bait();
        plan.exposed = vec![
            exposed(hostile_folder(), false, false),
            exposed(scene.at("granted"), true, false),
            exposed(scene.at("shared"), false, false),
            exposed(scene.at("tools"), false, true),
        ];
        plan
    }

    /// Runs it on the host, as the control.
    fn on_host(&self, scene: &Scene, by: &[&str]) -> String {
        let plan = self.plan_in(scene);
        let mut words: Vec<std::ffi::OsString> = by.iter().map(Into::into).collect();
        words.push(plan.program.clone().into_os_string());
        words.extend(plan.arguments.clone());
        let log = scene.at("control.txt");
        let output = std::fs::File::create(&log).unwrap();
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .envs(scene.bait())
            .env("TMPDIR", scene.at("tmp"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(scene.at("tmp"))
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while child.try_wait().unwrap().is_none() && begin.elapsed() < patience(self.deadline) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(patience(self.linger));
        let group = i32::try_from(child.id()).unwrap();
        // SAFETY: needed because std cannot signal a group. Sound: plain numbers.
        unsafe { libc::kill(-group, libc::SIGKILL) };
        let _ = child.wait();
        let mut text = Vec::new();
        std::fs::File::open(&log).unwrap().take(1 << 20).read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Largest file of the budget.
const FILE_LIMIT: u64 = 95 << 20;

fn backend_run(
    backend: &ProcessBackend,
    plan: &Plan,
    deadline: Duration,
) -> Result<Outcome, ringfence_sandbox::StartError> {
    use ringfence_sandbox::Backend;
    backend.start(plan).map(|running| drive(running, deadline))
}

pub(crate) fn exposed(path: PathBuf, writable: bool, executable: bool) -> Exposed {
    Exposed { source: path.clone(), target: path, writable, removable: writable, executable }
}

/// Runs every attack of `table` and its control; fails with all that went wrong.
pub(crate) fn all_without_effect(table: &[Attack]) {
    let backend = ringfence_tests::backend();
    let mut wrong = Vec::new();
    for attack in table {
        if let (Some(why), true) = (attack.root_only, is_ordinary_user()) {
            println!("not run as an ordinary user: {}: {why}", attack.file);
            continue;
        }
        let begin = Instant::now();
        wrong.extend(attack.in_jail(&backend));
        let jailed = begin.elapsed();
        if is_ordinary_user() {
            continue;
        }
        wrong.extend(attack.control(&backend));
        if let Control::None(why) = attack.control {
            println!("no control: {}: {why}", attack.file);
        }
        println!("{}: {jailed:?} in the jail, {:?} with its control", attack.file, begin.elapsed());
    }
    assert!(wrong.is_empty(), "{} of {}:\n\n{}", wrong.len(), table.len(), wrong.join("\n\n"));
}
