"""Deploys template.yaml into MiniStack on loopback and drives it as Slack would. Started by infra/deploy-test.

The template goes in unchanged, by `sam build` and `sam deploy` with a samconfig.local.toml. MiniStack runs with AUTH=true, so a
function whose role lacks a right is refused here as it would be on AWS.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from deploy_build import FUNCTIONS, ROOT, STAND_INS, Clone, build, build_checks, build_with_sam, refusal_check
from deploy_cloud import ARCHITECTURE, BOT, BOT_TOKEN, CLIENT_ID, OPERATOR_KEY, STACK, TEAM, Cloud, Forwarder, Slack, event_body
from deploy_incidents import PARAMETERS, Page, incident_checks
from deploy_installs import erasure_check, install_checks, install_first
from deploy_routes import route_checks
from deploy_tools import Failed, Report, adopt_orphans, end_descendants, expect, exposed_ports, until

STACK_OF_ONE = "tidegate-one"
LONGEST_RUN = 25 * 60


def message(channel, text, ts, kind="message"):
    found = {"type": kind, "user": "U0SOMEONE1", "text": text, "ts": ts, "channel": channel, "event_ts": ts}
    return {**found, "channel_type": "channel"} if kind == "message" else found


def recorded_requests():
    """events/*.json: the event of an HTTP API (payload 2.0), as `sam local invoke -e` takes it."""
    for path in sorted((ROOT / "events").glob("**/*.json")):
        recorded = json.loads(path.read_text())
        body = recorded.get("body") or ""
        body = base64.b64decode(body) if recorded.get("isBase64Encoded") else body.encode()
        kept = {k: v for k, v in recorded.get("headers", {}).items() if k.lower() == "content-type" or "retry" in k.lower()}
        yield path.relative_to(ROOT), recorded["rawPath"], kept, body


def on_this_machine(body, slack):
    """A recorded response_url would be called for real; this one is refused, by the stand-in."""
    nowhere = f"{slack.url}/response/{TEAM}/0/none"
    for found in {b"https://hooks.slack.com", b"https%3A%2F%2Fhooks.slack.com"}:
        if found in body:
            made = nowhere if b":" in found else urllib.parse.quote(nowhere, safe="")
            body = body.replace(found, made.encode())
    return body


def static_checks(report, cloud):
    with report.check("no role of the template allows `*`"):
        roles = {n: r for n, r in cloud.template["Resources"].items() if r["Type"] == "AWS::IAM::Role"}
        # One per function, one for the schedule, one for gradual deploys.
        expect(len(roles) == len(FUNCTIONS) + 2, f"roles: {sorted(roles)}")
        for name, role in roles.items():
            expect("*" not in json.dumps(role["Properties"]), f"{name} has a `*`")
            expect("ManagedPolicyArns" not in role["Properties"], f"{name} has a managed policy")
        for name, resource in cloud.template["Resources"].items():
            if resource["Type"] == "AWS::Lambda::Function":
                expect(name.replace("Function", "Role") in json.dumps(resource["Properties"]["Role"]), f"{name} has another's role")
    with report.check("everything listens on loopback only"):
        expect(not exposed_ports(), f"open to the network: {exposed_ports()}")


def ingress_checks(report, cloud, slack):
    sent = 0
    for path, route, headers, body in recorded_requests():
        sent += 1
        with report.check(f"(1) {path} gets 200"):
            status, answer = cloud.slack(route, on_this_machine(body, slack), headers)
            expect(status == 200, f"{status}: {answer[:200]}")
    if not sent:
        print("       (1) there are no recorded requests in events/")
    with report.check("(1) url_verification is answered"):
        body = json.dumps({"token": "unused", "type": "url_verification", "challenge": "the-challenge"}).encode()
        status, answer = cloud.slack("/slack/events", body)
        expect(status == 200 and b"the-challenge" in answer, f"{status}: {answer[:200]}")
    with report.check("(1) the older paths are the same door"):
        body = json.dumps({"token": "unused", "type": "url_verification", "challenge": "old"}).encode()
        status, answer = cloud.slack("/api/integrations/slack/events", body)
        expect(status == 200 and b"old" in answer, f"{status}: {answer[:200]}")
    with report.check("(1) a wrong signature and an old one get 401"):
        event = message("C0DEPLOY0", "never", "1700000000.000001")
        expect(cloud.event("EvWRONG", event, secret="another secret")[0] == 401, "wrong signature")
        expect(cloud.event("EvOLD", event, at=time.time() - 400)[0] == 401, "old signature")


