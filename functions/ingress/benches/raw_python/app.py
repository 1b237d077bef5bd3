"""The same job in Python without a framework: what boto3 and the interpreter alone cost."""

import base64
import hashlib
import hmac
import json
import os
import time

import boto3

secret = os.environ["SLACK_SIGNING_SECRET"].encode()
queue_url = os.environ["EVENTS_QUEUE_URL"]
sqs = boto3.client("sqs")


def signed(headers, body):
    timestamp = headers.get("x-slack-request-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(time.time() - int(timestamp)) > 300:
        return False
    expected = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    signature = headers.get("x-slack-signature", "").encode()
    return hmac.compare_digest(b"v0=" + expected.hexdigest().encode(), signature)


def handler(event, context):
    body = event["body"]
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    if not signed(event["headers"], raw):
        return {"statusCode": 401}
    request = json.loads(raw)
    if request.get("type") == "url_verification":
        return {"statusCode": 200, "body": request["challenge"]}
    sqs.send_message(QueueUrl=queue_url, MessageBody=raw.decode())
    return {"statusCode": 200}
