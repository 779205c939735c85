/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/api/handle.h"
#include "lib/base/error.h"

void handle_end_by(struct icred *handle, int64_t end)
{
	handle->context.end = end;
}

int handle_identity(struct icred *handle, const char *installation, struct identity *ret_identity)
{
	const struct settings *settings = &handle->context.profile->settings;
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
		.issuer = profile_issuer(handle->context.profile),
		.api = settings_get(settings, "api", 0),
		.app = app,
		.target = installation ? ICRED_TARGET_INSTALLATION : handle->target,
		.id = installation ? installation : handle->target_id,
	};
	return ICRED_OK;
}
