#!/bin/sh
# attack: put a library of one's own into other programs
# success: it is in their memory
cp "$(ldd /bin/cat | awk '/libc.so/ { print $3 }')" "$TMPDIR/owned.so"
LD_PRELOAD="$TMPDIR/owned.so" grep "x.*owned.so" /proc/self/maps && echo "GOT preload"
mkdir "$TMPDIR/library" && cp "$TMPDIR/owned.so" "$TMPDIR/library/libc.so.6"
LD_LIBRARY_PATH="$TMPDIR/library" grep "x.*library/libc.so.6" /proc/self/maps && echo "GOT library path"
LD_AUDIT="$TMPDIR/owned.so" grep "x.*owned.so" /proc/self/maps && echo "GOT audit"
echo TRIED
