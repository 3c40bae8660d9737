/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keydiv.h: the vendor numbers of the keydiv PKCS#11 token, and an inline builder for mechanism
 * parameters.
 *
 * Include this file after any pkcs11.h (2.40 or later). This file needs CK_ULONG and
 * CK_MECHANISM, and C99 or later, or C++. Deriving the key of one device:
 *
 *	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
 *	keydiv_put(&p, KEYDIV_DEVICE, "SN-000123", 9);
 *	CK_MECHANISM m = keydiv_mechanism(CKM_KEYDIV_DEVICE_KEY, &p);
 *
 * Then call C_DeriveKey(session, &m, master, template, count, &key). Put the fields in ascending
 * order of their tags.
 */
/* clang-format off: tables of numbers, one line each */
#ifndef KEYDIV_H
#define KEYDIV_H

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every vendor number, CKM_, CKA_, CKK_ and CKR_ alike, is KEYDIV_VENDOR | n. */
#define KEYDIV_VENDOR 0x8B440000UL

/* --- Mechanisms. "base -> result: fields", optional fields in brackets --- */

/* Diversification: SP 800-108 counter mode with AES-CMAC, one label for each step. */

/* master -> device key: DEVICE [SALT] [PURPOSE] */
#define CKM_KEYDIV_DEVICE_KEY (KEYDIV_VENDOR | 0x0001UL)
/* device key -> message key: COUNTER [MESSAGE_PURPOSE] */
#define CKM_KEYDIV_MESSAGE_KEY (KEYDIV_VENDOR | 0x0002UL)
/* master -> message key: the fields of both */
#define CKM_KEYDIV_DEVICE_MESSAGE_KEY (KEYDIV_VENDOR | 0x0003UL)
/* device key -> session key: INITIATOR_NONCE RESPONDER_NONCE [SESSION_PURPOSE] */
#define CKM_KEYDIV_SESSION_KEY (KEYDIV_VENDOR | 0x0004UL)
/* master -> session key: the fields of both */
#define CKM_KEYDIV_DEVICE_SESSION_KEY (KEYDIV_VENDOR | 0x0005UL)
/* master -> data key: NONCE [ENCRYPTION_CONTEXT] */
#define CKM_KEYDIV_DATA_KEY (KEYDIV_VENDOR | 0x0006UL)

/*
 * master -> the result of an operation with a key that is derived for that operation: the fields of
 * DERIVATION, then DERIVATION OPERATION [IV] [AAD] [TAG_LENGTH] [KEY_TYPE] [KEY_LENGTH]. With
 * C_Sign..., C_Verify..., C_Encrypt..., C_Decrypt... and the functions for messages.
 */
#define CKM_KEYDIV_WITH_DERIVED_KEY (KEYDIV_VENDOR | 0x0010UL)

/* Card schemes. */

/* value = AES-CMAC(base, MESSAGE), SP 800-38B: MESSAGE */
#define CKM_KEYDIV_CMAC (KEYDIV_VENDOR | 0x0101UL)
/* NXP AN10922, AES and TDEA: MESSAGE */
#define CKM_KEYDIV_AN10922 (KEYDIV_VENDOR | 0x0102UL)
/* static key -> S-ENC, S-MAC, S-RMAC: SCP03_CONSTANT SCP03_CONTEXT */
#define CKM_KEYDIV_SCP03_KEY (KEYDIV_VENDOR | 0x0103UL)
/* issuer master -> static key of a card: GP_METHOD GP_KDD GP_KEY */
#define CKM_KEYDIV_GP_STATIC_KEY (KEYDIV_VENDOR | 0x0104UL)
/* static key (DES2) -> SCP02 session key: SCP02_CONSTANT SCP02_COUNTER */
#define CKM_KEYDIV_SCP02_KEY (KEYDIV_VENDOR | 0x0106UL)
/* issuer master -> card key, EMV Book 2 A1.4: EMV_OPTION PAN PAN_SEQUENCE */
#define CKM_KEYDIV_EMV_CARD_KEY (KEYDIV_VENDOR | 0x0111UL)
/* card key -> session key, EMV Book 2 A1.3.1: EMV_DIVERSIFIER */
#define CKM_KEYDIV_EMV_SESSION_KEY (KEYDIV_VENDOR | 0x0112UL)
/* MAC by a DES2 key, ISO/IEC 9797-1 algorithm 3: [PREVIOUS_MAC] [PADDING_METHOD] [TAG_LENGTH] */
#define CKM_KEYDIV_RETAIL_MAC (KEYDIV_VENDOR | 0x0121UL)
/* MAC of 8 bytes, the odd-numbered bytes of AES-CMAC (MACt of NXP): no parameter */
#define CKM_KEYDIV_AES_CMAC_ODD (KEYDIV_VENDOR | 0x0122UL)
/* SDM file read key -> session key, NXP AN12196: CARD_KEY [CARD_UID] [READ_COUNTER] */
#define CKM_KEYDIV_SDM_SESSION_KEY (KEYDIV_VENDOR | 0x0131UL)

