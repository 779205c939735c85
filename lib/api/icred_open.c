/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a profile and closing it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/api/handle.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"

#define TIMEOUT_MAX_MS (24 * 3600 * 1000)

/* What the caller asks for goes before what the profile says. */
static int apply_options(struct settings *settings, const struct icred_options *options)
{
	const struct {
		const char *name, *value;
	} given[] = {
		{"app", options->app},
		{"installation", options->installation},
		{"organization", options->organization},
		{"as-app", options->flags & ICRED_AS_APP ? "yes" : NULL},
	};
	char why[160];
	int r = ICRED_OK;

	if (!!options->installation + !!options->organization + !!(options->flags & ICRED_AS_APP) > 1)
		return set_error(
			ICRED_E_INVALID,
			"only one of installation, organization and the app itself can be asked for");
	for (size_t i = 0; i < ARRAY_SIZE(given) && r == ICRED_OK; i++)
		if (given[i].value)
			r = settings_add(settings, given[i].name, given[i].value, why, sizeof(why));
	return r < 0 ? set_error(r, "%s", why) : r;
}

static int open_profile(struct icred *handle, const char *name, const struct icred_options *options)
{
	const char *installation, *organization;
	const struct settings *settings;
	int64_t timeout_ms;
	int r = profile_load(&handle->context.log, profile_wanted(name), &handle->context.profile);

	if (r == ICRED_OK)
		r = apply_options(&handle->context.profile->settings, options);
	if (r == ICRED_OK)
		r = profile_complete(handle->context.profile);
	if (r < 0)
		return r;
	settings = &handle->context.profile->settings;
	installation = settings_get(settings, "installation", 0);
	organization = settings_get(settings, "organization", 0);
	handle->target_id = installation ? installation : organization ? organization : "";
	handle->target = installation                       ? ICRED_TARGET_INSTALLATION
			 : organization                     ? ICRED_TARGET_ORGANIZATION
			 : settings_yes(settings, "as-app") ? ICRED_TARGET_APP
							    : 0;
	timeout_ms = options->timeout_ms ? options->timeout_ms
					 : (int64_t)settings_seconds(settings, "timeout") * 1000;
	handle->context.timeout_ms = (int)MIN(timeout_ms, TIMEOUT_MAX_MS);
	handle->min_ttl = settings_seconds(settings, "min-ttl");
	return ICRED_OK;
}

_export_ int icred_open(icred_t **ret_handle, const char *profile, const struct icred_options *options)
{
	struct icred_options own;
	struct icred *handle;
	int r;

	if (!ret_handle)
		return set_error(ICRED_E_INVALID, "icred_open: ret_handle must not be NULL");
	r = options_read(options, &own);
	if (r < 0)
		return r;
	handle = aligned_alloc(_Alignof(struct icred), sizeof(*handle));
	if (!handle)
		return set_no_memory();
	memset(handle, 0, sizeof(*handle));
	log_open(&handle->context.log, own.log, own.log_data);
	worker_init(&handle->worker, &handle->context);
	/* Without a conversation a question has no answer, so no keyring may prompt either. */
	handle->context.flags = own.converse ? own.flags : own.flags & ~(unsigned)MAY_ASK;
	handle->context.converse = own.converse;
	handle->context.converse_data = own.converse_data;
	handle->context.pool = secret_pool_new();
	r = handle->context.pool ? open_profile(handle, profile, &own) : set_no_memory();
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
	request_queue_end(handle);
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
