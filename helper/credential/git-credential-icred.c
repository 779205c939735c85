/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A credential helper for git(1): gitcredentials(7), git-credential-icred(1). */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/credential/git-protocol.h"
#include "helper/common/help.h"
#include "helper/common/options.h"
#include "helper/common/output.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "lib/api/handle.h"
#include "lib/token/cache.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/secret.h"
#include "lib/base/suggest.h"

#define GIT_EXPIRY_MARGIN 60        /* seconds: a transfer that begins now should still end well */
#define GIT_EXPIRY_MAX    (1 << 30) /* seconds from now; a later expiry is a defect, not an expiry */
#define GIT_URL_MAX       1024

static const char git_help[] =
	"Usage: git-credential-icred [OPTIONS] ACTION\n"
	"\n"
	"A credential helper that gives git short-lived tokens of the International\n"
	"Carbon Registry. git runs it; the description of what git wants is on standard\n"
	"input.\n"
	"\n"
	"Actions:\n"
	"  get         print a token if the host is one of the profile's origins\n"
	"  erase       forget the token, if it is the one that is cached\n"
	"  store       nothing: tokens are minted, not stored\n"
	"  capability  say what this helper can\n"
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

static unsigned git_patience(const struct options *o)
{
	return o->timeout_ms ? o->timeout_ms : SESSION_TIMEOUT_MS;
}

/* What git says, up to the blank line or the end; 0, or the exit status after telling. */
static int git_read(const struct options *o)
{
	struct pollfd readable = {.fd = STDIN_FILENO, .events = POLLIN};
	/* Until the profile is known, which may have more. */
	int64_t deadline = deadline_inside(process_deadline(o, git_patience(o)), 1);
	ssize_t n;

	do {
		if (poll(&readable, 1, clock_left(deadline)) == 0)
			return fail(o, FAIL_NETWORK, "timeout",
				    "timed out reading the description on standard input");
		n = read(STDIN_FILENO, git_input + git_input_len, sizeof(git_input) - git_input_len);
		if (n < 0 && errno != EINTR)
			return fail(o, FAIL_OTHER, "invalid", "can't read the description: %s",
				    strerror(errno));
		git_input_len += n > 0 ? (size_t)n : 0;
		if (git_input_len > GITPROTO_MAX)
			return fail(o, FAIL_OTHER, "invalid", "the description is too long");
	} while (n != 0 && !gitproto_complete(git_input, git_input_len));
	return 0;
}

/* 0, or the exit status after telling. */
static int git_describe(const struct options *o, struct gitproto *ret)
{
	int status;

	status = git_read(o);
	if (status == 0 && gitproto_parse(git_input, git_input_len, ret) < 0)
		return fail(o, FAIL_OTHER, "invalid", "the description on standard input is malformed");
	return status;
}

/* An incomplete description never stands for "any host". */
static bool git_answerable(const struct options *o, const struct gitproto *g)
{
	if (!g->protocol)
		fail_explain(o, "nothing for git: the description has no protocol");
	else if (!g->host)
		fail_explain(o, "nothing for git: the description has no host");
	else if (!gitproto_host_valid(g->host))
		fail_explain(o, "nothing for git: \"%.200s\" is not a host", g->host);
	else if (strcmp(g->protocol, "https") != 0 && strcmp(g->protocol, "http") != 0)
		fail_explain(o, "nothing for git: the protocol is \"%.60s\", and tokens go to https only",
			     g->protocol);
	else
		return true;
	return false;
}

/* Is the host one of the profile's origins?  Asked with the one function that decides it everywhere. */
static bool git_host_is_ours(icred_t *handle, const struct gitproto *g)
{
	char url[GIT_URL_MAX];
	size_t protocol = strlen(g->protocol), host = strlen(g->host);

	if (protocol + host + sizeof(":///") > sizeof(url))
		return false;
	memcpy(url, g->protocol, protocol);
	memcpy(url + protocol, "://", 3);
	memcpy(url + protocol + 3, g->host, host);
	memcpy(url + protocol + 3 + host, "/", 2);
	return icred_origin_allowed(handle, url) == 1;
}

static const char *git_username(icred_t *handle)
{
	const char *username = icred_setting(handle, "username", 0);

	return username && *username && !strpbrk(username, "\r\n") ? username : "x-access-token";
}

