/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

#include "helper/common/askpass.h"
#include "lib/base/clock.h"
#include "helper/common/conv.h"
#include "helper/common/fail.h"
#include "helper/common/output.h"

/* The terminal's own state, for the handlers below; one question at a time. */
static volatile sig_atomic_t conv_changed;
static int conv_tty = -1;
static struct termios conv_saved;
static const struct output *conv_text; /* the question that is shown there */

static const int conv_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define CONV_NO_TERMINAL 1
#define CONV_SIGNALS     (sizeof(conv_signals) / sizeof(conv_signals[0]))

void conv_restore(void)
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

/* What is printed next must not stand behind a question that was left open. */
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
		(void)conv_show(); /* or not: then the person is as far as before */
	errno = saved;
}

static void conv_catch(struct sigaction old[CONV_SIGNALS])
{
	struct sigaction action = {.sa_handler = conv_signalled};
	size_t i;

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
}

/* One byte of the answer before the deadline; or ICRED_E_TIMEOUT, or ICRED_E_CANCELLED at the end. */
static int conv_byte(int64_t deadline, char *ret_byte)
{
	struct pollfd readable = {.fd = conv_tty, .events = POLLIN};

	for (;;) {
		int n = poll(&readable, 1, clock_left(deadline));

		if (n == 0)
			return ICRED_E_TIMEOUT;
		if (n > 0)
			n = (int)read(conv_tty, ret_byte, 1);
		if (n > 0)
			return 0;
		if (n == 0 || errno != EINTR)
			return ICRED_E_CANCELLED;
	}
}

/* A line without its LF.  Too long, or with a NUL in it, is an error: half a passphrase is none. */
static int conv_line(int64_t deadline, char *reply, size_t cap)
{
	size_t len = 0;
	char byte = 0;
	int r = 0;

	while (byte != '\n' && (r = conv_byte(deadline, &byte)) == 0) {
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

static int conv_question(int style, const char *text, char *reply, size_t cap, int64_t deadline)
{
	char first[512];
	struct output question = {first, 0, sizeof(first), 0, 0};
	struct sigaction old[CONV_SIGNALS];
	int r = ICRED_E_CANCELLED;

	output_clean(&question, text, 0);
	output_text(&question, " ");
	conv_text = &question;
	conv_catch(old);
	if (style != ICRED_PROMPT_ECHO_ON) /* a style that is not known may ask for a secret */
		conv_echo_off();
	/* One that can't be shown is not to be answered. */
	if (!question.failed && conv_show())
		r = conv_line(deadline, reply, cap);
	conv_restore();
	conv_release(old);
	conv_text = NULL;
	output_wipe(&question);
	return r;
}

static int conv_terminal(int style, const char *text, char *reply, size_t cap, int64_t deadline)
{
	int r = CONV_NO_TERMINAL;

	conv_tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (conv_tty < 0)
		return CONV_NO_TERMINAL;
	/* In the background the terminal would stop us instead of asking. */
	if (tcgetpgrp(conv_tty) == getpgrp())
		r = conv_question(style, text, reply, cap, deadline);
	close(conv_tty);
	conv_tty = -1;
	return r;
}

static int conv_program(const struct conv *conv, const char *text, char *reply, size_t cap)
{
	struct sigaction old[CONV_SIGNALS];
	int r;

	conv_catch(old);
	r = askpass_ask(conv->options, text, reply, cap, conv->deadline);
	conv_release(old);
	return r;
}

/* What was handed over beforehand answers once: a second question is one that it was no answer to. */
static int conv_handed_over(struct conv *conv, int style, char *reply, size_t cap)
{
	struct input *passphrase = &conv->passphrase;
	bool fits = passphrase->data && passphrase->len < cap;

	if (!passphrase->data || style != ICRED_PROMPT_ECHO_OFF)
		return ICRED_E_LOCKED;
	if (fits)
		memcpy(reply, passphrase->data, passphrase->len + 1);
	input_wipe(passphrase);
	return fits ? 0 : ICRED_E_LOCKED;
}

int conv_ask(int style, const char *text, char *reply, size_t cap, void *data)
{
	struct conv *conv = data;
	enum askpass_when when = askpass_when();
	int r = CONV_NO_TERMINAL;

	if (style == ICRED_PROMPT_INFO || style == ICRED_PROMPT_ERROR) {
		fail_note(conv->options, "%s", text);
		return 0;
	}
	if (cap == 0)
		return ICRED_E_CANCELLED;
	if (conv_handed_over(conv, style, reply, cap) == 0)
		return 0;
	if (!conv->person)
		return ICRED_E_LOCKED;
	if (when != ASKPASS_FORCE && when != ASKPASS_PREFER)
		r = conv_terminal(style, text, reply, cap, conv->deadline);
	if (r == CONV_NO_TERMINAL && when != ASKPASS_NEVER)
		r = conv_program(conv, text, reply, cap);
	return r == CONV_NO_TERMINAL ? ICRED_E_LOCKED : r; /* nobody has dismissed anything */
}
