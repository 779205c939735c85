/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an open profile says: its settings, and the origins that may get its tokens. */
#include "config.h"

#include "lib/api/handle.h"
#include "lib/base/error.h"

_export_ const char *icred_setting(icred_t *handle, const char *name, size_t i)
{
	return handle && name ? settings_get(&handle->context.profile->settings, name, i) : NULL;
}

_export_ int icred_origin_allowed(icred_t *handle, const char *url)
{
	struct origin origin;

	if (!handle || !url || !origin_parse(url, &origin))
		return set_error(
			ICRED_E_INVALID,
			"\"%.100s\" is not an http or https URL, or it contains a user name or spaces",
			url ? url : "");
	return profile_allows(handle->context.profile, &origin);
}
