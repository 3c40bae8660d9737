# SPDX-License-Identifier: Apache-2.0
"""Key blocks of TR-31:2018, ANSI X9.143:2021 and ISO 20038:2017.

Lines, with the texts of blocks and headers in hexadecimal, and "-" for none:
    open KBPK BLOCK                     the key, or "refused"
    wrap KBPK KEY HEADER                the driver answers a block, which check() opens; both keys encrypt and decrypt
A key is "aes:HEX" or "des:HEX".
"""

import re

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, TripleDES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, ECB
from cryptography.hazmat.primitives.cmac import CMAC

from row import xor

MODE = "key_block"  # of the driver

# The characters of each optional block's data.
FORMS = {
    "AL": "010[01]",
    "BI": "00[0-9A-F]{10}|01[0-9A-F]{8}",
    "CT": "0[01][A-Za-z0-9+/]+=*",
    "DA": "01([A-Za-z0-9]{5})+",
    "HM": "10|2[0-5]|3[0-3]|4[01]",
    "IK": "[0-9A-F]{16}",
    "KC": "00([0-9A-F]{2}){1,3}|01([0-9A-F]{2}){1,5}",
    "KP": "00([0-9A-F]{2}){1,3}|01([0-9A-F]{2}){1,5}",
    "PK": "00([0-9A-F]{2}){1,3}|01([0-9A-F]{2}){1,5}",
    "KS": "[0-9A-F]{20}|[0-9A-F]{16}",
    "KV": "[ -~]{4}",
    "TC": r"\d{14}(\d\d)?Z|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d\d)?Z",
    "TS": r"\d{14}(\d\d)?Z|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d\d)?Z",
    "WP": "00[0-3]",
}
FIXED = re.compile("[A-E][0-9]{4}[A-Za-z0-9]{6}[ENS][0-9]{2}[ -~]{2}")
LONG = re.compile("0[24][0-9A-F]{4}")


class Refused(Exception):
    pass


def require(condition):
    if not condition:
        raise Refused


def algorithm(key, kind):
    return AES(key) if kind == "aes" else TripleDES(key)


def block_size(kind):
    return 16 if kind == "aes" else 8


def cmac(key, kind, data):
    mac = CMAC(algorithm(key, kind))
    mac.update(data)
    return mac.finalize()


def inner_keys(key, kind, version):
    """Return KBEK and KBAK."""
    if version in "AC":
        return xor(key, b"\x45" * 24), xor(key, b"\x4d" * 24)
    code = {("des", 16): 0, ("des", 24): 1, ("aes", 16): 2, ("aes", 24): 3, ("aes", 32): 4}[kind, len(key)]
    tail = b"\0" + code.to_bytes(2, "big") + (8 * len(key)).to_bytes(2, "big")
    return tuple(
        b"".join(cmac(key, kind, bytes([i]) + use.to_bytes(2, "big") + tail) for i in (1, 2, 3))[: len(key)]
        for use in (2 if version == "E" else 0, 1)
    )


def protect(key, kind, header, clear):
    """Return the ciphertext and the MAC of the clear data."""
    version = header[0]
    kbek, kbak = inner_keys(key, kind, version)
    text = header.encode()
    if version in "AC":
        data = Cipher(algorithm(kbek, kind), CBC(text[:8])).encryptor().update(clear)
        return data, Cipher(algorithm(kbak, kind), CBC(bytes(8))).encryptor().update(text + data)[-8:-4]
    mac = cmac(kbak, kind, text + clear)
    mode = CTR(mac) if version == "E" else CBC(mac)
    return Cipher(algorithm(kbek, kind), mode).encryptor().update(clear), mac


