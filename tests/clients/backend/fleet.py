# SPDX-License-Identifier: Apache-2.0
"""fleet.py before|after PORT RECORD: a fleet of meters and an attacker, who send messages to the back end of backend.py.

`before` and `after` are the halves of the story, before and after a crash of the back end. RECORD is the file of the messages that
the attacker has overheard. Print each message with its verdict. Exit with 1 if a verdict is not the expected one.
"""
import json
import sys
import threading
import urllib.error
import urllib.request

from device import Device, device_key

MASTER = bytes(range(32))  # of tests/fixtures/component-1.txt and component-2.txt
SERIALS = ["SN-000123", "SN-000124", "SN-000125"]


class Story:
    def __init__(self, port):
        self.url = "http://127.0.0.1:%s/messages" % port
        self.counts = {"ok": 0, "bad": 0, "replayed": 0}
        self.unexpected = 0

    def post(self, message):
        request = urllib.request.Request(self.url, json.dumps(message).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["verdict"]
        except urllib.error.HTTPError as e:
            return json.load(e).get("verdict", "error %d" % e.code)

    @staticmethod
    def show(message, verdict, note):
        line = "%-10s  %7d  %-22s  %-8s  %s" % (message["serial"], message["counter"], message["message"], verdict, note)
        print(line.rstrip())

    def count(self, verdict, wanted):
        self.counts[verdict] = self.counts.get(verdict, 0) + 1
        self.unexpected += verdict != wanted
        return verdict if verdict == wanted else "%s, expected %s" % (verdict, wanted)

    def send(self, message, wanted, note=""):
        verdict = self.count(self.post(message), wanted)
        self.show(message, verdict, note)

    def send_twice_at_once(self, message):
        verdicts = []
        threads = [threading.Thread(target=lambda: verdicts.append(self.post(message))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for verdict, wanted in zip(sorted(verdicts), ["ok", "replayed"]):
            verdict = self.count(verdict, wanted)
            self.show(message, verdict, "two copies at once")


def before(story, record):
    meters = [Device(serial, device_key(MASTER, serial)) for serial in SERIALS]
    heard = []
    for hour in range(1, 4):
        for meter in meters:
            heard.append(meter.message("%d kWh" % (40 + hour)))
            story.send(heard[-1], "ok")
    late, early = meters[0].message("44 kWh"), meters[0].message("45 kWh")
    story.send(early, "ok", "overtook the message before")
    heard.append(early)
    twice = meters[1].message("44 kWh")
    story.send_twice_at_once(twice)
    story.send(heard[0], "replayed", "sent again by the attacker")
    story.send(dict(heard[1], message="0 kWh"), "bad", "another text")
    story.send(dict(heard[1], counter=99), "bad", "another counter")
    story.send(dict(heard[1], serial=SERIALS[2]), "bad", "another device")
    with open(record, "w") as f:
        json.dump({"heard": heard + [twice], "late": late}, f)


def after(story, record):
    with open(record) as f:
        recorded = json.load(f)
    for message in recorded["heard"]:
        story.send(message, "replayed", "sent again after the crash")
    story.send(recorded["late"], "ok", "late, within the window")
    story.send(recorded["late"], "replayed", "sent again")


def main():
    half, port, record = sys.argv[1:]
    story = Story(port)
    {"before": before, "after": after}[half](story, record)
    print("== %d ok, %d bad, %d replayed; %d verdicts not expected" % (
        story.counts["ok"], story.counts["bad"], story.counts["replayed"], story.unexpected))
    return 1 if story.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
