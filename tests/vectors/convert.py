#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Convert the vectors of Wycheproof and of NIST's CAVP to the wycheproof_*.txt and cavp_*.txt of this folder.

    convert.py WYCHEPROOF COMMIT KRYOPTIC COMMIT PYCA VERSION KBKDF COMMIT

WYCHEPROOF is the folder testvectors_v1 of github.com/C2SP/wycheproof, KRYOPTIC the folder testdata of
github.com/latchset/kryoptic, which holds files of CAVP as NIST published them. PYCA is the unpacked package
cryptography_vectors of PyPI, which holds more of them, and KBKDF the folder testdata of github.com/canonical/go-kbkdf.
The rules of what is left out are written into the files.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
(WYCHEPROOF, WYCHEPROOF_COMMIT, KRYOPTIC, KRYOPTIC_COMMIT, PYCA, PYCA_VERSION, KBKDF,
    KBKDF_COMMIT) = sys.argv[1:]
HASHES = ["sha1", "sha224", "sha256", "sha384", "sha512"]


def write(name, head, cases):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as out:
        for line in head + [f"cases: {len(cases)}"]:
            out.write(f"# {line}\n")
        for case in cases:
            out.write("\n")
            for key, value in case.items():
                out.write(f"{key} = {value}".rstrip() + "\n")
    print(f"{name}: {len(cases)} cases, {os.path.getsize(os.path.join(HERE, name))} bytes")


# --- Wycheproof ---


def wycheproof(name, files, fields, head, hashes=None, keep=lambda test: True, left_out="nothing"):
    """FIELDS: pairs of our name and theirs. HASHES: the value of the field `hash` for each file."""
    cases = []
    for i, file in enumerate(files):
        with open(os.path.join(WYCHEPROOF, file + "_test.json"), encoding="utf-8") as source:
            document = json.load(source)
        for group in document["testGroups"]:
            for test in filter(keep, group["tests"]):
                case = {"id": test["tcId"]}
                if hashes:
                    case["hash"] = hashes[i]
                for ours, theirs in fields:
                    case[ours] = test[theirs]
                case["result"] = test["result"]
                cases.append(case)
    write(name, head + [
        "source: Project Wycheproof, https://github.com/C2SP/wycheproof, testvectors_v1, commit " + WYCHEPROOF_COMMIT,
        "source: " + " ".join(file + "_test.json" for file in files),
        "licence: Apache-2.0",
        "left out: " + left_out,
        "fields: id(number in the source) " + ("hash(text) " if hashes else "") + " ".join(f for f, _ in fields)
        + " result(text)"], cases)


MAC = [("key", "key"), ("msg", "msg"), ("mac", "tag")]
AEAD = [("key", "key"), ("nonce", "iv"), ("aad", "aad"), ("plain", "msg"), ("cipher", "ct"), ("tag", "tag")]
WRAP = [("key", "key"), ("plain", "msg"), ("wrapped", "ct")]


