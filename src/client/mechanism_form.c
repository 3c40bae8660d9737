/* SPDX-License-Identifier: Apache-2.0 */
/* mechanism_form.c: see mechanism_form.h. */
#include "mechanism_form.h"

#include "keydiv.h"

/* --- Forms of p11-kit 0.25 and later --- */

static bool write_iv(struct wire *w, const CK_MECHANISM *m, CK_ULONG block)
{
	if (m->pParameter == NULL || m->ulParameterLen != block)
		return false;
	wire_put_bytes(w, m->pParameter, block);
	return true;
}

static bool write_iv8(struct wire *w, const CK_MECHANISM *m)
{
	return write_iv(w, m, 8);
}

static bool write_iv16(struct wire *w, const CK_MECHANISM *m)
{
	return write_iv(w, m, 16);
}

static bool write_ctr(struct wire *w, const CK_MECHANISM *m)
{
	CK_AES_CTR_PARAMS p;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof p)
		return false;
	memcpy(&p, m->pParameter, sizeof p);
	wire_put_u64(w, p.ulCounterBits);
	wire_put_bytes(w, p.cb, sizeof p.cb);
	return true;
}

static bool write_number(struct wire *w, const CK_MECHANISM *m)
{
	CK_ULONG number;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof number)
		return false;
	memcpy(&number, m->pParameter, sizeof number);
	wire_put_u64(w, number);
	return true;
}

static const struct mechanism_form forms[] = {
	{CKM_AES_ECB, 0, NULL, NULL, true},
	{CKM_AES_CBC, 16, write_iv16, NULL, false},
	{CKM_AES_CBC_PAD, 16, write_iv16, NULL, false},
	{CKM_AES_CTR, sizeof(CK_AES_CTR_PARAMS), write_ctr, NULL, false},
	{CKM_AES_GCM, 0, NULL, flatten_gcm, false},
	{CKM_AES_CCM, 0, NULL, flatten_ccm, false},
	{CKM_AES_CMAC, 0, NULL, NULL, true},
	{CKM_AES_CMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_AES_GMAC, 0, NULL, flatten_gmac, false},
	{CKM_AES_KEY_GEN, 0, NULL, NULL, true},
	{CKM_AES_KEY_WRAP, 8, NULL, NULL, false},
	{CKM_AES_KEY_WRAP_KWP, 8, NULL, NULL, false},
	{CKM_DES3_ECB, 0, NULL, NULL, true},
	{CKM_DES3_CBC, 8, write_iv8, NULL, false},
	{CKM_DES3_CMAC, 0, NULL, NULL, true},
	{CKM_DES3_CMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_DES2_KEY_GEN, 0, NULL, NULL, true},
	{CKM_DES3_KEY_GEN, 0, NULL, NULL, true},
	{CKM_GENERIC_SECRET_KEY_GEN, 0, NULL, NULL, true},
	{CKM_SHA_1, 0, NULL, NULL, true},
	{CKM_SHA224, 0, NULL, NULL, true},
	{CKM_SHA256, 0, NULL, NULL, true},
	{CKM_SHA384, 0, NULL, NULL, true},
	{CKM_SHA512, 0, NULL, NULL, true},
	{CKM_SHA_1_HMAC, 0, NULL, NULL, true},
	{CKM_SHA224_HMAC, 0, NULL, NULL, true},
	{CKM_SHA256_HMAC, 0, NULL, NULL, true},
	{CKM_SHA384_HMAC, 0, NULL, NULL, true},
	{CKM_SHA512_HMAC, 0, NULL, NULL, true},
	{CKM_SHA_1_HMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_SHA224_HMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_SHA256_HMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_SHA384_HMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_SHA512_HMAC_GENERAL, sizeof(CK_ULONG), write_number, NULL, false},
	{CKM_SP800_108_COUNTER_KDF, 0, NULL, flatten_sp800_counter, false},
	{CKM_SP800_108_FEEDBACK_KDF, 0, NULL, flatten_sp800_feedback, false},
	{CKM_SP800_108_DOUBLE_PIPELINE_KDF, 0, NULL, flatten_sp800_pipeline, false},
	{CKM_PKCS5_PBKD2, 0, NULL, flatten_pbkdf2, false},
	{CKM_HKDF_DERIVE, 0, NULL, flatten_hkdf, false},
	{CKM_HKDF_DATA, 0, NULL, flatten_hkdf, false},
	{CKM_HKDF_KEY_GEN, 0, NULL, NULL, false},
	{CKM_AES_ECB_ENCRYPT_DATA, 0, NULL, flatten_ecb_data, false},
	{CKM_AES_CBC_ENCRYPT_DATA, 0, NULL, flatten_aes_cbc_data, false},
	{CKM_DES3_ECB_ENCRYPT_DATA, 0, NULL, flatten_ecb_data, false},
	{CKM_DES3_CBC_ENCRYPT_DATA, 0, NULL, flatten_des3_cbc_data, false},
};