/* Networks. LoRaWAN fields are big-endian numbers. The token reverses them. */

/* NwkKey or AppKey -> session key: LORAWAN_KEY JOIN_NONCE, NET_ID or JOIN_EUI, DEV_NONCE */
#define CKM_KEYDIV_LORAWAN_SESSION_KEY (KEYDIV_VENDOR | 0x0141UL)
/* root key -> JSEncKey, JSIntKey, McRootKey: LORAWAN_KEY [DEV_EUI] */
#define CKM_KEYDIV_LORAWAN_DEVICE_KEY (KEYDIV_VENDOR | 0x0142UL)
/* MIC (4 bytes) of a join, rejoin or accept message, by a key that derives: no parameter */
#define CKM_KEYDIV_LORAWAN_MIC (KEYDIV_VENDOR | 0x0143UL)
/* encrypts a join accept (16 or 32 bytes), by a key that derives: no parameter */
#define CKM_KEYDIV_LORAWAN_JOIN_ACCEPT (KEYDIV_VENDOR | 0x0144UL)
/* McRootKey -> McKEKey; McKey -> McAppSKey, McNwkSKey: LORAWAN_KEY [MC_ADDR] */
#define CKM_KEYDIV_LORAWAN_MULTICAST_KEY (KEYDIV_VENDOR | 0x0145UL)

/* Door readers, meters and vehicles. */

/* master -> base key of one OSDP reader: CARD_UID (8 bytes, the cUID) */
#define CKM_KEYDIV_OSDP_SCBK (KEYDIV_VENDOR | 0x0151UL)
/* SCBK -> S-ENC, S-MAC1, S-MAC2: OSDP_KEY CP_RANDOM */
#define CKM_KEYDIV_OSDP_SESSION_KEY (KEYDIV_VENDOR | 0x0152UL)
/* meter key -> ephemeral key of one message, OMS mode 7: OMS_KEY OMS_COUNTER METER_ID */
#define CKM_KEYDIV_OMS_MODE7_KEY (KEYDIV_VENDOR | 0x0161UL)
/* C_WrapKey under the authorising key -> M1 M2 M3: SHE_UID SHE_SLOTS SHE_COUNTER SHE_FLAGS */
#define CKM_KEYDIV_SHE_KEY_UPDATE (KEYDIV_VENDOR | 0x0171UL)
/* C_Sign, C_Verify of no data by the new key -> M4 M5: SHE_UID SHE_SLOTS SHE_COUNTER */
#define CKM_KEYDIV_SHE_KEY_PROOF (KEYDIV_VENDOR | 0x0172UL)

/* Derived unique key per transaction. */

