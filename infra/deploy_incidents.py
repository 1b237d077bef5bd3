"""The life of an incident through the deployed template, with the token and the ids of one workspace as parameters: what
people type, click and fill in at the stand-in Slack, what a stand-in Statuspage.io shows of it, and what a program does."""

import json
import re
import time

from deploy_cloud import PAGE_KEY
from deploy_tools import call, expect, exposed_ports, serve, until

PAGE = "deploypage01"
ALICE, BOB, CAROL, DAVE = "U0ALICE0001", "U0BOB000001", "U0CAROL0001", "U0DAVE00001"
GENERAL, RANDOM = "C0GENERAL01", "C0RANDOM001"
COMPONENT, RUNBOOK = "cmpapi000001", "https://runbooks.example.com/api"
PATIENCE = 60

# What the older bot has in its environment.
PARAMETERS = {
    "Services": "api,web",
    "ServiceOwners": json.dumps({"api": [DAVE]}),
    "NotificationChannelGeneral": GENERAL,
    "NotificationChannelEngineering": "C0ENGINEER1",
    "P1Users": CAROL,
    "IncidentAdmins": DAVE,
    "StatuspagePageId": PAGE,
}


class Page:
    """The stand-in Statuspage.io, with its limits."""

    def __init__(self, program, work):
        command = [program, "--port", "0", "--page-id", PAGE]
        self.url = serve(command, work / "statuspage.log", {"STATUSPAGE_API_KEY": PAGE_KEY}, "/_fake/state")

    def state(self):
        return json.loads(call("GET", f"{self.url}/_fake/state")[1])

    def component(self):
        return next(c["status"] for c in self.state()["components"] if c["id"] == COMPONENT)

    def says(self, text):
        """The incident one of whose updates says this."""
        told = [i for i in self.state()["incidents"] if any(u["body"] == text for u in i["incident_updates"])]
        return told[0] if told else None


class Workspace:
    """What people of the workspace do and see."""

    def __init__(self, slack):
        self.slack = slack

    def types(self, user, channel, text):
        sent = self.slack.act("command", user=user, channel=channel, command="/incident", text=text)
        expect(sent["ok"], f"/incident {text}: {sent}")

    def clicks(self, user, channel, action):
        """The newest button of that name."""
        ts = until(f"a button {action}", lambda: self.button(self.shown(channel, user), action), PATIENCE)
        sent = self.slack.act("click", user=user, channel=channel, ts=ts, action_id=action)
        expect(sent["ok"], f"click on {action}: {sent}")

    def declares_by_form(self, user, channel, **values):
        """A form has to open within three seconds; whoever gets a button instead clicks it."""
        self.types(user, channel, "declare")
        late = "incident.open_form"
        for _ in range(5):
            shown = lambda: self.form(user) or self.button(self.shown(channel, user), late)  # noqa: E731
            until("the form, or a button that opens it", shown, PATIENCE)
            form = self.form(user)
            if form:
                break
            self.clicks(user, channel, late)
            time.sleep(3)
        expect(form and form["callback_id"] == "declare_incident_modal", f"no form: {form}")
        refused = self.slack.act("submit", user=user, values={**values, "title": "   "})
        errors = json.loads(refused["attempts"][-1]["body"]).get("errors", {}) if refused["attempts"] else {}
        expect(list(errors) == ["title"] and self.form(user), f"a form without a title: {refused}")
        sent = self.slack.act("submit", user=user, values=values)
        expect(sent["ok"] and not self.form(user), f"the form: {sent}")

    def form(self, user):
        open_views = self.slack.get("/_fake/state")["views"]
        return next((o["view"] for o in reversed(open_views) if o["user"] == user), None)

    def room(self, end):
        """The incident channel whose name ends like that."""
        rooms = self.slack.get("/_fake/state")["channels"]
        return next((r for r in rooms if re.fullmatch(rf"inc-\d{{8}}-{end}", r["name"])), None)

    def said(self, channel, text=""):
        """What the app said there."""
        told = self.slack.get(f"/_fake/messages?channel={channel}")
        return [m for m in told if m["bot_id"] and text in m["text"]]

    def shown(self, channel, user):
        """What a person sees there, the oldest first."""
        state = self.slack.get(f"/_fake/state?channel={channel}")
        alone = [m for m in state["ephemerals"] if m["user"] == user]
        return sorted([*state["messages"].get(channel, []), *alone], key=lambda m: m["ts"])

    @staticmethod
    def button(messages, action):
        mark = f'"action_id": "{action}"'
        return next((m["ts"] for m in reversed(messages) if mark in json.dumps(m["blocks"])), None)

    def topic(self, end, *words):
        """Waits for the channel's topic to say all of it."""
        until(f"a topic with {words}", lambda: all(w in self.room(end)["topic"] for w in words), PATIENCE)

    def tells(self, user, channel, words):
        """Waits for an answer that only this person sees."""
        until(f"an answer with {words!r}", lambda: any(words in m["text"] for m in self.slack.answers_to(channel, user)), PATIENCE)


