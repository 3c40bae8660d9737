# SPDX-License-Identifier: Apache-2.0
"""The areas: source files, and which functions and tables of them have mutants."""

SCHEMES = "dukpt_aes dukpt_tdes emv gp_static hkdf lorawan odukpt odukpt_client oms osdp scp02 scp03 sdm data_key device_key"

# Area: (paths, functions, tables). The patterns are regular expressions; None: no tables.
AREAS = {
    "policy": [
        ("src/policy/plan_copy.c src/policy/plan_create.c src/policy/plan_rules.c src/policy/plan_use.c", ".", "."),
        ("src/policy/plan_trust.c", ".", "."),
    ],
    "roles": [
        ("src/policy/plan_role.c mechanisms/roles.c mechanisms/default_lists.c", ".", "."),
        (" ".join(f"mechanisms/{s}.c" for s in SCHEMES.split()), "role", "struct role"),
    ],
    "derive": [
        ("src/policy/plan_derive.c src/policy/kept_plan.c mechanisms/kdf.c mechanisms/mechanism.c", ".", None),
        ("src/calls/derive.c src/calls/derive_more.c src/calls/derive_other_key.c src/calls/derive_state.c", ".", None),
        ("src/calls/derive_steps.c src/calls/requested.c", ".", None),
    ],
    "wrapping": [("src/calls/wrapping.c src/policy/plan_unwrap.c mechanisms/aes_wrap.c src/key/wrap.c", ".", None)],
    "windows": [
        ("src/state/window.c src/state/window_leave.c src/state/window_life.c src/state/window_mark.c", ".", None),
        ("src/state/window_set.c src/state/window_space.c src/state/window_table.c", ".", None),
        ("src/calls/use_window.c src/calls/use_stream.c src/store/sqlite/mark_table.c src/store/marks.c", ".", None),
    ],
    "store": [
        ("src/store/changes.c src/store/columns.c src/store/inventory.c src/store/open.c src/store/queue.c src/store/read.c", ".", None),
        ("src/store/record.c src/store/vault.c src/store/sqlite/database.c src/store/sqlite/database_open.c", ".", None),
        ("src/store/sqlite/freshness.c src/store/sqlite/object_table.c src/store/sqlite/sqlite_backend.c", ".", None),
        ("src/store/sqlite/token_table.c src/store/sqlite/tries.c src/store/sqlite/vfs.c", ".", None),
        ("src/state/state.c src/state/state_file.c src/state/reservation.c", ".", None),
    ],
    "blocks": [
        ("mechanisms/key_block.c mechanisms/key_block_header.c mechanisms/key_block_optional.c", ".", None),
        ("mechanisms/key_block_unwrap.c mechanisms/key_block_usage.c mechanisms/key_block_wrap.c", ".", "modes|usage"),
    ],
}

# Tests for the rows, which no run reaches: the test of the file, and these.
ROW_TESTS = {
    "policy": ["unit-plan", "unit-plan_create", "unit-plan_use", "unit-plan_copy", "module-trust"],
    "roles": ["unit-role", "unit-default_lists", "unit-plan_derive", "module-roles", "module-value_roles", "module-derive",
              "module-role_attacks", "module-trades", "module-recipes", "module-lorawan", "module-schemes", "module-use"],
    "blocks": ["unit-key_block_rows", "unit-key_block_usage", "unit-key_block", "unit-key_block_wrap", "module-key_block",
               "module-key_block_policy"],
}  # fmt: skip

# Programs that try what the other tests of an area have not killed: name, target, arguments, environment. The regimes of
# tests/faults make a fixed number of trials with a fixed seed.
FAILING = {"KEYDIV_MODULE": "tests/faults/keydiv-failing.so"}
LAST_TESTS = {
    "store": [
        ("fuzz-store", "tests/fuzz/fuzz_store", ["tests/fuzz/corpus/store", "1000"], {}),
        ("faults-power", "tests/faults/fault_power", [], {"SEED": "1", "TRIALS": "150"}),
        ("faults-calls", "tests/faults/fault_calls", [], {"SEED": "1", "TRIALS": "150", "ONLY": "once: E*O"}),
        ("faults-full", "tests/faults/fault_full", [], {"SEED": "1", "TRIALS": "30"}),
        ("faults-failing", "tests/faults/test_failing", [], {"ONLY": "DeriveKey of a client", **FAILING}),
    ],
}
