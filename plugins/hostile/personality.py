# attack: switch off address randomisation and make all readable memory executable
# success: the personality changes
from support.raw import call, got, say

for name, value in (("no randomisation", 0x0040000), ("read implies exec", 0x0400000), ("32 bit", 8)):
    result, _ = call(135, value)
    now, _ = call(135, 0xFFFFFFFF)
    if result >= 0 and now & value:
        got(name)
    else:
        say(f"{name}: no")
    call(135, 0)
