/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h: the choices `odukpt plan` shows and draws. */
#ifndef KEYDIV_TOOL_PLAN_H
#define KEYDIV_TOOL_PLAN_H

#include <stddef.h>

#include "tool/commands/tree.h"

#define SHAPE_MAX 32 /* R and N go to 32 */

/* The shapes for WANTED transactions, by growing N; returns how many. */
size_t plan_shapes(uint64_t wanted, struct scheme ret[SHAPE_MAX]);

/*
 * Draw the COUNT shapes as a curve, with TDES and AES DUKPT as points, into the SVG file
 * FILE. False: reported.
 */
bool plan_draw(const char *file, uint64_t wanted, const struct scheme *shapes, size_t count,
	const struct scheme *tdes, const struct scheme *aes);

#endif
