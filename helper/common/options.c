/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/common/options.h"
#include "helper/common/output.h"
#include "lib/base/key-limits.h"
#include "lib/base/language.h"
#include "lib/base/number.h"
#include "lib/base/suggest.h"
#include "lib/base/text.h"
#include "lib/profile/search.h"
#include "lib/profile/setting.h"

/*
 * Those with a value come first: their place here is their place in `given`.
 * getopt_long(3) is not used: it takes abbreviations, which would become part of the contract.
 */
static const struct option_spec {
	unsigned option; /* which OPTION_ it is                     */
	char letter;     /* its short form, or a capital one without */
	const char *name;
} option_specs[] = {
	{OPTION_PROFILE, 'p', "profile"},
	{OPTION_APP, 'a', "app"},
	{OPTION_INSTALLATION, 'i', "installation"},
	{OPTION_ORGANIZATION, 'o', "organization"},
	{OPTION_MIN_TTL, 'M', "min-ttl"},
	{OPTION_EVERYWHERE, 'T', "timeout"},
	{OPTION_PASSPHRASE, 'F', "passphrase-fd"},
	{OPTION_LABEL, 'L', "label"},
	/* without a value */
	{OPTION_AS_APP, 'A', "as-app"},
	{OPTION_HEX, 'X', "hex"},
	{OPTION_HEADER, 'H', "header"},
	{OPTION_EVERYWHERE, 'N', "no-interactive"},
	{OPTION_EVERYWHERE, 'J', "json"},
	{OPTION_EVERYWHERE, 'q', "quiet"},
	{OPTION_EVERYWHERE, 'v', "verbose"},
	{OPTION_EVERYWHERE, 'h', "help"},
	{OPTION_EVERYWHERE, 'V', "version"},
};

int options_complain(struct options *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(o->complaint, sizeof(o->complaint), format, args);
	va_end(args);
	return -1;
}

static bool options_takes_value(const struct option_spec *spec)
{
	return spec - option_specs < OPTIONS_VALUED;
}

int options_profile(struct options *o, const char *value, const char *from)
{
	if (profile_name_ok(value))
		return 0;
	return options_complain(
		o,
		"%s: \"%.100s\" cannot be the name of a profile; give the name of its file without "
		"folder and .conf",
		from, value);
}

/* An ID is a setting's value as well, and has its rule. */
static int options_id(struct options *o, const char *setting, const char *value, const char **ret)
{
	const char *wrong = setting_wrong(setting, value);

	if (wrong)
		return options_complain(o, "--%s %s, not: %.200s", setting, wrong, value);
	*ret = value;
	return 0;
}

_Static_assert(LABEL_MAX == 512, "the message below says so");

/* A keyring's own programs show it, and D-Bus closes a connection that sends other bytes than UTF-8. */
static int options_label(struct options *o, const char *value)
{
	size_t len;

	if (strlen(value) > LABEL_MAX)
		return options_complain(o, "the --label is longer than 512 bytes; give a shorter one");
	for (o->label = value; *value; value += len) {
		len = utf8_printable(value);
		if (len == 0)
			return options_complain(
				o, "the --label has a byte that is not printable UTF-8; leave it out");
	}
	return 0;
}

/* Not standard output or error, where others write. */
static int options_descriptor(struct options *o, const char *value)
{
	uint64_t number = 0;
	int flags;

	if (!parse_uint(value, INT_MAX, &number) || number == 1 || number == 2)
		return options_complain(
			o,
			"--passphrase-fd wants the number of a descriptor to read from, 0 or 3 and up, not: %.200s",
			value);
	o->passphrase_fd = (int)number;
	/* One of our own stands where the caller has opened none. */
	flags = o->passphrase_fd == output_fd() ? -1 : fcntl(o->passphrase_fd, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY)
		return options_complain(
			o,
			"--passphrase-fd: cannot read descriptor %s: %s; give one that is open, such as "
			"3<FILE in a shell",
			value, flags < 0 ? "Bad file descriptor" : "it is open for writing only");
	o->has_passphrase = true;
	return 0;
}

unsigned options_timeout_ms(const struct options *o, const char *setting)
{
	unsigned seconds = 0;

	if (o->timeout_ms || !parse_duration(setting, UINT_MAX, &seconds))
		return o->timeout_ms;
	return MIN(seconds, OPTIONS_TIMEOUT_MAX) * 1000;
}

static int options_flag(struct options *o, const struct option_spec *spec)
{
	o->seen |= spec->option;
	o->as_app |= spec->letter == 'A';
	o->no_interactive |= spec->letter == 'N';
	o->json |= spec->letter == 'J';
	o->quiet |= spec->letter == 'q';
	o->verbose += spec->letter == 'v';
	o->help |= spec->letter == 'h';
	o->version |= spec->letter == 'V';
	return 0;
}

_Static_assert(OPTIONS_MIN_TTL_MAX == 24 * 3600 && OPTIONS_TIMEOUT_MAX == 3600, "the messages below say so");

