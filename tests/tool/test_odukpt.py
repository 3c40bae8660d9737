# SPDX-License-Identifier: Apache-2.0
"""test_odukpt.py: odukpt plan against a walk through the tree; initial, client, next and retrieve against each other."""
import itertools
import json
import math
import xml.dom.minidom

from harness import MASTER, ToolTest, aes_check_value, cmac, field, kdf, main, use


class Plan(ToolTest):
    token = False

    def plan(self, *arguments):
        return json.loads(self.run_tool("odukpt", "plan", "--json", *arguments, module=False).out)

    def test_counts_are_those_of_the_tree(self):
        for wanted in 1, 19, 100, 1000, 5000:
            rows = [r for r in self.plan("--transactions", str(wanted)) if r["scheme"] == "Optimal-DUKPT"]
            self.assertGreater(len(rows), 0)
            for r in rows:
                if r["transactions"] > 20000:
                    continue
                lengths = [k for k in range(1, r["worst_calls"] + 1)
                           for _ in itertools.combinations_with_replacement(range(r["registers"]), k)]
                self.assertEqual(len(lengths), r["transactions"])
                self.assertGreaterEqual(r["transactions"], wanted)
                self.assertEqual(r["mean_calls"], round(sum(lengths) / len(lengths), 3))
                self.assertEqual(r["client_bytes"], 16 * r["registers"] + 8)

    def test_published_sizes(self):
        def sizes(*arguments):
            return {(r["registers"], r["worst_calls"]): r["transactions"] for r in self.plan(*arguments)
                    if r["scheme"] == "Optimal-DUKPT"}

        rows = sizes()
        self.assertEqual(rows[21, 7], 1184039)
        self.assertEqual(rows[13, 10], 1144065)
        self.assertEqual(sizes("--transactions", "44352164")[21, 10], 44352164)

    def test_classical_ones(self):
        rows = {r["scheme"]: r for r in self.plan()}
        for scheme, bits, most in ("TDES DUKPT", 21, 10), ("AES DUKPT", 32, 16):
            keys = sum(math.comb(bits, k) for k in range(1, most + 1))
            r = rows[scheme]
            self.assertEqual((r["registers"], r["worst_calls"], r["transactions"]), (bits, most, keys))
            self.assertEqual(r["mean_calls"], round(sum(k * math.comb(bits, k) for k in range(1, most + 1)) / keys, 3))
        self.assertEqual(rows["TDES DUKPT"]["transactions"], 2**20 - 1)

    def test_none_is_beaten_by_another(self):
        for wanted in 1, 1000, 10**6, 10**12, 10**18:
            rows = [r for r in self.plan("--transactions", str(wanted)) if r["scheme"] == "Optimal-DUKPT"]
            for a, b in itertools.permutations(rows, 2):
                self.assertFalse(a["registers"] <= b["registers"] and a["worst_calls"] <= b["worst_calls"], (a, b))

    def test_too_many(self):
        done = self.run_tool("odukpt", "plan", "--transactions", str(2**63 - 1), module=False)
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn("no shape", done.err)

    def test_drawing(self):
        path = self.path("plan.svg")
        self.run_tool("odukpt", "plan", "--svg", path, module=False)
        drawing = xml.dom.minidom.parse(path)
        titles = [t.firstChild.data for t in drawing.getElementsByTagName("title")]
        self.assertIn("R=21 N=7 T=1184039", titles)
        self.assertEqual(len(titles), len(self.plan()))
        for none in self.path("none/plan.svg"), "/dev/full":
            done = self.run_tool("odukpt", "plan", "--svg", none, module=False)
            self.assertEqual((done.code, done.out), (1, ""))
            self.assertIn("cannot write '%s'" % none, done.err)