def all_of_wycheproof():
    wycheproof("wycheproof_aes_cmac.txt", ["aes_cmac"], MAC, ["mechanisms: CKM_AES_CMAC"])
    wycheproof("wycheproof_aes_gmac.txt", ["aes_gmac"], [("key", "key"), ("nonce", "iv")] + MAC[1:],
        ["mechanisms: CKM_AES_GMAC"])
    wycheproof("wycheproof_aes_gcm.txt", ["aes_gcm"], AEAD, ["mechanisms: CKM_AES_GCM"])
    wycheproof("wycheproof_aes_ccm.txt", ["aes_ccm"], AEAD, ["mechanisms: CKM_AES_CCM"])
    wycheproof("wycheproof_aes_cbc_pad.txt", ["aes_cbc_pkcs5"],
        [("key", "key"), ("iv", "iv"), ("plain", "msg"), ("cipher", "ct")], ["mechanisms: CKM_AES_CBC_PAD"])
    wycheproof("wycheproof_aes_kw.txt", ["aes_wrap"], WRAP, ["mechanisms: CKM_AES_KEY_WRAP"])
    wycheproof("wycheproof_aes_kwp.txt", ["aes_kwp"], WRAP, ["mechanisms: CKM_AES_KEY_WRAP_KWP"])
    wycheproof("wycheproof_hmac.txt", ["hmac_" + h for h in HASHES], MAC,
        ["mechanisms: CKM_SHA_1_HMAC to CKM_SHA512_HMAC, and their _GENERAL forms",
            "not offered by the token: HMAC with SHA-3, SM3, SHA-512/224 and SHA-512/256"], HASHES)
    hkdf = [h for h in HASHES if h != "sha224"]  # Wycheproof has none for SHA-224
    wycheproof("wycheproof_hkdf.txt", ["hkdf_" + h for h in hkdf],
        [("ikm", "ikm"), ("salt", "salt"), ("info", "info"), ("length", "size"), ("okm", "okm")],
        ["mechanisms: CKM_HKDF_DERIVE"], hkdf)
    wycheproof("wycheproof_pbkdf2.txt", ["pbkdf2_hmac" + h for h in HASHES],
        [("password", "password"), ("salt", "salt"), ("iterations", "iterationCount"), ("length", "dkLen"),
            ("dk", "dk")], ["mechanisms: CKM_PKCS5_PBKD2"], HASHES,
        lambda test: test["iterationCount"] < 1 << 24, "the case of 16777216 iterations, which takes seconds")


# --- CAVP ---


def responses(path):
    """The cases of a response file: a dictionary each, with what the sections above it said."""
    section, case = {}, None
    with open(path, encoding="ascii") as source:
        for line in source:
            line = line.strip()
            found = re.match(r"\[?([A-Za-z ]+?)(?: *= *(.*?))?\]?$", line)
            if line.startswith("#") or not found:
                continue
            name, value = found.group(1), found.group(2)
            if name.lower() == "count":
                if case:
                    yield case
                case = dict(section, count=int(value))
            elif case is None or line.startswith("["):
                if case:
                    yield case
                case, section = None, dict(section)
                if line.startswith("["):
                    section.update((p.split("=") + [""])[:2] for p in re.sub("[][ ]", "", line).split(","))
                else:
                    section[name] = value
            else:
                case[name] = value or ""
    yield case


def cavp(name, head, source, left_out, fields, cases):
    write(name, head + [
        "source: NIST Cryptographic Algorithm Validation Program (CAVP), " + source,
        "licence: public domain, a work of the United States Government (17 U.S.C. 105)",
        "left out: " + left_out, "fields: " + fields], cases)


FROM_KRYOPTIC = "from testdata of https://github.com/latchset/kryoptic, commit " + KRYOPTIC_COMMIT
FROM_PYCA = "from the package cryptography_vectors " + PYCA_VERSION + " of PyPI"
KEY_BITS = ["128", "192", "256"]


def cavp_macs():
    cases = [{"key": c["Key"], "msg": c["Msg"] if c["Mlen"] != "0" else "", "mac": c["Mac"]}
        for bits in KEY_BITS for c in responses(f"{KRYOPTIC}/CMACGenAES{bits}.rsp") if int(c["Mlen"]) <= 4096]
    cavp("cavp_aes_cmac.txt", ["mechanisms: CKM_AES_CMAC CKM_AES_CMAC_GENERAL"],
        "CMACGenAES128, CMACGenAES192 and CMACGenAES256 (CAVS 11.0), " + FROM_KRYOPTIC,
        "16 cases with a message of 65536 bytes", "key msg mac(may be truncated)", cases)
    cases = [{"hash": {"20": "sha1", "28": "sha224", "32": "sha256", "48": "sha384", "64": "sha512"}[c["L"]],
            "key": c["Key"], "msg": c["Msg"], "mac": c["Mac"]}
        for c in responses(f"{KRYOPTIC}/HMAC.rsp") if c["count"] % 5 == 0]
    cavp("cavp_hmac.txt", ["mechanisms: CKM_SHA_1_HMAC to CKM_SHA512_HMAC, and their _GENERAL forms"],
        "HMAC.rsp (CAVS 11.0), " + FROM_KRYOPTIC, "1260 of 1575 cases: those whose number is no multiple of 5",
        "hash(text) key msg mac(may be truncated)", cases)


