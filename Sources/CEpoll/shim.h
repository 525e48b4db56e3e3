// What Linux has for many sockets on one thread and Swift's view of the C library leaves out: epoll, eventfd, accept4,
// and flags that are enumerations there.
#ifndef CEPOLL_SHIM_H
#define CEPOLL_SHIM_H

#ifdef __linux__

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Hidden by the headers where GNU extensions are not asked for.
extern long syscall(long, ...);
extern int accept4(int, struct sockaddr *, socklen_t *, int);

static const uint32_t cepoll_in = EPOLLIN;
static const uint32_t cepoll_out = EPOLLOUT;
static const uint32_t cepoll_gone = EPOLLERR | EPOLLHUP;

static inline int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int cepoll_add(int poller, int descriptor, uint32_t events, uint64_t key) {
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int cepoll_change(int poller, int descriptor, uint32_t events, uint64_t key) {
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event);
}

static inline int cepoll_wait(int poller, struct epoll_event *events, int count, int milliseconds) {
    return epoll_wait(poller, events, count, milliseconds);
}

static inline uint64_t cepoll_key(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t cepoll_events(const struct epoll_event *event) { return event->events; }

static inline int cepoll_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

// An IP address, IPv4 mapped into IPv6, and a port; all zero for an address of another family.
struct cepoll_address {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t is_ip;
};

static inline struct cepoll_address cepoll_read_address(const struct sockaddr_storage *storage) {
    struct cepoll_address address = {0, 0, 0, 0};
    if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)storage;
        address.low = UINT64_C(0xFFFF00000000) | ntohl(v4->sin_addr.s_addr);
        address.port = ntohs(v4->sin_port);
        address.is_ip = 1;
    } else if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)storage;
        for (int i = 0; i < 8; i++) {
            address.high = address.high << 8 | v6->sin6_addr.s6_addr[i];
            address.low = address.low << 8 | v6->sin6_addr.s6_addr[8 + i];
        }
        address.port = ntohs(v6->sin6_port);
        address.is_ip = 1;
    }
    return address;
}

static inline int cepoll_accept(int listener, struct cepoll_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    storage.ss_family = AF_UNSPEC;
    int descriptor = accept4(listener, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) *address = cepoll_read_address(&storage);
    return descriptor;
}

// A listening socket's own address.
static inline struct cepoll_address cepoll_own_address(int descriptor) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    storage.ss_family = AF_UNSPEC;
    getsockname(descriptor, (struct sockaddr *)&storage, &length);
    return cepoll_read_address(&storage);
}

// A socket that is bound and listens; -1 and errno if the system refuses. Its connections send without delay.
static inline int cepoll_listen(const void *address, socklen_t length, int backlog) {
    const struct sockaddr *place = (const struct sockaddr *)address;
    int one = 1;
    int descriptor = socket(place->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    if (place->sa_family != AF_UNIX) {
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        // Accepted sockets have it from the one that listens.
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (bind(descriptor, place, length) == 0 && listen(descriptor, backlog) == 0) return descriptor;
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

static inline ssize_t cepoll_send(int descriptor, const void *bytes, size_t count) {
    return send(descriptor, bytes, count, MSG_NOSIGNAL);
}

static inline ssize_t cepoll_receive(int descriptor, void *bytes, size_t count) {
    return recv(descriptor, bytes, count, 0);
}

static inline int cepoll_close(int descriptor) { return close(descriptor); }

// Names the calling thread, with 15 bytes at most.
static inline void cepoll_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// Asks for short turns on the processor, which come the sooner: what wakes the calling thread is served without waiting
// for the turn of a busy process to end. The share of the processor stays the same. Linux 6.12 and later do it, earlier
// ones take no notice, and where it is forbidden all stays as it was.
static inline void cepoll_prefer_latency(void) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } scheduling;
    memset(&scheduling, 0, sizeof scheduling);
    if (syscall(SYS_sched_getattr, 0, &scheduling, (unsigned)sizeof scheduling, 0) != 0) return;
    if (scheduling.policy != SCHED_OTHER) return;
    scheduling.runtime = 100000;
    syscall(SYS_sched_setattr, 0, &scheduling, 0);
}

static inline int cepoll_end_output(int descriptor) { return shutdown(descriptor, SHUT_WR); }

#endif
#endif
