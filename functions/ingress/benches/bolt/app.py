"""Bolt for Python doing what ingress does: check the signature, queue the raw body, answer 200.

Written as its documentation says for Lambda, and given its best: clients at module scope, and an `authorize`
of its own, without which Bolt would ask Slack over the network before each listener.
"""

import os

import boto3
from slack_bolt import App
from slack_bolt.adapter.aws_lambda import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult

queue_url = os.environ["EVENTS_QUEUE_URL"]
sqs = boto3.client("sqs")


def authorize(enterprise_id, team_id):
    return AuthorizeResult(
        enterprise_id=enterprise_id,
        team_id=team_id,
        bot_token="not-used",
        bot_id="B0TIDEGATE",
        bot_user_id="U0TIDEGATE",
    )


app = App(
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
    authorize=authorize,
    process_before_response=True,
)


@app.event("message")
def queue(request):
    sqs.send_message(QueueUrl=queue_url, MessageBody=request.raw_body)


requests = SlackRequestHandler(app)


def handler(event, context):
    return requests.handle(event, context)
