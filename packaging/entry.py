"""What the frozen program starts: the same as the `photoclip` command."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()  # worker and model processes start by spawning this very program
    from photoclip.app import main

    sys.exit(main())
