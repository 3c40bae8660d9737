/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_plan_draw.h: the drawing of `odukpt plan`. */
#ifndef KEYDIV_TOOL_ODUKPT_PLAN_DRAW_H
#define KEYDIV_TOOL_ODUKPT_PLAN_DRAW_H

#include <stddef.h>

#include "tool/commands/odukpt_shapes.h"

/*
 * Draw the COUNT shapes as a curve, with TDES and AES DUKPT as points, into the SVG file FILE.
 * False after a report.
 */
bool plan_draw(const char *file, uint64_t wanted, const struct scheme *shapes, size_t count,
	const struct scheme *tdes, const struct scheme *aes);

#endif
