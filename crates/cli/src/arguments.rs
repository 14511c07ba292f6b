//! What can be typed.

mod advisories;
mod age;
mod approvals;
mod feed;
mod installed;
mod local;
mod signing;
mod tools;

pub(crate) use advisories::{Advisories, AdvisoriesCheck, AdvisoriesImport, AdvisoriesStatus};
pub(crate) use age::MinAge;
pub(crate) use approvals::{Allow, ApprovalList, Deny};
pub(crate) use feed::{Feed, FeedAdd, FeedIgnore, FeedList, FeedNew, FeedOf, FeedSign, FeedUpdate};
pub(crate) use installed::{
    Gc, Grant, Install, InstallTerms, InstalledVerb, List, OfPlugin, Quarantine, Rate, Revoke,
    Update,
};
pub(crate) use signing::{
    Inspect as InspectPacked, Keygen, Pack, Sign, Trust, TrustAccept, TrustAdd, TrustList,
    TrustRegistry, TrustRevoke, TrustRoot, TrustRotate, Verify,
};
pub(crate) use tools::Tools;

use crate::secret::GivenSecret;
use clap::builder::TypedValueParser as _;
use clap::{Args, Parser, Subcommand};
use local::local;
use ringfence::{Capability, Kept, Preset, Publish};
use ringfence_types::Host;
use std::error::Error as _;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Runs plugins that nobody trusts yet.
#[derive(Debug, Parser)]
#[command(name = "ringfence", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 the plugin failed, 2 wrong use, 3 denied, 4 limit, 5 time-out,
6 no sandbox here, 7 crash, 8 audit log, 9 a package is refused, 10 what ran was
recalled, 70 a fault of ours, 130 interrupted.
Files are kept in $RINGFENCE_HOME, else in ~/.local/share/ringfence.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a plugin in a jail: a folder, a file, an installed one, or a command after `--`
    Run(Box<Run>),
    #[command(flatten)]
    Installed(InstalledVerb),
    /// Tell what this machine can enforce, and how to mend what is missing
    Doctor(Doctor),
    /// Read, verify and export the audit log
    #[command(subcommand)]
    Audit(Audit),
    /// Keep secrets, encrypted, that plugins use without having them
    #[command(subcommand)]
    Secret(Secret),
    /// Tell what a package does, before anything of it runs: a folder, a file or an archive
    Scan(Scan),
    /// Pack a package into one file, the same for the same files
    Pack(Pack),
    /// Sign a packed package
    Sign(Sign),
    /// Tell who vouches for a packed package
    Verify(Verify),
    /// Show what is in a packed package
    Inspect(InspectPacked),
    /// Make a key to sign packages with
    Keygen(Keygen),
    /// Keep the list of publishers whose packages count as known
    #[command(subcommand)]
    Trust(Trust),
    /// Tell which parts of a package are publicly known to be vulnerable or malicious
    #[command(subcommand)]
    Advisories(Advisories),
    /// Follow signed lists of what is recalled
    #[command(subcommand)]
    Feed(Feed),
    /// Look at what MCP servers say of their tools, and agree to what is held
    #[command(after_help = tools::TOOLS_HELP)]
    Tools(Tools),
    /// Print the calls that wait for an answer (`ringfence run --ask`)
    Approvals(ApprovalList),
    /// Allow what a call that waits asks for, and nothing else
    Allow(Allow),
    /// Deny what a call that waits asks for
    Deny(Deny),
    /// Print the JSON Schema of plugin.yaml
    Schema,
}