/* BDK -> initial key (IPEK): KSN (10 bytes) */
#define CKM_KEYDIV_TDES_DUKPT_INITIAL_KEY (KEYDIV_VENDOR | 0x0201UL)
/* BDK -> transaction key: KSN (10) DUKPT_USAGE */
#define CKM_KEYDIV_TDES_DUKPT_KEY (KEYDIV_VENDOR | 0x0202UL)
/* initial key -> transaction key: KSN (10) DUKPT_USAGE */
#define CKM_KEYDIV_TDES_DUKPT_KEY_OF_INITIAL (KEYDIV_VENDOR | 0x0203UL)
/* BDK -> initial key: KSN (8: the initial key ID) */
#define CKM_KEYDIV_AES_DUKPT_INITIAL_KEY (KEYDIV_VENDOR | 0x0211UL)
/* BDK -> working key: KSN (12) DUKPT_USAGE [INITIAL_KEY_LENGTH] */
#define CKM_KEYDIV_AES_DUKPT_KEY (KEYDIV_VENDOR | 0x0212UL)
/* initial key -> working key: KSN (12) DUKPT_USAGE */
#define CKM_KEYDIV_AES_DUKPT_KEY_OF_INITIAL (KEYDIV_VENDOR | 0x0213UL)
/* BDK -> initial key of one client: DEVICE SHAPE */
#define CKM_KEYDIV_ODUKPT_INITIAL_KEY (KEYDIV_VENDOR | 0x0221UL)
/* BDK or initial key -> transaction key: [DEVICE] SHAPE TRANSACTION [ODUKPT_PURPOSE] */
#define CKM_KEYDIV_ODUKPT_KEY (KEYDIV_VENDOR | 0x0222UL)
/* initial key -> client state: SHAPE */
#define CKM_KEYDIV_ODUKPT_CLIENT (KEYDIV_VENDOR | 0x0223UL)
/* client state -> its next key: [ODUKPT_PURPOSE] */
#define CKM_KEYDIV_ODUKPT_NEXT_KEY (KEYDIV_VENDOR | 0x0224UL)

/* n-fold derivation: Horowitz 1996, RFC 3961. */

/* DK(Key, Constant): CONSTANT */
#define CKM_KEYDIV_HOROWITZ_DK (KEYDIV_VENDOR | 0x0301UL)
/* C_GenerateKey: CONSTANT PASSWORD */
#define CKM_KEYDIV_HOROWITZ_PASSWORD_KEY (KEYDIV_VENDOR | 0x0302UL)
/* DK(Key, Constant) of RFC 3961 and RFC 3962: CONSTANT */
#define CKM_KEYDIV_RFC3961_DK (KEYDIV_VENDOR | 0x0303UL)

/* Key blocks. */

/* C_WrapKey, C_UnwrapKey: TR-31:2018, ANSI X9.143, ISO 20038: [KEY_BLOCK_HEADER] (wrap) */
#define CKM_KEYDIV_KEY_BLOCK (KEYDIV_VENDOR | 0x0501UL)

/*
 * Flat forms of the standard mechanisms whose parameter is a struct with pointers. n is the number
 * of the standard mechanism. The fields hold the members of the struct. The two forms give the same
 * results, and CKA_ALLOWED_MECHANISMS names the standard mechanism for both. With
 * "parameters = flat" (keydiv.conf), the flat forms replace the standard mechanisms.
 */
#define CKM_KEYDIV_FLAT(n) (KEYDIV_VENDOR | 0x8000UL | (n))

