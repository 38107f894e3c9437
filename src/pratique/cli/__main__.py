"""`python -m pratique.cli`."""

from pratique.cli import main

if __name__ == "__main__":
    main()
