//! From the manifest's tree to rules, with every mistake at its place.

use super::equal::{MAX_EXACT, whole, write_key};
use super::pattern::Pattern;
use super::references::{Reference, local, push_part, resolve};
use super::rule::{Id, Rule, Types};
use super::{MAX_KEYWORDS, MAX_PATTERNS, shown};
use crate::action;
use crate::error::{Position, Problem};
use crate::node::{Field, Node, Value};
use crate::reader::{Problems, did_you_mean, short};
use serde_json::Number;
use std::collections::BTreeMap;

/// Says something about the value, and of itself refuses nothing: `format` too,
/// as the draft has it where no vocabulary asks for more.
const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "format",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
];

/// Keywords with rules, for suggestions.
pub(super) const KEYWORDS: &[&str] = &[
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "required",
    "dependentRequired",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "$ref",
    "$defs",
    "$schema",
];

/// Keywords that refuse values in some draft and that nothing here enforces, and
/// what to write instead. To pass over them would be a promise unkept.
const REFUSED: &[(&str, &str)] = &[
    ("additionalItems", "write `prefixItems` and `items`"),
    ("dependencies", "write `dependentRequired` or `dependentSchemas`"),
    ("definitions", "write `$defs`"),
    ("unevaluatedProperties", "write `additionalProperties` beside `properties`"),
    ("unevaluatedItems", "write `items` beside `prefixItems`"),
    ("$id", "leave it out: a schema stands alone"),
    ("$anchor", "write the whole path: `#/$defs/NAME`"),
    ("$dynamicRef", "write `$ref`"),
    ("$dynamicAnchor", "leave it out"),
    ("$vocabulary", "leave it out"),
    ("$recursiveRef", "write `$ref`"),
    ("$recursiveAnchor", "leave it out"),
];

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

struct Compiler<'p> {
    problems: &'p mut Problems,
    patterns: &'p mut usize,
    schemas: Vec<Vec<Rule>>,
    places: BTreeMap<String, Id>,
    references: Vec<Reference>,
    keywords: usize,
}

/// The rules of a schema, the root first. `None` when there was a problem.
pub(super) fn compile(
    node: &Node,
    patterns: &mut usize,
    problems: &mut Problems,
) -> Option<Vec<Vec<Rule>>> {
    let mut compiler = Compiler {
        problems,
        patterns,
        schemas: Vec::new(),
        places: BTreeMap::new(),
        references: Vec::new(),
        keywords: 0,
    };
    compiler.schema(node, "");
    let Compiler { problems, mut schemas, places, references, keywords, .. } = compiler;
    if keywords > MAX_KEYWORDS {
        problems.add(node.at, format!("the schema holds more than {MAX_KEYWORDS} keywords"));
        return None;
    }
    resolve(&references, &places, &mut schemas, problems);
    Some(schemas)
}

