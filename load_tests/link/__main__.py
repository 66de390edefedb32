"""The forwarder process, started by `load_tests.link.emulator`."""

import sys

from load_tests.link.forwarder import main

if __name__ == "__main__":
    sys.exit(main())
