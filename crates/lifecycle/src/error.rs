//! Why a run did not end with an answer.

use crate::recall::Recall;
use ringfence_limits::Resource;
use ringfence_package::InputFault;
use ringfence_protocol::PluginError;
use ringfence_sandbox::{End, StartError};
use ringfence_types::{AuditError, Denial, ExitCode, UntrustedText};
use std::time::Duration;

/// Which wall-clock limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// From the start until the plugin said that it is ready.
    Initialise,
    /// One action.
    Call,
}

/// Everything that can end a run, typed so that a host can act on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The plugin's own failure.
    #[error("the plugin failed: {0}")]
    Plugin(PluginError),
    /// A program ended with a status other than 0.
    #[error("the program ended with status {status}")]
    Status {
        /// Its exit status.
        status: i32,
        /// What it wrote to standard output; untrusted.
        output: Vec<u8>,
        /// The end of what it wrote to standard error; untrusted.
        stderr: String,
    },
    /// Time is up.
    #[error("stopped after {} s: the {} took longer than allowed", limit.as_secs_f32(), match phase { Phase::Initialise => "start", Phase::Call => "call" })]
    Timeout {
        /// In which phase.
        phase: Phase,
        /// What was allowed.
        limit: Duration,
    },
    /// A resource is used up.
    #[error("stopped: {resource} limit of {limit}{}{} reached{}", if resource.unit().is_empty() { "" } else { " " }, resource.unit(), used.map(|used| format!(" (used {used})")).unwrap_or_default())]
    Resource {
        /// Which.
        resource: Resource,
        /// What was allowed, in the resource's unit.
        limit: u64,
        /// What was used, where it is known.
        used: Option<u64>,
    },
    /// An effect that the action needed was denied.
    #[error("{0}")]
    Denied(Denial),
    /// The program died.
    #[error("the plugin crashed: {}", describe(end))]
    Crash {
        /// How.
        end: End,
        /// The end of what it wrote to standard error; untrusted.
        stderr: String,
    },
    /// Code in the built-in engine did what cannot be done; nothing else was harmed,
    /// and the instance can be called again.
    #[error("the plugin crashed: {}", UntrustedText::new(reason))]
    Trap {
        /// The engine's words.
        reason: String,
    },
    /// The plugin broke the protocol.
    #[error("the plugin broke the protocol: {reason}")]
    Protocol {
        /// How; untrusted parts are neutralised.
        reason: String,
        /// The end of what it wrote to standard error; untrusted.
        stderr: String,
    },
    /// The input is not what the manifest says that the action takes. The plugin
    /// was not called, and the instance can be called again.
    #[error("the input of `{}` {}: {fault}", UntrustedText::new(action), if *is_missing { "is missing" } else { "is refused" })]
    Input {
        /// Of which action.
        action: String,
        /// Where and why; safe to show.
        fault: InputFault,
        /// What the action takes, in one line; safe to show.
        shape: String,
        /// Whether nothing was given at all.
        is_missing: bool,
    },
    /// A profile or a core dump is asked of what has none. The plugin was not called.
    #[error("profiles and core dumps are of actions in WebAssembly; this plugin runs as `{runtime}`{}", if *runtime == "wasm" { ", and is a program without actions" } else { "" })]
    NotInspected {
        /// What runs it.
        runtime: &'static str,
    },
    /// No action of this name.
    #[error("there is no action `{}`", UntrustedText::new(action))]
    NoSuchAction {
        /// What was asked for.
        action: String,
        /// What there is; untrusted.
        actions: Vec<String>,
    },
    /// The tool is not what was agreed to. The server heard nothing of the call.
    #[error("{}", UntrustedText::new(why))]
    Held {
        /// Why.
        why: String,
        /// What mends it.
        help: String,
    },
    /// The instance ended before, or was a program that runs once.
    #[error("the instance is over{}", why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Over {
        /// The error that ended it.
        why: Option<String>,
    },
    /// Nothing was started, or the jailer died under the plugin.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The log cannot be written, so nothing may happen.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The host asked for the end.
    #[error("stopped on request")]
    Interrupted,
    /// What lets it run was taken back before it was started. Nothing of it ran.
    #[error("not started: {0}")]
    Refused(Box<Recall>),
    /// What let it run was taken back meanwhile.
    #[error("stopped: {0}")]
    Recalled(Box<Recall>),
    /// A fault of ours or of the machine.
    #[error("{what}")]
    Internal {
        /// What was being done.
        what: String,
    },
}

