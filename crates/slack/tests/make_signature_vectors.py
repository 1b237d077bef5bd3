#!/usr/bin/env python3
"""Writes signature-vectors.json: what Slack's signature check must say to each of a list of requests.

    python3 crates/slack/tests/make_signature_vectors.py

It is the oracle of `tests/it/signature_vectors.rs` and shares no code with what it judges: signatures come from
`hmac` and `hashlib` of the standard library, and what is expected stands beside each case, written by hand from
docs.slack.dev/authentication/verifying-requests-from-slack. `judge` works the verdict out once more and must agree.
The first case is Slack's published example; it and the four derived from it carry literal signatures.

Format: `headers` is a list of [name, value] pairs in order; `body` and a value are text, or {"hex": ...}, or
{"repeat": text, "times": n}; a secret's `not_after` is the Unix second from which it no longer counts; `expect` is
{"ok": place of the secret that matches} or {"error": variant, "header": name where the variant has one}.
"""

import hashlib
import hmac
import json
import pathlib

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
OLD = "0123456789abcdef0123456789abcdef"
NOW = 1531420618
SIGNATURE, TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
PUBLISHED = (
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
PUBLISHED_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
BODY = '{"type":"event_callback","event_id":"Ev1"}'

cases = []


def raw(value):
    """The bytes of a text, of {"hex"} or of {"repeat"}."""
    if isinstance(value, str):
        return value.encode()
    if "hex" in value:
        return bytes.fromhex(value["hex"])
    return (value["repeat"] * value["times"]).encode()


def sign(body=BODY, timestamp=NOW, secret=SECRET, version="v0"):
    base = f"{version}:".encode() + raw(timestamp if isinstance(timestamp, (str, dict)) else str(timestamp))
    return f"{version}=" + hmac.new(secret.encode(), base + b":" + raw(body), hashlib.sha256).hexdigest()


def ok(place=0):
    return {"ok": place}


def error(variant, header=None):
    return {"error": variant, "header": header} if header else {"error": variant}


MISMATCH, MALFORMED, STALE, GARBAGE = error("mismatch"), error("malformed"), error("stale"), error("timestamp")
MISSING_SIGNATURE, MISSING_TIMESTAMP = error("missing", SIGNATURE.lower()), error("missing", TIMESTAMP.lower())
REPEATED_SIGNATURE, REPEATED_TIMESTAMP = error("repeated", SIGNATURE.lower()), error("repeated", TIMESTAMP.lower())


def case(name, expect, *, body=BODY, timestamp=str(NOW), signature=None, headers=None, secrets=(SECRET,), now=NOW):
    """One case. Unless given, the signature is right for the body, the timestamp and the first secret."""
    secrets = [s if isinstance(s, dict) else {"secret": s} for s in secrets]
    if signature is None:
        signature = sign(body, timestamp, secrets[0]["secret"])
    if headers is None:
        headers = [[TIMESTAMP, timestamp], [SIGNATURE, signature]]
    vector = dict(name=name, secrets=secrets, headers=headers, body=body, now=now, expect=expect)
    assert judge(vector) == expect, f"{name}: judged {judge(vector)}"
    cases.append(vector)


def judge(vector):
    """The verdict, from Slack's page and the rules of this repository, in the order in which they are checked."""
    found = {}
    for name, value in vector["headers"]:
        found.setdefault(name.lower(), []).append(raw(value))
    for header in (TIMESTAMP.lower(), SIGNATURE.lower()):
        if len(found.get(header, [])) != 1:
            return error("repeated" if header in found else "missing", header)
    (timestamp,), (signature,) = found[TIMESTAMP.lower()], found[SIGNATURE.lower()]
    if not 1 <= len(timestamp) <= 18 or any(byte not in b"0123456789" for byte in timestamp):
        return GARBAGE
    if abs(int(timestamp) - vector["now"]) > 300:
        return STALE
    if not signature.startswith(b"v0=") or len(signature) != 67 or any(b not in b"0123456789abcdef" for b in signature[3:]):
        return MALFORMED
    for place, entry in enumerate(vector["secrets"]):
        if vector["now"] < entry.get("not_after", vector["now"] + 1):
            base = b"v0:" + timestamp + b":" + raw(vector["body"])
            if hmac.new(entry["secret"].encode(), base, hashlib.sha256).hexdigest().encode() == signature[3:]:
                return ok(place)
    return MISMATCH


def published():
    for name, body, signature in [
        ("Slack's published example", PUBLISHED, PUBLISHED_SIGNATURE),
        ("derived: empty body", "", "v0=55f41ec73231010289b54e669149ea021fccab11b5524355523533ce930cb739"),
        ("derived: UTF-8", '{"text":"café ☕"}', "v0=3ba8484830e924d8f0da1ffa9f2e8f48d402f8fe6813eef27e98829f719ba64e"),
        ("derived: ssl_check", "ssl_check=1&token=xyzz", "v0=ac83da9aacfeb1a5cdb926fc3f7f78d5e2859db2be46cf5593d55735231f6eb1"),
        ("derived: payload", "payload=%7B%22type%22%3A%22block_actions%22%7D",
         "v0=9dffc25b49a4a7fc2e15c9c9450bf8af09eb501fcef9039eaea3deb58af0c82c"),
    ]:
        assert sign(body) == signature, name
        case(name, ok(), body=body, signature=signature)


def names_of_headers():
    for name, change in [("lower case", str.lower), ("upper case", str.upper), ("swapped case", str.swapcase)]:
        case(f"header names in {name}", ok(), headers=[[change(SIGNATURE), sign()], [change(TIMESTAMP), str(NOW)]])
    case("other headers around", ok(), headers=[
        ["Host", "example.com"], [SIGNATURE, sign()], ["X-Slack-Retry-Num", "1"], [TIMESTAMP, str(NOW)], ["X-Slack", "v0=1"]])
    case("a name with an underscore", MISSING_SIGNATURE, headers=[["X_Slack_Signature", sign()], [TIMESTAMP, str(NOW)]])
    case("a name with a suffix", MISSING_TIMESTAMP, headers=[[SIGNATURE, sign()], [TIMESTAMP + "s", str(NOW)]])
    case("no headers at all", MISSING_TIMESTAMP, headers=[])
    case("no signature", MISSING_SIGNATURE, headers=[[TIMESTAMP, str(NOW)]])
    case("no timestamp", MISSING_TIMESTAMP, headers=[[SIGNATURE, sign()]])
    case("the two headers swapped", GARBAGE, headers=[[SIGNATURE, str(NOW)], [TIMESTAMP, sign()]])


def repeated_headers():
    wrong = sign("another body")
    for name, pair in [("twice the same", [sign(), sign()]), ("right, then wrong", [sign(), wrong]), ("wrong, then right", [wrong, sign()])]:
        case(f"signature {name}", REPEATED_SIGNATURE, headers=[[TIMESTAMP, str(NOW)]] + [[SIGNATURE, s] for s in pair])
    case("signature repeated in another case", REPEATED_SIGNATURE,
         headers=[[TIMESTAMP, str(NOW)], [SIGNATURE, sign()], [SIGNATURE.lower(), sign()]])
    for name, pair in [("twice the same", [NOW, NOW]), ("right, then wrong", [NOW, NOW - 1]), ("wrong, then right", [NOW - 1, NOW])]:
        case(f"timestamp {name}", REPEATED_TIMESTAMP, headers=[[TIMESTAMP, str(t)] for t in pair] + [[SIGNATURE, sign()]])
    case("signatures joined by a comma", MALFORMED, signature=f"{sign()},{sign()}")
    case("signatures joined by a comma and a space", MALFORMED, signature=f"{wrong}, {sign()}")
    case("timestamps joined by a comma", GARBAGE, timestamp=f"{NOW},{NOW}")


def shapes_of_the_signature():
    digits = sign()[3:]
    for name, signature in [
        ("without a version", digits), ("without the equals sign", "v0" + digits), ("with version V0", "V0=" + digits),
        ("with version v00", "v00=" + digits), ("with a colon", "v0:" + digits), ("empty", ""), ("only the prefix", "v0="),
        ("in upper-case hex", "v0=" + digits.upper()), ("with one upper-case digit", "v0=" + digits[:-1] + "F"),
        ("one digit short", sign()[:-1]), ("one byte short", sign()[:-2]), ("one digit long", sign() + "0"),
        ("one byte long", sign() + "00"), ("twice over", sign() + digits), ("with a letter that is no digit", "v0=g" + digits[1:]),
        ("after a space", " " + sign()), ("before a space", sign() + " "), ("before a tab", sign() + "\t"),
        ("with a space inside", "v0= " + digits), ("in quotes", f'"{sign()}"'), ("as base64", "v0=ohFNV7SOrDm5rRid2DFiNae0qNIaEL0nUZZmSJxptQM="),
        ("after 0x", "v0=0x" + digits[2:]), ("with the prefix twice", "v0=" + sign()),
    ]:
        case(f"signature {name}", MALFORMED, signature=signature)
    # The right digest of a version that does not exist: a check that only looks at the digest would take it.
    case("signature of version v9", MALFORMED, signature=sign(version="v9"))
    case("signature of version v9, digest of v0", MALFORMED, signature="v9=" + digits)
    case("signature of version v1", MALFORMED, signature=sign(version="v1"))
    case("version v0, digest of v9", MISMATCH, signature="v0=" + sign(version="v9")[3:])
    case("signature of zeros", MISMATCH, signature="v0=" + "0" * 64)
    case("signature with its last digit changed", MISMATCH, signature=sign()[:-1] + ("1" if digits[-1] == "0" else "0"))
    case("signature with its first digit changed", MISMATCH, signature="v0=" + ("1" if digits[0] == "0" else "0") + digits[1:])
    case("signature in Latin-1 letters", MALFORMED, signature={"hex": (b"v0=" + b"\xe9" * 64).hex()})
    case("signature in full-width digits", MALFORMED, signature="v0=" + "０" * 64)
    case("signature with a byte that is no UTF-8", MALFORMED, signature={"hex": (sign().encode()[:-1] + b"\xff").hex()})
    case("signature of 60,000 digits", MALFORMED, signature={"repeat": "a", "times": 60000})


def timestamps():
    for seconds in (299, 300, -299, -300):
        case(f"signed {-seconds:+} s from now", ok(), now=NOW + seconds)
    for seconds in (301, -301, 86400, -86400):
        case(f"signed {-seconds:+} s from now", STALE, now=NOW + seconds)
    for text in ["abc", "+1531420618", "-1531420618", "-1", "+1", "1e9", " 1", f" {NOW}", f"{NOW} ", f"{NOW}\t", "1.0", f"{NOW}.0",
                 "0x5b47a08a", "5b47a08a", "9" * 30, "", "1_531_420_618", "1,531,420,618", "NaN", "null", '"1531420618"',
                 "2018-07-12T18:36:58Z", "１５３１４２０６１８", {"hex": "ff31"}, {"repeat": "1", "times": 60000}]:
        shown = text if isinstance(text, str) else ("a byte that is no UTF-8" if "hex" in text else "60,000 digits")
        case(f"timestamp {shown!r}", GARBAGE, timestamp=text)
    case("timestamp of 19 digits, beyond 64 bits", GARBAGE, timestamp="9223372036854775808")
    case("timestamp of 18 digits", STALE, timestamp="9" * 18)
    case("timestamp in milliseconds", STALE, timestamp=f"{NOW}000")
    case("timestamp 0", STALE, timestamp="0")
    case("timestamp 0 at the epoch", ok(), timestamp="0", now=0)
    case("timestamp before the epoch's clock", ok(), timestamp="0", now=-300)
    # The signature covers the header's text, so leading zeros are as authentic as none.
    case("timestamp with leading zeros, signed so", ok(), timestamp=f"00{NOW}")
    case("timestamp with leading zeros, signed without", MISMATCH, timestamp=f"00{NOW}", signature=sign())
    case("stale and malformed: stale comes first", STALE, now=NOW + 301, signature="x")
    case("garbage and malformed: the timestamp comes first", GARBAGE, timestamp="x", signature="x")


def bodies():
    for name, body in [
        ("NUL", {"hex": "00"}), ("NUL in the middle", "a\0b"), ("invalid UTF-8", {"hex": "7b22ff22c3287d"}), ("lone surrogate bytes", {"hex": "eda080"}),
        ("a BOM", {"hex": "efbbbf" + BODY.encode().hex()}), ("UTF-16", {"hex": BODY.encode("utf-16").hex()}), ("all 256 bytes", {"hex": bytes(range(256)).hex()}),
        ("emoji and right-to-left text", "text=🚀 שלום é"), ("CRLF line ends", "a=1\r\nb=2\r\n"), ("colons like the base string's", f"v0:{NOW}:x"),
        ("a trailing newline", BODY + "\n"), ("malformed JSON", '{"type":'), ("700 KiB", {"repeat": "0123456789abcdef", "times": 44800}),
    ]:
        case(f"body with {name}", ok(), body=body)
    for name, signed, sent in [
        ("a byte more", BODY, BODY + " "), ("a byte less", BODY, BODY[:-1]), ("nothing", BODY, ""), ("something where nothing was signed", "", BODY),
        ("LF where CRLF was signed", "a\r\nb", "a\nb"), ("NFD where NFC was signed", "caf\u00e9", "cafe\u0301"), ("the BOM gone", "\ufeff{}", "{}"),
        ("the replacement character for a bad byte", {"hex": "ff"}, "\ufffd"), ("percent-encoding undone", "a=%2F", "a=/"), ("the end cut at NUL", "a\0b", "a"),
        ("another event", BODY, BODY.replace("Ev1", "Ev2")), ("letters in another case", BODY, BODY.upper()), ("base64 of it", "ping", "cGluZw=="),
    ]:
        case(f"body changed: {name}", MISMATCH, body=sent, signature=sign(signed))
    # The base string has no lengths: only an all-digit timestamp keeps its border with the body in place.
    case("digits moved from the body to the timestamp", MISMATCH, body=":x", timestamp=str(NOW), signature=sign(":x", str(NOW)[:-1]))
    case("colon moved into the timestamp", GARBAGE, body="b", timestamp=f"{NOW}:a", signature=sign("a:b"))


def secrets():
    fresh, expiring = {"secret": SECRET}, lambda end: {"secret": OLD, "not_after": end}
    case("signed with another secret", MISMATCH, signature=sign(secret=OLD))
    case("signed with the secret in upper case", MISMATCH, signature=sign(secret=SECRET.upper()))
    case("signed with the secret and a newline", MISMATCH, signature=sign(secret=SECRET + "\n"))
    case("signed with the empty secret", MISMATCH, signature=sign(secret=""))
    case("signed for another timestamp", MISMATCH, signature=sign(timestamp=NOW - 1))
    case("two secrets, the first signs", ok(0), secrets=[SECRET, OLD])
    case("two secrets, the second signs", ok(1), secrets=[SECRET, OLD], signature=sign(secret=OLD))
    case("two secrets, neither signs", MISMATCH, secrets=[SECRET, OLD], signature=sign(secret="third"))
    case("the same secret twice: the first place counts", ok(0), secrets=[SECRET, SECRET])
    case("five secrets, the last signs", ok(4), secrets=["a", "b", "c", OLD, SECRET], signature=sign())
    case("old secret before its expiry", ok(1), secrets=[fresh, expiring(NOW + 1)], signature=sign(secret=OLD))
    case("old secret exactly at its expiry", MISMATCH, secrets=[fresh, expiring(NOW)], signature=sign(secret=OLD))
    case("old secret after its expiry", MISMATCH, secrets=[fresh, expiring(NOW - 1)], signature=sign(secret=OLD))
    case("signed before the expiry, arrived after it", MISMATCH, secrets=[fresh, expiring(NOW + 10)], signature=sign(secret=OLD), now=NOW + 11)
    case("every secret expired", MISMATCH, secrets=[expiring(NOW - 1)], signature=sign(secret=OLD))
    case("an expired secret leaves the places as they are", ok(1), secrets=[expiring(NOW - 1), fresh], signature=sign())
    case("a secret that expired twice in the list, once in force", ok(1), secrets=[expiring(NOW - 1), expiring(NOW + 1)], signature=sign(secret=OLD))
    case("a secret of one letter", ok(), secrets=["x"])
    case("a secret longer than the hash's block", ok(), secrets=["long secret " * 20])
    case("a secret in Unicode", ok(), secrets=["sécret ☕"])


for group in (published, names_of_headers, repeated_headers, shapes_of_the_signature, timestamps, bodies, secrets):
    group()
assert len({c["name"] for c in cases}) == len(cases), "two cases of one name"
lines = ",\n".join(json.dumps(c, ensure_ascii=True) for c in cases)
pathlib.Path(__file__).with_name("signature-vectors.json").write_text(f"[\n{lines}\n]\n")
print(f"{len(cases)} cases")
