# attack: end with status 0 in the middle of a call
# success: the host takes it for an answer
import os


def go(input):
    os._exit(0)
