#!/usr/bin/env python3
"""Writes the seeds that the corpora began from, from what the repository already holds:

    python3 crates/fuzz/seeds.py

Envelopes, forms and interactions come from the recorded requests of events/, signatures from a choice of
crates/slack/tests/signature-vectors.json. A few lines of our own reach what no recording does. A seed is named after its origin, so that a
second run changes nothing; `crates/fuzz/run --keep` adds what reaches further.
"""

import json
import pathlib
import urllib.parse

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
SIGNED_AT = 1531420618


def write(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content if isinstance(content, bytes) else content.encode())


def recorded():
    for path in sorted((ROOT / "events").glob("*.json")):
        request = json.loads(path.read_text())
        body, route = request["body"], request["rawPath"]
        if route == "/slack/events":
            write("envelope", path.stem, body)
        elif route == "/slack/commands":
            write("form", path.stem, body)
        else:
            write("form", path.stem, body)
            write("interaction", path.stem, urllib.parse.parse_qs(body)["payload"][0])


def raw(value):
    if isinstance(value, str):
        return value.encode()
    return bytes.fromhex(value["hex"]) if "hex" in value else (value["repeat"] * value["times"]).encode()


def signatures():
    for place, vector in enumerate(json.loads((ROOT / "crates/slack/tests/signature-vectors.json").read_text())):
        headers = b"".join(name.encode() + b":" + raw(value) + b"\n" for name, value in vector["headers"])
        text = b"%d\n%s\n%s" % (vector["now"] - SIGNED_AT, headers, raw(vector["body"]))
        # A third of them reaches every branch; the tests hold the rest.
        if place % 3 == 0 and len(text) < 1000:
            write("signature", f"vector-{place:03}", text)
    for name, offset, mark in [("current", 0, "$0"), ("old", 99, "$1"), ("old-expired", 100, "$1"), ("very-old", 0, "$2"), ("late", 301, "$0")]:
        headers = f"x-slack-request-timestamp:{SIGNED_AT}\nx-slack-signature:{mark}\n"
        write("signature", name, f'{offset}\n{headers}\n{{"type":"event_callback"}}')


def own():
    write("envelope", "connect", '{"type":"event_callback","team_id":"T2","context_team_id":"T1","authorizations":[{"team_id":"T1","enterprise_id":"E1","is_enterprise_install":false}],"event":{"type":"reaction_added","item":{"channel":"C1","ts":"1.2"}}}')
    write("envelope", "org", '{"type":"event_callback","enterprise_id":"E1","authorizations":[{"team_id":null,"enterprise_id":"E1","is_enterprise_install":true,"is_bot":true,"user_id":"U1"}],"event":{"type":"channel_rename","channel":{"id":"C1"},"user":{"id":"U1"}}}')
    write("envelope", "odd", '{"type":true,"challenge":[1e9,-0.5,null],"authorizations":[["E1"],7],"event_id":"","a":"\\ud83d\\ude80\\u0000"}')
    write("envelope", "deep", "[" * 200)
    write("envelope", "deep-object", '{"type":"x","a":' * 140)
    write("envelope", "duplicate", '{"type":"a","type":"b"}')
    write("envelope", "surrogate", '{"type":"a","b":"\\ud800"}')
    write("envelope", "not-utf8", b'{"type":"a","b":"\xff"}')
    write("form", "probe", "ssl_check=1&token=x")
    write("form", "probe-twice", "ssl_check=0&ssl_check=1")
    write("form", "org", "command=%2Fx&enterprise_id=E1&is_enterprise_install=true&team_id=T1&text=payload%3D%7B%7D")
    write("form", "broken", b"command=/x&team_id=T1&text=%zz%e%ff\xff+&&=&a")
    limits = json.dumps({"limits": {"a": {"required": True}, "b": {"min": 3, "max": 5}, "c": {"max": 1}}})
    inputs = {"a": {"x": {"value": " "}}, "b": {"x": {"value": "ab"}}, "c": {"x": {"value": None}}}
    view = {"app_installed_team_id": "T1", "team_id": "T2", "private_metadata": limits, "state": {"values": inputs}}
    write("interaction", "limits", json.dumps({"type": "view_submission", "view": view}))
    write("interaction", "suggestion", '{"type":"block_suggestion","team":{"id":"T1"}}')
    write("interaction", "org", '{"type":"shortcut","is_enterprise_install":true,"team":null,"enterprise":{"id":"E1"},"user":{"team_id":"T1"}}')
    write("interaction", "closed", '{"type":"view_closed","team":{"id":"T1"},"view":{"state":{"values":[]}}}')
    write("redaction", "line", 'ERROR odd error="Slack says {\\"token\\":\\"a\\",\\"n\\":1}" bot_token=xoxb-1-a secret=Some("b")')
    write("redaction", "form", "token=a&text=https%3A%2F%2Fhooks.slack.com%2Fx&payload=%7B%22token%22%3A%22a%22%7D")
    write("redaction", "urls", "https://a:b@c/?pub_secret=1&amp;code=2#x <https://hooks.slack.com/services/T0/B0/x|a>, tg_T0_0_a")
    write("redaction", "json", json.dumps({"token": "a", "response_urls": [{"response_url": "b"}], "view": {"private_metadata": json.dumps({"refresh_token": "xoxe-1-a"})}}))
    write("redaction", "cut", '{"text":"xoxe.xoxp-1-a","client_secret":["b",{"c":"')


recorded()
signatures()
own()
