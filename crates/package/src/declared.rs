//! What a plugin asks to be allowed, in any dialect.

use crate::error::{Position, Problem};
use crate::keys;
use crate::node::{Field, Node, Value};
use crate::reader::{self, Fields, Problems, TextRule};
use crate::words;
use ringfence_types::{Capability, CapabilityError, Kind};
use std::path::Path;

/// Most capabilities that one manifest may ask for.
pub const MAX_DECLARED: usize = 256;

/// Longest scope text in bytes, as the pattern grammar has it.
const SCOPE: TextRule = TextRule { max: 4096, lines: false };

/// A capability that the plugin asks for. Declaring grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Declared {
    /// What is asked for.
    pub capability: Capability,
    /// Why, in the author's words; show it as untrusted text.
    pub reason: Option<String>,
    /// Whether the plugin says that it can do without.
    pub optional: bool,
    /// The word as written, of whichever dialect.
    pub word: String,
    /// Line of the manifest, from 1.
    pub line: u32,
}

/// What a manifest asks for before it is known in which folder the plugin
/// lies: scopes that begin with `./` have no meaning without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// What is done.
    pub kind: Kind,
    /// The scope as written; none for everything of the kind.
    pub scope: Option<String>,
    /// Why, in the author's words.
    pub reason: Option<String>,
    /// Whether the plugin says that it can do without.
    pub optional: bool,
    /// The word as written.
    pub word: String,
    /// Where it is written.
    pub at: Position,
}

impl Requested {
    /// The capability, with `./` standing for `folder` (absolute and canonical).
    ///
    /// # Errors
    /// When the scope is not of the kind's grammar, or the folder's path cannot
    /// be written as a scope (not UTF-8, `*` or control characters in it).
    pub fn resolve(&self, folder: &Path) -> Result<Declared, CapabilityError> {
        let capability = match &self.scope {
            None => Capability::any(self.kind),
            Some(scope) => match self.below_folder() {
                None => Capability::new(self.kind, scope)?,
                Some(rest) => {
                    // What is not UTF-8 becomes a form that the grammar refuses.
                    let folder = folder.to_str().unwrap_or("*/");
                    let folder = folder.trim_end_matches('/');
                    Capability::new(self.kind, &format!("{folder}/{rest}"))?
                }
            },
        };
        Ok(Declared {
            capability,
            reason: self.reason.clone(),
            optional: self.optional,
            word: self.word.clone(),
            line: self.at.line,
        })
    }

    /// For a file scope `./rest`, the rest.
    fn below_folder(&self) -> Option<&str> {
        match self.kind {
            Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete => {
                self.scope.as_deref()?.strip_prefix("./")
            }
            _ => None,
        }
    }
}

/// Reads `permissions:`, a list of words or a map of families.
pub(crate) fn permissions(node: &Node, requested: &mut Vec<Requested>, problems: &mut Problems) {
    match &node.value {
        Value::List(items) => {
            for item in items {
                item_of_list(item, requested, problems);
            }
        }
        Value::Map(fields) => families(fields, requested, problems),
        // `permissions:` with nothing behind it asks for nothing.
        Value::Scalar { .. } if node.is_null() => {}
        Value::Scalar { .. } => problems.push(
            Problem::new(node.at, "`permissions` is a list of words or a map of families")
                .help("begin the word with `- ` on a line of its own"),
        ),
    }
    if requested.len() > MAX_DECLARED {
        problems.add(node.at, format!("more than {MAX_DECLARED} permissions are asked for"));
    }
}

/// Reads `capabilities:`, a map of booleans.
pub(crate) fn capabilities(node: &Node, requested: &mut Vec<Requested>, problems: &mut Problems) {
    let Some(fields) = Fields::open(node, "`capabilities`", keys::CAPABILITIES, problems) else {
        return;
    };
    for key in keys::CAPABILITIES {
        if let Some(field) = fields.get(key)
            && reader::flag(&field.value, key, problems) == Some(true)
            && let Some(kind) = words::meaning(key)
        {
            Request::of(kind, &field.key, field.key_at).push(None, requested, problems);
        }
    }
}

