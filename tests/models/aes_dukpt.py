# SPDX-License-Identifier: Apache-2.0
"""AES DUKPT as the pseudocode of ANSI X9.24-3:2017, section 6, has it. Lines as in row.py: 211 and 212."""

from row import AES_KEY, DES2, DES3, DES_TYPES, GENERIC, SHA1_HMAC, SHA256_HMAC, Request, aes, line

MAC_USAGES = (0x2000, 0x2001, 0x2002)
USAGES = (0x0002, 0x1000, *MAC_USAGES, 0x3000, 0x3001, 0x3002, 0x8000)
AES_ALGORITHM = {16: 2, 24: 3, 32: 4}


def derive_key(key, usage, algorithm, length, tail):
    """Derive_Key over Create_Derivation_Data: version, block counter, usage, algorithm, length in bits, and 8 bytes more."""
    out = b""
    while len(out) < length:
        block = bytes([1, len(out) // 16 + 1])
        for number in (usage, algorithm, 8 * length):
            block += number.to_bytes(2, "big")
        out += aes(key, block + tail)
    return out[:length]


def derive_initial_key(bdk, initial_key_id):
    return derive_key(bdk, 0x8001, AES_ALGORITHM[len(bdk)], len(bdk), initial_key_id)


def host_derive_working_key(bdk, ksn, usage, algorithm, length):
    initial_key_id, counter = ksn[:8], int.from_bytes(ksn[8:], "big")
    key, working_counter, mask = derive_initial_key(bdk, initial_key_id), 0, 0x80000000
    while mask:
        if mask & counter:
            working_counter |= mask
            tail = initial_key_id[4:] + working_counter.to_bytes(4, "big")
            key = derive_key(key, 0x8000, AES_ALGORITHM[len(bdk)], len(bdk), tail)
        mask >>= 1
    return derive_key(key, usage, algorithm, length, ksn[4:])


def algorithm_of(key_type, length):
    if key_type in DES_TYPES:
        return 0 if key_type == DES2 else 1
    return AES_ALGORITHM.get(length) if key_type == AES_KEY else 5


def answer(text):
    request = Request(text)
    ksn = request.fields[0x40]
    if request.number == 0x211:
        return request.finish(derive_initial_key(request.key, ksn))
    counter, usage = int.from_bytes(ksn[8:], "big"), int.from_bytes(request.fields[0x41], "big")
    if counter == 0 or bin(counter).count("1") > 16 or usage not in USAGES:
        return "refused"
    is_hmac = request.type not in (AES_KEY, DES2, DES3)
    if request.length not in (16, 24, 32) or is_hmac and usage not in (*MAC_USAGES, 0x8000):
        return "refused"
    if request.type not in DES_TYPES and request.length > len(request.key):
        return "refused"  # stronger than the base
    algorithm = algorithm_of(request.type, request.length)
    return request.finish(host_derive_working_key(request.key, ksn, usage, algorithm, request.length))


def draw(rng):
    key, initial_key_id = rng.randbytes(rng.choice([16, 24, 32])), rng.randbytes(8)
    if rng.random() < 0.2:
        return line(0x211, AES_KEY, key, {0x40: initial_key_id})
    counter = sum(1 << bit for bit in rng.sample(range(32), rng.choice([0, 17] + list(range(1, 17)) * 2)))
    usage = rng.choice(USAGES) if rng.random() < 0.95 else 0x3003
    wanted = rng.choice([None, DES2, DES3, AES_KEY, AES_KEY, GENERIC, SHA1_HMAC, SHA256_HMAC])
    length = 0 if wanted in (None, *DES_TYPES) else rng.choice([16, 24, 32])
    if rng.random() < 0.8:  # mostly what is to be had
        length = min(length, len(key))
        usage = rng.choice(MAC_USAGES) if wanted in (GENERIC, SHA1_HMAC, SHA256_HMAC) else usage
    ksn = initial_key_id + counter.to_bytes(4, "big")
    return line(0x212, AES_KEY, key, {0x40: ksn, 0x41: usage.to_bytes(2, "big")}, wanted, length)
