#!/bin/sh
# attack: bring a program along as data and start it from the granted folder
# success: it runs
cp /bin/echo "$BAIT_GRANTED/program" && chmod 755 "$BAIT_GRANTED/program"
"$BAIT_GRANTED/program" GOT from the granted folder
"/proc/self/root$BAIT_GRANTED/program" GOT through proc
echo TRIED
