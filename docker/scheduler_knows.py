"""Health of a scheduler, and of a worker: whether the scheduler knows of it.

    python scheduler_knows.py HOST:PORT [--me]

PORT is that of the scheduler's HTTP server. With --me a worker must have joined from
this machine. Exits with 0 where all is well, otherwise with one line.
"""

import json
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4.0


def main(address: str, *, me: bool) -> str | None:
    """Return what is wrong; None where nothing is."""
    connection = HTTPConnection(address, timeout=SECONDS)
    try:
        connection.request("GET", "/json/identity.json")
        mine = connection.sock.getsockname()[0]  # what workers join by as well
        workers = json.load(connection.getresponse())["workers"].values()
    except (OSError, HTTPException, ValueError, KeyError) as error:
        return f"the scheduler does not answer: {type(error).__name__}: {error}"
    finally:
        connection.close()
    if me and not any(worker["host"] == mine for worker in workers):
        return f"the scheduler knows of no worker at {mine}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], me="--me" in sys.argv[2:]))
