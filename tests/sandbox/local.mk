# SPDX-License-Identifier: LGPL-2.1-or-later
# The stand-in for the ICR API, and its own tests.

EXTRA_DIST += \
	man/icr-sandbox.1 \
	tests/sandbox/icr-sandbox \
	tests/sandbox/test-sandbox \
	tests/sandbox/sandbox/__init__.py \
	tests/sandbox/sandbox/broken.py \
	tests/sandbox/sandbox/certs.py \
	tests/sandbox/sandbox/cli.py \
	tests/sandbox/sandbox/clock.py \
	tests/sandbox/sandbox/control.py \
	tests/sandbox/sandbox/core.py \
	tests/sandbox/sandbox/counts.py \
	tests/sandbox/sandbox/ctl.py \
	tests/sandbox/sandbox/endpoints.py \
	tests/sandbox/sandbox/faults.py \
	tests/sandbox/sandbox/jwtcheck.py \
	tests/sandbox/sandbox/parse.py \
	tests/sandbox/sandbox/readings.py \
	tests/sandbox/sandbox/redact.py \
	tests/sandbox/sandbox/registry.py \
	tests/sandbox/sandbox/server.py \
	tests/sandbox/sandbox/wire.py \
	tests/sandbox/selftest/__init__.py \
	tests/sandbox/selftest/client.py \
	tests/sandbox/selftest/control.py \
	tests/sandbox/selftest/endpoints.py \
	tests/sandbox/selftest/faults.py \
	tests/sandbox/selftest/jwts.py \
	tests/sandbox/selftest/life.py \
	tests/sandbox/selftest/readings.py \
	tests/sandbox/selftest/running.py
