//! Files that hold keys, tokens, passwords or money, by where programs keep them: the one
//! table, for every language and for the rules.

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
    /// What may as well be a program's own settings: reading it is nothing, sending it is.
    Perhaps,
}

/// Pieces of paths, in lower case and with `/`, of which one is enough.
const PIECES: &[(&str, Secret, &str)] = &[
    (".ssh/", Secret::Developer, "keys of SSH"),
    ("id_rsa", Secret::Developer, "a key of SSH"),
    ("id_ed25519", Secret::Developer, "a key of SSH"),
    ("id_ecdsa", Secret::Developer, "a key of SSH"),
    ("id_dsa", Secret::Developer, "a key of SSH"),
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
    ("discordptb", Secret::Personal, "sessions of Discord"),
    ("telegram desktop", Secret::Personal, "sessions of Telegram"),
    ("wallet.dat", Secret::Personal, "a wallet"),
    (".bitcoin/", Secret::Personal, "a wallet"),
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
    ("/etc/gshadow", Secret::System, "passwords of the system"),
    ("config/sam", Secret::System, "passwords of the system"),
    // Behind those that are sure.
    (".aws/", Secret::Perhaps, "keys of AWS"),
    ("gcloud/", Secret::Perhaps, "keys of Google Cloud"),
    (".kube/", Secret::Perhaps, "keys of Kubernetes"),
    (".dockercfg", Secret::Perhaps, "passwords of container registries"),
    (".config/gh/", Secret::Perhaps, "tokens of GitHub"),
    (".terraform.d/", Secret::Perhaps, "tokens of Terraform"),
    (".composer/auth", Secret::Perhaps, "tokens of Composer"),
    (".pgpass", Secret::Perhaps, "passwords of databases"),
    (".my.cnf", Secret::Perhaps, "passwords of databases"),
    ("authorized_keys", Secret::Perhaps, "who may log in with SSH"),
    ("/run/secrets/", Secret::Perhaps, "secrets of a container"),
    ("credentials.json", Secret::Perhaps, "keys of a program"),
    ("secrets.toml", Secret::Perhaps, "keys of a program"),
    (".claude/", Secret::Perhaps, "sessions of an assistant"),
    (".gemini/", Secret::Perhaps, "sessions of an assistant"),
    (".cursor/", Secret::Perhaps, "sessions of an assistant"),
    ("filezilla/", Secret::Perhaps, "passwords of file servers"),
    ("kwallet", Secret::Perhaps, "passwords of a person"),
    (".password-store/", Secret::Perhaps, "passwords of a person"),
    ("keychains/", Secret::Perhaps, "passwords of a person"),
    (".node_repl_history", Secret::Perhaps, "what was typed into Node.js"),
    (".mysql_history", Secret::Perhaps, "what was typed into a database"),
    (".psql_history", Secret::Perhaps, "what was typed into a database"),
    ("key3.db", Secret::Perhaps, "the key to passwords of a browser"),
    ("local state", Secret::Perhaps, "the key to passwords of a browser"),
    ("web data", Secret::Perhaps, "what a person typed into a browser"),
    ("default/cookies", Secret::Perhaps, "cookies of a browser"),
    ("user data/default", Secret::Perhaps, "the profile of a browser"),
    ("opera stable", Secret::Perhaps, "the profile of a browser"),
    (".mozilla/", Secret::Perhaps, "the profile of a browser"),
    ("mozilla/firefox/", Secret::Perhaps, "the profile of a browser"),
    ("discord/", Secret::Perhaps, "sessions of Discord"),
    ("tdata/", Secret::Perhaps, "sessions of Telegram"),
    ("steam/config/", Secret::Perhaps, "sessions of Steam"),
    ("electrum/", Secret::Perhaps, "a wallet"),
    ("exodus/", Secret::Perhaps, "a wallet"),
    ("metamask", Secret::Perhaps, "a wallet"),
    ("ledger live/", Secret::Perhaps, "a wallet"),
    (".solana/", Secret::Perhaps, "a wallet"),
    (".config/solana/", Secret::Perhaps, "a wallet"),
    ("solana/id.json", Secret::Perhaps, "a wallet"),
    ("/etc/passwd", Secret::Perhaps, "who uses the system"),
];

/// Whose secrets are at a path, and what they are, judged by its known pieces.
pub(crate) fn secret_at(path: &str) -> Option<(Secret, &'static str)> {
    let path = path.replace('\\', "/").to_lowercase();
    // A folder written without its last slash is the folder.
    let path = format!("{path}/");
    // `/proc/1/environ`: what another program was given.
    if path.contains("/proc/") && (path.ends_with("/environ/") || path.ends_with("/mem/")) {
        return Some((Secret::Developer, "variables or memory of another program"));
    }
    if path.trim_end_matches('/').rsplit('/').next().is_some_and(is_settings) {
        return Some((Secret::Perhaps, "keys of a program"));
    }
    let found = PIECES.iter().find(|(piece, ..)| holds(&path, piece));
    found.map(|(_, secret, what)| (*secret, *what))
}

/// Whether a file of this path holds keys, tokens, passwords or a wallet. Whatever names
/// the home folder stands in front, and `*` or an ellipsis for what is not known.
pub(crate) fn is_credential(path: &str) -> bool {
    secret_at(path).is_some()
}

/// `.env` and what is made from it, but for the one that is shown to everybody.
fn is_settings(name: &str) -> bool {
    let shown = ["example", "sample", "template", "dist"];
    name == ".env" || name.starts_with(".env.") && !shown.iter().any(|end| name.ends_with(end))
}

/// Whether `piece` stands in `path` as whole names, not as part of a longer one.
fn holds(path: &str, piece: &str) -> bool {
    path.match_indices(piece).any(|(at, _)| {
        let before = path.get(..at).and_then(|before| before.chars().next_back());
        let after = path.get(at + piece.len()..).and_then(|after| after.chars().next());
        let starts = piece.starts_with('/')
            || before.is_none_or(|letter| {
                matches!(letter, '/' | '\u{2026}' | '*' | '~' | ' ' | '"' | '\'')
            });
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
        for harmless in [
            "src/my.npmrc.js.map.txt",
            "docs/not.sshd",
            "lib/id_rsa_parser.js",
            "README.md",
            "tests/testdata/a.json",
            "lib/cookies.js",
            "docs/discordance.md",
            "src/keychains.rs",
            "hexodus/exodusters.txt",
            ".env.example",
            "venv/.env/bin",
            "/etc/passwdqc.conf",
        ] {
            assert_eq!(secret_at(harmless), None, "{harmless}");
        }
    }

    #[test]
    fn what_may_be_a_programs_own_is_told_from_what_is_a_persons() {
        for perhaps in
            [".env", "app/.env.local", "*/.env", "~/.aws/cli", "/etc/passwd", "\u{2026}/tdata"]
        {
            assert_eq!(secret_at(perhaps).unwrap().0, Secret::Perhaps, "{perhaps}");
        }
        assert_eq!(secret_at("~/.aws/credentials").unwrap().0, Secret::Developer);
        assert_eq!(secret_at("*.npmrc").unwrap().0, Secret::Developer);
    }
}
