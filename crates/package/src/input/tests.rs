//! What a schema takes and refuses, what an author may write, and that nobody can
//! make a check long.

use super::InputSchema;
use super::check::STEPS;
use super::equal::write_key;
use super::pattern::Pattern;
use crate::node;
use crate::reader::Problems;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The schema, or its problems as `line:column message`.
fn read(text: &str) -> Result<InputSchema, Vec<String>> {
    let node = node::read(text).unwrap();
    let mut problems = Problems::default();
    let schema = InputSchema::read(&node, &mut 0, &mut problems);
    problems.or(schema).map_err(|error| {
        let told = |p: &crate::Problem| format!("{}:{} {}", p.line, p.column, p.message);
        error.problems.iter().map(told).collect()
    })
}

fn schema(text: &str) -> InputSchema {
    read(text).unwrap_or_else(|problems| panic!("{text}: {problems:#?}"))
}

fn takes(text: &str, input: &Value) -> bool {
    schema(text).check(input).is_ok()
}

/// Pointer, rule and expectation.
fn fault(text: &str, input: &Value) -> (String, &'static str, String) {
    let fault = schema(text).check(input).unwrap_err();
    (fault.pointer, fault.rule, fault.expected)
}

#[test]
fn every_keyword_takes_what_the_draft_says_and_refuses_the_rest() {
    let table: Vec<(&str, Vec<Value>, Vec<Value>)> = vec![
        (
            "{type: integer}",
            vec![json!(1), json!(2.0), json!(u64::MAX)],
            vec![json!(1.5), json!("1"), json!(null)],
        ),
        ("{type: [string, \"null\"]}", vec![json!("a"), json!(null)], vec![json!(1), json!({})]),
        ("{type: number}", vec![json!(1), json!(1.5)], vec![json!(true)]),
        (
            "{enum: [1, a, null, [1], {a: 1}]}",
            vec![json!(1.0), json!("a"), json!(null), json!([1]), json!({"a": 1.0})],
            vec![json!("1"), json!([]), json!({"a": 2})],
        ),
        (
            "{const: 9007199254740993}",
            vec![json!(9_007_199_254_740_993_u64)],
            vec![json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_992.0)],
        ),
        (
            "{minimum: 3, maximum: 5}",
            vec![json!(3), json!(4.9), json!(5), json!("x")],
            vec![json!(2.999), json!(5.0001), json!(1e300), json!(-1e300)],
        ),
        (
            "{exclusiveMinimum: 3, exclusiveMaximum: 5}",
            vec![json!(3.001)],
            vec![json!(3), json!(5), json!(5.0)],
        ),
        (
            "{maximum: 9007199254740992}",
            vec![json!(9_007_199_254_740_992_u64)],
            vec![json!(9_007_199_254_740_993_u64)],
        ),
        ("{minimum: -0.5}", vec![json!(0), json!(-0.5)], vec![json!(-1), json!(-0.6)]),
        (
            "{multipleOf: 3}",
            vec![json!(9), json!(-3), json!(6.0), json!(0)],
            vec![json!(10), json!(3.5)],
        ),
        (
            "{minLength: 2, maxLength: 3}",
            vec![json!("äö"), json!("abc"), json!(1)],
            vec![json!("a"), json!("äöüß")],
        ),
        (
            "{pattern: \"^a+$\"}",
            vec![json!("aaa"), json!(1)],
            vec![json!("ab"), json!("a\n"), json!("")],
        ),
        (
            "{minItems: 1, maxItems: 2}",
            vec![json!([1]), json!({})],
            vec![json!([]), json!([1, 2, 3])],
        ),
        (
            "{uniqueItems: true}",
            vec![json!([1, "1", [1], {"a": 1}])],
            vec![json!([1, 1.0]), json!([{"a": 1, "b": 2}, {"b": 2, "a": 1}])],
        ),
        (
            "{prefixItems: [{type: string}], items: {type: number}}",
            vec![json!(["a", 1, 2]), json!([])],
            vec![json!([1]), json!(["a", "b"])],
        ),
        (
            "{contains: {const: 1}, maxContains: 2}",
            vec![json!([1]), json!([1, 2, 1])],
            vec![json!([]), json!([2]), json!([1, 1, 1])],
        ),
        ("{contains: {const: 1}, minContains: 0}", vec![json!([])], vec![]),
        (
            "{minProperties: 1, maxProperties: 1}",
            vec![json!({"a": 1})],
            vec![json!({}), json!({"a": 1, "b": 2})],
        ),
        ("{required: [a]}", vec![json!({"a": null}), json!(1)], vec![json!({"b": 1})]),
        (
            "{dependentRequired: {a: [b]}}",
            vec![json!({}), json!({"a": 1, "b": 1})],
            vec![json!({"a": 1})],
        ),
        (
            "{properties: {a: {type: string}}, additionalProperties: false}",
            vec![json!({"a": "x"})],
            vec![json!({"a": 1}), json!({"b": 1})],
        ),
        (
            "{patternProperties: {\"^x-\": {type: number}}, additionalProperties: {type: string}}",
            vec![json!({"x-a": 1, "b": "c"})],
            vec![json!({"x-a": "1"}), json!({"b": 1})],
        ),
        ("{propertyNames: {maxLength: 2}}", vec![json!({"ab": 1})], vec![json!({"abc": 1})]),
        ("{allOf: [{type: number}, {minimum: 2}]}", vec![json!(2)], vec![json!(1), json!("a")]),
        (
            "{anyOf: [{type: number}, {minLength: 2}]}",
            vec![json!(2), json!("ab")],
            vec![json!("a")],
        ),
        ("{oneOf: [{type: number}, {minimum: 2}]}", vec![json!(1), json!("a")], vec![json!(2)]),
        ("{not: {type: number}}", vec![json!("a")], vec![json!(2)]),
        (
            "{if: {type: number}, then: {minimum: 2}, else: {minLength: 2}}",
            vec![json!(2), json!("ab")],
            vec![json!(1), json!("a")],
        ),
        (
            "{dependentSchemas: {a: {required: [b]}}}",
            vec![json!({"c": 1}), json!({"a": 1, "b": 1})],
            vec![json!({"a": 1})],
        ),
        (
            "{$ref: \"#/$defs/a~1b\", $defs: {a/b: {type: number}}, minimum: 2}",
            vec![json!(2)],
            vec![json!("a"), json!(1)],
        ),
        (
            "{type: object, properties: {next: {$ref: \"#\"}}, additionalProperties: false}",
            vec![json!({"next": {"next": {}}})],
            vec![json!({"next": {"next": {"x": 1}}}), json!({"next": 1})],
        ),
        ("{properties: {a: true, b: false}}", vec![json!({"a": 1})], vec![json!({"b": 1})]),
        ("{}", vec![json!(null), json!([1, {"a": 2}])], vec![]),
    ];
    for (text, good, bad) in table {
        for input in good {
            assert_eq!(schema(text).check(&input), Ok(()), "{text} {input}");
        }
        for input in bad {
            assert!(!takes(text, &input), "{text} {input}");
        }
    }
}