fn item_of_list(item: &Node, requested: &mut Vec<Requested>, problems: &mut Problems) {
    match &item.value {
        Value::Scalar { .. } => {
            let Some(text) = reader::text(item, "permissions", SCOPE, problems) else {
                return;
            };
            let text = text.trim();
            let (word, scope) = match text.split_once([' ', '\t', '=']) {
                Some((word, scope)) => (word, Some(scope.trim_start_matches([' ', '\t', '=']))),
                None => (text, None),
            };
            if let Some(kind) = kind_of(word, item.at, problems) {
                Request::of(kind, word, item.at).push(
                    scope.map(|scope| (item.at, scope.to_owned())),
                    requested,
                    problems,
                );
            }
        }
        Value::Map(fields) if fields.iter().any(|field| field.key == "capability") => {
            long_form(item, requested, problems);
        }
        Value::Map(fields) => word_and_scope(item, fields, requested, problems),
        Value::List(_) => problems.add(item.at, "a permission is a word or a map, not a list"),
    }
}

/// `- capability: files.read`, with `scope`, `reason` and `optional` beside it.
fn long_form(item: &Node, requested: &mut Vec<Requested>, problems: &mut Problems) {
    let Some(fields) = Fields::open(item, "a permission", keys::PERMISSION, problems) else {
        return;
    };
    let (reason, optional) =
        reason_and_optional(fields.get("reason"), fields.get("optional"), problems);
    let Some(field) = fields.get("capability") else {
        return;
    };
    let Some(word) = reader::text(&field.value, "capability", reader::LINE, problems) else {
        return;
    };
    let Some(kind) = kind_of(&word, field.value.at, problems) else {
        return;
    };
    let mut request = Request::of(kind, &word, field.value.at);
    request.reason = reason;
    request.optional = optional;
    match fields.get("scope") {
        None => request.push(None, requested, problems),
        Some(scope) => request.push_scopes(&scope.value, requested, problems),
    }
}

/// `- files.read: /data/**`, with `reason` and `optional` beside it.
fn word_and_scope(
    item: &Node,
    fields: &[Field],
    requested: &mut Vec<Requested>,
    problems: &mut Problems,
) {
    let beside = |key: &str| fields.iter().find(|field| field.key == key);
    let (reason, optional) = reason_and_optional(beside("reason"), beside("optional"), problems);
    let mut words = fields.iter().filter(|field| !keys::BESIDE_WORD.contains(&field.key.as_str()));
    let Some(field) = words.next() else {
        problems.push(
            Problem::new(item.at, "a permission without a word")
                .help("begin with a word, such as `- files.read: /data/**`"),
        );
        return;
    };
    if let Some(second) = words.next() {
        let problem = Problem::new(
            second.key_at,
            format!("unknown key `{}` in a permission", reader::short(&second.key)),
        );
        problems.push(if words::meaning(&second.key).is_some() {
            problem.help("begin every permission with `- ` of its own")
        } else {
            reader::did_you_mean(problem, &second.key, keys::PERMISSION.iter().copied())
        });
    }
    let Some(kind) = kind_of(&field.key, field.key_at, problems) else {
        return;
    };
    let mut request = Request::of(kind, &field.key, field.key_at);
    request.reason = reason;
    request.optional = optional;
    request.push_scopes(&field.value, requested, problems);
}

fn reason_and_optional(
    reason: Option<&Field>,
    optional: Option<&Field>,
    problems: &mut Problems,
) -> (Option<String>, bool) {
    let reason =
        reason.and_then(|field| reader::text(&field.value, "reason", reader::PARAGRAPH, problems));
    let optional = optional
        .and_then(|field| reader::flag(&field.value, "optional", problems))
        .unwrap_or(false);
    (reason, optional)
}

