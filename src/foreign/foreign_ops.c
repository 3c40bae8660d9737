/* SPDX-License-Identifier: Apache-2.0 */
/* foreign_ops.c: foreign keys behind struct key_ops, and the second try after a loss. */
#include "foreign/foreign.h"

#include "base/log.h"
#include "foreign/foreign_code.h"
#include "foreign/foreign_key.h"
#include "foreign/foreign_module.h"

/* --- The second try --- */

/* One use of a key: a MAC of KIND, or blocks for MAC_NONE. */
struct use {
	struct foreign_key *key;
	enum mac_kind kind;
	const uint8_t *in;
	size_t n;
	uint8_t *ret_out;
	size_t done; /* bytes that are encrypted; RET_OUT may be IN, so they are not done again */
	const struct bytes *check; /* of an attachment, if it is not the check of KEY; else NULL */
};

static CK_RV compute_blocks(struct use *u)
{
	while (u->done < u->n) {
		size_t left = u->n - u->done,
		       part = left < FOREIGN_ECB_MAX ? left : FOREIGN_ECB_MAX;
		TRY(foreign_ecb(&u->key->found, u->key->nature.block, u->in + u->done, part,
			u->ret_out + u->done));
		u->done += part;
	}
	return CKR_OK;
}

static CK_RV use_once(struct use *u)
{
	TRY(foreign_key_ready(u->key));
	if (u->in == NULL) /* foreign_attach only finds and checks */
		return u->check != NULL ? foreign_key_compare(u->key, *u->check) : CKR_OK;
	return u->kind == MAC_NONE ? compute_blocks(u)
				   : foreign_key_mac(u->key, u->kind, u->in, u->n, u->ret_out);
}

/*
 * Use a key. A session that was lost is opened again, once. A wrong PIN is no lost session, so no
 * PIN is tried twice.
 */
static CK_RV use(struct use *u)
{
	TRY(foreign_enter());
	CK_RV rv = use_once(u);
	if (foreign_code_lost(rv))
		rv = use_once(u);
	foreign_leave();
	return foreign_code(rv);
}

/* --- struct key_ops --- */

static CK_RV op_cmac(void *remote, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	struct use u = {remote, MAC_CMAC, n > 0 ? msg : ret_mac, n, ret_mac, 0, NULL};

	return use(&u);
}

static CK_RV op_blocks(void *remote, const uint8_t *in, size_t n, uint8_t *ret_out)
{
	struct use u = {remote, MAC_NONE, in, n, ret_out, 0, NULL};

	return use(&u);
}

static CK_RV op_mac(
	void *remote, enum mac_kind kind, const uint8_t *msg, size_t n, uint8_t *ret_mac)
{
	struct use u = {remote, kind, n > 0 ? msg : ret_mac, n, ret_mac, 0, NULL};

	return use(&u);
}

/* The functions of a key by CKA_SIGN and CKA_ENCRYPT. */
static const struct key_ops signs = {op_cmac, NULL, op_mac}, encrypts = {op_cmac, op_blocks, NULL},
			    does_both = {op_cmac, op_blocks, op_mac};

static const struct key_ops *ops_of(const struct foreign_nature *nature)
{
	if (!nature->ecb)
		return &signs;
	return nature->sign ? &does_both : &encrypts;
}

static bool has_check(const struct foreign_key *k, struct bytes check)
{
	return k->check_n == check.n && secret_equal(k->check, check.p, check.n);
}

/* Return the key of F with URI, TYPE and LENGTH, if there are several that with CHECK, or NULL. */
static struct foreign_key *find_attached(
	struct foreign *f, struct bytes uri, CK_KEY_TYPE type, size_t length, struct bytes check)
{
	struct foreign_key *found = NULL;

	for (struct foreign_key *k = f->keys; k != NULL; k = k->next)
		if (bytes_equal(bytes_of(k->uri, strlen(k->uri)), uri) && k->nature.type == type &&
			k->nature.length == length && (found == NULL || has_check(k, check)))
			found = k;
	return found;
}

