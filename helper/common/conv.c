/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with the user: at the terminal, through a program, or from a descriptor. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/asking.h"
#include "helper/common/fail.h"
#include "helper/common/output.h"
#include "helper/common/process.h"
#include "lib/base/clock.h"
#include "lib/base/descriptor.h"
#include "lib/base/language.h"

/* The terminal's own state, for the signal handlers below; one question at a time. */
static volatile sig_atomic_t conv_changed;
static int conv_tty = -1;
static struct termios conv_saved;
static const struct output *conv_text; /* the question that is shown there */

static const int conv_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define CONV_NO_TERMINAL 1
#define CONV_SIGNALS     ARRAY_SIZE(conv_signals)

static void conv_restore(void)
{
	if (!conv_changed)
		return;
	conv_changed = 0;
	tcsetattr(conv_tty, TCSAFLUSH, &conv_saved);
}

static void conv_echo_off(void)
{
	struct termios quiet;

	if (tcgetattr(conv_tty, &conv_saved) < 0)
		return;
	quiet = conv_saved;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ECHONL;
	conv_changed = 1;
	tcsetattr(conv_tty, TCSAFLUSH, &quiet);
}

/* What is printed next must not stand on the line of a question that was left open. */
static void conv_end_line(void)
{
	if (write(conv_tty, "\n", 1) < 0)
		return;
}

static bool conv_show(void)
{
	return write(conv_tty, conv_text->data, conv_text->len) == (ssize_t)conv_text->len;
}

/*
 * Echo on, then what the signal would have done anyway.  After a stop (SIGTSTP),
 * echo off and the question again: what was typed of an answer is gone.
 */
static void conv_signalled(int signal_number)
{
	int saved = errno, hidden = conv_changed;
	struct sigaction again = {.sa_handler = conv_signalled}, usual = {.sa_handler = SIG_DFL};
	sigset_t this_one;

	conv_restore();
	if (hidden)
		conv_end_line();
	if (signal_number != SIGTSTP)
		askpass_stop();
	sigaction(signal_number, &usual, NULL);
	raise(signal_number);
	sigemptyset(&this_one);
	sigaddset(&this_one, signal_number);
	sigprocmask(SIG_UNBLOCK, &this_one, NULL);
	sigaction(signal_number, &again, NULL);
	if (hidden)
		conv_echo_off();
	if (conv_text)
		(void)conv_show(); /* or not: then the user knows as much as before */
	errno = saved;
}

static void conv_expired(void)
{
	conv_restore();
	askpass_stop();
}

static void conv_catch(struct sigaction old[CONV_SIGNALS])
{
	struct sigaction action = {.sa_handler = conv_signalled};
	size_t i;

	process_on_expiry(conv_expired);
	for (i = 0; i < CONV_SIGNALS; i++) {
		sigaction(conv_signals[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(conv_signals[i], &action, NULL);
	}
}

static void conv_release(const struct sigaction old[CONV_SIGNALS])
{
	size_t i;

	for (i = 0; i < CONV_SIGNALS; i++)
		sigaction(conv_signals[i], &old[i], NULL);
	process_on_expiry(NULL);
}

/* A line without its LF.  Too long, or with a NUL in it, is an error: half a passphrase is useless. */
static int conv_line(int64_t deadline, char *reply, size_t cap)
{
	struct pollfd readable = {.fd = conv_tty, .events = POLLIN};
	size_t len = 0;
	char byte = 0;
	int n, r = 0;

	while (byte != '\n' && r == 0) {
		n = poll(&readable, 1, clock_left(deadline));
		if (n == 0)
			r = ICRED_E_TIMEOUT;
		else if (n > 0 && (n = (int)read(conv_tty, &byte, 1)) == 0)
			r = ICRED_E_CANCELLED;
		if (n < 0 && errno != EINTR)
			r = ICRED_E_CANCELLED;
		if (n <= 0)
			continue;
		if (byte == '\n' && len < cap && !memchr(reply, '\0', len)) {
			reply[len] = '\0';
			return 0;
		}
		if (len < cap)
			reply[len++] = byte;
	}
	if (byte != '\n')
		conv_end_line();
	explicit_bzero(reply, cap);
	return r < 0 ? r : ICRED_E_CANCELLED;
}

static int conv_terminal(int style, const char *text, char *reply, size_t cap, int64_t deadline)
{
	char first[512];
	struct output question = {first, 0, sizeof(first), 0, 0};
	struct sigaction old[CONV_SIGNALS];
	int r = ICRED_E_CANCELLED;

	conv_tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	/* In the background the terminal would stop us instead of asking. */
	if (conv_tty < 0 || tcgetpgrp(conv_tty) != getpgrp()) {
		conv_tty = close_keep_errno(conv_tty);
		return CONV_NO_TERMINAL;
	}
	output_clean(&question, text, 0);
	output_text(&question, " ");
	conv_text = &question;
	conv_catch(old);
	if (style != ICRED_PROMPT_ECHO_ON) /* an unknown style may ask for a secret */
		conv_echo_off();
	/* A question that cannot be shown must not be answered. */
	if (!question.failed && conv_show())
		r = conv_line(deadline, reply, cap);
	conv_restore();
	conv_release(old);
	conv_text = NULL;
	output_wipe(&question);
	close(conv_tty);
	conv_tty = -1;
	return r;
}

bool conv_has_person(const struct options *o)
{
	return !o->no_interactive && (isatty(STDIN_FILENO) || askpass_when() == ASKPASS_FORCE);
}

int conv_ask(int style, const char *text, char *reply, size_t cap, void *data)
{
	struct conv *conv = data;
	struct input *passphrase = &conv->passphrase;
	enum askpass_when when = askpass_when();
	struct sigaction old[CONV_SIGNALS];
	bool fits;
	int r = CONV_NO_TERMINAL;

	if (style == ICRED_PROMPT_INFO || style == ICRED_PROMPT_ERROR) {
		fail_note(conv->options, "%s", text);
		return 0;
	}
	if (cap == 0)
		return ICRED_E_CANCELLED;
	/* What was handed over answers once: a second question means that the first answer was wrong. */
	if (passphrase->data && style == ICRED_PROMPT_ECHO_OFF) {
		fits = passphrase->len < cap;
		if (fits)
			memcpy(reply, passphrase->data, passphrase->len + 1);
		input_wipe(passphrase);
		if (fits)
			return 0;
	}
	if (!conv->person)
		return ICRED_E_LOCKED;
	if (when != ASKPASS_FORCE && when != ASKPASS_PREFER)
		r = conv_terminal(style, text, reply, cap, conv->deadline);
	if (r == CONV_NO_TERMINAL && when != ASKPASS_NEVER) {
		conv_catch(old);
		r = askpass_ask(conv->options, text, reply, cap, conv->deadline);
		conv_release(old);
	}
	if (r != CONV_NO_TERMINAL)
		return r;
	/* There was no way to ask, which is not the same as a question that was dismissed. */
	fail_would_help(OPTION_PASSPHRASE, true);
	return ICRED_E_LOCKED;
}
