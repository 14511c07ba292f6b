# attack: reach the kernel's bookkeeping: quotas, process accounting, swap
# success: a call is judged by its arguments instead of being refused
from support.raw import reached

reached("quotactl", 179, 0x800001 << 8, 0, 0, 0)
reached("acct", 163, b"/nonexistent/accounting")
reached("swapon", 167, b"/nonexistent/swap", 0)
reached("swapoff", 168, b"/nonexistent/swap")
