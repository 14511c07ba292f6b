#!/bin/sh
# attack: find secrets of the host in the environment
# success: a variable of the host is printed
env
set
echo TRIED
