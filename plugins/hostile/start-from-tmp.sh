#!/bin/sh
# attack: bring a program along as data and start it from /tmp
# success: it runs
cp /bin/echo "$TMPDIR/program" && chmod 755 "$TMPDIR/program"
"$TMPDIR/program" GOT from /tmp
/proc/self/cwd/program GOT from the working folder
( cd "$TMPDIR" && ./program GOT by a relative path )
( exec -a echo "$TMPDIR/program" GOT by another name ) 2>/dev/null
echo TRIED
