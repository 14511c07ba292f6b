// What the parts of the engine share. The ABI is in README.md.
#ifndef RINGFENCE_ENGINE_H
#define RINGFENCE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("ringfence"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

// Length of the reply; `host_take` copies it. Blocks.
IMPORT("request") extern int32_t host_request(const char *ptr, size_t len);
IMPORT("take") extern void host_take(char *to);
// Level: 0 debug, 1 info, 2 warning, 3 error.
IMPORT("log") extern void host_log(int32_t level, const char *ptr, size_t len);
// Milliseconds since 1970-01-01 UTC.
IMPORT("now") extern double host_now(void);
IMPORT("random") extern void host_random(void *ptr, size_t len);
// Blocks, at most until the deadline of the call, which ends it with a trap.
IMPORT("sleep") extern void host_sleep(double ms);

// Whether there was no more memory at some time of this call.
extern bool memory_was_refused;

#endif
