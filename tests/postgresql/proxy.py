# SPDX-License-Identifier: Apache-2.0
"""proxy.py: a TCP proxy of this machine that can be cut, as a network can."""
import select
import socket
import threading

ROOM = 1 << 16


class Proxy:
    """Pass bytes between clients and the port target() of 127.0.0.1. Every connection has a thread.

    cut() drops what arrives, in both directions, and closes nothing: neither end learns of the cut. New connections are accepted and
    get no answer. reset() closes all connections at once and refuses new ones. heal() ends both. A connection over which bytes were
    dropped is closed then, as TCP closes a connection whose bytes are never acknowledged.
    """

    def __init__(self, target):
        self.target = target
        self.state = "open"
        self.lock = threading.Lock()
        self.pairs = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def set_state(self, state):
        with self.lock:
            before, self.state = self.state, state
            pairs = list(self.pairs)
        if state == "reset" or before == "cut" and state == "open":
            for pair in pairs:
                pair.close()

    def cut(self):
        self.set_state("cut")

    def reset(self):
        self.set_state("reset")

    def heal(self):
        self.set_state("open")

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.state == "reset":
                client.close()
                continue
            pair = Pair(self, client)
            with self.lock:
                self.pairs.add(pair)
            threading.Thread(target=pair.run, daemon=True).start()


class Pair:
    """One connection: the client's socket and, unless the way was cut when it came, the server's."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.server = None
        self.wake, self.waker = socket.socketpair()

    def close(self):
        """End the thread, which closes the sockets."""
        try:
            self.waker.send(b"x")
        except OSError:
            pass

    def run(self):
        try:
            self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.proxy.state == "open":
                self.server = socket.create_connection(("127.0.0.1", self.proxy.target()), timeout=5)
                self.server.settimeout(None)
                self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pump()
        except OSError:
            pass
        finally:
            with self.proxy.lock:
                self.proxy.pairs.discard(self)
            for s in (self.client, self.server, self.wake, self.waker):
                if s is not None:
                    s.close()

    def pump(self):
        ends = [s for s in (self.client, self.server) if s is not None]
        while True:
            ready, _, _ = select.select([self.wake] + ends, [], [])
            if self.wake in ready:
                return
            for s in ready:
                data = s.recv(ROOM)
                if self.proxy.state == "cut":
                    # The other end must not learn that this one has ended.
                    if not data:
                        ends.remove(s)
                    continue
                if not data or self.server is None:
                    return
                (self.server if s is self.client else self.client).sendall(data)