/* IV [AAD] [TAG_LENGTH]. The tag of a message of C_EncryptMessage follows the ciphertext. */
#define CKM_KEYDIV_FLAT_AES_GCM (KEYDIV_VENDOR | 0x9087UL)
/* IV [AAD] [TAG_LENGTH] DATA_LENGTH */
#define CKM_KEYDIV_FLAT_AES_CCM (KEYDIV_VENDOR | 0x9088UL)
/* IV (12 bytes) */
#define CKM_KEYDIV_FLAT_AES_GMAC (KEYDIV_VENDOR | 0x908EUL)
/* HASH STEPS [SALT_VALUE] [INFO] */
#define CKM_KEYDIV_FLAT_HKDF_DERIVE (KEYDIV_VENDOR | 0xC02AUL)
#define CKM_KEYDIV_FLAT_HKDF_DATA (KEYDIV_VENDOR | 0xC02BUL)
/* PASSWORD HASH SALT_VALUE ITERATIONS */
#define CKM_KEYDIV_FLAT_PKCS5_PBKD2 (KEYDIV_VENDOR | 0x83B0UL)
/* HASH DATA_PARAMETERS */
#define CKM_KEYDIV_FLAT_SP800_108_COUNTER_KDF (KEYDIV_VENDOR | 0x83ACUL)
/* HASH DATA_PARAMETERS [FEEDBACK_IV] */
#define CKM_KEYDIV_FLAT_SP800_108_FEEDBACK_KDF (KEYDIV_VENDOR | 0x83ADUL)
/* HASH DATA_PARAMETERS */
#define CKM_KEYDIV_FLAT_SP800_108_DOUBLE_PIPELINE_KDF (KEYDIV_VENDOR | 0x83AEUL)
/* MESSAGE */
#define CKM_KEYDIV_FLAT_AES_ECB_ENCRYPT_DATA (KEYDIV_VENDOR | 0x9104UL)
/* MESSAGE IV (16 bytes) */
#define CKM_KEYDIV_FLAT_AES_CBC_ENCRYPT_DATA (KEYDIV_VENDOR | 0x9105UL)
/* MESSAGE */
#define CKM_KEYDIV_FLAT_DES3_ECB_ENCRYPT_DATA (KEYDIV_VENDOR | 0x9102UL)
/* MESSAGE IV (8 bytes) */
#define CKM_KEYDIV_FLAT_DES3_CBC_ENCRYPT_DATA (KEYDIV_VENDOR | 0x9103UL)

/* --- Fields of a parameter: tag, and the length of the value in bytes --- */

#define KEYDIV_DEVICE 0x01             /* 1..128: serial number or device ID */
#define KEYDIV_SALT 0x02               /* 8..64: stored random input that changes a device's key */
#define KEYDIV_PURPOSE 0x03            /* 1..32: role of the device key, as "enc", "mac" */
#define KEYDIV_COUNTER 0x10            /* 8: message counter */
#define KEYDIV_MESSAGE_PURPOSE 0x11    /* 1..32 */
#define KEYDIV_INITIATOR_NONCE 0x20    /* 8..64 */
#define KEYDIV_RESPONDER_NONCE 0x21    /* 8..64 */
#define KEYDIV_SESSION_PURPOSE 0x22    /* 1..32 */
#define KEYDIV_NONCE 0x28              /* 16..64 */
#define KEYDIV_ENCRYPTION_CONTEXT 0x29 /* 1..2048 */
/* CMAC 0..4000; AN10922 1..31 (AES), 1..15 (TDEA); ENCRYPT_DATA: whole blocks */
#define KEYDIV_MESSAGE 0x30
#define KEYDIV_SCP03_CONSTANT 0x31     /* 1: 04 S-ENC, 06 S-MAC, 07 S-RMAC */
#define KEYDIV_SCP03_CONTEXT 0x32      /* 16 or 32: host challenge, then card challenge */
#define KEYDIV_PREVIOUS_MAC 0x33       /* 8: RETAIL_MAC starts with its encryption, not with zero */
#define KEYDIV_EMV_OPTION 0x34         /* 1: 'A', 'B' or 'C' */
#define KEYDIV_PAN 0x35                /* 8..19 digits in ASCII */
#define KEYDIV_PAN_SEQUENCE 0x36       /* 2 digits in ASCII */
#define KEYDIV_EMV_DIVERSIFIER 0x37    /* 8 (DES2) or 16 (AES) */
#define KEYDIV_GP_METHOD 0x38          /* 1: 01 EMV CPS 1.1, 02 VISA2, 03 KDF3 */
#define KEYDIV_GP_KDD 0x39             /* 10: key diversification data of INITIALIZE UPDATE */
#define KEYDIV_GP_KEY 0x3A             /* 1: 01 ENC, 02 MAC, 03 DEK */
#define KEYDIV_SCP02_CONSTANT 0x3B     /* 2: 0182 S-ENC, 0101 C-MAC, 0102 R-MAC, 0181 DEK */
#define KEYDIV_SCP02_COUNTER 0x3C      /* 2: sequence counter */
#define KEYDIV_PADDING_METHOD 0x3D     /* 1: of ISO/IEC 9797-1, 1 or 2; default: 2 */
#define KEYDIV_CARD_KEY 0x3E           /* 1: 01 ENC, 02 MAC */
#define KEYDIV_CARD_UID 0x3F           /* 7 (SDM) or 8 (OSDP) */
#define KEYDIV_KSN 0x40                /* 8, 10 or 12, as the mechanism says */
#define KEYDIV_DUKPT_USAGE 0x41        /* 2: key usage indicator of X9.24-3 */
#define KEYDIV_INITIAL_KEY_LENGTH 0x42 /* 1: bytes of the initial key; default: those of the BDK */
#define KEYDIV_READ_COUNTER 0x43       /* 3: a number, which the card stores LSB first */
/*
 * 1. LORAWAN_SESSION_KEY: 01 NwkSKey or FNwkSIntKey, 02 AppSKey, 03 SNwkSIntKey, 04 NwkSEncKey.
 * LORAWAN_DEVICE_KEY: 05 JSEncKey, 06 JSIntKey, 10 McRootKey of GenAppKey (1.0), 11 McRootKey of
 * AppKey (1.1). LORAWAN_MULTICAST_KEY: 12 McKEKey, 13 McAppSKey, 14 McNwkSKey.
 */
