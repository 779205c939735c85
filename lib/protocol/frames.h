/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protocol between the library and icred-worker, version PROTOCOL_VERSION.
 *
 * One frame is one packet of a SOCK_SEQPACKET socket: fields as in wire.h, the
 * first of which says what it is.  The worker's standard input is the control
 * socket.  It takes HELLO, once, and then requests; with each comes a socket
 * of its own (SCM_RIGHTS) on which everything about that request is said.  So
 * there are no numbers to match, a request can be polled, and closing its
 * socket cancels it.  A worker ends when the control socket does.
 */
#ifndef ICRED_LIB_PROTOCOL_FRAMES_H
#define ICRED_LIB_PROTOCOL_FRAMES_H

#include "lib/base/wire.h"
#include "lib/profile/profile.h"

/*
 * A worker serves libraries of its own version, of the one before and of the
 * one after, as a program may run across an upgrade.  HACKING.md says what
 * that asks of a new version.
 */
#ifndef PROTOCOL_VERSION
#define PROTOCOL_VERSION 1
#endif

/* Bytes of a module's question, and of its answer with its NUL. */
#define QUESTION_MAX 2000
#define REPLY_MAX    4096

enum frame {
	/* on the control socket */
	FRAME_HELLO = 1,
	FRAME_MINT,
	FRAME_KEY_CHECK,
	FRAME_KEY_STORE,
	FRAME_KEY_LIST,
	FRAME_KEY_REMOVE,
	FRAME_PROBE, /* load every module of the profile */
	/* on a request's socket, from the worker */
	FRAME_LOG = 32,
	FRAME_PROMPT,
	FRAME_KEY,    /* one of a list */
	FRAME_DONE,   /* the last one of a request that went well */
	FRAME_FAILED, /* the last one of a request that failed */
	FRAME_FAULT,  /* PROBE: what is wrong with one line; fields as of FAILED */
	/* on a request's socket, from the library */
	FRAME_REPLY = 64,
};

enum tag {
	TAG_FRAME = 100, /* enum frame; always the first field */
	TAG_PROTOCOL,    /* HELLO: PROTOCOL_VERSION */
	TAG_FLAGS,       /* HELLO: ICRED_INTERACTIVE, ICRED_ANSWERS */
	TAG_LOG_LEVEL,   /* HELLO: the most detailed level wanted; LOG: its level */
	TAG_NAME,        /* HELLO: the profile's name */
	TAG_FILE,        /* HELLO: its file; FAILED: where the deciding line is */
	TAG_SETTING,     /* HELLO: a setting's name, */
	TAG_VALUE,       /*        and its value */
	TAG_FACILITY,    /* HELLO: begins a stack line, */
	TAG_CONTROL,     /*        its actions by result, */
	TAG_OPTIONAL,    /*        present for "-facility", */
	TAG_MODULE,      /*        its module; FAILED, KEY: who says so */
	TAG_ARGUMENT,    /*        and its arguments */
	TAG_LINE,        /* HELLO, FAILED: the line's number */
	TAG_TIME_LEFT,   /* requests: milliseconds in which the worker must answer */
	TAG_TARGET_KIND, /* MINT: enum icred_target, */
	TAG_TARGET_ID,   /*       and whose */
	TAG_PEM,         /* KEY_CHECK, KEY_STORE */
	TAG_LABEL,       /* KEY_STORE, KEY */
	TAG_FINGERPRINT, /* KEY_REMOVE, KEY, DONE of CHECK and STORE */
	TAG_APP_ID,      /* KEY */
	TAG_WHERE,       /* KEY */
	TAG_CREATED,     /* KEY */
	TAG_BITS,        /* KEY */
	TAG_LOCKED,      /* KEY */
	TAG_TEXT,        /* LOG, PROMPT, FAILED: the message; REPLY: the reply */
	TAG_STYLE,       /* PROMPT */
	TAG_CODE,        /* FAILED, REPLY: ICRED_E_... */
	TAG_RETRY_AT,    /* FAILED */
	TAG_RECORD,      /* DONE of MINT: record.h */
	TAG_COLUMN,      /* HELLO: where the module's name stands in its line */
	TAG_SPOTS,       /* HELLO: no longer written, and ignored */
	TAG_DEADLINE,    /* requests: the same as TIME_LEFT, in milliseconds of CLOCK_MONOTONIC */
};

/* The kind of a packet's frame, with the reader after it; 0 if it is not a frame. */
int frame_read(const void *bytes, size_t len, struct reader *ret_reader);
void frame_begin(struct wire *wire, int frame);

/* All of HELLO after its first field. */
void hello_write(struct wire *wire, const struct profile *profile, unsigned flags, int log_level);
struct hello {
	struct profile *profile;
	unsigned flags;
	int log_level;
};
/* A failure is this thread's failure. */
int hello_read(struct reader *reader, struct hello *ret_hello);

/* This thread's failure as a frame, FAILED or FAULT, and back. */
void failure_write(struct wire *wire, int frame);
int failure_read(struct reader *reader);

#endif
