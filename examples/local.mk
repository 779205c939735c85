# SPDX-License-Identifier: LGPL-2.1-or-later
# What an administrator or a programmer may start from.

exampledir = $(docdir)/examples
dist_example_DATA = examples/icred-report.service