#define KEYDIV_LORAWAN_KEY 0x44
#define KEYDIV_JOIN_NONCE 0x45         /* 3 */
#define KEYDIV_NET_ID 0x46             /* 3: LoRaWAN 1.0 */
#define KEYDIV_JOIN_EUI 0x47           /* 8: LoRaWAN 1.1 */
#define KEYDIV_DEV_NONCE 0x48          /* 2 */
#define KEYDIV_DEV_EUI 0x49            /* 8 */
#define KEYDIV_MC_ADDR 0x4A            /* 4 */
#define KEYDIV_OSDP_KEY 0x4B           /* 1: 01 S-ENC, 02 S-MAC1, 03 S-MAC2 */
#define KEYDIV_CP_RANDOM 0x4C          /* 8: RND.A of the control panel */
#define KEYDIV_OMS_KEY 0x4D            /* 1: meter 00 Kenc, 01 Kmac; partner 10 Kenc, 11 Kmac */
#define KEYDIV_OMS_COUNTER 0x4E        /* 4: message counter, as sent */
#define KEYDIV_METER_ID 0x4F           /* 4: as sent */
#define KEYDIV_SHAPE 0x50              /* 2: R, then N, each 1..32 */
#define KEYDIV_TRANSACTION 0x51        /* 8: number of the transaction, from 0 */
#define KEYDIV_ODUKPT_PURPOSE 0x52     /* 1..32 */
#define KEYDIV_CONSTANT 0x60           /* 1..255 */
#define KEYDIV_PASSWORD 0x61           /* 1..255; PBKDF2 0..4000 */
#define KEYDIV_SHE_UID 0x62            /* 15 */
#define KEYDIV_SHE_SLOTS 0x63          /* 1: new key's slot << 4 | authorising key's slot */
#define KEYDIV_SHE_COUNTER 0x64        /* 4: below 2^28 */
/* 1: bit 5 write, 4 boot, 3 debugger protection, 2 key usage, 1 wildcard, 0 verify only */
#define KEYDIV_SHE_FLAGS 0x65
/* 16..1024: ASCII, from the version to the last optional block; its length digits are ignored */
#define KEYDIV_KEY_BLOCK_HEADER 0x66
#define KEYDIV_WINDOW_REQUEST 0x6F     /* 2: KEYDIV_WINDOW_ numbers, see below */
#define KEYDIV_DERIVATION 0x70         /* 4: CKM number of the mechanism that derives */
#define KEYDIV_OPERATION 0x71          /* 4: CKM number of the mechanism that uses the key */
#define KEYDIV_IV 0x72                 /* 1..256: IV, nonce or first counter block */
#define KEYDIV_AAD 0x73                /* 0..2048: additional authenticated data, GCM and CCM */
#define KEYDIV_TAG_LENGTH 0x74         /* 1: bytes of the tag or of the MAC */
#define KEYDIV_KEY_TYPE 0x75           /* 4: CKK number of the derived key */
#define KEYDIV_KEY_LENGTH 0x76         /* 1: bytes of the derived key */
#define KEYDIV_DATA_LENGTH 0x77        /* 8: bytes of the plaintext, CCM */
#define KEYDIV_HASH 0x78               /* 4: CKM_SHA256 ...; SP 800-108: PRF, CKM_AES_CMAC ... */
#define KEYDIV_STEPS 0x79              /* 1: KEYDIV_STEPS_ bits */
#define KEYDIV_SALT_VALUE 0x7A         /* HKDF, where absent means CKF_HKDF_SALT_NULL; PBKDF2 */
#define KEYDIV_INFO 0x7B               /* HKDF */
#define KEYDIV_ITERATIONS 0x7C         /* 8: 1..2^31-1 */
/*
 * For each piece of the PRF's input its CK_SP800_108_ type (1), the length of its value (2) and
 * the value. A counter is its width in bits (1). CK_SP800_108_DKM_LENGTH is the method (1) and the
 * width in bits (1). CK_SP800_108_BYTE_ARRAY is the bytes. The iteration variable of the feedback
 * and double-pipeline modes has no value. All numbers of the PRF's input are big-endian.
 */
