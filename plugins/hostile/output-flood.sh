#!/bin/sh
# attack: print without end, on both streams
# success: the host keeps it all in memory, or hangs
echo TRIED
yes flood >&2 &
exec yes flood