def incident_checks(report, cloud, slack, page, team, operator_key):
    people = Workspace(slack)
    operator = {"Authorization": f"Bearer {operator_key}"}
    setting_checks(report, cloud, people, team, operator)
    declare_checks(report, people)
    life_checks(report, people, page)
    end_checks(report, people, page)
    record_check(report, cloud, people, team, operator)
    drill_check(report, cloud, people)
    program_check(report, cloud, people, team, operator)
    with report.check("(29) with all of it running, everything listens on loopback only"):
        expect(not exposed_ports(), f"open to the network: {exposed_ports()}")


def setting_checks(report, cloud, people, team, operator):
    with report.check("(20) the worker of events has no token and no key but the master key"):
        name = cloud.resources["EventWorkerFunction"]
        given = cloud.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        secret = {v for v in given if re.search("TOKEN|SECRET|KEY", v)}
        expect(secret <= {"KEYS_TABLE_NAME", "TIDEGATE_MASTER_KEY_PARAMETER", "TIDEGATE_MASTER_KEY"}, f"it has {secret}")
        role = json.dumps(cloud.template["Resources"]["EventWorkerRole"])
        expect("BotTokenParameter" not in role and "StatuspageKeyParameter" not in role, f"its role: {role}")
    with report.check("(20) settings come from the parameters, and an admin changes them by command"):
        status, answer = cloud.request("GET", f"/v1/incident-settings?tenant={team}", headers=operator)
        expect(status == 200, f"{status}: {answer[:300]}")
        found = json.loads(answer)["settings"]
        routing = found["routing"]
        expect(sorted(found["services"]) == ["api", "web"] and found["services"]["api"]["owners"] == [DAVE], f"{found['services']}")
        expect((routing["general"], routing["p1_users"], found["admins"]) == (GENERAL, [CAROL], [DAVE]), f"{routing} {found['admins']}")
        expect(found["status_page"]["page_id"] == PAGE, f"{found['status_page']}")
        people.types(ALICE, RANDOM, f"map api {COMPONENT}")
        people.tells(ALICE, RANDOM, "admin")
        people.types(DAVE, RANDOM, f"config set services.api.runbook {RUNBOOK}")
        people.tells(DAVE, RANDOM, "runbook")
        people.types(DAVE, RANDOM, f"map api {COMPONENT}")
        people.tells(DAVE, RANDOM, "components")
    with report.check("(20) the status page is asked with the key of Parameter Store"):
        people.types(DAVE, RANDOM, "map check")
        people.tells(DAVE, RANDOM, "Payments")


def declare_checks(report, people):
    slack = people.slack
    with report.check("(21) an incident is declared in a line: channel, people, header, pin, topic, bookmark"):
        people.types(ALICE, RANDOM, "declare Checkout down sev:P1 service:api")
        until("its channel", lambda: people.room("api"), PATIENCE)
        people.topic("api", "P1", "declared", f"<@{ALICE}>")
        until("the bookmark", lambda: people.room("api")["bookmarks"], PATIENCE)
        room = people.room("api")
        expect({ALICE, DAVE} <= set(room["members"]), f"in the channel: {room['members']}")
        header = people.said(room["id"], "Checkout down")
        expect(len(header) == 1 and room["pins"] == [header[0]["ts"]], f"pinned: {room['pins']}, said: {[m['ts'] for m in header]}")
        expect([b["link"] for b in room["bookmarks"]] == [RUNBOOK], f"bookmarks: {room['bookmarks']}")
    with report.check("(21) it is announced once, and whoever hears of every P1 gets one message"):
        until("both are told", lambda: people.said(GENERAL, "Checkout down") and people.said(direct(CAROL)), PATIENCE)
        told = len(people.said(GENERAL, "Checkout down")), len(people.said(direct(CAROL), "Checkout down"))
        expect(told == (1, 1), f"messages: {told}")
        made = [c for c in slack.get("/_fake/calls") if c["method"] == "conversations.create" and c["outcome"] == "ok"]
        expect(len(made) == 1, f"channels made: {made}")