#[test]
fn a_fault_names_the_place_the_rule_and_what_was_expected() {
    let text = "{type: object, required: [to], properties: {to: {type: array, items: {type: string, maxLength: 3}}, a/b~c: {minimum: 2}}, additionalProperties: false}";
    let of = |input: Value| {
        let (pointer, rule, expected) = fault(text, &input);
        format!("{pointer} {rule} {expected}")
    };
    assert_eq!(of(json!(1)), " type an object, not a number");
    assert_eq!(of(json!({})), " required an object with `to`");
    assert_eq!(of(json!({"to": ["abc", 1]})), "/to/1 type text, not a number");
    assert_eq!(of(json!({"to": ["abcd"]})), "/to/0 maxLength at most 3 characters long");
    assert_eq!(of(json!({"to": [], "a/b~c": 1})), "/a~1b~0c minimum at least 2");
    assert_eq!(of(json!({"to": [], "x": 1})), "/x additionalProperties left out");
    let whole = schema(text).check(&json!({"to": ["abcd"]})).unwrap_err().to_string();
    assert_eq!(whole, "`/to/0` must be at most 3 characters long (rule `maxLength`)");
    let whole = schema(text).check(&json!(1)).unwrap_err().to_string();
    assert_eq!(whole, "it must be an object, not a number (rule `type`)");
}

