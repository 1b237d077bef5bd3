"""Where the deploy test happens: MiniStack with a stack in it, and the stand-in Slack in front of that."""

import contextlib
import copy
import hashlib
import hmac
import http.client
import http.server
import json
import os
import threading
import time

import boto3
import botocore.config

from deploy_tools import Failed, call, expect, serve, serve_at_free_port, tail, until

REGION = "us-east-1"
STACK = "tidegate-test"
SIGNING_SECRET = "deploy-test-signing-secret"
CLIENT_ID, CLIENT_SECRET = "1000000000.2000000000", "deploy-test-client-secret"
BOT_TOKEN = "deploy-test-bot-token"
PAGE_KEY = "deploy-test-statuspage-key"
MASTER_KEY = "5e" * 32
OPERATOR_KEY = "deploy-test-operator-key"
# The architecture of the functions, which run on this machine.
ARCHITECTURE = "x86_64" if os.uname().machine == "x86_64" else "arm64"
# Names in the stand-in Slack's default workspace.
TEAM, APP, BOT = "T0SANDBOX1", "A0TIDEGATE1", "U0TIDEGATE1"


class Cloud:
    """MiniStack and a stack that is deployed in it."""

    def __init__(self, work, ministack):
        self.work, self.stack = work, STACK
        self.log = work / "ministack.log"
        (work / "tmp").mkdir()
        self.process, self.port = serve_at_free_port([ministack], self.log, self.server_env, "/_ministack/health")
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.env = self.client_env(self.port)
        os.environ.update({k: self.env[k] for k in self.env if k.startswith("AWS_")})
        config = botocore.config.Config(connect_timeout=5, read_timeout=70, retries={"max_attempts": 2})
        self.client = lambda service: boto3.client(service, endpoint_url=self.endpoint, config=config)
        self.sqs, self.dynamodb = self.client("sqs"), self.client("dynamodb")

    def client_env(self, port):
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SLACK_", "TIDEGATE_"))},
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(self.work),
            "TMPDIR": str(self.work / "tmp"),
            "NO_PROXY": "127.0.0.1,localhost",
            "SAM_CLI_TELEMETRY": "0",
        }

    def server_env(self, port):
        return {
            **self.client_env(port),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            # Its MQTT door would listen on all interfaces.
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
            "S3_DATA_DIR": str(self.work / "tmp/s3"),
        }

    def store_secrets(self):
        secrets = {
            "slack/signing-secret": SIGNING_SECRET,
            "slack/client-secret": CLIENT_SECRET,
            "slack/bot-token": BOT_TOKEN,
            "statuspage/api-key": PAGE_KEY,
            "master-key": MASTER_KEY,
        }
        for name, value in secrets.items():
            self.client("ssm").put_parameter(Name=f"/tidegate/{name}", Value=value, Type="SecureString")

    def beside(self, stack):
        """The same cloud, for another stack."""
        other = copy.copy(self)
        other.stack = stack
        return other

    def deploy(self, clone, slack_url, public_url, of_this_stack):
        # The operator key goes in plain and the others through SSM, so that both ways are tried.
        clone.configure(self.stack, {
            "Architecture": ARCHITECTURE,
            "DeletionProtection": "false",
            "RequireTls": "false",
            "MetricMath": "false",
            "SlackApiBaseUrl": f"{slack_url}/api",
            "OperatorKey": OPERATOR_KEY,
            "PublicUrl": public_url,
            "LogLevel": "debug",
            "QuietSeconds": "1",
            **of_this_stack,
        })
        log = self.work / f"{self.stack}.log"
        failed = not clone.run("deploy", self.env, log, "--no-progressbar")
        cloudformation = self.client("cloudformation")
        if failed:
            tail(log, 5)
            with contextlib.suppress(botocore.exceptions.ClientError):
                for event in cloudformation.describe_stack_events(StackName=self.stack)["StackEvents"]:
                    if "FAILED" in event["ResourceStatus"]:
                        print(f"    {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
            tail(self.log, 20)
            raise Failed("sam deploy failed")
        stack = cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
        self.resources = {
            r["LogicalResourceId"]: r["PhysicalResourceId"]
            for r in cloudformation.describe_stack_resources(StackName=self.stack)["StackResources"]
        }
        template = cloudformation.get_template(StackName=self.stack, TemplateStage="Processed")["TemplateBody"]
        self.template = json.loads(template) if isinstance(template, str) else template
        self.table = self.outputs["TableName"]
        self.add_routes()
        self.mend_concurrency()

    def add_routes(self):
        """MiniStack does not read the OpenAPI body in which SAM hides the routes, so they are added from it here."""
        api, aws = self.resources["HttpApi"], self.client("apigatewayv2")
        body = self.template["Resources"]["HttpApi"]["Properties"]["Body"]
        functions = self.client("lambda")
        integrations = {}
        for path, methods in body["paths"].items():
            for method, operation in methods.items():
                method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                # …/functions/${ApiFunction.Arn}/invocations or …/functions/${IngressFunctionAliaslive}/invocations
                target = uri.partition("${AWS::Region}")[2].partition("${")[2].partition("}")[0]
                if target not in integrations:
                    name, dot, _ = target.partition(".")
                    arn = self.resources[name]
                    if dot:
                        arn = functions.get_function(FunctionName=arn)["Configuration"]["FunctionArn"]
                    made = aws.create_integration(
                        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
                    )
                    integrations[target] = made["IntegrationId"]
                aws.create_route(
                    ApiId=api, RouteKey=f"{method} {path}", Target=f"integrations/{integrations[target]}"
                )
        self.api_host = f"{api}.execute-api.localhost:{self.port}"

    def mend_concurrency(self):
        """MiniStack keeps a number that came by a parameter as text, and its poller stumbles over that."""
        aws = self.client("lambda")
        for mapping in aws.list_event_source_mappings()["EventSourceMappings"]:
            limit = int(mapping["ScalingConfig"]["MaximumConcurrency"])
            aws.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": limit})

    def request(self, method, path, body=None, headers=None):
        """Through the HTTP API."""
        return call(method, self.endpoint + path, body, {**(headers or {}), "Host": self.api_host})

    def browse(self, path, headers):
        """One GET; gives the headers too, and follows no redirect."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        connection.request("GET", path, headers={**headers, "Host": self.api_host})
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.getheaders()
        connection.close()
        return found

    def slack(self, path, body, headers=None, secret=SIGNING_SECRET, at=None):
        """A request signed as Slack signs it, now."""
        stamp = str(int(at or time.time()))
        made = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}
        return self.request("POST", path, body, {"Content-Type": "application/json", **(headers or {}), **signed})

    def event(self, event_id, event, **more):
        """A signed event of the stand-in's workspace."""
        body = event_body(event_id, event).encode()
        return self.slack("/slack/events", body, **more)

    def rows(self):
        """All rows: the table of a test is small."""
        rows, start_at = [], {}
        while True:
            page = self.dynamodb.scan(TableName=self.table, ConsistentRead=True, **start_at)
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                return rows
            start_at = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def ledger(self, event_id, tenant=TEAM):
        """What became of an event."""
        key = {"pk": {"S": f"{tenant}#ledger#{event_id}"}, "sk": {"S": "event"}}
        return self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")

    def state(self, event_id):
        return (self.ledger(event_id) or {}).get("state", {}).get("S")

    def waiting(self, queue):
        """Messages on a queue: visible, in flight, delayed."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.outputs[f"{queue}Url"], AttributeNames=names)["Attributes"]
        return sum(int(n) for n in found.values())

    def quiet(self, seconds=30):
        queues = ["EventsQueue", "CommandsQueue", "DeliveryQueue"]
        until("all queues empty", lambda: not any(self.waiting(q) for q in queues), seconds)

    def print_logs(self):
        print("── MiniStack")
        tail(self.log, 40)
        logs = self.client("logs")
        for group in logs.describe_log_groups().get("logGroups", []):
            print(f"── {group['logGroupName']}")
            lines = logs.filter_log_events(logGroupName=group["logGroupName"]).get("events", [])
            for line in lines[-25:]:
                print(f"    {line['message'].rstrip()[:400]}")


def event_body(event_id, event):
    return json.dumps({
        "token": "unused", "team_id": TEAM, "api_app_id": APP, "type": "event_callback", "event_id": event_id,
        "event_time": int(float(event.get("event_ts", time.time()))), "event": event,
        "authorizations": [
            {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}
        ],
        "is_ext_shared_channel": False,
    })


class Forwarder(http.server.ThreadingHTTPServer):
    """Where the stand-in Slack finds the app: it cannot name the API by the Host header itself."""

    daemon_threads = True

    def __init__(self, cloud):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")}
                try:
                    status, answer = cloud.request("POST", self.path, body, headers)
                except OSError:
                    status, answer = 502, b""
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Slack:
    """A stand-in Slack."""

    def __init__(self, program, work, app_url, *options):
        log = work / f"slack-{len(options)}.log"
        command = [program, "--port", "0", "--app-url", app_url, *options]
        env = {**os.environ, "SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_CLIENT_SECRET": CLIENT_SECRET}
        self.url = serve(command, log, env, "/_fake/state")

    def get(self, path):
        return json.loads(call("GET", self.url + path)[1])

    def act(self, what, **fields):
        """Acts as a user."""
        status, answer = call("POST", f"{self.url}/_fake/{what}", json.dumps(fields).encode(), {"Content-Type": "application/json"})
        expect(status in (200, 204), f"/_fake/{what} answered {status}: {answer[:200]}")
        return json.loads(answer or b"null")

    def replies(self, channel, thread_ts):
        """What the bot posted in a thread."""
        return [m for m in self.get(f"/_fake/messages?channel={channel}") if m["bot_id"] and m["thread_ts"] == thread_ts]

    def said_by(self, channel, user, text):
        return [m for m in self.get(f"/_fake/messages?channel={channel}") if m["user"] == user and m["text"] == text]

    def answers_to(self, channel, user):
        """What only this user sees."""
        found = [m for m in self.get("/_fake/state")["ephemerals"] if m["channel"] == channel and m["user"] == user]
        return [m for m in found if not m.get("from_slack")]
