//! Paths whose content is a secret of the person who runs the code.

/// Whether a file of this path holds keys, tokens, passwords or a wallet. Whatever
/// names the home folder stands in front is not looked at.
#[must_use]
pub(crate) fn is_credential(path: &str) -> bool {
    const WITHIN: [&str; 34] = [
        "/.ssh/",
        "/.aws/",
        "/.azure/",
        "/.config/gcloud",
        "/.kube/",
        "/.docker/config.json",
        "/.gnupg/",
        "/.netrc",
        "/.git-credentials",
        "/.npmrc",
        "/.pypirc",
        "/.pgpass",
        "/.my.cnf",
        "/.vault-token",
        "/.cargo/credentials",
        "/.gem/credentials",
        "/.config/gh/",
        "/.terraform.d/",
        "/etc/shadow",
        "/etc/gshadow",
        "/login data",
        "/cookies.sqlite",
        "/logins.json",
        "/key4.db",
        "/local storage/leveldb",
        "/keychains/",
        "/.electrum/",
        "/exodus",
        "/wallet.dat",
        "/.ethereum/keystore",
        "/.solana/",
        "/.bitcoin/",
        "/metamask",
        "/run/secrets/",
    ];
    const NAMES: [&str; 16] = [
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".git-credentials",
        ".env",
        ".pgpass",
        "credentials.json",
        "wallet.dat",
        "cookies.sqlite",
        "logins.json",
        "key4.db",
        "authorized_keys",
    ];
    let path = path.to_ascii_lowercase().replace('\\', "/");
    let rooted = format!("/{path}");
    if path.contains("/proc/") && path.ends_with("/environ") {
        return true;
    }
    let name = path.rsplit('/').next().unwrap_or(&path);
    let ended =
        ["/.ssh", "/.aws", "/.gnupg", "/.kube", "/.azure"].iter().any(|end| rooted.ends_with(end));
    ended
        || WITHIN.iter().any(|part| rooted.contains(part))
        || NAMES.contains(&name)
        || name.starts_with(".env.") && !name.ends_with("example")
}
