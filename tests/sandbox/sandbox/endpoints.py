# SPDX-License-Identifier: LGPL-2.1-or-later
"""The endpoints of the ICR API that an app meets."""

from urllib.parse import unquote

from . import jwtcheck
from .clock import rfc3339
from .parse import json_value
from .wire import Answer, error

VERSION = "2023-06-16"
PREFIXES = ("/v0.5", "/v1")
LARGEST_PAGE = 50
RESOURCES = {"": "organization_info", "members": "organization_members", "projects": "organization_projects",
             "inventory": "organization_inventory", "warehouse": "organization_warehouse"}
PROJECTS = [{"id": f"b0a7c0de-0000-4000-8000-{n:012x}", "fullName": name, "countryCode": code,
             "status": "registered"}
            for n, (name, code) in enumerate((("Basalt mineralization", "IS"), ("Mangrove restoration", "CR"),
                                              ("Afforestation", "KE")), 1)]


class Failure(Exception):
    """Ends the request with this answer."""

    def __init__(self, status, message):
        super().__init__(message)
        self.answer = error(status, message)


class Call:
    """One request on its way: what was asked, and how the sandbox is to read it."""

    __slots__ = ("sandbox", "request", "readings", "path", "entry")

    def __init__(self, sandbox, request, readings):
        self.sandbox = sandbox
        self.request = request
        self.readings = readings
        self.path = strip_prefix(request.path)
        self.entry = None

    def app(self):
        """The app whose JWT came along, and the key that signed it."""
        bearer = self.request.bearer()
        if bearer is None:
            raise Failure(401, "Unauthorized")
        registry = self.sandbox.registry
        try:
            issuer, key = jwtcheck.judge(bearer, registry.keys_of, self.sandbox.clock.now(),
                                         self.readings["alg-claim"])
        except jwtcheck.Refused as why:
            self.sandbox.note(f"JWT refused: {why}")
            raise Failure(int(self.readings["jwt-failure"]), str(why)) from None
        return registry.apps[issuer], key

    def token(self):
        """The live access token that came along."""
        bearer = self.request.bearer()
        if bearer is None:
            raise Failure(401, "Unauthorized")
        token = self.sandbox.registry.live_token(bearer)
        if token is None:
            raise Failure(int(self.readings["dead-token"]), "Access token invalid")
        return token

    def body(self):
        """The JSON object in the body; an empty body is an empty object."""
        try:
            value = json_value(self.request.body or b"{}")
        except ValueError:
            raise Failure(400, "Unexpected token in JSON") from None
        if not isinstance(value, dict):
            raise Failure(400, "The body must be an object")
        return value


def strip_prefix(path):
    for prefix in PREFIXES:
        if path.startswith(prefix + "/"):
            return path[len(prefix):]
    return path


def name_and_handler(method, path):
    """The endpoint's name, as counts and faults use it, and what serves it."""
    match method, [unquote(part) for part in path.split("/")[1:]]:
        case "POST", ["app", "accessTokens"]:
            return "app-token", mint_app
        case "POST", ["app", "installations", ident, "accessTokens"] if ident:
            return "installation-token", lambda call: mint_installation(call, ident)
        case "DELETE", ["app", "installations", "token"]:
            return "revoke", revoke
        case "GET", ["app", "installations"]:
            return "installations", list_installations
        case "GET", ["app", "installations", ident] if ident:
            return "installation", lambda call: show_installation(call, ident)
        case "GET", ["app", "organizations", ident, "installation"] if ident:
            return "organization-installation", lambda call: find_installation(call, ident)
        case "POST", ["app", "create", "user", "organization"]:
            return "create", create_organization
        case "GET", ["projects"]:
            return "projects", list_projects
        case "GET", ["projects", ident] if ident:
            return "projects", lambda call: show_project(call, ident)
        case "GET", ["organizations", ident] if ident:
            return "organizations", lambda call: organization(call, ident, "")
        case "GET", ["organizations", ident, resource] if resource in RESOURCES and resource:
            return "organizations", lambda call: organization(call, ident, resource)
    return "other", missing


def serve(call, handler):
    """Runs the handler; every way out is an answer."""
    try:
        check_version(call)
        if call.request.path.startswith("/v1/app/") and call.readings["v1-app"] == "no":
            return missing(call)
        return handler(call)
    except Failure as failure:
        return failure.answer


def check_version(call):
    if call.request.headers.get("x-icr-api-version", VERSION) != VERSION:
        raise Failure(400, "Unsupported API version")


def missing(call):
    return error(404, f"Cannot {call.request.method} {call.request.path}")


def kind_of_bearer(request):
    """What came as a bearer, by its looks: the counts tell tests what a client sends where."""
    bearer = request.bearer()
    if bearer is None:
        return "other" if "authorization" in request.headers else "none"
    if bearer.startswith("crs_"):
        return "token"
    return "jwt" if jwtcheck.looks_like_jwt(bearer) else "other"


def mint_app(call):
    app, key = call.app()
    return minted(call, app, None, key)


def mint_installation(call, ident):
    app, key = call.app()
    call.body()
    entry = installation_of(call, app, ident)
    if entry.suspended:
        raise Failure(403, "This installation has been suspended")
    return minted(call, app, entry, key)


