/* SPDX-License-Identifier: Apache-2.0 */
/* json_record.c: reads one record from a JSON object. */
#include "tool/bulk/json_record.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/*
 * Get the member of O that COLUMN names, as text. A number keeps the digits that were read. False:
 * PROBLEM is set.
 */
static bool member(struct json_object *o, const struct value_column *column,
	struct record_value *ret, struct problem *problem)
{
	const char *name = column->name;
	struct json_object *value;

	*ret = (struct record_value){0};
	if (!json_object_object_get_ex(o, name, &value))
		return column->presence != REQUIRED ||
		       problem_set(problem, CKR_OK, "the member '%s' is missing", name);
	if (column->presence == FORBIDDEN)
		return problem_set(
			problem, CKR_OK, "there is a member '%s' already: remove it", name);
	if (!json_object_is_type(value, json_type_string) &&
		!json_object_is_type(value, json_type_int))
		return problem_set(problem, CKR_OK,
			"the member '%s' is neither text nor a whole number", name);
	ret->p = json_object_get_string(value);
	ret->n = strlen(ret->p);
	if (json_object_is_type(value, json_type_string) &&
		ret->n != (size_t)json_object_get_string_len(value))
		return problem_set(problem, CKR_OK, "the member '%s' has a NUL in it", name);
	return true;
}

/*
 * json-c keeps the last of several members of one name, and another reader may keep the first. So
 * such a line is refused. The members of the parsed object are then fewer than the colons outside
 * of strings.
 */
static bool has_doubled_member(struct json_object *o, const char *line, size_t n)
{
	size_t colons = 0;
	bool inside = false;

	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\\' && inside)
			i++;
		else if (line[i] == '"')
			inside = !inside;
		else if (line[i] == ':' && !inside)
			colons++;
	}
	return colons != (size_t)json_object_object_length(o);
}

/*
 * Return true if LINE has the number NUMBER. json-c reads a number that is too large as the largest
 * number there is, which the line then does not have.
 */
static bool has_number(const char *line, size_t n, const char *number)
{
	size_t length = strlen(number);

	for (size_t i = 0; i + length <= n; i++)
		if (memcmp(line + i, number, length) == 0 &&
			(i + length == n || !isdigit((unsigned char)line[i + length])))
			return true;
	return false;
}

/* Parse LINE with the flags FLAGS of json-c. The caller frees RET. */
static bool parse_once(
	const char *line, size_t n, int flags, struct json_object **ret, struct problem *problem)
{
	struct json_tokener *tokener = json_tokener_new();

	if (tokener == NULL)
		return problem_set(problem, CKR_HOST_MEMORY, "cannot read JSON");
	json_tokener_set_flags(tokener, flags);
	*ret = json_tokener_parse_ex(tokener, line, (int)n);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success)
		return true;
	const char *why = json_tokener_error_desc(error);
	if (error == json_tokener_continue)
		why = "its end is missing";
	else if (error == json_tokener_error_parse_number)
		why = "a number is malformed, or has more than 64 bits";
	return problem_set(problem, CKR_OK, "the line is not JSON: %s", why);
}

/*
 * Check LINE as strictly as json-c can. The strict mode of json-c 0.18 refuses every character that
 * is not ASCII, so it reads a copy in which such characters are replaced.
 */
static bool is_strict(const char *line, size_t n, struct problem *problem)
{
	struct json_object *unused = NULL;
	char *copy = malloc(n + 1);

	if (copy == NULL)
		return problem_set(problem, CKR_HOST_MEMORY, "cannot read JSON");
	for (size_t i = 0; i < n; i++)
		copy[i] = (unsigned char)line[i] < 0x80 ? line[i] : 'x';
	copy[n] = '\0';
	bool good = parse_once(copy, n, JSON_TOKENER_STRICT, &unused, problem);
	json_object_put(unused);
	free(copy);
	return good;
}

static bool is_ascii(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] >= 0x80)
			return false;
	return true;
}

static bool parse(const char *line, size_t n, struct record_memory *memory, struct problem *problem)
{
	int flags = JSON_TOKENER_STRICT;

	if (!is_ascii(line, n)) {
		if (!is_strict(line, n, problem))
			return false;
		flags = JSON_TOKENER_VALIDATE_UTF8;
	}
	if (!parse_once(line, n, flags, &memory->object, problem))
		return false;
	if (!json_object_is_type(memory->object, json_type_object))
		return problem_set(problem, CKR_OK, "the line is not a JSON object");
	json_object_object_foreach(memory->object, name, value)
	{
		if (json_object_is_type(value, json_type_object) ||
			json_object_is_type(value, json_type_array))
			return problem_set(
				problem, CKR_OK, "the member '%.100s' is not flat", name);
		if (json_object_is_type(value, json_type_int) &&
			!has_number(line, n, json_object_get_string(value)))
			return problem_set(problem, CKR_OK,
				"the member '%.100s' is a number of more than 64 bits", name);
	}
	if (has_doubled_member(memory->object, line, n))
		return problem_set(problem, CKR_OK, "a member occurs twice");
	return true;
}

bool json_record(const struct record_format *format, const char *line, size_t n,
	struct record_memory *memory, struct record *ret, struct problem *problem)
{
	const struct value_column name_column = {format->member, REQUIRED, false};
	struct record_value name;

	json_record_end(memory);
	if (!parse(line, n, memory, problem) ||
		!member(memory->object, &name_column, &name, problem) ||
		!record_name(format, name.p, name.n, memory->name, memory->shown, ret, problem))
		return false;
	ret->text = line;
	ret->text_n = n;
	for (size_t i = 0; format->values && format->values[i].name; i++)
		if (!member(memory->object, &format->values[i], &ret->value[i], problem) ||
			!record_value_check(&format->values[i], &ret->value[i], problem))
			return false;
	return true;
}

void json_record_end(struct record_memory *memory)
{
	json_object_put(memory->object);
	memory->object = NULL;
}
