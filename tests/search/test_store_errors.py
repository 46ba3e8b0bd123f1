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

        do_POST = do_PUT = do_GET  # noqa: N815  (the library's names)

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


# What trying again does not cure


def raised(uri, use=lambda client: client.set_tag("a" * 32, "name", "value")):
    from mlflow import MlflowClient

    with pytest.raises(Exception) as caught:  # noqa: PT011  (whatever MLflow raises)
        use(MlflowClient(tracking_uri=uri))
    return caught.value


@pytest.fixture
def _no_retries(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.mark.usefixtures("_no_retries")
@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}', True),
        (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}', True),
        (413, b"<html>too large</html>", True),  # a proxy's
        (401, b"You are not authenticated.", False),
        (403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}', False),
        (404, b"<html>no such page</html>", False),  # a proxy without its server
        (429, b'{"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "no"}', False),
        (500, b'{"error_code": "INTERNAL_ERROR", "message": "no"}', False),
        (502, b"<html>bad gateway</html>", False),
        (503, b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "no"}', False),
        (200, b"<html>Welcome</html>", False),
    ],
)
def test_what_a_server_refuses_for_good_and_what_may_be_an_outage(
    status, body, refused
):
    with serving(status, body) as host:
        assert store_errors.is_refusal(raised(f"http://{host}")) is refused


@pytest.mark.usefixtures("_no_retries")
def test_a_file_that_is_too_large_for_a_proxy_is_refused(tmp_path):
    from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

    (tmp_path / "large").write_bytes(b"1")
    for status, refused in ((413, True), (502, False)):
        with serving(status) as host:
            files = HttpArtifactRepository(f"http://{host}/api/files")
            with pytest.raises(Exception) as caught:  # noqa: PT011
                files.log_artifact(str(tmp_path / "large"))
        assert store_errors.is_refusal(caught.value) is refused


@pytest.mark.usefixtures("_no_retries")
def test_no_answer_is_an_outage():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert not store_errors.is_refusal(raised(f"http://127.0.0.1:{port}"))


def test_a_database_refuses_a_row_or_is_away():
    # of its errors a server hands on the text alone
    from sqlalchemy import exc

    row = exc.DataError("INSERT", {}, ValueError("value too long"))
    assert store_errors.is_refusal(Exception(str(row)))
    for away in (exc.InterfaceError, exc.OperationalError, exc.ProgrammingError):
        error = away("INSERT", {}, ValueError("connection already closed"))
        assert not store_errors.is_refusal(Exception(str(error)))
    assert not store_errors.is_refusal(exc.TimeoutError("limit reached", code="3o7r"))