def unprotect(key, kind, header, body):
    """Return the key in the clear data of BODY."""
    version = header[0]
    kbek, _ = inner_keys(key, kind, version)
    size = 4 if version in "AC" else block_size(kind)
    data, mac = body[:-size], body[-size:]
    require(len(data) >= 3 and (version == "E" or len(data) % block_size(kind) == 0))
    iv = header.encode()[:8] if version in "AC" else mac
    mode = CTR(iv) if version == "E" else CBC(iv)
    clear = Cipher(algorithm(kbek, kind), mode).decryptor().update(data)
    require(protect(key, kind, header, clear) == (data, mac))
    bits = int.from_bytes(clear[:2], "big")
    require(bits % 8 == 0 and 0 < bits // 8 <= len(clear) - 2)
    return clear[2 : 2 + bits // 8], clear


def optional_blocks(text, count):
    """Return the blocks (id, data) and the rest of TEXT."""
    blocks = []
    for _ in range(count):
        start, length = text[:2], text[2:4]
        require(re.fullmatch("[A-Za-z0-9]{2}", start) and re.fullmatch("[0-9A-F]{2}", length))
        skip, n = 4, int(length, 16)
        if n == 0:
            require(LONG.fullmatch(text[4:10]))
            skip, n = 10, int(text[6:10], 16)
        require(skip <= n <= len(text))
        data, text = text[skip:n], text[n:]
        require(re.fullmatch("[ -~]*", data) and start not in dict(blocks))
        require(start not in FORMS or re.fullmatch(FORMS[start], data, re.ASCII))
        blocks.append((start, data))
    require("PB" not in [name for name, _ in blocks[:-1]])
    return blocks, text


def check_value_is(data, key, kind):
    zero = bytes(block_size(kind))
    if data[:2] == "00":
        value = Cipher(algorithm(key, kind), ECB()).encryptor().update(zero)
    else:
        value = cmac(key, kind, zero)
    return value.hex().upper().startswith(data[2:])


def split(key):
    kind, value = key.split(":")
    return kind, bytes.fromhex(value)


def open_block(kind, key, text):
    """Return header, optional blocks, key and clear data."""
    require(16 <= len(text) <= 9992 and FIXED.fullmatch(text[:16]) and int(text[1:5]) == len(text))
    require((text[0] in "DE") == (kind == "aes"))
    blocks, body = optional_blocks(text[16:], int(text[12:14]))
    header = text[: len(text) - len(body)]
    require((len(header) - 16) % block_size(kind) == 0)
    require(text[5:7] != "M7" or "HM" in dict(blocks))
    require(re.fullmatch("([0-9A-F]{2})*", body))
    value, clear = unprotect(key, kind, header, bytes.fromhex(body))
    return header, blocks, value, clear


def answer(line):
    words = line.split()
    if words[0] != "open":
        return None
    kind, key = split(words[1])
    try:
        _, _, value, _ = open_block(kind, key, bytes.fromhex(words[2]).decode("latin-1"))
        return value.hex()
    except Refused:
        return "refused"


def padded(header, count, size):
    """Return HEADER, of COUNT optional blocks, with a PB of zeros if they do not fill blocks of SIZE."""
    n = -len(header) % size
    if n == 0:
        return header
    n = n if n >= 4 else n + size
    return header[:12] + f"{count + 1:02}" + header[14:] + f"PB{n:02X}" + "0" * (n - 4)


def check(line, got):
    """Return the expected answer to LINE, which is GOT unless GOT is wrong."""
    _, kbpk, target, given = line.split()
    kind, key = split(kbpk)
    target_kind, value = split(target)
    letter = "A" if target_kind == "aes" else "T"
    given = bytes.fromhex(given).decode() if given != "-" else ("D" if kind == "aes" else "B") + f"0000D0{letter}B00N0000"
    try:
        blocks, _ = optional_blocks(given[16:], int(given[12:14]))
        checks = dict(blocks)
        require("KC" not in checks or check_value_is(checks["KC"], value, target_kind))
        require("KP" not in checks or check_value_is(checks["KP"], key, kind))
    except Refused:
        return "refused"
    try:
        header, _, out, clear = open_block(kind, key, bytes.fromhex(got).decode())
    except (Refused, ValueError):
        return "a key block that opens"
    wanted = padded(given, len(blocks), block_size(kind))
    wanted = wanted[0] + header[1:5] + wanted[5:]
    unit = 1 if header[0] == "E" else block_size(kind)
    length = -(-(2 + (32 if letter == "A" else 24)) // unit) * unit
    if (header, out, len(clear)) != (wanted, value, length):
        return f"{wanted} with {value.hex()} in {length} bytes"
    return got


# --- Random lines ---

PRINTABLE = "".join(map(chr, range(32, 127)))
ALPHANUMERIC = "".join(c for c in PRINTABLE if c.isalnum())
SAMPLES = {
    "AL": ["0100", "0101"],
    "BI": ["000123456789", "01ABCDEF01"],
    "CT": ["00MIIDszCC+/==", "01QUJDREVGR0g="],
    "DA": ["01P0TEN", "01P0TENB0AXE"],
    "FL": ["", "flags"],
    "HM": ["10", "21", "33"],
    "IK": ["0123456789ABCDEF"],
    "KS": ["00604B120F9292800000", "00604B120F929280"],
    "KV": ["0000", "1A b"],
    "LB": ["", "a label"],
    "PK": ["00ABCDEF", "010123456789"],
    "TC": ["20200818221218Z", "2018-06-18T20:42:39.22Z"],
    "TS": ["2020081822121800Z", "2018-06-18T20:42:39Z"],
    "WP": ["000", "003"],
}


def text(rng, characters, n):
    return "".join(rng.choice(characters) for _ in range(n))


def draw_key(rng, kinds=("aes", "des")):
    kind = rng.choice(kinds)
    n = rng.choice([16, 24, 32] if kind == "aes" else [16, 24])
    while True:
        key = rng.randbytes(n)
        parts = {bytes(b & 0xFE for b in key[i : i + 8]) for i in range(0, n, 8)}
        if kind == "aes" or len(parts) == n // 8:  # libraries differ on keys with equal parts
            return kind, key


def draw_check_value(rng, key, kind):
    how = rng.choice([0, 1])
    zero = bytes(block_size(kind))
    value = cmac(key, kind, zero) if how else Cipher(algorithm(key, kind), ECB()).encryptor().update(zero)
    value = value[: rng.randint(2, 5 if how else 3)]
    if rng.random() < 0.2:
        value = rng.randbytes(len(value))
    return f"{how:02}" + value.hex().upper()


def encode(rng, name, data):
    if len(data) > 251 or rng.random() < 0.1:
        return f"{name}00{rng.choice(['02', '04'])}{len(data) + 10:04X}{data}"
    return f"{name}{len(data) + 4:02X}{data}"


def draw_blocks(rng):
    """Return optional blocks, most of them well formed."""
    out = []
    for _ in range(rng.choice([0, 0, 1, 2, 3])):
        if rng.random() < 0.3:
            out.append((text(rng, ALPHANUMERIC, 2), text(rng, PRINTABLE, rng.choice([0, 1, 20, 300]))))
            continue
        name = rng.choice(sorted(SAMPLES))
        data = rng.choice(SAMPLES[name])
        if rng.random() < 0.05:
            data = data[:-1] if rng.random() < 0.5 else data + text(rng, PRINTABLE, 1)
        out.append((name, data))
    return [(name, data) for i, (name, data) in enumerate(out) if name not in dict(out[:i]) and name not in ("KC", "KP", "PB")]


def draw_header(rng, version, attributes, blocks):
    exportability = rng.choice("ENS")
    body = "".join(encode(rng, name, data) for name, data in blocks)
    return f"{version}0000{attributes}{text(rng, 'ABab0189', 2)}{exportability}{len(blocks):02}{text(rng, PRINTABLE, 2)}{body}"


def draw_open(rng):
    kind, key = draw_key(rng)
    version = rng.choice("DE" if kind == "aes" else "ABC")
    blocks = draw_blocks(rng)
    usage = rng.choice(["D0AB", "P0TE", "M7HC", "B0TX", "00ZN", text(rng, ALPHANUMERIC, 4)])
    header = draw_header(rng, version, usage, blocks)
    if rng.random() < 0.97:
        header = padded(header, len(blocks), block_size(kind))
    value = rng.randbytes(rng.choice([1, 16, 24, 32, 64, 100]))
    clear = (8 * len(value)).to_bytes(2, "big") + value + rng.randbytes(rng.randint(0, 40))
    unit = 1 if version == "E" else block_size(kind)
    clear += rng.randbytes(-len(clear) % unit)
    if rng.random() < 0.02:
        clear = rng.randbytes(2) + clear[2:]
    mac_size = 4 if version in "AC" else block_size(kind)
    header = header[0] + f"{len(header) + 2 * (len(clear) + mac_size):04}" + header[5:]
    if version in "AC":
        header += "x" * (-len(header) % 8)  # CBC-MAC takes whole blocks; the length digits are then wrong
    data, mac = protect(key, kind, header, clear)
    block = header + (data + mac).hex().upper()
    if rng.random() < 0.1:
        at = rng.randrange(len(block))
        block = block[:at] + chr(rng.choice([ord(block[at]) ^ 1, ord(block[at]) ^ 0x20, rng.randrange(256)])) + block[at + 1 :]
    if rng.random() < 0.02:
        block = block[:-2] if rng.random() < 0.5 else block + "A"
    return f"open {kind}:{key.hex()} {block.encode('latin-1').hex()}"


def draw_wrap(rng):
    kind, key = draw_key(rng)
    target_kind, value = draw_key(rng)
    if rng.random() < 0.2:
        return f"wrap {kind}:{key.hex()} {target_kind}:{value.hex()} -"
    letter = "A" if target_kind == "aes" else "T"
    blocks = draw_blocks(rng)
    if rng.random() < 0.3:
        blocks.append(("KC", draw_check_value(rng, value, target_kind)))
    if rng.random() < 0.3:
        blocks.append(("KP", draw_check_value(rng, key, kind)))
    version = rng.choice("DE" if kind == "aes" else "B")
    header = draw_header(rng, version, rng.choice(["D0", "P0"]) + letter + rng.choice("BN"), blocks)
    return f"wrap {kind}:{key.hex()} {target_kind}:{value.hex()} {header[:1024].encode().hex()}"


def draw(rng):
    return draw_open(rng) if rng.random() < 0.6 else draw_wrap(rng)
