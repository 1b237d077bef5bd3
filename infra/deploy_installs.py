"""Installs through the deployed template: what a browser, Slack and an operator do."""

import html
import json
import re
import time
import urllib.parse

from deploy_tools import expect, until

COOKIE = "__Host-tidegate_install"


class Browser:
    """Keeps cookies, as browsers do, and follows nothing by itself."""

    def __init__(self, cloud):
        self.cloud, self.cookies = cloud, {}

    def get(self, path):
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        status, answer, headers = self.cloud.browse(path, {"Cookie": cookies} if cookies else {})
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
                self.last_cookie = value
        return status, answer.decode()

    def begin(self):
        status, page = self.get("/slack/install")
        expect(status == 200, f"the install page: {status} {page[:300]}")
        return html.unescape(re.search(r'href="([^"]+)"', page).group(1))


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


def approve(slack, authorize_url, **choice):
    return path_of(slack.act("oauth/approve", authorize_url=authorize_url, **choice)["redirect"])


def install(cloud, slack, **choice):
    browser = Browser(cloud)
    return browser.get(approve(slack, browser.begin(), **choice))


def install_first(report, cloud, slack, team):
    """Everything after it posts with the token of this install."""
    with report.check("(0) a workspace installs the app by OAuth"):
        status, page = install(cloud, slack, team=team)
        expect(status == 200 and "Installed" in page, f"{status}: {page[:300]}")
    with report.check("(0) its tokens are sealed in the table"):
        row = next(r for r in cloud.rows() if r["pk"]["S"] == f"{team}#install")
        for name in ("access_token", "refresh_token"):
            expect(bytes(row[name]["B"]).startswith(b"\xf5TG\x02"), f"{name} is not sealed: {list(row[name])}")


def install_checks(report, cloud, slack, team, operator_key):
    operator = {"Authorization": f"Bearer {operator_key}"}

    with report.check("(10) a state is good once, in one browser, and a refusal is told"):
        browser = Browser(cloud)
        back = approve(slack, browser.begin(), team="T0ACME00001")
        for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"):
            expect(part in browser.last_cookie, f"cookie without {part}: {browser.last_cookie.partition('=')[0]}")
        status, page = Browser(cloud).get(back)
        expect(status == 400 and "another browser" in page, f"another browser: {status} {page[:300]}")
        status, page = browser.get(back)
        expect(status == 200, f"the right browser: {status} {page[:300]}")
        status, page = browser.get(back)
        expect(status == 400, f"twice: {status} {page[:300]}")
        status, page = browser.get(approve(slack, browser.begin(), team=team, deny=True))
        expect(status == 403 and "not allow" in page, f"denied: {status} {page[:300]}")

    with report.check("(10) two workspaces and an organisation are answered with the right token"):
        status, page = install(cloud, slack, enterprise="E0UMBRELLA1")
        expect(status == 200, f"{status}: {page[:300]}")
        now = int(time.time())
        places = {"C0DEPLOYA1": {"team": "T0ACME00001"}, "C0DEPLOYU1": {"team": "T0UMBRELLA2", "enterprise": "E0UMBRELLA1"}}
        for n, (channel, place) in enumerate(places.items()):
            ts = f"{now}.0007{n:02}"
            event = {"type": "app_mention", "user": "U0ALICE0001", "text": "hello", "ts": ts, "channel": channel, "event_ts": ts}
            slack.act("event", event=event, **place)

        def posts(channel):
            calls = slack.get("/_fake/calls")
            return [c for c in calls if c["method"] == "chat.postMessage" and c["channel"] == channel and c["outcome"] == "ok"]

        until("both answered", lambda: all(posts(channel) for channel in places))
        expect(posts("C0DEPLOYA1")[0]["team"] == "T0ACME00001", f"{posts('C0DEPLOYA1')}")
        expect(posts("C0DEPLOYU1")[0]["enterprise"] == "E0UMBRELLA1" and not posts("C0DEPLOYU1")[0]["team"], f"{posts('C0DEPLOYU1')}")

    with report.check("(11) a token that has ended is renewed once, and the post goes out"):
        slack.act("oauth/expire", team=team)
        text = "after the token's end"
        slack.act("post", user="U0SOMEONE1", channel="C0DEPLOY7", text=f"<@U0TIDEGATE1> {text}")
        ts = slack.said_by("C0DEPLOY7", "U0SOMEONE1", f"<@U0TIDEGATE1> {text}")[0]["ts"]
        until("the reply", lambda: slack.replies("C0DEPLOY7", ts))
        mine = next(i for i in slack.get("/_fake/oauth/installs") if i["team"] == team)
        expect((mine["refreshes"], mine["refused_refreshes"]) == (1, 0), f"{mine}")

    with report.check("(12) an uninstalled workspace is disconnected, and connected again by a new install"):
        time.sleep(1)  # Slack tells whole seconds: an event of the install's own second is about the one before.
        slack.act("oauth/uninstall", team="T0ACME00001", order="uninstalled_first")
        until("disconnected", lambda: workspace(cloud, operator, "T0ACME00001").get("state") == "disconnected")
        row = next(r for r in cloud.rows() if r["pk"]["S"] == "T0ACME00001#install")
        expect("access_token" not in row and "refresh_token" not in row, f"secrets left: {sorted(row)}")
        status, page = install(cloud, slack, team="T0ACME00001")
        expect(status == 200 and workspace(cloud, operator, "T0ACME00001").get("state") == "connected", f"{status}: {page[:300]}")

    with report.check("(13) a workspace is erased: nothing of it can be read from then on"):
        slack.act("event", event=late("before"), team="T0ACME00001")
        until("a message row", lambda: rows_of(cloud, "T0ACME00001#messages#"))
        status, answer = cloud.request("DELETE", "/v1/workspaces/T0ACME00001", headers=operator)
        expect(status == 202, f"{status}: {answer[:300]}")
        state = workspace(cloud, operator, "T0ACME00001").get("state")
        expect(state == "erasing", f"it is {state}")
        # A warm worker may have its keys for a minute more; what it writes with them is removed by the next passes.
        slack.act("event", event=late("after"), team="T0ACME00001")