#[test]
fn what_strangers_wrote_is_neutralised_and_cut_in_a_fault_and_in_the_shape() {
    let evil = "\u{1b}[2J\u{202e}".to_owned() + &"x".repeat(5000);
    let name = serde_json::to_string(&evil).unwrap().replace('\u{202e}', "\\u202e");
    let texts = [
        format!("{{required: [{name}]}}"),
        format!("{{enum: [{name}], properties: {{{name}: {{}}}}}}"),
        format!("{{propertyNames: {{maxLength: 2}}, properties: {{{name}: {{}}}}}}"),
        "{additionalProperties: false}".to_owned(),
    ];
    let inputs = [json!({}), json!({}), json!({ evil.clone(): 1 }), json!({ evil.clone(): 1 })];
    for (text, input) in texts.iter().zip(inputs) {
        let schema = schema(text);
        let fault = schema.check(&input).unwrap_err();
        for shown in [fault.to_string(), schema.shape()] {
            assert!(shown.chars().count() < 500, "{shown}");
            let is_bad = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!shown.contains(is_bad), "{shown:?}");
        }
    }
}

#[test]
fn the_shape_is_one_short_line() {
    let text = "{type: object, required: [to], properties: {to: {type: array, items: {type: string, maxLength: 9}}, kind: {enum: [a, b]}, deep: {properties: {n: {type: integer, minimum: 1, maximum: 5}}}, ref: {$ref: \"#\"}}}";
    assert_eq!(
        schema(text).shape(),
        "{deep?: {n?: a whole number from 1 to 5}, kind?: \"a\", \"b\", ref?: {deep?: any value, kind?: \"a\", \"b\", ref?: any value, to: a list}, to: a list of text of at most 9 characters}"
    );
    assert_eq!(schema("{}").shape(), "any value");
}

#[test]
fn what_cannot_be_enforced_is_refused_at_its_place() {
    let cases: &[(&str, &str)] = &[
        ("type: strng", "1:7 unknown type `strng`"),
        ("type: [null]", "1:8 `type` of a schema is a word"),
        ("maxlength: 3", "1:1 unknown keyword `maxlength` in a schema"),
        (
            "properties:\n  a:\n    unevaluatedItems: false",
            "3:5 `unevaluatedItems` of a schema is not enforced by this version",
        ),
        ("additional_properties: false", "1:1 unknown keyword `additional_properties` in a schema"),
        ("patern: a", "1:1 unknown keyword `patern` in a schema"),
        ("enums: [a]", "1:1 unknown keyword `enums` in a schema"),
        ("maxLength: -1", "1:12 `maxLength` of a schema is a whole number from 0"),
        (
            "multipleOf: 0.01",
            "1:13 `multipleOf` of a schema is a whole number from 1 to 9007199254740992",
        ),
        (
            "multipleOf: 0",
            "1:13 `multipleOf` of a schema is a whole number from 1 to 9007199254740992",
        ),
        ("required: a", "1:11 `required` of a schema is a list of names"),
        ("required: [1]", "1:12 `required` holds what is no name"),
        ("items: [{}]", "1:8 `items` is one schema for every item, not a list"),
        ("allOf: []", "1:8 `allOf` of a schema is a list of at least one schema"),
        ("properties: {a: 1}", "1:17 a schema is a map, `true` or `false`, not a single value"),
        ("then: {}", "1:1 `then` does nothing without `if`"),
        ("minContains: 1", "1:1 `minContains` does nothing without `contains`"),
        ("$id: x", "1:1 `$id` of a schema is not enforced by this version"),
        (
            "$schema: http://json-schema.org/draft-07/schema#",
            "1:10 `$schema` of a schema is `https://json-schema.org/draft/2020-12/schema` or left out",
        ),
    ];
    for (text, problem) in cases {
        assert_eq!(read(text).unwrap_err(), [problem.to_string()], "{text}");
    }
}

