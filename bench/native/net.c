/* A client that measures by itself, from the inside of whatever it runs in.
 *
 *   net MODE HOST PORT COUNT [PROXY-PORT]
 *
 *   download  COUNT bytes, until the other side closes       one time
 *   connect   COUNT connections to a server that speaks first
 *                                 per connection: connect(), its first byte
 *   echo      COUNT round trips of 64 bytes on one connection
 *   http      COUNT requests of HTTP on one connection
 *
 * Prints one line for each: nanoseconds. With a port of a proxy, every connection
 * goes to that port of HOST and asks it to CONNECT to 127.0.0.1. */
#define _GNU_SOURCE
#include <err.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What the server says to every request. */
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const char *host, *port, *proxy;
static struct addrinfo *found;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void say(int s, const char *text, size_t length) {
    if (write(s, text, length) != (ssize_t)length)
        err(1, "write");
}

/* Exactly so many bytes. */
static void take(int s, char *into, size_t length) {
    while (length) {
        ssize_t got = read(s, into, length);
        if (got <= 0)
            err(1, "the other side ended");
        into += got, length -= got;
    }
}

/* Until an empty line, byte by byte: what follows is not ours yet. */
static void take_head(int s) {
    char last[4] = {0};
    while (memcmp(last, "\r\n\r\n", 4)) {
        memmove(last, last + 1, 3);
        take(s, last + 3, 1);
    }
}

static int dial(void) {
    int one = 1, s = socket(found->ai_family, SOCK_STREAM, 0);
    if (s < 0 || connect(s, found->ai_addr, found->ai_addrlen))
        err(1, "connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (proxy) {
        char line[128];
        int length = snprintf(line, sizeof line, "CONNECT 127.0.0.1:%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", port, port);
        say(s, line, length);
        take_head(s);
    }
    return s;
}

static void download(long count) {
    static char buffer[1 << 18];
    char order[64];
    long begin = now(), sum = 0;
    int s = dial();
    ssize_t got;
    take(s, buffer, 1);
    say(s, order, snprintf(order, sizeof order, "D %ld\n", count));
    while ((got = read(s, buffer, sizeof buffer)) > 0)
        sum += got;
    if (sum != count)
        errx(1, "%ld of %ld bytes came", sum, count);
    printf("%ld\n", now() - begin);
}

static void connects(long count) {
    char byte;
    while (count--) {
        long begin = now(), open, heard;
        int s = dial();
        open = now();
        take(s, &byte, 1);
        heard = now();
        close(s);
        printf("%ld %ld\n", open - begin, heard - begin);
    }
}

static void echo(long count) {
    char buffer[64] = {0};
    int s = dial();
    take(s, buffer, 1);
    say(s, "E\n", 2);
    for (long i = -20; i < count; i++) {
        long begin = now();
        say(s, buffer, sizeof buffer);
        take(s, buffer, sizeof buffer);
        if (i >= 0)
            printf("%ld\n", now() - begin);
    }
}

static void http(long count) {
    char request[256], answer[sizeof ANSWER - 1];
    int length = snprintf(request, sizeof request, "GET /item HTTP/1.1\r\nHost: %s:%s\r\n\r\n", proxy ? "127.0.0.1" : host, port);
    int s = dial();
    take(s, answer, 1);
    for (long i = -20; i < count; i++) {
        long begin = now();
        say(s, request, length);
        take(s, answer, sizeof answer);
        if (i >= 0)
            printf("%ld\n", now() - begin);
    }
}

int main(int count, char **words) {
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    long many;
    if (count < 5)
        errx(2, "net MODE HOST PORT COUNT [PROXY-PORT]");
    host = words[2], port = words[3], proxy = words[5], many = atol(words[4]);
    if (getaddrinfo(host, proxy ? proxy : port, &want, &found))
        errx(1, "%s is not known", host);
    if (!strcmp(words[1], "download"))
        download(many);
    else if (!strcmp(words[1], "connect"))
        connects(many);
    else if (!strcmp(words[1], "echo"))
        echo(many);
    else
        http(many);
    return 0;
}
