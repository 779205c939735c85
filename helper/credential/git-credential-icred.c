/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A credential helper for git(1): gitcredentials(7), git-credential-icred(1). */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/output.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "helper/credential/credential.h"
#include "helper/credential/git-protocol.h"
#include "lib/base/language.h"
#include "lib/base/suggest.h"

static const char git_help[] =
	"Usage: git-credential-icred [OPTIONS] ACTION\n"
	"\n"
	"A credential helper that gives git short-lived tokens of the International\n"
	"Carbon Registry.  git runs it and describes what it wants on standard input.\n"
	"\n"
	"Actions:\n"
	"  get         print a token if the host is one of the profile's origins\n"
	"  erase       forget the token that git describes, if it is cached\n"
	"  store       do nothing: tokens are minted, not stored\n"
	"  capability  print what this helper can do\n"
	"\n" HELP_OPTIONS "\n"
	"Set it up for one server, in ~/.gitconfig:\n"
	"  [credential \"https://HOST\"]\n"
	"      helper = icred\n"
	"or, with a profile:\n"
	"      helper = !git-credential-icred -p work\n"
	"Try it:\n"
	"  printf 'protocol=https\\nhost=HOST\\n' | git credential fill\n"
	"\n"
	"Manual: git-credential-icred(1)\n";

static char git_input[GITPROTO_MAX + 1]; /* pages that are not used are never touched */
static size_t git_input_len;

/* What git says; *ret_status is not 0 after a failure that was reported. */
static struct gitproto git_describe(const struct options *o, int *ret_status)
{
	struct gitproto g = {0};

	*ret_status = credential_read(o, git_input, sizeof(git_input), gitproto_complete, &git_input_len);
	if (!*ret_status && gitproto_parse(git_input, git_input_len, &g) < 0)
		*ret_status =
			fail(o, FAIL_OTHER, "invalid", "the description on standard input is malformed");
	return g;
}

static struct credential_request git_request(const struct gitproto *g)
{
	return (struct credential_request){.client = "git",
					   .protocol = g->protocol,
					   .host = g->host,
					   .path = g->path,
					   .username = g->username};
}

static int git_get(const struct options *o)
{
	struct output *out = output_stdout();
	int status;
	struct gitproto g = git_describe(o, &status);
	struct credential_request request = git_request(&g);
	struct credential_answer found;

	if (status)
		return status;
	status = credential_get(o, &request, &found);
	if (found.token && g.can_authtype) {
		output_text(out, "capability[]=authtype\nauthtype=Bearer\ncredential=");
		output_text(out, icred_token_secret(found.token));
		output_text(out, "\nephemeral=1\n");
	} else if (found.token) {
		output_text(out, "username=");
		output_text(out, found.username);
		output_text(out, "\npassword=");
		output_text(out, icred_token_secret(found.token));
		output_text(out, "\n");
	}
	if (found.token) {
		output_text(out, "password_expiry_utc=");
		output_number(out, found.expires_at);
		output_text(out, "\n");
	}
	/*
	 * git must ask neither the other helpers nor the user.  The exit status is 0, because
	 * some callers ignore all that a helper which failed has printed.  A rejected key is not
	 * such a case: another helper may have a good one.
	 */
	if (found.suspended) {
		output_text(out, "quit=1\n");
		status = 0;
	}
	credential_free(&found);
	return status;
}

/* git calls this when a server refused the token. */
static int git_erase(const struct options *o)
{
	int status;
	struct gitproto g = git_describe(o, &status);
	struct credential_request request = git_request(&g);
	const char *secret = g.credential ? g.credential : g.password;

	if (status)
		return status;
	if (secret && *secret)
		return credential_erase(o, &request, secret);
	fail_explain(o, "nothing for git: the description has no password to erase");
	return 0;
}

/* What git writes is read, so that a caller that does not expect SIGPIPE gets none. */
static int git_store(const struct options *o)
{
	ssize_t n;

	fail_explain(o, "nothing for git: tokens are minted anew, so there is nothing to store");
	(void)session_first_deadline(o);
	process_doing("reading the description on standard input");
	do {
		n = read(STDIN_FILENO, git_input, sizeof(git_input));
		git_input_len = n > (ssize_t)git_input_len ? (size_t)n : git_input_len;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return 0;
}

static int git_capability(const struct options *o)
{
	(void)o;
	output_text(output_stdout(), "version 0\ncapability authtype\n");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct options *o);
} git_actions[] = {
	{"get", git_get}, {"erase", git_erase}, {"store", git_store}, {"capability", git_capability}};

static int git_run(struct options *o, int argc, char **argv)
{
	int words = options_parse(o, argc, argv);
	struct suggestion similar;

	if (words < 0)
		return fail_usage(o);
	if (o->help || o->version)
		return o->help ? help_print(git_help) : help_version(o);
	if (options_suit(o, OPTIONS_TOKEN) < 0)
		return fail_usage(o);
	if (o->has_passphrase && o->passphrase_fd == STDIN_FILENO)
		options_complain(o,
				 "--passphrase-fd: git's description is on standard input; give a descriptor "
				 "from 3 on");
	else if (words == 0 || !*argv[0])
		options_complain(o, "an action is missing: get, store, erase or capability");
	else if (words > 1)
		options_complain(o, "unexpected word after %.60s: %.200s", argv[0], argv[1]);
	if (o->complaint[0])
		return fail_usage(o);
	similar = suggest_for(argv[0], strlen(argv[0]));
	for (size_t i = 0; i < ARRAY_SIZE(git_actions); i++) {
		if (strcmp(argv[0], git_actions[i].name) == 0)
			return git_actions[i].run(o);
		suggest_name(&similar, git_actions[i].name, strlen(git_actions[i].name));
	}
	/* git may have more actions one day, and expects a helper that does not know them to succeed in silence. */
	fail_explain(o, "nothing for git: the action \"%.60s\" is not known%s", argv[0],
		     suggest_text(&similar));
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {.program = "git-credential-icred", .no_interactive = true};
	int status;

	process_start();
	process_seal();
	status = git_run(&o, argc, argv);
	explicit_bzero(git_input, git_input_len);
	session_end();
	return process_finish(&o, status);
}
