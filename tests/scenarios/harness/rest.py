"""REST over one connection that is kept alive: http.client, and answers as the contract has them."""

import http.client
import json


class Rest:
    def __init__(self, hub, token=None):
        self.token = token
        self._connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)

    def request(self, method, path, body=None, **headers):
        """Answers (status, headers, body as bytes). `body`: bytes and texts as they are, anything else as JSON."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            self._connection.request(method, path, body, sent)
            reply = self._connection.getresponse()
            return reply.status, reply.headers, reply.read()
        except OSError:
            self._connection.close()
            raise

    def json(self, method, path, body=None, **headers):
        """Answers (status, what the body says)."""
        status, _, text = self.request(method, path, body, **headers)
        return status, json.loads(text) if text else None

    def get(self, path):
        status, answer = self.json("GET", path)
        assert status == 200, (status, answer)
        return answer

    def close(self):
        self._connection.close()
