# SPDX-License-Identifier: Apache-2.0
"""Keys of a LoRaWAN join server: LoRaWAN 1.0.4 and 1.1, and TS005. Lines as in row.py: 141, 142 and 145."""

from row import AES_KEY, GENERIC, Request, aes, line

KEY, JOIN_NONCE, NET_ID, JOIN_EUI, DEV_NONCE, DEV_EUI, MC_ADDR = range(0x44, 0x4B)


def lsb_first(*numbers):
    return b"".join(number[::-1] for number in numbers)


def session_block(number, fields):
    if (NET_ID in fields) == (JOIN_EUI in fields) or number not in ((1, 2) if NET_ID in fields else (1, 2, 3, 4)):
        return None
    network = fields.get(NET_ID) or fields[JOIN_EUI]
    return bytes([number]) + lsb_first(fields[JOIN_NONCE], network, fields[DEV_NONCE])


def device_block(number, fields):
    if DEV_EUI in fields:
        return bytes([number]) + lsb_first(fields[DEV_EUI]) if number in (5, 6) else None
    return {0x10: b"\x00", 0x11: b"\x20"}.get(number)


def multicast_block(number, fields):
    if MC_ADDR in fields:
        first = {0x13: b"\x01", 0x14: b"\x02"}.get(number)
        return first and first + lsb_first(fields[MC_ADDR])
    return b"\x00" if number == 0x12 else None


BLOCKS = {0x141: session_block, 0x142: device_block, 0x145: multicast_block}


def answer(text):
    request = Request(text)
    block = BLOCKS[request.number](request.fields[KEY][0], request.fields)
    if block is None or len(request.key) != 16 or (request.type, request.length) != (AES_KEY, 16):
        return "refused"
    return aes(request.key, block.ljust(16, b"\0")).hex()


def draw_fields(rng, number):
    """The fields of one key that exists, or now and then of none."""
    if number == 0x141:
        network = {NET_ID: rng.randbytes(3)} if rng.random() < 0.5 else {JOIN_EUI: rng.randbytes(8)}
        fields = {KEY: rng.choice([1, 2] if NET_ID in network else [1, 2, 3, 4]), JOIN_NONCE: rng.randbytes(3), DEV_NONCE: rng.randbytes(2)}
        fields.update(network)
    elif number == 0x142:
        fields = {KEY: rng.choice([5, 6, 0x10, 0x11])}
        if fields[KEY] < 0x10:
            fields[DEV_EUI] = rng.randbytes(8)
    else:
        fields = {KEY: rng.choice([0x12, 0x13, 0x14])}
        if fields[KEY] > 0x12:
            fields[MC_ADDR] = rng.randbytes(4)
    if rng.random() < 0.1:
        fields[KEY] = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15])
    fields[KEY] = bytes([fields[KEY]])
    return fields


def draw(rng):
    number = rng.choice(list(BLOCKS))
    key = rng.randbytes(16 if rng.random() < 0.95 else rng.choice([24, 32]))
    wanted = (None, 0)
    if rng.random() < 0.1:
        wanted = rng.choice([(AES_KEY, 16), (AES_KEY, 16), (AES_KEY, 32), (GENERIC, 16)])
    return line(number, AES_KEY, key, draw_fields(rng, number), *wanted)
