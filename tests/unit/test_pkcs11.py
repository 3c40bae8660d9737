#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_pkcs11.py CC SOURCE: src/base/pkcs11.h agrees with p11-kit's header of PKCS#11.

Both headers are compiled into a program that prints numbers, sizes and offsets. What p11-kit's header does not know,
because it is of an older version of the standard, is left out.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

SINCE_2_40 = '''CK_INFO CK_SLOT_INFO CK_TOKEN_INFO CK_SESSION_INFO CK_ATTRIBUTE CK_DATE CK_MECHANISM CK_MECHANISM_INFO
    CK_C_INITIALIZE_ARGS CK_AES_CTR_PARAMS CK_GCM_PARAMS CK_KEY_DERIVATION_STRING_DATA CK_DES_CBC_ENCRYPT_DATA_PARAMS
    CK_AES_CBC_ENCRYPT_DATA_PARAMS CK_FUNCTION_LIST'''.split()
SINCE_3_0 = 'CK_INTERFACE CK_FUNCTION_LIST_3_0'.split()


def facts(compiler, header, flags, numbers, functions):
    source = [f'#include {header}', '#include <stddef.h>', '#include <stdio.h>', 'int main(void) {']
    for name in numbers:
        source += [f'#ifdef {name}', f'printf("{name} %#lx\\n", (unsigned long)({name}));', '#endif']
    source += [f'printf("sizeof {name} %zu\\n", sizeof({name}));' for name in SINCE_2_40]
    source += [f'printf("2.40 {name} %zu\\n", offsetof(CK_FUNCTION_LIST, {name}));' for name in functions[:68]]
    source += ['#if !defined CRYPTOKI_VERSION_MAJOR || CRYPTOKI_VERSION_MAJOR >= 3']
    source += [f'printf("sizeof {name} %zu\\n", sizeof({name}));' for name in SINCE_3_0]
    source += [f'printf("3.0 {name} %zu\\n", offsetof(CK_FUNCTION_LIST_3_0, {name}));' for name in functions]
    source += ['#endif', 'return 0; }']
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, 'facts.c')
        with open(path, 'w', encoding='ascii') as out:
            out.write('\n'.join(source))
        subprocess.run([*compiler, *flags, '-w', path, '-o', os.path.join(work, 'facts')], check=True)
        wrapper = os.environ.get('MESON_EXE_WRAPPER', '').split()  # runs the programs of another architecture
        lines = subprocess.run([*wrapper, os.path.join(work, 'facts')], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(line.rsplit(' ', 1) for line in lines.splitlines())


def main():
    compiler, source = shlex.split(sys.argv[1]), sys.argv[2]
    base = os.path.join(source, 'src', 'base')
    with open(os.path.join(base, 'pkcs11_numbers.h'), encoding='ascii') as text:
        numbers = re.findall(r'^#define (CK\w+) ', text.read(), re.M)
    with open(os.path.join(base, 'pkcs11_functions.h'), encoding='ascii') as text:
        functions = re.findall(r'^\tF\((\w+),', text.read(), re.M)
    assert len(functions) == 92 and len(numbers) > 300
    flags = subprocess.run(['pkg-config', '--cflags', 'p11-kit-1'], check=True, stdout=subprocess.PIPE, text=True).stdout
    ours = facts(compiler, '"base/pkcs11.h"', ['-I', os.path.join(source, 'src')], numbers, functions)
    theirs = facts(compiler, '<p11-kit/pkcs11.h>', shlex.split(flags), numbers, functions)
    assert len(theirs) > 300
    wrong = [f'{name}: {ours[name]} here, {value} in p11-kit' for name, value in theirs.items() if ours[name] != value]
    print('\n'.join(wrong) or f'{len(theirs)} facts agree, {len(ours) - len(theirs)} are unknown to p11-kit')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
