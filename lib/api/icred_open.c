/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/api/handle.h"
#include "lib/api/icred_request.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"

#define TIMEOUT_MAX_MS (24 * 3600 * 1000)

static int override(struct icred *handle, const char *name, const char *value)
{
	char why[160];
	int r = settings_add(&handle->context.profile->settings, name, value, why, sizeof(why));

	return r < 0 ? set_error(r, "%s", why) : r;
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
	const struct settings *settings = &handle->context.profile->settings;
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

	r = profile_load(&handle->context.log, profile_wanted(name), &handle->context.profile);
	if (r == ICRED_OK)
		r = apply_overrides(handle, options);
	if (r == ICRED_OK)
		r = profile_complete(handle->context.profile);
	if (r < 0)
		return r;
	find_target(handle);
	seconds = settings_seconds(&handle->context.profile->settings, "timeout");
	handle->context.timeout_ms =
		(int)MIN((int64_t)(options->timeout_ms ? options->timeout_ms : (int64_t)seconds * 1000),
			 TIMEOUT_MAX_MS);
	handle->min_ttl = settings_seconds(&handle->context.profile->settings, "min-ttl");
	return ICRED_OK;
}

_export_ int icred_open(icred_t **ret_handle, const char *profile, const struct icred_options *options)
{
	struct icred_options own;
	struct icred *handle;
	int r;

	if (!ret_handle)
		return set_error(ICRED_E_INVALID, "icred_open: ret_handle is NULL");
	r = options_read(options, &own);
	if (r < 0)
		return r;
	handle = aligned_alloc(_Alignof(struct icred), sizeof(*handle));
	if (!handle)
		return set_no_memory();
	memset(handle, 0, sizeof(*handle));
	log_open(&handle->context.log, own.log, own.log_data);
	worker_init(&handle->worker, &handle->context);
	/* Without a conversation nobody is there, so no keyring may prompt either. */
	handle->context.flags = own.converse ? own.flags : own.flags & ~(unsigned)MAY_ASK;
	handle->context.converse = own.converse;
	handle->context.converse_data = own.converse_data;
	handle->context.pool = secret_pool_new();
	r = handle->context.pool ? open_handle(handle, profile, &own) : set_no_memory();
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
	mints_clear(&handle->mints);
	table_clear(&handle->table);
	if (handle->context.profile) {
		context_host(&handle->context, &host);
		modules_close(&handle->context.profile->stack, &host);
	}
	profile_free(handle->context.profile);
	secret_pool_unref(handle->context.pool);
	log_close(&handle->context.log);
	free(handle);
}
