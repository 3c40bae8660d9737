# SPDX-License-Identifier: Apache-2.0
"""backend.py MODULE PORT-FILE: an HTTP back end that accepts each message of a device once.

    POST /messages  {"serial": "SN-000123", "counter": 1, "message": "...", "mac": "3a71..."}

The answer has a member "verdict": "ok" (200), "bad" (403) or "replayed" (409). A request that is not of this form gets 400. The
token verifies the MAC and keeps the counters, so the back end has no database of counters and no lock.

The back end listens on a free port of 127.0.0.1 and writes the number of the port to PORT-FILE. KEYDIV_PIN_FILE names the file
with the PIN.
"""
import http.server
import json
import os
import queue
import sys

import PyKCS11

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from session import find, login  # noqa: E402
from verify_messages import verify  # noqa: E402

STATUS = {"ok": 200, "bad": 403, "replayed": 409}
SESSIONS = 4  # requests that the token works on at a time
LARGEST = 65536  # bytes of a request


def parse(body):
    """Return (serial, counter, message, mac) of a request. ValueError if the request is malformed."""
    try:
        request = json.loads(body)
        serial, counter = request["serial"], request["counter"]
        message, mac = request["message"].encode(), bytes.fromhex(request["mac"])
        if type(serial) is not str or type(counter) is not int:
            raise ValueError("serial is text, and counter is a number")
        if not 1 <= len(serial.encode()) <= 128 or not 0 <= counter < 2**64:
            raise ValueError("serial has 1 to 128 bytes, and counter has 64 bits")
        return serial, counter, message, mac
    except (KeyError, TypeError, AttributeError, UnicodeError) as e:
        raise ValueError("not a message: %r" % e)


class Backend(http.server.ThreadingHTTPServer):
    def __init__(self, module):
        super().__init__(("127.0.0.1", 0), Handler)
        # A PKCS#11 session has one operation at a time, so each request takes a session for itself. All sessions of a process
        # share one login.
        first = login(module)
        slot = first.getSessionInfo().slotID
        self.master = find(first, "meter")
        self.sessions = queue.Queue()
        self.sessions.put(first)
        for _ in range(SESSIONS - 1):
            self.sessions.put(first.pykcs11.openSession(slot, PyKCS11.CKF_RW_SESSION))

    def verdict(self, *message):
        session = self.sessions.get()
        try:
            return verify(session, self.master, *message)
        finally:
            self.sessions.put(session)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        if self.path != "/messages":
            return self.answer(404, {"error": "POST a message to /messages"})
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= LARGEST:
                raise ValueError("a request has 1 to %d bytes" % LARGEST)
            message = parse(self.rfile.read(length))
        except ValueError as e:
            return self.answer(400, {"error": str(e)})
        try:
            verdict = self.server.verdict(*message)
        except PyKCS11.PyKCS11Error as e:
            # Nothing was decided: the sender may send the message again.
            return self.answer(503, {"error": str(e)})
        self.answer(STATUS[verdict], {"verdict": verdict})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    module, port_file = sys.argv[1:]
    backend = Backend(module)
    with open(port_file + ".new", "w") as f:
        f.write("%d\n" % backend.server_port)
    os.rename(port_file + ".new", port_file)  # never a half of the number
    backend.serve_forever()


if __name__ == "__main__":
    main()
