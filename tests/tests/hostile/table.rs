//! Every hostile program, by what it attacks.

use crate::attack::Control::{Bare, By, None as Nothing, Without};
use crate::attack::{Attack, Ends};
use ringfence_sandbox::Plan;
use ringfence_tests::Effect::{
    Dropped, Environment, Killed, Oversized, Planted, Reached, Said, Secret, SharedChanged,
    Survived,
};

/// A mount namespace of its own, so that the control changes nothing on the host.
const MOUNTS: crate::attack::Control = By(&["unshare", "--mount", "--propagation", "private"]);

fn with_compiler(plan: &mut Plan) {
    plan.just_in_time_compiler = true;
}

fn with_control(plan: &mut Plan) {
    plan.control = true;
}

fn with_more(plan: &mut Plan) {
    plan.budget.memory_bytes = 1 << 30;
    plan.budget.tmp_bytes = 512 << 20;
    plan.budget.processes = 400;
    plan.budget.open_files = 1000;
}

/// Files, mounts and devices.
pub(crate) const FILES: &[Attack] = &[
    Attack::new("read-host-file.sh", Secret, Bare),
    Attack::new("write-host-file.sh", Dropped, Bare),
    Attack::new("dotdot-walk.py", Secret, Bare),
    Attack::new("proc-root-walk.sh", Secret, Bare),
    Attack::new("chroot-fchdir.py", Secret, Bare),
    Attack::new("symlink-out.py", Secret, Bare),
    Attack::new("hard-link-out.py", Said, Bare),
    Attack::new("rename-race.py", Secret, Bare),
    Attack::new("tmpfile-linkat.py", Dropped, Bare),
    Attack::new("open-by-handle.py", Said, Bare),
    Attack::new("device-node.py", Planted, Bare),
    Attack::new("device-ioctl.py", Said, Bare),
    Attack::new("device-list.sh", Said, Bare),
    Attack::new("device-times.py", Said, Bare),
    Attack::new("setuid-drop.py", Planted, Bare),
    Attack::new("file-capabilities.py", Said, Bare),
    Attack::new("give-files-away.py", Said, Bare),
    Attack::new("change-read-only-grant.py", SharedChanged, Bare),
    Attack::new("large-file.py", Oversized, Bare),
    Attack::new(
        "core-dump.py",
        Oversized,
        By(&["sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"]),
    ),
    Attack::new(
        "fifo-trap.py",
        Said,
        Nothing(
            "the host reads granted folders through the file gate only, and its own tests hold that a FIFO does not stop it",
        ),
    ),
    Attack::new("lease-stall.py", Said, Bare),
    Attack::new("other-memory-folders.sh", Said, Bare),
];

/// Mounts, namespaces, cgroups, settings of the kernel.
pub(crate) const KERNEL: &[Attack] = &[
    Attack::new("mount-old-api.py", Said, MOUNTS),
    Attack::new("mount-new-api.py", Said, MOUNTS),
    Attack::new("unmount.py", Said, MOUNTS),
    Attack::new("pivot-root.py", Said, MOUNTS),
    Attack::new("cgroup-write.py", Said, Bare),
    Attack::new(
        "cgroup-release-agent.py",
        Said,
        By(&["unshare", "--mount", "--cgroup", "--propagation", "private"]),
    ),
    Attack::new("core-pattern.py", Said, Bare),
    Attack::new("own-settings.py", Said, Bare),
    Attack::new("accounting-and-quota.py", Said, Bare),
    Attack::new("unshare.py", Said, Bare),
    Attack::new("clone-namespace.py", Said, Bare),
    Attack::new("clone3-namespace.py", Said, Bare),
    Attack::new("setns.py", Said, Bare),
    Attack::new("keyrings.py", Said, Bare),
    Attack::new("set-clock.py", Said, Nothing("it would set the clock of this machine")),
    Attack::new("reboot-and-modules.py", Said, Bare),
    Attack::new("bpf-and-perf.py", Said, Bare),
    Attack::new("io-uring.py", Said, Bare),
    Attack::new("userfaultfd.py", Said, Bare),
    Attack::new("personality.py", Said, Bare),
    Attack::new("thirty-two-bit.c", Said, Bare).ends(Ends::Somehow, 3000),
    Attack::new("x32-numbers.c", Said, Nothing("this kernel has no x32 interface to succeed with")),
    Attack::new("port-access.py", Said, Bare),
    Attack::new("system-v-ipc.py", Said, Bare),
    Attack::new("sync-flood.py", Said, Bare),
    Attack::new("kernel-secrets.py", Said, Bare),
    Attack::new("host-identity.py", Said, Bare),
];