#[test]
fn a_remark_and_a_format_refuse_nothing_as_the_draft_says() {
    for text in [
        "{format: email}",
        "{contentEncoding: base64, contentMediaType: application/json, contentSchema: false}",
        "{x-minimum: 5, nullable: false, internal: {minimum: 5}, markdownDescription: x}",
        "{title: a, default: 1, readOnly: true, $comment: c}",
    ] {
        for input in [json!(1), json!("no address"), json!({}), json!(null)] {
            assert!(takes(text, &input), "{text} {input}");
        }
    }
    // Nor does a reference reach what a remark holds.
    assert_eq!(
        read("$ref: \"#/internal\"\ninternal: {minimum: 5}").unwrap_err(),
        ["1:7 there is no schema at `#/internal`"]
    );
}

#[test]
fn a_reference_never_leaves_its_schema() {
    for to in [
        "https://example.com/schema.json",
        "file:///etc/passwd",
        "other.json#/$defs/a",
        "//example.com/x",
        "/etc/passwd",
        "a",
        "",
        "#name",
        "#/%24defs/a",
    ] {
        let problems = read(&format!("properties:\n  a: {{$ref: \"{to}\"}}")).unwrap_err();
        let told = format!("2:13 `{to}` is outside this schema; nothing is fetched");
        assert_eq!(problems, [told]);
    }
    assert_eq!(
        read("$ref: \"#/$defs/b\"\n$defs: {a: {}}").unwrap_err(),
        ["1:7 there is no schema at `#/$defs/b`"]
    );
    // A place that holds no schema.
    assert_eq!(
        read("$ref: \"#/$defs\"\n$defs: {a: {}}").unwrap_err(),
        ["1:7 there is no schema at `#/$defs`"]
    );
}

#[test]
fn a_reference_that_comes_back_without_going_deeper_is_refused() {
    let circles: &[&str] = &[
        "$ref: \"#\"",
        "allOf: [{$ref: \"#\"}]",
        "not: {$ref: \"#\"}",
        "if: {}\nthen: {$ref: \"#\"}",
        "dependentSchemas: {a: {$ref: \"#\"}}",
        "$ref: \"#/$defs/a\"\n$defs: {a: {anyOf: [{$ref: \"#/$defs/b\"}]}, b: {oneOf: [{$ref: \"#/$defs/a\"}]}}",
    ];
    for text in circles {
        let problems = read(text).unwrap_err();
        assert!(
            problems.iter().all(|p| p.ends_with("leads back to itself")),
            "{text} {problems:?}"
        );
    }
    for tree in
        ["items: {$ref: \"#\"}", "additionalProperties: {$ref: \"#\"}", "contains: {$ref: \"#\"}"]
    {
        schema(tree);
    }
}

#[test]
fn patterns_mean_what_ecma_262_says() {
    let table: &[(&str, &str, bool)] = &[
        (r"^\d+$", "12", true),
        (r"^\d+$", "\u{0661}\u{0662}", false),
        (r"^\w$", "ä", false),
        (r"^\s$", "\u{feff}", true),
        (r"^.$", "\u{2028}", false),
        (r"^.$", "ä", true),
        (r"^[+--]$", ",", true),
        (r"^[\w.-]+$", "a.b-c", true),
        (r"^[[&&~~]+$", "[&~", true),
        (r"^[[&&~~]+$", "a", false),
        (r"^[a-f&&b]$", "c", true),
        (r"^[\b]$", "\u{8}", true),
        (r"\bfoo\b", "a foo b", true),
        (r"^\u00e4\x41$", "äA", true),
        (r"^a/b\/c$", "a/b/c", true),
        (r"^(a|b){2,3}$", "abab", false),
        (r"^[^a]$", "\n", true),
        (r"\<b\>", "<b>", true),
        (r"a$", "a\n", false),
    ];
    for (pattern, text, found) in table {
        assert_eq!(Pattern::new(pattern).unwrap().finds(text), *found, "{pattern} {text:?}");
    }
}

