/* SPDX-License-Identifier: Apache-2.0 */
/* kdf_steps.c: takes the derivations of mechanisms/README.md apart. */
#include "tool/token/kdf_steps.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tool/report.h"
#include "tool/token/fields.h"

__extension__ typedef unsigned __int128 wide;

/* The steps written so far. */
struct steps {
	const struct kdf_request *request;
	struct kdf_step *step;
	size_t count;
};

/* Begin the step RESULT = KDF(KEY, LABEL, no context, LENGTH). */
static struct kdf_step *begin(
	struct steps *s, const char *result, const char *key, const char *label, size_t length)
{
	struct kdf_step *step = &s->step[s->count++];

	step->label = label;
	step->length = length;
	step->context_n = 0;
	step->fields[0] = '\0';
	snprintf(step->result, sizeof step->result, "%s", result);
	snprintf(step->key, sizeof step->key, "%s", key);
	return step;
}

static void add_field(struct kdf_step *step, unsigned char tag, const void *p, size_t n)
{
	size_t used = strlen(step->fields);

	step->context[step->context_n++] = tag;
	put_be16(step->context + step->context_n, (uint16_t)n);
	memcpy(step->context + step->context_n + 2, p, n);
	step->context_n += 2 + n;
	snprintf(step->fields + used, sizeof step->fields - used, "%s%s", used ? " " : "",
		field_name(tag));
}

/* Find the field TAG of the parameter. Returns its value, or NULL. */
static const unsigned char *find(const struct steps *s, unsigned char tag, size_t *ret_n)
{
	const KEYDIV_PARAMETER *p = s->request->parameter;

	for (size_t i = 0; i + 3 <= p->length; i += 3 + get_be16(p->bytes + i + 1))
		if (p->bytes[i] == tag) {
			*ret_n = get_be16(p->bytes + i + 1);
			return p->bytes + i + 3;
		}
	return NULL;
}

/* Add the fields from tag FIRST to tag LAST that the parameter has. */
static void add_span(const struct steps *s, struct kdf_step *step, unsigned first, unsigned last)
{
	size_t n;

	for (unsigned tag = first; tag <= last; tag++) {
		const unsigned char *p = find(s, (unsigned char)tag, &n);
		if (p)
			add_field(step, (unsigned char)tag, p, n);
	}
}

/* End the last step: its result is the key that was asked for. */
static void finish(struct steps *s)
{
	struct kdf_step *last = &s->step[s->count - 1];

	last->length = s->request->result_bytes;
	snprintf(last->result, sizeof last->result, "KEY");
	if (s->request->use)
		add_field(last, KEYDIV_USE, &s->request->use, 1);
}

/* --- O-DUKPT --- */

/* Return how many keys are below and at register REGISTER with LEFT computations left. */
static uint64_t keys_below(unsigned reg, unsigned left)
{
	wide keys = 1;

	for (unsigned i = 1; i <= reg; i++)
		keys = keys * (left + i) / i;
	return (uint64_t)keys;
}

/* Add a step for each register on the path to the key of transaction NUMBER. */
static bool add_path(struct steps *s, const unsigned char shape[2], uint64_t number)
{
	unsigned registers = shape[0], left = shape[1];
	uint64_t at = 0; /* the transaction of the key that the path has reached */
	unsigned char value[8];
	char name[12];

	for (unsigned k = 1; left-- > 0; k++) {
		unsigned reg = 1;
		uint64_t first = k == 1 ? 0 : at + 1; /* a key comes before its children */
		while (reg < registers && number >= first + keys_below(reg, left))
			first += keys_below(reg++, left);
		if (number >= first + keys_below(reg, left))
			return fail("a client of this shape has no transaction %llu",
				(unsigned long long)number);
		put_be64(value, at = first);
		snprintf(name, sizeof name, "R%u", k);
		struct kdf_step *step = begin(
			s, name, s->step[s->count - 1].result, "odukpt", s->request->base_bytes);
		add_field(step, KEYDIV_TRANSACTION, value, sizeof value);
		if (at == number)
			return true;
		registers = reg;
	}
	return fail("a client of this shape has no transaction %llu", (unsigned long long)number);
}

