/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h: every command. Their table is in commands.c. */
#ifndef KEYDIV_TOOL_COMMANDS_H
#define KEYDIV_TOOL_COMMANDS_H

#include "tool/options.h"

extern const struct command cmd_init, cmd_info, cmd_mechanisms, cmd_selftest;
extern const struct command cmd_key_generate, cmd_key_import, cmd_key_export, cmd_key_link,
	cmd_key_list, cmd_key_show, cmd_key_trust, cmd_key_delete;
extern const struct command cmd_derive, cmd_verify, cmd_open, cmd_sign, cmd_seal;
extern const struct command cmd_device_rotate, cmd_device_wrap, cmd_device_retire, cmd_device_show;
extern const struct command cmd_odukpt_plan, cmd_odukpt_initial, cmd_odukpt_client, cmd_odukpt_next,
	cmd_odukpt_retrieve;
extern const struct command cmd_window_show, cmd_window_forget, cmd_window_skip;
extern const struct command cmd_pin_change, cmd_pin_unlock;
extern const struct command cmd_config_check;
extern const struct command cmd_store_init, cmd_store_status, cmd_store_copy;

#endif