/// Arguments of `ringfence run`.
#[derive(Args, Debug)]
#[command(after_help = RUN_HELP)]
pub(crate) struct Run {
    /// Folder or file of the plugin, the name of an installed one, `npm:NAME[@VERSION]`,
    /// `pypi:NAME[==VERSION]`, `oci:HOST/REPOSITORY[:TAG]` or `https://...#sha256=HEX`; with a
    /// command after `--`, the action
    #[arg(value_parser = local())]
    pub(crate) target: Option<OsString>,
    /// Action or tool to call; without one, what there is is listed
    pub(crate) action: Option<String>,
    /// Input: JSON, `@file`, or `-` for standard input
    #[arg(long, short, value_name = "JSON")]
    pub(crate) input: Option<String>,
    /// Grant a capability, such as `files.read=/data/**` (may be repeated)
    #[arg(long, short, value_name = "CAPABILITY", value_parser = granted)]
    pub(crate) grant: Vec<Capability>,
    /// Grant everything that the manifest declares, without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// When a call of a plugin with actions is denied because nobody granted it, let it wait
    /// for an answer: at this terminal, or by `ringfence approvals` at another one
    #[arg(long)]
    pub(crate) ask: bool,
    /// Seconds that a call waits for an answer; then it is denied
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "ask",
        value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) ask_for: u32,
    /// Lend a variable, `NAME=VALUE` or `NAME` for the value it has here (may be repeated)
    #[arg(long, short, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Hosts: none whatever is granted, limited to those granted, or full for every name
    #[arg(long, value_name = "HOSTS", default_value = "limited", value_parser = NetworkPreset::from_str)]
    pub(crate) network: NetworkPreset,
    /// Let a secret go out to a host, `NAME[=SOURCE]@HOST` (may be repeated), in headers and
    /// basic authentication, or with `?PARAMETER` behind the host in that query parameter;
    /// the plugin gets a variable NAME with something that stands for it. Sources:
    /// `env:VARIABLE`, `store` (see `ringfence secret`), `file:PATH`, `command:PROGRAM
    /// ARGUMENTS`, `vault:MOUNT/data/PATH#FIELD`; by default the variable NAME where it is
    /// set, else the store
    #[arg(long, value_name = "NAME[=SOURCE]@HOST[?PARAMETER]", value_parser = GivenSecret::from_str)]
    pub(crate) secret: Vec<GivenSecret>,
    /// Address of a host that is not to be looked up, `NAME=ADDRESS` (may be repeated)
    #[arg(long, value_name = "NAME=ADDRESS", value_parser = given_host)]
    pub(crate) resolve: Vec<(Host, IpAddr)>,
    /// Let others on this machine connect to a port of the plugin, `PORT=unix:/PATH`,
    /// `PORT=127.0.0.1:HOSTPORT` or `PORT=[::1]:HOSTPORT`; 0 is any free one (may be repeated)
    #[arg(long, value_name = "PORT=PLACE", value_parser = Publish::from_str)]
    pub(crate) publish: Vec<Publish>,
    /// Limits: development, production or untrusted
    #[arg(long, short, default_value = "production", value_parser = Preset::from_str)]
    pub(crate) preset: Preset,
    /// Time for one call, in seconds, in place of the preset's
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: Option<u32>,
    /// Memory, in MiB, in place of the preset's
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) memory: Option<u32>,
    /// Processor time of one call, in seconds, in place of the preset's
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cpu_time: Option<u32>,
    /// Write where the time of the call goes into a new FILE, for profiler.firefox.com
    /// (actions in WebAssembly)
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Write what is left of the plugin into a new FILE if the call ends in a trap: a
    /// WebAssembly core dump, with whatever the plugin was told (actions in WebAssembly)
    #[arg(long, value_name = "FILE")]
    pub(crate) core_dump: Option<PathBuf>,
    /// Speak MCP with it; without an action, serve an MCP client on standard input and output
    #[arg(long)]
    pub(crate) mcp: bool,
    /// Of a package of a registry: ask the registry, whatever was fetched before
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Of a package of a registry: seconds after which fetching it is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) fetch_timeout: u32,
    /// Of a package of a registry, or an installed plugin: run it although its code is blocked,
    /// or a part of it has a critical vulnerability; of known malware nothing is run
    #[arg(long)]
    pub(crate) despite_findings: bool,
    /// Of a package of a registry: run it only if advisories that are new enough are here, and
    /// nothing in them is against it
    #[arg(long)]
    pub(crate) require_advisories: bool,
    /// Of a package of a registry: run it only if its registry signed each part of it, by a key
    /// that is built in or that you trust
    #[arg(long)]
    pub(crate) require_signatures: bool,
    /// Of a package of a registry: run it only if somebody attests from which repository it was
    /// built, and that holds
    #[arg(long)]
    pub(crate) require_provenance: bool,
    /// Of a package of a registry: how long ago each part of it has to be published, such as
    /// `7d` or `12h`, as the registry says; 0 is at any age. Without it, what the variable
    /// RINGFENCE_MIN_AGE holds
    #[arg(long, value_name = "AGE", value_parser = MinAge::from_str)]
    pub(crate) min_age: Option<MinAge>,
    /// Refuse to run where any wall is missing: Landlock, or a cgroup that limits the whole jail
    #[arg(long)]
    pub(crate) all_walls: bool,
    /// Refuse to run where no cgroup limits the whole jail
    #[arg(long)]
    pub(crate) whole_jail_limits: bool,
    /// One JSON object on standard output, no card
    #[arg(long)]
    pub(crate) json: bool,
    /// No card, no usage line, nothing of the plugin's own log
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// A command with its arguments; after a plugin, arguments for its program
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    /// What is kept of an installed plugin, once it was found
    #[arg(skip)]
    pub(crate) installed: Option<Kept>,
}

