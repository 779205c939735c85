# SPDX-License-Identifier: LGPL-2.1-or-later
# What an administrator or a programmer may start from.

exampledir = $(docdir)/examples
dist_example_DATA = examples/cache-memory.c examples/icred-report.service

# Recipes for other programs; tests/whole/recipes.sh runs each of them.
EXTRA_DIST += examples/README.md examples/httpie.sh examples/wget.sh examples/rclone.conf examples/icr_requests.py \
	examples/systemd/icr-projects.service examples/systemd/icr-projects.timer
