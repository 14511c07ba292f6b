#!/bin/sh
# attack: start a set-user-id program of root that lies in a granted folder
# success: it runs as somebody else
own=$(id -u)
effective=$("$BAIT_TOOLS/setuid-id" -u)
if [ -n "$effective" ] && [ "$effective" != "$own" ]; then echo "GOT user $effective instead of $own"; fi
for program in su sudo passwd mount newgrp pkexec; do
    [ -u "/usr/bin/$program" ] && echo "$program is set-user-id here, without effect"
done
echo TRIED
