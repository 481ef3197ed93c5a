"""The commands with their options; each does its work in a module of its own, imported when it is called."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any, NoReturn, final

from thetahat._errors import ThetahatError

_STATUS = (
    "Exit status: 0 for a usable maximum (verdict maximum or boundary), 3 for any other verdict, 2 for bad "
    "input."
)

_CHOICE = "Exit status: 0 if a family was ranked, 3 if none has a usable maximum, 2 for bad input."


class UsageError(ThetahatError):
    """The command line itself cannot be read."""


@final
class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage, which is many lines."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def parser() -> ArgumentParser:
    """The command line's grammar."""
    top = _Parser(
        prog="thetahat",
        description="Maximum likelihood with a certificate for every fit.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="store_true", help="print the version")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    _fit(_command(commands, "fit", "fit a family or a regression to a file", _STATUS))
    _select(
        _command(commands, "select", "fit every family that suits a column of a file, and rank them", _CHOICE)
    )
    families = _command(commands, "families", "list the families that can be fitted")
    _json(families)
    show = _command(commands, "show", "show a saved fit", f"{_STATUS[:-1]}, by the saved verdict.")
    show.add_argument("file", metavar="FIT.json", help="a fit written by --save or by fit.save")
    _level(show)
    _json(show)
    demo = _command(commands, "demo", "fit data sets that ship with thetahat and write pages about them")
    demo.add_argument(
        "--report",
        metavar="PAGE.html",
        default="thetahat-demo.html",
        help="where to write the first; the second is named after it (%(default)s)",
    )
    return top


def parsed(grammar: ArgumentParser, arguments: Sequence[str] | None) -> Namespace:
    """Read the command line; a formula may stand after options as well."""
    given, rest = grammar.parse_known_args(arguments)
    if len(rest) == 1 and getattr(given, "formula", "") is None and not rest[0].startswith("-"):
        given.formula = rest.pop()
    if rest:
        grammar.error(f"unrecognized arguments: {' '.join(rest)}")
    return given


def run(arguments: Namespace) -> int:
    """Do what the command line asks for, and return the exit status."""
    if arguments.command == "fit":
        from thetahat.cli.fit import run as run_fit

        return run_fit(arguments)
    if arguments.command == "select":
        from thetahat.cli.select import run as run_select

        return run_select(
            arguments.file,
            y=arguments.y,
            weights=arguments.weights,
            families=arguments.families,
            criterion=arguments.criterion,
            kind=arguments.kind,
            known=[
                *arguments.known,
                *([f"trials={arguments.trials}"] if arguments.trials is not None else []),
            ],
            folds=arguments.folds,
            seed=arguments.seed,
            report=arguments.report,
            as_json=arguments.json,
        )
    if arguments.command == "families":
        from thetahat.cli.families import run as run_families

        return run_families(as_json=arguments.json)
    if arguments.command == "show":
        from thetahat.cli.show import run as run_show

        return run_show(arguments.file, level=arguments.level, as_json=arguments.json)
    from thetahat.cli.demo import run as run_demo

    return run_demo(arguments.report)


def _command(commands: Any, name: str, what: str, more: str | None = None) -> ArgumentParser:
    made: ArgumentParser = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=more, allow_abbrev=False
    )
    return made


def _fit(command: ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="CSV or Parquet: a file, a folder or a quoted pattern")
    command.add_argument(
        "formula",
        metavar="FORMULA",
        nargs="?",
        help='a regression, such as "y ~ x + C(g) + offset(log(n))"; on its left a column or what --y takes',
    )
    command.add_argument(
        "--family",
        required=True,
        metavar="NAME",
        help="such as gamma or zero_inflated(poisson); see thetahat families",
    )
    command.add_argument(
        "--formula",
        dest="formulas",
        metavar="NAME=FORMULA",
        action="append",
        default=[],
        help="a formula for another parameter, such as sd='~ x'; may be repeated",
    )
    command.add_argument(
        "--link",
        metavar="[NAME=]LINK",
        action="append",
        default=[],
        help="a link, such as prob=probit; without NAME= that of the formula's parameter; may be repeated",
    )
    command.add_argument(
        "--missing",
        metavar="error|drop|marginal",
        help="what a regression or a family of vectors does with rows that have missing values (error); marginal is "
        "multivariate_normal's",
    )
    _rows(command)
    command.add_argument(
        "--fix",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="hold a parameter or a coefficient; may be repeated",
    )
    _known(command)
    command.add_argument(
        "--levels", metavar="LABEL,LABEL,...", help="labels of the response, lowest first (sorted)"
    )
    _level(command)
    command.add_argument(
        "--covariance",
        metavar="KIND",
        help="what standard errors are made from: observed, expected, opg, sandwich (HC0), HC1, stata, HC2, HC3, "
        "of quantile regressions ker and nid (observed; with --cluster sandwich)",
    )
    command.add_argument("--cluster", metavar="COLUMN", help="rows of equal label belong together")
    command.add_argument(
        "--interval", metavar="wald|profile", default="wald", help="how intervals are made (wald)"
    )
    command.add_argument("--report", metavar="PAGE.html", help="write a page with plots")
    command.add_argument("--save", metavar="FIT.json", help="save the fit, without the data")
    _json(command)


def _select(command: ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="CSV or Parquet: a file, a folder or a quoted pattern")
    _rows(command)
    command.add_argument(
        "--families", metavar="A,B,C", help="which; by default all whose support holds the values"
    )
    command.add_argument(
        "--criterion", metavar="aic|aicc|bic|cv", default="aic", help="what ranks them (aic)"
    )
    command.add_argument(
        "--kind",
        metavar="continuous|discrete",
        help="what the values are; by default discrete where all are whole numbers and none is censored",
    )
    _known(command)
    command.add_argument("--folds", type=int, default=10, help="of cross-validation (10)")
    command.add_argument("--seed", type=int, default=0, help="of the folds (0)")
    command.add_argument("--report", metavar="PAGE.html", help="write a page with the best over the data")
    _json(command)


def _rows(command: ArgumentParser) -> None:
    command.add_argument(
        "--y",
        metavar="COLUMN",
        help='the response, if FILE has several columns: a column, "censored(time, event)", '
        '"left_censored(value, detected)" or "interval(low, high)"; with limits of truncation '
        '"censored(time, event, entry=start)", "truncated(value, entry=0)", and likewise exit=',
    )
    command.add_argument("--weights", metavar="COLUMN", help="frequency weights")


def _known(command: ArgumentParser) -> None:
    command.add_argument(
        "--trials", metavar="VALUE|COLUMN", help="trials of each row, where a family needs them"
    )
    command.add_argument(
        "--known",
        metavar="NAME=VALUE|COLUMN",
        action="append",
        default=[],
        help="another quantity known of each row; may be repeated",
    )


def _level(command: ArgumentParser) -> None:
    command.add_argument("--level", type=float, default=0.95, help="confidence level of the intervals (0.95)")


def _json(command: ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON instead of text")
