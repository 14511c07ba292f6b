//! `ringfence doctor --attack`: our own probes inside our own jail, here.

use crate::arguments::Doctor;
use crate::output;
use ringfence::{Limits, Preset};
use ringfence_probe::{Bait, Class, Expected, Features, Report, Touch, Verdict, expected};
use ringfence_sandbox::{Backend, Exposed, Plan, Programs, Runtime};
use ringfence_sandbox_process::{PROBE, ProcessBackend};
use ringfence_sandbox_wasm::sealed;
use ringfence_types::ExitCode;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one whole set may take.
const LONGEST: Duration = Duration::from_secs(120);
/// Most output of the probe program, in bytes.
const MOST_OUTPUT: u64 = 4 << 20;

/// One way in which plugins are jailed.
struct Profile {
    name: &'static str,
    features: Features,
}

/// The profiles differ only in whether a compiler may write code, and whether there
/// is a network: python and plain programs are jailed alike.
const PROFILES: [Profile; 4] = [
    Profile { name: "python, command", features: NOTHING },
    Profile { name: "node", features: Features { jit: true, ..NOTHING } },
    Profile { name: "with a network", features: Features { network: true, ..NOTHING } },
    Profile { name: "webassembly", features: Features { engine: true, ..NOTHING } },
];
const NOTHING: Features = Features { jit: false, network: false, engine: false };

/// What one profile let through.
struct Outcome {
    profile: &'static str,
    report: Report,
    touched: Vec<Touch>,
    features: Features,
}

pub(crate) fn run(arguments: &Doctor) -> ExitCode {
    let mut outcomes = Vec::new();
    for profile in PROFILES {
        if !arguments.json {
            let with = if profile.features.network { "" } else { "for " };
            output::say(&format!("attacking a jail {with}{} ...", profile.name));
        }
        match attack(&profile) {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => {
                output::complain(&format!("the attack could not be run: {error}"), None);
                return ExitCode::SandboxUnavailable;
            }
        }
    }
    let failed = outcomes
        .iter()
        .any(|outcome| !unexplained(outcome).is_empty() || !outcome.touched.is_empty());
    if arguments.json {
        let all: Vec<Value> = outcomes.iter().map(json_of).collect();
        output::answer_json(&json!({ "ok": !failed, "profiles": all }));
    } else {
        for outcome in &outcomes {
            show(outcome, arguments.all);
        }
    }
    if failed { ExitCode::SandboxUnavailable } else { ExitCode::Success }
}

fn attack(profile: &Profile) -> Result<Outcome, Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o755))?;
    let program = scratch.path().join("probe");
    std::fs::write(&program, PROBE)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    let bait_folder = tempfile::tempdir()?;
    let mut bait = Bait::set_up(bait_folder.path())?;
    let mut budget = Preset::Production.budget();
    budget.cpu_time = LONGEST;
    budget.memory_bytes = 128 << 20;
    let mut probe_arguments = bait.arguments();
    probe_arguments.push(format!("cpu={}", budget.cpu_percent));
    if profile.features.engine {
        // The code, which stands at the place of the control channel too.
        probe_arguments.push("given=3,4".to_owned());
    }
    let plan = Plan {
        runtime: Runtime::Command,
        program: program.clone(),
        arguments: probe_arguments.iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: None,
        exposed: vec![Exposed {
            source: program.clone(),
            target: PathBuf::from("/probe"),
            writable: false,
            removable: false,
            executable: true,
        }],
        files: Vec::new(),
        programs: Programs::None,
        just_in_time_compiler: profile.features.jit,
        control: false,
        network: profile.features.network,
        published: Vec::new(),
        datagrams: Vec::new(),
        trusted: None,
        // What makes the jail the worker's.
        code: if profile.features.engine { vec![Arc::new(sealed(b"")?)] } else { Vec::new() },
        long_lived: false,
        budget,
    };
    let output = probe(&plan)?;
    let report = Report::parse(&output)?;
    if !Class::ALL.iter().all(|class| tried(&report, *class)) {
        return Err(format!("the probes could not run: {}", not_tried(&report)).into());
    }
    let touched = bait.touched(&output);
    Ok(Outcome { profile: profile.name, report, touched, features: profile.features })
}

/// Whether anything of a class was tried: a set that could try nothing has shown
/// nothing.
fn tried(report: &Report, class: Class) -> bool {
    let of_class = |f: &&ringfence_probe::Finding| f.probe.class == class;
    report.findings().iter().filter(of_class).any(|f| f.verdict != Verdict::NotTried)
}

/// Why nothing was tried, by the first that says so.
fn not_tried(report: &Report) -> String {
    let first = report.findings().iter().find(|f| f.verdict == Verdict::NotTried);
    first.map_or_else(|| "they said nothing".to_owned(), |finding| finding.detail.clone())
}