def erasure_check(report, cloud, slack, team, operator_key):
    """The end of what (13) began: passes come once a minute, the last one when no process can hold the keys any more."""
    operator = {"Authorization": f"Bearer {operator_key}"}
    with report.check("(14) an erased workspace leaves no row, and late events none"):
        until("the erasure has ended", lambda: not workspace(cloud, operator, "T0ACME00001"), 240)
        slack.act("event", event=late("long after"), team="T0ACME00001")
        cloud.quiet()
        left = rows_of(cloud, "T0ACME00001#")
        expect(not left, f"left: {left}")
        states, keys = key_rows(cloud)
        erased = [pk for pk, row in states.items() if "erased_at" in row]
        expect(len(erased) == 1 and erased[0] not in keys, f"erased: {erased}, with keys: {sorted(keys)}")
        expect(set(keys) == set(states) - set(erased), "another workspace lost its keys")
        expect(workspace(cloud, operator, team).get("state") == "connected", "another workspace was touched")


def late(text):
    ts = f"{int(time.time())}.000900"
    return {"type": "message", "user": "U0ALICE0001", "text": text, "ts": ts, "channel": "C0DEPLOYA1", "event_ts": ts}


def rows_of(cloud, prefix):
    return [row["pk"]["S"] for row in cloud.rows() if row["pk"]["S"].startswith(prefix)]


def key_rows(cloud):
    """The table of keys: the state of each workspace, and which have keys, by partition."""
    found = cloud.dynamodb.scan(TableName=cloud.outputs["KeysTableName"], ConsistentRead=True)["Items"]
    found = [row for row in found if row["pk"]["S"].startswith("@system#tenant_key#")]
    states = {row["pk"]["S"]: row for row in found if row["sk"]["S"] == "keys"}
    return states, {row["pk"]["S"] for row in found if row["sk"]["S"].startswith("key#")}


def workspace(cloud, operator, tenant):
    """As the API shows it; empty once there is none."""
    status, answer = cloud.request("GET", f"/v1/workspaces/{tenant}", headers=operator)
    expect(status in (200, 404), f"{status}: {answer[:300]}")
    return json.loads(answer).get("workspace", {})
