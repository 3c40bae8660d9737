/* SPDX-License-Identifier: Apache-2.0 */
/* list.h: the registry, the only list of mechanisms: one line a row, MECHANISM(x) for `const struct mechanism mech_x`. */

/* device keys and their kin (device_key.c, message_key.c, session_key.c, data_key.c) */
MECHANISM(device_key)
MECHANISM(message_key)
MECHANISM(device_message_key)
MECHANISM(session_key)
MECHANISM(device_session_key)
MECHANISM(data_key)
/* card schemes (cmac.c) */
MECHANISM(cmac)
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
