//! The machine's disk: a small system of this machine's own programs, what is
//! tested, and the script that runs it.

use super::Program;
use super::parts::Parts;
use crate::Result;
use crate::run::{command, must, read, root};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What the control of an attack needs, and what a machine of Debian's would load for
/// the network of a jail; each after what it needs.
const MODULES: [&str; 14] = [
    "net/vmw_vsock/vsock",
    "arch/x86/crypto/crc32c-intel",
    "lib/libcrc32c",
    "net/netfilter/nfnetlink",
    "net/ipv4/netfilter/nf_defrag_ipv4",
    "net/ipv6/netfilter/nf_defrag_ipv6",
    "net/netfilter/nf_conntrack",
    "net/netfilter/nf_nat",
    "net/netfilter/nf_tables",
    "net/netfilter/nf_conncount",
    "net/netfilter/nft_chain_nat",
    "net/netfilter/nft_redir",
    "net/netfilter/nft_limit",
    "net/netfilter/nft_connlimit",
];

/// What tests and plugins call by name.
const PROGRAMS: &str = "\
    awk bash cat chmod chown cp cut date dash dd df echo env expr false find git grep head hostname id \
    kill ldd ln ls mkdir mkfifo mktemp mount mv node nproc ps pwd python3 readlink realpath rm rmdir \
    script sed seq setpriv setsid sh sleep sort stat stty tail tee test timeout touch tr true tty \
    umount uname unshare wc whoami xargs yes";

/// Parts of Python's library that nothing here needs.
const LEFT_OUT: [&str; 6] = ["test", "idlelib", "lib2to3", "ensurepip", "dist-packages", "tkinter"];

const SIZE: &str = "3G";

