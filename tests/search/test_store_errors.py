"""Servers that cannot be used, each with its reason and its cure, on real sockets."""

import http.server
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
from certificates import certificates

from search import store_errors
from search.errors import TrackingError
from search.store import Store

SECRET = "s3cr/et"
CA = "MLFLOW_TRACKING_SERVER_CERT_PATH"


@contextmanager
def serving(status, body=b"", *, tls=None):
    """Answer everything with the same; yield host and port."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  (the library's name)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["cert"], tls["key"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # of clients that go away
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(uri):
    with pytest.raises(TrackingError) as caught:
        Store(uri)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    assert message.startswith(uri.replace("me:s3cr%2Fet@", "")), message
    return message.partition("cannot be used ")[2]


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (
            401,
            b"You are not authenticated.\nPlease see the documentation.",
            f"(it refuses the login); {store_errors.NO_LOGIN}",
        ),
        (404, b"", f"(no MLflow server answers there); {store_errors.NO_MLFLOW}"),
        (
            200,
            b"<html>Welcome</html>",
            f"(no MLflow server answers there); {store_errors.NO_MLFLOW}",
        ),
    ],
)
def test_what_a_server_answers_tells_what_to_do(status, body, message):
    with serving(status, body) as host:
        assert refusal(f"http://me:s3cr%2Fet@{host}") == message


def test_what_is_forbidden_or_fails_says_so():
    body = b'{"error_code": "PERMISSION_DENIED", "message": "not for you"}'
    with serving(403, body) as host:
        message = refusal(f"http://{host}")
        assert message.startswith("(it forbids this: PERMISSION_DENIED: not for you")
        assert message.endswith(store_errors.FORBIDDEN)
    body = b'{"error_code": "INTERNAL_ERROR", "message": "the disk is full"}'
    with serving(500, body) as host:
        message = refusal(f"http://me:s3cr%2Fet@{host}")
    assert message.endswith(store_errors.FAILED)


def test_a_certificate_that_nobody_vouches_for(tmp_path, monkeypatch):
    files = certificates(tmp_path)
    with serving(404, tls=files) as host:
        assert refusal(f"https://{host}") == (
            f"(its certificate is not trusted); {store_errors.UNTRUSTED}"
        )
        monkeypatch.setenv(CA, files["ca-file"])  # the cure: it is asked, at last
        assert "no MLflow server" in refusal(f"https://{host}")


def test_a_server_without_tls_is_no_untrusted_one():
    with serving(200) as host:
        assert refusal(f"https://{host}") == (
            f"(it speaks no TLS); {store_errors.NO_TLS}"
        )


def test_a_server_that_never_answers(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        message = refusal(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert message == f"(it does not answer in time); {store_errors.NO_SERVER}"


def test_a_message_is_one_line_of_modest_length():
    error = ValueError("a\nb")
    assert store_errors.first_line(error) == "a"
    assert store_errors.first_line(ValueError()) == "ValueError"
    assert len(store_errors.first_line(ValueError("x" * 999))) == 200
    # cut out before it is cut off: half a password is one
    long = ValueError(f"{'x' * 190} http://me:secret@host")
    assert "secret"[:3] not in store_errors.first_line(long)
