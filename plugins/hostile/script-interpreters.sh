#!/bin/sh
# attack: start scripts from writable folders, and scripts whose interpreter lies there
# success: one runs
printf '#!/bin/sh\necho GOT a script\n' > "$TMPDIR/script"
printf '#!%s/script\n' "$TMPDIR" > "$TMPDIR/chain"
printf '#!/lib64/ld-linux-x86-64.so.2 %s/program\n' "$TMPDIR" > "$BAIT_GRANTED/loader"
cp "$TMPDIR/script" "$BAIT_GRANTED/script"
chmod 755 "$TMPDIR/script" "$TMPDIR/chain" "$BAIT_GRANTED/script" "$BAIT_GRANTED/loader"
# Not through the shell, which would read a script that it cannot start.
for path in "$TMPDIR/script" "$TMPDIR/chain" "$BAIT_GRANTED/script" "$BAIT_GRANTED/loader"; do
    env "$path"
done
echo TRIED
