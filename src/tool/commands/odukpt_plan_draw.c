/* SPDX-License-Identifier: Apache-2.0 */
/* odukpt_plan_draw.c: draw the trade-off between client memory and server work as an SVG file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tool/commands/odukpt_plan_draw.h"
#include "tool/report.h"

#define WIDTH 760
#define HEIGHT 480
#define LEFT 70
#define TOP 50
#define STEP_X 20 /* a server call */
#define STEP_Y 11 /* a register */
#define BOTTOM (TOP + STEP_Y * SHAPE_MAX)

static unsigned x_of(unsigned calls)
{
	return LEFT + STEP_X * calls;
}

static unsigned y_of(unsigned registers)
{
	return BOTTOM - STEP_Y * registers;
}

static void draw_axes(FILE *out, uint64_t wanted)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 "
		"0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" "
		"height=\"100%%\" "
		"fill=\"white\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	fprintf(out,
		"<text x=\"%d\" y=\"24\" font-size=\"15\">Optimal-DUKPT shapes for %llu "
		"transactions</text>\n",
		LEFT, (unsigned long long)wanted);
	for (unsigned n = 0; n <= SHAPE_MAX; n += 4) {
		fprintf(out, "<path d=\"M%u %uV%u M%u %uH%u\" stroke=\"#ddd\" fill=\"none\"/>\n",
			x_of(n), y_of(0), y_of(SHAPE_MAX), x_of(0), y_of(n), x_of(SHAPE_MAX));
		fprintf(out, "<text x=\"%u\" y=\"%u\" text-anchor=\"middle\">%u</text>\n", x_of(n),
			y_of(0) + 16, n);
		fprintf(out, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\">%u</text>\n", x_of(0) - 6,
			y_of(n) + 4, n);
	}
	fprintf(out,
		"<text x=\"%u\" y=\"%u\" text-anchor=\"middle\">most server calls for one key "
		"(N)</text>\n",
		x_of(SHAPE_MAX / 2), y_of(0) + 36);
	fprintf(out,
		"<text transform=\"translate(22 %u) rotate(-90)\" text-anchor=\"middle\">key "
		"registers of the client "
		"(R)</text>\n",
		y_of(SHAPE_MAX / 2));
}

static void draw_point(FILE *out, const struct scheme *s, const char *colour, const char *name)
{
	fprintf(out,
		"<circle cx=\"%u\" cy=\"%u\" r=\"4\" fill=\"%s\"><title>R=%u N=%u "
		"T=%llu</title></circle>\n",
		x_of(s->calls), y_of(s->registers), colour, s->registers, s->calls,
		(unsigned long long)s->keys);
	if (name)
		fprintf(out, "<text x=\"%u\" y=\"%u\" fill=\"%s\">%s: T = %llu</text>\n",
			x_of(s->calls) + 8, y_of(s->registers) + 4, colour, name,
			(unsigned long long)s->keys);
}

bool plan_draw(const char *file, uint64_t wanted, const struct scheme *shapes, size_t count,
	const struct scheme *tdes, const struct scheme *aes)
{
	FILE *out = fopen(file, "we");

	if (!out)
		return fail("cannot write '%s': %s", file, strerror(errno));
	draw_axes(out, wanted);
	fputs("<polyline fill=\"none\" stroke=\"#1f6f8b\" stroke-width=\"2\" points=\"", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%u,%u ", x_of(shapes[i].calls), y_of(shapes[i].registers));
	fputs("\"/>\n", out);
	for (size_t i = 0; i < count; i++)
		draw_point(out, &shapes[i], "#1f6f8b", NULL);
	draw_point(out, tdes, "#b8501d", "TDES DUKPT");
	draw_point(out, aes, "#5b3a8c", "AES DUKPT");
	fputs("</svg>\n", out);
	bool ok = !ferror(out);
	ok = fclose(out) == 0 && ok;
	return ok ? true : fail("cannot write '%s': %s", file, strerror(errno));
}