def pipeline_checks(report, cloud, slack):
    now = int(time.time())
    with report.check("(2) a message leaves its archive, ledger and message rows"):
        ts = f"{now}.000100"
        expect(cloud.event("EvROWS", message("C0DEPLOY1", "keep this", ts))[0] == 200, "not taken")
        until("ledger says done", lambda: cloud.state("EvROWS") == "done")
        mine = [(r["pk"]["S"], r["sk"]["S"]) for r in cloud.rows() if r["pk"]["S"].startswith(f"{TEAM}#")]
        archived = [k for k in mine if k[0].startswith(f"{TEAM}#archive#") and "#EvROWS#" in k[1]]
        expect(len(archived) == 1, f"archive rows: {archived}")
        other = ("archive", "ledger", "natural", "outbox", "post", "panics")
        kept = [k for k in mine if k[0].split("#")[1] not in other and ts in f"{k[0]}#{k[1]}"]
        expect(kept, f"no message row among {mine}")
    with report.check("(3) a mention gets one reply, in its thread"):
        text = f"<@{BOT}> hello"
        slack.act("post", user="U0SOMEONE1", channel="C0DEPLOY2", text=text)
        ts = slack.said_by("C0DEPLOY2", "U0SOMEONE1", text)[0]["ts"]
        until("the reply", lambda: slack.replies("C0DEPLOY2", ts))
        cloud.quiet()
        found = slack.replies("C0DEPLOY2", ts)
        expect(len(found) == 1, f"replies: {found}")
    with report.check("(3) /tidegate ping gets one answer, at its response_url"):
        slack.act("command", user="U0SOMEONE1", channel="C0DEPLOY3", command="/tidegate", text="ping")
        until("the answer", lambda: slack.answers_to("C0DEPLOY3", "U0SOMEONE1"))
        cloud.quiet()
        found = slack.answers_to("C0DEPLOY3", "U0SOMEONE1")
        expect(len(found) == 1, f"answers: {found}")
    with report.check("(4) a request sent twice has one effect"):
        ts, at = f"{now}.000200", time.time()
        mention = message("C0DEPLOY4", f"<@{BOT}> twice", ts, "app_mention")
        expect(cloud.event("EvTWICE", mention, at=at)[0] == 200, "first")
        expect(cloud.event("EvTWICE", mention, at=at)[0] == 200, "second, while the first may be under way")
        until("the reply", lambda: slack.replies("C0DEPLOY4", ts))
        expect(cloud.event("EvTWICE", mention)[0] == 200, "third, signed anew, after the first was done")
        cloud.quiet()
        expect(len(slack.replies("C0DEPLOY4", ts)) == 1, f"replies: {slack.replies('C0DEPLOY4', ts)}")
        archived = [r["sk"]["S"] for r in cloud.rows() if "#EvTWICE#" in r["sk"]["S"]]
        expect(len(archived) == 1, f"archive rows: {archived}")


