//! Reads limits in the spellings of the dialects.

use crate::error::Problem;
use crate::keys;
use crate::node::{Field, Node, Value};
use crate::reader::{self, Fields, Problems};
use crate::resources::ResourceRequest;
use crate::units;
use std::time::Duration;

/// What a limit is counted in, and how it may be written.
#[derive(Clone, Copy)]
enum Amount {
    Bytes,
    /// A bare number is in mebibytes.
    Mebibytes,
    Percent,
    /// A bare number is in seconds.
    Seconds,
    /// A bare number is in milliseconds.
    Milliseconds,
    Count,
}

impl Amount {
    const fn expected(self) -> &'static str {
        match self {
            Self::Bytes => "a size such as `100M`",
            Self::Mebibytes => "a whole number of mebibytes",
            Self::Percent => "a share such as `25%`, or a number of cores such as `0.25`",
            Self::Seconds => "a time such as `30s` or `500ms`",
            Self::Milliseconds => "a whole number of milliseconds",
            Self::Count => "a whole number",
        }
    }

    /// The amount as a plain number: bytes, percent, milliseconds or count.
    fn read(self, text: &str) -> Option<u64> {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).ok();
        match self {
            Self::Bytes => units::bytes(text),
            Self::Mebibytes => units::count(text)?.checked_mul(1 << 20),
            Self::Percent => units::cpu_percent(text).map(u64::from),
            Self::Seconds => units::duration(text, 1000).and_then(milliseconds),
            Self::Milliseconds | Self::Count => units::count(text),
        }
    }
}

/// What zero would mean.
#[derive(Clone, Copy, PartialEq)]
enum Zero {
    /// None at all, which is a sensible limit.
    Allowed,
    /// Nothing could run.
    Refused,
}

/// `resources:`
pub(crate) fn resources(node: &Node, request: &mut ResourceRequest, problems: &mut Problems) {
    let Some(fields) = Fields::open(node, "`resources`", keys::RESOURCES, problems) else {
        return;
    };
    let p = problems;
    let memory = fields.one_of(&["memory", "memory_limit"], p);
    set(memory, Amount::Bytes, Zero::Refused, &mut request.memory_bytes, p);
    let cpu = fields.one_of(&["cpu", "cpu_limit"], p);
    set(cpu, Amount::Percent, Zero::Refused, &mut request.cpu_percent, p);
    set_time(fields.get("cpu_time"), Amount::Seconds, &mut request.cpu_time, p);
    let small = (Amount::Count, Zero::Refused);
    set(fields.get("processes"), small.0, small.1, &mut request.processes, p);
    set(fields.get("open_files"), small.0, small.1, &mut request.open_files, p);
    let size = (Amount::Bytes, Zero::Allowed);
    set(fields.get("tmp"), size.0, size.1, &mut request.tmp_bytes, p);
    set(fields.get("file_size"), size.0, size.1, &mut request.file_bytes, p);
    set(fields.get("input"), size.0, size.1, &mut request.input_bytes, p);
    set(fields.get("output"), size.0, size.1, &mut request.output_bytes, p);
    set(fields.get("storage"), size.0, size.1, &mut request.storage_bytes, p);
    let number = (Amount::Count, Zero::Allowed);
    let operations = fields.get("file_operations");
    set(operations, number.0, number.1, &mut request.file_operations, p);
    set(fields.get("broker_calls"), number.0, number.1, &mut request.broker_calls, p);
    let rate = fields.get("broker_calls_per_second");
    set(rate, number.0, number.1, &mut request.broker_calls_per_second, p);
    let rate = fields.get("messages_per_second");
    set(rate, number.0, number.1, &mut request.messages_per_second, p);
    let rate = fields.get("queries_per_second");
    set(rate, number.0, number.1, &mut request.queries_per_second, p);
    let requests = fields.get("network_requests");
    set(requests, number.0, number.1, &mut request.network_requests, p);
    let rate = fields.get("network_requests_per_minute");
    set(rate, number.0, number.1, &mut request.network_requests_per_minute, p);
    let connections = fields.get("network_connections");
    set(connections, number.0, number.1, &mut request.network_connections, p);
    set(fields.get("network_sent"), size.0, size.1, &mut request.network_sent_bytes, p);
    set(fields.get("network_received"), size.0, size.1, &mut request.network_received_bytes, p);

    let Some(rates) = fields.get("rate_limits") else {
        return;
    };
    let Some(rates) = Fields::open(&rates.value, "`rate_limits`", keys::RATE_LIMITS, p) else {
        return;
    };
    let rate = rates.get("messages_per_second");
    set(rate, number.0, number.1, &mut request.messages_per_second, p);
    let rate = rates.get("database_queries_per_second");
    set(rate, number.0, number.1, &mut request.queries_per_second, p);
}