static CK_RV attach(struct foreign_key *k, struct bytes check, struct key *key)
{
	struct use u = {.key = k, .check = has_check(k, check) ? NULL : &check};

	if (u.check != NULL)
		k->serial = 0; /* the key may have other usages since it was found */
	TRY(use(&u));
	return key_attach(key, k->nature.type, k->nature.length, ops_of(&k->nature), k);
}

CK_RV foreign_attach(struct foreign *f, struct bytes uri, CK_KEY_TYPE type, size_t length,
	struct bytes check, struct key *key)
{
	struct foreign_key *k = find_attached(f, uri, type, length, check);

	/*
	 * A key that makes both checks is one key, so the check of K goes for both. Without this, a
	 * caller who links a key again and again would fill the memory of the session.
	 */
	if (k != NULL) {
		CK_RV rv = attach(k, check, key);
		if (rv == CKR_OK || has_check(k, check))
			return rv;
	}
	TRY(foreign_key_new(f, uri, &k));
	k->nature.type = type;
	k->nature.length = length;
	CK_RV rv = foreign_key_read_check(k, check);
	if (rv == CKR_OK)
		rv = attach(k, check, key);
	if (rv != CKR_OK) {
		foreign_key_free(k);
		return rv;
	}
	k->next = f->keys;
	f->keys = k;
	return CKR_OK;
}

void foreign_close(struct foreign *f)
{
	while (f->keys != NULL) {
		struct foreign_key *k = f->keys;
		f->keys = k->next;
		foreign_key_free(k);
	}
	foreign_sessions_close(f);
}

/* --- Linking --- */

/*
 * Log what the owner of the foreign key must know. Who else may use the key there can compute every
 * key that is derived from it.
 */
static void log_link(const struct foreign_key *k)
{
	log_write(LOG_INFO, "linked a foreign key that may %s; nobody else may use it to do so",
		!k->nature.encrypt ? "sign"
		: k->nature.sign   ? "sign and encrypt"
				   : "encrypt");
	if (k->nature.extractable || !k->nature.sensitive)
		log_warning("the linked key is not kept in the foreign token: it is %s there",
			k->nature.extractable ? "extractable" : "not sensitive");
}

static CK_RV link_key(struct foreign_key *k)
{
	TRY(foreign_enter());
	CK_RV rv = foreign_key_link(k);
	if (foreign_code_lost(rv))
		rv = foreign_key_link(k);
	foreign_leave();
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_KEY_SIZE_RANGE)
		return rv; /* about the URI or its key */
	return foreign_code(rv);
}

CK_RV foreign_link(struct foreign *f, struct bytes uri, struct foreign_facts *ret)
{
	struct foreign_key *k;

	REQUIRE(foreign_module_is_configured(), CKR_FUNCTION_NOT_SUPPORTED,
		"foreign-module is not set in keydiv.conf");
	REQUIRE(uri.n <= FOREIGN_URI_MAX && memchr(uri.p, 0, uri.n) == NULL,
		CKR_ATTRIBUTE_VALUE_INVALID, "the URI of the foreign key is too long or no text");
	TRY(foreign_key_new(f, uri, &k));
	CK_RV rv = link_key(k);
	if (rv == CKR_OK) {
		*ret = (struct foreign_facts){.type = k->nature.type,
			.length = k->nature.length,
			.sign = k->nature.cmac || k->nature.hmac != MAC_NONE,
			.encrypt = k->nature.ecb,
			.extractable = k->nature.extractable,
			.sensitive = k->nature.sensitive,
			.check_n = k->check_n};
		memcpy(ret->check, k->check, k->check_n);
		log_link(k);
	}
	foreign_key_free(k);
	return rv;
}

/* --- Start, stop, fork --- */

void foreign_start(const struct config *config)
{
	foreign_module_start(config->foreign_module, config->foreign_arguments);
	foreign_compute_start(config->foreign_compute_twice);
	foreign_pins_start(config->foreign_module[0] != '\0', config->foreign_pin_file);
}

void foreign_stop(void)
{
	foreign_module_stop();
	foreign_pins_stop();
	foreign_keys_trim();
}

void foreign_forked(void)
{
	foreign_module_forked();
	foreign_pins_forked();
}