/// Stages everything and makes the file system.
pub(crate) fn build(
    folder: &Path,
    parts: &Parts,
    programs: &[Program],
    filter: &str,
) -> Result<PathBuf> {
    let staging = folder.join("root");
    let _ = fs::remove_dir_all(&staging);
    let stage = Stage { root: staging };
    stage.skeleton(parts)?;
    for name in PROGRAMS.split_whitespace() {
        if let Some(path) = find(name) {
            stage.program(&path)?;
        }
    }
    stage.python()?;
    stage.repository()?;
    stage.attacks()?;
    stage.modules(parts)?;
    let mut list = String::new();
    for program in programs {
        stage.program(&program.path)?;
        let kind = if program.is_test { "test" } else { "program" };
        list.push_str(&format!("{kind} {} {}\n", program.name, program.path.display()));
    }
    stage.text("vm/programs", &list)?;
    stage.text("vm/filter", filter)?;
    stage.text("vm/repository", &root().display().to_string())?;
    let image = folder.join("root.img");
    let _ = fs::remove_file(&image);
    must(command("truncate").arg("--size").arg(SIZE).arg(&image))?;
    must(
        command("/sbin/mke2fs")
            .args(["-q", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0", "-d"])
            .arg(&stage.root)
            .arg(&image),
    )?;
    Ok(image)
}

/// Only the system's own programs: what stands in a home folder is nothing
/// that an ordinary user of the machine could run.
fn find(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
}

struct Stage {
    root: PathBuf,
}

impl Stage {
    fn inside(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    fn text(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.root.join(path), text)?;
        Ok(())
    }

    fn skeleton(&self, parts: &Parts) -> Result<()> {
        for folder in [
            "dev",
            "etc",
            "home",
            "proc",
            "root",
            "run",
            "sys",
            "tmp",
            "usr/bin",
            "usr/lib",
            "usr/lib64",
            "usr/sbin",
            "usr/share",
            "var/tmp",
            "vm",
        ] {
            fs::create_dir_all(self.root.join(folder))?;
        }
        for name in ["bin", "lib", "lib64", "sbin"] {
            symlink(format!("usr/{name}"), self.root.join(name))?;
        }
        self.text(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nordinary:x:1000:1000::/home/ordinary:/bin/sh\n",
        )?;
        self.text("etc/group", "root:x:0:\nordinary:x:1000:\n")?;
        self.text("etc/hosts", "127.0.0.1 localhost\n")?;
        fs::copy(&parts.busybox, self.root.join("vm/busybox"))?;
        fs::copy(root().join("xtask/src/vm/guest.sh"), self.root.join("vm/init"))?;
        must(command("chmod").arg("755").arg(self.root.join("vm/init")))
    }

    /// A program with the libraries that it names.
    fn program(&self, path: &Path) -> Result<()> {
        self.add(path)?;
        // A script or a static program has none, and `ldd` then fails.
        if let Ok(libraries) = read(command("ldd").arg(path).stderr(std::process::Stdio::null())) {
            for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
                self.add(Path::new(library))?;
            }
        }
        Ok(())
    }

    /// Debian's Python with its library.
    fn python(&self) -> Result<()> {
        let folder = read(
            command("/usr/bin/python3")
                .args(["-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"]),
        );
        let folder = folder.map_err(|error| format!("apt-get install python3: {error}"))?;
        let folder = Path::new(folder.trim());
        self.folder(folder, &|name| LEFT_OUT.contains(&name) || name.starts_with("config-"))?;
        let modules = fs::read_dir(folder.join("lib-dynload"))?;
        for module in modules {
            self.program(&module?.path())?;
        }
        Ok(())
    }

    /// What is committed or about to be, where the tests look for it.
    fn repository(&self) -> Result<()> {
        let list = read(command("git").args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        for path in list.split_terminator('\0') {
            let path = root().join(path);
            if path.exists() {
                self.add(&path)?;
            }
        }
        Ok(())
    }

    /// Hostile programs where the tests look when `RINGFENCE_TESTS_PROGRAMS` is
    /// set: those in C are compiled here, since the machine has no compiler.
    fn attacks(&self) -> Result<()> {
        let sources = root().join("plugins/hostile");
        let folder = self.root.join("vm/attacks");
        fs::create_dir_all(folder.join("bin"))?;
        if !sources.exists() {
            return Ok(());
        }
        must(command("cp").arg("-r").arg(&sources).arg(folder.join("hostile")))?;
        for entry in fs::read_dir(&sources)? {
            let source = entry?.path();
            if let (Some("c"), Some(name)) =
                (source.extension().and_then(|word| word.to_str()), source.file_stem())
            {
                let program = folder.join("bin").join(name);
                must(command("cc").args(["-static", "-O1", "-o"]).arg(program).arg(&source))?;
            }
        }
        Ok(())
    }

    /// The modules that nothing loads by itself here, in the order of [`MODULES`].
    fn modules(&self, parts: &Parts) -> Result<()> {
        let modules = parts.kernel.with_file_name("../lib/modules").join(&parts.version);
        fs::create_dir_all(self.root.join("vm/modules"))?;
        for (number, path) in MODULES.iter().enumerate() {
            let name = path.rsplit('/').next().unwrap_or(path);
            let module = self.root.join(format!("vm/modules/{number:02}-{name}.ko"));
            must(
                command("xz")
                    .args(["--decompress", "--stdout"])
                    .arg(modules.join(format!("kernel/{path}.ko.xz")))
                    .stdout(fs::File::create(module)?),
            )?;
        }
        Ok(())
    }

    fn folder(&self, folder: &Path, leave_out: &dyn Fn(&str) -> bool) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if leave_out(&entry.file_name().to_string_lossy()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.folder(&entry.path(), leave_out)?;
            } else {
                self.add(&entry.path())?;
            }
        }
        Ok(())
    }

    /// One file at its own place; what a link leads to comes along.
    fn add(&self, path: &Path) -> Result<()> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(());
        };
        // On a merged system `/lib` is a link to `/usr/lib`, here as there.
        let path = fs::canonicalize(parent)?.join(name);
        let target = self.inside(&path);
        if fs::symlink_metadata(&target).is_ok() {
            return Ok(());
        }
        fs::create_dir_all(target.parent().unwrap_or(&self.root))?;
        if fs::symlink_metadata(&path)?.is_symlink() {
            let to = fs::read_link(&path)?;
            symlink(&to, &target)?;
            let to = parent_of(&path).join(to);
            if to.exists() {
                self.add(&to)?;
            }
        } else if path.is_file() {
            fs::copy(&path, &target).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
