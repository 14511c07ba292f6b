// attack: enter the kernel as a 32-bit program, where every number means another call
// success: a call is performed
#include <stdio.h>
#include <unistd.h>

int main(void) {
    printf("TRIED\n");
    fflush(stdout);
    long result;
    // getpid of the 32-bit table.
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    if (result == getpid()) printf("GOT 32-bit getpid\n");
    fflush(stdout);
    return 0;
}
