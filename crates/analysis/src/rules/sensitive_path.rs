//! Files that hold keys, tokens, passwords or money, by where programs keep them.

/// Whose secrets a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Keys and tokens of a developer or a machine. Tools of the same maker read them
    /// for honest reasons.
    Developer,
    /// Passwords, cookies, wallets and sessions of a person.
    Personal,
    /// Passwords of the system.
    System,
}

/// Pieces of paths, in lower case and with `/`, of which one is enough.
const PIECES: &[(&str, Secret, &str)] = &[
    (".ssh/", Secret::Developer, "keys of SSH"),
    ("id_rsa", Secret::Developer, "a key of SSH"),
    ("id_ed25519", Secret::Developer, "a key of SSH"),
    ("id_ecdsa", Secret::Developer, "a key of SSH"),
    (".aws/credentials", Secret::Developer, "keys of AWS"),
    (".aws/config", Secret::Developer, "settings of AWS"),
    (".config/gcloud", Secret::Developer, "keys of Google Cloud"),
    ("application_default_credentials", Secret::Developer, "keys of Google Cloud"),
    (".azure/", Secret::Developer, "tokens of Azure"),
    (".kube/config", Secret::Developer, "keys of Kubernetes"),
    ("serviceaccount/token", Secret::Developer, "the token of a Kubernetes pod"),
    (".docker/config.json", Secret::Developer, "passwords of container registries"),
    (".npmrc", Secret::Developer, "tokens of npm"),
    (".yarnrc", Secret::Developer, "tokens of yarn"),
    (".pypirc", Secret::Developer, "passwords of PyPI"),
    (".netrc", Secret::Developer, "passwords of network hosts"),
    ("_netrc", Secret::Developer, "passwords of network hosts"),
    (".git-credentials", Secret::Developer, "passwords of git"),
    (".config/gh/hosts", Secret::Developer, "tokens of GitHub"),
    (".config/hub", Secret::Developer, "tokens of GitHub"),
    (".gnupg/", Secret::Developer, "keys of GnuPG"),
    (".terraform.d/credentials", Secret::Developer, "tokens of Terraform"),
    (".vault-token", Secret::Developer, "a token of Vault"),
    (".cargo/credentials", Secret::Developer, "tokens of cargo"),
    (".gem/credentials", Secret::Developer, "tokens of RubyGems"),
    (".bash_history", Secret::Personal, "what was typed into a shell"),
    (".zsh_history", Secret::Personal, "what was typed into a shell"),
    (".python_history", Secret::Personal, "what was typed into Python"),
    ("login data", Secret::Personal, "passwords of a browser"),
    ("logins.json", Secret::Personal, "passwords of a browser"),
    ("key4.db", Secret::Personal, "the key to passwords of a browser"),
    ("cookies.sqlite", Secret::Personal, "cookies of a browser"),
    ("network/cookies", Secret::Personal, "cookies of a browser"),
    ("google/chrome/user data", Secret::Personal, "the profile of a browser"),
    ("google-chrome/default", Secret::Personal, "the profile of a browser"),
    ("bravesoftware/", Secret::Personal, "the profile of a browser"),
    ("microsoft/edge/user data", Secret::Personal, "the profile of a browser"),
    ("opera software/", Secret::Personal, "the profile of a browser"),
    ("firefox/profiles", Secret::Personal, "the profile of a browser"),
    ("local storage/leveldb", Secret::Personal, "sessions of a browser or messenger"),
    ("local extension settings", Secret::Personal, "wallets in a browser"),
    ("discord/local state", Secret::Personal, "sessions of Discord"),
    ("discordcanary", Secret::Personal, "sessions of Discord"),
    ("telegram desktop", Secret::Personal, "sessions of Telegram"),
    ("wallet.dat", Secret::Personal, "a wallet"),
    (".bitcoin/", Secret::Personal, "a wallet"),
    (".ethereum/keystore", Secret::Personal, "a wallet"),
    ("ethereum/keystore", Secret::Personal, "a wallet"),
    (".electrum/", Secret::Personal, "a wallet"),
    ("electrum/wallets", Secret::Personal, "a wallet"),
    ("exodus/exodus.wallet", Secret::Personal, "a wallet"),
    ("atomic/local storage", Secret::Personal, "a wallet"),
    (".config/solana/id.json", Secret::Personal, "a wallet"),
    ("nkbihfbeogaeaoehlefnkodbefgpgknn", Secret::Personal, "a wallet in a browser"),
    ("keychains/login.keychain", Secret::Personal, "passwords of a person"),
    (".local/share/keyrings", Secret::Personal, "passwords of a person"),
    ("/etc/shadow", Secret::System, "passwords of the system"),
    ("config/sam", Secret::System, "passwords of the system"),
];

/// Whose secrets are at a path, and what they are, judged by its known pieces.
pub(crate) fn secret_at(path: &str) -> Option<(Secret, &'static str)> {
    let path = path.replace('\\', "/").to_lowercase();
    // A folder written without its last slash is the folder.
    let path = format!("{path}/");
    // `/proc/1/environ`: what another program was given.
    if path.starts_with("/proc/") && (path.ends_with("/environ/") || path.ends_with("/mem/")) {
        return Some((Secret::Developer, "variables or memory of another program"));
    }
    let found = PIECES.iter().find(|(piece, ..)| holds(&path, piece));
    found.map(|(_, secret, what)| (*secret, *what))
}

/// Whether `piece` stands in `path` as whole names, not as part of a longer one.
fn holds(path: &str, piece: &str) -> bool {
    path.match_indices(piece).any(|(at, _)| {
        let before = path.get(..at).and_then(|before| before.chars().next_back());
        let after = path.get(at + piece.len()..).and_then(|after| after.chars().next());
        let starts = piece.starts_with('/')
            || before
                .is_none_or(|letter| matches!(letter, '/' | '\u{2026}' | '~' | ' ' | '"' | '\''));
        let ends = piece.ends_with('/')
            || after.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_');
        starts && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_whole_names() {
        assert_eq!(secret_at("/home/a/.ssh").unwrap().0, Secret::Developer);
        assert_eq!(secret_at("~/.npmrc").unwrap().0, Secret::Developer);
        let windows =
            "C:\\Users\\a\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Login Data";
        assert_eq!(secret_at(windows).unwrap().0, Secret::Personal);
        assert_eq!(secret_at("/etc/shadow").unwrap().0, Secret::System);
        assert_eq!(secret_at("/proc/1/environ").unwrap().0, Secret::Developer);
        assert_eq!(secret_at("/proc/\u{2026}/mem").unwrap().0, Secret::Developer);
        assert_eq!(secret_at("/proc/meminfo"), None);
        for harmless in
            ["src/my.npmrc.js.map.txt", "docs/not.sshd", "lib/id_rsa_parser.js", "README.md"]
        {
            assert_eq!(secret_at(harmless), None, "{harmless}");
        }
    }
}
