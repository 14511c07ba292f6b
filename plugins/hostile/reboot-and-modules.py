# attack: reboot the host, load code into its kernel or replace it
# success: a call is judged by its arguments instead of being refused
from support.raw import reached

reached("reboot", 169, 0, 0, 0, 0)
reached("init_module", 175, 0, 0, b"")
reached("finit_module", 313, -1, b"", 0)
reached("delete_module", 176, b"no_such_module_here", 0)
reached("kexec_load", 246, 0, 1 << 30, 0, 0)
reached("kexec_file_load", 320, -1, -1, 0, b"", 1 << 30)
