# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keeps tokens out of logs, wherever a client put them."""

import re

SECRET = re.compile(r"cr[a-z]_[0-9A-Za-z]+|eyJ[\w.-]+")


def redacted(text):
    return SECRET.sub("[redacted]", text)
