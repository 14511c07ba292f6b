//! An input against a compiled schema, in a bounded number of steps.

use super::equal::{compare, is_multiple, write_key};
use super::pattern::Pattern;
use super::references::push_part;
use super::rule::{Id, Rule, Types};
use super::{InputFault, MAX_INPUT_DEPTH, shown};
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

/// Steps of one check: half a second or so. A visit is one, and so is each state of
/// a pattern for each byte, and each byte of a value that is compared as a whole.
pub(super) const STEPS: u64 = 50_000_000;
/// Most schemas within one another, for the stack.
const MAX_NESTING: usize = 256;

/// The name of the schema `false`, which has no keyword.
const NEVER: &str = "false";

/// Why a check did not go on.
enum Stop {
    /// The value is not what the schema says. Nobody asked why in a trial.
    Broken(Option<InputFault>),
    /// The bound is reached. Unlike a broken rule, no `not` turns this into a yes.
    Bound(&'static str),
}

struct Run<'s> {
    schemas: &'s [Vec<Rule>],
    steps: u64,
    nesting: usize,
    /// How many trials we are in: `anyOf`, `not` and so on.
    trials: usize,
    pointer: String,
}

/// Holds the input against the first of the schemas in at most `steps` steps.
pub(super) fn check(schemas: &[Vec<Rule>], input: &Value, steps: u64) -> Result<(), InputFault> {
    let bound = |expected: &str| InputFault {
        pointer: String::new(),
        rule: "bounds",
        expected: expected.to_owned(),
    };
    if is_deeper(input, MAX_INPUT_DEPTH) {
        return Err(bound(&format!("nested at most {MAX_INPUT_DEPTH} levels deep")));
    }
    let mut run = Run { schemas, steps, nesting: 0, trials: 0, pointer: String::new() };
    match run.visit(0, input) {
        Ok(()) => Ok(()),
        Err(Stop::Broken(Some(fault))) => Err(fault),
        Err(Stop::Broken(None)) => Err(bound("what the schema says")),
        Err(Stop::Bound(expected)) => Err(bound(expected)),
    }
}