/// `permissions:` as a map: families of LifeOS, or words with scopes.
fn families(fields: &[Field], requested: &mut Vec<Requested>, problems: &mut Problems) {
    for field in fields {
        let table: &'static [&'static str] = match field.key.as_str() {
            "nodes" => keys::NODES,
            "relationships" => keys::RELATIONSHIPS,
            "events" => keys::EVENTS,
            "user" => keys::USER,
            // Read with the resources.
            "limits" => continue,
            word => {
                if let Some(kind) = words::meaning(word) {
                    Request::of(kind, word, field.key_at).push_scopes(
                        &field.value,
                        requested,
                        problems,
                    );
                } else {
                    let problem = Problem::new(
                        field.key_at,
                        format!("unknown permission `{}`", reader::short(word)),
                    );
                    let known = keys::FAMILIES
                        .iter()
                        .copied()
                        .chain(words::permission_words().map(|word| word.word));
                    problems.push(reader::did_you_mean(problem, word, known));
                }
                continue;
            }
        };
        let what = format!("`{}`", field.key);
        let Some(verbs) = Fields::open(&field.value, &what, table, problems) else {
            continue;
        };
        for (family, verb, kind) in words::LIFEOS {
            if *family == field.key
                && let Some(verb) = verbs.get(verb)
            {
                let word = format!("{family}.{}", verb.key);
                Request::of(*kind, &word, verb.key_at).push_scopes(
                    &verb.value,
                    requested,
                    problems,
                );
            }
        }
    }
}

fn kind_of(word: &str, at: Position, problems: &mut Problems) -> Option<Kind> {
    let kind = words::meaning(word);
    if kind.is_none() {
        let problem = Problem::new(at, format!("unknown permission `{}`", reader::short(word)));
        problems.push(reader::did_you_mean(
            problem,
            word,
            words::permission_words().map(|word| word.word),
        ));
    }
    kind
}

/// A permission whose scope is still to be read.
struct Request<'a> {
    kind: Kind,
    word: &'a str,
    at: Position,
    reason: Option<String>,
    optional: bool,
}

impl<'a> Request<'a> {
    fn of(kind: Kind, word: &'a str, at: Position) -> Self {
        Self { kind, word, at, reason: None, optional: false }
    }

    /// A scope, a list of scopes, or `true` and `false` for all and nothing.
    fn push_scopes(&self, node: &Node, requested: &mut Vec<Requested>, problems: &mut Problems) {
        match &node.value {
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "false") => {
                if text == "true" {
                    self.push(None, requested, problems);
                }
            }
            Value::Scalar { .. } if node.is_null() => problems.push(
                Problem::new(node.at, format!("`{}` has no scope", reader::short(self.word)))
                    .help("write a scope behind the colon, or `\"*\"` for everything"),
            ),
            Value::Map(_) => problems.push(
                Problem::new(
                    node.at,
                    format!("the scope of `{}` is text or a list", reader::short(self.word)),
                )
                .help("put `reason` and `optional` beside the word, not below it"),
            ),
            Value::Scalar { .. } | Value::List(_) => {
                for (at, scope) in reader::texts(node, "scope", SCOPE, problems) {
                    self.push(Some((at, scope)), requested, problems);
                }
            }
        }
    }

    fn push(
        &self,
        scope: Option<(Position, String)>,
        requested: &mut Vec<Requested>,
        problems: &mut Problems,
    ) {
        let (at, scope) = match scope {
            Some((at, scope)) => (at, Some(scope)),
            None => (self.at, None),
        };
        let request = Requested {
            kind: self.kind,
            scope,
            reason: self.reason.clone(),
            optional: self.optional,
            word: self.word.to_owned(),
            at: self.at,
        };
        // Any folder will do to check the grammar; the real one comes later.
        if let Err(error) = request.resolve(Path::new("/")) {
            problems.push(scope_problem(at, &request, &error));
            return;
        }
        let same = |other: &Requested| other.kind == request.kind && other.scope == request.scope;
        if requested.len() <= MAX_DECLARED && !requested.iter().any(same) {
            requested.push(request);
        }
    }
}

fn scope_problem(at: Position, request: &Requested, error: &CapabilityError) -> Problem {
    let scope = request.scope.as_deref().unwrap_or("");
    let problem = match error {
        // In the author's words: the error itself holds the resolved path.
        CapabilityError::Scope { kind, source, .. } => Problem::new(
            at,
            format!(
                "`{}` is not a scope of {kind} ({}): {source}",
                reader::short(scope),
                kind.scope_meaning()
            ),
        ),
        other => Problem::new(at, other.to_string()),
    };
    match request.kind {
        Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete
            if !scope.starts_with('/') && !scope.starts_with("./") =>
        {
            problem.help("begin with `/`, or with `./` for the plugin's own folder")
        }
        Kind::NetworkRequest => problem.help(
            "write a host, such as `api.example.com` or `*.example.com:8443`, or \
             `https://api.example.com`",
        ),
        _ => problem,
    }
}