#define FORMS (sizeof forms / sizeof forms[0])

const struct mechanism_form *mechanism_form(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < FORMS; i++)
		if (forms[i].type == type)
			return &forms[i];
	return NULL;
}

CK_MECHANISM_TYPE mechanism_of_flat(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < FORMS; i++)
		if (forms[i].flatten != NULL && CKM_KEYDIV_FLAT(forms[i].type) == type)
			return forms[i].type;
	return type;
}

CK_MECHANISM_TYPE mechanism_on_server(CK_MECHANISM_TYPE type)
{
	const struct mechanism_form *form = mechanism_form(type);

	return form != NULL && form->flatten != NULL ? CKM_KEYDIV_FLAT(type) : type;
}

/* --- Writing --- */

/*
 * Write the parameter as bytes. A parameter that is longer than MAX is not read, because the buffer
 * of the application may be shorter. A byte that no mechanism takes is written in its place.
 */
static void write_bytes(struct wire *w, const CK_MECHANISM *m, CK_ULONG max)
{
	static const uint8_t wrong = 0;
	bool carried =
		m->ulParameterLen <= max && (m->pParameter != NULL || m->ulParameterLen == 0);

	wire_put_bytes(
		w, carried ? m->pParameter : &wrong, carried ? m->ulParameterLen : sizeof wrong);
}

/* Write the fields of the flat form, whose length is known at the end. */
static bool write_flat(struct wire *w, const struct mechanism_form *form, const CK_MECHANISM *m)
{
	size_t at = w->n;

	wire_put_u32(w, 0);
	if (!form->flatten(w, m))
		return false;
	if (!w->failed)
		put_be32(w->p + at, (uint32_t)(w->n - at - sizeof(uint32_t)));
	return true;
}

/* Write the parameter of M in its FORM. Return false if the parameter is malformed. */
static bool write_parameter(
	struct connection *c, const struct mechanism_form *form, const CK_MECHANISM *m)
{
	if (form != NULL && form->flatten != NULL)
		return write_flat(&c->out, form, m);
	if (form != NULL && form->write != NULL && c->dialect != DIALECT_0_24)
		return form->write(&c->out, m);
	write_bytes(&c->out, m, form != NULL ? form->size : KEYDIV_PARAMETER_MAX);
	return true;
}

/* Write the parameter with a byte before it that says if there is one. */
static CK_RV write_with_presence(
	struct connection *c, const struct mechanism_form *form, const CK_MECHANISM *m)
{
	struct wire *w = &c->out;
	size_t at = w->n;

	if (form != NULL && form->no_parameter) {
		REQUIRE(m->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID,
			"the mechanism takes no parameter");
		return CKR_OK;
	}
	bool present = m->ulParameterLen > 0; /* a pointer with length 0 is no parameter */

	wire_put_byte(w, present);
	if (present && !write_parameter(c, form, m) && !w->failed) {
		wire_truncate(w, at);
		wire_put_byte(w, false);
	}
	return CKR_OK;
}

/* Write the parameter as servers before 0.25.6 read it. */
static CK_RV write_without_presence(
	struct connection *c, const struct mechanism_form *form, const CK_MECHANISM *m)
{
	struct wire *w = &c->out;
	size_t at = w->n;

	if (write_parameter(c, form, m) || w->failed)
		return CKR_OK;
	REQUIRE(form->flatten != NULL, CKR_MECHANISM_PARAM_INVALID,
		"the parameter is not what the mechanism takes");
	wire_truncate(w, at);
	wire_put_bytes(w, NULL, 0);
	return CKR_OK;
}

CK_RV mechanism_write(struct connection *c, const CK_MECHANISM *m)
{
	CK_MECHANISM copy;

	if (m == NULL) {
		REQUIRE(c->dialect != DIALECT_0_24, CKR_ARGUMENTS_BAD, "pMechanism is NULL");
		wire_put_u32(&c->out, MECHANISM_NULL);
		return CKR_OK;
	}
	memcpy(&copy, m, sizeof copy);
	const struct mechanism_form *form = mechanism_form(copy.mechanism);
	bool ours = (copy.mechanism & ~(CK_ULONG)0xffff) == KEYDIV_VENDOR;

	if (form == NULL && !ours)
		copy = (CK_MECHANISM){MECHANISM_UNKNOWN, NULL, 0};
	wire_put_u32(&c->out, (uint32_t)mechanism_on_server(copy.mechanism));
	return c->dialect == DIALECT_0_25_6 ? write_with_presence(c, form, &copy)
					    : write_without_presence(c, form, &copy);
}
