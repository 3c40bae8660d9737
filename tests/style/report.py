# SPDX-License-Identifier: Apache-2.0
"""report.py: how the scripts of this folder report the rules that are broken."""


class Report:
    failed = False

    def rule(self, text, found):
        """Print FOUND, the breaches of the rule."""
        if not found:
            return
        self.failed = True
        print('BROKEN: ' + text)
        for line in found:
            print('    ' + line)
