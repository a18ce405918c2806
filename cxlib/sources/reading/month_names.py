"""Names of months and of days in English, German, Polish, Portuguese, Russian and Spanish."""

import polars as pl

# Nominative, genitive, abbreviations; of Polish and Portuguese also without their marks.
_NAMES = (
    "jan january januar jän jänner janeiro ene enero sty styczeń styczen stycznia янв январь января",
    "feb february februar fev fevereiro febrero lut luty lutego фев февр февраль февраля",
    "mar march mrz mär märz maerz março marco marzo marzec marca мар март марта",
    "apr april abr abril kwi kwiecień kwiecien kwietnia апр апрель апреля",
    "may mai maio mayo maj maja май мая",
    "jun june juni junho junio cze czerwiec czerwca июн июнь июня",
    "jul july juli julho julio lip lipiec lipca июл июль июля",
    "aug august ago agosto sie sierpień sierpien sierpnia авг август августа",
    "sep sept september set setembro septiembre setiembre wrz wrzesień wrzesien września wrzesnia сен сент сентябрь "
    "сентября",
    "oct october okt oktober out outubro octubre paź paz październik pazdziernik października pazdziernika окт "
    "октябрь октября",
    "nov november novembro noviembre lis listopad listopada ноя нояб ноябрь ноября",
    "dec december dez dezember dezembro dic diciembre gru grudzień grudzien grudnia дек декабрь декабря",
)
DAY_NAMES = (
    r"(?:(?i:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|pon|wt|wto|śr|śro|czw|pt|pią|sob|niedz|nie|seg|ter|qua"
    r"|qui|sex|sáb|sab|dom|lun|mar|mié|mie|jue|vie|пн|вт|ср|чт|пт|сб|вс|пон|вто|сре|чет|пят|суб|вос)"
    r"[A-Za-zÀ-žА-яё-]*\.?,? )?"
)


def month_number(name: pl.Expr) -> pl.Expr:
    """Return the number of a month, as text, from its name in any case; null for other words."""
    word = name.str.to_lowercase()
    return pl.coalesce(
        pl.when(word.is_in(names.split())).then(pl.lit(str(number))) for number, names in enumerate(_NAMES, 1)
    )
