//! `cargo xtask setup`: what the tests need, from apt, cargo, npm and PyPI.
//! Looks first and installs only what is missing.

use crate::Result;
use crate::run::{cargo, command, must, root, works};
use crate::servers::{self, Server};
use crate::tools;
use std::path::Path;

/// The newest version that was tried.
const NEXTEST: &str = "0.9.143";

const PYTHON_IDENTITY: [&str; 2] = ["-c", "import sys; print(sys.base_prefix, sys.version)"];

/// One thing that must be there: what tells that it is, and the Debian package
/// that brings it.
pub(crate) struct Need {
    pub(crate) package: &'static str,
    pub(crate) why: &'static str,
    pub(crate) there: fn() -> bool,
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    works(command(program).args(arguments))
}

const NEEDS: [Need; 20] = [
    Need {
        package: "git",
        why: "a real server reads a repository; one is cloned over https",
        there: || answers("git", &["--version"]),
    },
    Need {
        package: "gcc",
        why: "links programs; some attacks are in C",
        there: || answers("gcc", &["--version"]),
    },
    Need { package: "libc6-dev", why: "the jailer is a static program", there: has_static_libc },
    Need {
        package: "util-linux",
        why: "setpriv: tests as an ordinary user",
        there: || answers("setpriv", &["--version"]),
    },
    Need {
        package: "bsdutils",
        why: "script: tests with a terminal",
        there: || answers("script", &["--version"]),
    },
    Need {
        package: "python3",
        why: "python plugins",
        there: || answers("python3", &["--version"]),
    },
    Need {
        package: "python3-venv",
        why: "python servers",
        there: || answers("python3", &["-c", "import venv, ensurepip"]),
    },
    Need {
        package: "minisign",
        why: "keys and signatures as publishers have them",
        there: || answers("minisign", &["-v"]),
    },
    Need {
        package: "openssh-client",
        why: "ssh-keygen: keys as publishers have them",
        there: || command("ssh-keygen").arg("-?").output().is_ok(),
    },
    Need { package: "nodejs", why: "node plugins", there: || answers("node", &["--version"]) },
    Need { package: "npm", why: "node servers", there: || answers("npm", &["--version"]) },
    Need {
        package: "iproute2",
        why: "hosts of the tests of the network",
        there: || answers("ip", &["-V"]),
    },
    Need {
        package: "openssl",
        why: "their certificates",
        there: || answers("openssl", &["version"]),
    },
    Need { package: "curl", why: "a client of theirs", there: || answers("curl", &["--version"]) },
    Need {
        package: "docker-registry",
        why: "a registry for `oci:`",
        there: || answers("docker-registry", &["--version"]),
    },
    Need {
        package: "clang-19",
        why: "compiles the JavaScript engine of the worker",
        there: || answers("clang-19", &["--version"]),
    },
    Need { package: "lld-19", why: "links it", there: || answers("wasm-ld-19", &["--version"]) },
    Need {
        package: "wasi-libc",
        why: "its C library",
        there: || Path::new("/usr/lib/wasm32-wasi/libc.a").exists(),
    },
    Need {
        package: "libclang-rt-19-dev-wasm32",
        why: "the compiler's own library for it",
        there: || answers("dpkg-query", &["--show", "libclang-rt-19-dev-wasm32"]),
    },
    Need {
        package: "ca-certificates",
        why: "what pip and npm install comes over https",
        there: || Path::new("/etc/ssl/certs/ca-certificates.crt").exists(),
    },
];

/// A program linked against it is not needed to know that it is there.
fn has_static_libc() -> bool {
    let path = crate::run::read(command("gcc").arg("-print-file-name=libc.a"));
    path.is_ok_and(|path| Path::new(path.trim()).is_absolute())
}

