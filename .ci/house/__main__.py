"""Command line of the measuring tools: `report` (see `make house`), `picture`, `check`."""

import argparse
import sys
from pathlib import Path

from house import check
from house.report import Checkout, report

_ROOT = Path(__file__).resolve().parents[2]
_EXAMPLES = 10  # lines shown behind a figure


def main() -> None:
    """Run one of the tools."""
    parser = argparse.ArgumentParser(prog="house", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run, purpose in (
        ("report", _report, "print the figures of a checkout"),
        ("picture", _picture, "draw the wings of the packages into docs/images"),
        ("check", _check, "name what breaks a rule of the house"),
    ):
        command = commands.add_parser(name, help=purpose)
        command.add_argument("--root", type=Path, default=_ROOT, help="the checkout")
        command.set_defaults(run=run)
        if run is _report:
            command.add_argument("--examples", type=int, default=_EXAMPLES, help="lines a figure")
    arguments = parser.parse_args()
    arguments.run(arguments)


def _report(arguments: argparse.Namespace) -> None:
    for line in report(Checkout.read(arguments.root.resolve()), arguments.examples):
        print(line)


def _picture(arguments: argparse.Namespace) -> None:
    check.draw_pictures(arguments.root.resolve())


def _check(arguments: argparse.Namespace) -> None:
    if found := list(check.faults(arguments.root.resolve())):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
