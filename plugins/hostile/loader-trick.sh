#!/bin/sh
# attack: start a program from a folder without programs by handing it to the loader
# success: it runs
cp /bin/echo "$TMPDIR/program"
cp /bin/echo "$BAIT_GRANTED/program"
for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-x86-64.so.2 /usr/lib64/ld-linux-x86-64.so.2; do
    "$loader" "$TMPDIR/program" GOT by the loader
    "$loader" "$BAIT_GRANTED/program" GOT by the loader
done
echo TRIED