/// Runs the probe program and collects what it prints.
fn probe(plan: &Plan) -> Result<Vec<u8>, Box<dyn Error>> {
    let backend = ProcessBackend::new(Limits::AsTheMachineCan);
    let mut running = backend.start(plan)?;
    let mut streams = running.streams();
    drop(streams.stdin.take());
    // As at a gate that answers nobody: what connects is taken by the kernel.
    let _network = streams.network.take();
    let stdout = streams.stdout.take().ok_or("no output")?;
    // Reads on this thread; a jail that hangs is killed by another.
    let mut output = Vec::new();
    let deadline = Instant::now() + LONGEST;
    let mut file = std::fs::File::from(stdout);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let mut fds = [rustix::event::PollFd::new(&file, rustix::event::PollFlags::IN)];
        let timeout = rustix::fs::Timespec { tv_sec: i64::try_from(left.as_secs())?, tv_nsec: 0 };
        rustix::event::poll(&mut fds, Some(&timeout))?;
        let mut chunk = [0; 65536];
        let length = file.read(&mut chunk)?;
        output.extend_from_slice(chunk.get(..length).unwrap_or(&[]));
        if length == 0 || u64::try_from(output.len())? > MOST_OUTPUT {
            break;
        }
    }
    running.finish();
    Ok(output)
}

/// Open doors that the policy does not explain.
fn unexplained(outcome: &Outcome) -> Vec<&ringfence_probe::Finding> {
    open(outcome).into_iter().filter(|finding| why(outcome, finding.probe.id).is_none()).collect()
}

fn open(outcome: &Outcome) -> Vec<&ringfence_probe::Finding> {
    let findings = outcome.report.findings().iter();
    findings.filter(|finding| finding.verdict == Verdict::Open).collect()
}

fn why(outcome: &Outcome, id: &str) -> Option<&'static str> {
    match expected(id, outcome.features) {
        Expected::Shut => None,
        Expected::MayBeOpen(why)
        | Expected::MayBeOpenWithJit(why)
        | Expected::MayBeOpenWithEngine(why)
        | Expected::MayBeOpenWithNetwork(why) => Some(why),
    }
}

/// Of what is open in a class, what no bait outside has seen: it ended at the gate.
fn at_gate(outcome: &Outcome, class: Class) -> usize {
    let ended = |id| {
        class != Class::Kernel
            && matches!(expected(id, outcome.features), Expected::MayBeOpenWithNetwork(_))
    };
    let of_class = |f: &&&ringfence_probe::Finding| f.probe.class == class && ended(f.probe.id);
    open(outcome).iter().filter(of_class).count()
}

fn count(outcome: &Outcome, class: Class) -> (usize, usize) {
    let of_class = |verdict: Option<Verdict>| {
        let findings = outcome.report.findings().iter();
        findings
            .filter(|f| {
                f.probe.class == class && verdict.is_none_or(|verdict| f.verdict == verdict)
            })
            .count()
    };
    let open = of_class(Some(Verdict::Open)) - at_gate(outcome, class);
    (open, of_class(None) - of_class(Some(Verdict::NotTried)))
}

fn show(outcome: &Outcome, all: bool) {
    output::answer(&format!("{}:", outcome.profile));
    for class in Class::ALL {
        let (open, tried) = count(outcome, class);
        let at_gate = match at_gate(outcome, class) {
            0 => String::new(),
            count => format!(", {count} ended at the gate"),
        };
        output::answer(&format!("  {:10} {open} open of {tried} tried{at_gate}", class.word()));
    }
    for finding in open(outcome) {
        let why = why(outcome, finding.probe.id).unwrap_or("NOT EXPLAINED");
        output::answer(&format!("  open: {} ({}): {why}", finding.probe.id, finding.detail));
    }
    for touch in &outcome.touched {
        output::answer(&format!("  BAIT TOUCHED: {touch:?}"));
    }
    if !outcome.report.finished() {
        output::answer(
            "  the probe was stopped by a resource limit before its end; what is missing was stopped",
        );
    }
    if all {
        for finding in outcome.report.findings() {
            output::answer(&format!(
                "  {:8} {:10} {} - {} ({})",
                finding.verdict.word(),
                finding.probe.class.word(),
                finding.probe.id,
                finding.probe.what,
                finding.detail
            ));
        }
    }
}

fn json_of(outcome: &Outcome) -> Value {
    let classes: Vec<Value> = Class::ALL
        .iter()
        .map(|class| {
            let (open, tried) = count(outcome, *class);
            let at_gate = at_gate(outcome, *class);
            json!({ "class": class.word(), "open": open, "at_gate": at_gate, "tried": tried })
        })
        .collect();
    let open: Vec<Value> = open(outcome)
        .iter()
        .map(|finding| {
            json!({
                "id": finding.probe.id, "class": finding.probe.class.word(),
                "detail": finding.detail, "explained": why(outcome, finding.probe.id),
            })
        })
        .collect();
    json!({
        "profile": outcome.profile,
        "classes": classes,
        "open": open,
        "touched": outcome.touched.iter().map(|touch| format!("{touch:?}")).collect::<Vec<_>>(),
        "finished": outcome.report.finished(),
    })
}
