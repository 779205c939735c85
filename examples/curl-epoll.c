/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many transfers in an event loop of epoll(7), with curl_multi_socket_action().
 * No call blocks: a token that must be minted first is one more descriptor in
 * the loop.
 *
 *   cc curl-epoll.c $(pkg-config --cflags --libs libicred libcurl) -o curl-epoll
 *   ./curl-epoll https://api.carbonregistry.com/projects
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <icred/curl.h>

#define TRANSFERS 100
#define EVENTS    32

/* A transfer: in the multi handle, or waiting for its token. */
struct transfer {
	CURL *easy;
	icred_request_t *request;
};

static struct transfer transfers[TRANSFERS];
static struct icred_curl *auth;
static icred_t *handle;
static CURLM *multi;
static int loop, open_count, good;
static long timeout_ms = -1;

static size_t drop(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

/* An event of libcurl's sockets carries the socket; one of a request carries PLACE plus the transfer's index. */
#define PLACE (UINT64_C(1) << 32)

static void watch(int operation, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data = {.u64 = data}};

	if (epoll_ctl(loop, operation, fd, &event) < 0 && operation == EPOLL_CTL_MOD)
		epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
	(void)easy;
	(void)user;
	(void)socket_user;
	if (what == CURL_POLL_REMOVE)
		watch(EPOLL_CTL_DEL, fd, 0, 0);
	else
		watch(EPOLL_CTL_MOD, fd,
		      (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0),
		      (uint64_t)fd);
	return 0;
}

static int on_timer(CURLM *of, long milliseconds, void *user)
{
	(void)of;
	(void)user;
	timeout_ms = milliseconds;
	return 0;
}

static void end(struct transfer *transfer)
{
	icred_curl_forget(auth, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	open_count--;
}

static void wait_for_token(struct transfer *transfer)
{
	watch(EPOLL_CTL_ADD, icred_request_fd(transfer->request), EPOLLIN,
	      PLACE + (uint64_t)(transfer - transfers));
}

static void begin(struct transfer *transfer, const char *url)
{
	transfer->easy = curl_easy_init();
	if (!transfer->easy)
		exit(1);
	open_count++;
	if (icred_setting(handle, "ca", 0))
		curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, icred_setting(handle, "ca", 0));
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
	if (icred_curl_start(auth, transfer->easy, url, NULL, &transfer->request) < 0) {
		fprintf(stderr, "curl-epoll: %s\n", icred_error()->message);
		end(transfer);
	} else if (transfer->request) {
		wait_for_token(transfer);
	} else {
		curl_multi_add_handle(multi, transfer->easy);
	}
}

/* The token has come, or an error. */
static void on_token(struct transfer *transfer)
{
	icred_request_t *request = transfer->request;

	watch(EPOLL_CTL_DEL, icred_request_fd(request), 0, 0);
	transfer->request = NULL;
	if (icred_curl_finish(auth, transfer->easy, request) == 0) {
		curl_multi_add_handle(multi, transfer->easy);
		return;
	}
	fprintf(stderr, "curl-epoll: %s\n", icred_error()->message);
	end(transfer);
}

static void on_done(CURL *easy)
{
	struct transfer *transfer = NULL;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	curl_multi_remove_handle(multi, easy);
	if (icred_curl_restart(auth, easy, &transfer->request)) {
		wait_for_token(transfer);
		return;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	good += status == 200;
	end(transfer);
}

static void act(curl_socket_t fd, int events)
{
	CURLMsg *message;
	int running, left;

	curl_multi_socket_action(multi, fd, events, &running);
	while ((message = curl_multi_info_read(multi, &left)))
		if (message->msg == CURLMSG_DONE)
			on_done(message->easy_handle);
}

static void turn(void)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(loop, events, EVENTS, (int)timeout_ms);

	if (count == 0) {
		timeout_ms = -1;
		act(CURL_SOCKET_TIMEOUT, 0);
	}
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 >= PLACE)
			on_token(&transfers[events[i].data.u64 - PLACE]);
		else
			act((curl_socket_t)events[i].data.u64,
			    (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
				    (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
				    (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: curl-epoll URL\n");
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (icred_open(&handle, NULL, NULL) == 0)
		auth = icred_curl_new(handle, ICRED_CURL_FUNCTIONS);
	if (!auth) {
		fprintf(stderr, "curl-epoll: %s\n", icred_error()->message);
		return 1;
	}
	loop = epoll_create1(EPOLL_CLOEXEC);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 10L);
	for (int i = 0; i < TRANSFERS; i++)
		begin(&transfers[i], argv[1]);
	while (open_count)
		turn();
	printf("%d of %d\n", good, TRANSFERS);
	curl_multi_cleanup(multi);
	close(loop);
	icred_curl_free(auth);
	icred_close(handle);
	curl_global_cleanup();
	return good != TRANSFERS;
}
