/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "helper/curl/option.h"
#include "lib/base/language.h"

/*
 * All options of curl 7.58 to 8.17.  One that is not here is refused, because
 * icred cannot know whether the next word is its value or a URL.
 */
static const char option_values[] =
	" abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout "
	"connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary "
	"data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url "
	"dump-header ech egd-file engine etag-compare etag-save expect100-timeout form form-string "
	"ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms "
	"haproxy-clientip header hostpubmd5 hostpubsha256 hsts interface ip-tos ipfs-gateway json "
	"keepalive-cnt keepalive-time key key-type knownhosts krb krb4 libcurl limit-rate local-port "
	"login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file noproxy "
	"oauth2-bearer output output-dir parallel-max parallel-max-host pass pinnedpubkey preproxy proto "
	"proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers "
	"proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey "
	"proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user "
	"proxy1.0 pubkey quote random-file range rate referer request request-target resolve retry "
	"retry-delay retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5 "
	"socks5-gssapi-service socks5-hostname speed-limit speed-time ssl-sessions stderr telnet-option "
	"tftp-blksize time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii "
	"trace-config unix-socket upload-file upload-flags url url-query user user-agent variable "
	"vlan-priority write-out ";
static const char option_flags[] =
	" alpn anyauth append basic buffer ca-native cert-status clobber compressed compressed-ssh "
	"create-dirs crlf digest disable disable-eprt disable-epsv disallow-username-in-url doh-cert-status "
	"doh-insecure dump-ca-embed eprt epsv fail fail-early fail-with-body false-start follow form-escape "
	"ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl ftp-ssl-ccc ftp-ssl-control ftp-ssl-reqd "
	"get globoff haproxy-protocol head help http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 "
	"http3-only ignore-content-length include insecure ipv4 ipv6 junk-session-cookies keepalive "
	"list-only location location-trusted mail-rcpt-allowfails manual mptcp negotiate netrc "
	"netrc-optional next npn ntlm ntlm-wb out-null parallel parallel-immediate path-as-is post301 "
	"post302 post303 progress-bar progress-meter proxy-anyauth proxy-basic proxy-ca-native proxy-digest "
	"proxy-http2 proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast "
	"proxy-ssl-auto-client-cert proxy-tlsv1 proxytunnel raw remote-header-name remote-name "
	"remote-name-all remote-time remove-on-error retry-all-errors retry-connrefused sasl-ir sessionid "
	"show-error show-headers silent skip-existing socks5-basic socks5-gssapi socks5-gssapi-nec ssl "
	"ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2 sslv3 "
	"styled-output suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tls-earlydata tlsv1 "
	"tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-ids trace-time use-ascii verbose version xattr ";

/* A letter, and the option that it is short for. */
static const char option_letters[] =
	" 0http1.0 1tlsv1 2sslv2 3sslv3 4ipv4 6ipv6 #progress-bar :next Auser-agent Buse-ascii Ccontinue-at "
	"Ddump-header Ecert Fform Gget Hheader Ihead Jremote-header-name Kconfig Llocation Mmanual Nbuffer "
	"Oremote-name Pftp-port Qquote Rremote-time Sshow-error Tupload-file Uproxy-user Vversion Xrequest "
	"Yspeed-limit Zparallel aappend bcookie ccookie-jar ddata ereferer ffail ggloboff hhelp iinclude "
	"jjunk-session-cookies kinsecure llist-only mmax-time nnetrc ooutput pproxytunnel qdisable rrange "
	"ssilent ttelnet-option uuser vverbose wwrite-out xproxy yspeed-time ztime-cond ";

static const struct option_risk {
	const char *names, *risk;
} option_risks[] = {
	{" anyauth aws-sigv4 basic digest negotiate ntlm ntlm-wb oauth2-bearer user ",
	 "icred adds the authorization; use curl itself to send another one"},
	{" netrc netrc-file netrc-optional ",
	 "it would add other credentials to the token; leave it out, icred adds the authorization"},
	{" location-trusted ", "it would send the token to other hosts; use --location"},
	{" insecure ",
	 "without a check of its certificate, any server could receive the token; give the server's CA "
	 "with --cacert"},
	{" libcurl trace trace-ascii ",
	 "it would write the token to a file; use --dump-header or --write-out"},
	{" trace-config ", "it would show the token; use --dump-header or --write-out"},
	{" tls-earlydata ", "it would send the token before the server is authenticated; leave it out"},
	{" ipfs-gateway ", "tokens go to http and https URLs only; leave it out"},
	{" variable ", "icred cannot check what a variable stands for; write its value instead"},
};

static bool option_listed(const char *list, const char *name, size_t len)
{
	const char *at = list;

	while ((at = memmem(at, strlen(at), name, len)) != NULL) {
		if (at > list && at[-1] == ' ' && at[len] == ' ')
			return true;
		at++;
	}
	return false;
}

bool curl_option_find(const char *name, size_t len, struct curl_option *ret_option)
{
	struct curl_option option = {.off = len > 3 && memcmp(name, "no-", 3) == 0};

	if (option.off) {
		name += 3;
		len -= 3;
	}
	if (len == 0 || len >= sizeof(option.name) || memchr(name, ' ', len))
		return false;
	option.takes_value = option_listed(option_values, name, len);
	if (option.takes_value ? option.off : !option_listed(option_flags, name, len))
		return false;
	memcpy(option.name, name, len);
	for (size_t i = 0; !option.off && i < ARRAY_SIZE(option_risks); i++) {
		if (option_listed(option_risks[i].names, name, len))
			option.risk = option_risks[i].risk;
	}
	*ret_option = option;
	return true;
}

bool curl_option_letter(char letter, struct curl_option *ret_option)
{
	const char key[] = {' ', letter, '\0'};
	const char *at = letter == ' ' || letter == '\0' ? NULL : strstr(option_letters, key);
	size_t len;

	if (!at)
		return false;
	len = strcspn(at + 2, " ");
	if (!curl_option_find(at + 2, len, ret_option))
		return false;
	ret_option->off = letter == 'N'; /* the one letter that means "no" */
	return true;
}

struct suggestion curl_option_similar(const char *word)
{
	size_t dashes = strspn(word, "-");
	struct suggestion similar = suggest_for(word + dashes, dashes == 2 ? strcspn(word + dashes, "=") : 0);

	similar.prefix = "--";
	suggest_names(&similar, option_values);
	suggest_names(&similar, option_flags);
	return similar;
}

bool curl_option_is(const struct curl_option *option, const char *name)
{
	return strcmp(option->name, name) == 0;
}

bool curl_option_among(const struct curl_option *option, const char *names)
{
	return option_listed(names, option->name, strlen(option->name));
}
