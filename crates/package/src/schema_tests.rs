//! The published JSON Schema and the parser say the same.

use crate::node::{self, Node};
use crate::{Manifest, PluginType, Protocol, Runtime, keys, permission_words};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../../docs/plugin.schema.json");
const REFERENCE: &str = include_str!("../../../docs/manifest.md");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn at(path: &str) -> Value {
    schema().pointer(path).unwrap_or_else(|| panic!("{path}")).clone()
}

fn words_at(path: &str) -> BTreeSet<String> {
    at(path).as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// Where a level's properties are in the schema, and the parser's table for it.
const LEVELS: &[(&str, &[&str])] = &[
    ("", keys::TOP),
    ("/$defs/action", keys::ACTION),
    ("/$defs/namedAction", keys::NAMED_ACTION),
    ("/$defs/permissionLong", keys::PERMISSION),
    ("/$defs/permissionShort", keys::BESIDE_WORD),
    ("/$defs/families", keys::FAMILIES),
    ("/$defs/families/properties/nodes", keys::NODES),
    ("/$defs/families/properties/relationships", keys::RELATIONSHIPS),
    ("/$defs/families/properties/events", keys::EVENTS),
    ("/$defs/families/properties/user", keys::USER),
    ("/$defs/families/properties/limits", keys::FAMILY_LIMITS),
    ("/$defs/capabilities", keys::CAPABILITIES),
    ("/$defs/resources", keys::RESOURCES),
    ("/$defs/resources/properties/rate_limits", keys::RATE_LIMITS),
    ("/$defs/resourceLimits", keys::RESOURCE_LIMITS),
    ("/$defs/timeouts", keys::TIMEOUTS),
];

#[test]
fn the_schema_has_exactly_the_keys_of_the_parser_at_every_level() {
    for (path, table) in LEVELS {
        let properties = at(&format!("{path}/properties"));
        let names = set(properties.as_object().unwrap().keys().map(String::as_str));
        assert_eq!(names, set(table.iter().copied()), "{path}");
        if !path.ends_with("permissionShort") && !path.ends_with("families") {
            assert_eq!(at(&format!("{path}/additionalProperties")), Value::Bool(false), "{path}");
        }
    }
    // And no level of the schema is missing from the list above.
    let mut found = Vec::new();
    levels(&schema(), "", &mut found);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), LEVELS.len(), "{found:#?}");
}

fn levels(value: &Value, path: &str, found: &mut Vec<String>) {
    if let Value::Object(map) = value {
        if map.get("properties").is_some_and(Value::is_object) && map.get("type").is_some() {
            found.push(path.to_owned());
        }
        for (key, inner) in map {
            levels(inner, &format!("{path}/{key}"), found);
        }
    }
}

#[test]
fn the_schema_has_exactly_the_words_of_the_parser() {
    assert_eq!(words_at("/$defs/word/enum"), set(permission_words().map(|word| word.word)));
    assert_eq!(
        words_at("/properties/type/enum"),
        set(PluginType::ALL.iter().map(|word| word.word()))
    );
    assert_eq!(
        words_at("/properties/runtime/enum"),
        set(Runtime::ALL.iter().map(|word| word.word()).chain(["auto"]))
    );
    assert_eq!(
        words_at("/properties/protocol/enum"),
        set(Protocol::ALL.iter().map(|word| word.word()))
    );
    assert_eq!(
        words_at("/$defs/families/propertyNames/anyOf/1/enum"),
        set(keys::FAMILIES.iter().copied())
    );
    assert_eq!(
        words_at("/$defs/permissionShort/propertyNames/anyOf/1/enum"),
        set(keys::BESIDE_WORD.iter().copied())
    );
}

