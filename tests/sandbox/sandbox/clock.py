# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sandbox's own clock, which can be set wrong."""

import time
from datetime import datetime, timedelta, timezone
from email.utils import formatdate


class Clock:
    def __init__(self, offset=0):
        self.offset = self.at_start = offset
        self._second = None
        self._date = ""

    def now(self):
        return time.time() + self.offset

    def http_date(self):
        """The Date header; made once a second, for it is sent with every answer."""
        second = int(self.now())
        if second != self._second:
            self._date = formatdate(second, usegmt=True)
            self._second = second
        return self._date


def rfc3339(seconds, style="millis"):
    """A time stamp as the API writes it."""
    when = datetime.fromtimestamp(seconds, timezone.utc)
    if style == "offset":
        return when.astimezone(timezone(timedelta(hours=2))).isoformat(timespec="seconds")
    text = when.isoformat(timespec="milliseconds" if style == "millis" else "seconds")
    return text.replace("+00:00", "Z")