def minted(call, app, installation, key):
    with call.sandbox.lock:
        token = call.sandbox.registry.mint(app, installation, key)
    call.sandbox.counts.mint(installation)
    created = rfc3339(token.created)
    value = {"id": token.id, "createdAt": created, "updatedAt": created, "token": token.secret}
    if call.readings["expires-at"] != "absent":
        value["expiresAt"] = rfc3339(token.expires, call.readings["expires-at"])
    value.update(isActive=True, permissions=token.permissions, appId=app.id)
    if installation and call.readings["token-ids"] == "yes":
        value.update(installationId=installation.id, organizationId=installation.organization.id)
    return Answer(int(call.readings["mint-status"]), value)


def revoke(call):
    token = call.token()
    if token.installation is None and call.readings["revoke-app"] == "no":
        raise Failure(403, "Forbidden")
    with call.sandbox.lock:
        call.sandbox.registry.revoke(token.secret)
    call.sandbox.counts.add("revocations")
    return {"200": Answer(200), "204": Answer(204),
            "body": Answer(200, {"id": token.id, "isActive": False})}[call.readings["revoke"]]


def installation_of(call, app, ident):
    entry = call.sandbox.registry.installations.get(ident)
    if entry is None or entry.app is not app:
        raise Failure(404, "Installation not found")
    return entry


def installation_value(call, entry):
    base = {"undefined": "undefined", "real": call.sandbox.url,
            "forged": call.sandbox.elsewhere.url}[call.readings["urls"]]
    org, created = entry.organization, rfc3339(entry.created)
    return {"id": entry.id, "appId": entry.app.id, "appNameId": entry.app.name, "createdAt": created,
            "updatedAt": created, "permissions": entry.permissions,
            "organization": organization_value(base, org, created),
            "accessTokensUrl": f"{base}/app/installations/{entry.id}/accessTokens"}


def organization_value(base, org, created):
    return {"id": org.id, "url": f"{base}/organizations/{org.id}", "fullName": org.name, "type": org.kind,
            "countryCode": org.country, "city": "", "zip": "", "physicalAddress": "",
            "registrationNumber": "", "website": "", "logo": None, "isPublic": True, "createdAt": created,
            "updatedAt": created, "organizationIndustries": None}


def number(call, name, default, least):
    text = call.request.query.get(name, default)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise Failure(400, [f"{name} must not be less than {least}"])
    return int(text)


def page_of(call, items, name):
    """A page of a list, in the envelope of the service; pages count from 0."""
    limit = min(number(call, "limit", call.readings["page-limit"], 1), LARGEST_PAGE)
    page = number(call, "page", "0", 0)
    part = items[page * limit:(page + 1) * limit]
    if call.readings["pagination"] == "no":
        return {name: part}
    pages = -(-len(items) // limit)
    info = {"total": len(items), "currentPage": page, "pageCount": pages, "nextPage": page + 1,
            "prevPage": page - 1 if page else None}
    if page + 1 >= pages:
        info["nextPage"] = page if call.readings["next-page"] == "same" else None
        if call.readings["next-page"] == "absent":
            del info["nextPage"]
    return {"pagination": info, name: part}


def list_installations(call):
    app, _ = call.app()
    with call.sandbox.lock:
        entries = call.sandbox.registry.of_app(app, call.readings["list-suspended"] == "yes")
    value = page_of(call, entries, "installations")
    value["installations"] = [installation_value(call, entry) for entry in value["installations"]]
    return Answer(200, value)


def show_installation(call, ident):
    app, _ = call.app()
    return Answer(200, installation_value(call, installation_of(call, app, ident)))


def find_installation(call, ident):
    if call.readings["organization-endpoint"] == "no":
        return missing(call)
    app, _ = call.app()
    with call.sandbox.lock:
        for entry in call.sandbox.registry.of_app(app, True):
            if entry.organization.id == ident:
                return Answer(200, installation_value(call, entry))
    raise Failure(404, "Installation not found")


def create_organization(call):
    app, _ = call.app()
    body = call.body()
    if not isinstance(body.get("user"), dict) or not isinstance(body.get("organization"), dict):
        raise Failure(400, ["user must be an object", "organization must be an object"])
    with call.sandbox.lock:
        entry = call.sandbox.registry.create_organization(app, body["organization"])
    return Answer(int(call.readings["mint-status"]), {"installation": installation_value(call, entry)})


def check_reader(call):
    """/projects takes any live token; whether it takes a JWT is a contradiction in the documentation."""
    if call.readings["jwt-on-projects"] == "yes" and kind_of_bearer(call.request) == "jwt":
        call.app()
    else:
        call.token()


def list_projects(call):
    check_reader(call)
    return Answer(200, page_of(call, PROJECTS, "projects"))


def show_project(call, ident):
    check_reader(call)
    for project in PROJECTS:
        if project["id"] == ident:
            return Answer(200, project)
    raise Failure(404, "Project not found")


def organization(call, ident, resource):
    token = call.token()
    if token.installation is None or token.installation.organization.id != ident:
        raise Failure(403, "Forbidden")
    if RESOURCES[resource] not in token.permissions:
        raise Failure(403, "Insufficient permissions")
    if not resource:
        return Answer(200, organization_value("undefined", token.installation.organization,
                                              rfc3339(token.installation.created)))
    return Answer(200, page_of(call, PROJECTS if resource == "projects" else [], resource))
