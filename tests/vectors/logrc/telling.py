"""What a settings file says, in lines: so the expected result stands beside each file, and people can read it."""

from seon.daemon.writing.reader import read
from seon.daemon.writing.router import routes
from seon.daemon.writing.settings import AppenderSettings, SettingsError

PROGRAM = "seon_proxyserver"


def told(octets: bytes) -> str:
    """Return config, the route of each category, the appenders in use, and the warnings; or the error."""
    try:
        reading = read(octets, PROGRAM)
    except SettingsError as error:
        return f"error {error}\n"
    settings = reading.settings
    lines = [f"config bufsize={settings.bufsize} debug={settings.debug} reread={settings.reread}"]
    ways: dict[str, list[str]] = {}
    for category, route in routes(settings).items():
        ways.setdefault(f"{route.level.name} to {', '.join(route.appenders) or 'nowhere'}", []).append(category)
    lines += [f"{way}: {' '.join(categories)}" for way, categories in ways.items()]
    lines += [_appender(appender) for appender in settings.appenders.values()]
    lines += [f"warning {warning}" for warning in reading.warnings]
    return "\n".join(lines) + "\n"


def _appender(appender: AppenderSettings) -> str:
    text = f'appender "{appender.name}" {appender.type} {appender.layout}'
    if appender.type == "rollingfile":
        text += f' logdir="{appender.logdir}" prefix="{appender.prefix}" {appender.maxnum} x {appender.maxsize}'
    if appender.type == "seon_appender":
        text += f" maxsize={appender.maxsize} retention={appender.retention}"
    return text
