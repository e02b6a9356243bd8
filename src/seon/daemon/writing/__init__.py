"""Writing the log: from the settings file to the octets on disk.

Only a main imports this, and only through `seon.daemon.log.Log`: one process writes a program's files.

* `settings`, `reader`: the settings file, in log4c's XML, and the values that it says. Pure.
* `records`, `layouts`: one line, and how it looks. Pure.
* `router`: which category writes from which level, and where. Pure.
* `files`, `appenders`, `daily`, `rolling`, `syslog`: the places. The only input and output here, apart from the two
  functions of `store`, which read the settings file and make the first one.
"""
