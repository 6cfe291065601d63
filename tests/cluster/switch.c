/* An Ethernet switch in user space that makes every frame wait: for kernels without tc's netem.
 *
 *     switch DELAY-IN-MICROSECONDS INTERFACE INTERFACE ...
 *
 * Each interface is one end of a veth pair whose other end is a host's; frames that arrive there go
 * on, DELAY later, to the port behind which their destination was last seen, or to all others. It
 * learns where hosts are as any switch does. Bandwidth is none of its business: tc's tbf on both
 * ends of the veth pairs sets it, and what does not fit into a port's queue is dropped, as on a
 * wire.
 *
 * Frames keep their virtio_net header, so the kernel passes whole TCP segments of up to 64 KB with
 * checksums not yet computed: a copy in and a copy out, whatever the MTU. A port that is down
 * passes nothing and comes back by itself when it is up again. Runs until it is killed. */
#define _GNU_SOURCE /* ppoll */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_PORTS = 64,
    FRAME_ROOM = 66 * 1024, /* header and the longest segment that the kernel hands over */
    MOST_WAITING = 1024,
    SEND_ROOM = 8 << 20,
};

/* One frame on its way, virtio_net header first. */
struct frame {
    int64_t due; /* nanoseconds of CLOCK_MONOTONIC */
    int from;    /* port */
    size_t size;
    unsigned char bytes[FRAME_ROOM];
};

struct port {
    const char *name;
    int socket;
    unsigned char host[ETH_ALEN]; /* whom it was last seen to lead to */
};

static struct port ports[MOST_PORTS];
static int port_count;
/* All frames wait equally long, so one queue in order of arrival serves all ports. */
static struct frame queue[MOST_WAITING];
static size_t first, waiting;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void give_up(const char *what, const char *name)
{
    fprintf(stderr, "switch: %s: %s: %s\n", name, what, strerror(errno));
    exit(1);
}

static void option(const struct port *port, int level, int name, int value, const char *what)
{
    if (setsockopt(port->socket, level, name, &value, sizeof value) < 0)
        give_up(what, port->name);
}

static void open_port(struct port *port, const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    port->name = name;
    address.sll_ifindex = (int)if_nametoindex(name);
    if (address.sll_ifindex == 0)
        give_up("no such interface", name);
    /* Protocol 0 until it is bound: it would see the frames of all interfaces. */
    port->socket = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
    if (port->socket < 0)
        give_up("socket", name);
    option(port, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
    option(port, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
    /* With no rights beyond a user namespace's the system's limit has to do. */
    int room = SEND_ROOM;
    if (setsockopt(port->socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        option(port, SOL_SOCKET, SO_SNDBUF, room, "SO_SNDBUF");
    if (setsockopt(port->socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
        option(port, SOL_SOCKET, SO_RCVBUF, room, "SO_RCVBUF");
    if (bind(port->socket, (struct sockaddr *)&address, sizeof address) < 0)
        give_up("bind", name);
}

static const struct ethhdr *ethernet(const struct frame *frame)
{
    return (const struct ethhdr *)(frame->bytes + sizeof(struct virtio_net_hdr));
}

/* Takes in what has arrived at a port, as far as there is room. */
static void receive(int number, int64_t delay)
{
    while (waiting < MOST_WAITING) {
        struct frame *frame = &queue[(first + waiting) % MOST_WAITING];
        ssize_t size = recv(ports[number].socket, frame->bytes, FRAME_ROOM, 0);
        if (size < 0 && errno == ENETDOWN)
            continue; /* told once; after that nothing comes until the port is up */
        if (size < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (size < 0)
            give_up("recv", ports[number].name);
        if ((size_t)size < sizeof(struct virtio_net_hdr) + sizeof(struct ethhdr))
            continue;
        frame->due = now() + delay;
        frame->from = number;
        frame->size = (size_t)size;
        memcpy(ports[number].host, ethernet(frame)->h_source, ETH_ALEN);
        waiting++;
    }
}

static void send_to(const struct port *port, const struct frame *frame)
{
    ssize_t sent = send(port->socket, frame->bytes, frame->size, 0);
    if (sent < 0 && errno != ENETDOWN && errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
        give_up("send", port->name);
}

static void forward(const struct frame *frame)
{
    int to = -1;
    for (int i = 0; i < port_count; i++)
        if (memcmp(ports[i].host, ethernet(frame)->h_dest, ETH_ALEN) == 0)
            to = i;
    for (int i = 0; i < port_count; i++)
        if (i != frame->from && (to < 0 || i == to))
            send_to(&ports[i], frame);
}

static void forward_due(void)
{
    while (waiting > 0 && queue[first].due <= now()) {
        forward(&queue[first]);
        first = (first + 1) % MOST_WAITING;
        waiting--;
    }
}

/* Until something arrives (if there is room for it) or the next frame is due. */
static void pause_for(struct pollfd *polled)
{
    int64_t left = waiting > 0 ? queue[first].due - now() : INT64_C(1000000000);
    if (left < 0)
        left = 0;
    struct timespec time = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    for (int i = 0; i < port_count; i++)
        polled[i] =
            (struct pollfd){.fd = ports[i].socket, .events = waiting < MOST_WAITING ? POLLIN : 0};
    if (ppoll(polled, (nfds_t)port_count, &time, NULL) < 0 && errno != EINTR)
        give_up("ppoll", "all ports");
}

int main(int count, char **words)
{
    char *end = NULL;
    long delay = count > 1 ? strtol(words[1], &end, 10) : -1;
    port_count = count - 2;
    if (port_count < 2 || port_count > MOST_PORTS || delay < 0 || *end != '\0') {
        fprintf(stderr, "usage: switch DELAY-IN-MICROSECONDS INTERFACE INTERFACE ...\n");
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* 50 microseconds by default */
    for (int i = 0; i < port_count; i++)
        open_port(&ports[i], words[2 + i]);
    puts("ready");
    fflush(stdout);
    struct pollfd polled[MOST_PORTS];
    for (;;) {
        pause_for(polled);
        for (int i = 0; i < port_count; i++)
            if (polled[i].revents != 0)
                receive(i, delay * 1000);
        forward_due();
    }
}
