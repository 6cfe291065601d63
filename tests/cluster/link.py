"""Measures the TCP connection between two hosts of tests/cluster, and fails if it is better than set.

    link.py serve                            on one host: answers one measurement
    link.py measure ADDRESS DELAY MEGABITS   on another: DELAY in microseconds each way
"""
import socket
import sys
import time

PORT = 7077
ROUND_TRIPS = 50
STREAM = 16 << 20  # bytes: long beside the quarter megabyte that tbf lets through at once


def receive(connection, size):
    while size > 0:
        got = len(connection.recv(min(size, 1 << 20)))
        if got == 0:
            sys.exit("link: the other side has gone")
        size -= got


def serve():
    with socket.create_server(("", PORT)) as listener:
        connection = listener.accept()[0]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(ROUND_TRIPS):
            receive(connection, 1)
            connection.sendall(b"x")
        receive(connection, STREAM)
        connection.sendall(b"x")


def connect(address):
    end = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection((address, PORT), timeout=30)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def measure(address, delay, megabits):
    connection = connect(address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    trips = []
    for _ in range(ROUND_TRIPS):
        start = time.monotonic()
        connection.sendall(b"x")
        receive(connection, 1)
        trips.append(time.monotonic() - start)
    start = time.monotonic()
    connection.sendall(bytes(STREAM))
    receive(connection, 1)
    rate = 8 * STREAM / (time.monotonic() - start) / 1e6
    least = min(trips) * 1e6
    print(f"link: round trip {least:.0f} microseconds (set: {2 * delay:.0f}), "
          f"{rate:.0f} Mbit/s (set: {megabits:.0f})")
    if least < 2 * delay or rate > 1.1 * megabits:
        sys.exit("link: faster than it was set to be")


if sys.argv[1] == "serve":
    serve()
else:
    measure(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