def cavp_gcm():
    cases, seen = [], set()
    folder = f"{PYCA}/cryptography_vectors/ciphers/AES/GCM"
    for file, fails in (("gcmEncryptExtIV", False), ("gcmDecrypt", True)):
        for bits in KEY_BITS:
            for c in responses(f"{folder}/{file}{bits}.rsp"):
                failed = "FAIL" in c
                group = (fails, bits, c["IVlen"], c["PTlen"], c["AADlen"], c["Taglen"])
                if failed != fails or group in seen:
                    continue
                seen.add(group)
                rare = c["Taglen"] not in ("128", "96", "64", "32")
                if (rare or fails) and (c["PTlen"] != "408" or c["AADlen"] not in ("0", "384")):
                    continue
                cases.append({"key": c["Key"], "nonce": c["IV"], "aad": c["AAD"],
                    "plain": "" if failed else c["PT"], "cipher": c["CT"], "tag": c["Tag"],
                    "result": "invalid" if failed else "valid"})
    cavp("cavp_aes_gcm.txt", ["mechanisms: CKM_AES_GCM"],
        "gcmEncryptExtIV and gcmDecrypt (CAVS 14.0), " + FROM_PYCA,
        f"{6 * 7875 - len(cases)} of 47250 cases. One case stays of each combination of key, IV, plaintext, AAD and "
        "tag length of gcmEncryptExtIV, and the first FAIL of each combination of gcmDecrypt. Of the FAILs, and of "
        "tags of 104, 112 and 120 bits, only those with 408 bits of plaintext and 0 or 384 bits of AAD stay",
        "key nonce aad plain(empty if invalid) cipher tag result(text)", cases)


def cavp_ccm():
    cases = []
    for kind in ("DVPT", "VADT", "VNT", "VPT", "VTT"):
        for bits in KEY_BITS:
            for c in responses(f"{PYCA}/cryptography_vectors/ciphers/AES/CCM/{kind}{bits}.rsp"):
                if kind != "DVPT" and c["count"] % 5:
                    continue
                failed = c.get("Result", "Pass").startswith("Fail")
                plain, aad, tag = int(c["Plen"]), int(c["Alen"]), int(c["Tlen"])
                cases.append({"key": c["Key"], "nonce": c["Nonce"], "aad": c["Adata"][:2 * aad],
                    "plain": "" if failed else c["Payload"][:2 * plain], "cipher": c["CT"][:2 * plain],
                    "tag": c["CT"][2 * plain:2 * (plain + tag)], "result": "invalid" if failed else "valid"})
    cavp("cavp_aes_ccm.txt", ["mechanisms: CKM_AES_CCM"],
        "DVPT, VADT, VNT, VPT and VTT with keys of 128, 192 and 256 bits (CAVS 11.0), " + FROM_PYCA,
        f"{2880 - len(cases)} of 2880 cases: those of VADT, VNT, VPT and VTT whose number is no multiple of 5",
        "key nonce aad plain(empty if invalid) cipher tag result(text)", cases)


def cavp_wrap(kind, mechanism):
    cases = []
    for direction in ("AE", "AD"):
        for bits in KEY_BITS:
            file = f"{PYCA}/cryptography_vectors/keywrap/kwtestvectors/{kind}_{direction}_{bits}.txt"
            taken = {}
            for c in responses(file):
                failed = "FAIL" in c
                at = (c["PLAINTEXTLENGTH"], failed)
                taken[at] = taken.get(at, 0) + 1
                if taken[at] <= 5:
                    cases.append({"key": c["K"], "plain": "" if failed else c["P"], "wrapped": c["C"],
                        "result": "invalid" if failed else "valid"})
    cavp(f"cavp_aes_{kind.lower()}.txt", ["mechanisms: " + mechanism],
        f"{kind}_AE and {kind}_AD with keys of 128, 192 and 256 bits (CAVS 17.4), " + FROM_PYCA,
        f"{3000 - len(cases)} of 3000 cases: all but the first five that pass, and the first five that fail, of each "
        "length in each file. The files for the inverse cipher are not for this mechanism",
        "key plain(empty if invalid) wrapped result(text)", cases)


