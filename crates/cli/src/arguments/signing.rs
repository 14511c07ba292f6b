//! What can be typed about packages in one file, and who signed them.

use clap::{Args, Subcommand};
use ringfence::{KeyId, Scheme, Scope};
use std::path::PathBuf;
use std::str::FromStr;

/// Arguments of `ringfence keygen`.
#[derive(Args, Debug)]
#[command(after_help = KEYGEN_HELP)]
pub(crate) struct Keygen {
    /// File for the secret key; the public one goes beside it, with `.pub`. Neither may exist
    pub(crate) file: PathBuf,
    /// Kind of key: ed25519 or ecdsa-p256
    #[arg(long = "type", value_name = "TYPE", default_value = "ed25519", value_parser = ["ed25519", "ecdsa-p256"])]
    pub(crate) kind: String,
}

const KEYGEN_HELP: &str = "\
The secret key is not under a passphrase: keep the file where only you can read it.
Keys of OpenSSL, OpenSSH and minisign are taken as well; see `ringfence sign --help`.";

/// Arguments of `ringfence pack`.
#[derive(Args, Debug)]
#[command(after_help = PACK_HELP)]
pub(crate) struct Pack {
    /// Folder of the package
    pub(crate) folder: PathBuf,
    /// File to write, which must not exist; NAME-VERSION.ringfence here without it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Sign it with this secret key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

const PACK_HELP: &str = "\
Everything in the folder is packed but .git, .hg and .svn; the same files give the same bytes.
Nothing of the package is run.";

/// Arguments of `ringfence sign`.
#[derive(Args, Debug)]
#[command(after_help = SIGN_HELP)]
pub(crate) struct Sign {
    /// The packed package; it is replaced by itself with one more signature
    pub(crate) file: PathBuf,
    /// Secret key: PKCS #8 (PEM, DER), PKCS #1 (PEM) or OpenSSH, not under a passphrase
    #[arg(long, value_name = "FILE", required_unless_present = "attach")]
    pub(crate) key: Option<PathBuf>,
    /// How to sign; RSA keys sign as rsa-pkcs1v15-sha256 without it
    #[arg(long, value_name = "SCHEME", value_parser = Scheme::from_str)]
    pub(crate) scheme: Option<Scheme>,
    /// Take in a signature that minisign made of what `ringfence inspect --statement` prints
    #[arg(long, value_name = "FILE", conflicts_with = "key", requires = "public")]
    pub(crate) attach: Option<PathBuf>,
    /// With --attach: the public key of it
    #[arg(long, value_name = "FILE", requires = "attach")]
    pub(crate) public: Option<PathBuf>,
}

const SIGN_HELP: &str = "\
Examples:
  ringfence sign --key acme.key tool-1.0.0.ringfence
  ringfence inspect --statement tool-1.0.0.ringfence > s && minisign -S -m s
  ringfence sign --attach s.minisig --public minisign.pub tool-1.0.0.ringfence";

/// Arguments of `ringfence verify`.
#[derive(Args, Debug)]
#[command(after_help = VERIFY_HELP)]
pub(crate) struct Verify {
    /// The packed package; with --bundle, any file
    pub(crate) file: PathBuf,
    /// Look at this Sigstore bundle of the file instead of signatures in it
    #[arg(long, value_name = "FILE", requires_all = ["identity", "issuer"], conflicts_with = "require")]
    pub(crate) bundle: Option<PathBuf>,
    /// Whose signature counts: an address of mail, a workflow's URL, or a pattern of such URLs
    #[arg(long, value_name = "NAME", requires = "bundle")]
    pub(crate) identity: Option<String>,
    /// Who vouches for that name, exactly
    #[arg(long, value_name = "URL", requires = "bundle")]
    pub(crate) issuer: Option<String>,
    /// Another instance's `trusted_root.json`, or a newer one than is built in
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// What is enough: trusted, signed (by anybody), or intact (nothing is signed wrongly)
    #[arg(long, value_name = "LEVEL", default_value = "trusted", value_parser = ["trusted", "signed", "intact"])]
    pub(crate) require: String,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

const VERIFY_HELP: &str = "\
Exit codes: 0 it is what --require names, 2 it cannot be read, 9 it is less.
Whom you trust: `ringfence trust list`.

Any file with a Sigstore bundle, if any release workflow of a repository signed it:
  ringfence verify tool.tgz --bundle tool.tgz.sigstore.json \\
    --identity 'https://github.com/OWNER/REPO/.github/workflows/*@refs/tags/*' \\
    --issuer https://token.actions.githubusercontent.com
There `*` stands for anything but `/` and `@`, and `**`, at the end, for anything.";

/// Arguments of `ringfence inspect`.
#[derive(Args, Debug)]
pub(crate) struct Inspect {
    /// The packed package
    pub(crate) file: PathBuf,
    /// Every file, with its size and SHA-256
    #[arg(long)]
    pub(crate) files: bool,
    /// Print what a signature is made of, and nothing else
    #[arg(long, conflicts_with_all = ["files", "json", "sbom"])]
    pub(crate) statement: bool,
    /// Print what is in it, as CycloneDX, and nothing else
    #[arg(long, conflicts_with_all = ["files", "json"])]
    pub(crate) sbom: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Trust a publisher's public key
    #[command(after_help = TRUST_HELP)]
    Add(TrustAdd),
    /// Print whom you trust, for what and until when
    List(TrustList),
    /// Trust a key no more
    Revoke(TrustRevoke),
    /// Write down that one key of yours names another, for those who trust it
    Rotate(TrustRotate),
    /// Trust the key that a trusted one names
    Accept(TrustAccept),
    /// Trust the keys by which a registry of npm's kind signs
    #[command(after_help = REGISTRY_HELP)]
    Registry(TrustRegistry),
    /// Begin at another root of Sigstore than the one that is built in
    Root(TrustRoot),
}

const REGISTRY_HELP: &str = "\
Examples:
  ringfence trust registry https://npm.example/ keys.json
  ringfence trust registry https://npm.example/ registry.pub
  ringfence trust registry https://npm.example/ --forget
What that registry does not sign by one of them is refused from then on. Get the keys from
somewhere else than the registry. Those of registry.npmjs.org are built in.";

const TRUST_HELP: &str = "\
Examples:
  ringfence trust add Acme acme.pub --scope 'acme-*'
  ringfence trust add Acme ~/.ssh/acme.pub --scope tool --until 2027-12-31
Get the key from somewhere else than the package, and compare its name.";

/// Arguments of `ringfence trust add`.
#[derive(Args, Debug)]
pub(crate) struct TrustAdd {
    /// Your name for the publisher
    pub(crate) name: String,
    /// Public key: PEM, DER, a `.pub` of OpenSSH, or minisign's
    pub(crate) key: PathBuf,
    /// Packages for which it counts: a name, `prefix*`, or `*` for all (may be repeated)
    #[arg(long, value_name = "SCOPE", required = true)]
    pub(crate) scope: Vec<Scope>,
    /// Last day on which it counts, such as 2027-12-31 (UTC)
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<jiff::civil::Date>,
    /// The one way in which it signs; RSA keys: rsa-pkcs1v15-sha256 without it
    #[arg(long, value_name = "SCHEME", value_parser = Scheme::from_str)]
    pub(crate) scheme: Option<Scheme>,
}

/// Arguments of `ringfence trust list`.
#[derive(Args, Debug)]
pub(crate) struct TrustList {
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence trust revoke`.
#[derive(Args, Debug)]
pub(crate) struct TrustRevoke {
    /// The key's name, `sha256:...`
    pub(crate) key: KeyId,
    /// Why, for whoever reads it later
    #[arg(long, default_value = "by the operator")]
    pub(crate) reason: String,
}

/// Arguments of `ringfence trust rotate`.
#[derive(Args, Debug)]
pub(crate) struct TrustRotate {
    /// The secret key that others trust
    pub(crate) old: PathBuf,
    /// The secret key that they shall trust
    pub(crate) new: PathBuf,
    /// File to write, which must not exist
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The old key goes on counting
    #[arg(long)]
    pub(crate) keep_old: bool,
    /// How the old key signs
    #[arg(long, value_name = "SCHEME", value_parser = Scheme::from_str)]
    pub(crate) old_scheme: Option<Scheme>,
    /// How the new key will sign
    #[arg(long, value_name = "SCHEME", value_parser = Scheme::from_str)]
    pub(crate) new_scheme: Option<Scheme>,
}

/// Arguments of `ringfence trust accept`.
#[derive(Args, Debug)]
pub(crate) struct TrustAccept {
    /// What `ringfence trust rotate` wrote
    pub(crate) file: PathBuf,
}

/// Arguments of `ringfence trust registry`.
#[derive(Args, Debug)]
pub(crate) struct TrustRegistry {
    /// Its address, as your own configuration of npm has it
    pub(crate) url: String,
    /// Its keys: the document that registries have at `/-/npm/v1/keys`, or one public key of
    /// P-256. They take the place of those that were trusted for it
    #[arg(required_unless_present = "forget")]
    pub(crate) keys: Option<PathBuf>,
    /// Trust no keys of it any more
    #[arg(long, conflicts_with = "keys")]
    pub(crate) forget: bool,
}

/// Arguments of `ringfence trust root`.
#[derive(Args, Debug)]
pub(crate) struct TrustRoot {
    /// `trusted_root.json` of another instance, or a newer one than is built in
    #[arg(required_unless_present = "built_in")]
    pub(crate) file: Option<PathBuf>,
    /// Begin at the one that is built in again
    #[arg(long, conflicts_with = "file")]
    pub(crate) built_in: bool,
}