#define KEYDIV_DATA_PARAMETERS 0x7D
#define KEYDIV_FEEDBACK_IV 0x7E

#define KEYDIV_STEPS_EXTRACT 0x01
#define KEYDIV_STEPS_EXPAND 0x02

/*
 * USE, 1 byte, the sum of the bits below: what a key of the keydiv schemes may do. The token adds
 * this field at the end of the context. A caller must never give the field. A device that makes its
 * own key with usage appends 7F 00 01 and the byte. A key without usage has no such field.
 */
#define KEYDIV_USE 0x7F
#define KEYDIV_USE_CIPHER 0x01  /* CKA_ENCRYPT or CKA_DECRYPT */
#define KEYDIV_USE_MAC 0x02     /* CKA_SIGN or CKA_VERIFY */
#define KEYDIV_USE_WRAP 0x04    /* CKA_WRAP or CKA_UNWRAP */
#define KEYDIV_USE_DES 0x10     /* the key is a DES2 or DES3 key */
#define KEYDIV_USE_GENERIC 0x20 /* the key is a generic secret, an HKDF key or an HMAC key */

/* --- Attributes, key type, return codes --- */

/* client state: R, N (2 bytes) */
#define CKA_KEYDIV_SHAPE (KEYDIV_VENDOR | 1UL)
/* client state: next number; key from O-DUKPT: its number (8 bytes, big-endian) */
#define CKA_KEYDIV_TRANSACTION (KEYDIV_VENDOR | 2UL)
/* client state: transactions left (8 bytes, big-endian) */
#define CKA_KEYDIV_REMAINING (KEYDIV_VENDOR | 3UL)
/*
 * client state: numbers claimed at once; master with a window: counters of an incoming stream that
 * are marked in one write (CK_ULONG, 1..4096, default 1)
 */
#define CKA_KEYDIV_RESERVE (KEYDIV_VENDOR | 4UL)
/* template of C_DeriveKey and C_GenerateKey: the parameter, with a NULL mechanism parameter */
#define CKA_KEYDIV_PARAMETER (KEYDIV_VENDOR | 5UL)
/* key with CKA_DERIVE: its children may leave the token (CK_BBOOL, default false) */
#define CKA_KEYDIV_EXTRACTABLE_CHILDREN (KEYDIV_VENDOR | 6UL)
/* master: gives no key objects, only WITH_DERIVED_KEY works (CK_BBOOL, default false) */
#define CKA_KEYDIV_USE_ONLY (KEYDIV_VENDOR | 7UL)
/*
 * master: each counter is accepted once, above the highest used counter or at most this number
 * below; 0: any counter at any time (CK_ULONG, 0..1024, default 0). Implies CKA_KEYDIV_USE_ONLY
 * true and CKA_COPYABLE false. CKR_KEYDIV_REPLAYED
 */
