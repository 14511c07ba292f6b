#!/bin/sh
# attack: kill every process that can be seen
# success: a process outside the jail is dead
kill -9 -1
echo TRIED
kill -9 0
