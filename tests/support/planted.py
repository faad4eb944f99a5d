"""Made-up secrets of every known shape, put together at run time so that no scanner finds one in this repository."""

from __future__ import annotations

import base64
import json
import random
import string

WORD = string.ascii_letters + string.digits
URL = WORD + "-_"
BASE64 = WORD + "+/"
UPPER = string.ascii_uppercase + "234567"


def planted(seed: int) -> dict[str, str]:
    """One of each shape by its name, others for another seed: the text to plant."""
    chance = random.Random(seed)

    def some(count: int, of: str = WORD) -> str:
        return "".join(chance.choice(of) for _ in range(count))

    jwt = ".".join([_part({"alg": "HS256", "typ": "JWT"}), _part({"sub": some(8)}), some(43, URL)])
    dashes = "-" * 5
    lines = [some(64, BASE64) for _ in range(4)]
    head, foot = f"{dashes}BEGIN OPENSSH PRIVATE KEY{dashes}", f"{dashes}END OPENSSH PRIVATE KEY{dashes}"
    return {
        "anthropic": "sk-" + "ant-api03-" + some(93, URL) + "AA", "anthropic oauth": "sk-" + "ant-oat01-" + some(80),
        "openai": "sk-" + some(48), "openai project": "sk-" + "proj-" + some(60, WORD) + "T3Blbk" + "FJ" + some(60),
        **{f"github {kind}": f"gh{kind}_" + some(36) for kind in "pousr"},
        "github app": "ghs_" + "12345_" + jwt, "github fine": "github_" + "pat_" + some(22) + "_" + some(59),
        "aws id": "AK" + "IA" + some(16, UPPER), "aws session": "AS" + "IA" + some(16, UPPER),
        "aws secret": "aws_secret_access_key = " + some(40, BASE64),
        "jwt": jwt, "pem": "\n".join([head, *lines, foot]), "pem cut": "\n".join([head, *lines[:2]]),
        "password": "password=" + some(12), "passwd": "passwd: " + some(11) + "7",
        "word": "DB_PASSWORD=" + some(12).lower(),
        "token": "token=" + some(20) + "1z", "key": f'"api_key": "{some(20)}1z"',
        "header": "Authorization: Bearer " + some(24),
        "url": f"postgres://bob:{some(10)}@db.example/town",
    }  # fmt: skip


def core(secret: str) -> str:
    """The part of a planted text that must not be found anywhere: without the name it was given to."""
    if "PRIVATE KEY" in secret:
        return secret.split("\n")[1]
    for mark in ("://bob:", "Bearer ", "password=", "passwd: ", "PASSWORD=", "token=", '"api_key": "', "access_key = "):
        if mark in secret:
            return secret.partition(mark)[2].partition("@")[0].rstrip('"')
    return secret


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
