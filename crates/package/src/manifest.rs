//! `plugin.yaml` as a value.

use crate::action::{self, Action};
use crate::declared::{self, Requested};
use crate::entry_text::{self, EntryText, Protocol, Runtime};
use crate::error::{ManifestError, Position, Problem};
use crate::keys;
use crate::node::{self, MAX_MANIFEST_BYTES, Node, Value};
use crate::plugin_type::PluginType;
use crate::reader::{self, Fields, Problems};
use crate::resource_keys;
use crate::resources::ResourceRequest;
use ringfence_types::PluginName;

/// A manifest that is valid by itself; whether its entry exists is for
/// [`crate::Package::open`] to find out.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The plugin's name.
    pub name: PluginName,
    /// As written, such as `1.0` or `2.3.4-beta`.
    pub version: Option<String>,
    /// One line; untrusted text.
    pub author: Option<String>,
    /// A paragraph; untrusted text.
    pub description: Option<String>,
    /// One line, such as `MIT`; untrusted text.
    pub license: Option<String>,
    /// An `http` or `https` address; untrusted text.
    pub homepage: Option<String>,
    /// What it is for.
    pub plugin_type: Option<PluginType>,
    /// What executes it; none when neither key nor entry says so.
    pub runtime: Option<Runtime>,
    /// Whether `runtime` was left to what the plugin's files ask for.
    pub automatic: bool,
    /// Where it begins; none means that the folder must tell.
    pub entry: Option<EntryText>,
    /// How it talks, if stated.
    pub protocol: Option<Protocol>,
    /// What it offers.
    pub actions: Vec<Action>,
    /// What it asks for.
    pub requested: Vec<Requested>,
    /// Limits that it states for itself.
    pub resources: ResourceRequest,
    /// Whether it needs memory that is writable and executable.
    pub jit: bool,
    /// Whether one state serves all calls, where that can be chosen.
    pub stateful: Option<bool>,
    /// Whether text can become code, where that can be chosen.
    pub strict: Option<bool>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// With every problem found and its place. Text that is not YAML, or is
    /// too large, gives one problem, because nothing behind it can be trusted.
    pub fn parse(text: &str) -> Result<Manifest, ManifestError> {
        let root = node::read(text)?;
        let mut problems = Problems::default();
        let manifest = read(&root, &mut problems);
        problems.or(manifest)
    }

    /// Reads a manifest from bytes that may not be text.
    ///
    /// # Errors
    /// As [`Manifest::parse`], and for bytes that are not UTF-8.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            let problem = Problem::new(
                Position::START,
                format!("the file is larger than {MAX_MANIFEST_BYTES} bytes"),
            );
            return Err(problem.into());
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let at = node::end_of(&String::from_utf8_lossy(good));
                Err(Problem::new(at, "the file is not UTF-8 text").into())
            }
        }
    }
}

