"""The operator's view and the demo in the OpenAPI document."""

from __future__ import annotations

from playproof.web.dossier import SessionView
from playproof.web.operations import Json, answer, problems, ref
from playproof.web.routes import demo, operator

ANSWERS = (operator.SiteNames, operator.Funnel, operator.Visits, SessionView, demo.DemoSite, demo.Response)
"""What is read and answered, for the schemas."""

_FAILURES = (400, 401, 403, 422, 500, 503)
_SITE: Json = {
    "name": "site",
    "in": "query",
    "description": "Id of a site; all where absent.",
    "schema": {"type": "string", "pattern": operator.NAME_PATTERN},
}
_SCOPE: Json = {
    "name": "scope",
    "in": "path",
    "required": True,
    "description": "Whose id it is: `site:` and the id of a site, the name of an API key, `open` or `demo`; percent-encoded.",
    "schema": {"type": "string", "pattern": operator.NAME_PATTERN},
}


def operator_paths(session_id: Json) -> Json:
    """The paths under `/api/v1/operator/` and `/api/v1/demo`; `session_id` is the parameter of that name."""
    return {
        operator.PREFIX + "sites": {"get": _look("listSites", "List the sites", "By name.", "SiteNames", 400, 401, 403, 500, 503)},
        operator.PREFIX + "funnel": {
            "get": {
                **_look(
                    "getFunnel",
                    "See how far challenges came, and what was decided",
                    "Counts of what happened. Challenges that came to nothing count to the hour once they are removed, a day after their "
                    "end: whole hours are exact.",
                    "Funnel",
                    *_FAILURES,
                ),
                "parameters": [_time("since", "A day before `until` where absent."), _time("until", "Now where absent."), _SITE],
            }
        },
        operator.PREFIX + "challenges": {
            "get": {
                **_look("listChallenges", "List challenges, the newest first", "", "Visits", *_FAILURES),
                "parameters": [
                    _SITE,
                    {
                        "name": "after",
                        "in": "query",
                        "description": "`after` of an earlier answer.",
                        "schema": {"type": "string", "pattern": operator.CURSOR_PATTERN},
                    },
                    {
                        "name": "limit",
                        "in": "query",
                        "schema": {"type": "integer", "minimum": 1, "maximum": operator.LARGEST_PAGE, "default": operator.PAGE},
                    },
                ],
            }
        },
        operator.SESSIONS + "{scope}/{session_id}": {
            "get": {
                **_look("viewSession", "See all that is known of a session", "", "SessionView", 400, 401, 403, 404, 500, 503),
                "parameters": [_SCOPE, session_id],
            }
        },
        "/api/v1/demo": {"get": _demo("getDemo", "The site that the demo page plays for", "DemoSite", 400, 403, 500, 503)},
        "/api/v1/demo/siteverify": {
            "post": {
                **_demo("verifyDemo", "Do what a site's backend does", "Siteverify", 400, 403, 408, 413, 415, 422, 500, 503, 504),
                "requestBody": {"required": True, "content": {"application/json": {"schema": ref("Response")}}},
            }
        },
        demo.SESSIONS + "{session_id}": {
            "get": {
                **_demo("viewDemoSession", "See all that is known of a session of the demo", "SessionView", 400, 403, 404, 500, 503),
                "parameters": [session_id],
            }
        },
    }


def _look(name: str, summary: str, description: str, schema: str, *failures: int) -> Json:
    return {
        "tags": ["operation"],
        "operationId": name,
        "summary": summary,
        **({"description": description} if description else {}),
        "security": [{"adminKey": []}],
        "responses": {"200": answer("As it stands now.", schema), **problems(*failures)},
    }


def _demo(name: str, summary: str, schema: str, *failures: int) -> Json:
    told = answer("As it stands now.", schema)
    if schema == "Siteverify":
        told["content"]["application/json"]["schema"] = {"anyOf": [ref(schema), ref("Refusal")]}
    return {
        "tags": ["demo"],
        "operationId": name,
        "summary": summary,
        "description": "On the machine itself, where the service is bound to the loopback address.",
        "security": [],
        "responses": {"200": told, **problems(*failures)},
    }


def _time(name: str, description: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "description": f"Milliseconds since 1970, UTC. {description}",
        "schema": {"type": "integer", "minimum": 0, "maximum": operator.LATEST},
    }
