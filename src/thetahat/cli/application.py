"""The commands with their options; each does its work in a module of its own, imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

application = typer.Typer(
    name="thetahat",
    help="Maximum likelihood with a certificate for every fit.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Level = Annotated[float, typer.Option(help="Confidence level of the intervals.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@application.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Maximum likelihood with a certificate for every fit."""
    if version:
        from thetahat import __version__

        typer.echo(f"thetahat {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@application.command()
def fit(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV or Parquet: a file, a folder or a pattern.")
    ],
    family: Annotated[str, typer.Option(help="The family's name, such as gamma; see `thetahat families`.")],
    y: Annotated[
        str | None,
        typer.Option(help="The response: a column, or censored(time, event), interval(low, high), ..."),
    ] = None,
    weights: Annotated[str | None, typer.Option(help="The column of frequency weights.")] = None,
    fix: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Hold a parameter.")] = None,
    trials: Annotated[
        str | None,
        typer.Option(metavar="VALUE|COLUMN", help="Trials of each row, where a family needs them."),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE|COLUMN", help="Another quantity known of each row."),
    ] = None,
    level: Level = 0.95,
    interval: Annotated[str, typer.Option(help="How intervals are made: wald or profile.")] = "wald",
    report: Annotated[str | None, typer.Option(metavar="PAGE.html", help="Write a page with plots.")] = None,
    save: Annotated[
        str | None, typer.Option(metavar="FIT.json", help="Save the fit, without the data.")
    ] = None,
    json: AsJson = False,
) -> int:
    """Fit a family to a column of a file.

    Exit status: 0 for a usable maximum (verdict maximum or boundary), 3 for any other verdict, 2 for bad input.
    """
    from thetahat.cli.fit import run

    return run(
        file,
        family=family,
        y=y,
        weights=weights,
        fix=fix or [],
        known=[*(known or []), *([f"trials={trials}"] if trials is not None else [])],
        level=level,
        interval=interval,
        report=report,
        save=save,
        as_json=json,
    )


@application.command()
def families(json: AsJson = False) -> int:
    """List the families: parameters, support, how the maximum is found, and whether it is the only one."""
    from thetahat.cli.families import run

    return run(as_json=json)


@application.command()
def show(
    file: Annotated[str, typer.Argument(metavar="FIT.json", help="A fit written by --save or fit.save.")],
    level: Level = 0.95,
    json: AsJson = False,
) -> int:
    """Show a saved fit; the exit status is that of its verdict."""
    from thetahat.cli.show import run

    return run(file, level=level, as_json=json)


@application.command()
def demo(
    report: Annotated[
        str, typer.Option(metavar="PAGE.html", help="Where to write the page.")
    ] = "thetahat-demo.html",
) -> int:
    """Fit a data set that ships with thetahat and write a page about it."""
    from thetahat.cli.demo import run

    return run(report)
