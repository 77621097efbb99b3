"""How root starts a program that refuses to run as root: as another user, who may still reach root's folders.

A checkout of root's often lies where nobody else may look (/root is 0700), and no user is created for this. So the
program gets one capability, CAP_DAC_OVERRIDE, and nothing else of root.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROBE_WITHIN = 20.0


class NotPermitted(Exception):
    """This machine does not let root start a program in that way; the message holds its own words."""


@dataclass(frozen=True)
class Identity:
    """The user that a program runs as, and the words that come before its own command line."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()


def own_identity() -> Identity:
    """This process's user: nothing comes before the command line."""
    return Identity(os.geteuid(), os.getegid())


def unprivileged_identity(owner: Path | None, probe: tuple[str, ...]) -> Identity:
    """The owner of the folder `owner` where that is not root, else `nobody`. Call it as root.

    Runs the command `probe` in that way, and raises NotPermitted where that fails.
    """
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise NotPermitted("there is no user `nobody`") from None
    uid, gid = nobody.pw_uid, nobody.pw_gid
    if owner is not None and (status := owner.stat()).st_uid != 0:
        uid, gid = status.st_uid, status.st_gid
    prefix = (
        "setpriv",
        f"--reuid={uid}",
        f"--regid={gid}",
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        "--bounding-set=-all,+dac_override",
        # access(2), by which Postgres looks for its own binary, would forget the capability otherwise.
        "--securebits=+no_setuid_fixup",
        "--",
    )
    try:
        tried = subprocess.run([*prefix, *probe], capture_output=True, text=True, check=False, timeout=_PROBE_WITHIN)
    except FileNotFoundError:
        raise NotPermitted("there is no program `setpriv` (package util-linux)") from None
    except subprocess.TimeoutExpired:
        raise NotPermitted(f"{' '.join(probe)} did not answer within {_PROBE_WITHIN:g} s") from None
    if tried.returncode != 0:
        raise NotPermitted((tried.stderr or tried.stdout).strip() or f"exit code {tried.returncode}")
    return Identity(uid, gid, prefix)
