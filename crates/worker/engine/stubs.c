// The ends of the C library: what wasi-libc would ask of a WASI host. The engine
// has no such host. Whatever is defined here keeps the member of libc.a of the same
// name, and with it the import it would bring, out of the module; `cargo xtask
// engine` refuses a module with any import that is not of "ringfence".
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

// Milliseconds, and no finer: a fine clock is what timing attacks on neighbours are
// made with, and the host may round further.
static int64_t now_ms(void) {
    return (int64_t)host_now();
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
    int64_t ms = now_ms();
    (void)zone;
    tv->tv_sec = ms / 1000;
    tv->tv_usec = (ms % 1000) * 1000;
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *ts) {
    int64_t ms = now_ms();
    (void)clock;
    ts->tv_sec = ms / 1000;
    ts->tv_nsec = (ms % 1000) * 1000000;
    return 0;
}

// Plugins live in UTC: the zone of the machine is nobody's business, and only
// tm_gmtoff is read.
struct tm *localtime_r(const time_t *restrict t, struct tm *restrict tm) {
    (void)t;
    memset(tm, 0, sizeof(*tm));
    return tm;
}

_Noreturn void abort(void) {
    __builtin_trap();
}

_Noreturn void __assert_fail(const char *expr, const char *file, int line, const char *func) {
    (void)expr;
    (void)file;
    (void)line;
    (void)func;
    __builtin_trap();
}

// Memory that is there is used before more is asked for: the host gives a plugin all
// the memory it may have before its source is read, so that nothing grows in a call.
extern unsigned char __heap_base;
bool memory_was_refused;

void *sbrk(intptr_t increment) {
    static uintptr_t end;
    if (end == 0) end = (uintptr_t)&__heap_base;
    if (increment < 0) return (void *)-1;
    uintptr_t size = (uintptr_t)__builtin_wasm_memory_size(0) * 65536;
    uintptr_t wanted = end + (uintptr_t)increment;
    if (wanted < end) return (void *)-1;
    if (wanted > size) {
        uintptr_t pages = (wanted - size + 65535) / 65536;
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) {
            memory_was_refused = true;
            return (void *)-1;
        }
    }
    void *start = (void *)end;
    end = wanted;
    return start;
}

// There is no output: what QuickJS would print when it is dumped goes nowhere.
size_t __stdio_write(FILE *f, const unsigned char *buf, size_t len) {
    (void)f;
    (void)buf;
    return len;
}

size_t __stdout_write(FILE *f, const unsigned char *buf, size_t len) {
    (void)f;
    (void)buf;
    return len;
}

off_t __stdio_seek(FILE *f, off_t off, int whence) {
    (void)f;
    (void)off;
    (void)whence;
    return -1;
}

int __stdio_close(FILE *f) {
    (void)f;
    return 0;
}

int __isatty(int fd) {
    (void)fd;
    return 0;
}