PRFS = {"CMAC_AES128": "AES_CMAC", "CMAC_AES192": "AES_CMAC", "CMAC_AES256": "AES_CMAC",
    "CMAC_TDES2": "DES3_CMAC", "CMAC_TDES3": "DES3_CMAC"}


def cavp_sp800_108():
    cases = []
    for c in responses(f"{PYCA}/cryptography_vectors/KDF/nist-800-108-KBKDF-CTR.txt"):
        if c["count"] % 8:
            continue
        prf = c["PRF"]
        where = c["CTRLOCATION"].split("_")[0].lower()
        if where == "middle":
            fixed, rest = c["DataBeforeCtrData"], c["DataAfterCtrData"]
        else:
            fixed, rest = c["FixedInputData"], ""
        cases.append({"prf": PRFS.get(prf, prf), "counter": where, "width": c["RLEN"].split("_")[0], "key": c["KI"],
            "fixed": fixed, "rest": rest, "length": c["L"], "out": c["KO"]})
    cavp("cavp_sp800_108.txt", ["mechanisms: CKM_SP800_108_COUNTER_KDF"],
        "SP 800-108 KDF in counter mode (CAVS 14.4), " + FROM_PYCA,
        f"{4800 - len(cases)} of 4800 cases: those whose number is no multiple of 8",
        "prf(text) counter(text: before or after FIXED, or in the middle between FIXED and REST) width(decimal bits) "
        "key fixed rest length(decimal bits) out", cases)


def cavp_chained():
    """Feedback and double-pipeline mode. A section has 40 cases, ten of each of four lengths."""
    places = {"BEFORE_ITER": "before", "AFTER_ITER": "middle", "AFTER_FIXED": "after", None: "none"}
    cases = []
    for mode, file in (("feedback", "FeedbackModeNOzeroiv/KDFFeedback"), ("feedback", "FeedbackModewzeroiv/KDFFeedback"),
            ("feedback", "FeedbackModenocounter/KDFFeedback"), ("pipeline", "PipelineModewithCounter/KDFDblPipeline"),
            ("pipeline", "PipelineModeWOCounterr/KDFDblPipeline")):
        for i, c in enumerate(responses(f"{KBKDF}/{file}_gen.rsp")):
            section, place = i // 40, c.get("CTRLOCATION")
            if c["count"] % 10 or (place and c["count"] // 10 != (section + section // 4) % 4):
                continue
            cases.append({"mode": mode, "prf": PRFS.get(c["PRF"], c["PRF"]), "counter": places[place],
                "width": c.get("RLEN", "0").split("_")[0], "key": c["KI"], "iv": c.get("IV", ""),
                "fixed": c["FixedInputData"], "length": c["L"], "out": c["KO"]})
    cavp("cavp_sp800_108_chained.txt", ["mechanisms: CKM_SP800_108_FEEDBACK_KDF CKM_SP800_108_DOUBLE_PIPELINE_KDF"],
        "SP 800-108 KDF in feedback and double-pipeline mode (CAVS 12.0), from testdata of "
        "https://github.com/canonical/go-kbkdf, commit " + KBKDF_COMMIT,
        f"{15200 - len(cases)} of 15200 cases. One case stays of each combination of mode, PRF, place and width of the "
        "counter, with the lengths in turn, and every tenth case without a counter",
        "mode(text) prf(text) counter(text: before or after the chained value and FIXED, in the middle, or none) "
        "width(decimal bits) key iv fixed length(decimal bits) out", cases)


all_of_wycheproof()
cavp_macs()
cavp_gcm()
cavp_ccm()
cavp_wrap("KW", "CKM_AES_KEY_WRAP")
cavp_wrap("KWP", "CKM_AES_KEY_WRAP_KWP")
cavp_sp800_108()
cavp_chained()