static int options_value(struct options *o, const struct option_spec *spec, const char *value)
{
	const char **given = &o->given[spec - option_specs];
	unsigned seconds = 0;

	/* An empty value is most often a shell variable that was never set. */
	if (!*value)
		return options_complain(o, "--%s has an empty value", spec->name);
	if (*given && strcmp(*given, value) != 0)
		return options_complain(o, "--%s is given twice, with %.100s and %.100s; leave one out",
					spec->name, *given, value);
	*given = value;
	o->seen |= spec->option;
	switch (spec->letter) {
	case 'p':
		o->profile = value;
		return options_profile(o, value, "--profile");
	case 'a':
		return options_id(o, "app", value, &o->app);
	case 'i':
		return options_id(o, "installation", value, &o->installation);
	case 'o':
		return options_id(o, "organization", value, &o->organization);
	case 'L':
		return options_label(o, value);
	case 'F':
		return options_descriptor(o, value);
	case 'M':
		if (parse_duration(value, OPTIONS_MIN_TTL_MAX, &o->min_ttl))
			return 0;
		return options_complain(
			o, "--min-ttl wants a duration (90, 90s, 5m, 1h) of 24h at most, not: %.200s", value);
	default:
		if (!parse_duration(value, OPTIONS_TIMEOUT_MAX, &seconds) || seconds == 0)
			return options_complain(
				o, "--timeout wants a duration (90, 90s, 5m, 1h) from 1s to 1h, not: %.200s",
				value);
		o->timeout_ms = seconds * 1000;
		return 0;
	}
}

/* A value that is a word of its own.  No value begins with a dash, but the option after a forgotten one does. */
static int options_next(struct options *o, const struct option_spec *spec, const char *value)
{
	if (!value)
		return options_complain(o, "--%s needs a value", spec->name);
	if (value[0] == '-')
		return options_complain(o, "--%s needs a value; if it is %.100s, write --%s=%.100s",
					spec->name, value, spec->name, value);
	return options_value(o, spec, value) < 0 ? -1 : 1;
}

/* Returns how many further words of argv were used up, or -1. */
static int options_long(struct options *o, const char *word, const char *next)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name), i;
	const struct option_spec *spec = NULL;
	struct suggestion similar;

	for (i = 0; i < ARRAY_SIZE(option_specs) && !spec; i++) {
		if (strlen(option_specs[i].name) == len && memcmp(option_specs[i].name, name, len) == 0)
			spec = &option_specs[i];
	}
	if (!spec) {
		similar = suggest_for(name, len);
		similar.prefix = "--";
		for (i = 0; i < ARRAY_SIZE(option_specs); i++)
			suggest_name(&similar, option_specs[i].name, strlen(option_specs[i].name));
		return options_complain(o, "unknown option: %.200s%s", word, suggest_text(&similar));
	}
	if (options_takes_value(spec))
		return equals ? options_value(o, spec, equals + 1) : options_next(o, spec, next);
	if (equals)
		return options_complain(o, "--%s takes no value, but has one: %.200s", spec->name, word);
	return options_flag(o, spec);
}

/* One word of short options, such as -qv or -pNAME. */
static int options_short(struct options *o, const char *word, const char *next)
{
	const struct option_spec *spec;
	const char *letter;
	size_t i;

	for (letter = word + 1; *letter; letter++) {
		for (i = 0, spec = NULL; i < ARRAY_SIZE(option_specs) && !spec; i++) {
			if (option_specs[i].letter == *letter && *letter >= 'a' && *letter <= 'z')
				spec = &option_specs[i];
		}
		if (!spec)
			return options_complain(o, "unknown option: %.200s", word);
		if (options_takes_value(spec))
			return letter[1] ? options_value(o, spec, letter + 1) : options_next(o, spec, next);
		options_flag(o, spec);
	}
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int i, used, words = 0;
	bool ended = false;

	for (i = 1; i < argc; i++) {
		char *word = argv[i];

		if (ended || word[0] != '-' || !word[1]) {
			argv[words++] = word;
			ended |= o->wraps && words == 1 && strcmp(argv[0], o->wraps) == 0;
			ended |= o->runs && words == 2 && strcmp(argv[0], o->runs) == 0;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			ended = true;
			continue;
		}
		used = word[1] == '-' ? options_long(o, word, argv[i + 1])
				      : options_short(o, word, argv[i + 1]);
		if (used < 0) {
			while (++i < argc && !o->json)
				o->json = strcmp(argv[i], "--json") == 0;
			return -1;
		}
		i += used;
	}
	if (!!o->installation + !!o->organization + o->as_app > 1)
		return options_complain(
			o, "only one of --installation, --organization and --as-app can be given");
	if (o->json && o->seen & OPTION_HEADER)
		return options_complain(o, "--json and --header exclude each other");
	if (o->quiet && o->verbose)
		return options_complain(o, "--quiet and --verbose contradict each other");
	return words;
}

int options_suit(struct options *o, unsigned takes)
{
	const char *profile = secure_getenv("ICRED_PROFILE");
	unsigned unwanted = o->seen & ~(takes | OPTION_EVERYWHERE);
	size_t i;

	o->takes = takes | OPTION_EVERYWHERE;
	for (i = 0; unwanted && i < ARRAY_SIZE(option_specs); i++) {
		if (unwanted & option_specs[i].option)
			return options_complain(o, "--%s does not apply to this command; leave it out",
						option_specs[i].name);
	}
	if (takes & OPTION_PROFILE && !o->profile && profile && *profile)
		return options_profile(o, profile, "ICRED_PROFILE");
	return 0;
}
