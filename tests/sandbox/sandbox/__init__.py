# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stand-in for the API of the International Carbon Registry."""