impl Compiler<'_> {
    /// Compiles one schema. The tree is at most 32 levels deep, so this is bounded.
    fn schema(&mut self, node: &Node, pointer: &str) -> Id {
        let id = self.schemas.len();
        self.schemas.push(Vec::new());
        // Past the bound, nothing more is compiled; the whole is refused.
        self.keywords += 1;
        if self.keywords > MAX_KEYWORDS {
            return id;
        }
        self.places.insert(pointer.to_owned(), id);
        let rules = match &node.value {
            Value::Map(fields) => self.map(id, fields, pointer),
            Value::Scalar { text, plain: true } if text == "true" => Vec::new(),
            Value::Scalar { text, plain: true } if text == "false" => vec![Rule::Never],
            Value::Scalar { .. } | Value::List(_) => {
                let message = format!("a schema is a map, `true` or `false`, not {}", node.form());
                self.problems.add(node.at, message);
                Vec::new()
            }
        };
        if let Some(place) = self.schemas.get_mut(id) {
            *place = rules;
        }
        id
    }

    fn map(&mut self, id: Id, fields: &[Field], pointer: &str) -> Vec<Rule> {
        let get = |key: &str| fields.iter().find(|field| field.key == key);
        let mut rules = Vec::new();
        for field in fields {
            self.keywords += 1;
            let rule = self.alone(field, pointer);
            // What everything else is measured by comes first.
            match rule {
                Some(rule @ Rule::Type(_)) => rules.insert(0, rule),
                other => rules.extend(other),
            }
        }
        self.items(get("prefixItems"), get("items"), pointer, &mut rules);
        self.contains(&get, pointer, &mut rules);
        self.properties(&get, pointer, &mut rules);
        self.conditions(&get, pointer, &mut rules);
        if let Some(field) = get("$ref")
            && let Some(text) = self.text(field)
        {
            match local(&text) {
                Some(to) => {
                    let to = to.to_owned();
                    let reference =
                        Reference { at: field.value.at, from: id, rule: rules.len(), to };
                    self.references.push(reference);
                    rules.push(Rule::Never);
                }
                None => self.problems.push(
                    Problem::new(
                        field.value.at,
                        format!("`{}` is outside this schema; nothing is fetched", short(&text)),
                    )
                    .help("copy it into `$defs` and write `#/$defs/NAME`"),
                ),
            }
        }
        if let Some(field) = get("$defs") {
            self.named(field, pointer);
        }
        rules
    }

    /// Keywords that mean the same whatever is beside them.
    fn alone(&mut self, field: &Field, pointer: &str) -> Option<Rule> {
        let node = &field.value;
        Some(match field.key.as_str() {
            "type" => Rule::Type(self.types(node)?),
            "enum" => {
                let Value::List(items) = &node.value else {
                    self.add(node.at, field, "a list of values");
                    return None;
                };
                Self::values("enum", items.iter())
            }
            "const" => Self::values("const", std::iter::once(node)),
            "minimum" => Rule::Minimum(self.number(field)?),
            "maximum" => Rule::Maximum(self.number(field)?),
            "exclusiveMinimum" => Rule::ExclusiveMinimum(self.number(field)?),
            "exclusiveMaximum" => Rule::ExclusiveMaximum(self.number(field)?),
            "multipleOf" => Rule::MultipleOf(self.multiple(field)?),
            "minLength" => Rule::MinLength(self.count(field)?),
            "maxLength" => Rule::MaxLength(self.count(field)?),
            "pattern" => {
                let text = self.text(field)?;
                Rule::Pattern(self.pattern(&text, node.at)?)
            }
            "minItems" => Rule::MinItems(self.count(field)?),
            "maxItems" => Rule::MaxItems(self.count(field)?),
            "uniqueItems" => {
                if !crate::reader::flag(node, "uniqueItems", self.problems)? {
                    return None;
                }
                Rule::UniqueItems
            }
            "minProperties" => Rule::MinProperties(self.count(field)?),
            "maxProperties" => Rule::MaxProperties(self.count(field)?),
            "required" => Rule::Required(self.names(field, node)),
            "dependentRequired" => {
                let mut map = BTreeMap::new();
                for member in self.members(field)? {
                    map.insert(member.key.clone(), self.names(field, &member.value));
                }
                Rule::DependentRequired(map)
            }
            "propertyNames" => Rule::PropertyNames(self.below(field, pointer)),
            "allOf" => Rule::AllOf(self.list(field, pointer)?),
            "anyOf" => Rule::AnyOf(self.list(field, pointer)?),
            "oneOf" => Rule::OneOf(self.list(field, pointer)?),
            "not" => Rule::Not(self.below(field, pointer)),
            "dependentSchemas" => Rule::DependentSchemas(self.named(field, pointer)?),
            "$schema" => {
                let text = self.text(field)?;
                if text.strip_suffix('#').unwrap_or(&text) != DRAFT {
                    self.add(node.at, field, &format!("`{DRAFT}` or left out"));
                }
                return None;
            }
            key if KEYWORDS.contains(&key) || ANNOTATIONS.contains(&key) => return None,
            key => {
                self.unknown(key, field.key_at);
                return None;
            }
        })
    }

    /// The draft takes a keyword that nobody knows for a remark. One that looks like
    /// a slip of the pen for a rule is told instead: as a remark it would take every
    /// value that the author meant to keep out.
    fn unknown(&mut self, key: &str, at: Position) {
        if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == key) {
            let message = format!("`{key}` of a schema is not enforced by this version");
            self.problems.push(Problem::new(at, message).help(*help));
        } else if let Some(word) = slip(key) {
            let message = format!("unknown keyword `{}` in a schema", short(key));
            let help = format!("did you mean `{word}`? what is only a remark begins with `x-`");
            self.problems.push(Problem::new(at, message).help(help));
        }
    }

    fn items(
        &mut self,
        prefix: Option<&Field>,
        rest: Option<&Field>,
        pointer: &str,
        rules: &mut Vec<Rule>,
    ) {
        let prefix = prefix.and_then(|field| self.list(field, pointer)).unwrap_or_default();
        let rest = rest.and_then(|field| {
            if matches!(field.value.value, Value::List(_)) {
                let message = "`items` is one schema for every item, not a list";
                self.problems.push(
                    Problem::new(field.value.at, message)
                        .help("write `prefixItems` for one schema per item"),
                );
                return None;
            }
            Some(self.below(field, pointer))
        });
        if !prefix.is_empty() || rest.is_some() {
            rules.push(Rule::Items { prefix, rest });
        }
    }

    fn contains<'n>(
        &mut self,
        get: &impl Fn(&str) -> Option<&'n Field>,
        pointer: &str,
        rules: &mut Vec<Rule>,
    ) {
        let min = get("minContains").and_then(|field| self.count(field));
        let max = get("maxContains").and_then(|field| self.count(field));
        match get("contains") {
            Some(field) => {
                let schema = self.below(field, pointer);
                rules.push(Rule::Contains { schema, min: min.unwrap_or(1), max });
            }
            None => self.lonely(get, &["minContains", "maxContains"], "contains"),
        }
    }

    fn properties<'n>(
        &mut self,
        get: &impl Fn(&str) -> Option<&'n Field>,
        pointer: &str,
        rules: &mut Vec<Rule>,
    ) {
        let named = get("properties").and_then(|field| self.named(field, pointer));
        let mut patterns = Vec::new();
        if let Some(field) = get("patternProperties") {
            let mut place = pointer.to_owned();
            push_part(&mut place, &field.key);
            for member in self.members(field).unwrap_or_default() {
                let mut place = place.clone();
                push_part(&mut place, &member.key);
                let id = self.schema(&member.value, &place);
                let pattern = self.pattern(&member.key, member.key_at);
                patterns.extend(pattern.map(|pattern| (pattern, id)));
            }
        }
        let rest = get("additionalProperties").map(|field| self.below(field, pointer));
        if named.is_some() || !patterns.is_empty() || rest.is_some() {
            rules.push(Rule::Properties { named: named.unwrap_or_default(), patterns, rest });
        }
    }

    fn conditions<'n>(
        &mut self,
        get: &impl Fn(&str) -> Option<&'n Field>,
        pointer: &str,
        rules: &mut Vec<Rule>,
    ) {
        match get("if") {
            Some(field) => {
                let when = self.below(field, pointer);
                let then = get("then").map(|field| self.below(field, pointer));
                let otherwise = get("else").map(|field| self.below(field, pointer));
                rules.push(Rule::If { when, then, otherwise });
            }
            None => self.lonely(get, &["then", "else"], "if"),
        }
    }

    /// Keywords that do nothing without another one would be a promise unkept.
    fn lonely<'n>(
        &mut self,
        get: &impl Fn(&str) -> Option<&'n Field>,
        keys: &[&str],
        needed: &str,
    ) {
        for field in keys.iter().filter_map(|key| get(key)) {
            let message = format!("`{}` does nothing without `{needed}`", field.key);
            self.problems.add(field.key_at, message);
        }
    }

    fn below(&mut self, field: &Field, pointer: &str) -> Id {
        let mut place = pointer.to_owned();
        push_part(&mut place, &field.key);
        self.schema(&field.value, &place)
    }

    fn list(&mut self, field: &Field, pointer: &str) -> Option<Vec<Id>> {
        let items = match &field.value.value {
            Value::List(items) if !items.is_empty() => items,
            _ => {
                self.add(field.value.at, field, "a list of at least one schema");
                return None;
            }
        };
        let mut ids = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let mut place = pointer.to_owned();
            push_part(&mut place, &field.key);
            push_part(&mut place, &number.to_string());
            ids.push(self.schema(item, &place));
        }
        Some(ids)
    }

    fn named(&mut self, field: &Field, pointer: &str) -> Option<BTreeMap<String, Id>> {
        let mut map = BTreeMap::new();
        for member in self.members(field)? {
            let mut place = pointer.to_owned();
            push_part(&mut place, &field.key);
            push_part(&mut place, &member.key);
            let id = self.schema(&member.value, &place);
            map.insert(member.key.clone(), id);
        }
        Some(map)
    }

    fn members<'n>(&mut self, field: &'n Field) -> Option<&'n [Field]> {
        if let Value::Map(members) = &field.value.value {
            return Some(members);
        }
        self.add(field.value.at, field, "a map");
        None
    }

    fn add(&mut self, at: Position, field: &Field, wanted: &str) {
        self.problems.add(at, format!("`{}` of a schema is {wanted}", field.key));
    }

    fn types(&mut self, node: &Node) -> Option<Types> {
        let items = match &node.value {
            Value::List(items) if !items.is_empty() => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut types = Types::NONE;
        for item in items {
            // Without quotes it is the value null, which is no word.
            if item.is_null() {
                self.problems.push(
                    Problem::new(item.at, "`type` of a schema is a word")
                        .help("put the word in quotes: \"null\""),
                );
                return None;
            }
            let Value::Scalar { text, .. } = &item.value else {
                self.problems.add(item.at, "`type` of a schema is a word or a list of words");
                return None;
            };
            let Some(with) = types.with(text) else {
                let problem = Problem::new(item.at, format!("unknown type `{}`", short(text)));
                self.problems.push(did_you_mean(problem, text, Types::words()));
                return None;
            };
            types = with;
        }
        Some(types)
    }

    fn values<'n>(word: &'static str, nodes: impl Iterator<Item = &'n Node>) -> Rule {
        let values: Vec<serde_json::Value> = nodes.filter_map(read).collect();
        let key = |value| {
            let mut key = String::new();
            write_key(value, &mut key);
            key
        };
        let texts: Vec<String> = values.iter().take(8).map(ToString::to_string).collect();
        let dots = if values.len() > 8 { ", ..." } else { "" };
        let shown = format!("{}{dots}", shown(&texts.join(", ")));
        Rule::Values { word, keys: values.iter().map(key).collect(), shown }
    }

    fn number(&mut self, field: &Field) -> Option<Number> {
        if let Some(serde_json::Value::Number(number)) = read(&field.value) {
            return Some(number);
        }
        self.add(field.value.at, field, "a number");
        None
    }

    fn count(&mut self, field: &Field) -> Option<u64> {
        let count = read(&field.value).and_then(|value| whole(&value));
        if count.is_none() {
            self.add(field.value.at, field, "a whole number from 0");
        }
        count
    }

    /// Only whole ones: whether 0.07 is a multiple of 0.01 depends on who divides.
    fn multiple(&mut self, field: &Field) -> Option<u64> {
        let number = read(&field.value).and_then(|value| whole(&value));
        let number = number.filter(|number| (1..=MAX_EXACT).contains(number));
        if number.is_none() {
            self.add(field.value.at, field, &format!("a whole number from 1 to {MAX_EXACT}"));
        }
        number
    }

    fn text(&mut self, field: &Field) -> Option<String> {
        if let Some(serde_json::Value::String(text)) = read(&field.value) {
            return Some(text);
        }
        self.problems.push(
            Problem::new(field.value.at, format!("`{}` of a schema is text", field.key))
                .help("put it in quotes"),
        );
        None
    }

    fn names(&mut self, field: &Field, node: &Node) -> Vec<String> {
        let Value::List(items) = &node.value else {
            self.add(node.at, field, "a list of names");
            return Vec::new();
        };
        let mut names = Vec::new();
        for item in items {
            match read(item) {
                Some(serde_json::Value::String(name)) => names.push(name),
                _ => self.problems.push(
                    Problem::new(item.at, format!("`{}` holds what is no name", field.key))
                        .help("put it in quotes"),
                ),
            }
        }
        names
    }

    fn pattern(&mut self, text: &str, at: Position) -> Option<Pattern> {
        *self.patterns += 1;
        if *self.patterns > MAX_PATTERNS {
            self.problems.add(at, format!("the manifest holds more than {MAX_PATTERNS} patterns"));
            return None;
        }
        Pattern::new(text)
            .map_err(|reason| {
                let message = format!("the pattern `{}` cannot be used: {reason}", short(text));
                self.problems.add(at, message);
            })
            .ok()
    }
}

/// The rule that somebody most likely meant who wrote this.
fn slip(key: &str) -> Option<&'static str> {
    // The comparison is quadratic, and no keyword is longer.
    if key.len() > 32 || key.starts_with("x-") {
        return None;
    }
    let fold = |text: &str| text.replace(['_', '-', '$', ' '], "").to_lowercase();
    let folded = fold(key);
    KEYWORDS.iter().copied().find(|word| {
        let word = fold(word);
        // `and`, `on` or `id` are words of their own.
        let most = if word.len() > 5 { 2 } else { usize::from(word.len() > 3) };
        strsim::osa_distance(&folded, &word) <= most
    })
}

/// The value as JSON; what is wrong with it was told when the whole was read.
fn read(node: &Node) -> Option<serde_json::Value> {
    action::json(node, &mut Problems::default())
}
