/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "key-limits.h"
#include "options.h"
#include "util.h"

/* getopt_long(3) is not used: it takes abbreviations, which would become part of the contract. */
static const struct option_spec {
	char letter;
	bool takes_value;
	const char *name;
} option_specs[] = {
	{'p', true, "profile"},       {'a', true, "app"},
	{'i', true, "installation"},  {'o', true, "organization"},
	{'A', false, "as-app"},       {'m', true, "min-ttl"},
	{'t', true, "timeout"},       {'n', false, "no-interactive"},
	{'j', false, "json"},         {'q', false, "quiet"},
	{'v', false, "verbose"},      {'h', false, "help"},
	{'V', false, "version"},      {'l', true, "label"},
	{'x', false, "hex"},          {'H', false, "header"},
	{'f', true, "passphrase-fd"},
};

static const char option_letters[] = "paioqvh"; /* the others have no short form */

int options_complain(struct options *o, const char *complaint, const char *culprit)
{
	o->complaint = complaint;
	o->culprit = culprit;
	return -1;
}

static const struct option_spec *options_find_long(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(option_specs) / sizeof(option_specs[0]); i++) {
		if (strlen(option_specs[i].name) == len && memcmp(option_specs[i].name, name, len) == 0)
			return &option_specs[i];
	}
	return NULL;
}

static const struct option_spec *options_find_short(char letter)
{
	size_t i;

	for (i = 0; strchr(option_letters, letter) && i < sizeof(option_specs) / sizeof(option_specs[0]);
	     i++) {
		if (option_specs[i].letter == letter)
			return &option_specs[i];
	}
	return NULL;
}

/* An empty value is most often a shell variable that was never set. */
static int options_text(struct options *o, const char *value, const char **ret)
{
	if (!*value)
		return options_complain(o, "an option has an empty value", NULL);
	*ret = value;
	return 0;
}

_Static_assert(LABEL_MAX == 512, "the message below says so");

static int options_label(struct options *o, const char *value)
{
	o->special |= OPTION_LABEL;
	if (strlen(value) > LABEL_MAX)
		return options_complain(o, "the --label is longer than 512 bytes", NULL);
	return options_text(o, value, &o->label);
}

_Static_assert(OPTIONS_MIN_TTL_MAX == 24 * 3600, "the message below says so");

static int options_min_ttl(struct options *o, const char *value)
{
	if (!parse_duration(value, OPTIONS_MIN_TTL_MAX, &o->min_ttl))
		return options_complain(o, "--min-ttl wants a duration (90, 90s, 5m, 1h) of 24h at most, not",
					value);
	return 0;
}

_Static_assert(OPTIONS_TIMEOUT_MAX == 3600, "the message below says so");

static int options_timeout(struct options *o, const char *value)
{
	unsigned seconds = 0;

	if (!parse_duration(value, OPTIONS_TIMEOUT_MAX, &seconds) || seconds == 0)
		return options_complain(o, "--timeout wants a duration (90, 90s, 5m, 1h) from 1s to 1h, not",
					value);
	o->timeout_ms = seconds * 1000;
	return 0;
}

/* Not standard output or error: what is written there is not to be read. */
static int options_descriptor(struct options *o, const char *value)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || number > INT_MAX || number == 1 || number == 2)
		return options_complain(
			o, "--passphrase-fd wants the number of a descriptor to read from, 0 or 3 and up",
			value);
	o->passphrase_fd = (int)number;
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

static int options_flag(struct options *o, char letter)
{
	o->as_app |= letter == 'A';
	o->no_interactive |= letter == 'n';
	o->json |= letter == 'j';
	o->quiet |= letter == 'q';
	o->verbose += letter == 'v';
	o->help |= letter == 'h';
	o->version |= letter == 'V';
	o->special |= letter == 'x' ? OPTION_HEX : letter == 'H' ? OPTION_HEADER : 0;
	return 0;
}

static int options_value(struct options *o, char letter, const char *value)
{
	switch (letter) {
	case 'p':
		return options_text(o, value, &o->profile);
	case 'a':
		return options_text(o, value, &o->app);
	case 'i':
		return options_text(o, value, &o->installation);
	case 'o':
		return options_text(o, value, &o->organization);
	case 'l':
		return options_label(o, value);
	case 'f':
		return options_descriptor(o, value);
	case 'm':
		return options_min_ttl(o, value);
	default:
		return options_timeout(o, value);
	}
}

/* Returns how many further words of argv were used up, or -1. */
static int options_long(struct options *o, const char *word, const char *next)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_spec *spec = options_find_long(name, len);

	if (!spec)
		return options_complain(o, "unknown option", word);
	if (!spec->takes_value)
		return equals ? options_complain(o, "this option takes no value", word)
			      : options_flag(o, spec->letter);
	if (equals)
		return options_value(o, spec->letter, equals + 1);
	if (!next)
		return options_complain(o, "this option needs a value", word);
	return options_value(o, spec->letter, next) < 0 ? -1 : 1;
}

/* One word of short options, as -qv or -pNAME. */
static int options_short(struct options *o, const char *word, const char *next)
{
	const struct option_spec *spec;
	const char *whole = word;

	for (word++; *word; word++) {
		spec = options_find_short(*word);
		if (!spec)
			return options_complain(o, "unknown option", whole);
		if (spec->takes_value && word[1])
			return options_value(o, *word, word + 1);
		if (spec->takes_value && !next)
			return options_complain(o, "this option needs a value", whole);
		if (spec->takes_value)
			return options_value(o, *word, next) < 0 ? -1 : 1;
		options_flag(o, *word);
	}
	return 0;
}

static int options_check(struct options *o)
{
	if (!!o->installation + !!o->organization + o->as_app > 1)
		return options_complain(
			o, "only one of --installation, --organization and --as-app can be given", NULL);
	if (o->quiet && o->verbose)
		return options_complain(o, "--quiet and --verbose contradict each other", NULL);
	return 0;
}

/* Is this word, which is no option, the last of ours? */
static bool options_last(const struct options *o, char **words, int count, bool only_leading)
{
	if (only_leading || (o->wraps && count == 1 && strcmp(words[0], o->wraps) == 0))
		return true;
	return o->runs && count == 2 && strcmp(words[0], o->runs) == 0;
}

int options_parse(struct options *o, int argc, char **argv, bool only_leading)
{
	int i, used, words = 0;
	bool ended = false;

	for (i = 1; i < argc; i++) {
		char *word = argv[i];

		if (ended || word[0] != '-' || !word[1]) {
			argv[words++] = word;
			ended |= options_last(o, argv, words, only_leading);
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
	return options_check(o) < 0 ? -1 : words;
}