def batch_checks(report, cloud):
    """Good, unreadable and poisonous messages of one batch."""
    now = int(time.time())
    good = [f"EvBATCH{n}" for n in range(4)]

    def envelope(n, event_id):
        body = event_body(event_id, message("C0DEPLOY5", f"good {n}", f"{now}.0003{n:02}"))
        times = {"received_at": now * 1000, "signed_at": now * 1000}
        return json.dumps({"v": 1, "kind": "slack.event", "id": event_id, "tenant": TEAM, **times, "text": body})

    bodies = [envelope(n, event_id) for n, event_id in enumerate(good)]
    poison = json.dumps({"v": 999, "kind": "slack.event", "id": "EvPOISON", "tenant": TEAM})
    bodies[1:1] = ["this is no envelope", poison]
    entries = [{"Id": str(n), "MessageBody": body, "MessageGroupId": TEAM} for n, body in enumerate(bodies)]
    answer = cloud.sqs.send_message_batch(QueueUrl=cloud.outputs["EventsQueueUrl"], Entries=entries)
    began = time.monotonic()
    with report.check("(5) partial batch: the good ones are done at the first try, the unreadable one is parked"):
        expect(not answer.get("Failed"), f"not queued: {answer.get('Failed')}")
        until("all good ones done", lambda: all(cloud.state(e) == "done" for e in good))
        tries = {e: cloud.ledger(e)["attempts"]["N"] for e in good}
        expect(set(tries.values()) == {"1"}, f"attempts: {tries}")

        def parked():
            rows = [r for r in cloud.rows() if "#ledger#" in r["pk"]["S"] and r.get("name", {}).get("S") == "unreadable"]
            return [r for r in rows if r["state"]["S"] == "parked"]

        expect(len(until("the unreadable one parked", parked)) == 1, "parked more than once")
    with report.check("(6) a poison record reaches the DLQ after five receives, alone"):
        until("the poison in the DLQ", lambda: cloud.waiting("EventsDlq") == 1, 120)
        names = ["ApproximateReceiveCount"]
        found = cloud.sqs.receive_message(QueueUrl=cloud.outputs["EventsDlqUrl"], MessageSystemAttributeNames=names)["Messages"]
        expect([m["Body"] for m in found] == [poison], f"in the DLQ: {[m['Body'][:80] for m in found]}")
        cloud.quiet()
        expect(all(cloud.state(e) == "done" for e in good), "a neighbour changed")
        expect(cloud.waiting("CommandsDlq") + cloud.waiting("DeliveryDlq") == 0, "something else failed five times")
        print(f"       (6) {time.monotonic() - began:.0f} s from the queue to the DLQ")


