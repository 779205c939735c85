/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <icred/module.h>

#include "lib/base/error.h"
#include "lib/base/number.h"
#include "lib/base/text.h"
#include "lib/profile/origin.h"
#include "lib/profile/setting.h"

#define SETTINGS_MAX 256
#define YEAR         (365 * 24 * 3600)

/* What is wrong with a value, as "must be ..."; NULL if nothing is. */
typedef const char *check_fn(const char *value);

/* An ID goes into a path, a JWT and the name of a cache entry: one opaque word. */
static const char *check_id(const char *value)
{
	size_t len = strlen(value);

	if (!text_is_plain(value, "/?#%\\\""))
		return "must be an ID as the dashboard shows it: letters, digits and dashes";
	if (!len || len > ICRED_ID_MAX || strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
		return "must be an ID of 1 to 255 characters";
	return NULL;
}

static const char *check_url(const char *value)
{
	struct origin origin;

	return origin_parse(value, &origin) ? NULL : "must be a URL such as https://api.carbonregistry.com";
}

/* A path here would look like a limit, and there is none within an origin. */
static const char *check_origin(const char *value)
{
	const char *wrong = check_url(value), *host = strstr(value, "://");
	size_t len = host ? strcspn(host + 3, "/?#") : 0;

	if (wrong)
		return wrong;
	return host[3 + len] && strcmp(host + 3 + len, "/") != 0
		       ? "must be scheme, host and port only, without a path"
		       : NULL;
}

static const char *check_bool(const char *value)
{
	return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0 ? NULL : "must be yes or no";
}

static const char *check_duration(const char *value)
{
	unsigned seconds;

	return parse_duration(value, YEAR, &seconds) ? NULL : "must be a duration: 90, 90s, 5m or 1h";
}

/* With 0 every call would time out. */
static const char *check_timeout(const char *value)
{
	unsigned seconds;

	return parse_duration(value, YEAR, &seconds) && seconds
		       ? NULL
		       : "must be a duration of 1s or more: 90, 90s, 5m or 1h";
}

static const char *check_file(const char *value)
{
	return value[0] == '/' ? NULL : "must be the absolute name of a file";
}

static const char *check_prefix(const char *value)
{
	return text_is_plain(value, "?#%\\\"") && value[0] == '/' && !strstr(value, "..") &&
			       !strstr(value, "//")
		       ? NULL
		       : "must be a path such as /v1";
}

static const char *check_word(const char *value)
{
	return *value && text_is_plain(value, ":\"") ? NULL : "must be one plain word";
}

static const char *check_git_path(const char *value)
{
	const char *blank = strchr(value, ' ');

	if (!blank || blank == value || check_id(blank + 1))
		return "must be a path prefix and an installation ID";
	return NULL;
}

/* Settings of one group exclude each other: whose token it is. */
enum { GROUP_NONE, GROUP_TARGET };

static const struct setting {
	const char *name;
	check_fn *check;
	const char *fallback;
	bool repeatable;
	char group;
} table[] = {
	{"app", check_id, NULL, false, GROUP_NONE},
	{"api", check_url, "https://api.carbonregistry.com", false, GROUP_NONE},
	{"api-version", check_word, NULL, false, GROUP_NONE},
	{"path-prefix", check_prefix, NULL, false, GROUP_NONE},
	{"installation", check_id, NULL, false, GROUP_TARGET},
	{"organization", check_id, NULL, false, GROUP_TARGET},
	{"as-app", check_bool, NULL, false, GROUP_TARGET},
	{"origin", check_origin, NULL, true, GROUP_NONE},
	{"ca", check_file, NULL, false, GROUP_NONE},
	{"min-ttl", check_duration, "0", false, GROUP_NONE},
	{"timeout", check_timeout, "30", false, GROUP_NONE},
	{"username", check_word, "x-access-token", false, GROUP_NONE},
	{"insecure-loopback", check_bool, "no", false, GROUP_NONE},
	{"git-path", check_git_path, NULL, true, GROUP_NONE},
	{"audit", check_bool, NULL, false, GROUP_NONE}, /* profile_audits() has the default */
};

static int setting_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool setting_known(const char *name)
{
	return setting_number(name) >= 0;
}

void settings_suggest(struct suggestion *suggestion)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		suggest_name(suggestion, table[i].name, strlen(table[i].name));
}

const char *setting_wrong(const char *name, const char *value)
{
	int which = setting_number(name);

	return which < 0 ? "is not a setting" : table[which].check(value);
}

static void remove_replaced(struct settings *settings, int which, const char *value)
{
	bool names_target = table[which].group && strcmp(value, "no") != 0; /* "as-app no" does not */

	for (size_t i = settings->count; i-- > 0;) {
		struct setting_value *at = &settings->values[i];
		if ((at->which == which && !table[which].repeatable) ||
		    (names_target && table[at->which].group == table[which].group)) {
			free(at->value);
			memmove(at, at + 1, (--settings->count - i) * sizeof(*at));
		}
	}
}

int settings_add(struct settings *settings, const char *name, const char *value, char *why, size_t why_cap)
{
	int which = setting_number(name);
	const char *wrong = setting_wrong(name, value);
	struct setting_value *grown;
	char *copy;

	if (!wrong && settings->count >= SETTINGS_MAX)
		wrong = "is one setting too many";
	if (wrong) {
		snprintf(why, why_cap, "%.40s %s", name, wrong);
		return ICRED_E_INVALID;
	}
	copy = strdup(value);
	grown = copy ? realloc(settings->values, (settings->count + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		snprintf(why, why_cap, "out of memory");
		return ICRED_E_NO_MEMORY;
	}
	settings->values = grown;
	remove_replaced(settings, which, value);
	settings->values[settings->count++] =
		(struct setting_value){.which = (unsigned char)which, .value = copy};
	return ICRED_OK;
}

void settings_set_position(struct settings *settings, struct position position)
{
	settings->values[settings->count - 1].position = position;
}

static const struct setting_value *find_value(const struct settings *settings, int which, size_t nth)
{
	size_t seen = 0;

	for (size_t i = 0; i < settings->count; i++)
		if (settings->values[i].which == which && seen++ == nth)
			return &settings->values[i];
	return NULL;
}

struct position settings_position(const struct settings *settings, const char *name, size_t nth)
{
	const struct setting_value *value = find_value(settings, setting_number(name), nth);

	return value ? value->position : (struct position){NULL, 0, 0};
}

struct position settings_position_at(const struct settings *settings, size_t i)
{
	return settings->values[i].position;
}

const char *settings_get(const struct settings *settings, const char *name, size_t nth)
{
	int which = setting_number(name);
	const struct setting_value *value = find_value(settings, which, nth);

	if (value)
		return value->value;
	return which < 0 || nth ? NULL : table[which].fallback;
}

bool settings_yes(const struct settings *settings, const char *name)
{
	return same_string(settings_get(settings, name, 0), "yes");
}

unsigned settings_seconds(const struct settings *settings, const char *name)
{
	const char *value = settings_get(settings, name, 0);
	unsigned seconds = 0;

	if (value && !parse_duration(value, YEAR, &seconds))
		return 0; /* cannot be: it was checked as it was added */
	return seconds;
}

const char *settings_at(const struct settings *settings, size_t i, const char **ret_value)
{
	if (i >= settings->count)
		return NULL;
	*ret_value = settings->values[i].value;
	return table[settings->values[i].which].name;
}

void settings_clear(struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		free(settings->values[i].value);
	free(settings->values);
	*settings = (struct settings){NULL, 0};
}
