//! Everything in its order.

use crate::contest::{Entry, Side, Table, hold};
use crate::jobs::Job;
use crate::load::{BUSY, Load};
use crate::machine::Machine;
use crate::native::{Native, floors};
use crate::oci::Bundles;
use crate::options::Options;
use crate::ours::Ours;
use crate::plugins::Plugin;
use crate::report::Report;
use crate::scratch::Scratch;
use crate::{Result, costs, goals, memory, network, progress, rates, rivals, wasm};
use std::time::Duration;

/// Title of the table that the goals are read from.
pub(crate) const STATIC: &str = "true, a static program of a few KiB";

pub(crate) fn run(options: &Options) -> Result<()> {
    // The folder outlives everything in it.
    let scratch = Scratch::new()?;
    let report = measure(options, &scratch)?;
    if options.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.text());
    }
    Ok(())
}

/// Rounds for programs, interpreters, plugins, and under load.
struct Rounds {
    program: usize,
    interpreter: usize,
    plugin: usize,
    loaded: usize,
}

/// Where all who take part come from.
struct Field<'a> {
    native: Native,
    ours: Ours,
    bundles: Bundles<'a>,
}

impl Field<'_> {
    fn for_program(&mut self, job: &Job) -> Vec<Entry> {
        let mut entries = vec![rivals::bare(job)];
        entries.extend(floors(&self.native, job));
        entries.extend(self.ours.entries(job));
        entries.extend(self.rivals(job));
        entries
    }

    fn for_plugin(&mut self, plugin: &Plugin, job: &Job) -> Vec<Entry> {
        let mut entries = vec![rivals::bare(job)];
        entries.extend(plugin.ours(&self.ours));
        entries.extend(self.rivals(job));
        entries
    }

    fn rivals(&mut self, job: &Job) -> Vec<Entry> {
        let mut entries = rivals::commands(job);
        entries.extend(self.bundles.entries(&self.native, job));
        entries
    }
}

fn measure(options: &Options, scratch: &Scratch) -> Result<Report> {
    let rounds = if options.quick {
        Rounds { program: 4, interpreter: 2, plugin: 2, loaded: 3 }
    } else {
        Rounds { program: 60, interpreter: 25, plugin: 20, loaded: 25 }
    };
    let mut machine = Machine::look();
    let native = Native::build(scratch)?;
    let tiny = native.nothing.clone().map(|program| Job::new(&program, &[]));
    let mut field = Field { native, ours: Ours::new(scratch)?, bundles: Bundles::new(scratch) };
    let mut tables = start_times(options, &rounds, &mut field, &tiny);
    for plugin in [Plugin::node(), Plugin::python()] {
        if options.wants(&plugin.title) {
            progress(&plugin.title);
            tables.push(match &plugin.job {
                Ok(job) => {
                    hold(plugin.title.as_str(), field.for_plugin(&plugin, job), rounds.plugin)
                }
                Err(reason) => nobody(&plugin.title, reason),
            });
        }
    }
    if options.load
        && let Ok(job) = &tiny
    {
        let title = format!("{STATIC}, beside {BUSY} busy processes");
        progress(&title);
        let entries = field.for_program(job);
        let _load = Load::start()?;
        tables.push(hold(title, entries, rounds.loaded));
    }
    progress("memory, rates, decisions, records");
    let ours = &field.ours;
    // WebAssembly is measured for minutes by itself.
    let alone = options.only.as_deref().is_some_and(|word| word.starts_with(wasm::TITLE));
    let (memory, rates, costs) = if alone {
        let reason = || "not asked for".to_owned();
        (Err(reason()), Vec::new(), Err(reason()))
    } else {
        let span = Duration::from_millis(if options.quick { 200 } else { 3000 });
        (
            memory::measure(ours),
            tiny.map(|job| rates::measure(ours, &job, span)).unwrap_or_default(),
            costs::measure(scratch, options.quick).map_err(|error| error.to_string()),
        )
    };
    let network = options.wants(network::TITLE).then(|| {
        progress(network::TITLE);
        network::measure(ours, scratch, options.quick).map_err(|error| error.to_string())
    });
    let wasm = options.group(wasm::TITLE).map(|part| {
        progress(wasm::TITLE);
        wasm::measure(options, scratch, part).map_err(|error| error.to_string())
    });
    machine.look_again();
    let goals = goals::all(&tables, memory.as_ref().ok());
    Ok(Report { machine, tables, memory, rates, costs, goals, network, wasm })
}

fn start_times(
    options: &Options,
    rounds: &Rounds,
    field: &mut Field<'_>,
    tiny: &std::result::Result<Job, String>,
) -> Vec<Table> {
    let found = |name: &str, arguments: &[&str]| {
        rivals::find(name).map(|program| Job::new(&program, arguments))
    };
    let jobs = [
        (STATIC, tiny.clone(), rounds.program),
        ("true, dynamic: /usr/bin/true", found("true", &[]), rounds.program),
        ("node -e 0", found("node", &["-e", "0"]), rounds.interpreter),
        ("python3 -c pass", found("python3", &["-c", "pass"]), rounds.interpreter),
    ];
    let mut tables = Vec::new();
    for (title, job, rounds) in jobs.into_iter().filter(|(title, ..)| options.wants(title)) {
        progress(title);
        tables.push(match job {
            Ok(job) => hold(title, field.for_program(&job), rounds),
            Err(reason) => nobody(title, &reason),
        });
    }
    tables
}

fn nobody(title: &str, reason: &str) -> Table {
    hold(title, vec![Entry::absent(Side::Bare, "everybody", reason)], 0)
}
