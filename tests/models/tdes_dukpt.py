# SPDX-License-Identifier: Apache-2.0
"""TDES DUKPT as ANSI X9.24-1:2009, annex A, tells it, with registers by their names there. Lines as in row.py: 201, 202 and 203."""

from row import DES2, GENERIC, Request, line, tdes, xor

COUNTER_BITS = 21
C0 = bytes.fromhex("c0c0c0c000000000")
VARIANTS = {  # A.4.1: one byte of each half
    0x1000: "00000000000000ff",
    0x2000: "000000000000ff00",
    0x2001: "00000000ff000000",
    0x3000: "0000000000ff0000",
    0x3001: "000000ff00000000",
}


def initial_key(bdk, ksn):
    """A.6: the KSN left-aligned in 8 bytes, its counter cleared, under the BDK and under the BDK with C0 in it."""
    number = int.from_bytes(ksn, "big") >> COUNTER_BITS << COUNTER_BITS
    register = number.to_bytes(10, "big")[:8]
    return tdes(bdk, register) + tdes(xor(bdk, C0 + C0), register)


def half(key, crypto_register):
    left, right = key[:8], key[8:]
    return xor(tdes(left, xor(crypto_register, right)), right)


def non_reversible(key, crypto_register):
    """A.2, the non-reversible key generation process."""
    right = half(key, crypto_register)
    left = half(xor(key, C0 + C0), crypto_register)
    return left + right


def transaction_key(key, ksn):
    """A.3, from the initial key."""
    low = int.from_bytes(ksn[2:], "big")
    counter = low % (1 << COUNTER_BITS)
    register = low - counter
    for bit in range(COUNTER_BITS - 1, -1, -1):
        if counter >> bit & 1:
            register += 1 << bit
            key = non_reversible(key, register.to_bytes(8, "big"))
    return key


def working_key(initial, ksn, usage):
    key = xor(transaction_key(initial, ksn), 2 * bytes.fromhex(VARIANTS[usage]))
    if usage in (0x3000, 0x3001):
        key = tdes(key, key[:8]) + tdes(key, key[8:])
    return key


def answer(text):
    request = Request(text)
    ksn = request.fields[0x40]
    if not request.asked:
        request.type = DES2
    if request.number == 0x201:
        return initial_key(request.key, ksn).hex()  # without parity: all bits are data of the next step
    usage = int.from_bytes(request.fields[0x41], "big")
    counter = int.from_bytes(ksn[-3:], "big") % (1 << COUNTER_BITS)
    if counter == 0 or bin(counter).count("1") > 10 or usage not in VARIANTS:
        return "refused"
    initial = request.key if request.number == 0x203 else initial_key(request.key, ksn)
    return request.finish(working_key(initial, ksn, usage))


def draw(rng):
    key, serial = rng.randbytes(16), rng.getrandbits(59)
    counter = sum(1 << bit for bit in rng.sample(range(COUNTER_BITS), rng.choice([0, 11] + list(range(1, 11)) * 3)))
    ksn = (serial << COUNTER_BITS | counter).to_bytes(10, "big")
    wanted, length = rng.choice([(None, 0), (DES2, 0), (DES2, 16), (GENERIC, 16)])
    if rng.random() < 0.2:
        return line(0x201, DES2, key, {0x40: ksn}, wanted, length)
    usage = rng.choice(list(VARIANTS)) if rng.random() < 0.95 else 0x2002
    return line(rng.choice([0x202, 0x203]), DES2, key, {0x40: ksn, 0x41: usage.to_bytes(2, "big")}, wanted, length)