def life_checks(report, people, page):
    room = (people.room("api") or {}).get("id", "none")
    with report.check("(22) an update moves it, edits the announcement and stands in its thread"):
        people.types(ALICE, room, "status identified A full disk")
        people.topic("api", "identified")
        root = people.said(GENERAL, "Checkout down")[0]["ts"]
        until("the thread", lambda: "A full disk" in json.dumps(people.slack.replies(GENERAL, root)), PATIENCE)
        until("the edited root", lambda: "identified" in people.said(GENERAL, "Checkout down")[0]["text"], PATIENCE)
    with report.check("(22) it is lowered quietly, and raised so that all hear of it"):
        people.types(ALICE, room, "severity P2 Half of it works")
        people.topic("api", "P2")
        people.types(ALICE, room, "severity P1 Nothing works again")
        people.topic("api", "P1")
        until("the direct message", lambda: "Nothing works again" in json.dumps(people.said(direct(CAROL))), PATIENCE)
        expect("Half of it works" not in json.dumps(people.said(direct(CAROL))), "a lower severity was told")
    with report.check("(23) the command is handed over when the other accepts"):
        people.types(ALICE, room, f"handover <@{BOB}|bob> The database team is on it")
        people.clicks(BOB, room, "incident.handover_accept")
        people.topic("api", f"<@{BOB}>")
    with report.check("(24) a text for the public waits for the commander, then the status page has it with the component"):
        people.types(CAROL, room, "join")
        until("she is in", lambda: CAROL in people.room("api")["members"], PATIENCE)
        people.types(CAROL, room, "claim comms")
        until("she has the role", lambda: people.said(room, "comms"), PATIENCE)
        text = "Payments by card fail. We are on it."
        people.types(CAROL, room, f"public {text}")
        until("the draft", lambda: people.button(people.shown(room, BOB), "incident.public_publish"), PATIENCE)
        expect(not page.says(text), "published without the commander")
        people.clicks(BOB, room, "incident.public_publish")
        told = until("the page says it", lambda: page.says(text), PATIENCE)
        shown = (told["status"], told["impact_override"], [c["id"] for c in told["components"]], page.component())
        expect(shown == ("identified", "critical", [COMPONENT], "partial_outage"), f"the page shows {shown}")
        expect(len(page.state()["incidents"]) == 1, "more than one incident on the page")


def end_checks(report, people, page):
    room = (people.room("api") or {}).get("id", "none")
    with report.check("(25) it is resolved, here, there and for everyone who had heard of it"):
        people.types(BOB, room, "resolve Rolled back to 4.1")
        people.topic("api", "resolved")
        until("the page", lambda: page.state()["incidents"][0]["status"] == "resolved" and page.component() == "operational", PATIENCE)
        until("the direct message", lambda: "Rolled back to 4.1" in json.dumps(people.said(direct(CAROL))), PATIENCE)
    with report.check("(25) it is reopened, and its component shows that"):
        people.types(BOB, room, "reopen Errors are back")
        people.topic("api", "investigating")
        until("the component", lambda: page.component() == "major_outage", PATIENCE)
        people.types(BOB, room, "resolve Rolled back the database too")
        people.topic("api", "resolved")
        until("the component again", lambda: page.component() == "operational", PATIENCE)
    with report.check("(25) its post-mortem is drafted"):
        people.types(BOB, room, "postmortem")
        until("the draft", lambda: people.said(room, "*Post-mortem*, draft 1"), PATIENCE)
        until("its text", lambda: people.said(room, "```"), PATIENCE)
    with report.check("(25) an admin closes it early; the commander may not"):
        people.types(BOB, room, "close")
        people.tells(BOB, room, "admin")
        expect("resolved" in people.room("api")["topic"], f"topic: {people.room('api')['topic']}")
        people.types(DAVE, room, "close")
        people.topic("api", "closed")


