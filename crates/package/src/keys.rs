//! Every key that may stand in a manifest, level by level. The parser, the
//! published JSON Schema and the suggestions all read these tables.

/// The top level.
pub(crate) const TOP: &[&str] = &[
    "name",
    "pluginName",
    "version",
    "pluginVersion",
    "author",
    "description",
    "license",
    "homepage",
    "type",
    "runtime",
    "entry",
    "entry_point",
    "protocol",
    "actions",
    "permissions",
    "capabilities",
    "resources",
    "resourceLimits",
    "timeouts",
    "timeout_seconds",
    "strictMode",
    "stateful",
    "jit",
    "enabled",
];

/// Keys that mean something to a host, which this version cannot do: accepting
/// them would promise what nothing keeps.
pub(crate) const NOT_ENFORCED: &[(&str, &str)] = &[
    ("health_check", "health checks"),
    ("healthCheck", "health checks"),
    ("restart", "restarting"),
    ("restart_policy", "restarting"),
    ("restartPolicy", "restarting"),
];

/// One action, when actions are a list.
pub(crate) const ACTION: &[&str] = &["name", "description", "input"];
/// One action, when actions are a map from names.
pub(crate) const NAMED_ACTION: &[&str] = &["description", "input"];

/// One permission in long form.
pub(crate) const PERMISSION: &[&str] = &["capability", "scope", "reason", "optional"];
/// What may stand beside the word in `word: scope`.
pub(crate) const BESIDE_WORD: &[&str] = &["reason", "optional"];

/// LifeOS: permissions as a map of families.
pub(crate) const FAMILIES: &[&str] = &["nodes", "relationships", "events", "user", "limits"];
pub(crate) const NODES: &[&str] = &["read", "write", "delete"];
pub(crate) const RELATIONSHIPS: &[&str] = &["create", "read"];
pub(crate) const EVENTS: &[&str] = &["subscribe", "publish"];
pub(crate) const USER: &[&str] = &["profile", "preferences"];
pub(crate) const FAMILY_LIMITS: &[&str] = &["requestsPerMinute", "storageBytes", "cpuTimeMs"];

/// RyCode: capabilities as booleans.
pub(crate) const CAPABILITIES: &[&str] = &[
    "fileSystemRead",
    "fileSystemWrite",
    "network",
    "shell",
    "env",
    "projectMetadata",
    "aiClient",
];
/// RyCode: limits.
pub(crate) const RESOURCE_LIMITS: &[&str] =
    &["maxMemoryMB", "maxExecutionTime", "maxCPUTime", "maxFileSystemOps", "maxNetworkRequests"];

/// Resources, canonical spelling first, then that of Rosey.
pub(crate) const RESOURCES: &[&str] = &[
    "memory",
    "cpu",
    "cpu_time",
    "processes",
    "open_files",
    "tmp",
    "file_size",
    "input",
    "output",
    "storage",
    "file_operations",
    "broker_calls",
    "broker_calls_per_second",
    "messages_per_second",
    "queries_per_second",
    "network_requests",
    "network_requests_per_minute",
    "network_connections",
    "network_sent",
    "network_received",
    "memory_limit",
    "cpu_limit",
    "rate_limits",
];
/// Rosey: rates.
pub(crate) const RATE_LIMITS: &[&str] = &["messages_per_second", "database_queries_per_second"];

/// Wall-clock limits.
pub(crate) const TIMEOUTS: &[&str] = &["initialise", "hook", "call"];