static bool git_is_ours(icred_t *handle, const struct options *o, const struct gitproto *g)
{
	const char *username = git_username(handle);

	if (!git_host_is_ours(handle, g)) {
		fail_explain(
			o,
			"nothing for git: %.5s://%.300s is not an origin of the profile; if its tokens may go "
			"there, add \"origin %.5s://%.300s\" to it",
			g->protocol, g->host, g->protocol, g->host);
		return false;
	}
	if (g->username && *g->username && strcmp(g->username, username) != 0) {
		fail_explain(
			o,
			"nothing for git: the user name is \"%.200s\", and the profile's is \"%.200s\"; leave "
			"it out of the URL, or add \"username %.200s\" to the profile",
			g->username, username, g->username);
		return false;
	}
	return true;
}

/* "." and ".." would make the server see another path than the one compared here. */
static bool git_path_is_plain(const char *path)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if ((len == 1 && path[0] == '.') || (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[len])
			return true;
	}
}

/* The installation of the git-path setting with the longest fitting prefix; or NULL. */
static const char *git_installation_by_path(icred_t *handle, const char *path)
{
	const char *setting, *found = NULL;
	size_t i, prefix, match, longest = 0;

	for (i = 0; path && (setting = icred_setting(handle, "git-path", i)); i++) {
		prefix = strcspn(setting, " \t");
		match = gitproto_path_match(path, setting, prefix);
		if (match <= longest)
			continue;
		longest = match;
		found = setting + prefix + strspn(setting + prefix, " \t");
	}
	return found;
}

/* Does anything but git-path say whose token it is? */
static bool git_has_default_target(icred_t *handle)
{
	const char *as_app = icred_setting(handle, "as-app", 0);

	return icred_setting(handle, "installation", 0) || icred_setting(handle, "organization", 0) ||
	       (as_app && strcmp(as_app, "yes") == 0);
}

/* True with NULL: the profile's own.  False: this path is nobody's. */
static bool git_target(icred_t *handle, const struct options *o, const struct gitproto *g, const char **ret)
{
	*ret = NULL;
	if (o->installation || o->organization || o->as_app || !icred_setting(handle, "git-path", 0))
		return true;
	if (g->path && !git_path_is_plain(g->path)) {
		fail_explain(o, "nothing for git: the path has a segment . or ..: %.300s", g->path);
		return false;
	}
	*ret = git_installation_by_path(handle, g->path);
	if (*ret || git_has_default_target(handle))
		return true;
	if (g->path)
		fail_explain(o, "nothing for git: no git-path of the profile fits the path %.300s", g->path);
	else
		fail_explain(o,
			     "nothing for git: git-path needs the path, which git left out; run git config "
			     "--global credential.useHttpPath true");
	return false;
}

/* git takes an expiry it can't read for "never", and one that is past for "useless". */
static int64_t git_expiry(const icred_token_t *token, int64_t now)
{
	int64_t at = icred_token_expires_at(token);

	if (at <= now || at - now > GIT_EXPIRY_MAX)
		return 0;
	return at - GIT_EXPIRY_MARGIN > now ? at - GIT_EXPIRY_MARGIN : at;
}

static int git_answer(const struct options *o, icred_t *handle, const struct gitproto *g,
		      const icred_token_t *token)
{
	struct output *out = output_stdout();
	int64_t expiry = git_expiry(token, (int64_t)time(NULL));

	if (expiry == 0 || strpbrk(icred_token_secret(token), "\r\n"))
		return fail(o, FAIL_OTHER, "internal", "the token that was found can't be used");
	if (g->can_authtype) {
		output_text(out, "capability[]=authtype\nauthtype=Bearer\ncredential=");
		output_text(out, icred_token_secret(token));
		output_text(out, "\nephemeral=1\n");
	} else {
		output_text(out, "username=");
		output_text(out, git_username(handle));
		output_text(out, "\npassword=");
		output_text(out, icred_token_secret(token));
		output_text(out, "\n");
	}
	output_text(out, "password_expiry_utc=");
	output_number(out, expiry);
	output_text(out, "\n");
	return 0;
}

/*
 * The issuer has suspended the installation, and the host is ours: no other
 * helper can know better, so git shall neither ask them nor the person.  The
 * exit status is 0, because some callers heed no word of a helper that failed.
 * A rejected key is our own trouble, and another helper may have a good one.
 */
static int git_refused(const struct options *o, int code)
{
	int status = fail_library(o, code);

	if (code != ICRED_E_SUSPENDED)
		return status;
	output_text(output_stdout(), "quit=1\n");
	return 0;
}

static int git_get_from(icred_t *handle, const struct options *o, const struct gitproto *g)
{
	const char *installation;
	icred_token_t *token = NULL;
	int r;

	if (!git_is_ours(handle, o, g) || !git_target(handle, o, g, &installation))
		return 0;
	r = icred_get_token(handle, installation, o->min_ttl, &token);
	if (r < 0)
		return git_refused(o, r);
	r = git_answer(o, handle, g, token);
	icred_token_unref(token);
	return r;
}