#[test]
fn patterns_that_mean_something_else_elsewhere_or_grow_are_refused() {
    let long = "a".repeat(513);
    let deep = format!("{}a{}", "(".repeat(200), ")".repeat(200));
    for pattern in [
        r"(?=a)",
        r"(?!a)",
        r"(?<=a)",
        r"(?<!a)",
        r"(?<n>a)",
        r"(?P<n>a)",
        r"(?i)a",
        r"(a)\1",
        r"\k<n>",
        r"\p{L}",
        r"\A",
        r"\z",
        r"\pL",
        r"[]",
        r"[^]",
        "[a",
        "a{",
        "a{,3}",
        "}",
        "]",
        "(",
        ")",
        "*",
        r"\",
        r"\u12",
        r"\ud800",
        r"[\d-z]",
        r"[a-\d]",
        "[z-a]",
        "a{1001}",
        "a{99999999999}",
        "(((a{1000}){1000}){1000}){1000}",
        "((a{1000}){1000}b?){1000}",
        &long,
        &deep,
    ] {
        assert!(Pattern::new(pattern).is_err(), "{pattern}");
    }
}

/// The broken rule, or `ok`. Without a bound on steps, most of what is tried with
/// this would take longer than the machine lasts.
fn rule_of(text: &str, input: &Value) -> &'static str {
    let schema = schema(text);
    // A fiftieth of the real bound: an unoptimised build is many times slower.
    let result = super::check::check(&schema.inner.schemas, input, STEPS / 50);
    result.map_or_else(|fault| fault.rule, |()| "ok")
}

#[test]
fn a_pattern_that_explodes_elsewhere_takes_its_time_in_proportion() {
    let text = "a".repeat(100_000) + "!";
    for pattern in ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
        let rule = rule_of(&format!("{{pattern: \"{pattern}\"}}"), &json!(text));
        assert!(matches!(rule, "pattern" | "bounds"), "{pattern} {rule}");
    }
    // A large one on a large text is more than anybody waits for.
    let large = json!("a".repeat(1 << 20));
    assert_eq!(rule_of("{pattern: \"(a|b|c|aa|bb){90}x\"}", &large), "bounds");
}

#[test]
fn references_that_double_at_every_step_end_at_the_bound() {
    let mut text = "$ref: \"#/$defs/d0\"\n$defs:\n".to_owned();
    for n in 0..60 {
        let next = n + 1;
        text += &format!(
            "  d{n}: {{allOf: [{{$ref: \"#/$defs/d{next}\"}}, {{$ref: \"#/$defs/d{next}\"}}]}}\n"
        );
    }
    text += "  d60: {type: number}\n";
    assert_eq!(rule_of(&text, &json!(1)), "bounds");
}

#[test]
fn a_large_value_that_is_compared_again_and_again_ends_at_the_bound() {
    let mut text = "allOf:\n".to_owned();
    for n in 0..150 {
        text += &format!("  - not: {{enum: [{n}]}}\n");
    }
    let large = json!((0..10_000).collect::<Vec<u32>>());
    assert_eq!(rule_of(&text, &large), "bounds");
    assert_eq!(rule_of(&text, &json!([1, 2, 3])), "ok");
}

#[test]
fn no_not_and_no_choice_turns_the_bound_into_a_yes() {
    let mut doubling = "$defs:\n".to_owned();
    for n in 0..60 {
        let next = n + 1;
        doubling += &format!(
            "  d{n}: {{allOf: [{{$ref: \"#/$defs/d{next}\"}}, {{$ref: \"#/$defs/d{next}\"}}]}}\n"
        );
    }
    doubling += "  d60: {type: number}\n";
    for root in [
        "not: {$ref: \"#/$defs/d0\"}",
        "anyOf: [{$ref: \"#/$defs/d0\"}, true]",
        "if: {$ref: \"#/$defs/d0\"}\nthen: false",
    ] {
        assert_eq!(rule_of(&format!("{root}\n{doubling}"), &json!(1)), "bounds", "{root}");
    }
}

