#!/bin/sh
# attack: find devices that should not be there
# success: one beyond the harmless few is there
for path in /dev/*; do
    case "${path##*/}" in
        null | zero | full | random | urandom | fd | stdin | stdout | stderr | shm) ;;
        '*') ;;
        *) echo "GOT $path" ;;
    esac
done
ls /sys /boot /run /home /root /mnt /media /opt /srv 2>/dev/null | grep . && echo "GOT a folder of the host"
echo TRIED