class Keys(ToolTest):
    def setUp(self):
        super().setUp()
        self.import_key("bdk", MASTER, "--allow", "odukpt")

    def retrieve(self, *arguments):
        return self.user_json("odukpt", "retrieve", "--key", "bdk", "--device", "TERMINAL-01", "--mac", "x", *arguments)

    def test_published_answers(self):
        for shape, transaction, purpose, key in (
                ("3,3", 0, None, "c7c0b73702ef66b95bb7a696e370a6aa"), ("3,3", 1, None, "c33a312d4d86f3edc369b1d386b29b73"),
                ("3,3", 3, None, "8218a399d18d6bfa41e41222f97205c4"), ("3,3", 9, None, "b788273efa888a8b4e64e1ff1f7ee688"),
                ("3,3", 18, None, "8e6ff7d16e9f7f7d5668971568fffd32"), ("21,7", 1000000, "pin", "1b86f460ecd5d6380bad9aeb6beffe31"),
                ("21,7", 1184038, "pin", "f4ed3ed250ebd8d9decff03fe5b5c849")):
            out = self.user_json("odukpt", "retrieve", "--key", "bdk", "--device", "TERMINAL-01", "--shape", shape, "--transaction",
                                 str(transaction), *(["--purpose", purpose] if purpose else []))
            self.assertEqual(out, {"transaction": transaction, "check_value": aes_check_value(bytes.fromhex(key))})

    def test_key_that_signs(self):
        """The path (3,3,3) by hand; --mac makes a key that signs, so USE is in the last context."""
        key = kdf(MASTER, b"odukpt-initial", field(1, b"TERMINAL-01") + field(0x50, b"\3\3"), 16)
        for number in 9, 15, 18:
            key = kdf(key, b"odukpt", field(0x51, number.to_bytes(8, "big")), 16)
        key = kdf(key, b"odukpt-key", use(2), 16)
        out = self.retrieve("--shape", "3,3", "--transaction", "18")
        self.assertEqual(out, {"transaction": 18, "check_value": aes_check_value(key), "mac": cmac(key, b"x").hex()})

    def test_client_and_server_agree_to_the_last_key(self):
        self.user("odukpt", "initial", "--key", "bdk", "--device", "TERMINAL-01", "--shape", "2,3", "--label", "ik")
        made = self.user_json("odukpt", "client", "--key", "ik", "--shape", "2,3", "--label", "terminal")
        self.assertEqual((made["transaction"], made["remaining"], made["initial_key_destroyed"]), (0, 9, True))
        self.assertEqual(sorted(k["label"] for k in self.user_json("key", "list")), ["bdk", "terminal"])
        macs = set()
        for i in range(9):
            out = self.user_json("odukpt", "next", "--key", "terminal", "--purpose", "data", "--mac", "x")
            self.assertEqual((out.pop("remaining"), out["transaction"]), (8 - i, i))
            self.assertEqual(out, self.retrieve("--shape", "2,3", "--transaction", str(i), "--purpose", "data"))
            macs.add(out["mac"])
        self.assertEqual(len(macs), 9)
        self.refused("odukpt", "next", "--key", "terminal", says="give it a new initial key (CKR_KEYDIV_EXHAUSTED)")
        shown = self.user_json("key", "show", "terminal")
        self.assertEqual((shown["type"], shown["shape"], shown["remaining"]), ("odukpt-client", "2,3", 0))

    def test_the_initial_key_serves_without_the_bdk(self):
        self.user("odukpt", "initial", "--key", "bdk", "--device", "TERMINAL-01", "--shape", "3,3", "--label", "ik")
        self.user("odukpt", "client", "--key", "ik", "--shape", "3,3", "--label", "terminal", "--keep-initial")
        one = self.user_json("odukpt", "retrieve", "--key", "ik", "--shape", "3,3", "--transaction", "18", "--mac", "x")
        self.assertEqual(one, self.retrieve("--shape", "3,3", "--transaction", "18"))

    def test_refusals(self):
        for shape in "3", "3,33", "0,3", "3,3,3", "a,b":
            self.refused("odukpt", "retrieve", "--device", "d", "--transaction", "0", "--shape", shape, says="--shape takes")
        self.refused("odukpt", "retrieve", "--device", "d", "--shape", "3,3", says="give --transaction")
        self.refused("odukpt", "retrieve", "--device", "d", "--shape", "3,3", "--transaction", "19", says="(CKR_MECHANISM_PARAM_INVALID)")
        self.refused("odukpt", "initial", "--shape", "3,3", says="give --device and --label")
        self.refused("odukpt", "client", "--shape", "3,3", says="give --key and --label")
        self.refused("odukpt", "initial", "--shape", "3,3", "--device", "d", "--label", "", says="give --device and --label")
        self.refused("odukpt", "next", "--key", "bdk", says="CKR_")
        self.refused("derive", "--key", "bdk", "x", says="(CKR_MECHANISM_INVALID)")


if __name__ == "__main__":
    main()
