//! The rules: one file each. A rule reads what code does, in words that are the same
//! for every language, and never its syntax.

pub(crate) mod address;
mod argument;
pub(crate) mod command;
mod context;
mod known_hosts;
mod outgoing;
mod pages;

use crate::finding::{Finding, Severity};

pub(crate) use context::{Context, Findings, NOWHERE, shown};
pub use pages::{nearest_code, page};

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleClass {
    /// Text that becomes code.
    DynamicCode,
    /// Programs that start.
    Process,
    /// Files.
    Files,
    /// Variables of the environment.
    Environment,
    /// Where the network leads.
    Network,
    /// Data that leaves.
    Exfiltration,
    /// What happens while a package is installed.
    Install,
    /// What runs again later.
    Persistence,
    /// Currencies.
    Mining,
    /// Time and memory.
    Availability,
    /// Code that hides.
    Obfuscation,
    /// What others rely on is changed.
    Tampering,
    /// Bytes that become objects.
    Deserialisation,
    /// Code for a processor.
    Native,
    /// What a package depends on.
    Dependencies,
    /// What was not understood.
    Coverage,
    /// What was asked for and what is needed.
    Capabilities,
    /// The operator's own rules.
    Policy,
}

impl RuleClass {
    /// The stable word of a class.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::DynamicCode => "dynamic-code",
            Self::Process => "process",
            Self::Files => "files",
            Self::Environment => "environment",
            Self::Network => "network",
            Self::Exfiltration => "exfiltration",
            Self::Install => "install",
            Self::Persistence => "persistence",
            Self::Mining => "mining",
            Self::Availability => "availability",
            Self::Obfuscation => "obfuscation",
            Self::Tampering => "tampering",
            Self::Deserialisation => "deserialisation",
            Self::Native => "native",
            Self::Dependencies => "dependencies",
            Self::Coverage => "coverage",
            Self::Capabilities => "capabilities",
            Self::Policy => "policy",
        }
    }
}

/// One rule.
pub struct Rule {
    /// Its stable name.
    pub code: &'static str,
    /// What it finds, as a lowercase fragment.
    pub title: &'static str,
    /// What it is about.
    pub class: RuleClass,
    /// The number in the list of common weaknesses that is nearest.
    pub cwe: Option<u16>,
    /// The worst that it says.
    pub severity: Severity,
    check: fn(&Context<'_>, &mut Findings<'_>),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

macro_rules! rules {
    ($($name:ident,)*) => {
        $(mod $name;)*
        /// Every rule, in the order in which reports name them. The last one is said by
        /// the policy and not by a look at the package.
        pub const RULES: &[Rule] = &[$($name::RULE,)*];
    };
}

rules! {
    dynamic_code,
    dynamic_code_from_network,
    dynamic_code_decoded,
    dynamic_import_computed,
    process_spawn,
    address_opened,
    shell_command,
    shell_command_computed,
    download_and_execute,
    reverse_shell,
    file_write,
    file_delete,
    file_delete_recursive_home,
    file_read_sensitive,
    environment_read,
    environment_read_all,
    network_request,
    internal_network,
    raw_ip_address,
    suspicious_host,
    exfiltration_of_environment,
    exfiltration_of_credentials,
    exfiltration_of_files,
    exfiltration_of_system_information,
    keylogging_or_screen,
    clipboard_replacement,
    install_hook,
    install_hook_with_network,
    install_hook_with_process,
    install_hook_with_dynamic_code,
    persistence,
    crypto_mining,
    endless_loop,
    obfuscation,
    hidden_payload,
    prototype_pollution,
    builtin_replacement,
    dangerous_deserialisation,
    native_code,
    typosquat,
    dependency_version_unusual,
    dependency_from_git_or_url,
    opaque_file,
    unparsed_file,
    archive_oddity,
    confusable_characters,
    undeclared_capability,
    unclear_capability,
    unused_capability,
    stale_exception,
}

/// The rule of this code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// What all rules say, worst first and then by place.
pub(crate) fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for rule in RULES {
        (rule.check)(context, &mut Findings::of(rule.code, &mut all));
    }
    sort(&mut all);
    // One line can be seen by more than one reader: as a shell's and as a program's.
    all.dedup_by(|later, earlier| {
        later.code == earlier.code
            && later.place == earlier.place
            && later.message == earlier.message
            && later.evidence == earlier.evidence
    });
    all
}

/// The order of reports: the same for the same findings.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.place, finding.code);
        other
            .severity
            .cmp(&one.severity)
            .then_with(|| one.evidence.is_empty().cmp(&other.evidence.is_empty()))
            .then_with(|| key(one).cmp(&key(other)))
            .then_with(|| one.message.cmp(&other.message))
    });
}
