"""``python -m picassso`` is the command line."""

from picassso.cli import main

if __name__ == "__main__":
    main()