/// How much of the network a run may have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkPreset {
    /// Nothing, whatever is granted.
    None,
    /// What is granted by name.
    Limited,
    /// Every name on every port; addresses by name of their own still.
    Full,
}

impl FromStr for NetworkPreset {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "limited" => Ok(Self::Limited),
            "full" => Ok(Self::Full),
            _ => Err("want none, limited or full"),
        }
    }
}

/// A capability, or why it is none with what would mend it.
fn granted(text: &str) -> Result<Capability, String> {
    text.parse::<Capability>().map_err(|error| match error.source() {
        Some(why) => format!("{error}: {why}"),
        None => error.to_string(),
    })
}

fn given_host(text: &str) -> Result<(Host, IpAddr), String> {
    let (name, address) = text.split_once('=').ok_or("want NAME=ADDRESS")?;
    let host = Host::parse(name).map_err(|error| error.to_string())?;
    if host.address().is_some() {
        return Err("an address is not looked up anyway".to_owned());
    }
    let address = address.trim_matches(['[', ']']).parse();
    Ok((host, address.map_err(|_| "want an IPv4 or IPv6 address after `=`")?))
}

const RUN_HELP: &str = "\
Examples:
  ringfence run plugins/examples/hello-node greet --input '{\"name\":\"Ada\"}'
  ringfence run --grant files.read=/data/** -- wc -l /data/list.txt
  ringfence run npm:@modelcontextprotocol/server-everything echo --input '{\"message\":\"hi\"}'
  ringfence run -g files.read=/data/** npm:@modelcontextprotocol/server-filesystem -- /data
  ringfence run --timeout 3600 --publish 8000=127.0.0.1:0 -- python3 -m http.server 8000";

/// Arguments of `ringfence scan`.
#[derive(Args, Debug)]
#[command(after_help = SCAN_HELP)]
pub(crate) struct Scan {
    /// Folder, file, archive (.tgz, .tar, .zip, .whl, .ringfence), `npm:NAME[@VERSION]`,
    /// `pypi:NAME[==VERSION]`, `oci:HOST/REPOSITORY[:TAG]` or `https://...#sha256=HEX` to look at
    #[arg(required_unless_present = "explain", value_parser = local().map(PathBuf::from))]
    target: Option<PathBuf>,
    /// Print what a code of a finding means and how to mend it
    #[arg(long, value_name = "CODE", exclusive = true)]
    pub(crate) explain: Option<String>,
    /// How the report is written: text, json, sarif or markdown
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ScanFormat::from_str)]
    pub(crate) format: ScanFormat,
    /// What blocks, warns and is accepted, as TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// An older version, or its report as JSON: what the new one does more is told
    #[arg(long, value_name = "OLD")]
    pub(crate) baseline: Option<PathBuf>,
    /// Print a plugin.yaml that asks for what the code needs, in place of the report
    #[arg(long)]
    pub(crate) manifest: bool,
    /// When to end with exit code 9: blocked, warning, or score:N for a score below N
    #[arg(long, value_name = "WHEN", default_value = "blocked", value_parser = FailOn::from_str)]
    pub(crate) fail_on: FailOn,
    /// Write out findings that only describe
    #[arg(long)]
    pub(crate) all: bool,
    /// Seconds after which a package that is still being read is refused
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) time_limit: u32,
    /// Of a package of a registry: how long ago each part of it has to be published, such as
    /// `7d` or `12h`, as the registry says; 0 is at any age. Without it, what the variable
    /// RINGFENCE_MIN_AGE holds
    #[arg(long, value_name = "AGE", value_parser = MinAge::from_str)]
    pub(crate) min_age: Option<MinAge>,
    /// This is the process that looks
    #[arg(long, hide = true)]
    pub(crate) apart: bool,
    /// What the report is about
    #[arg(long, hide = true, requires = "apart")]
    pub(crate) subject: Option<String>,
    /// File with how far its registry vouches for it, as JSON
    #[arg(long, hide = true, requires = "apart")]
    pub(crate) vouched: Option<PathBuf>,
}

impl Scan {
    /// What to look at; nothing is looked at where something is explained.
    pub(crate) fn target(&self) -> &Path {
        self.target.as_deref().unwrap_or_else(|| Path::new("."))
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanFormat {
    /// For a person at a terminal.
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// For a page or a comment.
    Markdown,
}

impl FromStr for ScanFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "sarif" => Ok(Self::Sarif),
            "markdown" => Ok(Self::Markdown),
            _ => Err("want text, json, sarif or markdown"),
        }
    }
}

/// When a scan ends with an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailOn {
    /// The policy blocks.
    Blocked,
    /// The policy blocks or warns.
    Warning,
    /// The score is below this.
    Score(u8),
}

impl FromStr for FailOn {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "blocked" => Ok(Self::Blocked),
            "warning" => Ok(Self::Warning),
            _ => match text.strip_prefix("score:").map(str::parse) {
                Some(Ok(score)) if score <= 100 => Ok(Self::Score(score)),
                _ => Err("want blocked, warning or score:N with N from 0 to 100"),
            },
        }
    }
}

const SCAN_HELP: &str = "\
Examples:
  ringfence scan ./plugin
  ringfence scan --format sarif package.tgz > report.sarif
  ringfence scan --baseline old.tgz --fail-on warning new.tgz
  ringfence scan --manifest ./plugin > plugin.yaml
  ringfence scan --explain hidden-payload
Exit codes: 0 looked at, 2 wrong use, 9 what --fail-on names, or could
not be read in its bounds, 70 this machine cannot shut in who looks. Nothing of
the package is run.";

/// Arguments of `ringfence doctor`.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Attack a jail from inside and print what was open
    #[arg(long)]
    pub(crate) attack: bool,
    /// With --attack: every probe, not only the open ones
    #[arg(long)]
    pub(crate) all: bool,
    /// JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Print records, oldest first
    List(AuditList),
    /// Check every record, the chain and the signatures
    Verify(AuditVerify),
    /// Write records with their proof to one file that others can verify
    Export(AuditExport),
}

/// Arguments of `ringfence audit list`.
#[derive(Args, Debug)]
pub(crate) struct AuditList {
    /// Only the last so many
    #[arg(long, short = 'n', value_name = "COUNT")]
    pub(crate) last: Option<usize>,
    /// Only records of this instance
    #[arg(long)]
    pub(crate) instance: Option<String>,
    /// Only records of this kind, such as `effect_denied`
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only records at least this severe: info, warning, error, critical
    #[arg(long)]
    pub(crate) severity: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence audit verify`.
#[derive(Args, Debug)]
pub(crate) struct AuditVerify {
    /// Verify this export instead of the log here
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// The public key to trust, in hex, from somewhere else than the log
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
    /// JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence audit export`.
#[derive(Args, Debug)]
pub(crate) struct AuditExport {
    /// File to write; standard output without it
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
    /// First record
    #[arg(long, default_value_t = 1)]
    pub(crate) from: u64,
    /// Last record
    #[arg(long)]
    pub(crate) to: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Set a secret: its value is asked for, or read from standard input
    Set(SecretSet),
    /// Print the names of all secrets and when they were set
    List(SecretList),
    /// Remove a secret
    Remove(SecretRemove),
    /// Encrypt every secret with a new key
    #[command(after_help = ROTATE_HELP)]
    Rotate,
    /// Put the store's key, which is asked for or read from standard input, into the
    /// kernel's keyring, until the machine restarts
    #[command(after_help = UNLOCK_HELP)]
    Unlock,
    /// Take the store's key out of the kernel's keyring
    Lock,
}

const UNLOCK_HELP: &str = "\
The key is taken from there where RINGFENCE_SECRETS_KEYRING=user is set. To begin:
  openssl rand -hex 32 > KEEP_IT_SOMEWHERE_ELSE
  ringfence secret unlock < KEEP_IT_SOMEWHERE_ELSE";

const ROTATE_HELP: &str = "\
A key of your own (RINGFENCE_SECRETS_KEY or RINGFENCE_SECRETS_KEY_FILE) is replaced by that
in RINGFENCE_SECRETS_NEW_KEY or RINGFENCE_SECRETS_NEW_KEY_FILE; that of the home by a new one.";

/// Arguments of `ringfence secret set`.
#[derive(Args, Debug)]
pub(crate) struct SecretSet {
    /// Its name: letters, digits and `_`
    pub(crate) name: String,
    /// What was typed where a value does not belong. Taken, so as not to be repeated
    /// in a complaint about it.
    #[arg(hide = true, num_args = 0.., allow_hyphen_values = true, trailing_var_arg = true)]
    pub(crate) value: Vec<OsString>,
}

/// Arguments of `ringfence secret list`.
#[derive(Args, Debug)]
pub(crate) struct SecretList {
    /// JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence secret remove`.
#[derive(Args, Debug)]
pub(crate) struct SecretRemove {
    /// Its name
    pub(crate) name: String,
}
