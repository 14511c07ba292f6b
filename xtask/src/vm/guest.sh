#!/vm/busybox sh
# The machine's first process: makes an ordinary system, then runs every test
# as an ordinary user with a delegated cgroup and as root. Each test is a
# process of its own.
export PATH=/usr/bin:/usr/sbin RINGFENCE_TESTS_PROGRAMS=/vm/attacks
# The machine is emulated, and that much slower than its host.
export RINGFENCE_TEST_SLOWNESS=10
box=/vm/busybox
# Seconds for one test.
limit=400

$box mount -t proc proc /proc
$box mount -t sysfs sysfs /sys
$box mount -t devtmpfs devtmpfs /dev 2>/dev/null
$box mkdir -p /dev/pts /dev/shm
$box mount -t devpts devpts /dev/pts
$box mount -t tmpfs -o mode=1777 tmpfs /dev/shm
$box mount -t tmpfs -o mode=1777 tmpfs /tmp
$box mount -t tmpfs -o mode=755 tmpfs /run
$box mount -t securityfs securityfs /sys/kernel/security
$box mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
$box ln -s /proc/self/fd /dev/fd
# /proc/self/mem cannot be read for other processes of the same user.
echo 1 > /proc/sys/kernel/yama/ptrace_scope
$box ip link set lo up
for module in /vm/modules/*; do
    # One that this processor cannot use has another in its place.
    $box insmod "$module" || echo "vm: no module $module"
done
$box hostname machine
$box mkdir -p /home/ordinary
$box chown 1000:1000 /home/ordinary
$box chmod 755 /root
$box chmod 1777 /var/tmp

# Two places as systemd makes them: the service of a user, delegated, and a
# service of root; the session itself is a leaf below.
cgroup=/sys/fs/cgroup
echo "+cpu +memory +pids" > $cgroup/cgroup.subtree_control
for place in ordinary root; do
    $box mkdir -p $cgroup/$place/session
    echo "+cpu +memory +pids" > $cgroup/$place/cgroup.subtree_control
done
$box chown 1000:1000 $cgroup/ordinary $cgroup/ordinary/cgroup.procs \
    $cgroup/ordinary/cgroup.subtree_control $cgroup/ordinary/cgroup.threads
$box chown -R 1000:1000 $cgroup/ordinary/session

# The firmware has left the cursor somewhere.
echo
echo "VM-KERNEL $($box uname -r)"
echo "security modules: $($box cat /sys/kernel/security/lsm)"
echo "apparmor: $($box cat /sys/module/apparmor/parameters/enabled), yama: $($box cat /proc/sys/kernel/yama/ptrace_scope)"

# as <who> <command...>, in that user's session.
as() {
    local user=$1
    shift
    if [ "$user" = ordinary ]; then
        HOME=/home/ordinary $box sh -c 'echo $$ > /sys/fs/cgroup/ordinary/session/cgroup.procs
            exec /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups "$@"' - "$@"
    else
        HOME=/root $box sh -c 'echo $$ > /sys/fs/cgroup/root/session/cgroup.procs
            exec "$@"' - "$@"
    fi
}

# Watches the step that runs, from outside its session and its cgroup: an attack
# may stop, freeze or signal what is around it, and must not disarm its own end.
watch() {
    while $box sleep 3; do
        read -r since place < /run/step || continue
        [ "$since" = 0 ] && continue
        now=$($box cut -d. -f1 /proc/uptime)
        [ $((now - since)) -le $limit ] && continue
        echo 0 - > /run/step
        echo "  ended after $limit s; what still ran:"
        $box find $cgroup/$place -name cgroup.procs -exec $box cat {} + | while read -r process; do
            state=$($box sed -n 's/^State:[[:space:]]*//p' /proc/$process/status)
            echo "  | $process $state in $($box cat /proc/$process/wchan): $($box tr '\0' ' ' \
                < /proc/$process/cmdline | $box cut -c1-150)"
        done
        $box find $cgroup/$place -name cgroup.freeze -exec $box grep -l 1 {} + | $box sed 's/^/  | frozen: /'
        echo 1 > $cgroup/$place/cgroup.kill
    done
}

# step <who> <name> <command...>: says what came of it, and why when it failed.
step() {
    local user=$1 title=$2 status=0
    shift 2
    echo "$($box cut -d. -f1 /proc/uptime) $user" > /run/step
    as "$user" $box setsid "$@" > /run/output 2>&1 < /dev/null || status=$?
    echo 0 - > /run/step
    if [ $status = 0 ]; then
        echo "VM-PASS $user $title"
        return
    fi
    echo "  status $status"
    $box tail -n 60 /run/output | $box sed 's/^/  | /'
    echo "VM-FAIL $user $title"
}
echo 0 - > /run/step
watch &

cd "$($box cat /vm/repository)" || exit 1
filter=$($box cat /vm/filter)
for who in ordinary root; do
    while read -r kind name path; do
        case $kind-$name in
            program-inside)
                step $who inside "$path" /usr/bin/id
                $box sed 's/^/  | /' /run/output ;;
            program-ringfence)
                step $who doctor "$path" doctor
                $box sed 's/^/  | /' /run/output
                step $who doctor-attack "$path" doctor --attack ;;
            test-*)
                # A program that cannot even list its tests must not look green;
                # one without any test lists none.
                as $who "$path" --list --format terse "$filter" > /run/listed 2>/dev/null \
                    || echo "VM-FAIL $who $name::lists-its-tests"
                $box sed -n 's/: test$//p' /run/listed > /run/tests
                while read -r test <&3; do
                    step $who "$name::$test" "$path" --exact "$test"
                done 3< /run/tests ;;
        esac
    done < /vm/programs
    # Whatever the tests started is gone, and so are its cgroups.
    left=$($box find $cgroup/$who -mindepth 1 -type d ! -name session)
    if [ -n "$left" ]; then
        echo "$left" | $box sed 's/^/  | /'
        echo "VM-FAIL $who no-cgroup-is-left"
    else
        echo "VM-PASS $who no-cgroup-is-left"
    fi
done
echo "VM-END"
$box sync
echo o > /proc/sysrq-trigger
$box sleep 10