#define CKA_KEYDIV_WINDOW (KEYDIV_VENDOR | 8UL)
/*
 * template of C_CreateObject in place of CKA_VALUE: the PKCS#11 URI (RFC 7512) of a secret key in
 * another token (keydiv.conf, foreign-module), which becomes a master and stays there. Needs
 * CKA_TOKEN and CKA_DERIVE true. Type and length are those of the key there.
 */
#define CKA_KEYDIV_FOREIGN_KEY (KEYDIV_VENDOR | 9UL)
/* the key of such a master could leave the other token when it was linked (CK_BBOOL, read only) */
#define CKA_KEYDIV_FOREIGN_EXTRACTABLE (KEYDIV_VENDOR | 0x0AUL)
/*
 * Flat forms of CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE and CKA_DERIVE_TEMPLATE, whose standard form
 * is an array with pointers. The value has, for each attribute, its type (4 bytes, big-endian), the
 * length of its value (4 bytes, big-endian) and its value in the form of PKCS#11. The value of a
 * CKA_DERIVE_TEMPLATE inside CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE is flat too. Both forms are one
 * attribute of the key. With "parameters = flat", the standard forms do not exist.
 */
#define CKA_KEYDIV_FLAT_WRAP_TEMPLATE (KEYDIV_VENDOR | 0x8211UL)
#define CKA_KEYDIV_FLAT_UNWRAP_TEMPLATE (KEYDIV_VENDOR | 0x8212UL)
#define CKA_KEYDIV_FLAT_DERIVE_TEMPLATE (KEYDIV_VENDOR | 0x8213UL)
/* CKO_MECHANISM: result of the self-test (CK_ULONG holding a CK_RV) */
#define CKA_KEYDIV_SELFTEST (KEYDIV_VENDOR | 0x10UL)
/* CKO_MECHANISM: duration of the self-test in nanoseconds (CK_ULONG) */
#define CKA_KEYDIV_SELFTEST_TIME (KEYDIV_VENDOR | 0x11UL)

#define CKK_KEYDIV_ODUKPT_CLIENT (KEYDIV_VENDOR | 1UL) /* an O-DUKPT client state */

#define CKR_KEYDIV_EXHAUSTED (KEYDIV_VENDOR | 1UL) /* the client state has no key left */
#define CKR_KEYDIV_REPLAYED (KEYDIV_VENDOR | 2UL)  /* the counter was used before */

/*
 * KEYDIV_WINDOW_REQUEST in the parameter of WITH_DERIVED_KEY asks for the replay window of the
 * stream that the other fields describe, or changes the window, and no message is made. C_SignInit
 * takes the parameter, also for an OPERATION that encrypts. C_Sign then returns a report instead of
 * a MAC, and ignores the data. The value is what to do, then the direction. FORGET and SKIP need a
 * read-write session. The report is 1 byte (01 if a counter was used, else 00), the highest used
 * counter (8, big-endian), and one bit for each of the WINDOW counters below, 1 if it was used,
 * where the lowest bit of the first byte is the counter just below the highest.
 */
#define KEYDIV_WINDOW_SHOW 0x01     /* first byte: only report */
#define KEYDIV_WINDOW_FORGET 0x02   /* each counter may be used again */
#define KEYDIV_WINDOW_SKIP 0x03     /* the counter in the parameter and all lower ones are used */
#define KEYDIV_WINDOW_INCOMING 0x01 /* second byte: C_Verify, C_Decrypt */
#define KEYDIV_WINDOW_OUTGOING 0x02 /* C_Sign, C_Encrypt */

