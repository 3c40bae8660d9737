/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h: the registry, which is the only list of mechanisms. MECHANISM(x) stands for `const
 * struct mechanism mech_x`.
 */

/*
 * device, message, session and data keys (device_key.c, message_key.c, session_key.c, data_key.c)
 */
MECHANISM(device_key)
MECHANISM(message_key)
MECHANISM(device_message_key)
MECHANISM(session_key)
MECHANISM(device_session_key)
MECHANISM(data_key)
/* card schemes (cmac.c, an10922.c, scp03.c, emv.c) */
MECHANISM(cmac)
MECHANISM(an10922)
MECHANISM(scp03_key)
MECHANISM(emv_card_key)
MECHANISM(emv_session_key)
/* classical DUKPT (dukpt_tdes.c, dukpt_aes.c) */
MECHANISM(tdes_dukpt_initial_key)
MECHANISM(tdes_dukpt_key)
MECHANISM(aes_dukpt_initial_key)
MECHANISM(aes_dukpt_key)
/* Optimal-DUKPT (odukpt.c, odukpt_client.c) */
MECHANISM(odukpt_initial_key)
MECHANISM(odukpt_key)
MECHANISM(odukpt_client)
MECHANISM(odukpt_next_key)
/* n-fold derivation (horowitz.c, rfc3961.c) */
MECHANISM(horowitz_dk)
MECHANISM(horowitz_password_key)
MECHANISM(rfc3961_dk)
/* standard derivation (sp800_108.c, hkdf.c, pbkdf2.c, encrypt_data.c) */
MECHANISM(sp800_108_counter_kdf)
MECHANISM(sp800_108_feedback_kdf)
MECHANISM(sp800_108_double_pipeline_kdf)
MECHANISM(hkdf_derive)
MECHANISM(hkdf_data)
MECHANISM(hkdf_key_gen)
MECHANISM(pkcs5_pbkd2)
MECHANISM(aes_ecb_encrypt_data)
MECHANISM(aes_cbc_encrypt_data)
MECHANISM(des3_ecb_encrypt_data)
MECHANISM(des3_cbc_encrypt_data)
/* standard key generation and encryption (aes.c, des3.c, generic.c) */
MECHANISM(generic_secret_key_gen)
MECHANISM(aes_key_gen)
MECHANISM(des2_key_gen)
MECHANISM(des3_key_gen)
MECHANISM(aes_ecb)
MECHANISM(aes_cbc)
MECHANISM(aes_cbc_pad)
MECHANISM(aes_ctr)
MECHANISM(aes_gcm)
MECHANISM(aes_ccm)
MECHANISM(des3_ecb)
MECHANISM(des3_cbc)
/* standard message authentication (aes_mac.c, des3_mac.c, hmac.c) */
MECHANISM(aes_cmac)
MECHANISM(aes_cmac_general)
MECHANISM(aes_gmac)
MECHANISM(des3_cmac)
MECHANISM(des3_cmac_general)
MECHANISM(sha_1_hmac)
MECHANISM(sha_1_hmac_general)
MECHANISM(sha224_hmac)
MECHANISM(sha224_hmac_general)
MECHANISM(sha256_hmac)
MECHANISM(sha256_hmac_general)
MECHANISM(sha384_hmac)
MECHANISM(sha384_hmac_general)
MECHANISM(sha512_hmac)
MECHANISM(sha512_hmac_general)
/* standard digests (sha.c) and key wrap (aes_wrap.c) */
MECHANISM(sha_1)
MECHANISM(sha224)
MECHANISM(sha256)
MECHANISM(sha384)
MECHANISM(sha512)
MECHANISM(aes_key_wrap)
MECHANISM(aes_key_wrap_kwp)
