//! Devices. Opened, never read, written or given a request. Disks are opened
//! for reading only: closing one that was open for writing makes the system
//! look at it anew.

use super::scratch::{openable, usable};
use crate::catalog::Class::{Boundary, Kernel};
use crate::outcome::Probe;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("device-memory", Boundary, "open the machine's memory", |_| {
        usable(&["/dev/mem", "/dev/kmem", "/dev/port"])
    }),
    Probe::new("device-virtualisation", Kernel, "open the virtual machine driver", |_| {
        usable(&["/dev/kvm"])
    }),
    Probe::new("device-tunnel", Kernel, "open the tunnel driver", |_| usable(&["/dev/net/tun"])),
    Probe::new("device-user-file-system", Kernel, "open the user file system driver", |_| {
        usable(&["/dev/fuse"])
    }),
    Probe::new("device-page-faults", Kernel, "open the page fault driver", |_| {
        usable(&["/dev/userfaultfd"])
    }),
    Probe::new("device-virtual-host", Kernel, "open the virtual host drivers", |_| {
        usable(&["/dev/vhost-net", "/dev/vhost-vsock", "/dev/vsock"])
    }),
    Probe::new("device-loop-disks", Boundary, "open the loop disk driver", |_| {
        openable(&["/dev/loop-control", "/dev/loop0"])
    }),
    Probe::new("device-disk-mapper", Boundary, "open the disk mapper", |_| {
        openable(&["/dev/mapper/control", "/dev/btrfs-control", "/dev/zfs"])
    }),
    Probe::new("device-disks", Boundary, "open the host's disks", |_| {
        openable(&[
            "/dev/vda",
            "/dev/sda",
            "/dev/nvme0n1",
            "/dev/xvda",
            "/dev/mmcblk0",
            "/dev/vda1",
            "/dev/sda1",
        ])
    }),
    Probe::new("device-console", Boundary, "open the machine's console", |_| {
        usable(&["/dev/console", "/dev/tty0", "/dev/tty1", "/dev/ttyS0", "/dev/vcs"])
    }),
    Probe::new("device-graphics", Boundary, "open the graphics card", |_| {
        usable(&[
            "/dev/dri/card0",
            "/dev/dri/renderD128",
            "/dev/fb0",
            "/dev/nvidia0",
            "/dev/nvidiactl",
        ])
    }),
    Probe::new("device-sound", Boundary, "open the sound card", |_| {
        usable(&["/dev/snd/controlC0", "/dev/snd/seq", "/dev/snd/timer"])
    }),
    Probe::new("device-input", Boundary, "open keyboards and mice", |_| {
        usable(&["/dev/input/event0", "/dev/input/mice", "/dev/uinput"])
    }),
    Probe::new("device-camera", Boundary, "open the camera", |_| {
        usable(&["/dev/video0", "/dev/media0"])
    }),
    Probe::new("device-processor-registers", Boundary, "open the processor's registers", |_| {
        usable(&["/dev/cpu/0/msr", "/dev/cpu/0/cpuid", "/dev/nvram"])
    }),
    Probe::new("device-pass-through", Boundary, "open hardware handed through", |_| {
        usable(&["/dev/vfio/vfio", "/dev/bus/usb/001/001", "/dev/hidraw0"])
    }),
    Probe::new("device-trusted-module", Boundary, "open the security chip", |_| {
        usable(&["/dev/tpm0", "/dev/tpmrm0", "/dev/sev-guest"])
    }),
    Probe::new("device-shared-buffers", Kernel, "open shared device buffers", |_| {
        usable(&["/dev/udmabuf", "/dev/dma_heap/system"])
    }),
    Probe::new("device-automounter", Kernel, "open the automounter", |_| usable(&["/dev/autofs"])),
    Probe::new("device-radio-switch", Kernel, "open the radio switches", |_| {
        usable(&["/dev/rfkill"])
    }),
    Probe::new("device-point-to-point", Kernel, "open the PPP driver", |_| usable(&["/dev/ppp"])),
    Probe::new("device-binder", Kernel, "open the Android drivers", |_| {
        usable(&["/dev/binder", "/dev/ashmem", "/dev/binderfs/binder-control"])
    }),
];