def operator_checks(report, cloud):
    with report.check("(7) the schedule fires by itself"):
        group = f"/aws/lambda/{STACK}-scheduler"
        fired = lambda: cloud.client("logs").filter_log_events(logGroupName=group).get("events")  # noqa: E731
        until("an invocation of the scheduler in its log group", fired, 90)
    with report.check("(7) the scheduler's sweep ends well"):
        answer = cloud.client("lambda").invoke(FunctionName=cloud.resources["SchedulerFunction"], Payload=b"{}")
        body = answer["Payload"].read()
        expect(answer["StatusCode"] == 200 and "FunctionError" not in answer, f"{answer.get('FunctionError')}: {body[:300]}")
    with report.check("(8) the api function answers GET /health"):
        # MiniStack keeps that path for itself, whatever the host, so the function is asked directly.
        http = {"method": "GET", "path": "/health", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"}
        context = {"http": http, "stage": "$default", "accountId": "0", "apiId": "test", "domainName": "test", "requestId": "1",
                   "routeKey": "GET /health", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1767225600000}
        event = {"version": "2.0", "routeKey": "GET /health", "rawPath": "/health", "rawQueryString": "", "headers": {},
                 "requestContext": context, "isBase64Encoded": False}
        answer = cloud.client("lambda").invoke(FunctionName=cloud.resources["ApiFunction"], Payload=json.dumps(event).encode())
        body = json.loads(answer["Payload"].read())
        expect(body.get("statusCode") == 200, f"{body}")
    with report.check("(8) the operator API lists events to those who have the key"):
        status, answer = cloud.request("GET", "/v1/operator/events", headers={"Authorization": f"Bearer {OPERATOR_KEY}"})
        expect(status == 200 and b"EvROWS" in answer, f"{status}: {answer[:300]}")
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            status, answer = cloud.request("GET", "/v1/operator/events", headers=headers)
            expect(status == 401 and b"EvROWS" not in answer, f"{status} with {headers or 'no key'}")


def contract_check(report, cloud):
    """The contract that the embedded queue keeps too, on queues of its own; the emulator's table is dynoxide's affair."""
    with report.check("(9) SQS keeps the queue contract"):
        # As the whole workspace, so that what `cargo test --workspace` has built serves here too.
        test = ["cargo", "test", "--locked", "--workspace", "--test", "it", "--", "--exact",
                "queue::sqs_keeps_the_contract_where_there_is_an_endpoint"]
        environment = {**os.environ, "TIDEGATE_SQS_ENDPOINT": cloud.endpoint}
        answer = subprocess.run(test, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)
        output = answer.stdout + answer.stderr
        expect(answer.returncode == 0 and "1 passed" in output and "skipped" not in output, output[-3000:])


def check_incidents(report, cloud, clone, programs, work):
    """On a stack of its own: people's and channels' ids as parameters are for an app with one workspace and its token."""
    forwarder, page = Forwarder(cloud), Page(programs["fake-statuspage"], work)
    slack = Slack(programs["fake-slack"], work, forwarder.url, "--bot-token", BOT_TOKEN)
    given = {"StatuspageApiBaseUrl": f"{page.url}/v1", **PARAMETERS}
    cloud.deploy(clone, slack.url, forwarder.url, given)
    incident_checks(report, cloud, slack, page, TEAM, OPERATOR_KEY)


def run(options, work, report):
    began = time.monotonic()

    def step(name):
        print(f"── {name} (at {time.monotonic() - began:.0f} s)", flush=True)

    step("build")
    if options.binaries:
        programs = {name: options.binaries / name for name in (*FUNCTIONS, *STAND_INS)}
    else:
        programs = build()
    signal.alarm(LONGEST_RUN)
    clone = Clone(programs, work / "clone", options.sam)
    step("start")
    cloud = Cloud(work, options.ministack)
    forwarder = Forwarder(cloud)
    slack = Slack(programs["fake-slack"], work, forwarder.url, "--token-rotation")
    cloud.store_secrets()
    step("sam build")
    build_checks(report, clone, cloud.env, work)
    clone.configure(STACK, {"Architecture": ARCHITECTURE})
    build_with_sam(clone, cloud.env, work)
    step("sam deploy")
    refusal_check(report, clone, cloud.env, work)
    cloud.deploy(clone, slack.url, forwarder.url, {"SlackClientId": CLIENT_ID})
    step("check")
    try:
        static_checks(report, cloud)
        install_first(report, cloud, slack, TEAM)
        ingress_checks(report, cloud, slack)
        pipeline_checks(report, cloud, slack)
        route_checks(report, cloud, message, OPERATOR_KEY)
        install_checks(report, cloud, slack, TEAM, OPERATOR_KEY)
        batch_checks(report, cloud)
        operator_checks(report, cloud)
        contract_check(report, cloud)
        step("deploy for one workspace")
        check_incidents(report, cloud.beside(STACK_OF_ONE), clone, programs, work)
        erasure_check(report, cloud, slack, TEAM, OPERATOR_KEY)
    finally:
        if report.failed or sys.exc_info()[0]:
            with contextlib.suppress(Exception):
                cloud.print_logs()
    step("done")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sam", required=True)
    parser.add_argument("--ministack", required=True)
    parser.add_argument("--binaries", type=lambda p: pathlib.Path(p).resolve(), help="folder with the built programs")
    options = parser.parse_args()

    def stop(number, _):
        raise Failed("stopped" if number != signal.SIGALRM else f"not done after {LONGEST_RUN} s")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, stop)
    adopt_orphans()
    report = Report()
    work = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-deploy-"))
    trouble = None
    try:
        # The build has its own limit: a cold one takes longer than everything else.
        run(options, work, report)
    except (Failed, AssertionError) as e:
        trouble = e
    finally:
        signal.alarm(0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        end_descendants()
        shutil.rmtree(work, ignore_errors=True)
    if trouble:
        print(f"deploy test: {trouble}")
    print(f"{report.passed} passed, {len(report.failed) + bool(trouble)} failed")
    sys.exit(bool(trouble or report.failed))


if __name__ == "__main__":
    main()
