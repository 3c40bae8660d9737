#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""key_block.py DRIVER TR31-TOOL [ROUNDS [SEED]]: compare key blocks with psec and with openemv's tr31-tool.

Random keys of every usage of the token's table are wrapped by each program and unwrapped by the other programs. In each
round one block of every version is changed in every character, one character at a time, and every program must refuse each
changed block. key_block.sh calls this program. With --vectors in place of ROUNDS, print tests/vectors/key_block_peers.txt.
"""
import importlib.metadata
import random
import re
import string
import subprocess
import sys

from psec import tr31

# Usage, algorithm, lengths of the key in bytes, modes, type of the key in the token, value of HM.
AES, TDES = (16, 24, 32), (16, 24)
CKK = {'aes': 0x1f, 'des2': 0x14, 'des3': 0x15, '10': 0x28, '20': 0x2e, '21': 0x2b, '22': 0x2c, '23': 0x2d}
TABLE = [
    ('B0', 'T', (16,), 'X', None), ('B0', 'A', AES, 'X', None),
    ('B1', 'T', (16,), 'X', None), ('B1', 'A', AES, 'X', None),
    ('D0', 'T', TDES, 'BED', None), ('D0', 'A', AES, 'BED', None),
    ('P0', 'T', TDES, 'BED', None), ('P0', 'A', AES, 'BED', None),
    *[('E%d' % i, 'T', (16,), 'X', None) for i in range(6)], *[('E%d' % i, 'A', AES, 'X', None) for i in range(6)],
    ('K0', 'A', AES, 'BED', None),
    ('K1', 'T', TDES, 'BED', None), ('K1', 'A', AES, 'BED', None),
    ('K4', 'T', TDES, 'BED', None), ('K4', 'A', AES, 'BED', None),
    ('M3', 'T', (16,), 'CGV', None),
    ('M6', 'T', TDES, 'CGV', None), ('M6', 'A', AES, 'CGV', None),
    *[('M7', 'H', (16, 20, 32, 64), 'CGV', hash) for hash in ('10', '20', '21', '22', '23')],
    ('10', 'A', AES, 'X', None), ('11', 'A', AES, 'X', None),
]
# The usage that each mode gives: USAGE_ bits of src/key/usage.h, by the first character of the usage.
WIDEST = {'X': 'X', 'BED': 'B', 'CGV': 'C'}
# What the token does not offer: usage, algorithm, length, mode.
REFUSED = [
    ('K0', 'T', 16, 'B'), ('K0', 'T', 24, 'N'), ('K2', 'A', 16, 'B'), ('K3', 'A', 16, 'B'), ('B2', 'A', 16, 'X'),
    ('C0', 'T', 16, 'C'), ('E6', 'T', 16, 'X'), ('I0', 'T', 16, 'N'), ('M0', 'T', 16, 'C'), ('M1', 'T', 16, 'C'),
    ('M5', 'T', 24, 'C'), ('M3', 'T', 24, 'C'), ('V0', 'T', 16, 'V'), ('V1', 'T', 16, 'C'), ('V2', 'T', 16, 'V'),
    ('B0', 'T', 24, 'X'), ('E0', 'T', 24, 'X'), ('12', 'A', 16, 'X'), ('99', 'A', 16, 'N'), ('P0', 'A', 16, 'X'),
]
WRAPPED_KEY_INVALID, TYPE_INCONSISTENT = 'error 110', 'error 63'
KBPK = {'A': TDES, 'B': TDES, 'C': TDES, 'D': AES, 'E': AES}
OPTIONAL = [('KS', '00604B120F9292800000'), ('LB', 'a label'), ('TC', '20260101120000Z'), ('ZZ', 'x' * 11)]

failures = []


def fail(*what):
    failures.append(' '.join(map(str, what)))
    print('DIFFERENT:', *what)


class Driver:
    def __init__(self, command):
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(' '.join(words) + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def wrap(self, kbpk, key, header, blocks):
        header = header[:12] + '%02d' % len(blocks) + header[14:]
        header += ''.join(name + '%02X' % (len(text) + 4) + text for name, text in blocks)
        return self.ask('wrap', header[0], kbpk.hex(), key.hex(), header)

    def unwrap(self, kbpk, block):
        return self.ask('open', block[0], kbpk.hex(), block)


class Psec:
    name, versions = 'psec', 'ABCD'

    def wrap(self, kbpk, key, header, blocks):
        h = tr31.Header(header[0], header[5:7], header[7], header[8], header[9:11], header[11])
        for name, text in blocks:
            h.blocks[name] = text
        return tr31.KeyBlock(kbpk, h).wrap(key)

    def unwrap(self, kbpk, block):
        try:
            return tr31.KeyBlock(kbpk).unwrap(block).hex()
        except (tr31.KeyBlockError, tr31.HeaderError):
            return None


class Tr31Tool:
    name, versions = 'tr31', 'ABCDE'

    def __init__(self, command):
        self.command = command

    def run(self, *arguments):
        return subprocess.run([self.command, *arguments], capture_output=True, text=True)

    def wrap(self, kbpk, key, header, blocks):
        arguments = []
        for name, text in blocks:
            arguments.append('--export-opt-block=' + name + '%02X' % (len(text) + 4) + text if name != 'HM'
                             else '--export-opt-block-HM=' + text)
        done = self.run('--kbpk', kbpk.hex(), '--export', key.hex(), '--export-header', header, *arguments)
        return done.stdout.strip() if done.returncode == 0 else 'refused: ' + done.stderr.strip()

    def unwrap(self, kbpk, block):
        done = self.run('--kbpk', kbpk.hex(), '--import', block, '--import-no-strict-validation')
        found = re.search(r'^Key value: ([0-9A-F]+)', done.stdout, re.M)
        return found.group(1).lower() if done.returncode == 0 and found else None


def key_of(rng, algorithm, length, avoid):
    while True:
        key = rng.randbytes(length)
        if algorithm == 'T':  # odd parity, which tr31-tool sets
            key = bytes(b ^ (1 ^ bin(b).count('1') & 1) for b in key)
        if key != avoid:
            return key


def cases(rng):
    """Every usage of the table with every mode, in every version: version, kbpk, key, header, optional blocks, type."""
    for usage, algorithm, lengths, modes, hash in TABLE:
        for mode in modes + 'N':
            for version in 'D' if usage == 'M7' else 'ABCDE':
                kbpk = rng.randbytes(rng.choice(KBPK[version]))
                key = key_of(rng, algorithm, rng.choice(lengths), kbpk)
                header = version + '0000' + usage + algorithm + mode + rng.choice(('00', '12', 'xy')) + rng.choice('NES') + '0000'
                blocks = [('HM', hash)] if hash else []
                blocks += sorted(rng.sample(OPTIONAL, rng.choice((0, 0, 1, 2))))
                ckk = CKK[hash or ('aes' if algorithm == 'A' else 'des2' if len(key) == 16 else 'des3')]
                yield version, kbpk, key, header, blocks, ckk


def check_opened(answer, key, header, ckk, who):
    words = answer.split()
    if len(words) < 6 or words[0].lower() != key.hex() or int(words[1], 16) != ckk:
        return fail(who, header, key.hex(), answer)
    if int(words[4]) != 'NES'.index(header[11]) or (words[3] == '1') != (header[8] == 'X' or header[5:7] in
                                                                       ('B0', 'B1', '10', '11') or header[5] == 'E'):
        return fail(who, 'role', header, answer)


def compare(driver, peers, rng, counts):
    for version, kbpk, key, header, blocks, ckk in cases(rng):
        made = {}
        if version in 'BDE':
            made['keydiv'] = driver.wrap(kbpk, key, header, blocks)
        for peer in peers:
            if version in peer.versions:
                made[peer.name] = peer.wrap(kbpk, key, header, blocks)
        for who, block in made.items():
            if block.startswith(('error', 'refused')):
                counts[who + ' refuses to wrap'] = counts.get(who + ' refuses to wrap', 0) + 1
                fail(who, 'wraps', header, block)
                continue
            check_opened(driver.unwrap(kbpk, block), key, header, ckk, who + ' -> keydiv')
            for peer in peers:
                if who != 'keydiv' or version not in peer.versions:
                    continue
                if peer.unwrap(kbpk, block) != key.hex():
                    fail('keydiv ->', peer.name, block, kbpk.hex(), key.hex())
                counts['keydiv -> ' + peer.name] = counts.get('keydiv -> ' + peer.name, 0) + 1
            counts[who + ' -> keydiv'] = counts.get(who + ' -> keydiv', 0) + 1


def compare_refused(driver, peers, rng, counts):
    for usage, algorithm, length, mode in REFUSED:
        for version in 'ABCDE':
            kbpk = rng.randbytes(rng.choice(KBPK[version]))
            for peer in peers:
                if version not in peer.versions:
                    continue
                block = peer.wrap(kbpk, key_of(rng, algorithm, length, kbpk), version + '0000' + usage + algorithm + mode + '00N0000', [])
                if block.startswith('refused'):
                    continue
                if driver.unwrap(kbpk, block) != TYPE_INCONSISTENT:
                    fail('not refused', block, driver.unwrap(kbpk, block))
                counts['refused usages'] = counts.get('refused usages', 0) + 1
    # a component of a key
    kbpk = rng.randbytes(32)
    block = peers[0].wrap(kbpk, rng.randbytes(16), 'D0000D0ABc1N0000', [])
    if driver.unwrap(kbpk, block) != TYPE_INCONSISTENT:
        fail('component', block)


def compare_long(driver, peers, rng, counts):
    """Optional blocks over 255 characters: psec writes their length in its own form."""
    text = ''.join(rng.choice(string.ascii_letters) for _ in range(rng.randrange(252, 900)))
    for version in 'BD':
        kbpk = rng.randbytes(KBPK[version][-1])
        key, header = key_of(rng, 'T', 16, kbpk), version + '0000D0TB00E0000'
        block = peers[0].wrap(kbpk, key, header, [('LB', text)])
        check_opened(driver.unwrap(kbpk, block), key, header, CKK['des2'], 'psec, long')
        long = header[:12] + '0100' + 'LB0004%04X' % (len(text) + 10) + text
        block = driver.ask('wrap', version, kbpk.hex(), key.hex(), long)
        if peers[1].unwrap(kbpk, block) != key.hex():
            fail('keydiv -> tr31, long', block)
        counts['long optional blocks'] = counts.get('long optional blocks', 0) + 1


def compare_changed(driver, peers, rng, counts):
    """Change every character of a block of each version once."""
    characters = string.digits + string.ascii_letters + ' -~'
    for version in 'ABCDE':
        kbpk = rng.randbytes(rng.choice(KBPK[version]))
        key = key_of(rng, 'T', 16, kbpk)
        maker = rng.choice([p for p in peers if version in p.versions])
        block = maker.wrap(kbpk, key, version + '0000B0TX12S0000', rng.choice(([], OPTIONAL[:1])))
        for i, was in enumerate(block):
            changed = block[:i] + rng.choice(characters.replace(was, '')) + block[i + 1:]
            if i > block.index('0') + 11 and rng.random() < 0.5:  # a digit for a digit, where the block may have digits
                changed = block[:i] + rng.choice('0123456789ABCDEF'.replace(was, '')) + block[i + 1:]
            # the driver takes the kind of the KBPK from the version, so that it asks for the right one
            answer = driver.ask('open', version, kbpk.hex(), changed)
            if answer != WRAPPED_KEY_INVALID:
                fail('changed', i, block, changed, answer)
            counts['changed characters'] = counts.get('changed characters', 0) + 1
            for peer in peers:
                if version in peer.versions and peer.unwrap(kbpk, changed) is not None:
                    counts[peer.name + ' accepts a change'] = counts.get(peer.name + ' accepts a change', 0) + 1


def print_vector(peer, kbpk, key, header, blocks, ckk):
    print('\ndoc = %s\nkbpk = %s\nkey = %s\nblock = %s\ntype = %d\nstatus = good' % (
        peer.name, kbpk.hex().upper(), key.hex().upper(), peer.wrap(kbpk, key, header, blocks), ckk))


def print_vectors(peers, rng):
    print('# scheme: KEY_BLOCK, whole key blocks that two other implementations made')
    print('# mechanisms: CKM_KEYDIV_KEY_BLOCK')
    print('# source: random keys, wrapped by psec %s (PyPI) and by tr31-tool %s (openemv/tr31 commit d230c284), as `doc` says' % (
        importlib.metadata.version('psec'), peers[1].run('--version').stdout.split('-')[0].strip()))
    print('# note: printed by tests/peers/key_block.py; status refused: the token offers nothing for the usage')
    print('# fields: doc kbpk key block(ASCII) type status(good|refused)')
    seen = set()
    for version, kbpk, key, header, blocks, ckk in cases(rng):
        for peer in peers:
            # psec: each usage and mode once, in any version; tr31: each usage once, in each of versions D and E
            psec = peer.name == 'psec'
            kind = (peer.name, header[5:9], blocks[:1]) if psec else (peer.name, header[5:8], version)
            if version not in (peer.versions if psec else 'DE') or str(kind) in seen or (psec and rng.random() < 0.5):
                continue
            if header[8] == 'N' and psec and version != 'C':
                continue
            seen.add(str(kind))
            print_vector(peer, kbpk, key, header, blocks, ckk)
    kbpk = rng.randbytes(32)
    print_vector(peers[0], kbpk, rng.randbytes(16), 'D0000D0AB00S0000', [('LB', 'x' * 300)], CKK['aes'])
    for usage, algorithm, length, mode in REFUSED:
        version = rng.choice('ABCD')
        kbpk, key = rng.randbytes(rng.choice(KBPK[version])), key_of(rng, algorithm, length, None)
        block = peers[0].wrap(kbpk, key, version + '0000' + usage + algorithm + mode + '00N0000', [])
        print('\ndoc = psec\nkbpk = %s\nkey = %s\nblock = %s\ntype = 0\nstatus = refused' % (
            kbpk.hex().upper(), key.hex().upper(), block))


def main():
    driver, peers = Driver(sys.argv[1]), [Psec(), Tr31Tool(sys.argv[2])]
    rounds = sys.argv[3] if len(sys.argv) > 3 else '10'
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
    rng = random.Random(seed)
    if rounds == '--vectors':
        return print_vectors(peers, rng)
    print('seed', seed)
    counts = {}
    for _ in range(int(rounds)):
        compare(driver, peers, rng, counts)
        compare_refused(driver, peers, rng, counts)
        compare_long(driver, peers, rng, counts)
        compare_changed(driver, peers, rng, counts)
    for what in sorted(counts):
        print('%-28s %d' % (what, counts[what]))
    print('%d differences' % len(failures))
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
