#!/bin/sh
# attack: find another place that can be written, beside /tmp
# success: there is one
for folder in / /dev /dev/shm/.. /proc /etc /usr /usr/bin /usr/lib /run /var/tmp /home /ringfence; do
    touch "$folder/owned" 2>/dev/null && [ "$(cd "$folder" && pwd -P)" != /tmp ] && echo "GOT $folder"
    rm -f "$folder/owned" 2>/dev/null
done
echo TRIED
