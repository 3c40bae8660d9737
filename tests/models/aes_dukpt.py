# SPDX-License-Identifier: Apache-2.0
"""AES DUKPT as the pseudocode of ANSI X9.24-3:2017, section 6, has it. Lines as in row.py: 211, 212 and 213."""

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


def derive_initial_key(bdk, initial_key_id, size):
    """The type of the initial key is chosen apart from the type of the BDK: both are AES, SIZE is in bytes."""
    return derive_key(bdk, 0x8001, AES_ALGORITHM[size], size, initial_key_id)


def derive_working_key(initial_key, ksn, usage, algorithm, length):
    """Below the initial key every intermediate key has the type of the initial key."""
    initial_key_id, counter = ksn[:8], int.from_bytes(ksn[8:], "big")
    key, working_counter, mask = initial_key, 0, 0x80000000
    while mask:
        if mask & counter:
            working_counter |= mask
            tail = initial_key_id[4:] + working_counter.to_bytes(4, "big")
            key = derive_key(key, 0x8000, AES_ALGORITHM[len(initial_key)], len(initial_key), tail)
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
        if request.length not in AES_ALGORITHM or request.length > len(request.key):
            return "refused"
        return request.finish(derive_initial_key(request.key, ksn, request.length))
    counter, usage = int.from_bytes(ksn[8:], "big"), int.from_bytes(request.fields[0x41], "big")
    if counter == 0 or bin(counter).count("1") > 16 or usage not in USAGES:
        return "refused"
    size = request.fields.get(0x42, bytes([len(request.key)]))[0]
    if size not in AES_ALGORITHM or size > len(request.key):
        return "refused"
    if not request.given_length and request.type not in DES_TYPES:
        request.length = size
    is_hmac = request.type not in (AES_KEY, DES2, DES3)
    if request.length not in (16, 24, 32) or is_hmac and usage not in (*MAC_USAGES, 0x8000):
        return "refused"
    if request.type not in DES_TYPES and request.length > size:
        return "refused"  # stronger than the initial key
    algorithm = algorithm_of(request.type, request.length)
    initial = request.key if request.number == 0x213 else derive_initial_key(request.key, ksn[:8], size)
    return request.finish(derive_working_key(initial, ksn, usage, algorithm, request.length))


def draw(rng):
    key, initial_key_id = rng.randbytes(rng.choice([16, 24, 32])), rng.randbytes(8)
    if rng.random() < 0.2:
        size = rng.choice([0, 16, 24, 32])
        return line(0x211, AES_KEY, key, {0x40: initial_key_id}, AES_KEY if size else None, size)
    counter = sum(1 << bit for bit in rng.sample(range(32), rng.choice([0, 17] + list(range(1, 17)) * 2)))
    usage = rng.choice(USAGES) if rng.random() < 0.95 else 0x3003
    wanted = rng.choice([None, DES2, DES3, AES_KEY, AES_KEY, GENERIC, SHA1_HMAC, SHA256_HMAC])
    length = 0 if wanted in (None, *DES_TYPES) else rng.choice([16, 24, 32])
    if rng.random() < 0.8:  # mostly what is to be had
        length = min(length, len(key))
        usage = rng.choice(MAC_USAGES) if wanted in (GENERIC, SHA1_HMAC, SHA256_HMAC) else usage
    fields = {0x40: initial_key_id + counter.to_bytes(4, "big"), 0x41: usage.to_bytes(2, "big")}
    number = rng.choice([0x212, 0x212, 0x213])
    if number == 0x212 and rng.random() < 0.5:
        size = rng.choice([16, 24, 32]) if rng.random() < 0.95 else rng.choice([0, 8, 33, 255])
        fields[0x42] = bytes([min(size, len(key)) if size and rng.random() < 0.8 else size])
    return line(number, AES_KEY, key, fields, wanted, length)
