"""The text of the systemd unit. Pure: everything it depends on is in `Facts`.

Options and their syntax: systemd.service(5), systemd.exec(5), systemd.kill(5), systemd.syntax(7).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WATCHDOG_SECONDS = 60  # the supervisor looks at its children ten times a second
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  compared, nothing is made there

HEAD = """\
# Position Manager. Written by `manage.py install_service`; run it again after moving the folder.
# No secret stands here: anyone may read a unit. They are in the environment file below.
[Unit]
Description=Position Manager, the watch over open positions
{network}# However often it fails, it is tried again: nobody else watches the positions.
StartLimitIntervalSec=0

[Service]
# "started" means that the dashboard answers; then the supervisor shows life twice a minute or is
# killed and started anew.
Type=notify
NotifyAccess=main
WatchdogSec={watchdog}
# Long enough for the migrations of a large database.
TimeoutStartSec=900
{user}WorkingDirectory={folder}
EnvironmentFile=-{environment}
Environment=PYTHONUNBUFFERED=1
ExecStart={python} manage.py up
# Back after a crash, a kill and a full memory alike.
Restart=always
RestartSec=2
OOMPolicy=continue
# SIGTERM to the main process only, which stops its children in order; what is left is killed.
KillMode=mixed
TimeoutStopSec=15
UMask=0077
"""
# What is not installed is not waited for: After= orders, it asks for nothing.
SYSTEM_NETWORK = """\
Wants=network-online.target
After=network-online.target postgresql.service redis-server.service redis.service
"""
# A user's systemd knows no network-online.target.
USER_NETWORK = """\
# The network may come later: a pass that reaches nobody is repeated.
"""
# Works in a user's own systemd too: none of these needs a namespace of its own.
GUARDS = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
"""
# SQLite makes -wal and -shm beside its file: the folder is writable, all else is read only.
SYSTEM_GUARDS = """\
ProtectSystem=strict
ReadWritePaths={writable}
{private_tmp}PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
{capabilities}"""
TAIL = """
[Install]
WantedBy={target}
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """Absolute paths. `user`: whose the system unit's processes are; "" for a user unit.

    `writable`: folders that hold data. `low_port`: a port below 1024 is listened on.
    """

    folder: Path
    python: Path
    environment: Path
    user: str = ""
    writable: tuple[Path, ...] = ()
    low_port: bool = False


def unit(facts: Facts) -> str:
    """The unit's text: a system unit where `facts.user` is set, else a user unit."""
    system = bool(facts.user)
    head = HEAD.format(
        network=SYSTEM_NETWORK if system else USER_NETWORK,
        watchdog=WATCHDOG_SECONDS,
        user=f"User={facts.user}\n" if system else "",
        folder=_path(facts.folder),
        environment=_path(facts.environment),
        python=_word(facts.python),
    )
    guards = GUARDS + (_system_guards(facts) if system else "")
    return head + guards + TAIL.format(target="multi-user.target" if system else "default.target")


def _system_guards(facts: Facts) -> str:
    here = (facts.folder, facts.python, *facts.writable)
    hidden = any(path.is_relative_to(place) for path in here for place in TEMPORARY)
    low = "CAP_NET_BIND_SERVICE" if facts.low_port else ""
    return SYSTEM_GUARDS.format(
        writable=" ".join(_listed(path) for path in facts.writable),
        private_tmp="" if hidden else "PrivateTmp=yes\n",
        capabilities=f"CapabilityBoundingSet={low}\n"
        + (f"AmbientCapabilities={low}\n" if low else ""),
    )


def _path(path: Path) -> str:
    """A setting that is one path: blanks are its own, `%` begins a specifier."""
    return str(path).replace("%", "%%")


def _listed(path: Path) -> str:
    """One of several paths."""
    escaped = _path(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if set(escaped) & set(" \"'\\") else escaped


def _word(path: Path) -> str:
    """A word of a command line, where `$` begins a variable too."""
    return _listed(path).replace("$", "$$")
