/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/error.h"
#include "lib/api/handle.h"
#include "lib/module/loader.h"

#define TIMEOUT_MAX_MS (24 * 3600 * 1000)

_export_ const char *icred_version(void)
{
	return PACKAGE_VERSION;
}

int64_t handle_deadline(const struct icred *handle)
{
	int64_t end = clock_ms() + handle->timeout_ms;

	return deadline_inside(handle->end ? MIN(handle->end, end) : end, 1);
}

void handle_end_by(struct icred *handle, int64_t end)
{
	handle->end = end;
}

bool handle_closing(struct icred *handle)
{
	return atomic_load(&handle->errands.closing);
}

void handle_host(struct icred *handle, struct host *ret_host)
{
	host_init(ret_host, handle->profile, handle->pool, &handle->log, handle_deadline(handle));
}

static int override(struct icred *handle, const char *name, const char *value)
{
	char why[160];
	int r = settings_add(&handle->profile->settings, name, value, why, sizeof(why));

	return r < 0 ? set_error(r, "%s", why) : r;
}

/* An application may be built with a shorter or a longer struct than ours. */
static int read_options(const struct icred_options *given, struct icred_options *ret_options)
{
	memset(ret_options, 0, sizeof(*ret_options));
	if (!given)
		return ICRED_OK;
	if (given->size < sizeof(given->size))
		return set_error(ICRED_E_INVALID, "icred_options.size must be sizeof(struct icred_options)");
	copy_sized(ret_options, sizeof(*ret_options), given);
	return ICRED_OK;
}

static int apply_overrides(struct icred *handle, const struct icred_options *options)
{
	int r = ICRED_OK,
	    targets = !!options->installation + !!options->organization + !!(options->flags & ICRED_AS_APP);

	if (targets > 1)
		return set_error(
			ICRED_E_INVALID,
			"an installation, an organization or the app itself: only one can be asked for");
	if (options->app)
		r = override(handle, "app", options->app);
	if (r == ICRED_OK && options->installation)
		r = override(handle, "installation", options->installation);
	if (r == ICRED_OK && options->organization)
		r = override(handle, "organization", options->organization);
	if (r == ICRED_OK && (options->flags & ICRED_AS_APP))
		r = override(handle, "as-app", "yes");
	return r;
}

static void find_target(struct icred *handle)
{
	const struct settings *settings = &handle->profile->settings;
	const char *installation = settings_get(settings, "installation", 0);
	const char *organization = settings_get(settings, "organization", 0);

	handle->target_id = installation ? installation : organization ? organization : "";
	if (installation)
		handle->target = ICRED_TARGET_INSTALLATION;
	else if (organization)
		handle->target = ICRED_TARGET_ORGANIZATION;
	else if (settings_yes(settings, "as-app"))
		handle->target = ICRED_TARGET_APP;
}

static int open_handle(struct icred *handle, const char *name, const struct icred_options *options)
{
	unsigned seconds;
	int r;

	if (!name || !*name)
		name = secure_getenv("ICRED_PROFILE");
	r = profile_load(&handle->log, name, &handle->profile);
	if (r == ICRED_OK)
		r = apply_overrides(handle, options);
	if (r == ICRED_OK)
		r = profile_complete(handle->profile);
	if (r < 0)
		return r;
	find_target(handle);
	seconds = settings_seconds(&handle->profile->settings, "timeout");
	handle->timeout_ms =
		(int)MIN((int64_t)(options->timeout_ms ? options->timeout_ms : (int64_t)seconds * 1000),
			 TIMEOUT_MAX_MS);
	handle->min_ttl = settings_seconds(&handle->profile->settings, "min-ttl");
	return ICRED_OK;
}

_export_ int icred_open(icred_t **ret_handle, const char *profile, const struct icred_options *options)
{
	struct icred_options own;
	struct icred *handle;
	int r;

	if (!ret_handle)
		return set_error(ICRED_E_INVALID, "icred_open: ret_handle is NULL");
	r = read_options(options, &own);
	if (r < 0)
		return r;
	handle = aligned_alloc(_Alignof(struct icred), sizeof(*handle));
	if (!handle)
		return set_no_memory();
	memset(handle, 0, sizeof(*handle));
	log_open(&handle->log, own.log, own.log_data);
	worker_init(&handle->worker);
	/* Without a conversation nobody is there, so no keyring may prompt either. */
	handle->flags = own.converse ? own.flags : own.flags & ~(unsigned)MAY_ASK;
	handle->converse = own.converse;
	handle->converse_data = own.converse_data;
	handle->pool = secret_pool_new();
	r = handle->pool ? open_handle(handle, profile, &own) : set_no_memory();
	if (r < 0) {
		icred_close(handle);
		return r;
	}
	*ret_handle = handle;
	return ICRED_OK;
}

_export_ void icred_close(icred_t *handle)
{
	struct host host;

	if (!handle)
		return;
	errands_end(handle);
	worker_stop(&handle->worker);
	flights_clear(&handle->flights);
	table_clear(&handle->table);
	if (handle->profile) {
		handle_host(handle, &host);
		modules_close(&handle->profile->stack, &host);
	}
	profile_free(handle->profile);
	secret_pool_unref(handle->pool);
	log_close(&handle->log);
	free(handle);
}

const char *handle_issuer(const struct icred *handle)
{
	return profile_issuer(handle->profile);
}

int handle_identity(struct icred *handle, const char *installation, struct identity *ret_identity)
{
	const struct settings *settings = &handle->profile->settings;
	const char *app = settings_get(settings, "app", 0), *wrong;

	if (!app)
		return set_error(ICRED_E_INVALID,
				 "no app: give its ID with --app, or write \"app ID\" in the profile");
	if (!installation && !handle->target)
		return set_error(
			ICRED_E_INVALID,
			"whose token? give -i INSTALLATION, -o ORGANIZATION or --as-app, or write it in the profile");
	wrong = installation ? setting_wrong("installation", installation) : NULL;
	if (wrong)
		return set_error(ICRED_E_INVALID, "installation %s", wrong);
	*ret_identity = (struct identity){
		.issuer = handle_issuer(handle),
		.api = settings_get(settings, "api", 0),
		.app = app,
		.target = installation ? ICRED_TARGET_INSTALLATION : handle->target,
		.id = installation ? installation : handle->target_id,
	};
	return ICRED_OK;
}

_export_ const char *icred_setting(icred_t *handle, const char *name, size_t i)
{
	return handle && name ? settings_get(&handle->profile->settings, name, i) : NULL;
}

_export_ int icred_origin_allowed(icred_t *handle, const char *url)
{
	struct origin origin;

	if (!handle || !url || !origin_parse(url, &origin))
		return set_error(ICRED_E_INVALID,
				 "\"%.100s\" is no http or https URL without user name and blanks",
				 url ? url : "");
	return profile_allows(handle->profile, &origin);
}
