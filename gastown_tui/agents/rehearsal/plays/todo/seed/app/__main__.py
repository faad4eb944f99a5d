"""Starts the application: `python -m app --port 8000 --db todo.db`."""

import os
import sys

from app import server, settings


def main() -> None:
    """Serve until interrupted."""
    chosen = settings.load(sys.argv[1:], os.environ)
    with server.create(chosen) as running:
        sys.stderr.write(f"Listening on http://{chosen.host}:{running.server_port}/\n")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")


if __name__ == "__main__":
    main()
