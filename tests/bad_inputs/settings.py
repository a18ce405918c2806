"""Settings that would break or bend a report: each is refused by every command that reads the data."""

DEEP = "x = " + "[" * 5_000 + "]" * 5_000

SETTINGS = (
    # not TOML
    "timezone =", "= 5", "[", "[windows", "a = 'b", "\x00", "timezone = 'UTC'\ntimezone = 'UTC'", DEEP,
    "min_group = " + "9" * 5_000,
    # names nobody knows
    'timezon = "UTC"', "min_grop = 3", "[window]\nreopen_days = 5", "[windows]\nreopen = 5", "[margins]\nshares = 2",
    "[margin]\nshare = 2", "[staffing]\nlevel = 0.8", "[costs]\nagent_hours = 30", "[costs]\nchat = 5",
    "[schedules.default]\nhour = {}", "[schedules.default.hours]\nmoonday = ['09:00-17:00']",
    "[schedules.default.hours]\nMonday = ['09:00-17:00']", "[[event]]\ndate = 2026-01-01\ntitle = 'X'",
    "[[events]]\nday = 2026-01-01\ntitle = 'X'", "[targets.csat]\nvalues = 80", "[target.csat]\nvalue = 80",
    "[targets.csatt]\nvalue = 80", "[benchmarks.nsp]\nvalue = 80", "default_schedule = 'night'",
    # wrong types
    "timezone = 5", "timezone = ['UTC']", "currency = 5", "currency = true", "min_group = '10'", "min_group = 1.5",
    "min_group = true", "agent_labels = 'yes'", "agent_labels = 1", "important = 'high'", "important = [1]",
    "loyal_years = 'five'", "loyal_years = nan", "loyal_years = inf", "minutes_per_reply = []", "windows = 5",
    "windows = [1]", "margins = 'x'", "staffing = 0.8", "schedules = 5", "targets = [80]", "targets = { csat = 80 }",
    "benchmarks = 'x'", "events = 5", "events = [1]", "costs = 5", "costs = { agent_hour = '30' }", "difficulty = 5",
    "difficulty = { Billing = 3 }", "[windows]\nreopen_days = 1.5", "[windows]\nreopen_days = '14'",
    "[margins]\nshare = true", "[margins]\nshare = nan", "[schedules.default]\nhours = 5",
    "[schedules.default.hours]\nmonday = '09:00-17:00'", "[schedules.default.hours]\nmonday = [9]",
    "[schedules.default]\nextra_holidays = ['2026-01-01']", "[schedules.default]\nhalf_days = ['2026-12-24']",
    "[[events]]\ndate = '2026-01-01'\ntitle = 'X'", "[[events]]\ndate = 2026-01-01T10:00:00\ntitle = 'X'",
    "[[events]]\ndate = 2026-01-01", "[[events]]\ntitle = 'X'", "[targets.csat]", "[targets.csat]\nvalue = '80'",
    "[targets.csat]\nvalue = inf", "[targets.csat]\nvalue = 80\nvalid_from = '2026-01-01'",
    # absurd numbers
    "min_group = -1", "min_group = 99999999999", "loyal_years = -1", "loyal_years = 5000", "minutes_per_reply = 0",
    "minutes_per_reply = -6", "minutes_per_reply = 100000", "[windows]\nreopen_days = 0", "[windows]\nreopen_days = -14",
    "[windows]\nresponse_days = 36500", "[windows]\nactive_days = 99999999999999999999",
    "[windows]\nrepeat_days = 999999999", "[windows]\nfirst_contact_resolution_days = 0", "[margins]\nshare = -1",
    "[margins]\nshare = 101", "[margins]\nscore = 500", "[margins]\nmean = 4", "[margins]\nduration = 10",
    "[margins]\ncount = 5", "[margins]\nrate = 1e9", "[margins]\nspending = -0.1", "[staffing]\nservice_level = 80",
    "[staffing]\nservice_level = 0", "[staffing]\nmax_occupancy = 1", "[staffing]\nshrinkage = 30",
    "[staffing]\nchats_at_once = 0", "[staffing]\nchats_at_once = 1000", "[staffing]\nwithin_seconds = 0",
    "[staffing]\nwithin_seconds = -20", "[staffing]\nwithin_seconds = 1e12", "[costs]\nagent_hour = -30",
    "[costs]\nagent_hour = 1e30", "[costs]\ngross_margin = 40", "[costs]\ngross_margin = -0.4",
    "[costs]\nacquisition = nan", "[targets.csat]\nvalue = 800", "[targets.csat]\nvalue = -1",
    "[targets.nps]\nvalue = -101", "[benchmarks.nps]\nvalue = 1000", "[targets.resolution_time]\nvalue = -60",
    "[targets.ticket_volume]\nvalue = -1",
    # words and days that mean nothing
    "timezone = ''", "timezone = 'Mars/Phobos'", "timezone = '../etc/passwd'", "timezone = 'europe/warsw'",
    "timezone = '\\u0000'", "currency = ''", "currency = 'Euro'", "currency = 'eur'", "currency = '€'",
    "currency = '\\u001b[31m'", "[schedules.default]\nholidays = 'XX'", "[schedules.default]\nholidays = 'Poland!'",
    "[schedules.default]\nholidays = 'DE-XX'", "[schedules.default]\ntimezone = 'Nowhere'",
    "[schedules.default]\nhalf_days = { tomorrow = ['09:00-12:00'] }",
    "[schedules.default]\nhalf_days = { 2026-02-30 = ['09:00-12:00'] }",
    "[schedules.default]\nhalf_days = { 2026-12-24 = ['9-12'] }",
    "[schedules.default]\nhalf_days = { 9999-12-24 = ['09:00-12:00'] }",
    "[schedules.default]\nextra_holidays = [1066-10-14]", "[schedules.default]\nextra_holidays = [9999-12-31]",
    "[schedules.default.hours]\nmonday = ['9:00-17:00']", "[schedules.default.hours]\nmonday = ['17:00-09:00']",
    "[schedules.default.hours]\nmonday = ['09:00-25:00']", "[schedules.default.hours]\nmonday = ['09:00']",
    "[schedules.default.hours]\nmonday = ['']", "[schedules.default.hours]\nmonday = ['09:60-17:00']",
    "[[events]]\ndate = 0001-01-01\ntitle = 'X'", "[[events]]\ndate = 9999-12-31\ntitle = 'X'",
    "[targets.csat]\nvalue = 80\nvalid_from = 9999-01-01",
)  # fmt: skip
