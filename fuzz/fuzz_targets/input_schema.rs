//! A schema for the input of an action and an input, one behind the other: reading
//! one and trying it against the other ends, and what is said is safe to show.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_package::{MAX_INPUT_DEPTH, Manifest};
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    // The first two values of the bytes.
    let mut values = serde_json::Deserializer::from_slice(data).into_iter::<Value>();
    let Some(Ok(schema)) = values.next() else { return };
    let Some(Ok(input)) = values.next() else { return };
    let manifest =
        json!({ "name": "x", "entry": "a.js", "actions": { "a": { "input": schema } } });
    let Ok(manifest) = Manifest::parse(&manifest.to_string()) else { return };
    let Some(schema) = &manifest.actions[0].input else { return };
    let result = schema.check(&input);
    assert_eq!(result, schema.check(&input));
    if let Err(fault) = result {
        assert!(fault.to_string().chars().count() < 4096);
        assert!(!fault.to_string().contains(char::is_control));
    }
    assert!(!schema.shape().contains(char::is_control));
    // Deeper than anything is tried, whatever the schema.
    let mut deep = input;
    for _ in 0..=MAX_INPUT_DEPTH {
        deep = Value::Array(vec![deep]);
    }
    assert_eq!(schema.check(&deep).map_err(|fault| fault.rule), Err("bounds"));
});