struct git_wanted {
	const char *secret;
	icred_token_t *found;
};

static int git_find_token(icred_token_t *token, const char *cache, void *data)
{
	struct git_wanted *wanted = data;

	(void)cache;
	if (!secret_equal(icred_token_secret(token), wanted->secret))
		return 0;
	wanted->found = icred_token_ref(token);
	return 1;
}

static int git_pass_over(struct token_body *body, const char *cache, void *data)
{
	(void)body;
	(void)cache;
	(void)data;
	return 0;
}

/*
 * A cache that cannot be used gives out no token either, so there is nothing to
 * erase in it: a warning, unless the profile needs that cache.
 */
static int git_not_found(icred_t *handle, const struct options *o, int searched)
{
	if (searched < 0 && searched != ICRED_E_NOT_FOUND)
		searched = cache_each(&handle->context, false, git_pass_over, NULL);
	else
		fail_explain(o, "nothing for git: the token to erase is not a cached one of this profile");
	return searched < 0 && searched != ICRED_E_NOT_FOUND ? fail_library(o, searched) : 0;
}

/* git calls this when a server refused the token; another token than the cached one is old news. */
static int git_erase_from(icred_t *handle, const struct options *o, const struct gitproto *g)
{
	struct git_wanted wanted = {g->credential ? g->credential : g->password, NULL};
	int r;

	if (!git_is_ours(handle, o, g))
		return 0;
	r = icred_token_each(handle, git_find_token, &wanted);
	if (!wanted.found)
		return git_not_found(handle, o, r);
	r = icred_reject_token(handle, wanted.found);
	icred_token_unref(wanted.found);
	return r < 0 && r != ICRED_E_NOT_FOUND ? fail_library(o, r) : 0;
}

static int git_with_profile(const struct options *o, const struct gitproto *g,
			    int (*action)(icred_t *, const struct options *, const struct gitproto *))
{
	icred_t *handle = NULL;
	int status = session_open_timed(o, 0, &handle);

	if (status)
		return status;
	status = action(handle, o, g);
	icred_close(handle);
	return status;
}

static int git_get(const struct options *o)
{
	struct gitproto g;
	int status = git_describe(o, &g);

	if (status || !git_answerable(o, &g))
		return status;
	return git_with_profile(o, &g, git_get_from);
}

static int git_erase(const struct options *o)
{
	struct gitproto g;
	int status = git_describe(o, &g);
	const char *secret = status ? NULL : g.credential ? g.credential : g.password;

	if (status || !git_answerable(o, &g))
		return status;
	if (!secret || !*secret) {
		fail_explain(o, "nothing for git: the description has no password to erase");
		return 0;
	}
	return git_with_profile(o, &g, git_erase_from);
}

/* Taken off the pipe, so that a caller that minds SIGPIPE is not hurt. */
static int git_store(const struct options *o)
{
	ssize_t n;

	fail_explain(o, "nothing for git: tokens are minted anew, so there is nothing to store");
	process_deadline(o, git_patience(o));
	process_doing("reading the description on standard input");
	do {
		n = read(STDIN_FILENO, git_input, sizeof(git_input));
		git_input_len = n > (ssize_t)git_input_len ? (size_t)n : git_input_len;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return 0;
}

static int git_capability(void)
{
	output_text(output_stdout(), "version 0\ncapability authtype\n");
	return 0;
}

/* git may say more one day, and wants that to succeed in silence. */
static int git_future(const struct options *o, const char *action)
{
	struct suggestion similar = suggest_for(action, strlen(action));

	suggest_names(&similar, "get erase store capability");
	fail_explain(o, "nothing for git: the action \"%.60s\" is not known%s", action,
		     suggest_text(&similar));
	return 0;
}

static int git_run(struct options *o, int argc, char **argv)
{
	int words = options_parse(o, argc, argv);

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
		options_complain(o, "git says what to do: get, store, erase or capability");
	else if (words > 1)
		options_complain(o, "unexpected word after %.60s: %.200s", argv[0], argv[1]);
	if (o->complaint[0])
		return fail_usage(o);
	if (strcmp(argv[0], "get") == 0)
		return git_get(o);
	if (strcmp(argv[0], "erase") == 0)
		return git_erase(o);
	if (strcmp(argv[0], "store") == 0)
		return git_store(o);
	if (strcmp(argv[0], "capability") == 0)
		return git_capability();
	return git_future(o, argv[0]);
}

int main(int argc, char **argv)
{
	struct options o = {.program = "git-credential-icred", .no_interactive = true};
	int status;

	process_start();
	status = git_run(&o, argc, argv);
	explicit_bzero(git_input, git_input_len);
	return process_finish(&o, status);
}
