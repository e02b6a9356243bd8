"""The courier's lines for the log: said to the main, which writes them."""

from seon.client.courier import messages as c
from seon.client.courier.troubles import Say
from seon.process.levels import Category, Level
from seon.process.line import fitting_line


class Lines:
    """Says what somebody wants to read. While the main does not keep up, the courier waits: no line is lost."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._verbosity = Level.INFO
        self._chosen: Level | None = None
        """What a signal has set here."""

    def wants(self, level: Level) -> bool:
        """Whether a line of this level may be written somewhere: asked before one is made that costs something."""
        return level >= (self._chosen or self._verbosity)

    def follow(self, level: Level) -> None:
        """Take from the main which is the least level that is written anywhere."""
        self._verbosity = level

    async def choose(self, level: Level) -> None:
        """Take a level from a signal: it counts whatever the settings say, and the main notes it."""
        self._chosen = level
        await self._say(c.LogLevel(level))

    async def write(self, category: Category, level: Level, text: str) -> None:
        """Say a line, if anybody wants it."""
        if self.wants(level):
            await self._say(c.LogLine(category, level, fitting_line(text)))
