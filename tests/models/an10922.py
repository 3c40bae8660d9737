# SPDX-License-Identifier: Apache-2.0
"""NXP AN10922, section 2: diversification for AES and TDEA keys. The CMAC is written out, since its message is always two blocks. Lines as in row.py: 102."""

from row import AES_KEY, DES2, DES3, Request, aes, line, tdes, xor


def double(block):
    """Section 2.1: shift left, and if a bit fell out, the constant of the block size."""
    size = 8 * len(block)
    number = int.from_bytes(block, "big") << 1
    if number >> size:
        number ^= 1 << size | (0x87 if size == 128 else 0x1B)
    return number.to_bytes(len(block), "big")


def two_block_cmac(encrypt, size, message):
    k1 = double(encrypt(bytes(size)))
    k2 = double(k1)
    if len(message) == 2 * size:
        last = k1
    else:
        message, last = (message + b"\x80").ljust(2 * size, b"\0"), k2
    return encrypt(xor(xor(encrypt(message[:size]), message[size:]), last))


def diversify(key_type, key, message):
    cipher, size = (aes, 16) if key_type == AES_KEY else (tdes, 8)

    def part(constant):
        return two_block_cmac(lambda block: cipher(key, block), size, bytes([constant]) + message)

    if key_type == DES2:
        return part(0x21) + part(0x22)
    if key_type == DES3:
        return part(0x31) + part(0x32) + part(0x33)
    if len(key) == 16:
        return part(0x01)
    if len(key) == 32:
        return part(0x41) + part(0x42)
    a, b = part(0x11), part(0x12)
    return a[:8] + xor(a[8:], b[:8]) + b[8:]


def answer(text):
    request = Request(text)
    message = request.fields[0x30]
    if len(message) > (31 if request.key_type == AES_KEY else 15) or request.length != len(request.key):
        return "refused"
    return request.finish(diversify(request.key_type, request.key, message))


def draw(rng):
    key_type, size = rng.choice([(AES_KEY, 16), (AES_KEY, 24), (AES_KEY, 32), (DES2, 16), (DES3, 24)])
    most = 31 if key_type == AES_KEY else 15
    message = rng.randbytes(rng.choice([1, most // 2, most // 2 + 1, most - 1, most, rng.randint(1, most), rng.randint(1, 31)]))
    return line(0x102, key_type, rng.randbytes(size), {0x30: message})
