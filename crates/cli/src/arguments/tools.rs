//! What can be typed about the tools of MCP servers.

use clap::Args;

pub(super) const TOOLS_HELP: &str = "\
Examples:
  ringfence tools
  ringfence tools weather --diff
  ringfence tools weather --approve forecast
  ringfence tools run-1f0c9a2b3d4e --approve --yes
What is agreed to counts from the next start of the server on.
Exit codes: 0 done, 2 nothing of that name, 3 a yes is missing, 8 the log cannot be written.";

/// Arguments of `ringfence tools`.
#[derive(Args, Debug)]
pub(crate) struct Tools {
    /// An installed plugin, or `run-...` as it was told when it was run; without one, every
    /// server is listed
    pub(crate) target: Option<String>,
    /// Show what is held, line by line against what is pinned
    #[arg(long, requires = "target", conflicts_with_all = ["show", "approve", "forget"])]
    pub(crate) diff: bool,
    /// Show what is pinned
    #[arg(long, requires = "target", conflicts_with_all = ["approve", "forget"])]
    pub(crate) show: bool,
    /// Agree to what is held: all of it, or what is named; with the digest that `--diff`
    /// tells, to that and nothing else
    #[arg(long, num_args = 0.., value_name = "TOOL[@DIGEST]", requires = "target",
        conflicts_with = "forget")]
    pub(crate) approve: Option<Vec<String>>,
    /// Forget all that is pinned and held: the next start is a first one
    #[arg(long, requires = "target")]
    pub(crate) forget: bool,
    /// Agree without being asked
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