/// A key that stands in a table but that nothing reads would be ignored in
/// silence. A map where a map makes no sense must be noticed for each.
#[test]
fn every_key_of_every_table_is_read() {
    for (level, table) in [
        ("{K}", keys::TOP),
        ("actions: [{name: a, {K}}]", keys::ACTION),
        ("actions: {a: {{K}}}", keys::NAMED_ACTION),
        ("permissions: [{capability: files.read, {K}}]", keys::PERMISSION),
        ("permissions: [{files.read: /a, {K}}]", keys::BESIDE_WORD),
        ("permissions: {{K}}", keys::FAMILIES),
        ("permissions: {nodes: {{K}}}", keys::NODES),
        ("permissions: {relationships: {{K}}}", keys::RELATIONSHIPS),
        ("permissions: {events: {{K}}}", keys::EVENTS),
        ("permissions: {user: {{K}}}", keys::USER),
        ("permissions: {limits: {{K}}}", keys::FAMILY_LIMITS),
        ("capabilities: {{K}}", keys::CAPABILITIES),
        ("resources: {{K}}", keys::RESOURCES),
        ("resources: {rate_limits: {{K}}}", keys::RATE_LIMITS),
        ("resourceLimits: {{K}}", keys::RESOURCE_LIMITS),
        ("timeouts: {{K}}", keys::TIMEOUTS),
    ] {
        for key in table {
            let duplicate = matches!((level.starts_with("actions: ["), *key), (true, "name"))
                || (level.contains("capability: ") && *key == "capability");
            if duplicate {
                continue;
            }
            let wrong = if *key == "input" { "[]" } else { "{'z z': {}}" };
            let mut text = level.replace("{K}", &format!("{key}: {wrong}"));
            if *key != "name" && *key != "pluginName" {
                text = format!("name: x\n{text}");
            }
            assert!(Manifest::parse(&text).is_err(), "nothing reads `{key}` in {level}");
        }
    }
}

#[test]
fn the_examples_of_the_reference_page_are_valid_and_obey_the_schema() {
    let mut count = 0;
    for block in REFERENCE.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        Manifest::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let tree = node::read(text).unwrap();
        obeys(&json(&tree), &schema(), "").unwrap_or_else(|why| panic!("{why}\n{text}"));
        count += 1;
    }
    assert!(count >= 6, "one example per dialect and one of ours");
}

#[test]
fn the_reference_page_names_every_word_and_every_key() {
    for word in permission_words() {
        assert!(REFERENCE.contains(&format!("`{}`", word.word)), "{}", word.word);
    }
    for (_, table) in LEVELS {
        for key in *table {
            assert!(
                REFERENCE.contains(&format!("`{key}`")) || REFERENCE.contains(&format!("{key}:")),
                "{key}"
            );
        }
    }
    for (key, _) in keys::NOT_ENFORCED {
        assert!(REFERENCE.contains(&format!("`{key}`")), "{key}");
    }
}

fn json(node: &Node) -> Value {
    crate::action::json(node, &mut crate::reader::Problems::default()).unwrap()
}

/// As much of JSON Schema as the file uses; an unknown keyword fails the test.
fn obeys(value: &Value, schema: &Value, path: &str) -> Result<(), String> {
    let Value::Object(schema) = schema else { return Err(format!("{path}: no schema")) };
    for (keyword, want) in schema {
        let fail = || Err(format!("{path}: {value} breaks {keyword}: {want}"));
        let good = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let target = want.as_str().unwrap().trim_start_matches('#');
                obeys(value, &at(target), path)?;
                true
            }
            "type" => match want {
                Value::Array(types) => types.iter().any(|one| is(value, one)),
                one => is(value, one),
            },
            "enum" => want.as_array().unwrap().contains(value),
            "const" => want == value,
            "oneOf" => count(value, want, path) == 1,
            "anyOf" => count(value, want, path) >= 1,
            "not" => obeys(value, want, path).is_err(),
            "minimum" => value.as_f64().is_none_or(|n| n >= want.as_f64().unwrap()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|n| n > want.as_f64().unwrap()),
            // This one tells two forms apart.
            "pattern" if want == "[ =]" => value.as_str().is_some_and(|s| s.contains([' ', '='])),
            // The others repeat what the parser already accepted.
            "pattern" | "maxLength" | "minLength" | "minItems" | "maxItems" | "maxProperties"
            | "minProperties" => true,
            "required" => value.as_object().is_none_or(|map| {
                want.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))
            }),
            "properties" => {
                for (key, inner) in want.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        obeys(value, inner, &format!("{path}/{key}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let empty = Map::new();
                let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
                for (key, value) in value.as_object().unwrap_or(&empty) {
                    match want {
                        _ if known.contains_key(key) => {}
                        Value::Bool(false) => return Err(format!("{path}/{key} is not known")),
                        inner => obeys(value, inner, &format!("{path}/{key}"))?,
                    }
                }
                true
            }
            "propertyNames" => {
                for key in value.as_object().into_iter().flat_map(Map::keys) {
                    obeys(&Value::String(key.clone()), want, path)?;
                }
                true
            }
            "items" => {
                for value in value.as_array().into_iter().flatten() {
                    obeys(value, want, path)?;
                }
                true
            }
            other => return Err(format!("the test does not know the keyword {other}")),
        };
        if !good {
            return fail();
        }
    }
    Ok(())
}

fn count(value: &Value, schemas: &Value, path: &str) -> usize {
    schemas.as_array().unwrap().iter().filter(|one| obeys(value, one, path).is_ok()).count()
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    }
}
