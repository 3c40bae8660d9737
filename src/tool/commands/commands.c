/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c: the table of the commands, in the order of the help. */
#include "tool/commands/commands.h"

const struct command *const commands[] = {
	&cmd_init,
	&cmd_info,
	&cmd_mechanisms,
	&cmd_selftest,
	&cmd_key_generate,
	&cmd_key_import,
	&cmd_key_list,
	&cmd_key_show,
	&cmd_key_trust,
	&cmd_key_delete,
	&cmd_derive,
	&cmd_verify,
	&cmd_open,
	&cmd_sign,
	&cmd_seal,
	&cmd_device_rotate,
	&cmd_device_wrap,
	&cmd_device_retire,
	&cmd_device_show,
	&cmd_odukpt_plan,
	&cmd_odukpt_initial,
	&cmd_odukpt_client,
	&cmd_odukpt_next,
	&cmd_odukpt_retrieve,
	&cmd_pin_change,
	&cmd_pin_unlock,
	&cmd_config_check,
	NULL,
};
