"""What the HTTP API hands on to the functions: every route, and paths as the client meant them."""

import json
import time
import urllib.parse

from deploy_tools import expect, until

# Ids with everything that means something in a URL. The last one would be another id if it were decoded twice.
ODD_IDS = ["EvODD?a=1", "EvODD#top", "EvODD 100%", "EvODDü&+;=", "EvODD%41%2F"]


def route_checks(report, cloud, event, operator_key):
    operator = {"Authorization": f"Bearer {operator_key}"}

    def ask(path_part):
        status, answer = cloud.request("GET", f"/v1/operator/events/{path_part}", headers=operator)
        return status, json.loads(answer)

    with report.check("every route's right to call its function fits into 8 kB, where AWS has 20 for a function"):
        for name in ("ApiFunction", "IngressFunction"):
            policy = cloud.client("lambda").get_policy(FunctionName=cloud.resources[name])["Policy"]
            print(f"       {name}: {len(policy)} of 8192")
            expect(len(policy) < 8192, f"{name}: {len(policy)} bytes")
    for odd in ODD_IDS:
        with report.check(f"the id {odd!r} in a path is decoded once"):
            expect(cloud.event(odd, event("C0DEPLOY8", "odd", f"{time.time():.6f}"))[0] == 200, "not taken")
            found = lambda: ask(urllib.parse.quote(odd, safe=""))  # noqa: E731
            until("it is found and done", lambda: found()[1].get("state") == "done")
            expect(found()[1]["event_id"] == odd, f"{found()}")
    with report.check("an HTTP API decodes `%2F`, so an id with a slash is another path: a plain 404"):
        status, answer = ask("EvODD%2Fid")
        expect((status, answer["error"]["code"]) == (404, "not_found"), f"{status}: {answer}")