fn read(root: &Node, problems: &mut Problems) -> Option<Manifest> {
    let fields =
        Fields::open_refusing(root, "the manifest", keys::TOP, keys::NOT_ENFORCED, problems)?;
    let name = name(&fields, problems);
    let version = version(&fields, problems);
    let author = line(&fields, &["author"], problems);
    let description = fields
        .get("description")
        .and_then(|field| reader::text(&field.value, "description", reader::PARAGRAPH, problems));
    let license = line(&fields, &["license"], problems);
    let homepage = homepage(&fields, problems);
    let plugin_type = choice(&fields, "type", PluginType::ALL, PluginType::word, problems);
    let stated = choice(&fields, "runtime", Stated::ALL, Stated::word, problems);
    let automatic = matches!(stated, Some(Stated::Auto));
    let runtime = stated.map(Stated::at_first);
    let (runtime, entry) = match fields.one_of(&["entry", "entry_point"], problems) {
        None => (runtime, None),
        Some(field) => match entry_text::entry(&field.value, runtime, problems) {
            None => (runtime, None),
            Some((told, entry)) => (Some(told), Some(entry)),
        },
    };
    let protocol = choice(&fields, "protocol", Protocol::ALL, Protocol::word, problems);
    if runtime == Some(Runtime::Command)
        && protocol == Some(Protocol::Actions)
        && let Some(field) = fields.get("protocol")
    {
        problems.push(
            Problem::new(field.value.at, "the runtime `command` has no runner for `actions`")
                .help("use `mcp` or `plain`"),
        );
    }
    let actions = fields
        .get("actions")
        .map(|field| action::actions(&field.value, problems))
        .unwrap_or_default();
    // Whoever talks in bytes has no actions, so nothing would ever be checked.
    let is_plain = match protocol {
        None => runtime == Some(Runtime::Command),
        Some(protocol) => protocol == Protocol::Plain,
    };
    if is_plain
        && actions.iter().any(|action| action.input.is_some())
        && let Some(field) = fields.get("actions")
    {
        problems.push(
            Problem::new(
                field.key_at,
                "the `input` of an action is not enforced for a plain program",
            )
            .help("add `protocol: mcp` if it is an MCP server, else remove `input`"),
        );
    }
    let mut requested = Vec::new();
    let mut resources = ResourceRequest::default();
    permissions(&fields, &mut requested, &mut resources, problems);
    limits(&fields, &mut resources, problems);
    let jit = jit(&fields, runtime, problems);
    must_be(&fields, "enabled", true, "the plugin is switched off by its manifest", problems);
    if automatic
        && entry.is_none()
        && let Some(field) = fields.get("runtime")
    {
        problems.push(
            Problem::new(field.value.at, "`runtime: auto` chooses by what the entry imports")
                .help("add `entry: index.js`"),
        );
    }
    // What is true whichever is chosen.
    let named = runtime.filter(|_| !automatic);
    let strict = if named == Some(Runtime::JavaScript) {
        flag(&fields, "strictMode", problems)
    } else {
        must_be(
            &fields,
            "strictMode",
            false,
            "strict mode (no `eval`, no dynamic import) is enforced for `runtime: javascript` alone",
            problems,
        );
        None
    };
    let stateful = if named.is_some_and(Runtime::is_built_in) {
        flag(&fields, "stateful", problems)
    } else {
        must_be(
            &fields,
            "stateful",
            true,
            "only `runtime: wasm` and `runtime: javascript` can begin each call anew",
            problems,
        );
        None
    };
    Some(Manifest {
        name: name?,
        version,
        author,
        description,
        license,
        homepage,
        plugin_type,
        runtime,
        automatic,
        entry,
        protocol,
        actions,
        requested,
        resources,
        jit,
        stateful,
        strict,
    })
}

/// What `runtime` may say.
#[derive(Clone, Copy)]
enum Stated {
    Named(Runtime),
    /// Node.js, if the plugin needs it, else the built-in engine.
    Auto,
}

impl Stated {
    const ALL: &'static [Self] = &[
        Self::Named(Runtime::Node),
        Self::Named(Runtime::Python),
        Self::Named(Runtime::Command),
        Self::Named(Runtime::Wasm),
        Self::Named(Runtime::JavaScript),
        Self::Auto,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Named(runtime) => runtime.word(),
            Self::Auto => "auto",
        }
    }

    /// What it is until the files have been looked at.
    const fn at_first(self) -> Runtime {
        match self {
            Self::Named(runtime) => runtime,
            Self::Auto => Runtime::JavaScript,
        }
    }
}

fn flag(fields: &Fields<'_>, key: &str, problems: &mut Problems) -> Option<bool> {
    fields.get(key).and_then(|field| reader::flag(&field.value, key, problems))
}

fn permissions(
    fields: &Fields<'_>,
    requested: &mut Vec<Requested>,
    resources: &mut ResourceRequest,
    problems: &mut Problems,
) {
    if let Some(field) = fields.get("permissions") {
        declared::permissions(&field.value, requested, problems);
        if let Value::Map(families) = &field.value.value
            && let Some(limits) = families.iter().find(|family| family.key == "limits")
        {
            resource_keys::family_limits(&limits.value, resources, problems);
        }
    }
    if let Some(field) = fields.get("capabilities") {
        declared::capabilities(&field.value, requested, problems);
    }
}

