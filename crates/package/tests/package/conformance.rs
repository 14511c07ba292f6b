//! The official test suite of JSON Schema, draft 2020-12: whatever schema is taken
//! means what the draft says, and what is not taken is refused as a whole.
//!
//! `tests/json-schema-test-suite` holds the required tests without those of what is
//! not taken anyway: remote and dynamic references, anchors, vocabularies,
//! `unevaluatedItems` and `unevaluatedProperties`.

use ringfence_package::{InputSchema, Manifest};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SUITE: &str = include_str!("../json-schema-test-suite/draft2020-12.json");

/// The schema, or the first problem of it.
fn read(schema: &Value) -> Result<InputSchema, String> {
    // `input` is a map; what may be `true` or `false` stands within one.
    let input = if schema.is_object() { schema.clone() } else { json!({ "allOf": [schema] }) };
    let manifest = json!({ "name": "x", "entry": "a.js", "actions": { "a": { "input": input } } });
    let manifest = Manifest::parse(&manifest.to_string())
        .map_err(|error| error.problems.first().unwrap().message.clone())?;
    Ok(manifest.actions.first().unwrap().input.clone().unwrap())
}

#[test]
fn every_schema_that_is_taken_means_what_the_official_suite_says() {
    let suite: Vec<Value> = serde_json::from_str(SUITE).unwrap();
    let (mut taken, mut right, mut left_out) = (0, 0, 0);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for group in &suite {
        let tests = group["tests"].as_array().unwrap();
        let schema = match read(&group["schema"]) {
            Ok(schema) => schema,
            Err(problem) => {
                *refused.entry(problem).or_default() += 1;
                left_out += tests.len();
                continue;
            }
        };
        taken += 1;
        for test in tests {
            if schema.check(&test["data"]).is_ok() == test["valid"].as_bool().unwrap() {
                right += 1;
            } else {
                wrong.push(format!("{}: {}: {}", group["file"], group["group"], test["name"]));
            }
        }
    }
    println!(
        "{taken} of {} schemas taken; {right} tests right, {} wrong, {left_out} of refused schemas",
        suite.len(),
        wrong.len()
    );
    for (problem, count) in &refused {
        println!("  {count} refused: {problem}");
    }
    assert_eq!(wrong, Vec::<String>::new());
    // Fewer would mean that a keyword is no longer taken.
    assert_eq!((taken, right), (224, 907));
}
