"""Time-zone names of Ruby on Rails, as Zendesk, Freshdesk and others write them, to IANA names."""

from cxlib.errors import CxError, UsageError
from cxlib.settings import check_zones

# Cities named as in the IANA database, by their continent;
_CITIES = {
    "Africa": "Cairo Casablanca Harare Monrovia Nairobi",
    "America": "Bogota Caracas Chihuahua La_Paz Lima Mazatlan Mexico_City Monterrey Montevideo Puerto_Rico Santiago "
    "Tijuana",
    "Asia": "Almaty Baghdad Baku Bangkok Chongqing Dhaka Hong_Kong Irkutsk Jakarta Jerusalem Kabul Kamchatka Karachi "
    "Kathmandu Kolkata Krasnoyarsk Kuala_Lumpur Kuwait Magadan Muscat Novosibirsk Rangoon Riyadh Seoul Singapore "
    "Srednekolymsk Taipei Tashkent Tbilisi Tehran Tokyo Ulaanbaatar Urumqi Vladivostok Yakutsk Yerevan",
    "Atlantic": "Azores",
    "Australia": "Adelaide Brisbane Darwin Hobart Melbourne Perth Sydney",
    "Europe": "Amsterdam Athens Belgrade Berlin Bratislava Brussels Bucharest Budapest Copenhagen Dublin Helsinki "
    "Istanbul Kaliningrad Lisbon Ljubljana London Madrid Minsk Moscow Paris Prague Riga Rome Samara Sarajevo Skopje "
    "Sofia Stockholm Tallinn Vienna Vilnius Volgograd Warsaw Zagreb Zurich",
    "Pacific": "Auckland Fiji Guam Port_Moresby",
}
_OTHERS = {
    "International Date Line West": "Etc/GMT+12", "Midway Island": "Pacific/Midway", "Samoa": "Pacific/Apia",
    "American Samoa": "Pacific/Pago_Pago", "Hawaii": "Pacific/Honolulu", "Alaska": "America/Juneau",
    "Pacific Time (US & Canada)": "America/Los_Angeles", "Mountain Time (US & Canada)": "America/Denver",
    "Arizona": "America/Phoenix", "Central Time (US & Canada)": "America/Chicago", "Saskatchewan": "America/Regina",
    "Guadalajara": "America/Mexico_City", "Central America": "America/Guatemala",
    "Eastern Time (US & Canada)": "America/New_York", "Indiana (East)": "America/Indiana/Indianapolis",
    "Quito": "America/Lima", "Atlantic Time (Canada)": "America/Halifax", "Newfoundland": "America/St_Johns",
    "Brasilia": "America/Sao_Paulo", "Buenos Aires": "America/Argentina/Buenos_Aires", "Georgetown": "America/Guyana",
    "Greenland": "America/Godthab", "Mid-Atlantic": "Atlantic/South_Georgia", "Cape Verde Is.": "Atlantic/Cape_Verde",
    "Edinburgh": "Europe/London", "UTC": "Etc/UTC", "Bern": "Europe/Zurich", "West Central Africa": "Africa/Algiers",
    "Kyiv": "Europe/Kiev", "Kyev": "Europe/Kiev", "Pretoria": "Africa/Johannesburg", "St. Petersburg": "Europe/Moscow",
    "Abu Dhabi": "Asia/Muscat", "Ekaterinburg": "Asia/Yekaterinburg", "Islamabad": "Asia/Karachi",
    "Chennai": "Asia/Kolkata", "Mumbai": "Asia/Kolkata", "New Delhi": "Asia/Kolkata", "Astana": "Asia/Dhaka",
    "Sri Jayawardenepura": "Asia/Colombo", "Hanoi": "Asia/Bangkok", "Beijing": "Asia/Shanghai",
    "Osaka": "Asia/Tokyo", "Sapporo": "Asia/Tokyo", "Canberra": "Australia/Melbourne",
    "Solomon Is.": "Pacific/Guadalcanal", "New Caledonia": "Pacific/Noumea", "Marshall Is.": "Pacific/Majuro",
    "Wellington": "Pacific/Auckland", "Nuku'alofa": "Pacific/Tongatapu", "Tokelau Is.": "Pacific/Fakaofo",
    "Chatham Is.": "Pacific/Chatham",
}  # fmt: skip
ZONES = _OTHERS | {
    city.replace("_", " "): f"{continent}/{city}" for continent, cities in _CITIES.items() for city in cities.split()
}


def iana_zone(name: str) -> str:
    """Return the IANA name of a zone given by its Rails name; an IANA name stays.

    Raises:
        CxError: Neither a Rails nor an IANA name.
    """
    zone = ZONES.get(name.strip(), name.strip())
    try:
        check_zones([zone])
    except UsageError:
        raise CxError(f"Unknown time zone {name!r}: neither a Rails nor an IANA name.") from None
    return zone