/// Without recursion, because this is what guards it.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let mut open = vec![(value, 1_usize)];
    while let Some((value, level)) = open.pop() {
        let members: Box<dyn Iterator<Item = &Value>> = match value {
            Value::Array(items) => Box::new(items.iter()),
            Value::Object(map) => Box::new(map.values()),
            _ => continue,
        };
        if level > levels {
            return true;
        }
        open.extend(members.map(|member| (member, level.saturating_add(1))));
    }
    false
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Run<'_> {
    fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        self.steps = self.steps.checked_sub(steps).ok_or(Stop::Bound("checked in fewer steps"))?;
        Ok(())
    }

    fn broken(&self, rule: &'static str, expected: impl FnOnce() -> String) -> Stop {
        Stop::Broken((self.trials == 0).then(|| InputFault {
            pointer: shown(&self.pointer),
            rule,
            expected: expected(),
        }))
    }

    fn must(
        &self,
        holds: bool,
        rule: &'static str,
        expected: impl FnOnce() -> String,
    ) -> Result<(), Stop> {
        if holds { Ok(()) } else { Err(self.broken(rule, expected)) }
    }

    fn visit(&mut self, id: Id, value: &Value) -> Result<(), Stop> {
        self.spend(1)?;
        if self.nesting >= MAX_NESTING {
            return Err(Stop::Bound("less nested, with this schema"));
        }
        self.nesting += 1;
        let schemas = self.schemas;
        let result = match schemas.get(id) {
            Some(rules) => rules.iter().try_for_each(|rule| self.rule(rule, value)),
            None => Err(self.broken("bounds", || "what the schema says".to_owned())),
        };
        self.nesting -= 1;
        result
    }

    /// Visits a member of the value.
    fn visit_member(&mut self, id: Id, name: &str, member: &Value) -> Result<(), Stop> {
        let before = self.pointer.len();
        self.spend(length(name.len()) / 16)?;
        push_part(&mut self.pointer, name);
        let result = self.visit(id, member);
        // A broken rule ends the whole, except in a trial, which goes on from here.
        self.pointer.truncate(before);
        result
    }

    /// Whether the schema takes the value. Only the bound ends the check.
    fn holds(&mut self, id: Id, value: &Value) -> Result<bool, Stop> {
        self.trials += 1;
        let result = self.visit(id, value);
        self.trials -= 1;
        match result {
            Ok(()) => Ok(true),
            Err(Stop::Broken(_)) => Ok(false),
            Err(bound @ Stop::Bound(_)) => Err(bound),
        }
    }

    fn finds(&mut self, pattern: &Pattern, text: &str) -> Result<bool, Stop> {
        self.spend(pattern.cost(text))?;
        Ok(pattern.finds(text))
    }

    fn rule(&mut self, rule: &Rule, value: &Value) -> Result<(), Stop> {
        self.spend(1)?;
        match rule {
            Rule::Never => Err(self.broken(NEVER, || "left out".to_owned())),
            Rule::Type(types) => self.must(types.take(value), "type", || {
                format!("{}, not {}", types.text(), Types::name_of(value))
            }),
            Rule::Values { word, keys, shown } => {
                let key = self.key(value)?;
                let one = if keys.len() == 1 { "" } else { "one of " };
                self.must(keys.contains(&key), word, || format!("{one}{shown}"))
            }
            Rule::Ref(id) => self.visit(*id, value),
            Rule::AllOf(ids) => ids.iter().try_for_each(|id| self.visit(*id, value)),
            Rule::AnyOf(ids) => {
                for id in ids {
                    if self.holds(*id, value)? {
                        return Ok(());
                    }
                }
                Err(self.broken("anyOf", || format!("one of {} kinds of value", ids.len())))
            }
            Rule::OneOf(ids) => {
                let mut found = 0_usize;
                for id in ids {
                    found += usize::from(self.holds(*id, value)?);
                }
                self.must(found == 1, "oneOf", || {
                    format!("exactly one of {} kinds of value, not {found}", ids.len())
                })
            }
            Rule::Not(id) => {
                let holds = self.holds(*id, value)?;
                self.must(!holds, "not", || "something else".to_owned())
            }
            Rule::If { when, then, otherwise } => {
                let next = if self.holds(*when, value)? { then } else { otherwise };
                next.map_or(Ok(()), |id| self.visit(id, value))
            }
            other => match value {
                Value::Number(number) => self.number(other, number),
                Value::String(text) => self.text(other, text),
                Value::Array(items) => self.list(other, items),
                Value::Object(map) => self.object(other, map, value),
                Value::Null | Value::Bool(_) => Ok(()),
            },
        }
    }

    /// The value in a form in which equal ones are the same text.
    fn key(&mut self, value: &Value) -> Result<String, Stop> {
        let mut key = String::new();
        write_key(value, &mut key);
        self.spend(length(key.len()))?;
        Ok(key)
    }

    fn number(&self, rule: &Rule, number: &Number) -> Result<(), Stop> {
        let is = |other, orders: &[Ordering]| {
            compare(number, other).is_some_and(|order| orders.contains(&order))
        };
        use Ordering::{Equal, Greater, Less};
        match rule {
            Rule::Minimum(n) => {
                self.must(is(n, &[Greater, Equal]), "minimum", || format!("at least {n}"))
            }
            Rule::Maximum(n) => {
                self.must(is(n, &[Less, Equal]), "maximum", || format!("at most {n}"))
            }
            Rule::ExclusiveMinimum(n) => {
                self.must(is(n, &[Greater]), "exclusiveMinimum", || format!("more than {n}"))
            }
            Rule::ExclusiveMaximum(n) => {
                self.must(is(n, &[Less]), "exclusiveMaximum", || format!("less than {n}"))
            }
            Rule::MultipleOf(n) => {
                self.must(is_multiple(number, *n), "multipleOf", || format!("a multiple of {n}"))
            }
            _ => Ok(()),
        }
    }

    fn text(&mut self, rule: &Rule, text: &str) -> Result<(), Stop> {
        match rule {
            Rule::MinLength(n) => {
                let count = self.characters(text)?;
                self.must(count >= *n, "minLength", || format!("at least {n} characters long"))
            }
            Rule::MaxLength(n) => {
                let count = self.characters(text)?;
                self.must(count <= *n, "maxLength", || format!("at most {n} characters long"))
            }
            Rule::Pattern(pattern) => {
                let found = self.finds(pattern, text)?;
                self.must(found, "pattern", || {
                    format!("text that matches `{}`", shown(&pattern.text))
                })
            }
            _ => Ok(()),
        }
    }

    fn characters(&mut self, text: &str) -> Result<u64, Stop> {
        self.spend(length(text.len()) / 16)?;
        Ok(length(text.chars().count()))
    }

    fn list(&mut self, rule: &Rule, items: &[Value]) -> Result<(), Stop> {
        let count = length(items.len());
        match rule {
            Rule::MinItems(n) => {
                self.must(count >= *n, "minItems", || format!("a list of at least {n}"))
            }
            Rule::MaxItems(n) => {
                self.must(count <= *n, "maxItems", || format!("a list of at most {n}"))
            }
            Rule::UniqueItems => {
                let mut seen = HashSet::new();
                for item in items {
                    let key = self.key(item)?;
                    self.spend(1)?;
                    let new = seen.insert(key);
                    self.must(new, "uniqueItems", || "a list without doubles".to_owned())?;
                }
                Ok(())
            }
            Rule::Items { prefix, rest } => {
                for (number, item) in items.iter().enumerate() {
                    let Some(id) = prefix.get(number).or(rest.as_ref()) else { break };
                    self.visit_member(*id, &number.to_string(), item)?;
                }
                Ok(())
            }
            Rule::Contains { schema, min, max } => {
                let mut found = 0_u64;
                for item in items {
                    found += u64::from(self.holds(*schema, item)?);
                }
                self.must(found >= *min, "contains", || {
                    format!("a list with at least {min} of a certain kind")
                })?;
                self.must(max.is_none_or(|max| found <= max), "maxContains", || {
                    format!("a list with at most {} of a certain kind", max.unwrap_or_default())
                })
            }
            _ => Ok(()),
        }
    }

    fn object(
        &mut self,
        rule: &Rule,
        map: &serde_json::Map<String, Value>,
        value: &Value,
    ) -> Result<(), Stop> {
        let count = length(map.len());
        match rule {
            Rule::MinProperties(n) => {
                self.must(count >= *n, "minProperties", || format!("an object of at least {n}"))
            }
            Rule::MaxProperties(n) => {
                self.must(count <= *n, "maxProperties", || format!("an object of at most {n}"))
            }
            Rule::Required(names) => self.required("required", names, map),
            Rule::DependentRequired(needs) => {
                self.spend(length(needs.len()))?;
                for (name, names) in needs {
                    if map.contains_key(name) {
                        self.required("dependentRequired", names, map)?;
                    }
                }
                Ok(())
            }
            Rule::DependentSchemas(needs) => {
                self.spend(length(needs.len()))?;
                for (name, id) in needs {
                    if map.contains_key(name) {
                        self.visit(*id, value)?;
                    }
                }
                Ok(())
            }
            Rule::PropertyNames(id) => {
                for name in map.keys() {
                    let holds = self.holds(*id, &Value::String(name.clone()))?;
                    self.must(holds, "propertyNames", || {
                        format!("without the name `{}`", shown(name))
                    })?;
                }
                Ok(())
            }
            Rule::Properties { named, patterns, rest } => {
                for (name, member) in map {
                    self.spend(1)?;
                    let mut known = false;
                    if let Some(id) = named.get(name) {
                        known = true;
                        self.visit_member(*id, name, member)?;
                    }
                    for (pattern, id) in patterns {
                        if self.finds(pattern, name)? {
                            known = true;
                            self.visit_member(*id, name, member)?;
                        }
                    }
                    if let (Some(id), false) = (rest, known) {
                        self.unnamed(*id, name, member)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A member that `additionalProperties` is about.
    fn unnamed(&mut self, id: Id, name: &str, member: &Value) -> Result<(), Stop> {
        self.visit_member(id, name, member).map_err(|stop| match stop {
            // Nobody wrote a rule called `false`.
            Stop::Broken(Some(fault)) if fault.rule == NEVER => {
                Stop::Broken(Some(InputFault { rule: "additionalProperties", ..fault }))
            }
            other => other,
        })
    }

    fn required(
        &mut self,
        rule: &'static str,
        names: &[String],
        map: &serde_json::Map<String, Value>,
    ) -> Result<(), Stop> {
        self.spend(length(names.len()))?;
        let missing = names.iter().find(|name| !map.contains_key(name.as_str()));
        self.must(missing.is_none(), rule, || {
            format!("an object with `{}`", missing.map(|name| shown(name)).unwrap_or_default())
        })
    }
}
