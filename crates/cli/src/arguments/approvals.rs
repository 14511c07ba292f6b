//! What can be typed about calls that wait for a person.

use clap::Args;

/// Arguments of `ringfence approvals`.
#[derive(Args, Debug)]
pub(crate) struct ApprovalList {
    /// Print each as it comes, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
    /// One JSON object on standard output; with `--watch`, one a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence allow`.
#[derive(Args, Debug)]
pub(crate) struct Allow {
    /// As `ringfence approvals` tells it
    pub(crate) id: String,
    /// This one call
    #[arg(long, required_unless_present_any = ["session", "version"],
        conflicts_with_all = ["session", "version"])]
    pub(crate) once: bool,
    /// Until the run ends
    #[arg(long, conflicts_with = "version")]
    pub(crate) session: bool,
    /// Whenever this version of an installed plugin is run, as by `ringfence grant`
    #[arg(long)]
    pub(crate) version: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence deny`.
#[derive(Args, Debug)]
pub(crate) struct Deny {
    /// As `ringfence approvals` tells it
    pub(crate) id: String,
    /// Do not ask for it again, at no run
    #[arg(long)]
    pub(crate) never: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
