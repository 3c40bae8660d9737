/* SPDX-License-Identifier: Apache-2.0 */
/* use_support.h: a parameter of WITH_DERIVED_KEY being built and spoilt, and operations with it. */
#ifndef KEYDIV_TESTS_USE_SUPPORT_H
#define KEYDIV_TESTS_USE_SUPPORT_H

#include "harness.h"

extern CK_OBJECT_HANDLE master; /* of the operations below */
extern uint64_t counter;        /* COUNTER of compose(), 1 at first */
extern uint8_t text[22];        /* "hello from the device" and its NUL */
extern uint8_t out[128], back[128];
extern CK_ULONG out_n, back_n;

extern uint8_t parameter[4200];
extern CK_ULONG parameter_n;

/* DEVICE = "SN-000123", COUNTER, DERIVATION and OPERATION. */
void compose(CK_MECHANISM_TYPE derivation, CK_MECHANISM_TYPE operation);
/* DEVICE_MESSAGE_KEY with AES-GCM and every field. */
void sealed(void);
/* Set the field TAG, in its place. */
void field_of(uint8_t tag, const void *value, size_t n);
void without(uint8_t tag);
/* Spoil the order: the field TAG twice, or after the next field. */
void double_field(uint8_t tag);
void swap_with_next(uint8_t tag);

/* WITH_DERIVED_KEY with the parameter. */
CK_MECHANISM mechanism(void);

/* The operations in one part. sign and encrypt process TEXT; verify and decrypt process OUT. */
CK_RV sign(void);
CK_RV verify(void);
CK_RV encrypt(void);
CK_RV decrypt(void);
/* C_SignInit or C_EncryptInit, whichever OPERATION is for; cancel ends what init began. */
CK_RV init(void);
void cancel(void);

/*
 * Masters with a window: windowed() makes one of the value mk, in the token or in the session.
 * windowed_set_up() logs in, makes MASTER such a key in the token with a window of 64, and makes
 * WITHOUT_WINDOW, the same value without a window, as the device has it.
 */
extern CK_OBJECT_HANDLE without_window;
CK_OBJECT_HANDLE windowed(bool token, CK_ULONG window, CK_ULONG reserve);
void windowed_set_up(void);
/* Let the device make the message of counter NUMBER, with DEVICE_MESSAGE_KEY and OPERATION. */
void device_signs(uint64_t number, CK_MECHANISM_TYPE operation);

#endif
