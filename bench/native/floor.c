/*
 * What the kernel itself takes: the same walls as a jail of ours, written by
 * hand with nothing around them. Nobody can be faster with these walls on this
 * machine, so this is the limit that the table is read against.
 *
 * floor spawn PROGRAM [ARGUMENT...]       start and wait
 * floor namespaces PROGRAM [ARGUMENT...]  the same in all seven namespaces
 * floor walls PROGRAM [ARGUMENT...]       the same with every wall of a jail
 * floor unified PROGRAM [ARGUMENT...]     start and wait, where cgroups look
 *                                         like version 2 (for crun)
 *
 * For every byte on standard input one run, and its nanoseconds as one line on
 * standard output. The working folder is private to this program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALL_NAMESPACES                                                         \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |           \
	 CLONE_NEWIPC | CLONE_NEWUTS)

static char **program;
static pid_t self;

static void die(const char *step)
{
	fprintf(stderr, "floor: %s: %s\n", step, strerror(errno));
	fflush(stderr);
	_exit(1);
}

#define must(call)                                                             \
	do {                                                                   \
		if ((call) < 0)                                                \
			die(#call);                                            \
	} while (0)

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void put(const char *path, const char *format, ...)
{
	char text[64];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, length) != length)
		die(path);
	close(fd);
}

/* Memory, process number and processor share of version 1, where it is there. */
static const char *const controllers[] = { "memory", "pids", "cpu", "cpuacct" };
#define CONTROLLERS 4
static char groups[CONTROLLERS][64];
static int with_groups;

static void find_groups(void)
{
	with_groups = 1;
	for (int i = 0; i < CONTROLLERS; i++) {
		snprintf(groups[i], sizeof groups[i],
			 "/sys/fs/cgroup/%s/floor-%d", controllers[i], self);
		if (mkdir(groups[i], 0755) < 0) {
			with_groups = 0;
			for (int made = 0; made < i; made++)
				rmdir(groups[made]);
			return;
		}
	}
	for (int i = 0; i < CONTROLLERS; i++)
		rmdir(groups[i]);
}

static void make_groups(int tasks[CONTROLLERS])
{
	char path[512];
	for (int i = 0; i < CONTROLLERS; i++) {
		must(mkdir(groups[i], 0755));
		snprintf(path, sizeof path, "%s/tasks", groups[i]);
		must(tasks[i] = open(path, O_WRONLY | O_CLOEXEC));
	}
	snprintf(path, sizeof path, "%s/memory.limit_in_bytes", groups[0]);
	put(path, "%d", 256 << 20);
	snprintf(path, sizeof path, "%s/pids.max", groups[1]);
	put(path, "%d", 64);
	snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", groups[2]);
	put(path, "%d", 100000);
}

static void drop_groups(int tasks[CONTROLLERS])
{
	for (int i = 0; i < CONTROLLERS; i++) {
		close(tasks[i]);
		must(rmdir(groups[i]));
	}
}

static void bind_read_only(const char *source, const char *target)
{
	must(mount(source, target, NULL, MS_BIND | MS_REC, NULL));
	must(mount(NULL, target, NULL,
		   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL));
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0)
		die(path);
	close(fd);
}

static void build_root(void)
{
	static const char *const devices[] = { "null", "zero", "full", "random",
					       "urandom" };
	static const char *const etc[] = { "passwd", "group", "hosts",
					   "nsswitch.conf" };
	char source[64], target[64];

	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("tmpfs", "root", "tmpfs", MS_NOSUID | MS_NODEV,
		   "size=2m,nr_inodes=4096,mode=0755"));
	int program_fd = open(program[0], O_PATH | O_CLOEXEC);
	must(program_fd);
	must(chdir("root"));
	must(mkdir("usr", 0755));
	bind_read_only("/usr", "usr");
	must(symlink("usr/lib", "lib"));
	must(symlink("usr/lib64", "lib64"));
	must(symlink("usr/bin", "bin"));
	must(mkdir("dev", 0755));
	for (int i = 0; i < 5; i++) {
		snprintf(source, sizeof source, "/dev/%s", devices[i]);
		snprintf(target, sizeof target, "dev/%s", devices[i]);
		touch(target);
		must(mount(source, target, NULL, MS_BIND, NULL));
	}
	must(mkdir("etc", 0755));
	for (int i = 0; i < 4; i++) {
		snprintf(target, sizeof target, "etc/%s", etc[i]);
		touch(target);
	}
	touch("program");
	snprintf(source, sizeof source, "/proc/self/fd/%d", program_fd);
	bind_read_only(source, "program");
	must(mkdir("tmp", 01777));
	must(mount("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		   "size=64m,nr_inodes=16384"));
	must(mkdir("proc", 0555));
	must(mount("proc", "proc", "proc",
		   MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
		   "subset=pid,hidepid=invisible"));
	must(syscall(SYS_pivot_root, ".", "."));
	must(umount2(".", MNT_DETACH));
	must(mount(NULL, "/", NULL,
		   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL));
}

static void limit_resources(void)
{
	static const struct { int resource; rlim_t value; } limits[] = {
		{ RLIMIT_CORE, 0 },	  { RLIMIT_NOFILE, 256 },
		{ RLIMIT_FSIZE, 1 << 26 }, { RLIMIT_NPROC, 65 },
		{ RLIMIT_MEMLOCK, 65536 }, { RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NICE, 0 },	  { RLIMIT_RTPRIO, 0 },
		{ RLIMIT_STACK, 8 << 20 }, { RLIMIT_CPU, 60 },
	};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct rlimit limit = { limits[i].value, limits[i].value };
		must(setrlimit(limits[i].resource, &limit));
	}
}