static bool odukpt(struct steps *s)
{
	size_t n;
	const unsigned char *device = find(s, KEYDIV_DEVICE, &n);
	const unsigned char *shape = find(s, KEYDIV_SHAPE, &n);
	const unsigned char *number = find(s, KEYDIV_TRANSACTION, &n);
	bool initial = s->request->mechanism == CKM_KEYDIV_ODUKPT_INITIAL_KEY;

	if (!shape || shape[0] < 1 || shape[0] > 32 || shape[1] < 1 || shape[1] > 32)
		return fail("the field SHAPE is missing, or not two numbers from 1 to 32");
	if (initial && !device)
		return fail("the field DEVICE is missing");
	if (!initial && !number)
		return fail("the field TRANSACTION is missing");
	struct kdf_step *step = begin(s, "IK", "MASTER", "odukpt-initial", s->request->base_bytes);
	add_span(s, step, KEYDIV_DEVICE, KEYDIV_DEVICE);
	add_span(s, step, KEYDIV_SHAPE, KEYDIV_SHAPE);
	if (initial)
		return snprintf(step->result, sizeof step->result, "KEY") > 0;
	if (!add_path(s, shape, get_be64(number)))
		return false;
	if (!device) { /* the base is the initial key, so the first step is not needed */
		memmove(s->step, s->step + 1, --s->count * sizeof *s->step);
		snprintf(s->step[0].key, sizeof s->step[0].key, "MASTER");
	}
	step = begin(s, "KEY", s->step[s->count - 1].result, "odukpt-key", 0);
	add_span(s, step, KEYDIV_ODUKPT_PURPOSE, KEYDIV_ODUKPT_PURPOSE);
	finish(s);
	return true;
}

/* --- the others --- */

static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *first, *second; /* labels; SECOND is NULL for one step */
	unsigned char from, to;     /* tags of the last step */
} derivations[] = {
	{CKM_KEYDIV_DEVICE_KEY, "device", NULL, KEYDIV_DEVICE, KEYDIV_PURPOSE},
	{CKM_KEYDIV_MESSAGE_KEY, "message", NULL, KEYDIV_COUNTER, KEYDIV_MESSAGE_PURPOSE},
	{CKM_KEYDIV_DEVICE_MESSAGE_KEY, "device", "message", KEYDIV_COUNTER,
		KEYDIV_MESSAGE_PURPOSE},
	{CKM_KEYDIV_SESSION_KEY, "session", NULL, KEYDIV_INITIATOR_NONCE, KEYDIV_SESSION_PURPOSE},
	{CKM_KEYDIV_DEVICE_SESSION_KEY, "device", "session", KEYDIV_INITIATOR_NONCE,
		KEYDIV_SESSION_PURPOSE},
	{CKM_KEYDIV_DATA_KEY, "data", NULL, KEYDIV_NONCE, KEYDIV_ENCRYPTION_CONTEXT},
};

bool kdf_steps(
	const struct kdf_request *request, struct kdf_step ret[KDF_STEPS_MAX], size_t *ret_count)
{
	struct steps s = {.request = request, .step = ret};
	struct kdf_step *step;
	size_t n = sizeof derivations / sizeof derivations[0], i = 0;
	bool ok = true;

	while (i < n && derivations[i].mechanism != request->mechanism)
		i++;
	if (i < n && derivations[i].second) {
		step = begin(&s, "DK", "MASTER", derivations[i].first, request->base_bytes);
		add_span(&s, step, KEYDIV_DEVICE, KEYDIV_PURPOSE);
		step = begin(&s, "KEY", "DK", derivations[i].second, 0);
	} else if (i < n) {
		step = begin(&s, "KEY", "MASTER", derivations[i].first, 0);
	} else if (request->mechanism == CKM_KEYDIV_ODUKPT_KEY ||
		   request->mechanism == CKM_KEYDIV_ODUKPT_INITIAL_KEY) {
		ok = odukpt(&s);
	} else {
		ok = fail(
			"--explain knows the derivations that consist of SP 800-108 alone: device, "
			"message, session, data and O-DUKPT keys");
	}
	if (i < n) {
		add_span(&s, step, derivations[i].from, derivations[i].to);
		finish(&s);
	}
	*ret_count = s.count;
	return ok;
}
