"""Words of the command line that cannot be carried out: each ends with exit status 2 or 1 and a sentence."""

ARGUMENTS = (
    # no such command or option
    (), ("figure",), ("--figures",), ("figures",), ("figures", "desk", "extra"), ("figures", "desk", "--months", "x"),
    ("figures", "desk", "--format", "xml"), ("figures", "desk", "--engine", "spark"), ("check",), ("rows", "desk"),
    ("import",), ("import", "mapped"), ("import", "sap", "x.csv", "--into", "new"), ("demo", "--seed", "one"),
    ("demo", "--seed", "1.5"), ("check", "desk", "--format", "csv"), ("report",), ("derive",),
    # no such data
    ("figures", "nothing"), ("check", "nothing"), ("derive", "nothing"), ("report", "nothing"), ("figures", ""),
    ("figures", "../nowhere"), ("figures", "/"), ("figures", "a\x00b"), ("figures", "x" * 5_000), ("check", "mappings"),
    ("rows", "nothing", "--metric", "csat"), ("check", "~"), ("check", "\x1b[31mred"),
    # months
    *(("figures", "desk", "--month", month) for month in (
        "", "2026", "2026-13", "2026-00", "26-10", "2026-1", "October", "2026-10-01", "1999-01", "2036-01", "next",
        "0000-00", "-1", "２０２６-10", "2026-10 ", "99999-01", "all,all", "2026-10/2026-11",
    )),
    *(("rows", "desk", "--metric", "csat", "--month", month) for month in (
        "2026-11/2026-10", "2026-10/", "/2026-10", "2026-10/2026-11/2026-12", "2026-10/2036-01", "//", "x/y",
        "2020-01/2026-10", "2026-10/previous",
    )),
    *(("report", "desk", "--month", month) for month in ("all", "2026-13", "1999-01", "2026-10/2026-11", "")),
    *(("report", "desk", "--compare-with", month) for month in ("next", "2036-01", "2026-13", "1999-01", "")),
    # names
    ("figures", "desk", "--metric", "nsp"), ("figures", "desk", "--metric", ""), ("figures", "desk", "--metric", "*"),
    ("figures", "desk", "--metric", "csat", "--metric", "csatt"), ("figures", "desk", "--metric", "y" * 20_000),
    ("figures", "desk", "--by", "chanel"), ("figures", "desk", "--by", "channel,team"), ("figures", "desk", "--by", "+"),
    ("figures", "desk", "--by", "channel+"), ("figures", "desk", "--by", "\x1b[31m"), ("figures", "desk", "--by", " "),
    ("rows", "desk", "--metric", "nsp"), ("rows", "desk", "--metric", "csat", "--by", "chanel"),
    ("rows", "desk", "--metric", "csat", "--group", "phone"), ("report", "desk", "--by", "chanel"),
    ("rows", "desk", "--metric", "csat", "--by", "channel", "--group", "fax"), ("report", "desk", "--language", "xx"),
    ("rows", "desk", "--metric", "csat", "--by", "article"), ("report", "desk", "--language", ""),
    # filters
    *(("figures", "desk", "--filter", text) for text in (
        "channel", "channel=", "=phone", "=", "chanel=phone", "channel=fax", "channel==phone", "channel=phone|fax",
        "channel=phone,email", "channel:phone", "channel=phone; team", "; =", "channel=\x1b[31m", "channel=" + "z" * 9_000,
        "channel=phone|", "channel=|", "'channel=phone'", "customer_id=C-17",
    )),
    ("report", "desk", "--filter", "channel=fax"), ("rows", "desk", "--metric", "csat", "--filter", "team"),
    # imports
    ("import", "mapped", "none.csv", "--mapping", "good.toml", "--into", "new"),
    ("import", "mapped", "tickets.csv", "--into", "new"), ("import", "mapped", "tickets.csv", "--mapping", "good.toml"),
    ("import", "mapped", "tickets.csv", "--mapping", "nothing", "--into", "new"),
    ("import", "mapped", "tickets.csv", "--mapping", "none.toml", "--into", "new"),
    ("import", "mapped", "empty", "--mapping", "good.toml", "--into", "new"),
    ("import", "mapped", ".", "--mapping", "good.toml", "--into", "new"),
    ("import", "mapped", "", "--mapping", "good.toml", "--into", "new"),
    ("import", "mapped", "tickets.csv", "--mapping", ".", "--into", "new"),
    ("import", "mapped", "tickets.csv", "--mapping", "tickets.csv", "--into", "new"),
    *(("import", "mapped", "tickets.csv", "--mapping", "good.toml", "--into", name) for name in (
        "", ".", "..", "../outside", "/outside", "a b", "mappings", "-x", "a/b", "a\\b", "\x00", "é/", "x" * 300,
    )),
    ("import", "mapped", "none.csv", "--draft"), ("import", "mapped", "empty", "--draft"),
    ("import", "zendesk", "none.json", "--into", "new"), ("import", "zendesk", "tickets.csv", "--into", "new"),
    ("import", "zendesk", "empty", "--into", "new"),
    ("demo", "--into", "desk"), ("demo", "--into", "../x"), ("demo", "--into", ""), ("demo", "--seed", "-1", "--into", "d"),
    ("demo", "--seed", "9" * 23, "--into", "d"),
)  # fmt: skip
