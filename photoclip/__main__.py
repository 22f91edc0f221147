"""`python -m photoclip`."""

from photoclip.app import main

if __name__ == "__main__":
    main()
