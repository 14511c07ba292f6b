//! What can be typed about feeds of recalls.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Signed lists of what is recalled
#[derive(Subcommand, Debug)]
#[command(after_help = HELP)]
pub(crate) enum Feed {
    /// Follow a feed, and fetch it
    Add(FeedAdd),
    /// Fetch what feeds say now, and do what follows
    Update(FeedUpdate),
    /// Which feeds are followed, and how new they are
    List(FeedList),
    /// What a feed says
    Show(FeedOf),
    /// Follow a feed no more; what it put into quarantine is let out, switched off
    Remove(FeedOf),
    /// Do not follow one fact; what it put into quarantine is let out, switched off
    Ignore(FeedIgnore),
    /// Make a feed of facts, to be signed
    New(FeedNew),
    /// Sign a feed
    Sign(FeedSign),
}

const HELP: &str = "\
A feed tells facts: what is decided here is the operator's. What it recalls is put into
quarantine, and what runs of it is ended. Exit codes: 0 accepted or nothing new, 2 it cannot be
fetched, 9 what came does not count; then what was accepted before still does.";

impl Feed {
    /// Whether the answer is JSON.
    pub(crate) const fn is_json(&self) -> bool {
        match self {
            Self::Add(verb) => verb.json,
            Self::Update(verb) => verb.json,
            Self::List(verb) => verb.json,
            Self::Show(verb) | Self::Remove(verb) => verb.json,
            Self::Ignore(verb) => verb.json,
            Self::New(_) | Self::Sign(_) => false,
        }
    }
}

/// Arguments of `ringfence feed add`.
#[derive(Args, Debug)]
pub(crate) struct FeedAdd {
    /// What it is called here
    pub(crate) name: String,
    /// An `https://` address, or a file
    pub(crate) source: String,
    /// Public key of a signer (Ed25519); once for each
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) signer: Vec<PathBuf>,
    /// How many of them have to sign
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) threshold: u32,
    /// Only tell and write down what it is about; without it, that is put into quarantine
    #[arg(long)]
    pub(crate) warn: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence feed update`.
#[derive(Args, Debug)]
pub(crate) struct FeedUpdate {
    /// Which; all of them without it
    pub(crate) name: Option<String>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence feed list`.
#[derive(Args, Debug)]
pub(crate) struct FeedList {
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of a verb about one feed.
#[derive(Args, Debug)]
pub(crate) struct FeedOf {
    /// Which feed
    pub(crate) name: String,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence feed ignore`.
#[derive(Args, Debug)]
pub(crate) struct FeedIgnore {
    /// Which feed
    pub(crate) name: String,
    /// Which fact of it
    pub(crate) fact: String,
    /// Follow it again
    #[arg(long)]
    pub(crate) undo: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence feed new`.
#[derive(Args, Debug)]
#[command(after_help = NEW_HELP)]
pub(crate) struct FeedNew {
    /// File with a list of facts in JSON
    pub(crate) facts: PathBuf,
    /// What its signers call it, always the same
    #[arg(long)]
    pub(crate) name: String,
    /// Its number: one more each time
    #[arg(long)]
    pub(crate) sequence: u64,
    /// For how many days it is the newest for certain
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub(crate) days: u32,
    /// File to write, which must not exist
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

const NEW_HELP: &str = "\
A fact: {\"id\": \"A-1\", \"date\": \"2026-11-21\", \"reason\": \"...\", \"about\": ...} with one of
  \"about\": \"package\", \"digest\": \"sha256:...\"
  \"about\": \"key\", \"key\": \"sha256:...\"
  \"about\": \"publisher\", \"name\": \"...\"
  \"about\": \"registry\", \"registry\": \"npm\", \"name\": \"...\", \"versions\": [\"1.0.0\"]
and \"revoked\": true for one that is taken back.";

/// Arguments of `ringfence feed sign`.
#[derive(Args, Debug)]
pub(crate) struct FeedSign {
    /// The feed; it is replaced by itself with one more signature
    pub(crate) file: PathBuf,
    /// Secret key (Ed25519)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}
