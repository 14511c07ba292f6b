#!/bin/sh
# attack: create a file on the host by its path
# success: the file exists on the host
echo owned > "$BAIT_DROP"
mkdir -p "$(dirname "$BAIT_DROP")" && touch "$BAIT_DROP"
cp /etc/passwd "$BAIT_DROP"
echo TRIED