fn limits(fields: &Fields<'_>, resources: &mut ResourceRequest, problems: &mut Problems) {
    if let Some(field) = fields.get("resources") {
        resource_keys::resources(&field.value, resources, problems);
    }
    if let Some(field) = fields.get("resourceLimits") {
        resource_keys::resource_limits(&field.value, resources, problems);
    }
    let (map, seconds) = (fields.get("timeouts"), fields.get("timeout_seconds"));
    resource_keys::timeouts(map, seconds, resources, problems);
}

fn name(fields: &Fields<'_>, problems: &mut Problems) -> Option<PluginName> {
    let Some(field) = fields.one_of(&["name", "pluginName"], problems) else {
        problems.push(
            Problem::new(fields.at, "the manifest has no `name`").help("add `name: my-plugin`"),
        );
        return None;
    };
    let text = reader::text(&field.value, "name", reader::LINE, problems)?;
    match text.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            problems.add(
                field.value.at,
                format!("`{}` is not a plugin name: {error}", reader::short(&text)),
            );
            None
        }
    }
}

/// Close to semantic versioning, but `1.0` is common and harmless.
fn version(fields: &Fields<'_>, problems: &mut Problems) -> Option<String> {
    let field = fields.one_of(&["version", "pluginVersion"], problems)?;
    let text = reader::text(&field.value, "version", reader::LINE, problems)?;
    if is_version(&text) {
        return Some(text);
    }
    problems.push(
        Problem::new(field.value.at, format!("`{}` is not a version", reader::short(&text)))
            .help("write numbers with dots between them, such as `1.2.0`"),
    );
    None
}

pub(crate) fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or(text);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.len() <= 64
        && number
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_' | b'!'))
}

fn line(fields: &Fields<'_>, keys: &[&str], problems: &mut Problems) -> Option<String> {
    let field = fields.one_of(keys, problems)?;
    reader::text(&field.value, &field.key, reader::LINE, problems)
}

fn homepage(fields: &Fields<'_>, problems: &mut Problems) -> Option<String> {
    let text = line(fields, &["homepage"], problems)?;
    if (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(char::is_whitespace)
    {
        return Some(text);
    }
    if let Some(field) = fields.get("homepage") {
        problems.add(field.value.at, "`homepage` is an address that begins with `https://`");
    }
    None
}

/// One of a closed set of words.
fn choice<T: Copy>(
    fields: &Fields<'_>,
    key: &str,
    all: &'static [T],
    word: impl Fn(T) -> &'static str,
    problems: &mut Problems,
) -> Option<T> {
    let field = fields.get(key)?;
    let text = reader::text(&field.value, key, reader::LINE, problems)?;
    let found = all.iter().copied().find(|one| word(*one) == text);
    if found.is_none() {
        let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
        let problem =
            Problem::new(field.value.at, format!("unknown {key} `{}`", reader::short(&text)));
        problems.push(match reader::nearest(&text, words.iter().copied()) {
            Some(word) => problem.help(format!("did you mean `{word}`?")),
            None => problem.help(format!("use one of {}", words.join(", "))),
        });
    }
    found
}

fn jit(fields: &Fields<'_>, runtime: Option<Runtime>, problems: &mut Problems) -> bool {
    let Some(field) = fields.get("jit") else {
        return false;
    };
    let jit = reader::flag(&field.value, "jit", problems).unwrap_or(false);
    if jit && runtime != Some(Runtime::Command) {
        problems.push(
            Problem::new(field.value.at, "`jit` is for `runtime: command` alone")
                .help("remove the key; the jail knows what node and python need"),
        );
        return false;
    }
    jit
}

/// A switch of which this version can do one position only.
fn must_be(
    fields: &Fields<'_>,
    key: &str,
    possible: bool,
    otherwise: &str,
    problems: &mut Problems,
) {
    if let Some(field) = fields.get(key)
        && reader::flag(&field.value, key, problems) == Some(!possible)
    {
        problems.push(
            Problem::new(field.value.at, otherwise)
                .help(format!("remove `{key}`, or write `{possible}`")),
        );
    }
}