static void drop_capabilities(void)
{
	struct { uint32_t version; int pid; } header = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } none[2] = { 0 };
	for (int i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0; i++)
		;
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(syscall(SYS_capset, &header, none));
}

static void restrict_files(void)
{
	static const char *const paths[] = { "/",	  "/tmp",
					     "/dev/null", "/dev/zero",
					     "/dev/full", "/dev/random",
					     "/usr/lib",  "/program" };
	struct landlock_ruleset_attr attributes = { .handled_access_fs = 0x1fff };
	int rules = syscall(SYS_landlock_create_ruleset, &attributes,
			    sizeof attributes, 0);
	if (rules < 0)
		return; /* the kernel has none; then ours has none either */
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct landlock_path_beneath_attr rule = {
			.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
					  LANDLOCK_ACCESS_FS_EXECUTE,
			.parent_fd = open(paths[i], O_PATH | O_CLOEXEC),
		};
		must(rule.parent_fd);
		if (i == 0)
			rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
		must(syscall(SYS_landlock_add_rule, rules,
			     LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
		close(rule.parent_fd);
	}
	must(syscall(SYS_landlock_restrict_self, rules, 0));
	close(rules);
}

/* A plain list of compares, which is the cheapest filter to check and compile. */
static void filter_calls(void)
{
#define COMPARES 60
	static struct sock_filter code[COMPARES + 4];
	int n = 0;
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (int i = 0; i < COMPARES; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, 100000 + i, COMPARES - i, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	struct sock_fprog filter = { n, code };
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
}

static void walls(int maps_written, const int tasks[CONTROLLERS])
{
	char byte;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	for (int i = 0; with_groups && i < CONTROLLERS; i++)
		must(write(tasks[i], "0", 1));
	must(unshare(CLONE_NEWCGROUP));
	if (read(maps_written, &byte, 1) != 1)
		_exit(1);
	must(sethostname("plugin", 6));
	build_root();
	limit_resources();
	drop_capabilities();
	restrict_files();
	filter_calls();
	must(syscall(SYS_close_range, 3, ~0U, 0));
	must(setsid());
	char *environment[] = { "PATH=/usr/bin", NULL };
	execve("/program", program, environment);
	die("exec");
}

static void wait_for(pid_t pid)
{
	int status;
	must(waitpid(pid, &status, 0));
	if (status != 0) {
		fprintf(stderr, "floor: the program ended with status %x\n", status);
		_exit(1);
	}
}

static void run_in_namespaces(int with_walls)
{
	int tasks[CONTROLLERS], pipe_fds[2], pidfd = -1;
	char path[64];
	if (with_walls && with_groups)
		make_groups(tasks);
	must(pipe2(pipe_fds, O_CLOEXEC));
	struct clone_args arguments = {
		.flags = ALL_NAMESPACES | CLONE_PIDFD |
			 (with_walls ? 0 : CLONE_NEWCGROUP),
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	must(pid);
	if (pid == 0) {
		close(pipe_fds[1]);
		if (with_walls)
			walls(pipe_fds[0], tasks);
		execve(program[0], program, (char *[]){ NULL });
		die("exec");
	}
	close(pipe_fds[0]);
	if (with_walls) {
		snprintf(path, sizeof path, "/proc/%ld/setgroups", pid);
		put(path, "deny");
		snprintf(path, sizeof path, "/proc/%ld/uid_map", pid);
		put(path, "0 %d 1", geteuid());
		snprintf(path, sizeof path, "/proc/%ld/gid_map", pid);
		put(path, "0 %d 1", getegid());
		must(write(pipe_fds[1], "1", 1));
	}
	wait_for(pid);
	close(pidfd);
	close(pipe_fds[1]);
	if (with_walls && with_groups)
		drop_groups(tasks);
}

static void run_plainly(void)
{
	extern char **environ;
	pid_t pid;
	errno = posix_spawn(&pid, program[0], NULL, NULL, program, environ);
	if (errno != 0)
		die(program[0]);
	wait_for(pid);
}

static void make_unified_view(void)
{
	must(unshare(CLONE_NEWNS));
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(umount2("/sys/fs/cgroup", MNT_DETACH));
	must(mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL));
}

int main(int count, char **words)
{
	if (count < 3)
		return 2;
	const char *mode = words[1];
	program = words + 2;
	self = getpid();
	/* A benchmark that dies must not leave this behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (strcmp(mode, "walls") == 0) {
		if (mkdir("root", 0755) < 0 && errno != EEXIST)
			die("root");
		find_groups();
	} else if (strcmp(mode, "unified") == 0) {
		make_unified_view();
	}
	/* Both ways are kept apart; what is started gets neither. */
	int requests = fcntl(0, F_DUPFD_CLOEXEC, 3);
	int answers = fcntl(1, F_DUPFD_CLOEXEC, 3);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (requests < 0 || answers < 0 || nothing < 0 ||
	    dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0)
		die("descriptors");
	char byte;
	while (read(requests, &byte, 1) == 1) {
		long begin = now();
		if (strcmp(mode, "namespaces") == 0)
			run_in_namespaces(0);
		else if (strcmp(mode, "walls") == 0)
			run_in_namespaces(1);
		else
			run_plainly();
		dprintf(answers, "%ld\n", now() - begin);
	}
	return 0;
}