def record_check(report, cloud, people, team, operator):
    with report.check("(26) a message that somebody pins in Slack is on the timeline"):
        room = people.room("api")["id"]
        ts = people.slack.act("post", user=ALICE, channel=room, text="I restarted the primary")["ts"]
        people.slack.act("pin", user=ALICE, channel=room, ts=ts)
        incident = next(i for i in listed(cloud, team, operator) if i["title"] == "Checkout down")

        def timeline():
            status, answer = cloud.request("GET", f"/v1/incidents/{incident['id']}/timeline?tenant={team}", headers=operator)
            expect(status == 200, f"{status}: {answer[:300]}")
            return json.loads(answer)["entries"]

        until("the entry", lambda: "I restarted the primary" in json.dumps(timeline()), PATIENCE)
        kinds = {entry["kind"] for entry in timeline()}
        expect({"declared", "resolved", "reopened", "closed"} <= kinds, f"entries of {sorted(kinds)}")


def drill_check(report, cloud, people):
    with report.check("(27) a drill is declared by a form; its reminder comes with the scheduler's next run; nobody else hears"):
        people.declares_by_form(
            BOB, RANDOM, title="Rehearsal", severity="P1", service=["web"], commander=BOB, options=["drill"]
        )
        until("its channel", lambda: people.room("web"), PATIENCE)
        people.topic("web", "DRILL", "P1")
        room = people.room("web")["id"]

        def reminded():
            answer = cloud.client("lambda").invoke(FunctionName=cloud.resources["SchedulerFunction"], Payload=b"{}")
            expect("FunctionError" not in answer, f"the scheduler: {answer['Payload'].read()[:300]}")
            return people.said(room, "Nobody has taken up")

        until("the reminder", reminded, PATIENCE)
        expect(not people.said(GENERAL, "Rehearsal"), "a drill was announced")
        people.types(BOB, room, "cancel The rehearsal is over")
        people.topic("web", "canceled")


def program_check(report, cloud, people, team, operator):
    with report.check("(28) a program declares with a key, once for each idempotency key, and reads what it may"):
        wanted = {"name": "alerts", "scopes": ["incidents:read", "incidents:write"]}
        status, answer = send(cloud, "POST", f"/v1/keys?tenant={team}", wanted, operator)
        expect(status == 201, f"the key: {status} {answer}")
        key = {"Authorization": f"Bearer {answer['key']}"}
        alert = {"title": "Disk is full", "severity": "P3", "services": ["web"]}
        once = {**key, "Idempotency-Key": "alert-17"}
        first = send(cloud, "POST", "/v1/incidents", alert, once)
        again = send(cloud, "POST", "/v1/incidents", alert, once)
        expect((first[0], again[0]) == (201, 200), f"{first} {again}")
        declared = first[1]["incident"]["id"]
        expect(again[1]["incident"]["id"] == declared, f"two incidents: {first} {again}")
        found = lambda: send(cloud, "GET", f"/v1/incidents/{declared}", None, key)[1]["incident"]  # noqa: E731
        until("its channel", lambda: found()["channel"]["state"] == "made", PATIENCE)
        room = found()["channel"]["id"]
        until("its header", lambda: people.said(room, "Disk is full"), PATIENCE)
        mine = [i for i in listed(cloud, team, key) if i["title"] == "Disk is full"]
        expect(len(mine) == 1, f"listed: {mine}")
        status, answer = send(cloud, "POST", f"/v1/incidents/{declared}/resolve", {"summary": "Space was made"}, key)
        expect(status == 200 and answer["incident"]["status"] == "resolved", f"{status}: {answer}")
        expect(send(cloud, "GET", "/v1/incidents", None, {})[0] == 401, "open to everyone")


def direct(user):
    """A person's direct message with the app, as the stand-in names it."""
    return user.replace("U", "D", 1)


def listed(cloud, team, credential):
    status, answer = send(cloud, "GET", f"/v1/incidents?status=all&tenant={team}", None, credential)
    expect(status == 200, f"{status}: {answer}")
    return answer["incidents"]


def send(cloud, method, path, body, headers):
    """A call of the API; gives status and JSON."""
    body = None if body is None else json.dumps(body).encode()
    status, answer = cloud.request(method, path, body, {"Content-Type": "application/json", **headers})
    return status, json.loads(answer)