#[test]
fn deep_inputs_and_long_chains_end_before_the_stack_does() {
    let mut deep = json!(1);
    for _ in 0..5000 {
        deep = Value::Array(vec![deep]);
    }
    assert_eq!(rule_of("{items: {$ref: \"#\"}}", &deep), "bounds");
    // Taken apart by hand: dropping it would take as deep a stack.
    while let Value::Array(mut items) = deep {
        deep = items.pop().unwrap();
    }
    let mut chain = "$ref: \"#/$defs/d0\"\n$defs:\n".to_owned();
    for n in 0..300 {
        chain += &format!("  d{n}: {{$ref: \"#/$defs/d{}\"}}\n", n + 1);
    }
    chain += "  d300: {}\n";
    assert_eq!(rule_of(&chain, &json!(1)), "bounds");
    let mut shallow = json!(1);
    for _ in 0..100 {
        shallow = Value::Array(vec![shallow]);
    }
    assert_eq!(rule_of("{items: {$ref: \"#\"}}", &shallow), "ok");
}

#[test]
fn large_inputs_that_are_what_they_should_be_are_taken() {
    let many = json!((0..60_000).collect::<Vec<u32>>());
    assert!(takes("{type: array, uniqueItems: true, items: {type: integer}}", &many));
    let text = json!("x".repeat(1 << 20));
    assert!(takes("{type: string, maxLength: 1048576, pattern: \"^[a-z]+$\"}", &text));
}

#[test]
fn a_schema_of_too_many_keywords_or_patterns_is_refused() {
    let mut text = "properties:\n".to_owned();
    for n in 0..600 {
        text += &format!("  a{n}: {{minimum: 1}}\n");
    }
    assert_eq!(read(&text).unwrap_err(), ["1:1 the schema holds more than 1000 keywords"]);
    let mut text = "properties:\n".to_owned();
    for n in 0..129 {
        text += &format!("  a{n}: {{pattern: a}}\n");
    }
    assert_eq!(read(&text).unwrap_err(), ["130:19 the manifest holds more than 128 patterns"]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]|type|\\PC{1,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Maps whose keys are keywords, with values that fit and values that do not.
fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({"$ref": "#"})),
        Just(json!({"$ref": "#/$defs/a"})),
        Just(json!({"type": "string"})),
        any_json(),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        let lists = proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let maps = proptest::collection::btree_map("[a-c]", inner.clone(), 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect()));
        let word = proptest::sample::select(super::compile::KEYWORDS);
        let value = prop_oneof![inner, lists, maps, any_json(), (0_u64..4).prop_map(Value::from)];
        proptest::collection::vec((word, value), 0..5).prop_map(|members| {
            Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
        })
    })
}

proptest! {
    #[test]
    fn no_schema_and_no_input_makes_us_panic(schema in any_schema(), input in any_json()) {
        // Characters that YAML has no place for come as escapes.
        let Ok(node) = node::read(&schema.to_string()) else { return Ok(()) };
        let mut problems = Problems::default();
        if let Some(schema) = InputSchema::read(&node, &mut 0, &mut problems) {
            let first = schema.check(&input);
            prop_assert_eq!(first, schema.check(&input));
            prop_assert!(!schema.shape().contains(char::is_control));
        }
    }

    #[test]
    fn no_pattern_makes_us_panic_or_wait(pattern in any::<String>(), text in any::<String>()) {
        if let Ok(pattern) = Pattern::new(&pattern) {
            let _ = pattern.finds(&text);
        }
    }

    #[test]
    fn patterns_of_the_letters_of_patterns_are_found_or_refused(
        pattern in r"[\\\[\](){}?*+^$.|,:<>=!abdwsBDWSux019&~-]{0,24}",
        text in "[ab019 -]{0,12}",
    ) {
        if let Ok(pattern) = Pattern::new(&pattern) {
            let _ = pattern.finds(&text);
        }
    }

    #[test]
    fn values_have_the_same_key_exactly_when_they_are_the_same(one in any_json(), other in any_json()) {
        let key = |value: &Value| { let mut key = String::new(); write_key(value, &mut key); key };
        if one == other {
            prop_assert_eq!(key(&one), key(&other));
        } else if key(&one) == key(&other) {
            // Only numbers that are written in two ways.
            let digits = |value: &Value| value.to_string().contains(|c: char| c.is_ascii_digit());
            prop_assert!(digits(&one) && digits(&other));
        }
    }
}
