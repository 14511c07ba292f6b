# attack: leave memory and queues in the kernel that outlive every process
# success: one is made
from support.raw import call, raw

memory = raw("shared memory", 29, 0, 4096, 0o1777)
if memory is not None:
    call(31, memory, 0, 0)
queue = raw("queue", 68, 0, 0o1777)
if queue is not None:
    call(71, queue, 0, 0)
semaphores = raw("semaphores", 64, 0, 1, 0o1777)
if semaphores is not None:
    call(66, semaphores, 0, 0, 0)
if raw("POSIX queue", 240, b"ringfence-hostile", 0o102, 0o600, 0) is not None:
    call(241, b"ringfence-hostile")