/// Installs everything that is missing.
pub(crate) fn run() -> Result<()> {
    system_packages()?;
    nextest()?;
    let cache = servers::folder()?;
    let servers = servers::read()?;
    // A virtual environment belongs to one interpreter.
    let python = python_identity()?;
    for server in &servers.npm {
        let (name, wanted) = mark_of(server, "");
        install(&cache.join("npm").join(&server.folder), &name, &wanted, |to| npm(to, server))?;
    }
    for server in &servers.pypi {
        let (name, wanted) = mark_of(server, &python);
        install(&cache.join("pypi").join(&server.folder), &name, &wanted, |to| pypi(to, server))?;
    }
    tools::setup()?;
    // Not built: the test files that a package carries are read where it lies.
    let files = root().join("crates/worker/conformance/Cargo.toml");
    must(cargo()?.args(["fetch", "--quiet", "--locked", "--manifest-path"]).arg(files))?;
    println!("setup: everything is there; servers, clients and tools are in {}", cache.display());
    Ok(())
}

/// Which python a virtual environment would be for.
pub(crate) fn python_identity() -> Result<String> {
    crate::run::read(command("python3").args(PYTHON_IDENTITY))
}

/// What to call a server, and what its mark says.
fn mark_of(server: &Server, interpreter: &str) -> (String, String) {
    let name = format!("{} {}", server.package, server.version);
    let wanted = format!("{name}\n{interpreter}");
    (name, wanted)
}

fn needs() -> impl Iterator<Item = &'static Need> {
    NEEDS.iter().chain(&tools::C)
}

fn system_packages() -> Result<()> {
    let missing: Vec<&Need> = needs().filter(|need| !(need.there)()).collect();
    if missing.is_empty() {
        println!("setup: the system has what is needed");
        return Ok(());
    }
    for need in &missing {
        println!("setup: {} is missing ({})", need.package, need.why);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !answers("apt-get", &["--version"]) {
        return Err(format!("no apt-get here; install by hand what `{by_hand}` would").into());
    }
    if crate::run::read(command("id").arg("-u"))?.trim() != "0" {
        return Err(format!("run this as root, then again: {by_hand}").into());
    }
    let apt = |arguments: &[&str]| {
        must(command("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
    };
    apt(&["update", "--quiet"])?;
    let mut install = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)?;
    match needs().find(|need| !(need.there)()) {
        None => Ok(()),
        Some(need) => Err(format!("{} is installed and still not usable", need.package).into()),
    }
}

fn nextest() -> Result<()> {
    if works(cargo()?.args(["nextest", "--version"])) {
        println!("setup: cargo-nextest is there");
        return Ok(());
    }
    println!("setup: cargo-nextest is missing (runs every test in a process of its own)");
    must(cargo()?.args(["install", "--locked", "cargo-nextest", "--version", NEXTEST]))
}

/// Lies in every folder that was filled.
pub(crate) const MARK: &str = "installed-by-xtask";

/// Fills a folder once: the mark is written last, so a half-filled folder is
/// filled again.
pub(crate) fn install(
    folder: &Path,
    name: &str,
    wanted: &str,
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let mark = folder.join(MARK);
    if std::fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    println!("setup: {name}");
    fill(folder)?;
    std::fs::write(mark, wanted)?;
    Ok(())
}

/// An ordinary install, but no package runs code while it is installed.
fn npm(folder: &Path, server: &Server) -> Result<()> {
    // Without a manifest of its own, npm would look for one further up.
    let overrides: Vec<String> =
        server.overrides.iter().map(|(name, version)| format!("{name:?}: {version:?}")).collect();
    let manifest = format!("{{\"private\": true, \"overrides\": {{{}}}}}\n", overrides.join(", "));
    std::fs::write(folder.join("package.json"), manifest)?;
    must(
        command("npm")
            .current_dir(folder)
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg(format!("{}@{}", server.package, server.version)),
    )
}

/// Wheels only: a source package would run code while it is installed.
fn pypi(folder: &Path, server: &Server) -> Result<()> {
    must(command("python3").args(["-m", "venv"]).arg(folder))?;
    must(
        command(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:"])
            .arg("--disable-pip-version-check")
            .arg(format!("{}=={}", server.package, server.version)),
    )
}
