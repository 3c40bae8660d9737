/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c: a list of labels, as long as there are threads that store keys. */
#include "tool/bulk/claim.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static struct claim *claims;

static bool is_claimed(const char *label, size_t n)
{
	for (const struct claim *c = claims; c; c = c->next)
		if (c->n == n && memcmp(c->label, label, n) == 0)
			return true;
	return false;
}

void claim_take(struct claim *claim, const char *label, size_t n)
{
	pthread_mutex_lock(&lock);
	while (is_claimed(label, n))
		pthread_cond_wait(&released, &lock);
	*claim = (struct claim){.label = label, .n = n, .next = claims};
	claims = claim;
	pthread_mutex_unlock(&lock);
}

void claim_release(struct claim *claim)
{
	if (!claim->label)
		return;
	pthread_mutex_lock(&lock);
	for (struct claim **c = &claims; *c; c = &(*c)->next)
		if (*c == claim) {
			*c = claim->next;
			break;
		}
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
	claim->label = NULL;
}