fn describe(end: &End) -> String {
    match end {
        End::Exited(status) => format!("it ended with status {status} before it answered"),
        End::Signalled(signal) => format!("signal {signal} ({})", signal_name(*signal)),
        End::Killed => "it was killed".to_owned(),
    }
}

/// Names of the signals that end programs; see signal(7).
fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL, an illegal instruction",
        6 => "SIGABRT, it gave up",
        7 => "SIGBUS, a memory fault",
        8 => "SIGFPE, an arithmetic fault",
        9 => "SIGKILL, killed",
        11 => "SIGSEGV, a memory fault",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU, out of processor time",
        25 => "SIGXFSZ, a file grew too large",
        31 => "SIGSYS, a forbidden system call",
        _ => "see signal(7)",
    }
}

impl RunError {
    /// The exit status of the command line for it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Plugin(error) if error.caused_by.as_deref() == Some("not_granted") => {
                ExitCode::Denied
            }
            Self::Plugin(_) | Self::Status { .. } => ExitCode::PluginError,
            Self::Timeout { .. } => ExitCode::Timeout,
            Self::Resource { .. } => ExitCode::Limit,
            Self::Denied(_) | Self::Held { .. } => ExitCode::Denied,
            Self::Crash { .. } | Self::Trap { .. } | Self::Protocol { .. } => ExitCode::Crash,
            Self::Input { .. }
            | Self::NotInspected { .. }
            | Self::NoSuchAction { .. }
            | Self::Over { .. } => ExitCode::Usage,
            Self::Start(StartError::Unavailable { .. } | StartError::Jailer(_)) => {
                ExitCode::SandboxUnavailable
            }
            Self::Start(_) => ExitCode::Usage,
            Self::Audit(_) => ExitCode::Audit,
            Self::Interrupted => ExitCode::Interrupted,
            Self::Refused(_) => ExitCode::Refused,
            Self::Recalled(_) => ExitCode::Recalled,
            Self::Internal { .. } => ExitCode::Internal,
        }
    }

    /// What a person can do about it, as a command or an option.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Denied(denial) => denial.repair.clone(),
            Self::Refused(recall) | Self::Recalled(recall) => recall.help(),
            Self::Held { help, .. } => Some(help.clone()),
            // What a shell answers when it did not find, or may not start, a program.
            Self::Status { status: 126 | 127, .. } => Some(
                "a program that starts others needs --grant process.execute=NAME for each, or --grant process.execute for all"
                    .to_owned(),
            ),
            Self::Start(
                StartError::Unavailable { help, .. } | StartError::Program { help, .. },
            ) => help.clone(),
            Self::Timeout { .. } | Self::Resource { .. } => {
                Some("--preset development has wider limits".to_owned())
            }
            Self::Input { action, shape, .. } => Some(format!(
                "`{}` takes {shape}; give it as JSON with --input",
                UntrustedText::new(action)
            )),
            Self::NotInspected { .. } => Some(
                "--json tells processor time and peak memory of any plugin, in `usage`".to_owned(),
            ),
            Self::NoSuchAction { actions, .. } if !actions.is_empty() => Some(format!(
                "it has: {}",
                actions
                    .iter()
                    .map(|name| UntrustedText::new(name).to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
            _ => None,
        }
    }

    /// What the plugin wrote to standard error last, where that helps.
    #[must_use]
    pub fn stderr(&self) -> Option<&str> {
        match self {
            Self::Status { stderr, .. }
            | Self::Crash { stderr, .. }
            | Self::Protocol { stderr, .. } => (!stderr.is_empty()).then_some(stderr),
            _ => None,
        }
    }
}
