"""Options of the commands: names, defaults and help."""

import argparse

FORMATS = ("table", "csv", "json")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the options of an import."""
    from cxlib.sources import SOURCES

    told = f"{', '.join(name for name in SOURCES if name != 'mapped')}, or mapped = any table, by a mapping file"
    parser.add_argument("system", metavar="SYSTEM", choices=tuple(SOURCES), help=told)
    parser.add_argument("paths", metavar="PATH", nargs="+", help="files or folders of the export")
    parser.add_argument("--mapping", metavar="FILE", help="mapping file, or the name of a shipped one (data/mappings)")
    parser.add_argument("--into", metavar="NAME", help="folder below data/ to import into")
    parser.add_argument("--replace", action="store_true", help="start anew: only what is imported now; settings stay")
    parser.add_argument(
        "--draft", action="store_true", help="print a mapping proposed from the headers, import nothing"
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options of the data set."""
    parser.add_argument("data", metavar="DATA", help="data set: a name below data/, or a path")


def add_view(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is looked at."""
    parser.add_argument("--by", default="", metavar="DIMENSION", help="break down by channel, category, agent, team …")
    parser.add_argument("--filter", default="", metavar="TEXT", help="for example 'team=Billing; channel=phone|chat'")


def add_figures(parser: argparse.ArgumentParser) -> None:
    """Add the options of printed figures."""
    parser.add_argument(
        "--month",
        default="previous",
        help="YYYY-MM, FIRST/LAST, a quarter 2026-Q4, previous (last complete month), or all",
    )
    parser.add_argument("--metric", action="append", metavar="NAME", help="only this figure; may be given again")
    parser.add_argument("--unweighted", action="store_true", help="ignore survey weights")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--engine", choices=("polars", "duckdb"), default="polars", help="what executes the figures")


def add_rows(parser: argparse.ArgumentParser) -> None:
    """Add the options of row lists."""
    parser.add_argument("--metric", required=True, metavar="NAME", help="the figure")
    parser.add_argument("--month", default="previous", help="YYYY-MM, FIRST/LAST, a quarter 2026-Q4, all, or previous")
    parser.add_argument("--group", default="", metavar="NAME", help="only this group of --by")
    parser.add_argument("--unweighted", action="store_true", help="ignore survey weights")
    parser.add_argument("--format", choices=("csv", "table"), default="csv")


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add the options of a report."""
    parser.add_argument("--month", default="previous", help="YYYY-MM, or previous (last complete month of the data)")
    parser.add_argument("--compare-with", default="previous", help="previous, last_year, or a month")
    parser.add_argument("--language", default="en", help="language of words and numbers")
    parser.add_argument("--out", metavar="FOLDER", help="where the report goes (default: reports/DATA/MONTH)")