/// `resourceLimits:` of RyCode. Its times are in milliseconds, its memory in
/// mebibytes, as the presets read the same figures.
pub(crate) fn resource_limits(node: &Node, request: &mut ResourceRequest, problems: &mut Problems) {
    let Some(fields) = Fields::open(node, "`resourceLimits`", keys::RESOURCE_LIMITS, problems)
    else {
        return;
    };
    let p = problems;
    let memory = fields.get("maxMemoryMB");
    set(memory, Amount::Mebibytes, Zero::Refused, &mut request.memory_bytes, p);
    set_time(fields.get("maxExecutionTime"), Amount::Milliseconds, &mut request.call, p);
    set_time(fields.get("maxCPUTime"), Amount::Milliseconds, &mut request.cpu_time, p);
    let operations = fields.get("maxFileSystemOps");
    set(operations, Amount::Count, Zero::Allowed, &mut request.file_operations, p);
    let requests = fields.get("maxNetworkRequests");
    set(requests, Amount::Count, Zero::Allowed, &mut request.network_requests, p);
}

/// `limits:` below the permissions of LifeOS.
pub(crate) fn family_limits(node: &Node, request: &mut ResourceRequest, problems: &mut Problems) {
    let Some(fields) = Fields::open(node, "`limits`", keys::FAMILY_LIMITS, problems) else {
        return;
    };
    let p = problems;
    let storage = fields.get("storageBytes");
    set(storage, Amount::Bytes, Zero::Allowed, &mut request.storage_bytes, p);
    set_time(fields.get("cpuTimeMs"), Amount::Milliseconds, &mut request.cpu_time, p);

    let Some(field) = fields.get("requestsPerMinute") else {
        return;
    };
    let mut per_minute: Option<u32> = None;
    set(Some(field), Amount::Count, Zero::Allowed, &mut per_minute, p);
    match per_minute {
        // Rounded down, so that the rate by the second keeps the one by the minute.
        Some(count) if count == 0 || count >= 60 => {
            store(field, count / 60, &mut request.broker_calls_per_second, p);
        }
        Some(_) => p.push(
            Problem::new(
                field.value.at,
                "a rate below 60 per minute is not enforced by this version",
            )
            .help("write a multiple of 60: rates are counted by the second"),
        ),
        None => {}
    }
}

/// `timeouts:`, and `timeout_seconds:` of GAO-Dev for the start alone.
pub(crate) fn timeouts(
    map: Option<&Field>,
    seconds: Option<&Field>,
    request: &mut ResourceRequest,
    problems: &mut Problems,
) {
    let p = problems;
    if let Some(map) = map
        && let Some(fields) = Fields::open(&map.value, "`timeouts`", keys::TIMEOUTS, p)
    {
        set_time(fields.get("initialise"), Amount::Seconds, &mut request.initialise, p);
        set_time(fields.get("hook"), Amount::Seconds, &mut request.hook, p);
        set_time(fields.get("call"), Amount::Seconds, &mut request.call, p);
    }
    set_time(seconds, Amount::Seconds, &mut request.initialise, p);
}

fn set_time(
    field: Option<&Field>,
    amount: Amount,
    place: &mut Option<Duration>,
    problems: &mut Problems,
) {
    let mut milliseconds: Option<u64> = None;
    set(field, amount, Zero::Refused, &mut milliseconds, problems);
    if let (Some(field), Some(milliseconds)) = (field, milliseconds) {
        store(field, Duration::from_millis(milliseconds), place, problems);
    }
}

fn set<T: TryFrom<u64>>(
    field: Option<&Field>,
    amount: Amount,
    zero: Zero,
    place: &mut Option<T>,
    problems: &mut Problems,
) {
    let Some(field) = field else { return };
    let key = &field.key;
    let Value::Scalar { text, .. } = &field.value.value else {
        problems.add(
            field.value.at,
            format!("`{key}` is {}, not {}", amount.expected(), field.value.form()),
        );
        return;
    };
    let number = amount.read(text);
    match number.map(|number| (number, T::try_from(number))) {
        Some((0, _)) if zero == Zero::Refused => {
            problems.add(field.value.at, format!("`{key}` is zero, with which nothing can run"));
        }
        Some((_, Ok(value))) => store(field, value, place, problems),
        Some((_, Err(_))) => problems.add(field.value.at, format!("`{key}` is too large")),
        None => problems.add(
            field.value.at,
            format!("`{key}` is {}, not `{}`", amount.expected(), reader::short(text)),
        ),
    }
}

fn store<T>(field: &Field, value: T, place: &mut Option<T>, problems: &mut Problems) {
    if place.is_some() {
        problems.push(
            Problem::new(
                field.key_at,
                format!("the limit `{}` is already given by another key", field.key),
            )
            .help("keep one of the two"),
        );
    } else {
        *place = Some(value);
    }
}
