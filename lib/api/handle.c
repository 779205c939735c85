/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/api/handle.h"
#include "lib/base/error.h"

/* An application may be built with a shorter or a longer struct than ours. */
int options_read(const struct icred_options *given, struct icred_options *ret_options)
{
	memset(ret_options, 0, sizeof(*ret_options));
	if (!given)
		return ICRED_OK;
	if (given->size < sizeof(given->size))
		return set_error(ICRED_E_INVALID, "icred_options.size must be sizeof(struct icred_options)");
	copy_sized(ret_options, sizeof(*ret_options), given);
	return ICRED_OK;
}

const char *profile_wanted(const char *name)
{
	return name && *name ? name : secure_getenv("ICRED_PROFILE");
}

void handle_end_by(struct icred *handle, int64_t end)
{
	handle->context.end = end;
}

int handle_identity(struct icred *handle, const char *installation, struct identity *ret_identity)
{
	const struct settings *settings = &handle->context.profile->settings;
	const char *app = settings_get(settings, "app", 0), *wrong;

	if (!app)
		return set_error(ICRED_E_INVALID, "the profile has no app; write \"app ID\" in it");
	if (!installation && !handle->target)
		return set_error(
			ICRED_E_INVALID,
			"the profile has no installation; write \"installation ID\", \"organization NAME\" or \"as-app yes\" in it");
	wrong = installation ? setting_wrong("installation", installation) : NULL;
	if (wrong)
		return set_error(ICRED_E_INVALID, "installation %s", wrong);
	*ret_identity = (struct identity){
		.issuer = profile_issuer(handle->context.profile),
		.api = settings_get(settings, "api", 0),
		.app = app,
		.target = installation ? ICRED_TARGET_INSTALLATION : handle->target,
		.id = installation ? installation : handle->target_id,
	};
	return ICRED_OK;
}
