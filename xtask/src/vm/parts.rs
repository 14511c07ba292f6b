//! The kernel and the emulator, from the distribution's own archive.

use crate::Result;
use crate::run::{command, must, read, works};
use std::path::{Path, PathBuf};

const KERNEL: &str = "linux-image-6.12";
const EMULATOR: &str = "qemu-system-x86_64";

/// What a machine is made of besides its disk.
pub(crate) struct Parts {
    /// Such as `6.12.117+deb12-cloud-amd64`.
    pub(crate) version: String,
    pub(crate) kernel: PathBuf,
    /// One static program for the machine's own first steps.
    pub(crate) busybox: PathBuf,
    pub(crate) emulator: &'static str,
}

/// Downloads into `folder` what is not there yet.
pub(crate) fn get(folder: &Path) -> Result<Parts> {
    if !works(command("apt-get").arg("--version")) {
        return Err("the kernel comes from Debian's archive, and there is no apt-get here".into());
    }
    std::fs::create_dir_all(folder)?;
    let mut package = newest()?;
    if package.is_none() {
        must(command("apt-get").args(["update", "--quiet"]))?;
        package = newest()?;
    }
    let package = package.ok_or("the archive has no package linux-image-6.12*-cloud-amd64")?;
    if !works(command(EMULATOR).arg("--version")) {
        must(command("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args([
            "install",
            "--quiet",
            "--yes",
            "--no-install-recommends",
            "--no-remove",
            "qemu-system-x86",
        ]))?;
    }
    let version = package.trim_start_matches("linux-image-").to_owned();
    let kernel = unpack(folder, &package)?.join("boot").join(format!("vmlinuz-{version}"));
    let busybox = unpack(folder, "busybox-static")?.join("bin/busybox");
    for file in [&kernel, &busybox] {
        if !file.exists() {
            return Err(format!("{} is not in its package", file.display()).into());
        }
    }
    Ok(Parts { version, kernel, busybox, emulator: EMULATOR })
}

/// The newest signed 6.12 kernel for virtual machines.
fn newest() -> Result<Option<String>> {
    let list = read(command("apt-cache").args(["pkgnames", KERNEL]))?;
    let kernels = list
        .lines()
        .filter(|name| name.ends_with("-cloud-amd64") && name.starts_with(&format!("{KERNEL}.")));
    Ok(kernels.max_by_key(|name| numbers(name)).map(str::to_owned))
}

/// The numbers of a name, so that 6.12.9 is older than 6.12.10.
fn numbers(name: &str) -> Vec<u32> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// Downloads and unpacks one package, once.
fn unpack(folder: &Path, package: &str) -> Result<PathBuf> {
    let target = folder.join(package);
    if target.exists() {
        return Ok(target);
    }
    let download = folder.join("download");
    let _ = std::fs::remove_dir_all(&download);
    std::fs::create_dir_all(&download)?;
    must(command("apt-get").current_dir(&download).args(["download", "--quiet", package]))?;
    let archive = std::fs::read_dir(&download)?.next().ok_or("apt-get downloaded nothing")??;
    let unpacked = folder.join("unpacked");
    let _ = std::fs::remove_dir_all(&unpacked);
    must(command("dpkg-deb").arg("-x").arg(archive.path()).arg(&unpacked))?;
    // Only a whole package gets the final name.
    std::fs::rename(unpacked, &target)?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_is_chosen_by_number_and_not_by_letter() {
        let names =
            ["linux-image-6.12.9+deb12-cloud-amd64", "linux-image-6.12.73+deb12-cloud-amd64"];
        assert_eq!(names.into_iter().max_by_key(|name| numbers(name)), Some(names[1]));
    }
}
