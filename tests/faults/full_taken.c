/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full_taken.c: a token that may only be read, and directories that are taken away while a process
 * is logged in: renamed, removed, made again, or without permissions.
 */
#include "full_damage.h"

#define PROTECTED .codes = {CKR_TOKEN_WRITE_PROTECTED, CKR_SESSION_READ_ONLY}
#define GONE                                                                                       \
	.codes = {CKR_DEVICE_ERROR, CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID,             \
		CKR_TOKEN_NOT_RECOGNIZED, CKR_USER_PIN_NOT_INITIALIZED, CKR_TOKEN_WRITE_PROTECTED}

static const struct {
	const char *name;
	struct damage damage;
} kinds[] = {
	{"a mount for reading only", {"true", "true", .read_only = true, PROTECTED}},
	{"all files 0400", {"find $T -type f -exec chmod 0400 {} +",
				   "find $T -type f -exec chmod 0600 {} +", PROTECTED}},
	{"directories 0500",
		{"chmod 0500 $S $F $S/clients", "chmod 0700 $S $F $S/clients", PROTECTED}},
	{"slots 0", {"chmod 0 $S $F", "chmod 0700 $S $F", GONE}},
	{"the token directory 0", {"chmod 0 $T", "chmod 0700 $T", GONE}},
	{"the token directory renamed", {"mv $T $A/away", "rm -rf $T; mv $A/away $T", GONE}},
	{"the token directory renamed, an empty one in its place",
		{"mv $T $A/away; mkdir -m 0700 $T", "rm -r $T; mv $A/away $T", GONE}},
	{"slots renamed", {"mv $S $F $A", "rm -rf $S $F; mv $A/* $T", GONE}},
	{"slots renamed, empty ones in their place",
		{"mv $S $F $A; mkdir -m 0700 $S $F", "rm -r $S $F; mv $A/* $T", GONE}},
	{"clients renamed", {"mv $S/clients $A",
				    "test ! -d $S/clients || cp $S/clients/* $A/clients; rm -rf "
				    "$S/clients; mv $A/clients $S",
				    GONE}},
	{"the token directory renamed, a copy in its place",
		{"cp -a $T $A/copy; mv $T $A/away; mv $A/copy $T", "true", GONE, .copied = true}},
	{"slots renamed, copies in their place",
		{"cp -a $S $F $A; mv $S $S.away; mv $F $F.away; mv $A/* $T", "true", GONE,
			.copied = true}},
	{"clients renamed, a copy in its place",
		{"cp -a $S/clients $A/copy; mv $S/clients $A/away; mv $A/copy $S/clients", "true",
			GONE, .copied = true}},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void describe(unsigned number, char *ret, size_t n)
{
	snprintf(ret, n, "%s, %s process", kinds[number / 2].name,
		number % 2 ? "a live" : "a fresh");
}

static bool needs_mounts(unsigned number)
{
	return kinds[number / 2].damage.read_only;
}

static void run_trial(unsigned number)
{
	char what[200];

	if (kinds[number / 2].damage.copied)
		number |= 1; /* this needs a live process */
	describe(number, what, sizeof what);
	damage_try(&kinds[number / 2].damage, number % 2, what);
}

const struct full_part full_taken = {
	.name = "taken away",
	.count = 2 * KINDS,
	.describe = describe,
	.needs_mounts = needs_mounts,
	.run = run_trial,
};
