#!/bin/sh
# attack: read a file of the host by its path, as any program would
# success: the secret in it is printed
cat "$BAIT_SECRET"
head -c 100 "$BAIT_SECRET"
while read -r line; do echo "$line"; done < "$BAIT_SECRET"
echo TRIED
