# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens for Python's requests:  session.auth = IcredAuth()

icred refuses a URL outside the profile's origins, and returns a cached token in
about a millisecond.  requests itself removes the token before it follows a
redirect to another host.  A request whose token was refused is sent again, once.
"""

import re
import subprocess

import requests
from requests.auth import AuthBase

BEARER = re.compile(r'^oauth2-bearer = "([A-Za-z0-9._~+/-]+=*)"$', re.MULTILINE)
DEAD = re.compile("access token invalid", re.IGNORECASE)


class IcredAuth(AuthBase):
    def __init__(self, *options, program="icred"):
        """Options of icred, such as "--profile=work"."""
        self.command = [program, "--no-interactive", *options]

    def icred(self, *words):
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise requests.exceptions.RequestException(done.stderr.strip())
        return done.stdout

    def authorize(self, request):
        config = self.icred("curl-config", request.url)
        token = BEARER.search(config).group(1)
        if "noproxy" in config and requests.utils.get_environ_proxies(request.url):
            raise requests.exceptions.RequestException("a proxy would see the token, as the URL is http; set no_proxy")
        request.headers["Authorization"] = "Bearer " + token

    def __call__(self, request):
        self.authorize(request)
        try:
            start = request.body.tell()
        except AttributeError:
            start = None
        request.register_hook("response", lambda answer, **how: self.again(answer, start, how))
        return request

    def again(self, answer, start, how):
        """The ICR may answer 403 for a dead token; only the message shows that it is not a missing permission."""
        if answer.status_code != 401 and not (answer.status_code == 403 and DEAD.search(answer.text)):
            return answer
        if "Authorization" not in answer.request.headers:  # a redirect led to another origin, which got no token
            return answer
        if answer.history or (start is None and hasattr(answer.request.body, "read")):
            return answer
        answer.content  # noqa: B018 - reads the rest, so that the connection can be reused
        answer.close()
        request = answer.request.copy()
        request.hooks["response"] = []
        if start is not None:
            request.body.seek(start)
        self.icred("forget")
        self.authorize(request)
        second = answer.connection.send(request, **how)
        second.history.append(answer)
        second.request = request
        return second