/// Other processes, identities, code.
pub(crate) const PROCESSES: &[Attack] = &[
    Attack::new("init-program.py", Said, Bare),
    Attack::new(
        "leaked-descriptors.py",
        Said,
        By(&["sh", "-c", "exec 7< \"$BAIT_SECRET\"; exec \"$@\"", "sh"]),
    ),
    // Without a jail the first process is the machine's, which is left alone.
    Attack::new("ptrace.py", Said, By(&["env", "SPARE_INIT=yes"])),
    Attack::new("write-memory-of-others.py", Said, Bare),
    Attack::new("process-memory-calls.py", Said, Bare),
    Attack::new("steal-descriptor.py", Said, Bare),
    Attack::new("become-root.py", Said, Bare),
    Attack::new(
        "set-user-id-program.sh",
        Said,
        By(&["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]),
    ),
    Attack::new("capabilities.py", Said, Bare),
    Attack::new("signal-host.py", Killed, Bare),
    Attack::new("kill-everything.sh", Killed, Nothing("it would end this machine"))
        .ends(Ends::Somehow, 3000),
    Attack::new(
        "signal-init.py",
        Killed,
        Nothing("it would signal the test and the machine's first process"),
    )
    .ends(Ends::Status(7), 3000),
    Attack::new("orphan-daemon.py", Survived, Bare).linger(700),
    Attack::new("subreaper-orphans.py", Survived, Bare).linger(700),
    Attack::new(
        "ignore-signals.py",
        Said,
        Nothing("it is ended by a signal that cannot be ignored, on the host too"),
    )
    .ends(Ends::Stopped, 400),
    Attack::new(
        "stop-itself.py",
        Said,
        Nothing("it is ended by a signal that cannot be ignored, on the host too"),
    )
    .ends(Ends::Stopped, 400),
    Attack::new("close-everything.py", Survived, Bare).ends(Ends::Stopped, 300).linger(700),
    Attack::new("see-first-process.py", Said, Bare),
    Attack::new("raise-limits.py", Said, Bare),
    Attack::new("better-priority.py", Said, Bare),
    Attack::new("writable-code.py", Said, Without(with_compiler)),
    Attack::new("memory-file-program.py", Said, Bare),
    Attack::new("memory-files-compiler.py", Said, Bare).plan(with_compiler),
    Attack::new("start-from-tmp.sh", Said, Bare),
    Attack::new("start-from-granted.sh", Said, Bare),
    Attack::new("loader-trick.sh", Said, Bare),
    Attack::new("preload.sh", Said, Bare),
    Attack::new("load-library.py", Said, Bare),
    Attack::new("script-interpreters.sh", Said, Bare),
    Attack::new("environment-leak.sh", Environment, Bare),
    Attack::new("environment-of-others.sh", Environment, Bare),
    Attack::new("child-process.mjs", Secret, Bare),
    Attack::new(
        "terminal-injection.py",
        Said,
        By(&["sh", "-c", "exec script --quiet --return --command \"$*\" /dev/null", "sh"]),
    ),
];

/// Sockets of every kind.
pub(crate) const NETWORK: &[Attack] = &[
    Attack::new("tcp-host.py", Reached, Bare),
    Attack::new("udp-host.py", Reached, Bare),
    Attack::new(
        "resolve-names.py",
        Said,
        Nothing("it would ask the network of this machine, which may have none"),
    ),
    Attack::new("multipath-tcp.py", Reached, Bare),
    Attack::new("raw-sockets.py", Said, Bare),
    Attack::new("abstract-socket.py", Reached, Bare),
    Attack::new("unix-connect.py", Reached, Bare),
    Attack::new("unix-listen.py", Planted, Bare),
    Attack::new("datagram-pair.py", Reached, Bare),
    Attack::new("read-only-fifo.py", Reached, Bare),
    Attack::new("netlink.py", Said, Bare),
    Attack::new("vsock.py", Said, Bare),
    Attack::new("socket-families.py", Said, Bare),
    Attack::new("socket-filter.py", Said, Bare),
    Attack::new("fetch.mjs", Reached, Bare),
    Attack::new("peer-process.py", Said, By(&["python3", "-c", PASS_PAIR])).plan(with_control),
    Attack::new(
        "descriptors-over-control.py",
        Said,
        Nothing(
            "what would show is the number of descriptors of the test, which another test watches",
        ),
    )
    .plan(with_control),
];

/// Starts the rest of its words with one end of a pair as descriptor 3.
const PASS_PAIR: &str = "import os, socket, sys
a, b = socket.socketpair()
os.dup2(b.fileno(), 3)
os.execvp(sys.argv[1], sys.argv[1:])";

const NO_CGROUP: &str =
    "without a cgroup only each process by itself is limited, and the level says so";

/// Bombs and floods.
pub(crate) const BOMBS: &[Attack] = &[
    Attack::new("fork-bomb.py", Said, Bare),
    // With room for what its processes copy: else the memory's limit may end it first.
    Attack::new("fork-bomb-endless.py", Survived, Nothing("it would take this machine"))
        .plan(|plan| plan.budget.memory_bytes = 1 << 30)
        .ends(Ends::Stopped, 700),
    Attack::new("thread-bomb.py", Said, Bare),
    Attack::new("zombie-flood.py", Said, Bare),
    Attack::new("exhaust-descriptors.py", Said, Bare),
    Attack::new("memory-bomb.py", Said, Bare).ends(Ends::Somehow, 8000),
    Attack::new("memory-shared.py", Said, Without(with_more))
        .ends(Ends::Somehow, 8000)
        .root_only(NO_CGROUP),
    Attack::new("memory-device.py", Said, Without(with_more)).ends(Ends::Somehow, 8000),
    Attack::new("memory-files.py", Said, Without(with_more))
        .plan(with_compiler)
        .ends(Ends::Somehow, 8000)
        .root_only(NO_CGROUP),
    Attack::new("memory-by-many.py", Said, Without(with_more))
        .ends(Ends::Somehow, 8000)
        .root_only(NO_CGROUP),
    Attack::new("memory-pipes.py", Said, Without(with_more)).ends(Ends::Somehow, 8000),
    Attack::new("tmp-bomb.py", Said, Without(with_more)),
    Attack::new("tmp-many-files.py", Said, Without(with_more)),
    Attack::new(
        "page-cache.py",
        Said,
        Nothing("what would show is the jail's own account, which another test reads"),
    )
    .ends(Ends::Tried, 15_000),
    Attack::new("output-flood.sh", Said, Nothing("the reader keeps a mebibyte and ends it"))
        .ends(Ends::Stopped, 3000),
    Attack::new("input-stall.py", Said, Nothing("the writer does not wait"))
        .ends(Ends::Stopped, 400),
    Attack::new("timer-flood.py", Said, Bare),
    Attack::new("inotify-exhaustion.py", Said, Bare),
    Attack::new("huge-arguments.py", Said, Nothing("the kernel's own limit holds on the host too")),
    Attack::new(
        "spin.py",
        Said,
        Nothing("what would show is the processor time, which another test reads"),
    )
    .ends(Ends::Stopped, 500),
];

/// Every table.
pub(crate) const ALL: &[&[Attack]] = &[FILES, KERNEL, PROCESSES, NETWORK, BOMBS];
