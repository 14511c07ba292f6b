//! The profile of a call in the processed format of the Firefox Profiler, version 55.
//!
//! What the worker sends is names and numbers, and it ran hostile code. So the file is
//! written here: nothing of a plugin is in it but names, shortened and made harmless,
//! and numbers that fit each other.

use ringfence_protocol::worker::{
    CallProfile, PROFILE_FUNCTIONS, PROFILE_INTERVAL_US, PROFILE_NAME, PROFILE_SAMPLES,
    PROFILE_STACKS,
};
use ringfence_types::UntrustedText;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file, or nothing when this is no profile.
pub(crate) fn render(found: &[u8], plugin: &str) -> Option<Vec<u8>> {
    let found: CallProfile = serde_json::from_slice(found).ok()?;
    if !holds_together(&found) {
        return None;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let file = json!({
        "meta": {
            "version": 24,
            "preprocessedProfileVersion": 55,
            "product": format!("Ringfence: {}", safe(plugin)),
            "interval": f64::from(PROFILE_INTERVAL_US) / 1000.0,
            "startTime": now.as_secs_f64() * 1000.0,
            "processType": 0,
            "debug": false,
            "symbolicated": true,
            "usesOnlyOneStackType": true,
            "sourceCodeIsNotOnSearchfox": true,
            "pausedRanges": [],
            "markerSchema": [],
            "sampleUnits": { "time": "ms", "eventDelay": "ms", "threadCPUDelta": "\u{b5}s" },
            "categories": [{ "name": "Other", "color": "grey", "subcategories": ["Other"] }],
            "extensions": { "length": 0, "baseURL": [], "id": [], "name": [] },
        },
        "libs": [],
        "threads": [thread(&found, plugin)],
        "pages": [],
        "profilerOverhead": [],
        "counters": [],
    });
    serde_json::to_vec(&file).ok()
}

/// Whether every number points at something, and the lists have the lengths of a
/// worker's own.
fn holds_together(found: &CallProfile) -> bool {
    let (functions, stacks) = (found.functions.len(), found.stacks.len());
    let below = |number: u32, most: usize| usize::try_from(number).is_ok_and(|at| at < most);
    let stacks_fit = found.stacks.iter().enumerate().all(|(at, (caller, function))| {
        caller.is_none_or(|caller| below(caller, at)) && below(*function, functions)
    });
    let times = found.samples.iter().map(|(_, time, _)| *time);
    functions <= PROFILE_FUNCTIONS
        && stacks <= PROFILE_STACKS
        && found.samples.len() <= PROFILE_SAMPLES
        && stacks_fit
        && found.samples.iter().all(|(stack, _, _)| below(*stack, stacks))
        && times.is_sorted()
}

fn thread(found: &CallProfile, plugin: &str) -> Value {
    let functions = found.functions.len();
    let all = |count: usize, value: Value| Value::Array(vec![value; count]);
    // Every function has two texts: its own name and that of its module.
    let texts: Vec<String> = found
        .functions
        .iter()
        .flat_map(|function| {
            let number = format!("wasm-function[{}]", function.index);
            let name = function.name.as_deref().map_or(number, safe);
            [name, function.module.as_deref().map_or("wasm".to_owned(), safe)]
        })
        .collect();
    let ms = |micros: u64| {
        #[expect(clippy::cast_precision_loss, reason = "a call lasts seconds, not centuries")]
        let micros = micros as f64;
        micros / 1000.0
    };
    let mut before = 0;
    let deltas: Vec<f64> = found
        .samples
        .iter()
        .map(|(_, time, _)| ms(*time - std::mem::replace(&mut before, *time)))
        .collect();
    let count = found.samples.len();
    json!({
        "name": safe(plugin),
        "processName": safe(plugin),
        "processType": "default",
        "processStartupTime": 0.0,
        "processShutdownTime": null,
        "registerTime": 0.0,
        "unregisterTime": null,
        "isMainThread": true,
        "showMarkersInTimeline": false,
        "pausedRanges": [],
        "pid": "0",
        "tid": "0",
        "frameTable": {
            "length": functions,
            "address": all(functions, json!(-1)),
            "inlineDepth": all(functions, json!(0)),
            "category": all(functions, json!(0)),
            "subcategory": all(functions, json!(0)),
            "func": (0..functions).collect::<Vec<_>>(),
            "nativeSymbol": all(functions, Value::Null),
            "innerWindowID": all(functions, json!(0)),
            "line": all(functions, Value::Null),
            "column": all(functions, Value::Null),
        },
        "funcTable": {
            "length": functions,
            "name": (0..functions).map(|at| 2 * at).collect::<Vec<_>>(),
            "isJS": all(functions, json!(false)),
            "relevantForJS": all(functions, json!(false)),
            "resource": all(functions, json!(-1)),
            "fileName": (0..functions).map(|at| 2 * at + 1).collect::<Vec<_>>(),
            "lineNumber": all(functions, Value::Null),
            "columnNumber": all(functions, Value::Null),
        },
        "stackTable": {
            "length": found.stacks.len(),
            "prefix": found.stacks.iter().map(|(caller, _)| caller).collect::<Vec<_>>(),
            "frame": found.stacks.iter().map(|(_, function)| function).collect::<Vec<_>>(),
        },
        "samples": {
            "length": count,
            "stack": found.samples.iter().map(|(stack, _, _)| stack).collect::<Vec<_>>(),
            "timeDeltas": deltas,
            "weight": all(count, json!(1)),
            "weightType": "samples",
            "threadCPUDelta": found.samples.iter().map(|(_, _, cpu)| cpu).collect::<Vec<_>>(),
        },
        "markers": {
            "length": 0, "category": [], "data": [], "endTime": [], "name": [], "phase": [],
            "startTime": [],
        },
        "nativeSymbols": {
            "length": 0, "address": [], "functionSize": [], "libIndex": [], "name": [],
        },
        "resourceTable": { "length": 0, "lib": [], "name": [], "host": [], "type": [] },
        "stringArray": texts,
    })
}

/// A name of the plugin's choice, cut again: who cut it before ran hostile code.
fn safe(name: &str) -> String {
    let short: String = name.chars().take(PROFILE_NAME).collect();
    UntrustedText::new(&short).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(found: &Value) -> Option<Value> {
        let bytes = render(found.to_string().as_bytes(), "a plugin")?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    fn function(name: &str) -> Value {
        json!({ "name": name, "module": null, "index": 3 })
    }

    #[test]
    fn stacks_and_times_are_those_that_were_found() {
        let file = rendered(&json!({
            "functions": [function("main"), { "name": null, "module": "m", "index": 7 }],
            "stacks": [[null, 0], [0, 1]],
            "samples": [[1, 1000, 900], [1, 2500, 1400], [0, 2500, 0]],
        }))
        .unwrap();
        let thread = &file["threads"][0];
        assert_eq!(thread["stringArray"], json!(["main", "wasm", "wasm-function[7]", "m"]));
        assert_eq!(thread["samples"]["timeDeltas"], json!([1.0, 1.5, 0.0]));
        assert_eq!(thread["samples"]["threadCPUDelta"], json!([900, 1400, 0]));
        assert_eq!(thread["stackTable"]["prefix"], json!([null, 0]));
        assert_eq!(thread["funcTable"]["name"], json!([0, 2]));
    }

    #[test]
    fn names_of_a_hostile_plugin_are_short_and_move_no_cursor() {
        let name = format!("\u{1b}[2J\u{202e}\n{}", "x".repeat(1 << 20));
        let file = rendered(&json!({
            "functions": [function(&name)], "stacks": [[null, 0]], "samples": [[0, 1, 1]],
        }))
        .unwrap();
        let shown = file["threads"][0]["stringArray"][0].as_str().unwrap();
        assert!(shown.len() < 2 * PROFILE_NAME, "{}", shown.len());
        assert_eq!(UntrustedText::new(shown).to_string(), shown);
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\n']));
    }

    #[test]
    fn numbers_that_point_at_nothing_make_no_file() {
        let with = |stacks: Value, samples: Value| {
            rendered(&json!({ "functions": [function("f")], "stacks": stacks, "samples": samples }))
        };
        assert!(with(json!([[null, 0], [0, 0]]), json!([[1, 1, 1]])).is_some());
        // A function, a caller and a stack that are not there; a stack that is its own
        // caller, whose readers would never end; time that runs backwards.
        for (stacks, samples) in [
            (json!([[null, 1]]), json!([])),
            (json!([[7, 0]]), json!([])),
            (json!([[null, 0]]), json!([[1, 1, 1]])),
            (json!([[0, 0]]), json!([[0, 1, 1]])),
            (json!([[null, 0]]), json!([[0, 5, 1], [0, 4, 1]])),
        ] {
            assert_eq!(with(stacks, samples), None);
        }
        let many = vec![json!([0, 1, 1]); PROFILE_SAMPLES + 1];
        assert_eq!(with(json!([[null, 0]]), many.into()), None);
        assert_eq!(render(b"\0asm", "p"), None);
    }
}