/* Key usage indicators of X9.24-3 for KEYDIV_DUKPT_USAGE; TDES DUKPT takes the first five. */
#define KEYDIV_USAGE_PIN 0x1000
#define KEYDIV_USAGE_MAC_REQUEST 0x2000   /* MAC generation */
#define KEYDIV_USAGE_MAC_RESPONSE 0x2001  /* MAC verification */
#define KEYDIV_USAGE_DATA_REQUEST 0x3000  /* data encryption, encrypt */
#define KEYDIV_USAGE_DATA_RESPONSE 0x3001 /* data encryption, decrypt */
#define KEYDIV_USAGE_MAC_BOTH 0x2002
#define KEYDIV_USAGE_DATA_BOTH 0x3002
#define KEYDIV_USAGE_KEY_ENCRYPTION 0x0002
#define KEYDIV_USAGE_KEY_DERIVATION 0x8000

/* --- The builder --- */

#define KEYDIV_PARAMETER_MAX 4096

/*
 * A parameter being built, on the caller's stack. A field that does not fit or is out of order sets
 * `failed`, which then stays set.
 */
typedef struct keydiv_parameter {
	CK_ULONG length;
	unsigned char last_tag;
	unsigned char failed;
	unsigned char bytes[KEYDIV_PARAMETER_MAX];
} KEYDIV_PARAMETER;

/* Initialiser of an empty parameter. The bytes need no clearing. */
#define KEYDIV_PARAMETER_INIT \
	{ \
		0, 0, 0, { 0 } \
	}

/* Empty P, to build another parameter in it. */
static inline void keydiv_start(KEYDIV_PARAMETER *p)
{
	p->length = 0;
	p->last_tag = 0;
	p->failed = 0;
}

/*
 * Append the field TAG with the LENGTH bytes at VALUE (copied). A TAG that is not above the last
 * tag, and a field that does not fit, set P->failed.
 */
static inline void keydiv_put(
	KEYDIV_PARAMETER *p, unsigned char tag, const void *value, CK_ULONG length)
{
	if (p->failed || tag <= p->last_tag || length > 0xFFFF ||
		length + 3 > KEYDIV_PARAMETER_MAX - p->length) {
		p->failed = 1;
		return;
	}
	p->bytes[p->length++] = tag;
	p->bytes[p->length++] = (unsigned char)(length >> 8);
	p->bytes[p->length++] = (unsigned char)length;
	if (length > 0)
		memcpy(p->bytes + p->length, value, length);
	p->length += length;
	p->last_tag = tag;
}

/* Append the field TAG with NUMBER as 8 big-endian bytes: COUNTER, TRANSACTION. */
static inline void keydiv_put_number(
	KEYDIV_PARAMETER *p, unsigned char tag, unsigned long long number)
{
	unsigned char value[8];
	int i;

	for (i = 7; i >= 0; i--, number >>= 8)
		value[i] = (unsigned char)number;
	keydiv_put(p, tag, value, sizeof value);
}

/*
 * Append the field TAG with the CKM or CKK number TYPE as 4 big-endian bytes: DERIVATION,
 * OPERATION, KEY_TYPE.
 */
static inline void keydiv_put_type(KEYDIV_PARAMETER *p, unsigned char tag, CK_ULONG type)
{
	unsigned char value[4];
	int i;

	for (i = 3; i >= 0; i--, type >>= 8)
		value[i] = (unsigned char)type;
	keydiv_put(p, tag, value, sizeof value);
}

/*
 * Return the mechanism TYPE with the parameter P, which must live as long as the mechanism is used.
 * If P->failed is set, the parameter becomes one that the token refuses with
 * CKR_MECHANISM_PARAM_INVALID. The token never sees a parameter with a field missing.
 */
static inline CK_MECHANISM keydiv_mechanism(CK_ULONG type, KEYDIV_PARAMETER *p)
{
	CK_MECHANISM m;

	if (p->failed) {
		p->bytes[0] = 0; /* no field has tag 0 */
		p->length = 1;
	}
	m.mechanism = type;
	m.pParameter = p->bytes;
	m.ulParameterLen = p->length;
	return m;
}

#ifdef __cplusplus
}
#endif

#endif
